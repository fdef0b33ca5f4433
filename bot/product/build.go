package product

import (
	"fmt"
	"path/filepath"
	"time"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/sandbox"
	"github.com/codicil-dev/codicil/bot/spec"
)

// Build is a product's tables as its runner made them, in a DuckDB database file that is only read from now on.
type Build struct {
	// Key is the hash of everything that the build is made from.
	Key string `json:"key"`
	// Product and Path name the product that was built.
	Product string `json:"product"`
	Path    string `json:"path"`
	// Tables are all tables, internal ones included.
	Tables []Table `json:"tables"`
	// Models are the models in the order in which they were built.
	Models []Model `json:"models"`
	// Inputs are other products' tables that the models read.
	Inputs []InputTable `json:"inputs"`
	// Problems tell why models or seeds did not build; the tables that were built are there all the same.
	Problems bot.Problems `json:"problems,omitempty"`
	// Tests are the results of a program's own tests, Notes what people should know of its run.
	Tests []TestResult `json:"tests,omitempty"`
	Notes []string     `json:"notes,omitempty"`
	// Clock is the instant that now() and its kin were pinned to.
	Clock time.Time `json:"clock"`
	// Confinement is what held the runner.
	Confinement sandbox.Confinement `json:"confinement"`
	// Seconds is how long the build took when it was made.
	Seconds float64 `json:"seconds"`

	folder string
	// Cached says that the build was found and not made.
	Cached bool `json:"-"`
	// Before are the builds of the products that Inputs come from.
	Before []*Build `json:"-"`
}

// Table is a table of a build.
type Table struct {
	Schema  string   `json:"schema"`
	Name    string   `json:"name"`
	Columns []Column `json:"columns"`
}

// Column is a column of a build's table, with the type that DuckDB reports.
type Column struct {
	Name string `json:"name"`
	Type string `json:"type"`
}

// Model is what is known of a model after it was built.
type Model struct {
	Path  string `json:"path"`
	Table string `json:"table"`
	// Reads are the tables that it reads, in lower case.
	Reads []string `json:"reads,omitempty"`
	// Clock and Random are the functions in it that read the clock or make random values.
	Clock  []string `json:"clock,omitempty"`
	Random []string `json:"random,omitempty"`
	// Ordered is what in it may depend on the order of rows, such as limit, first or row_number.
	Ordered []string `json:"ordered,omitempty"`
}

// InputTable is another product's table, as the models and checks see it.
type InputTable struct {
	// Name is the table's name in the product that reads it; Product and Table say where it comes from.
	Name    string `json:"name"`
	Product string `json:"product"`
	Table   string `json:"table"`
	// Version is the version of that product.
	Version string `json:"version"`
	// Key names the build that holds it.
	Key string `json:"key"`
}

// databaseName is how a build's database is called in a session, databaseFile the name of its file.
const (
	databaseName = "codicil_build"
	databaseFile = databaseName + ".duckdb"
)

// Database is the path of the database file.
func (b *Build) Database() string { return filepath.Join(b.folder, databaseFile) }

// OK says whether everything was built.
func (b *Build) OK() bool { return b.Problems.Err() == nil }

// Table returns the table of that name (table or schema.table); ok is false if it was not built.
func (b *Build) Table(name string) (t *Table, ok bool) {
	schema, table := SplitName(name)
	for i := range b.Tables {
		if spec.SameName(b.Tables[i].Schema, schema) && spec.SameName(b.Tables[i].Name, table) {
			return &b.Tables[i], true
		}
	}
	return nil, false
}

// Column returns the column of that name; ok is false if there is none.
func (t *Table) Column(name string) (c *Column, ok bool) {
	for i := range t.Columns {
		if spec.SameName(t.Columns[i].Name, name) {
			return &t.Columns[i], true
		}
	}
	return nil, false
}

// FullName is the name under which specs and checks know the table: schema.table, or table alone in schema main.
func (t *Table) FullName() string {
	if spec.SameName(t.Schema, mainSchema) {
		return t.Name
	}
	return t.Schema + "." + t.Name
}

// Failed is the error of a build that has problems.
func (b *Build) Failed() error {
	if err := b.Problems.Err(); err != nil {
		return fmt.Errorf("build %s: %w", b.Product, err)
	}
	return nil
}

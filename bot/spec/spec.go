// Package spec reads, checks and writes what a product must be and why: spec.yaml and its ledger of amendments.
package spec

// Spec is a spec.yaml: what a product must be, and why.
type Spec struct {
	// Spec is the version of the format; 1 is the only one.
	Spec int `yaml:"spec" json:"spec"`
	// Product is the product's identity, also when its folder moves.
	Product string `yaml:"product" json:"product"`
	// Version is the semantic version of the product's interface.
	Version string `yaml:"version" json:"version"`
	Owner   Owner  `yaml:"owner" json:"owner"`
	// Purpose says what the product is for.
	Purpose string   `yaml:"purpose" json:"purpose"`
	Tags    []string `yaml:"tags,omitempty" json:"tags,omitempty"`
	// Inputs are the tables of other products that this one reads.
	Inputs []Input `yaml:"inputs,omitempty" json:"inputs,omitempty"`
	// Tables are the product's interface; tables that are not named here are internal.
	Tables []Table `yaml:"tables" json:"tables"`
	// Custom is whatever else the owner wants to keep.
	Custom map[string]any `yaml:"custom,omitempty" json:"custom,omitempty"`
}

// Owner says who answers for a product.
type Owner struct {
	Team    string `yaml:"team" json:"team"`
	Contact string `yaml:"contact,omitempty" json:"contact,omitempty"`
}

// Input is a table of another product.
type Input struct {
	Product string `yaml:"product" json:"product"`
	Table   string `yaml:"table" json:"table"`
	// Version is a constraint on that product's version, such as ^1.0; empty accepts any.
	Version string `yaml:"version,omitempty" json:"version,omitempty"`
}

// Table is one table of a product's interface.
type Table struct {
	// Name is the table's name, or schema.name.
	Name        string `yaml:"name" json:"name"`
	Description string `yaml:"description" json:"description"`
	Why         string `yaml:"why" json:"why"`
	// Key is the grain: the columns that together name one row. Empty means that rows are a multiset.
	Key     []string `yaml:"key,omitempty,flow" json:"key,omitempty"`
	Columns []Column `yaml:"columns" json:"columns"`
	// Deprecated says why and until when the table is still there; empty if it is not deprecated.
	Deprecated string `yaml:"deprecated,omitempty" json:"deprecated,omitempty"`
}

// Column is one column of a table.
type Column struct {
	Name string `yaml:"name" json:"name"`
	// Type is a DuckDB type; a length as in VARCHAR(10) is a promise about the data.
	Type        string `yaml:"type" json:"type"`
	Unit        string `yaml:"unit,omitempty" json:"unit,omitempty"`
	Description string `yaml:"description" json:"description"`
	Why         string `yaml:"why" json:"why"`
	// Nullable is true if nil; columns of the key are never null. See IsNullable.
	Nullable *bool `yaml:"nullable,omitempty" json:"nullable,omitempty"`
	Unique   bool  `yaml:"unique,omitempty" json:"unique,omitempty"`
	// Values are the accepted values, strings, numbers or booleans; empty accepts any. NULL is Nullable's matter.
	Values []any `yaml:"values,omitempty,flow" json:"values,omitempty"`
	// Classification is how confidential the column is, such as "pii"; values of classified columns are never shown.
	Classification string `yaml:"classification,omitempty" json:"classification,omitempty"`
	// References is table.column, of this product or of an input, that holds every non-null value of this column.
	References string `yaml:"references,omitempty" json:"references,omitempty"`
	// Deprecated says why and until when the column is still there; empty if it is not deprecated.
	Deprecated string `yaml:"deprecated,omitempty" json:"deprecated,omitempty"`
}

// Table returns the table of that name; ok is false if there is none. Names are compared without regard to case, as DuckDB does.
func (s *Spec) Table(name string) (t *Table, ok bool) {
	for i := range s.Tables {
		if SameName(s.Tables[i].Name, name) {
			return &s.Tables[i], true
		}
	}
	return nil, false
}

// Column returns the column of that name; ok is false if there is none.
func (t *Table) Column(name string) (c *Column, ok bool) {
	for i := range t.Columns {
		if SameName(t.Columns[i].Name, name) {
			return &t.Columns[i], true
		}
	}
	return nil, false
}

// InKey says whether column is part of the table's key.
func (t *Table) InKey(column string) bool {
	for _, k := range t.Key {
		if SameName(k, column) {
			return true
		}
	}
	return false
}

// IsNullable says whether column c of t may hold NULL: by default yes, but never in the key.
func (t *Table) IsNullable(c *Column) bool {
	if t.InKey(c.Name) {
		return false
	}
	return c.Nullable == nil || *c.Nullable
}

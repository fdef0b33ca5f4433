// Package dbtspec brings a product's spec and what its dbt project says of the same tables together: descriptions, types, tests, contracts, readers and owners.
package dbtspec

import (
	"cmp"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/codicil-dev/codicil/bot/dbt"
	"github.com/codicil-dev/codicil/bot/spec"
)

// Known is what a dbt project says of its relations.
type Known struct {
	Relations []Relation
	Exposures []Exposure
	// argued says that tests have their arguments below arguments, as dbt knows it since 1.10; listed is the key under which tests stand.
	argued  *bool
	listed  string
	folders folders
}

// Relation is a model, seed or snapshot, or a table of a source.
type Relation struct {
	Kind dbt.Kind
	// Name is the model's, Table the table's where that is another; Schema is empty if it is not known, or main.
	Name, Table, Schema string
	// Source is the source's name, for a table of one.
	Source string
	// File and Line are where it is described; File is empty if that is nowhere.
	File string
	Line int
	// Folder is where the model itself lies, as far as that is known.
	Folder      string
	Description string
	Contract    bool
	// Owner is a name or a mail address.
	Owner   string
	Meta    map[string]any
	Columns []Column
	// Key are columns that a test of a package says to be unique together.
	Key []string
	// Internal says that it is a step on the way, by folder, name or materialisation.
	Internal bool
}

// Column is a described column.
type Column struct {
	Name, Type, Description string
	Meta                    map[string]any
	Line                    int
	NotNull, Unique         Promise
	// Accepted are the accepted values, if Accepts.Made; Target is table.column that relationships names, if Refers.Made.
	Accepts  Promise
	Accepted []any
	Refers   Promise
	Target   string
}

// Promise is a test of a column.
type Promise struct {
	// Made says that there is a test, and Weak why it promises less than the spec would: it only warns, or looks at some rows only.
	Made bool
	Weak string
	Line int
}

// whole says whether it promises all that the spec would.
func (p Promise) whole() bool { return p.Made && p.Weak == "" }

// Exposure is a reader.
type Exposure struct {
	Name, Type, Description, Owner string
	// Reads are names of models.
	Reads []string
}

// Relation returns the relation that makes the table of that name; ok is false if there is none. Sources make none.
func (k *Known) Relation(table string) (r *Relation, ok bool) {
	schema, name := "", table
	if before, after, ok := strings.Cut(table, "."); ok {
		schema, name = before, after
	}
	for i := range k.Relations {
		r := &k.Relations[i]
		if r.Kind == dbt.Source || !spec.SameName(r.table(), name) {
			continue
		}
		if schema == "" || r.Schema == "" || spec.SameName(r.Schema, schema) {
			return r, true
		}
	}
	return nil, false
}

// table is the name of the relation's table.
func (r *Relation) table() string { return cmp.Or(r.Table, r.Name) }

// Column returns the column of that name; ok is false if it is not described.
func (r *Relation) Column(name string) (c *Column, ok bool) {
	for i := range r.Columns {
		if spec.SameName(r.Columns[i].Name, name) {
			return &r.Columns[i], true
		}
	}
	return nil, false
}

// FromResult is what dbt itself knows, from its manifest.
func FromResult(r *dbt.Result) *Known {
	k := &Known{}
	at := map[string]int{}
	for _, n := range r.Nodes {
		if n.Kind == dbt.Test || n.Kind == dbt.UnitTest {
			continue
		}
		at[n.ID] = len(k.Relations)
		k.Relations = append(k.Relations, relationOf(&n))
	}
	for _, n := range r.Nodes {
		if i, ok := at[of(&n)]; ok {
			k.Relations[i].take(n.Test.Kind, n.Test.Column, n.Test.Arguments, Promise{Made: true, Weak: weakness(n.Test.Warns, n.Test.Where)})
		}
	}
	for _, e := range r.Exposures {
		out := Exposure{cmp.Or(e.Label, e.Name), e.Type, e.Description, e.Owner, nil}
		for _, id := range e.DependsOn {
			if i, ok := at[id]; ok {
				out.Reads = append(out.Reads, k.Relations[i].Name)
			}
		}
		k.Exposures = append(k.Exposures, out)
	}
	slices.SortStableFunc(k.Relations, func(a, b Relation) int { return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Name, b.Name)) })
	return k
}

// of is the id of what a test was written at.
func of(n *dbt.Node) string {
	if n.Test == nil {
		return ""
	}
	return n.Test.Of
}

func relationOf(n *dbt.Node) Relation {
	r := Relation{Kind: n.Kind, Name: n.Name, Table: n.Identifier, Schema: n.Schema, File: n.Properties, Folder: path.Dir(n.File), Description: n.Description, Contract: n.Contract,
		Owner: n.Owner, Meta: n.Meta}
	if n.Kind == dbt.Source {
		r.Source, r.Name, _ = strings.Cut(n.Name, ".")
	}
	if r.Schema == "main" {
		r.Schema = ""
	}
	r.Internal = n.Kind != dbt.Model || n.Materialized == "ephemeral" || stepOnTheWay(r.Folder, r.Name)
	for _, c := range n.Columns {
		r.Columns = append(r.Columns, Column{Name: c.Name, Type: c.Type, Description: c.Description, Meta: c.Meta})
	}
	return r
}

// weakness says why a test promises less than it might; empty if it doesn't.
func weakness(warns bool, where string) string {
	switch {
	case where != "":
		return "looks only at rows where " + where
	case warns:
		return "only warns"
	}
	return ""
}

// refers is the model or source in a ref or source.
var refers = regexp.MustCompile(`^\s*(?:\{\{\s*)?(?:ref\(\s*(?:['"][^'"]*['"]\s*,\s*)?['"]([^'"]+)['"]|source\(\s*['"][^'"]*['"]\s*,\s*['"]([^'"]+)['"])`)

// take takes a test. Those that the spec has no word for are left alone.
func (r *Relation) take(kind, column string, arguments map[string]any, p Promise) {
	if kind == "dbt_utils.unique_combination_of_columns" && p.Weak == "" {
		r.Key = nil
		list, _ := arguments["combination_of_columns"].([]any)
		for _, c := range list {
			r.Key = append(r.Key, strings.Trim(fmt.Sprint(c), `"`))
		}
	}
	c, ok := r.Column(column)
	if !ok {
		return
	}
	switch kind {
	case "not_null":
		c.NotNull = better(c.NotNull, p)
	case "unique":
		c.Unique = better(c.Unique, p)
	case "accepted_values":
		if values, ok := arguments["values"].([]any); ok && !c.Accepts.whole() {
			c.Accepts, c.Accepted = p, values
		}
	case "relationships":
		to, _ := arguments["to"].(string)
		field, _ := arguments["field"].(string)
		if m := refers.FindStringSubmatch(to); m != nil && field != "" && !c.Refers.whole() {
			c.Refers, c.Target = p, cmp.Or(m[1], m[2])+"."+strings.Trim(field, `"`)
		}
	}
}

// better is the promise of two tests of one kind.
func better(a, b Promise) Promise {
	if a.whole() {
		return a
	}
	return b
}

// stepOnTheWay says whether folder or name mark a model as one that readers have no business with.
func stepOnTheWay(folder, name string) bool {
	for _, part := range strings.Split(folder, "/") {
		if part == "staging" || part == "intermediate" {
			return true
		}
	}
	name = strings.ToLower(name)
	return strings.HasPrefix(name, "stg_") || strings.HasPrefix(name, "int_") || strings.HasPrefix(name, "base_")
}

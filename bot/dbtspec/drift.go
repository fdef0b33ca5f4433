package dbtspec

import (
	"fmt"
	"slices"
	"strings"

	"github.com/codicil-dev/codicil/bot/spec"
	"github.com/codicil-dev/codicil/bot/sqltype"
)

// Difference is something that spec.yaml and dbt's properties do not say alike.
type Difference struct {
	// Table and Column name what it is about; Column is empty if it is the table itself.
	Table, Column string
	// What is description, type, contract, column, not_null, unique, accepted_values or relationships.
	What string
	// Spec and DBT are what the two say, in words; empty for nothing.
	Spec, DBT string
	// Missing says that dbt's properties are silent where the spec speaks, so that nothing contradicts it.
	Missing bool
	// File and Line are where dbt's properties say it, or would; File is empty if the table is not described at all.
	File string
	Line int
}

// String is the difference in a sentence without a final full stop.
func (d Difference) String() string {
	subject := d.Table
	if d.Column != "" {
		subject += "." + d.Column
	}
	says := func(s string) string {
		if s == "" {
			return "nothing"
		}
		return s
	}
	return fmt.Sprintf("%s, %s: spec.yaml says %s, dbt's properties say %s", subject, d.What, says(d.Spec), says(d.DBT))
}

// Drift lists where a spec and what dbt knows differ, in the order of the spec. Only what both have words for is compared. Tests of other kinds are the
// project's own affair, and so is all that is said of internal models.
func Drift(s *spec.Spec, k *Known) (out []Difference) {
	for i := range s.Tables {
		t := &s.Tables[i]
		r, ok := k.Relation(t.Name)
		if !ok {
			out = append(out, Difference{Table: t.Name, What: "description", Spec: t.Description, Missing: true})
			continue
		}
		d := drift{k: k, table: t, relation: r}
		d.compare()
		out = append(out, d.found...)
	}
	return out
}

// drift compares one table.
type drift struct {
	k        *Known
	table    *spec.Table
	relation *Relation
	found    []Difference
}

func (d *drift) add(column, what, ours, theirs string, line int) {
	if line == 0 {
		line = d.relation.Line
	}
	d.found = append(d.found, Difference{d.table.Name, column, what, ours, theirs, theirs == "", d.relation.File, line})
}

func (d *drift) compare() {
	if !sameText(d.table.Description, d.relation.Description) {
		d.add("", "description", d.table.Description, d.relation.Description, 0)
	}
	if !d.relation.Contract && contractable(d.k, d.relation) {
		d.add("", "contract", "which columns there are", "", 0)
	}
	for i := range d.table.Columns {
		c := &d.table.Columns[i]
		known, ok := d.relation.Column(c.Name)
		if !ok {
			d.add(c.Name, "column", c.Type, "", 0)
			continue
		}
		d.column(c, known)
	}
	for _, c := range d.relation.Columns {
		if _, ok := d.table.Column(c.Name); !ok {
			d.add(c.Name, "column", "", "that there is one", c.Line)
		}
	}
}

// column compares one column.
func (d *drift) column(c *spec.Column, known *Column) {
	if !sameText(c.Description, known.Description) {
		d.add(c.Name, "description", c.Description, known.Description, known.Line)
	}
	if !sameType(c.Type, known.Type) {
		d.add(c.Name, "type", c.Type, known.Type, known.Line)
	}
	d.promise(c, "not_null", !d.table.IsNullable(c), known.NotNull, "never empty")
	d.promise(c, "unique", unique(d.table, c), known.Unique, "unique")
	d.promise(c, "accepted_values", len(c.Values) > 0, known.Accepts, words(c.Values))
	if known.Accepts.whole() && len(c.Values) > 0 && !sameValues(c.Values, known.Accepted) {
		d.add(c.Name, "accepted_values", words(c.Values), words(known.Accepted), known.Accepts.Line)
	}
	d.promise(c, "relationships", c.References != "", known.Refers, c.References)
	if known.Refers.whole() && c.References != "" && !spec.SameName(d.k.model(c.References), known.Target) {
		d.add(c.Name, "relationships", c.References, known.Target, known.Refers.Line)
	}
}

// promise compares whether a promise is made at all.
func (d *drift) promise(c *spec.Column, what string, promised bool, p Promise, words string) {
	switch {
	case promised && !p.Made:
		d.add(c.Name, what, words, "", 0)
	case promised && p.Weak != "":
		d.add(c.Name, what, words, "so in a test that "+p.Weak, p.Line)
	case !promised && p.whole():
		d.add(c.Name, what, "", "that it is so", p.Line)
	}
}

// unique says whether a column is promised to be unique by itself.
func unique(t *spec.Table, c *spec.Column) bool {
	return c.Unique || len(t.Key) == 1 && t.InKey(c.Name)
}

// model is table.column with the name of the model that makes the table.
func (k *Known) model(reference string) string {
	table, column, ok := spec.SplitColumn(reference)
	if !ok {
		return reference
	}
	if r, ok := k.Relation(table); ok {
		return r.Name + "." + column
	}
	return table[strings.LastIndexByte(table, '.')+1:] + "." + column
}

// sameText compares two texts without regard to where their lines break.
func sameText(a, b string) bool {
	return strings.Join(strings.Fields(a), " ") == strings.Join(strings.Fields(b), " ")
}

// sameType says whether two spellings name one type.
func sameType(a, b string) bool {
	x, err := sqltype.Parse(a)
	y, err2 := sqltype.Parse(b)
	if err != nil || err2 != nil {
		return strings.EqualFold(strings.TrimSpace(a), strings.TrimSpace(b))
	}
	return x.String() == y.String()
}

// sameValues compares accepted values without regard to their order.
func sameValues(a, b []any) bool {
	x, y := texts(a), texts(b)
	slices.Sort(x)
	slices.Sort(y)
	return slices.Equal(slices.Compact(x), slices.Compact(y))
}

// texts are values as dbt compares them.
func texts(values []any) []string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = fmt.Sprint(v)
	}
	return out
}

func words(values []any) string { return strings.Join(texts(values), ", ") }

package why

import (
	"fmt"
	"strings"

	"github.com/codicil-dev/codicil/bot/spec"
)

// describe tells what the thing is and why it exists, as the spec has it.
func (t *teller) describe(f *found) {
	switch {
	case f.gone != nil:
	case f.column != nil:
		t.story.Description, t.story.Why = f.column.Description, f.column.Why
		t.columnFacts(f.table, f.column)
	case f.table != nil:
		t.story.Description, t.story.Why = f.table.Description, f.table.Why
		t.tableFacts(f.table)
	default:
		t.story.Description = t.doc.Spec.Purpose
		t.productFacts()
	}
}

// fact adds a fact unless it says nothing.
func (t *teller) fact(name, value string) {
	if value != "" {
		t.story.Facts = append(t.story.Facts, Fact{name, value})
	}
}

func (t *teller) columnFacts(table *spec.Table, c *spec.Column) {
	t.fact("type", c.Type)
	t.fact("unit", c.Unit)
	var rules []string
	if table.InKey(c.Name) {
		rules = append(rules, "part of the key ("+strings.Join(table.Key, ", ")+")")
	}
	if table.IsNullable(c) {
		rules = append(rules, "may be empty")
	} else {
		rules = append(rules, "never empty")
	}
	if c.Unique {
		rules = append(rules, "no value twice")
	}
	t.fact("rules", strings.Join(rules, ", "))
	values := make([]string, len(c.Values))
	for i, v := range c.Values {
		values[i] = fmt.Sprint(v)
	}
	t.fact("values", strings.Join(values, ", "))
	t.fact("classification", c.Classification)
	t.fact("references", c.References)
	t.fact("referred to by", strings.Join(t.referrers(table.Name+"."+c.Name), ", "))
	t.fact("deprecated", c.Deprecated)
	t.fact("deprecated with its table", table.Deprecated)
}

// referrers lists the columns that reference a column.
func (t *teller) referrers(column string) []string {
	var out []string
	for _, table := range t.doc.Spec.Tables {
		for _, c := range table.Columns {
			if same(c.References, column) {
				out = append(out, table.Name+"."+c.Name)
			}
		}
	}
	return out
}

func (t *teller) tableFacts(table *spec.Table) {
	if len(table.Key) > 0 {
		t.fact("grain", "one row for each "+strings.Join(table.Key, ", "))
	} else {
		t.fact("grain", "none: a row may be there more than once")
	}
	t.fact("deprecated", table.Deprecated)
	for i := range table.Columns {
		c := &table.Columns[i]
		facts := []string{c.Type}
		if c.Unit != "" {
			facts = append(facts, c.Unit)
		}
		if c.Classification != "" {
			facts = append(facts, c.Classification)
		}
		if c.Deprecated != "" {
			facts = append(facts, "deprecated")
		}
		t.story.Parts = append(t.story.Parts, Part{Name: c.Name, Facts: strings.Join(facts, ", "), Description: c.Description})
	}
}

func (t *teller) productFacts() {
	s := t.doc.Spec
	t.fact("tags", strings.Join(s.Tags, ", "))
	var inputs []string
	for _, in := range s.Inputs {
		text := in.Table + " of " + in.Product
		if in.Version != "" {
			text += " (" + in.Version + ")"
		}
		inputs = append(inputs, text)
	}
	t.fact("reads", strings.Join(inputs, ", "))
	for _, table := range s.Tables {
		facts := fmt.Sprintf("%d columns", len(table.Columns))
		if len(table.Columns) == 1 {
			facts = "1 column"
		}
		if len(table.Key) > 0 {
			facts += ", one row for each " + strings.Join(table.Key, ", ")
		}
		if table.Deprecated != "" {
			facts += ", deprecated"
		}
		t.story.Parts = append(t.story.Parts, Part{Name: table.Name, Facts: facts, Description: table.Description})
	}
}

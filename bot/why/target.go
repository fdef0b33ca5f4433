package why

import (
	"slices"
	"sort"
	"strings"

	"github.com/agnivade/levenshtein"

	"github.com/codicil-dev/codicil/bot/spec"
)

// found is what a target turned out to be.
type found struct {
	name   name
	table  *spec.Table
	column *spec.Column
	gone   *Event
	// entries is the part of the ledger that its story is in.
	entries []spec.Entry
}

func (f *found) kind() string {
	switch {
	case f.name.column != "":
		return KindColumn
	case f.name.table != "":
		return KindTable
	}
	return KindProduct
}

// find looks for a target in the spec, then among the names that the ledger speaks of.
func (t *teller) find(target string) (*found, error) {
	entries := t.doc.Ledger.Entries
	if target == "" {
		return &found{entries: entries}, nil
	}
	if f, ok := t.now(target); ok {
		return f, nil
	}
	for _, n := range readings(target) {
		if f, ok := t.once(n); ok {
			return f, nil
		}
	}
	if same(target, t.doc.Spec.Product) {
		return &found{entries: entries}, nil
	}
	if owners := t.columnsNamed(target); len(owners) == 1 {
		f, _ := t.now(owners[0])
		return f, nil
	}
	return nil, &UnknownError{Product: t.doc.Spec.Product, Target: target, Near: t.near(target)}
}

// readings are the names that a text can be: schema.table or table.column.
func readings(target string) []name {
	out := []name{{table: target}}
	if table, column, ok := spec.SplitColumn(target); ok {
		out = append(out, name{table, column})
	}
	return out
}

// now finds a table or column that the spec has.
func (t *teller) now(target string) (*found, bool) {
	f := &found{entries: t.doc.Ledger.Entries}
	if table, ok := t.doc.Spec.Table(target); ok {
		f.table, f.name = table, name{table: table.Name}
		return f, true
	}
	tableName, columnName, ok := spec.SplitColumn(target)
	if !ok {
		return nil, false
	}
	table, ok := t.doc.Spec.Table(tableName)
	if !ok {
		return nil, false
	}
	column, ok := table.Column(columnName)
	if !ok {
		return nil, false
	}
	f.table, f.column, f.name = table, column, name{table.Name, column.Name}
	return f, true
}

// once finds what became of a thing that had a name: the latest amendment that took the name away decides.
func (t *teller) once(n name) (*found, bool) {
	entries := t.doc.Ledger.Entries
	for i := len(entries) - 1; i >= 0; i-- {
		after, gone := later(entries[i].Amendment.Expects, n)
		if gone {
			return dropped(entries[:i+1], n), true
		}
		if after == n {
			continue
		}
		for j := i + 1; j < len(entries); j++ {
			next, gone := later(entries[j].Amendment.Expects, after)
			if gone {
				return dropped(entries[:j+1], after), true
			}
			after = next
		}
		return t.now(after.String())
	}
	return nil, false
}

// dropped is a thing that the last of the entries took away. Of a column that went with its table, and that nothing
// names, it is not known whether it was there: then it is the table.
func dropped(entries []spec.Entry, n name) *found {
	if n.column != "" {
		known := slices.ContainsFunc(trail(entries, n), func(s step) bool { return slices.ContainsFunc(s.speaksOf(), s.isColumn) })
		if !known {
			n.column = ""
		}
	}
	by := entries[len(entries)-1].Amendment.ID
	return &found{name: n, gone: &Event{What: "dropped", From: n.String(), By: by}, entries: entries}
}

// columnsNamed lists table.column for each column of that bare name.
func (t *teller) columnsNamed(column string) []string {
	var out []string
	for i := range t.doc.Spec.Tables {
		table := &t.doc.Spec.Tables[i]
		if c, ok := table.Column(column); ok {
			out = append(out, table.Name+"."+c.Name)
		}
	}
	return out
}

// near lists at most three names that are close to a target, the closest first.
func (t *teller) near(target string) []string {
	type candidate struct {
		name     string
		distance int
	}
	var all []candidate
	limit := 1 + len(target)/3
	add := func(shown, compared string) {
		if d := levenshtein.ComputeDistance(strings.ToLower(target), strings.ToLower(compared)); d <= limit {
			all = append(all, candidate{shown, d})
		}
	}
	for _, table := range t.doc.Spec.Tables {
		add(table.Name, table.Name)
		for _, c := range table.Columns {
			full := table.Name + "." + c.Name
			if strings.Contains(target, ".") {
				add(full, full)
				if _, column, ok := spec.SplitColumn(target); ok && same(column, c.Name) {
					add(full, target) // the right column of another table
				}
			} else {
				add(full, c.Name)
			}
		}
	}
	sort.SliceStable(all, func(i, j int) bool { return all[i].distance < all[j].distance })
	var out []string
	seen := map[string]bool{}
	for _, c := range all {
		if !seen[c.name] && len(out) < 3 {
			seen[c.name] = true
			out = append(out, c.name)
		}
	}
	return out
}

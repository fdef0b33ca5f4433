package lint

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/spec"
	"github.com/codicil-dev/codicil/bot/sqltype"
)

// history reads the ledger backwards from the spec, taking back what each amendment says that it changed, and so knows
// which names there were when each amendment was written. What an amendment claims must be there after it; what it
// speaks of, after or before it. If the spec was edited by hand since, what is claimed in vain is only a warning.
func (p *candidate) history(l *linter) {
	severity := bot.SeverityError
	if _, edited := p.editedByHand(); edited {
		severity = bot.SeverityWarning
	}
	after := stateOf(p.doc.Spec)
	for i := len(p.doc.Ledger.Entries) - 1; i >= 0; i-- {
		e := &p.doc.Ledger.Entries[i]
		before := after.copy()
		before.undo(e.Amendment.Expects)
		h := moment{l: l, entry: e, after: after, before: before, severity: severity}
		for j, name := range e.Amendment.Affects {
			if name != spec.ProductTarget && !h.known(name) {
				h.report(fmt.Sprintf("/affects/%d", j), "it affects %s, which is no table or column of the product, before or after: name one that is%s",
					name, suggest(name, h.names()))
			}
		}
		for j, x := range e.Amendment.Expects {
			h.expectation(fmt.Sprintf("/expects/%d/%s", j, x.Kind()), x)
		}
		after = before
	}
}

// moment is an amendment with what there was before and after it.
type moment struct {
	l             *linter
	entry         *spec.Entry
	after, before state
	severity      bot.Severity
}

// known says whether a name is a table or column, after or before.
func (h *moment) known(name string) bool { return h.after.has(name) || h.before.has(name) }

// names lists what there was after and before, sorted.
func (h *moment) names() []string {
	names := append(h.after.names(), h.before.names()...)
	slices.Sort(names)
	return names
}

// report records a problem of the amendment.
func (h *moment) report(at, format string, args ...any) {
	line, column := h.entry.Source.At(at)
	h.l.add(h.entry.Source.File(), line, column, h.severity, format, args...)
}

// claim reports a change that the spec doesn't show.
func (h *moment) claim(at string, x spec.Expectation, format string, args ...any) {
	h.report(at, "it expects to %s, but %s: correct the spec or the amendment", x, fmt.Sprintf(format, args...))
}

// expectation checks one thing that an amendment expects.
func (h *moment) expectation(at string, x spec.Expectation) {
	switch x.Kind() {
	case spec.AddTable:
		if _, ok := h.after.table(x.AddTable); !ok {
			h.claim(at, x, "the spec has no such table%s", suggest(x.AddTable, h.names()))
		}
	case spec.DropTable:
		if _, ok := h.after.table(x.DropTable); ok {
			h.claim(at, x, "the spec still has it")
		}
	case spec.AddColumn:
		if _, _, ok := h.after.column(x.AddColumn); !ok {
			h.claim(at, x, "the spec has no such column%s", suggest(x.AddColumn, h.names()))
		}
	case spec.DropColumn:
		if _, t, ok := h.after.column(x.DropColumn); ok && !t.anything {
			h.claim(at, x, "the spec still has it")
		}
	case spec.RenameTable, spec.RenameColumn:
		h.rename(at, x)
	case spec.ChangeType, spec.ChangeNull:
		h.alteration(at, x)
	case spec.ChangeKey:
		h.newKey(at, x)
	case spec.ChangeMeaning:
		h.meaning(at, *x.ChangeMeaning)
	case spec.ChangeValues:
		table, _, _ := spec.SplitColumn(x.ChangeValues.Column)
		h.mustOrInternal(at+"/column", at+"/where", x.ChangeValues.Column, table, x.ChangeValues.Where)
	case spec.ChangeRows, spec.AddRows, spec.DropRows:
		for _, r := range []*spec.RowChange{x.ChangeRows, x.AddRows, x.DropRows} {
			if r != nil {
				h.mustOrInternal(at+"/table", at+"/where", r.Table, r.Table, r.Where)
			}
		}
	case spec.Reorder:
		h.must(at, x.Reorder, false)
	case spec.ChangeSeed:
		h.inside(at+"/seed", x.ChangeSeed.Seed)
		h.where(at+"/where", "", x.ChangeSeed.Where)
	case spec.ChangeTest:
		h.inside(at+"/test", x.ChangeTest.Test)
	}
}

// must reports a name that is no table, or no column, after or before.
func (h *moment) must(at, name string, column bool) {
	what := "table"
	_, ok := h.after.table(name)
	_, was := h.before.table(name)
	if column {
		what = "column (table.column)"
		_, _, ok = h.after.column(name)
		_, _, was = h.before.column(name)
	}
	if !ok && !was {
		h.report(at, "%s is no %s of the product, before or after: name one that is%s", name, what, suggest(name, h.names()))
	}
}

// mustOrInternal checks a name and its condition, but for a table that a file makes and no spec names: checks may read those,
// so that what changes in them may be declared, and their columns are known only when they are built.
func (h *moment) mustOrInternal(at, whereAt, name, table, where string) {
	if _, ok := h.after.table(table); !ok && h.madeByFile(table) {
		h.where(whereAt, "", where)
		return
	}
	h.must(at, name, name != table)
	h.where(whereAt, table, where)
}

// madeByFile says whether a model or a seed of the product makes a table.
func (h *moment) madeByFile(table string) bool {
	found := false
	dir := path.Dir(path.Dir(h.entry.File))
	for _, folder := range []string{modelFolder, seedFolder} {
		_ = fs.WalkDir(h.l.fsys, path.Join(dir, folder), func(name string, entry fs.DirEntry, err error) error {
			if err == nil && !entry.IsDir() && makes(strings.TrimSuffix(path.Base(name), path.Ext(name))) == makes(table) {
				found = true
			}
			return nil
		})
	}
	return found
}

// inside reports a path that leaves the product.
func (h *moment) inside(at, name string) {
	if clean := path.Clean(name); path.IsAbs(name) || clean == ".." || strings.HasPrefix(clean, "../") {
		h.report(at, "%s is outside the product: name a file in it", name)
	}
}

// where checks the condition of a change of rows, values or seeds; table is empty if its columns are not known.
func (h *moment) where(at, table, where string) {
	if strings.TrimSpace(where) == "" {
		return
	}
	h.l.askWhere(h.entry.Source, at, where, func(path []string) bool {
		tables := []*tableState{}
		for _, st := range []state{h.after, h.before} {
			if t, ok := st.table(table); ok {
				tables = append(tables, t)
			}
		}
		known := len(tables) == 0
		for _, t := range tables {
			_, bare := t.columns[lower(path[0])]
			qualified := false
			if len(path) > 1 && (same(path[0], t.name) || strings.HasSuffix(lower(t.name), "."+lower(path[0]))) {
				_, qualified = t.columns[lower(path[1])]
			}
			known = known || t.anything || bare || qualified
		}
		return known
	})
}

// rename checks that a new name is there and the old one is not.
func (h *moment) rename(at string, x spec.Expectation) {
	r, look := x.RenameTable, func(name string) bool { _, ok := h.after.table(name); return ok }
	if r == nil {
		r, look = x.RenameColumn, func(name string) bool { _, _, ok := h.after.column(name); return ok }
	}
	if !look(r.To) {
		h.claim(at+"/to", x, "the spec has no %s%s", r.To, suggest(r.To, h.names()))
	} else if !same(r.From, r.To) && look(r.From) && !h.taken(r.From) {
		h.claim(at+"/from", x, "the spec still has %s", r.From)
	}
}

// taken says whether the amendment renames something else to a name, as a swap does.
func (h *moment) taken(name string) bool {
	for _, x := range h.entry.Amendment.Expects {
		for _, r := range []*spec.Rename{x.RenameTable, x.RenameColumn} {
			if r != nil && same(r.To, name) {
				return true
			}
		}
	}
	return false
}

// alteration checks that a column has become what it was to become.
func (h *moment) alteration(at string, x spec.Expectation) {
	c, _, ok := h.after.column(h.renamed(x.On()))
	if !ok {
		h.claim(at+"/on", x, "the spec has no such column%s", suggest(x.On(), h.names()))
		return
	}
	if a := x.ChangeNull; a != nil {
		if to, isBool := a.To.(bool); isBool && c.nullable != nil && *c.nullable != to {
			h.claim(at+"/to", x, "in the spec it is %s", map[bool]string{true: "nullable", false: "not null"}[*c.nullable])
		}
		return
	}
	text, _ := x.ChangeType.To.(string)
	to, ok := h.l.columnType(h.entry.Source, at+"/to", text)
	if !ok || c.dataType == nil {
		return
	}
	if is, err := sqltype.Parse(*c.dataType); err == nil && is.String() != to.String() {
		h.claim(at+"/to", x, "in the spec it is %s", is)
	}
}

// renamed is the name that a column has after the amendment, if this renames the column or its table.
func (h *moment) renamed(name string) string {
	if h.after.has(name) {
		return name
	}
	for _, x := range h.entry.Amendment.Expects {
		if r := x.RenameColumn; r != nil && same(r.From, name) {
			return r.To
		}
	}
	for _, x := range h.entry.Amendment.Expects {
		table, column, ok := spec.SplitColumn(name)
		if r := x.RenameTable; r != nil && ok && same(r.From, table) {
			return r.To + "." + column
		} else if r != nil && same(r.From, name) {
			return r.To
		}
	}
	return name
}

// newKey checks that a table has the key that it was to get.
func (h *moment) newKey(at string, x spec.Expectation) {
	t, ok := h.after.table(h.renamed(x.ChangeKey.On))
	if !ok {
		h.claim(at+"/on", x, "the spec has no such table%s", suggest(x.ChangeKey.On, h.names()))
		return
	}
	to, _ := x.ChangeKey.To.([]string)
	if t.keyKnown && !slices.EqualFunc(t.key, to, same) {
		is := "none"
		if len(t.key) > 0 {
			is = "(" + strings.Join(t.key, ", ") + ")"
		}
		h.claim(at+"/to", x, "in the spec the key is %s", is)
	}
}

// meaning checks that a changed field exists.
func (h *moment) meaning(at string, m spec.Meaning) {
	fields := []string{"name", "type", "unit", "description", "why", "nullable", "unique", "values", "classification", "references", "deprecated"}
	_, table := h.after.table(m.On)
	_, wasTable := h.before.table(m.On)
	switch {
	case same(m.On, spec.ProductTarget) && !table:
		fields = []string{"product", "version", "owner", "purpose", "tags", "inputs", "custom"}
	case !h.known(m.On):
		h.report(at+"/on", "%s is no table or column of the product, before or after: name one that is, or %s%s", m.On, spec.ProductTarget, suggest(m.On, h.names()))
		return
	case table || wasTable:
		fields = []string{"name", "description", "why", "deprecated"}
	}
	field, _, _ := strings.Cut(m.Field, ".")
	if !slices.ContainsFunc(fields, func(f string) bool { return same(f, field) }) {
		h.report(at+"/field", "%s has no field %s: name one of %s", m.On, m.Field, strings.Join(fields, ", "))
	}
}

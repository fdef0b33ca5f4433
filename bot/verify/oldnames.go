package verify

import (
	"github.com/codicil-dev/codicil/bot/engine"
	"github.com/codicil-dev/codicil/bot/product"
	"github.com/codicil-dev/codicil/bot/spec"
)

// namesOf are overlays that offer, on the head, the names that tables and columns had when an amendment was written: so its
// checks find what later amendments renamed in the open, however long ago.
func (w *work) namesOf(amendment int, b *product.Build) []relation {
	var later []spec.Entry
	for _, e := range w.head.Document.Ledger.Entries {
		if e.Amendment.ID > amendment {
			later = append(later, e)
		}
	}
	tables, columns := follow(w.real(later))
	return overlaysFor(b, tables, columns, false)
}

// namesOfTests are overlays for tests that the base has as well. Nobody knows how old they are, so they see the names at the base,
// and any earlier name that nothing else has taken since.
func (w *work) namesOfTests(b *product.Build) []relation {
	tables, columns := w.renames()
	older, olderColumns := follow(w.real(w.head.Document.Ledger.Entries))
	for i := range older {
		older[i].yields = true
	}
	for i := range olderColumns {
		olderColumns[i].yields = true
	}
	return overlaysFor(b, append(tables, older...), append(columns, olderColumns...), false)
}

// newNames are overlays that offer, on the base, the names that things have at the head.
func (w *work) newNames(b *product.Build) []relation {
	tables, columns := w.renames()
	return overlaysFor(b, tables, columns, true)
}

// rename is a renamed table (column names empty), or a renamed column of a table.
type rename struct {
	baseTable, headTable   string
	baseColumn, headColumn string
	// yields says that the old name is not offered where another table or column has taken it.
	yields bool
	// sources are where it is declared, in the order of the amendments.
	sources []source
}

// renames are the renames that this change declares and carries out, tables and columns apart.
func (w *work) renames() (tables, columns []rename) { return follow(w.real(w.fresh)) }

// follow composes the renames of amendments, in their order: each from the name before the first to the name after the last.
// Those of one amendment happen at once, so that two names can be swapped.
func follow(entries []spec.Entry) (tables, columns []rename) {
	for _, e := range entries {
		tables, columns = step(tables, columns, e.Amendment)
	}
	return tables, columns
}

// step applies the renames of one amendment.
func step(tables, columns []rename, a spec.Amendment) (nextTables, nextColumns []rename) {
	expects := a.Expects
	nextTables, nextColumns = append([]rename(nil), tables...), append([]rename(nil), columns...)
	for n, x := range expects {
		if r := x.RenameTable; r != nil {
			from := source{a.ID, n}
			if i, ok := tableCalled(tables, r.From); ok {
				nextTables[i].headTable, nextTables[i].sources = r.To, extended(nextTables[i].sources, from)
			} else {
				nextTables = append(nextTables, rename{baseTable: r.From, headTable: r.To, sources: []source{from}})
			}
		}
	}
	for n, x := range expects {
		if x.RenameColumn == nil {
			continue
		}
		table, from, ok := splitColumn(x.RenameColumn.From)
		_, to, ok2 := splitColumn(x.RenameColumn.To)
		if !ok || !ok2 {
			continue
		}
		table = calledBefore(tables, nextTables, table)
		if i, ok := columnCalled(columns, table, from); ok {
			nextColumns[i].headColumn, nextColumns[i].sources = to, extended(nextColumns[i].sources, source{a.ID, n})
		} else {
			nextColumns = append(nextColumns, rename{baseTable: firstName(tables, table), headTable: table, baseColumn: from, headColumn: to, sources: []source{{a.ID, n}}})
		}
	}
	for i, c := range nextColumns { // the tables' own renames carry their columns along
		for _, x := range expects {
			if r := x.RenameTable; r != nil && sameName(r.From, c.headTable) {
				nextColumns[i].headTable = r.To
				break
			}
		}
	}
	return nextTables, nextColumns
}

// extended appends to a copy, since renames of before share their sources with those after.
func extended(sources []source, s source) []source {
	return append(append([]source(nil), sources...), s)
}

// tableCalled finds the table that goes by a name now.
func tableCalled(tables []rename, name string) (int, bool) {
	for i, t := range tables {
		if sameName(t.headTable, name) {
			return i, true
		}
	}
	return 0, false
}

// calledBefore is a table's name before the amendment, where the amendment may use the name before or after.
func calledBefore(before, after []rename, name string) string {
	for i, t := range after {
		if !sameName(t.headTable, name) {
			continue
		}
		if i < len(before) {
			return before[i].headTable
		}
		return t.baseTable
	}
	return name
}

// firstName is the name that a table had at the beginning.
func firstName(tables []rename, name string) string {
	if i, ok := tableCalled(tables, name); ok {
		return tables[i].baseTable
	}
	return name
}

func columnCalled(columns []rename, table, column string) (int, bool) {
	for i, c := range columns {
		if sameName(c.headTable, table) && sameName(c.headColumn, column) {
			return i, true
		}
	}
	return 0, false
}

// overlaysFor builds the views for one side: forward offers head's names on a build of the base, else the reverse.
func overlaysFor(b *product.Build, tables, columns []rename, forward bool) []relation {
	byName, offers := map[string]*relation{}, map[string]bool{}
	get := func(actual, offered string) *relation {
		schema, name := product.SplitName(offered)
		key := spec.FoldName(schema + "." + name)
		if r, ok := byName[key]; ok {
			return r
		}
		t, ok := b.Table(actual)
		if !ok {
			return nil
		}
		r := &relation{schema: schema, name: name, from: engine.Relation(buildAlias, t.Schema, t.Name)}
		byName[key] = r
		return r
	}
	for _, t := range tables {
		if forward {
			get(t.baseTable, t.headTable)
			continue
		}
		if _, taken := b.Table(t.baseTable); !taken || !t.yields {
			get(t.headTable, t.baseTable)
		}
	}
	for _, c := range columns {
		actual, have, want := c.headTable, c.headColumn, c.baseColumn
		if forward {
			actual, have, want = c.baseTable, c.baseColumn, c.headColumn
		}
		for _, offered := range compactFold(c.headTable, c.baseTable) {
			r := get(actual, offered)
			key := spec.FoldName(offered + "." + want)
			if r == nil || offers[key] {
				continue
			}
			offers[key] = true
			if t, _ := b.Table(actual); t != nil {
				_, has := t.Column(have)
				_, clash := t.Column(want)
				renamed := engine.Ident(have) + " AS " + engine.Ident(want)
				switch {
				case has && clash && !c.yields && !sameName(have, want): // another column has taken the name
					r.replaced = append(r.replaced, renamed)
				case has && !clash:
					r.added = append(r.added, renamed)
				}
			}
		}
	}
	var out []relation
	for _, r := range byName {
		out = append(out, *r)
	}
	return out
}

// compactFold returns a and b, or only one of them if they are the same name.
func compactFold(a, b string) []string {
	if spec.SameName(a, b) {
		return []string{a}
	}
	return []string{a, b}
}

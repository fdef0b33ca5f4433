package lint

import (
	"strings"

	"github.com/codicil-dev/codicil/bot/spec"
)

// columnState is what is known of a column at some point of the ledger; nil fields are unknown.
type columnState struct {
	name     string
	dataType *string
	nullable *bool
}

// tableState is what is known of a table at some point of the ledger.
type tableState struct {
	name     string
	columns  map[string]columnState // by name in lower case
	anything bool                   // a table that went later: its columns are not known
	key      []string
	keyKnown bool
}

// state is the interface at some point of the ledger, by the tables' names in lower case.
type state map[string]*tableState

// stateOf is the interface as the spec has it.
func stateOf(s *spec.Spec) state {
	st := state{}
	for i := range s.Tables {
		t := &s.Tables[i]
		ts := &tableState{name: t.Name, columns: map[string]columnState{}, key: t.Key, keyKnown: true}
		for j := range t.Columns {
			c := &t.Columns[j]
			nullable := t.IsNullable(c)
			ts.columns[lower(c.Name)] = columnState{c.Name, &c.Type, &nullable}
		}
		st[lower(t.Name)] = ts
	}
	return st
}

// lower is the form under which names are equal.
func lower(name string) string { return strings.ToLower(strings.TrimSpace(name)) }

// copy is a state of its own.
func (st state) copy() state {
	out := state{}
	for k, t := range st {
		c := *t
		c.columns = map[string]columnState{}
		for n, col := range t.columns {
			c.columns[n] = col
		}
		out[k] = &c
	}
	return out
}

// table finds a table.
func (st state) table(name string) (*tableState, bool) {
	t, ok := st[lower(name)]
	return t, ok
}

// column finds table.column; a table whose columns are not known has them all.
func (st state) column(name string) (columnState, *tableState, bool) {
	tableName, column, ok := spec.SplitColumn(strings.TrimSpace(name))
	if !ok {
		return columnState{}, nil, false
	}
	t, ok := st.table(tableName)
	if !ok {
		return columnState{}, nil, false
	}
	c, ok := t.columns[lower(column)]
	if !ok && t.anything {
		return columnState{name: column}, t, true
	}
	return c, t, ok
}

// has says whether name is a table or a column.
func (st state) has(name string) bool {
	if _, ok := st.table(name); ok {
		return true
	}
	_, _, ok := st.column(name)
	return ok
}

// names lists all tables and columns, to suggest from.
func (st state) names() []string {
	var out []string
	for _, t := range st {
		out = append(out, t.name)
		for _, c := range t.columns {
			out = append(out, t.name+"."+c.name)
		}
	}
	return out
}

// undo takes back what an amendment's expectations did, the last first. What it cannot take back it leaves.
func (st state) undo(expects []spec.Expectation) {
	for i := len(expects) - 1; i >= 0; i-- {
		st.undoOne(expects[i])
	}
}

// undoOne takes back one expectation.
func (st state) undoOne(x spec.Expectation) {
	switch x.Kind() {
	case spec.AddTable:
		delete(st, lower(x.AddTable))
	case spec.DropTable:
		st[lower(x.DropTable)] = &tableState{name: x.DropTable, columns: map[string]columnState{}, anything: true}
	case spec.RenameTable:
		if t, ok := st.table(x.RenameTable.To); ok {
			delete(st, lower(x.RenameTable.To))
			t.name = x.RenameTable.From
			st[lower(x.RenameTable.From)] = t
		}
	case spec.AddColumn:
		if c, t, ok := st.column(x.AddColumn); ok {
			delete(t.columns, lower(c.name))
		}
	case spec.DropColumn:
		if tableName, column, ok := spec.SplitColumn(x.DropColumn); ok {
			if t, ok := st.table(tableName); ok {
				t.columns[lower(column)] = columnState{name: column}
			}
		}
	case spec.RenameColumn:
		_, from, _ := spec.SplitColumn(x.RenameColumn.From)
		if c, t, ok := st.column(x.RenameColumn.To); ok && from != "" {
			delete(t.columns, lower(c.name))
			c.name = from
			t.columns[lower(from)] = c
		}
	case spec.ChangeType, spec.ChangeNull:
		st.forget(x)
	case spec.ChangeKey:
		if t, ok := st.table(x.ChangeKey.On); ok {
			t.keyKnown = false
			for n, c := range t.columns { // a key makes its columns not null
				c.nullable = nil
				t.columns[n] = c
			}
		}
	}
}

// forget drops what an alteration made of a column: what it was before is not known.
func (st state) forget(x spec.Expectation) {
	c, t, ok := st.column(x.On())
	if !ok {
		return
	}
	if x.ChangeType != nil {
		c.dataType = nil
	} else {
		c.nullable = nil
	}
	t.columns[lower(c.name)] = c
}

package why

import (
	"slices"

	"github.com/codicil-dev/codicil/bot/spec"
)

// bends says whether a CEL check that holds would fail, or could not be decided, if the spec said something else of
// the table or column alone: then the check holds it. For a table, its columns count. A check that does not hold says
// nothing either way. Only what the spec says is taken away or turned round; what it might say besides would make every
// check hold everything.
func (t *teller) bends(expression string, f *found) bool {
	compiled, err := spec.CompileCEL(expression)
	if err != nil || f.table == nil {
		return false
	}
	if holds, err := compiled.True(t.doc.Spec); err != nil || !holds {
		return false
	}
	fails := func(change func(*spec.Spec, *spec.Table)) bool {
		s := clone(t.doc.Spec)
		table, ok := s.Table(f.table.Name)
		if !ok {
			return false
		}
		change(s, table)
		holds, err := compiled.True(s)
		return err != nil || !holds
	}
	of := func(column string) bool {
		return slices.ContainsFunc(columnChanges(), func(change func(*spec.Table, *spec.Column)) bool {
			return fails(func(_ *spec.Spec, table *spec.Table) {
				if c, ok := table.Column(column); ok {
					change(table, c)
				}
			})
		})
	}
	if f.column != nil {
		return of(f.column.Name)
	}
	return slices.ContainsFunc(tableChanges(), fails) || slices.ContainsFunc(f.table.Columns, func(c spec.Column) bool { return of(c.Name) })
}

// tableChanges are other things that a spec could say of a table.
func tableChanges() []func(*spec.Spec, *spec.Table) {
	return []func(*spec.Spec, *spec.Table){
		func(_ *spec.Spec, t *spec.Table) { t.Key = nil },
		func(_ *spec.Spec, t *spec.Table) { t.Description, t.Why = "", "" },
		func(_ *spec.Spec, t *spec.Table) { t.Columns = nil },
		func(s *spec.Spec, t *spec.Table) {
			gone := t.Name
			s.Tables = slices.DeleteFunc(s.Tables, func(x spec.Table) bool { return x.Name == gone })
		},
	}
}

// columnChanges are other things that a spec could say of a column.
func columnChanges() []func(*spec.Table, *spec.Column) {
	yes, no := true, false
	changes := []func(*spec.Table, *spec.Column){
		func(_ *spec.Table, c *spec.Column) { c.Unit = "" },
		func(_ *spec.Table, c *spec.Column) { c.Classification = "" },
		func(_ *spec.Table, c *spec.Column) { c.Description, c.Why = "", "" },
		func(_ *spec.Table, c *spec.Column) { c.Nullable = &yes },
		func(_ *spec.Table, c *spec.Column) { c.Nullable = &no },
		func(_ *spec.Table, c *spec.Column) { c.Unique, c.Values, c.References = false, nil, "" },
		func(t *spec.Table, c *spec.Column) {
			gone := c.Name
			t.Key = slices.DeleteFunc(t.Key, func(k string) bool { return same(k, gone) })
		},
		func(t *spec.Table, c *spec.Column) {
			gone := c.Name
			t.Columns = slices.DeleteFunc(t.Columns, func(x spec.Column) bool { return x.Name == gone })
		},
	}
	for _, other := range []string{"DOUBLE", "VARCHAR"} {
		changes = append(changes, func(_ *spec.Table, c *spec.Column) { c.Type = other })
	}
	return changes
}

// clone copies what the changes touch.
func clone(s *spec.Spec) *spec.Spec {
	out := *s
	out.Tables = slices.Clone(s.Tables)
	for i := range out.Tables {
		out.Tables[i].Key = slices.Clone(out.Tables[i].Key)
		out.Tables[i].Columns = slices.Clone(out.Tables[i].Columns)
	}
	return &out
}

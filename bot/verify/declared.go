package verify

import (
	"fmt"
	"strings"

	"github.com/codicil-dev/codicil/bot/compare"
	"github.com/codicil-dev/codicil/bot/spec"
	"github.com/codicil-dev/codicil/bot/sqltype"
)

// declaredBy returns the id of the new amendment that expects a change; ok is false if none does.
func (w *work) declaredBy(c spec.Change) (id int, ok bool) {
	return w.expecting(func(x spec.Expectation) bool { return c.DeclaredBy(x) || typeDeclared(c, x) })
}

// typeDeclared says whether x declares a changed type in other words, such as INT for INTEGER.
func typeDeclared(c spec.Change, x spec.Expectation) bool {
	if c.Kind != spec.ChangeType || x.ChangeType == nil || !(names{c.On}).are(x.ChangeType.On) {
		return false
	}
	became, err := sqltype.Parse(c.New)
	if err != nil {
		return false
	}
	expected, err := sqltype.Parse(fmt.Sprint(x.ChangeType.To))
	return err == nil && became.String() == expected.String()
}

// expecting returns the id of the first new amendment with an expectation that fits.
func (w *work) expecting(fits func(spec.Expectation) bool) (id int, ok bool) {
	for _, e := range w.fresh {
		for _, x := range e.Amendment.Expects {
			if fits(x) {
				return e.Amendment.ID, true
			}
		}
	}
	return 0, false
}

// permission is what new amendments allow of some rows: where, and by which amendment.
type permission struct {
	compare.Allowance
	by int
}

// allow adds one more where; empty allows every row.
func (p *permission) allow(where string, by int) {
	if p.by == 0 {
		p.by = by
	}
	if strings.TrimSpace(where) == "" {
		p.Any = true
		return
	}
	p.Where = append(p.Where, where)
}

// names are the names by which amendments may call a table or column: the base's and the head's.
type names []string

func (n names) are(name string) bool {
	for _, x := range n {
		if sameName(x, strings.TrimSpace(name)) {
			return true
		}
	}
	return false
}

// values is what may change in a column of rows that stay.
func (w *work) values(column names) permission {
	var p permission
	w.each(func(x spec.Expectation, id int) {
		if c := x.ChangeValues; c != nil && column.are(c.Column) {
			p.allow(c.Where, id)
		}
	})
	return p
}

// lost and gained are what rows may go from, and come to, a table.
func (w *work) lost(table names) permission {
	var p permission
	w.each(func(x spec.Expectation, id int) {
		for _, c := range []*spec.RowChange{x.ChangeRows, x.DropRows} {
			if c != nil && table.are(c.Table) {
				p.allow(c.Where, id)
			}
		}
	})
	return p
}

func (w *work) gained(table names) permission {
	var p permission
	w.each(func(x spec.Expectation, id int) {
		for _, c := range []*spec.RowChange{x.ChangeRows, x.AddRows} {
			if c != nil && table.are(c.Table) {
				p.allow(c.Where, id)
			}
		}
	})
	return p
}

// seed is what rows of a seed may be altered or removed.
func (w *work) seed(table, path string) permission {
	var p permission
	w.each(func(x spec.Expectation, id int) {
		if c := x.ChangeSeed; c != nil && (names{table, path}).are(c.Seed) {
			p.allow(c.Where, id)
		}
	})
	return p
}

// test returns the declaration that lets a test be altered or deleted.
func (w *work) test(path string) (declared spec.TestChange, by int, ok bool) {
	w.each(func(x spec.Expectation, id int) {
		if c := x.ChangeTest; c != nil && !ok && (c.Test == path || "tests/"+c.Test == path || "tests/"+c.Test+".sql" == path) {
			declared, by, ok = *c, id, true
		}
	})
	return declared, by, ok
}

func (w *work) each(f func(spec.Expectation, int)) {
	for _, e := range w.fresh {
		for _, x := range e.Amendment.Expects {
			f(x, e.Amendment.ID)
		}
	}
}

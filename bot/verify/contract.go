package verify

import (
	"context"
	"fmt"
	"path"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/product"
	"github.com/codicil-dev/codicil/bot/spec"
	"github.com/codicil-dev/codicil/bot/sqltype"
)

// contract compares the tables and columns that exist with those that the spec names: types, keys, nullability, lengths,
// values and references. All but names and types are judged by the data.
func (w *work) contract(ctx context.Context) error {
	if w.own == nil {
		w.notRun(bot.AreaContract, "the head does not build")
		return nil
	}
	x, err := w.worlds.head(ctx)
	if err != nil {
		return err
	}
	for i := range w.head.Spec().Tables {
		t := &w.head.Spec().Tables[i]
		built, ok := w.own.Table(t.Name)
		if !ok {
			w.breach(i, -1, t.Name, "", "exists", fmt.Sprintf("the spec names table %s, and no model or seed makes it; write models/%s.sql, or take it out of the spec in an amendment", t.Name, t.Name))
			continue
		}
		before := w.failures()
		w.columnsOf(i, t, built)
		if err := w.dataOf(ctx, x, i, t, built); err != nil {
			return err
		}
		if w.failures() == before {
			w.add(bot.AreaContract, bot.Pass, t.Name, fmt.Sprintf("%d columns as specified", len(t.Columns)), t.Name)
		}
	}
	return nil
}

// failures counts what is not a pass so far.
func (w *work) failures() int {
	n := 0
	for _, r := range w.results {
		if r.Status == bot.Fail || r.Status == bot.Review {
			n++
		}
	}
	return n
}

// breach records that the product is not what the spec says. What a spec edit or an unimplemented amendment asks for, and is
// not built yet, is review.
func (w *work) breach(table, column int, on, columnName, what, message string) *bot.Result {
	name, id := on, []string{on}
	pointer := fmt.Sprintf("/tables/%d", table)
	if columnName != "" {
		name += "." + columnName
		id = append(id, columnName)
		if column >= 0 {
			pointer += fmt.Sprintf("/columns/%d", column)
		}
	}
	status := bot.Fail
	if w.awaited(on, name) {
		status = bot.Review
		message += " (asked for and not implemented yet)"
	}
	r := w.add(bot.AreaContract, status, name, message, append(id, what)...)
	r.File = path.Join(w.head.Path, product.SpecFile)
	r.Line, _ = w.head.Document.Source.At(pointer)
	return r
}

// awaited says whether a table or column is part of a spec change that is not implemented yet.
func (w *work) awaited(onTable, on string) bool {
	pending := false
	for _, e := range w.head.Document.Ledger.Entries {
		if !e.Amendment.Pending() {
			continue
		}
		pending = true
		for _, x := range e.Amendment.Expects {
			if spec.SameName(x.On(), on) || spec.SameName(x.On(), onTable) && x.Kind() != spec.ChangeMeaning {
				return true
			}
		}
		for _, a := range e.Amendment.Affects {
			if spec.SameName(a, on) {
				return true
			}
		}
	}
	if !w.specOnly && !pending {
		return false
	}
	for _, c := range w.changes {
		for _, name := range []string{c.On, c.To} {
			if spec.SameName(name, on) || spec.SameName(name, onTable) {
				return true
			}
		}
		if table, _, ok := splitColumn(c.On); ok && spec.SameName(table, onTable) && (c.Kind == spec.DropColumn || c.Kind == spec.RenameColumn) && w.specOnly {
			return true
		}
	}
	return false
}

// columnsOf compares names and types.
func (w *work) columnsOf(ti int, t *spec.Table, built *product.Table) {
	for i, c := range t.Columns {
		have, ok := columnNamed(built, c.Name)
		if !ok {
			w.breach(ti, i, t.Name, c.Name, "exists", fmt.Sprintf("the spec names column %s, and table %s has none of that name", c.Name, t.Name))
			continue
		}
		want, err := sqltype.Parse(c.Type)
		if err != nil {
			w.breach(ti, i, t.Name, c.Name, "type", err.Error())
			continue
		}
		got, err := sqltype.Parse(have.Type)
		if err != nil || want.Physical().String() != got.Physical().String() {
			w.breach(ti, i, t.Name, c.Name, "type", fmt.Sprintf("the spec says %s, and the column is %s; cast it in the model, or change the spec in an amendment", want, have.Type))
		}
	}
	for _, c := range built.Columns {
		if s, ok := t.Column(c.Name); !ok || !sameName(s.Name, c.Name) {
			w.breach(ti, -1, t.Name, c.Name, "unspecified", fmt.Sprintf("table %s has the column %s (%s), which the spec does not name; add it to the spec in an amendment, or take it out of the model", t.Name, c.Name, c.Type))
		}
	}
}

package verify

import (
	"fmt"
	"strings"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/spec"
)

// specDifferences records what the spec itself says differently: nullability, keys, accepted values and meaning. Tables, columns
// and types are recorded where the tables themselves show them.
func (w *work) specDifferences() {
	for _, change := range w.changes {
		table, column := change.On, ""
		if t, name, ok := splitColumn(change.On); ok {
			table, column = t, name
		}
		if change.On == spec.ProductTarget {
			table = ""
		}
		switch change.Kind {
		case spec.ChangeNull:
			w.nullability(change, table, column)
		case spec.ChangeKey:
			w.keyChange(change, table)
		case spec.ChangeMeaning:
			w.meaning(change, table, column)
		case spec.ChangeType:
			w.promisedType(change, table, column)
		}
	}
}

// How package spec writes what a nullability or a key becomes.
const (
	nullable = "nullable"
	notNull  = "not null"
	noKey    = "none"
)

func (w *work) nullability(change spec.Change, table, column string) {
	if change.New == nullable {
		d := w.difference(bot.NotNullLost, table, column, bot.ImpactMajor, true, change.On+" may be NULL now")
		d.Old, d.New = notNull, nullable
		w.declare(d, change)
		return
	}
	d := w.difference(bot.NotNullGained, table, column, bot.ImpactMinor, false, change.On+" is never NULL now")
	d.Old, d.New = nullable, notNull
	w.declare(d, change)
}

func (w *work) keyChange(change spec.Change, table string) {
	var d *bot.Difference
	switch {
	case change.Old == noKey:
		d = w.difference(bot.KeyGained, table, "", bot.ImpactMinor, false, fmt.Sprintf("%s has the key %s now", table, change.New))
	case change.New == noKey:
		d = w.difference(bot.KeyLost, table, "", bot.ImpactMajor, true, fmt.Sprintf("%s no longer has the key %s", table, change.Old))
	default:
		d = w.difference(bot.GrainChanged, table, "", bot.ImpactMajor, true, fmt.Sprintf("one row of %s is one %s now, before one %s", table, change.New, change.Old))
	}
	d.Old, d.New = change.Old, change.New
	w.declare(d, change)
}

// promisedType records a type that only the spec changed, where the tables show nothing of it yet.
func (w *work) promisedType(change spec.Change, table, column string) {
	for _, d := range w.differences {
		if spec.SameName(d.Table, table) && spec.SameName(d.Column, column) && (d.Kind == bot.TypeWidened || d.Kind == bot.TypeNarrowed || d.Kind == bot.TypeChanged) {
			return
		}
	}
	d := w.difference(bot.TypeChanged, table, column, bot.ImpactMajor, true, fmt.Sprintf("the spec says %s for %s, before %s", change.New, change.On, change.Old))
	d.Old, d.New = change.Old, change.New
	w.declare(d, change)
}

// meaning records a changed field. What numbers mean is their unit; accepted values and references are promises; the rest is words.
func (w *work) meaning(change spec.Change, table, column string) {
	if change.Field == "values" {
		w.accepted(change, table, column)
		return
	}
	impact, breaking := bot.ImpactPatch, false
	switch change.Field {
	case "unit":
		impact, breaking = bot.ImpactMajor, true
	case "classification", "deprecated", "inputs":
		impact = bot.ImpactMinor
	case "references", "unique":
		impact = bot.ImpactMinor
		if change.New == "" || change.New == "false" {
			impact, breaking = bot.ImpactMajor, true
		}
	}
	on := change.On
	if table == "" {
		on = "the product"
	}
	message := fmt.Sprintf("%s of %s went from %s to %s", change.Field, on, quoted(change.Old), quoted(change.New))
	d := w.difference(bot.MeaningChanged, table, column, impact, breaking, message)
	d.Field, d.Old, d.New = change.Field, change.Old, change.New
	w.declare(d, change)
}

func quoted(s string) string {
	if s == "" {
		return "nothing"
	}
	const most = 60
	if r := []rune(s); len(r) > most {
		s = string(r[:most-1]) + "…"
	}
	return fmt.Sprintf("%q", s)
}

// accepted records accepted values that came and went, by the specs themselves. No list accepts any value.
func (w *work) accepted(change spec.Change, table, column string) {
	old, new := w.acceptedBy(w.base.Spec(), change), w.acceptedBy(w.head.Spec(), change)
	came, went := without(new, old), without(old, new)
	if len(new) == 0 {
		came = []string{"any value"}
	}
	if len(old) == 0 {
		came, went = nil, []string{"all others"}
	}
	if len(came) > 0 {
		d := w.difference(bot.AcceptedWidened, table, column, bot.ImpactMajor, true, fmt.Sprintf("%s may also be %s now", change.On, strings.Join(came, ", ")))
		d.Old, d.New = strings.Join(old, ", "), strings.Join(new, ", ")
		w.declare(d, change)
	}
	if len(went) > 0 {
		d := w.difference(bot.AcceptedNarrowed, table, column, bot.ImpactMinor, false, fmt.Sprintf("%s may no longer be %s", change.On, strings.Join(went, ", ")))
		d.Old, d.New = strings.Join(old, ", "), strings.Join(new, ", ")
		w.declare(d, change)
	}
	if len(came)+len(went) == 0 {
		d := w.difference(bot.MeaningChanged, table, column, bot.ImpactPatch, false, "the accepted values of "+change.On+" stand in another order")
		d.Field = change.Field
		w.declare(d, change)
	}
}

// acceptedBy are a column's accepted values as text. A renamed column is looked up under its old name at the base.
func (w *work) acceptedBy(s *spec.Spec, change spec.Change) []string {
	table, column, _ := splitColumn(change.On)
	tables, columns := w.renames()
	if s == w.base.Spec() {
		for _, r := range columns {
			if spec.SameName(r.headTable, table) && spec.SameName(r.headColumn, column) {
				column = r.baseColumn
			}
		}
		for _, r := range tables {
			if spec.SameName(r.headTable, table) {
				table = r.baseTable
			}
		}
	}
	t, ok := s.Table(table)
	if !ok {
		return nil
	}
	c, ok := t.Column(column)
	if !ok {
		return nil
	}
	var out []string
	for _, v := range c.Values {
		out = append(out, scalarText(v))
	}
	return out
}

func without(list, drop []string) []string {
	var out []string
	for _, x := range list {
		if !containsString(drop, x) {
			out = append(out, x)
		}
	}
	return out
}

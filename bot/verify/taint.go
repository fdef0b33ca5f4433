package verify

import (
	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/product"
	"github.com/codicil-dev/codicil/bot/spec"
)

// tainted says whether the head's values of a table may be classified ones under a name that nobody classified: what makes it has
// changed, and something on the way to it holds a classified column. The base's values were let pass before and may be shown.
func (w *work) tainted(table string) bool {
	if len(w.mask.classified) == 0 || w.own == nil {
		return false
	}
	way := w.wayTo(spec.FoldName(table))
	return w.changedOnTheWay(way) && w.classifiedOnTheWay(way)
}

// wayTo are the names of a table and of all that it is made from, in small letters.
func (w *work) wayTo(table string) map[string]bool {
	reads := map[string][]string{}
	for _, m := range w.own.Models {
		reads[spec.FoldName(m.Table)] = m.Reads
	}
	seen := map[string]bool{}
	var visit func(string)
	visit = func(name string) {
		if seen[name] {
			return
		}
		seen[name] = true
		for _, r := range reads[name] {
			visit(spec.FoldName(r))
		}
	}
	visit(table)
	return seen
}

// changedOnTheWay says whether a model on the way is not what it was at the base, or an input was built anew.
func (w *work) changedOnTheWay(way map[string]bool) bool {
	if w.base == nil {
		return true
	}
	before := map[string]string{}
	old, _ := w.base.Models()
	for _, m := range old {
		before[m.Path] = m.Text
	}
	now, _ := w.head.Models()
	for _, m := range now {
		if way[spec.FoldName(m.Name)] && before[m.Path] != m.Text {
			return true
		}
	}
	keys := map[string]string{}
	if w.baseSame != nil {
		for _, in := range w.baseSame.Inputs {
			keys[in.Product+"."+in.Table] = in.Key
		}
	}
	for _, in := range w.own.Inputs {
		if way[spec.FoldName(in.Name)] && keys[in.Product+"."+in.Table] != in.Key {
			return true
		}
	}
	return false
}

// classifiedOnTheWay says whether a table on the way has a column of a classified name.
func (w *work) classifiedOnTheWay(way map[string]bool) bool {
	for _, t := range w.own.Tables {
		if way[spec.FoldName(t.FullName())] && w.hasClassified(&t) {
			return true
		}
	}
	for _, in := range w.own.Inputs {
		if !way[spec.FoldName(in.Name)] {
			continue
		}
		for _, before := range w.own.Before {
			if before.Key == in.Key && w.anyClassified(before) {
				return true
			}
		}
	}
	return false
}

func (w *work) anyClassified(b *product.Build) bool {
	for i := range b.Tables {
		if w.hasClassified(&b.Tables[i]) {
			return true
		}
	}
	return false
}

func (w *work) hasClassified(t *product.Table) bool {
	for _, c := range t.Columns {
		if w.mask.hides(c.Name) {
			return true
		}
	}
	return false
}

// withholdAll withholds every value of a sample.
func withholdAll(s *bot.Sample) {
	for _, row := range s.Rows {
		for i, v := range row {
			if v != nil {
				w := withheld
				row[i] = &w
			}
		}
	}
}

package verify

import (
	"fmt"
	"sort"
	"strings"

	"github.com/codicil-dev/codicil/bot"
)

// drift fails every difference that no new amendment declares, and asks people to look at those declared without a bound.
func (w *work) drift() {
	if w.base == nil {
		w.notRun(bot.AreaDrift, w.incomparable())
		return
	}
	w.unobserved()
	undeclared, follows := 0, 0
	for i, d := range w.differences {
		id := fmt.Sprintf("%d %s %s", i+1, d.Kind, place(d))
		switch {
		case d.Kind == bot.Unstable && d.Declared:
			continue
		case d.Declared && d.Unbounded:
			r := w.add(bot.AreaDrift, bot.Review, place(d), fmt.Sprintf("%s; amendment %d declares it without a where that leaves any row out, so nothing says which rows", d.Message, d.DeclaredBy), id)
			r.Amendment = d.DeclaredBy
		case len(d.FollowsFrom) > 0:
			follows++
			w.add(bot.AreaDrift, bot.Review, place(d), fmt.Sprintf("%s; %s did not change, it follows from %s", d.Message, w.name, strings.Join(d.FollowsFrom, ", ")), id)
		case !d.Declared:
			undeclared++
			status, advice := bot.Fail, "no new amendment declares it"
			if w.specOnly && fromSpec(d.Kind) {
				status, advice = bot.Review, "a hand edit of the spec that awaits its amendment"
			}
			w.add(bot.AreaDrift, status, place(d), d.Message+"; "+advice, id)
		}
	}
	if undeclared > 0 || follows > 0 {
		return
	}
	if w.headSame == nil {
		w.notRun(bot.AreaDrift, w.incomparable())
		return
	}
	message := "nothing changed"
	if n := len(w.differences); n > 0 {
		message = count(n, "difference", "differences") + ", all declared"
	}
	w.add(bot.AreaDrift, bot.Pass, "everything that changed was declared", message, "declared")
}

// fromSpec says whether a difference is one that an edit of the spec alone makes.
func fromSpec(k bot.DifferenceKind) bool {
	switch k {
	case bot.MeaningChanged, bot.NotNullLost, bot.NotNullGained, bot.KeyLost, bot.KeyGained, bot.GrainChanged, bot.AcceptedWidened,
		bot.AcceptedNarrowed, bot.TableRemoved, bot.TableAdded, bot.TypeWidened, bot.TypeNarrowed, bot.TypeChanged:
		return true
	}
	return false
}

// place is what a difference is about, for people.
func place(d bot.Difference) string {
	switch {
	case d.Table == "" && d.Old != "" && (d.Kind == bot.TestChanged || d.Kind == bot.TestRemoved):
		return d.Old
	case d.Table == "":
		return d.Product
	case d.Column == "":
		return d.Table
	}
	return d.Table + "." + d.Column
}

// sortedKeys are a map's keys in order.
func sortedKeys[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	sort.Strings(out)
	return out
}

package verify

import (
	"context"
	"errors"
	"fmt"
	"sort"
	"strings"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/engine"
	"github.com/codicil-dev/codicil/bot/product"
	"github.com/codicil-dev/codicil/bot/sandbox"
)

// build builds the head, and the base if there is one, and records how that went.
func (w *work) build(ctx context.Context) error {
	own, err := w.set.head.Build(ctx, w.name, product.Own)
	if refused := w.refused(err, "head"); refused || err != nil {
		return unless(refused, err)
	}
	w.confined(own)
	if !w.built(own, bot.Fail, "head") {
		return nil
	}
	w.own = own
	if w.base == nil {
		w.deterministic(own)
		return nil
	}
	baseSame, err := w.set.base.Build(ctx, w.name, product.Same)
	if refused := w.refused(err, "base"); refused || err != nil {
		return unless(refused, err)
	}
	headSame, err := w.set.head.Build(ctx, w.name, product.Same)
	if refused := w.refused(err, "head on the base's data"); refused || err != nil {
		return unless(refused, err)
	}
	w.baseBuilds = w.built(baseSame, bot.Review, "base")
	if headBuilds := w.built(headSame, bot.Fail, "head on the base's data"); w.baseBuilds && headBuilds {
		w.baseSame, w.headSame = baseSame, headSame
	}
	w.deterministic(own)
	return nil
}

// unless returns err if the condition does not hold.
func unless(condition bool, err error) error {
	if condition {
		return nil
	}
	return err
}

// refused turns the error of a product that can't be built into a result. What stands in the way of building anything, such
// as a missing confinement or a full disk, stays an error.
func (w *work) refused(err error, side string) bool {
	var unconfined *sandbox.UnconfinedError
	var session *engine.Error
	var circle *product.CircleError
	switch {
	case err == nil, errors.As(err, &unconfined), errors.Is(err, context.Canceled):
		return false
	case errors.As(err, &session), errors.As(err, &circle), errors.Is(err, product.ErrNoPrograms):
		status := bot.Fail
		if side == "base" {
			status = bot.Review
		}
		w.add(bot.AreaBuild, status, "the "+side+" builds", err.Error(), side)
		return true
	}
	return false
}

// built records the problems of a build, one result each, or that there were none.
func (w *work) built(b *product.Build, bad bot.Status, side string) bool {
	if b.OK() {
		w.add(bot.AreaBuild, bot.Pass, "the "+side+" builds", fmt.Sprintf("%d models, %d tables", len(b.Models), len(b.Tables)), side)
		for _, n := range b.Notes {
			w.notes = append(w.notes, w.mask.text(w.name+": "+n))
		}
		if side == "head" {
			for _, p := range b.Problems.Sorted() { // warnings, since the build is complete
				w.notes = append(w.notes, w.mask.problem(p.String()))
			}
		}
		return true
	}
	for i, p := range b.Problems.Sorted() {
		status := bad
		if p.Severity == bot.SeverityWarning {
			status = bot.Review
		}
		r := w.add(bot.AreaBuild, status, "the "+side+" builds", w.mask.problem(p.Message), side, fmt.Sprint(i+1))
		r.File, r.Line = p.File, p.Line
	}
	return false
}

// confined notes what held the runner, if that is less than it should be.
func (w *work) confined(b *product.Build) {
	for _, missing := range b.Confinement.Missing {
		w.notes = append(w.notes, "less confined than it should be: "+missing)
	}
}

// deterministic tells which models read the clock or make random values: both are pinned, so that equal data gives equal tables.
func (w *work) deterministic(b *product.Build) {
	var said []string
	for _, m := range b.Models {
		names := append(append([]string(nil), m.Clock...), m.Random...)
		if len(names) == 0 {
			continue
		}
		sort.Strings(names)
		said = append(said, fmt.Sprintf("%s calls %s", m.Path, strings.Join(compact(names), ", ")))
	}
	if w.head.Runner() != product.RunnerSQL {
		w.add(bot.AreaBuild, bot.Pass, "the same data gives the same tables", "what in the program reads the clock or makes random values is not known: what changes from run to run by itself shows only where a control build differs", "deterministic")
		return
	}
	if len(said) == 0 {
		w.add(bot.AreaBuild, bot.Pass, "the same data gives the same tables", "no model reads the clock or makes random values", "deterministic")
		return
	}
	if drawn := w.newlyRandom(b); len(drawn) > 0 {
		w.add(bot.AreaBuild, bot.Review, "the same data gives the same tables",
			strings.Join(drawn, ", ")+" did not make random values before: what is rare shows in no run made here, so look at what they decide", "deterministic")
		return
	}
	w.add(bot.AreaBuild, bot.Pass, "the same data gives the same tables",
		strings.Join(said, "; ")+": pinned here, so what changes from run to run by itself shows only where a control build differs", "deterministic")
}

// newlyRandom lists models that make random values and did not at the base.
func (w *work) newlyRandom(b *product.Build) []string {
	if w.baseSame == nil {
		return nil
	}
	before := map[string]bool{}
	for _, m := range w.baseSame.Models {
		for _, f := range m.Random {
			before[tableName(m.Table)+" "+f] = true
		}
	}
	var out []string
	for _, m := range b.Models {
		for _, f := range m.Random {
			if !before[tableName(m.Table)+" "+f] {
				out = append(out, fmt.Sprintf("%s with %s", m.Path, f))
			}
		}
	}
	return out
}

// compact drops repeated neighbours.
func compact(sorted []string) []string {
	var out []string
	for i, s := range sorted {
		if i == 0 || s != sorted[i-1] {
			out = append(out, s)
		}
	}
	return out
}

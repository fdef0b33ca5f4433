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
	"github.com/codicil-dev/codicil/bot/spec"
)

// work is the verification of one product.
type work struct {
	v    *Verifier
	set  *set
	name string
	// head is the product; base is nil where the base has none.
	head, base *product.Product
	// changes are what differs between the two specs, fresh the amendments that this change brings or implements.
	changes []spec.Change
	fresh   []spec.Entry
	// specOnly says that nothing but spec.yaml changed: a hand edit that awaits its amendment.
	specOnly bool
	// own is the head on its own seeds; baseSame and headSame are both sides on the same data. nil where not built.
	own, baseSame, headSame *product.Build

	mask        mask
	results     []bot.Result
	differences []bot.Difference
	notes       []string
}

// verifyOne verifies one product.
func (v *Verifier) verifyOne(ctx context.Context, s *set, name string) (*work, error) {
	w := &work{v: v, set: s, name: name}
	w.head, _ = s.head.Product(name)
	w.base, _ = s.base.Product(name)
	w.prepare()
	w.ledger()
	if err := w.build(ctx); err != nil {
		return nil, err
	}
	for _, step := range []func(context.Context) error{w.contract, w.requirements, w.guidelines, w.tests, w.compatibility} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	w.drift()
	w.version()
	return w, nil
}

// prepare finds what this change is about.
func (w *work) prepare() {
	w.mask = newMask(w.set, w.head, w.base)
	if w.base == nil {
		w.fresh = w.head.Document.Ledger.Entries
		return
	}
	w.fresh = fresh(w.base.Document.Ledger, w.head.Document.Ledger)
	w.changes = spec.Diff(w.base.Spec(), w.head.Spec(), declaredRenames(w.fresh))
	w.specOnly = len(w.changes) > 0 && len(w.fresh) == 0 && w.sameFiles()
}

// fresh lists the head's amendments that the base lacks, or has as not implemented yet.
func fresh(base, head spec.Ledger) []spec.Entry {
	var out []spec.Entry
	for _, e := range head.Entries {
		old, ok := base.Entry(e.Amendment.ID)
		if !ok || old.Amendment.Pending() {
			out = append(out, e)
		}
	}
	return out
}

// declaredRenames are the renames that amendments expect.
func declaredRenames(entries []spec.Entry) []spec.Rename {
	var out []spec.Rename
	for _, e := range entries {
		for _, x := range e.Amendment.Expects {
			if x.RenameTable != nil {
				out = append(out, *x.RenameTable)
			}
			if x.RenameColumn != nil {
				out = append(out, *x.RenameColumn)
			}
		}
	}
	return out
}

// sameFiles says whether models, seeds and tests are the same on both sides.
func (w *work) sameFiles() bool {
	return fileHashes(w.base) == fileHashes(w.head)
}

// fileHashes is one text of all that makes the output.
func fileHashes(p *product.Product) string {
	var b strings.Builder
	models, _ := p.Models()
	tests, _ := p.Tests()
	for _, f := range append(models, tests...) {
		fmt.Fprintf(&b, "%s %q\n", f.Path, f.Text)
	}
	seeds, _ := p.Seeds()
	for _, s := range seeds {
		fmt.Fprintf(&b, "%s %s\n", s.Path, s.Hash)
	}
	return b.String()
}

// add records a result. The id is made of the area and the parts.
func (w *work) add(area bot.Area, status bot.Status, name, message string, id ...string) *bot.Result {
	w.results = append(w.results, bot.Result{
		Product: w.name, ID: strings.Join(append([]string{string(area)}, id...), "/"), Area: area, Name: name, Status: status, Message: w.mask.text(message),
	})
	return &w.results[len(w.results)-1]
}

// notRun records that a whole area has no result, and why.
func (w *work) notRun(area bot.Area, why string) {
	w.add(area, bot.NotRun, string(area), why, "all")
}

// into adds everything to the report.
func (w *work) into(r *bot.Report) {
	p := bot.ProductReport{Product: w.name, Path: w.head.Path, Verdict: bot.VerdictOf(w.results), Impact: impactOf(w.differences), Version: w.head.Spec().Version}
	if w.base != nil {
		p.BaseVersion = w.base.Spec().Version
		p.LeastVersion = leastVersion(p.BaseVersion, p.Impact)
	}
	r.Products = append(r.Products, p)
	r.Results = append(r.Results, w.results...)
	r.Differences = append(r.Differences, w.differences...)
	r.Impact = r.Impact.Max(p.Impact)
	for _, n := range w.notes {
		if !containsString(r.Notes, n) {
			r.Notes = append(r.Notes, n)
		}
	}
}

func containsString(list []string, s string) bool {
	for _, l := range list {
		if l == s {
			return true
		}
	}
	return false
}

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
	if w.built(baseSame, bot.Review, "base") && w.built(headSame, bot.Fail, "head on the base's data") {
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
	switch {
	case err == nil, errors.As(err, &unconfined), errors.Is(err, context.Canceled):
		return false
	case errors.As(err, &session), strings.Contains(err.Error(), "read each other in a circle"):
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
		return true
	}
	for i, p := range b.Problems.Sorted() {
		status := bad
		if p.Severity == bot.SeverityWarning {
			status = bot.Review
		}
		r := w.add(bot.AreaBuild, status, "the "+side+" builds", p.Message, side, fmt.Sprint(i+1))
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
	if len(said) == 0 {
		w.add(bot.AreaBuild, bot.Pass, "the same data gives the same tables", "no model reads the clock or makes random values", "deterministic")
		return
	}
	w.add(bot.AreaBuild, bot.Pass, "the same data gives the same tables",
		strings.Join(said, "; ")+": pinned here, so what changes from run to run by itself shows only where a control build differs", "deterministic")
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

package verify

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/product"
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
	// phantoms are renames of fresh amendments that did not happen, and why.
	phantoms map[source]string
	// specOnly says that nothing but spec.yaml changed: a hand edit that awaits its amendment.
	specOnly bool
	// own is the head on its own seeds; baseSame and headSame are both sides on the same data. nil where not built.
	own, baseSame, headSame *product.Build
	// baseBuilds says that the base builds, whatever the head does.
	baseBuilds bool

	// worlds are of own; contract, checks, guidelines and tests share them.
	worlds *worlds

	mask        mask
	results     []bot.Result
	differences []bot.Difference
	notes       []string
}

// verifyOne verifies one product.
func (v *Verifier) verifyOne(ctx context.Context, s *set, name string) (*work, error) {
	w := &work{v: v, set: s, name: name}
	w.worlds = &worlds{work: w}
	defer w.worlds.close()
	w.head, _ = s.head.Product(name)
	w.base, _ = s.base.Product(name)
	w.prepare()
	w.ledger()
	if err := w.build(ctx); err != nil {
		return nil, err
	}
	if s.in.ProofOnly {
		return w, w.requirements(ctx)
	}
	for _, step := range []func(context.Context) error{w.contract, w.properties, w.requirements, w.guidelines, w.tests, w.compatibility} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	w.followed()
	w.version()
	w.drift()
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
	w.findPhantoms()
	w.changes = spec.Diff(w.base.Spec(), w.head.Spec(), declaredRenames(w.real(w.fresh)))
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
	config, _ := json.Marshal(p.Config) // in order of the keys, and without where they stand
	fmt.Fprintf(&b, "%s\n", config)
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
	names := map[bot.Area]string{
		bot.AreaContract: "tables and columns", bot.AreaRequirements: "checks of amendments", bot.AreaGuidelines: "the organisation's guidelines",
		bot.AreaTests: "the product's own tests", bot.AreaCompatibility: "comparison with the base", bot.AreaDrift: "undeclared changes",
	}
	w.add(area, bot.NotRun, names[area], why, "all")
}

// into adds everything to the report.
func (w *work) into(r *bot.Report) {
	p := bot.ProductReport{Product: w.name, Path: w.head.Path, Verdict: bot.VerdictOf(w.results), Impact: impactOf(w.differences), Version: w.head.Spec().Version}
	if w.base != nil {
		p.BaseVersion = w.base.Spec().Version
		p.LeastVersion = leastVersion(p.BaseVersion, w.ownImpact())
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

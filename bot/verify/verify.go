// Package verify answers whether products still honour their whole specs, and what a reader of their output would notice.
package verify

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/guideline"
	"github.com/codicil-dev/codicil/bot/product"
)

// Input is what is to be verified.
type Input struct {
	// Head is the tree that is verified, below the slash-separated folder Under; "." means all of it.
	Head  product.Tree
	Under string
	// Readers says that the products of the same tree which read those below Under, directly or through others, are verified as well.
	Readers bool
	// Base is the tree to compare with; nil if there is none, for the reason NoBase.
	Base   *product.Tree
	NoBase string
	// With are trees that inputs may come from besides Head and Base.
	With []product.Tree
	// Guidelines are those that were given; GuidelinesGiven tells no guidelines from none given.
	Guidelines      []guideline.Guideline
	GuidelinesGiven bool
	// ProofOnly stops once the requirements are checked and proven: neither contract, guidelines and tests nor the comparison are reported.
	ProofOnly bool
}

// Verifier verifies products. Its fields are needed unless said otherwise.
type Verifier struct {
	Builder *product.Builder
	Log     *slog.Logger
	Now     func() time.Time
	// Version is the program's version, for the report.
	Version string
}

// Verify verifies all products below in.Under, and reports those of the base that vanished. The report holds whatever is wrong
// with the products; the error is for what stood in the way of verifying at all, such as a system without any confinement.
func (v *Verifier) Verify(ctx context.Context, in Input) (*bot.Report, error) {
	start := v.Now()
	report := &bot.Report{Codicil: v.Version, At: start.UTC().Truncate(time.Second), Verdict: bot.VerdictPass, Impact: bot.ImpactNone}
	set, err := v.load(in)
	if err != nil {
		return nil, err
	}
	if in.Base != nil {
		report.Base = in.Base.Label
	}
	report.Results = append(report.Results, set.unreadable...)
	report.Results = append(report.Results, set.vanished()...)
	lint, err := v.lintSpecs(ctx, set)
	if err != nil {
		return nil, err
	}
	for _, name := range inputsFirst(set.names(), set.head.Product) {
		w, err := v.verifyOne(ctx, set, name)
		if err != nil {
			return nil, fmt.Errorf("verify %s: %w", name, err)
		}
		w.linted(lint[w.head.Path])
		set.verified[name] = w
	}
	for _, name := range set.names() {
		set.verified[name].into(report)
	}
	set.unreadableProducts(report)
	report.Verdict = bot.VerdictOf(report.Results)
	report.Notes = append(set.notes(), report.Notes...)
	report.Seconds = v.Now().Sub(start).Seconds()
	return report, nil
}

// brokenBase says why the base's side of the product can't be read; broken is false if it can, or if there is none. A spec that does not
// even tell its name may be that of any product which the base seems to lack.
func (w *work) brokenBase() (why string, broken bool) {
	if w.base != nil {
		return "", false
	}
	if why, broken = w.set.brokenBase[w.name]; !broken {
		why, broken = w.set.brokenBase[""]
	}
	return why, broken
}

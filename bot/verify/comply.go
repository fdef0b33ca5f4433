package verify

import (
	"context"
	"fmt"
	"slices"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/guideline"
	"github.com/codicil-dev/codicil/bot/spec"
)

// Compliance is how a product stands to a guideline.
type Compliance struct {
	// Applies says that the guideline binds the product. If it does not, nothing else was looked at.
	Applies bool
	// Complies says that the guideline has checks and that all of them hold.
	Complies bool
	// Failing are the checks that do not hold, or that could not be run.
	Failing []bot.Result
	// Why says in a sentence why the guideline does not apply, or is not complied with; empty if it is.
	Why string
}

// Complies says whether the one product in in.Under keeps a guideline as it is. The product is built at most once, and only if a check
// asks for rows; of in, only the trees of the head and beside it count. A guideline without checks is never complied with as far as this
// can tell: people, or a model, must judge. The error is for a product that can't be read, and for what stood in the way of looking.
func (v *Verifier) Complies(ctx context.Context, in Input, g guideline.Guideline) (Compliance, error) {
	set, err := v.load(Input{Head: in.Head, Under: in.Under, With: in.With, Guidelines: []guideline.Guideline{g}, GuidelinesGiven: true})
	if err != nil {
		return Compliance{}, err
	}
	if len(set.unreadable) > 0 {
		r := set.unreadable[0]
		return Compliance{}, fmt.Errorf("ask whether %s keeps the guideline %s: its spec can't be read: %s", r.Product, g.ID, r.Message)
	}
	if len(set.wanted) != 1 {
		return Compliance{}, fmt.Errorf("ask whether %s keeps the guideline %s: there are %d products; name the folder of one", in.Under, g.ID, len(set.wanted))
	}
	w := &work{v: v, set: set, name: set.wanted[0]}
	w.head, _ = set.head.Product(w.name)
	w.prepare()
	c, err := w.complies(ctx, g)
	if err != nil {
		return c, fmt.Errorf("ask whether %s keeps the guideline %s: %w", w.name, g.ID, err)
	}
	return c, nil
}

// complies runs a guideline's checks on the head.
func (w *work) complies(ctx context.Context, g guideline.Guideline) (Compliance, error) {
	applies, err := g.Applies(w.head.Spec())
	switch {
	case err != nil:
		return Compliance{}, err
	case !applies:
		return Compliance{Why: fmt.Sprintf("the guideline does not apply to %s: its spec does not satisfy %s", w.name, g.AppliesTo)}, nil
	case len(g.Checks) == 0:
		return Compliance{Applies: true, Why: "the guideline has no checks, so people must judge"}, nil
	}
	if slices.ContainsFunc(g.Checks, func(c spec.Check) bool { return c.SQL != "" }) {
		if err := w.build(ctx); err != nil {
			return Compliance{}, err
		}
	}
	w.results = nil
	worlds := worlds{work: w}
	defer worlds.close()
	if err := w.guideline(ctx, g, false, &worlds); err != nil {
		return Compliance{}, err
	}
	c := Compliance{Applies: true}
	for _, r := range w.results {
		if r.Status != bot.Pass {
			c.Failing = append(c.Failing, r)
		}
	}
	if c.Complies = len(c.Failing) == 0; !c.Complies {
		c.Why = fmt.Sprintf("%d of %s do not hold", len(c.Failing), count(len(g.Checks), "check", "checks"))
	}
	return c, nil
}

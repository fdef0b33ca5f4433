package author

import (
	"context"
	"strings"

	"github.com/codicil-dev/codicil/bot/spec"
)

// keptSpec is what an amendment says was done where the spec alone had to change.
const keptSpec = "Only the spec was changed: the product is as it says already."

// keptAlready says whether the product is as its amended spec says without any change of its implementation, as where a guideline
// asks for words. Then there is nothing to ask whoever implements.
func (c *change) keptAlready(ctx context.Context) (bool, error) {
	if c.adopting == nil || !ofSpecAlone(c.amendment) {
		return false, nil
	}
	as := c.amendment
	done := *as
	done.Change = keptSpec
	if err := c.writeAmendment(&done); err != nil {
		return false, err
	}
	if err := c.verify(ctx); err != nil {
		return false, err
	}
	if len(c.best.fails) == 0 {
		return true, nil
	}
	c.best = nil
	return false, c.writeAmendment(as)
}

// ofSpecAlone says whether an amendment expects nothing to change but what the spec says.
func ofSpecAlone(a *spec.Amendment) bool {
	for _, x := range a.Expects {
		switch x.Kind() {
		case spec.ChangeMeaning, spec.ChangeNull, spec.ChangeKey:
		default:
			return false
		}
	}
	return true
}

// onlyWords says whether a round changed nothing but spec and ledger.
func (r *round) onlyWords() bool {
	for _, name := range r.changed {
		if name != spec.SpecFile && !strings.HasPrefix(name, spec.LedgerFolder+"/") {
			return false
		}
	}
	return true
}

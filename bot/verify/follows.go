package verify

import (
	"bytes"
	"slices"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/product"
)

// followed marks the differences of a product that did not change itself but reads changed products which are verified in the same
// run: there they are declared or are drift, and no amendment of this product could declare them. What breaks a promise of this
// product still fails its checks and its contract, and a table that is emptied fails whatever emptied it.
func (w *work) followed() {
	from := w.changedInputs()
	if len(from) == 0 {
		return
	}
	for i := range w.differences {
		d := &w.differences[i]
		if !d.Declared && d.Kind != bot.Unstable && d.Kind != bot.TableEmptied {
			d.FollowsFrom = from
		}
	}
}

// changedInputs names the products whose change shows in this one; none if the product changed itself, or if one of them is not verified in
// this run.
func (w *work) changedInputs() []string {
	if w.base == nil || w.head == nil || !unchangedProduct(w.base, w.head) {
		return nil
	}
	var changed []string
	seen := map[string]bool{w.name: true}
	next := []*product.Product{w.head}
	for len(next) > 0 {
		p := next[0]
		next = next[1:]
		for _, in := range p.Spec().Inputs {
			if seen[in.Product] {
				continue
			}
			seen[in.Product] = true
			head, ok := w.set.head.Product(in.Product)
			if !ok {
				continue // it comes from outside, the same for both sides
			}
			base, ok := w.set.base.Product(in.Product)
			if !ok || !unchangedProduct(base, head) {
				changed = append(changed, in.Product)
			}
			next = append(next, head)
		}
	}
	slices.Sort(changed)
	if slices.ContainsFunc(changed, func(name string) bool { return !containsString(w.set.wanted, name) }) {
		return nil
	}
	return changed
}

// unchangedProduct says whether spec, ledger, models, seeds and tests are the same on both sides.
func unchangedProduct(base, head *product.Product) bool {
	same := func(a, b []byte) bool { return bytes.Equal(a, b) }
	if !same(base.Document.Data, head.Document.Data) || len(base.Document.Ledger.Entries) != len(head.Document.Ledger.Entries) {
		return false
	}
	for i, e := range base.Document.Ledger.Entries {
		if !same(e.Data, head.Document.Ledger.Entries[i].Data) {
			return false
		}
	}
	return fileHashes(base) == fileHashes(head)
}

// ownImpact is the impact of the differences that are this product's own doing.
func (w *work) ownImpact() bot.Impact {
	own := slices.DeleteFunc(slices.Clone(w.differences), func(d bot.Difference) bool { return len(d.FollowsFrom) > 0 })
	return impactOf(own)
}

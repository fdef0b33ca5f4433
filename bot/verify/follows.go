package verify

import (
	"bytes"
	"slices"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/product"
	"github.com/codicil-dev/codicil/bot/spec"
)

// followed marks the differences of a product that did not change itself but reads tables which did, as an amendment declares there:
// no amendment of this product could declare them. What breaks a promise of this product still fails its checks and its contract,
// and a table that is emptied fails whatever emptied it.
func (w *work) followed() {
	from := w.movedInputs()
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

// movedInputs names the products whose change shows in this one; none if the product changed itself. An input counts if its table
// differs in the same run, declared or following from yet another: what moves a table that no spec names, or without a word in a
// ledger, explains nothing.
func (w *work) movedInputs() (from []string) {
	if w.base == nil || !unchangedProduct(w.base, w.head) {
		return nil
	}
	for _, in := range w.head.Spec().Inputs {
		upstream := w.set.verified[in.Product]
		if upstream == nil || upstream.base == nil {
			continue
		}
		for _, d := range upstream.differences {
			if !spec.SameName(d.Table, in.Table) {
				continue
			}
			if d.Declared && d.Kind != bot.Unstable {
				from = append(from, in.Product)
			}
			from = append(from, d.FollowsFrom...)
		}
	}
	slices.Sort(from)
	return slices.Compact(from)
}

// unchangedProduct says whether spec, ledger, models, seeds and tests are the same on both sides.
func unchangedProduct(base, head *product.Product) bool {
	if !bytes.Equal(base.Document.Data, head.Document.Data) || len(base.Document.Ledger.Entries) != len(head.Document.Ledger.Entries) {
		return false
	}
	for i, e := range base.Document.Ledger.Entries {
		if !bytes.Equal(e.Data, head.Document.Ledger.Entries[i].Data) {
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

// inputsFirst orders products so that each comes after those that it reads; products that read each other keep their order.
func inputsFirst(names []string, find func(string) (*product.Product, bool)) []string {
	out := make([]string, 0, len(names))
	seen := map[string]bool{}
	var visit func(name string)
	visit = func(name string) {
		if seen[name] {
			return
		}
		seen[name] = true
		if p, ok := find(name); ok {
			for _, in := range p.Spec().Inputs {
				visit(in.Product)
			}
		}
		if slices.Contains(names, name) {
			out = append(out, name)
		}
	}
	for _, name := range names {
		visit(name)
	}
	return out
}

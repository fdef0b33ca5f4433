package verify

import (
	"slices"
	"sort"

	"github.com/codicil-dev/codicil/bot/product"
)

// followReaders adds the head's products that read a wanted one, directly or through others, on either side: what a change breaks
// for them shows up there and not in the product that was changed.
func (s *set) followReaders(head, base []*product.Product) {
	reads := map[string][]string{} // by the reader's name
	for _, p := range append(slices.Clone(head), base...) {
		for _, in := range p.Spec().Inputs {
			reads[p.Name()] = append(reads[p.Name()], in.Product)
		}
	}
	for grown := true; grown; {
		grown = false
		for _, p := range head {
			wanted := func(name string) bool { return containsString(s.wanted, name) }
			if !wanted(p.Name()) && slices.ContainsFunc(reads[p.Name()], wanted) {
				s.wanted, grown = append(s.wanted, p.Name()), true
			}
		}
	}
	sort.Strings(s.wanted)
}

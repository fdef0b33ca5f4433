package author

import (
	"context"

	"github.com/codicil-dev/codicil/bot/portrait"
	"github.com/codicil-dev/codicil/bot/product"
)

// overlap counts the parts that the models of the product in s have in common; out stays nil if the product cannot be read.
func (c *change) overlap(ctx context.Context, s *scratch, out **int) error {
	p, problems := product.Load(s.tree, s.path)
	if p == nil || problems.Err() != nil {
		return nil
	}
	found, err := portrait.Repeats(ctx, p, c.author.Verifier.Builder)
	if err != nil {
		return err
	}
	*out = &found.Parts
	return nil
}

// requirements are the requirements of a product's amendments.
func requirements(p *product.Product) map[int]string {
	out := map[int]string{}
	for _, e := range p.Document.Ledger.Entries {
		out[e.Amendment.ID] = e.Amendment.Requirement
	}
	return out
}

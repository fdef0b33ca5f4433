// Package portrait gathers what a model may know of a product: its texts, what its tables hold, and where its models repeat each other.
package portrait

import (
	"context"
	"fmt"

	"github.com/codicil-dev/codicil/bot/product"
	"github.com/codicil-dev/codicil/prompts"
)

// Mode says which values of the data may be shown.
type Mode int

const (
	// Masked shows values, but none of a classified column or of one that looks personal.
	Masked Mode = iota
	// Schema shows no values at all.
	Schema
	// All shows every value.
	All
)

// DefaultBudget is the Budget that a zero stands for. With it a prompt stays below 30,000 tokens: some 4,000 say how each task is done, and
// guidelines, tools, the task and what was said before a repair need the rest.
const DefaultBudget = 20000

// Options say what to show. The zero value is the default.
type Options struct {
	Data Mode
	// Budget is how many tokens the portrait may be long; 0 means DefaultBudget.
	Budget int
	// Focus are the tables, columns (column or table.column) and files that the requirement speaks of.
	Focus []string
	// Want are files that are shown whatever they cost.
	Want []string
	// Estimate returns how many tokens a text is; nil means two for seven bytes.
	Estimate func(string) int
	// Also are further products whose specs say what is classified: those that the product reads, and the product itself
	// as it was at the base. Products that it reads are looked for in its own tree as well; where the spec of
	// one is found in neither, all its values are withheld.
	Also []*product.Product
	// NoSpec says that no spec tells yet what of the product is open, so that whatever looks personal is withheld.
	NoSpec bool
}

// withDefaults fills what is zero.
func (o Options) withDefaults() Options {
	if o.Budget == 0 {
		o.Budget = DefaultBudget
	}
	if o.Estimate == nil {
		o.Estimate = func(s string) int { return (2*len(s) + 6) / 7 }
	}
	return o
}

// Of draws the portrait of a product. The build is the product's; without one (nil) the portrait says nothing of its tables.
// Files that can't be read, and tables that can't be looked at, are named among what is left out. The errors are those
// of a context that ended and of a sandbox that is not to be had.
func Of(ctx context.Context, p *product.Product, b *product.Build, builder *product.Builder, o Options) (prompts.ProductData, error) {
	o = o.withDefaults()
	k, err := learn(ctx, p, b, builder, o)
	if err != nil {
		return prompts.ProductData{}, fmt.Errorf("draw the portrait of %s: %w", p.Name(), err)
	}
	profiles, err := k.profiles(ctx)
	if err != nil {
		return prompts.ProductData{}, fmt.Errorf("look at the tables of %s: %w", p.Name(), err)
	}
	said, err := k.repeats(ctx)
	if err != nil {
		return prompts.ProductData{}, fmt.Errorf("compare the models of %s: %w", p.Name(), err)
	}
	return k.fit(profiles, said.Sentences), nil
}

package verify

import (
	"context"
	"fmt"
	"strconv"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/engine"
	"github.com/codicil-dev/codicil/bot/product"
	"github.com/codicil-dev/codicil/bot/spec"
)

// reportPromises records references that more values break at the head than at the base.
func (p *tablePair) reportPromises(ctx context.Context) error {
	if p.baseSpec == nil || p.headSpec == nil {
		return nil
	}
	for _, c := range p.headSpec.Columns {
		if c.References == "" {
			continue
		}
		head, err := p.orphans(ctx, p.headSame, p.head, c)
		if err != nil {
			return err
		}
		before := int64(0)
		if old, has := p.baseSpec.Column(c.Name); has && head > 0 {
			if before, err = p.orphans(ctx, p.baseSame, p.base, *old); err != nil {
				return err
			}
		}
		if head <= before {
			continue
		}
		d := p.difference(bot.ReferenceOrphaned, p.head.FullName(), c.Name, bot.ImpactMajor, true,
			fmt.Sprintf("%s rows of %s have a %s that names no row of %s, before %d", share(head, p.result.HeadRows), p.head.FullName(), c.Name, c.References, before))
		d.Old, d.New, d.Count, d.Total = number(before), number(head), head-before, p.result.HeadRows
	}
	return nil
}

// otherInputs says whether the two sides read other builds of other products.
func (c *comparison) otherInputs() bool {
	if len(c.baseSame.Inputs) != len(c.headSame.Inputs) {
		return true
	}
	for i, in := range c.baseSame.Inputs {
		if in.Key != c.headSame.Inputs[i].Key {
			return true
		}
	}
	return false
}

// orphans counts the values of a column that name no row of what it references; 0 where that can't be told, which the contract says.
func (p *tablePair) orphans(ctx context.Context, b *product.Build, t *product.Table, c spec.Column) (int64, error) {
	promise, ok := reference(b, -1, &c)
	if !ok {
		return 0, nil
	}
	x, err := p.openWorld(ctx, b, nil)
	if err != nil {
		return 0, err
	}
	defer x.close()
	rows, err := x.session.Query(ctx, "SELECT "+promise.count+" FROM "+engine.Relation(t.Schema, t.Name), 1)
	if err != nil {
		return 0, ctx.Err()
	}
	return strconv.ParseInt(*rows.Values[0][0], 10, 64)
}

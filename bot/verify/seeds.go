package verify

import (
	"context"
	"fmt"
	"strings"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/compare"
	"github.com/codicil-dev/codicil/bot/product"
	"github.com/codicil-dev/codicil/bot/spec"
)

// seeds records seed rows that were altered or removed: a loss in the output could hide behind them.
func (c *comparison) seeds(ctx context.Context) error {
	old, _ := c.base.Seeds()
	new, _ := c.head.Seeds()
	now := map[string]product.Seed{}
	for _, s := range new {
		now[spec.FoldName(s.Table)] = s
	}
	for _, s := range old {
		later, there := now[spec.FoldName(s.Table)]
		switch {
		case !there:
			permitted := c.seed(s.Table, s.Path)
			d := c.difference(bot.SeedChanged, "", "", bot.ImpactNone, false, "seed "+s.Path+" was deleted")
			d.Old = s.Path
			settle(d, permitted, compare.Allowance{Any: permitted.Any}, boolCount(!permitted.Any))
		case s.Hash != later.Hash:
			if err := c.changedSeed(ctx, s, later); err != nil {
				return fmt.Errorf("compare seed %s: %w", s.Path, err)
			}
		}
	}
	return nil
}

// changedSeed compares the rows of two versions of a seed, in the columns that both have.
func (c *comparison) changedSeed(ctx context.Context, old, later product.Seed) error {
	b, inBase := c.baseSame.Table(old.Table)
	h, inHead := c.own.Table(later.Table)
	if !inBase || !inHead {
		return nil
	}
	p := c.newPair(b, h)
	p.match(nil)
	pair := p.comparePair(ctx)
	pair.Key = nil
	if c.own.Key != c.headSame.Key {
		pair.Head = strings.Replace(pair.Head, `"`+headAlias+`"`, `"`+ownAlias+`"`, 1)
	}
	permitted := c.seed(old.Table, old.Path)
	pair.Lost = c.usable(ctx, permitted, pair.Base)
	for i := range pair.Columns {
		pair.Columns[i].Changes = pair.Lost
	}
	r, err := compare.Tables(ctx, c.session, pair)
	if err != nil {
		return err
	}
	lost, outside, examples := r.Lost.Count, r.Lost.Outside, r.Lost.Examples
	for _, column := range r.Columns {
		lost, outside = max(lost, column.Changed), max(outside, column.Outside)
		examples = append(examples, column.Examples...)
	}
	for _, gone := range p.onlyBase() {
		d := c.difference(bot.SeedChanged, "", "", bot.ImpactNone, false, fmt.Sprintf("seed %s lost its column %s", old.Path, gone.Name))
		d.Old, d.New = old.Path, later.Path
		settle(d, permitted, compare.Allowance{Any: permitted.Any}, boolCount(!permitted.Any))
	}
	if lost == 0 {
		return nil // rows and columns that came are welcome
	}
	d := c.difference(bot.SeedChanged, "", "", bot.ImpactNone, false, fmt.Sprintf("%s of seed %s were altered or removed", portion(lost, r.BaseRows, "rows"), old.Path))
	d.Old, d.New, d.Count, d.Total, d.Examples = old.Path, later.Path, lost, r.BaseRows, examples
	settle(d, permitted, pair.Lost, outside)
	return nil
}

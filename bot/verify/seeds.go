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
	c.seedColumns(p, old, later)
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

// seedColumns records columns of a seed that stand in another order or have another inferred type: models may read them by position, and
// other types give other results. The comparison on the base's rows shows neither.
func (c *comparison) seedColumns(p *tablePair, old, later product.Seed) {
	permitted := c.seed(old.Table, old.Path)
	if permitted.by != 0 {
		return
	}
	name := "columns of seed " + later.Path
	last := -1
	for _, pair := range p.columns { // in the base's order
		at := 0
		for i := range p.head.Columns {
			if &p.head.Columns[i] == pair.head {
				at = i
			}
		}
		if at < last {
			c.add(bot.AreaCompatibility, bot.Review, name, fmt.Sprintf("the columns that seed %s had before stand in another order; a model may read them by their place, so put them back and new ones after them, or declare change_seed", later.Path), "seed", later.Path, "order")
			break
		}
		last = at
	}
	for _, pair := range p.columns {
		_, declared := later.Types[spec.FoldName(pair.head.Name)]
		if declared || pair.base.Type == pair.head.Type {
			continue
		}
		c.add(bot.AreaCompatibility, bot.Review, name, fmt.Sprintf("the type of column %s of seed %s is inferred from its rows, and went from %s to %s with them; declare the type in product.yaml", pair.head.Name, later.Path, pair.base.Type, pair.head.Type), "seed", later.Path, pair.head.Name, "type")
	}
}

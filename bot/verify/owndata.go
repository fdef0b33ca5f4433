package verify

import (
	"context"
	"fmt"
	"strings"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/compare"
	"github.com/codicil-dev/codicil/bot/engine"
	"github.com/codicil-dev/codicil/bot/product"
	"github.com/codicil-dev/codicil/bot/spec"
)

// ownData compares what the head makes of the base's seeds with what it makes of its own. Both sides are compared on the base's seeds, so
// what the head's own seeds alone take away from the output shows nowhere else: rows that came to one seed can exclude all others.
func (c *comparison) ownData(ctx context.Context) error {
	if c.own.Key == c.headSame.Key {
		return nil
	}
	var altered int64 // what the difference of the seeds themselves tells already
	for _, d := range c.differences {
		if d.Kind == bot.SeedChanged {
			altered += max(1, d.Count)
		}
	}
	for _, same := range exposed(c.head.Spec(), c.headSame) {
		if own, ok := c.own.Table(same.FullName()); ok {
			if err := c.ownTable(ctx, same, own, altered); err != nil {
				return fmt.Errorf("compare %s on the head's own seeds: %w", own.FullName(), err)
			}
		}
	}
	return nil
}

// ownTable compares one table. Rows that came are welcome, and as many may go or change as rows of seeds were altered.
func (c *comparison) ownTable(ctx context.Context, same, own *product.Table, altered int64) error {
	p := c.newPair(same, own)
	p.baseSpec = p.headSpec
	p.match(nil)
	p.leaveOutUnstable()
	pair := p.comparePair(ctx)
	pair.Base = engine.Relation(headAlias, same.Schema, same.Name)
	pair.Head = engine.Relation(ownAlias, own.Schema, own.Name)
	table := own.FullName()
	pair.Lost = c.usable(ctx, c.lost(names{table}), pair.Base)
	for i, column := range pair.Columns {
		pair.Columns[i].Changes = c.usable(ctx, c.values(names{table + "." + column.Head}), pair.Base)
	}
	r, err := compare.Tables(ctx, c.session, pair)
	if err != nil {
		return err
	}
	name := table + " on the head's own seeds"
	if r.BaseRows > 0 && r.HeadRows == 0 {
		c.add(bot.AreaCompatibility, bot.Fail, name, fmt.Sprintf("all %d rows of %s are gone on the head's own seeds; on the base's they are there", r.BaseRows, table), "own", table)
		return nil
	}
	c.tellMoved(table, r, pair.Columns)
	var said []string
	if r.Lost.Outside > altered {
		said = append(said, portion(r.Lost.Outside, r.BaseRows, "rows")+" are gone or changed")
	}
	for _, column := range r.Columns {
		if column.Outside > altered {
			said = append(said, fmt.Sprintf("%s of %s changed", portion(column.Outside, r.BaseRows, "values"), pair.Columns[column.Index].Head))
		}
	}
	if len(said) > 0 {
		c.add(bot.AreaCompatibility, bot.Review, name, fmt.Sprintf("the head's own seeds change what was in %s: %s", table, strings.Join(said, "; ")), "own", table)
	}
	return nil
}

// tellMoved notes what altered seeds move in a table, declared or not: on the base's seeds, on which all else is compared, nothing of it
// shows.
func (c *comparison) tellMoved(table string, r *compare.Result, columns []compare.Column) {
	var said []string
	for _, column := range r.Columns {
		if column.Changed > 0 {
			said = append(said, fmt.Sprintf("%s of %s", portion(column.Changed, r.BaseRows, "values"), columns[column.Index].Head))
		}
	}
	if r.Lost.Count > 0 {
		said = append(said, portion(r.Lost.Count, r.BaseRows, "rows")+" go or change")
	}
	if r.Gained.Count > 0 {
		said = append(said, portion(r.Gained.Count, r.HeadRows, "rows")+" come")
	}
	if len(said) > 0 {
		c.notes = append(c.notes, fmt.Sprintf("%s: the changed seeds move %s: %s", c.name, table, strings.Join(said, ", ")))
	}
}

// leaveOutUnstable takes over what the comparison with the base found to differ from run to run.
func (p *tablePair) leaveOutUnstable() {
	for _, known := range p.pairs {
		if !sameName(known.head.FullName(), p.head.FullName()) {
			continue
		}
		for _, column := range known.columns {
			if known.unstable[spec.FoldName(column.base.Name)] {
				p.unstable[spec.FoldName(column.head.Name)] = true
			}
		}
	}
}

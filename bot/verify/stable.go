package verify

import (
	"context"
	"fmt"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/compare"
	"github.com/codicil-dev/codicil/bot/engine"
	"github.com/codicil-dev/codicil/bot/product"
	"github.com/codicil-dev/codicil/bot/spec"
)

// excludeUnstable builds the base once more with another clock, number of threads and order of seed rows, and compares again without
// what differs there as well: that differs by itself and says nothing about the change. What is unstable only in the head stays a difference.
func (c *comparison) excludeUnstable(ctx context.Context) error {
	if built, err := c.buildControl(ctx); !built || err != nil {
		return err
	}
	for _, p := range c.pairs {
		if p.result.Same() {
			continue
		}
		if err := p.findUnstable(ctx); err != nil {
			return fmt.Errorf("compare the base of %s with its control build: %w", p.base.FullName(), err)
		}
		if len(p.unstable) > 0 || p.rowsUnstable {
			if err := p.compare(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

// buildControl builds the base a second time and opens the session anew with it; built is false if it can't be.
func (c *comparison) buildControl(ctx context.Context) (built bool, err error) {
	control, err := c.set.base.Build(ctx, c.name, product.Control)
	if err != nil {
		return false, err
	}
	if !control.OK() {
		c.add(bot.AreaBuild, bot.Review, "the control builds", "the base does not build with another clock and order of rows, so what differs by itself can't be told: "+c.mask.problem(control.Problems.Sorted()[0].Message), "control")
		return false, nil
	}
	c.control = control
	c.notes = append(c.notes, fmt.Sprintf("%s: something differs, so the base was built a second time under other circumstances to tell what differs by itself", c.name))
	c.close()
	return true, c.open(ctx)
}

// findUnstable compares the base's table with that of the control build.
func (p *tablePair) findUnstable(ctx context.Context) error {
	t, ok := p.control.Table(p.base.FullName())
	if !ok {
		return nil
	}
	columns, rows, err := p.varies(ctx, p.baseSpec, placed{baseAlias, p.base}, placed{controlAlias, t})
	for name := range columns {
		p.unstable[name] = true
	}
	p.rowsUnstable = rows
	return err
}

// placed is a table in one of the databases of a comparison.
type placed struct {
	alias string
	*product.Table
}

// varies compares two builds of one side's table, made under different circumstances: the columns (lower case) whose values differ, and
// whether the rows do for another reason.
func (p *tablePair) varies(ctx context.Context, s *spec.Table, one, other placed) (columns map[string]bool, rows bool, err error) {
	itself := *p
	itself.base, itself.baseSpec, itself.head, itself.headSpec = one.Table, s, other.Table, s
	itself.unstable = map[string]bool{}
	itself.match(nil)
	pair := itself.comparePair(ctx)
	pair.Base = engine.Relation(one.alias, one.Schema, one.Name)
	pair.Head = engine.Relation(other.alias, other.Schema, other.Name)
	r, err := compare.Tables(ctx, p.session, pair)
	if err != nil {
		return nil, false, err
	}
	columns = map[string]bool{}
	for _, c := range r.Columns {
		columns[spec.FoldName(pair.Columns[c.Index].Base)] = true
	}
	if r.Lost.Count+r.Gained.Count == 0 {
		return columns, false, nil
	}
	// Without a key a column that differs everywhere looks like other rows, so try which columns explain it.
	unstable, explained, err := itself.explainRows(ctx, pair)
	for _, name := range unstable {
		columns[spec.FoldName(name)] = true
	}
	return columns, !explained, err
}

// explainRows finds the columns without which the base and its control hold the same rows; explained is false if there are none.
func (p *tablePair) explainRows(ctx context.Context, pair compare.Pair) (columns []string, explained bool, err error) {
	var stable []compare.Column
	for i := range pair.Columns {
		one := pair
		one.Columns, one.Key = pair.Columns[i:i+1], nil
		r, err := compare.Tables(ctx, p.session, one)
		if err != nil {
			return nil, false, err
		}
		if r.Same() {
			stable = append(stable, pair.Columns[i])
		} else {
			columns = append(columns, pair.Columns[i].Base)
		}
	}
	if len(stable) == 0 || len(columns) == 0 {
		return nil, false, nil
	}
	rest := pair
	rest.Columns, rest.Key = stable, nil
	r, err := compare.Tables(ctx, p.session, rest)
	if err != nil || !r.Same() {
		return nil, false, err
	}
	return columns, true, nil
}

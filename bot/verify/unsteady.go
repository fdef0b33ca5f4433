package verify

import (
	"context"
	"fmt"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/product"
)

// headAlone finds what differs from run to run only since this change. At the pinned clock, and in the order of rows that both sides share, it
// looks the same as before. Only changed models that may do so cost another build.
func (c *comparison) headAlone(ctx context.Context) error {
	if !c.mayVary() {
		return nil
	}
	control, err := c.set.head.Build(ctx, c.name, product.Control)
	if err != nil {
		return err
	}
	if !control.OK() {
		c.add(bot.AreaBuild, bot.Review, "the head's control builds", "the head does not build with another clock and order of rows, so whether it differs by itself can't be told: "+c.mask.problem(control.Problems.Sorted()[0].Message), "control", "head")
		return nil
	}
	c.headControl = control
	c.notes = append(c.notes, c.name+": a changed model reads the clock, chance or the order of rows, so the head was built a second time under other circumstances")
	c.close()
	if err := c.open(ctx); err != nil {
		return err
	}
	for _, p := range c.pairs {
		if err := p.headAlone(ctx); err != nil {
			return fmt.Errorf("compare the head of %s with its control build: %w", p.head.FullName(), err)
		}
	}
	return nil
}

// mayVary says whether a model that changed, or one that reads its table however indirectly, reads the clock, chance or the order of rows.
func (c *comparison) mayVary() bool {
	before := map[string]string{}
	old, _ := c.base.Models()
	for _, m := range old {
		before[m.Path] = m.Text
	}
	changed := map[string]bool{} // paths
	now, _ := c.head.Models()
	for _, m := range now {
		changed[m.Path] = before[m.Path] != m.Text
	}
	touched := map[string]bool{}          // tables
	for _, m := range c.headSame.Models { // each comes after those that it reads
		reads := changed[m.Path]
		for _, r := range m.Reads {
			reads = reads || touched[tableName(r)]
		}
		if !reads {
			continue
		}
		touched[tableName(m.Table)] = true
		if len(m.Clock)+len(m.Random)+len(m.Ordered) > 0 {
			return true
		}
	}
	return false
}

// tableName is a key under which all spellings of a table's name are equal.
func tableName(name string) string {
	schema, table := product.SplitName(name)
	return foldName(schema + "." + table)
}

// headAlone records what of one table differs from run to run at the head and did not at the base.
func (p *tablePair) headAlone(ctx context.Context) error {
	t, ok := p.headControl.Table(p.head.FullName())
	if !ok {
		return nil
	}
	columns, rows, err := p.varies(ctx, p.headSpec, placed{headAlias, p.head}, placed{headControlAlias, t})
	if err != nil || len(columns) == 0 && !rows {
		return err
	}
	if p.control == nil {
		if built, err := p.buildControl(ctx); !built || err != nil {
			return err
		}
	}
	before, rowsBefore := map[string]bool{}, false
	if b, ok := p.control.Table(p.base.FullName()); ok {
		if before, rowsBefore, err = p.varies(ctx, p.baseSpec, placed{baseAlias, p.base}, placed{controlAlias, b}); err != nil {
			return err
		}
	}
	if rowsBefore {
		return nil // which rows there are was chance before
	}
	if rows && !p.rowsWereChance(before) {
		p.unsteady("", "the rows of "+p.head.FullName(), p.lostBy.by != 0 && p.gainedBy.by != 0)
	}
	for i := range p.head.Columns {
		name := p.head.Columns[i].Name
		if !columns[foldName(name)] || rows {
			continue
		}
		what, declared := fmt.Sprintf("values of %s.%s", p.head.FullName(), name), true
		if old, there := p.baseColumn(name); there {
			if before[foldName(old)] {
				continue
			}
			declared = p.values(names{p.base.FullName() + "." + old, p.head.FullName() + "." + name}).by != 0
		}
		p.unsteady(name, what, declared)
	}
	return nil
}

// rowsWereChance says whether columns that varied at the base tell its rows apart.
func (p *tablePair) rowsWereChance(before map[string]bool) bool {
	if p.baseSpec == nil || len(p.baseSpec.Key) == 0 {
		return len(before) > 0
	}
	for _, k := range p.baseSpec.Key {
		if before[foldName(k)] {
			return true
		}
	}
	return false
}

// baseColumn is the base's name of one of the head's columns.
func (p *tablePair) baseColumn(head string) (string, bool) {
	for _, c := range p.columns {
		if sameName(c.head.Name, head) {
			return c.base.Name, true
		}
	}
	return "", false
}

// unsteady records it, unless the same place differs undeclared already.
func (p *tablePair) unsteady(column, what string, declared bool) {
	for _, d := range p.differences {
		if sameName(d.Table, p.head.FullName()) && sameName(d.Column, column) && (!d.Declared || d.Kind == bot.Unstable) {
			return
		}
	}
	d := p.difference(bot.Unstable, p.head.FullName(), column, bot.ImpactNone, false, what+" differ from run to run by themselves, only since this change; it hangs on the clock, on chance or on the order of rows")
	d.Declared = declared
}

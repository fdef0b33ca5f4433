package verify

import (
	"context"
	"fmt"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/compare"
	"github.com/codicil-dev/codicil/bot/engine"
	"github.com/codicil-dev/codicil/bot/product"
	"github.com/codicil-dev/codicil/bot/spec"
	"github.com/codicil-dev/codicil/bot/sqltype"
)

// tablePair is a table that both sides have, perhaps under two names.
type tablePair struct {
	*comparison
	base, head         *product.Table
	baseSpec, headSpec *spec.Table
	columns            []columnPair
	pair               compare.Pair
	result             *compare.Result
	// unstable are the base's columns (lower case) that differ from run to run by themselves; rowsUnstable says so of the rows.
	unstable     map[string]bool
	rowsUnstable bool
	// asText says that columns of changed type are compared as text, since a cast to their common type fails.
	asText bool
	// lostBy, gainedBy and changedBy say which amendment allows what; changedBy by index in pair.Columns.
	lostBy, gainedBy permission
	changedBy        []permission
}

// columnPair is a column that both sides have, perhaps under two names.
type columnPair struct {
	base, head *product.Column
}

// pairTables finds out which tables of the two sides are the same, and records those that only one side has.
func (c *comparison) pairTables(ctx context.Context) error {
	base, head := exposed(c.base.Spec(), c.baseSame), exposed(c.head.Spec(), c.headSame)
	declared, _ := c.renames()
	taken := map[*product.Table]bool{}
	var gone []*product.Table
	for _, b := range base {
		h, ok := findTable(head, renamedTable(declared, b.FullName()), taken)
		if !ok {
			h, ok = findTable(head, b.FullName(), taken)
		}
		if !ok {
			gone = append(gone, b)
			continue
		}
		taken[h] = true
		if !sameName(b.FullName(), h.FullName()) {
			c.renamedTo(b, h)
		}
		c.pairUp(b, h)
	}
	for _, b := range gone {
		h, err := c.lookAlike(ctx, b, head, taken)
		if err != nil {
			return err
		}
		if h != nil {
			taken[h] = true
			c.renamedTo(b, h)
			c.pairUp(b, h)
			continue
		}
		change := spec.Change{Kind: spec.DropTable, On: b.FullName()}
		message := "table " + b.FullName() + " was removed"
		if _, named := c.head.Spec().Table(b.FullName()); named {
			message = "table " + b.FullName() + " is no longer built"
		}
		c.declare(c.difference(bot.TableRemoved, b.FullName(), "", bot.ImpactMajor, true, message), change)
	}
	for _, h := range head {
		if !taken[h] {
			d := c.difference(bot.TableAdded, h.FullName(), "", bot.ImpactMinor, false, "table "+h.FullName()+" was added")
			c.declare(d, spec.Change{Kind: spec.AddTable, On: h.FullName()})
		}
	}
	return nil
}

func renamedTable(declared []rename, base string) string {
	for _, r := range declared {
		if sameName(r.baseTable, base) {
			return r.headTable
		}
	}
	return ""
}

func findTable(tables []*product.Table, name string, taken map[*product.Table]bool) (*product.Table, bool) {
	for _, t := range tables {
		if name != "" && sameName(t.FullName(), name) && !taken[t] {
			return t, true
		}
	}
	return nil, false
}

// renamedTo records that a table has another name now.
func (c *comparison) renamedTo(b, h *product.Table) {
	d := c.difference(bot.TableRenamed, h.FullName(), "", bot.ImpactMajor, true, fmt.Sprintf("table %s was renamed to %s", b.FullName(), h.FullName()))
	d.Old, d.New = b.FullName(), h.FullName()
	c.declare(d, spec.Change{Kind: spec.RenameTable, On: b.FullName(), To: h.FullName()})
	c.declareBoth(d, spec.Change{Kind: spec.DropTable, On: b.FullName()}, spec.Change{Kind: spec.AddTable, On: h.FullName()})
}

// lookAlike finds, among the tables that only the head has, one with the same columns and the same rows; nil if there is none. Where
// several could be meant, the closest name wins.
func (c *comparison) lookAlike(ctx context.Context, b *product.Table, head []*product.Table, taken map[*product.Table]bool) (*product.Table, error) {
	var best *product.Table
	for _, h := range head {
		if taken[h] || !sameShape(b, h) || best != nil && distance(b.FullName(), h.FullName()) >= distance(b.FullName(), best.FullName()) {
			continue
		}
		p := c.newPair(b, h)
		p.match(nil)
		r, err := compare.Tables(ctx, c.session, p.comparePair(ctx))
		if err != nil {
			return nil, err
		}
		if r.Same() {
			best = h
		}
	}
	return best, nil
}

func sameShape(a, b *product.Table) bool {
	if len(a.Columns) != len(b.Columns) {
		return false
	}
	for i := range a.Columns {
		if !sameName(a.Columns[i].Name, b.Columns[i].Name) || a.Columns[i].Type != b.Columns[i].Type {
			return false
		}
	}
	return true
}

func (c *comparison) newPair(b, h *product.Table) *tablePair {
	p := &tablePair{comparison: c, base: b, head: h, unstable: map[string]bool{}}
	p.baseSpec, _ = c.base.Spec().Table(b.FullName())
	p.headSpec, _ = c.head.Spec().Table(h.FullName())
	return p
}

func (c *comparison) pairUp(b, h *product.Table) {
	c.pairs = append(c.pairs, c.newPair(b, h))
	c.stillMade(b, h)
}

func (p *tablePair) baseRelation() string {
	return engine.Relation(baseAlias, p.base.Schema, p.base.Name)
}

func (p *tablePair) headRelation() string {
	return engine.Relation(headAlias, p.head.Schema, p.head.Name)
}

// comparePair is what the rows of the two tables are compared by, without allowances.
func (p *tablePair) comparePair(context.Context) compare.Pair {
	pair := compare.Pair{Base: p.baseRelation(), Head: p.headRelation()}
	for _, c := range p.columns {
		if p.unstable[spec.FoldName(c.base.Name)] {
			continue
		}
		pair.Columns = append(pair.Columns, p.compareColumn(c))
	}
	pair.Key = p.key(pair.Columns)
	pair.HideHead = p.tainted(p.head.FullName())
	return pair
}

// compareColumn says in which type two columns are compared.
func (p *tablePair) compareColumn(c columnPair) compare.Column {
	out := compare.Column{Base: c.base.Name, Head: c.head.Name, BaseType: c.base.Type, HeadType: c.head.Type, Type: c.base.Type,
		Hidden: p.mask.hides(c.base.Name) || p.mask.hides(c.head.Name)}
	if p.baseSpec == nil && p.headSpec == nil {
		out.Hidden = p.mask.hidesInternal(c.base.Name) || p.mask.hidesInternal(c.head.Name)
	}
	b, err := sqltype.Parse(c.base.Type)
	if err != nil {
		return out
	}
	h, err := sqltype.Parse(c.head.Type)
	if err != nil {
		return out
	}
	common := b
	if b.String() != h.String() {
		common, _ = sqltype.Common(b, h)
		out.Type = common.String()
	}
	if p.asText && b.String() != h.String() {
		common = sqltype.Type{Name: "VARCHAR"}
		out.Type = common.String()
	}
	if holdsInterval(common) { // DuckDB takes a month for thirty days
		common = sqltype.Type{Name: "VARCHAR"}
		out.Type = common.String()
	}
	// Noise comes from sums of FLOAT, DOUBLE and DECIMAL; a whole number that became a DOUBLE has none.
	out.Float = common.Family() == sqltype.Float && b.Family() != sqltype.Integer && h.Family() != sqltype.Integer
	out.Numeric = common.Family() == sqltype.Float || common.Family() == sqltype.Integer || common.Family() == sqltype.Decimal
	return out
}

// holdsInterval says whether a type is INTERVAL or has one in it, however deep.
func holdsInterval(t sqltype.Type) bool {
	if t.Family() == sqltype.Interval {
		return true
	}
	for _, f := range t.Fields {
		if holdsInterval(f.Type) {
			return true
		}
	}
	return false
}

// key is the base's key as indices of columns, if the head has the same one; empty otherwise.
func (p *tablePair) key(columns []compare.Column) []int {
	if p.baseSpec == nil || p.headSpec == nil || len(p.baseSpec.Key) == 0 || len(p.baseSpec.Key) != len(p.headSpec.Key) {
		return nil
	}
	var out []int
	for _, k := range p.baseSpec.Key {
		found := -1
		for i, c := range columns {
			if sameName(c.Base, k) && p.headSpec.InKey(c.Head) {
				found = i
			}
		}
		if found < 0 {
			return nil
		}
		out = append(out, found)
	}
	return out
}

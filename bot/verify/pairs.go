package verify

import (
	"context"
	"fmt"
	"strings"

	"github.com/agnivade/levenshtein"

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
		if !strings.EqualFold(b.FullName(), h.FullName()) {
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
		if strings.EqualFold(r.baseTable, base) {
			return r.headTable
		}
	}
	return ""
}

func findTable(tables []*product.Table, name string, taken map[*product.Table]bool) (*product.Table, bool) {
	for _, t := range tables {
		if name != "" && strings.EqualFold(t.FullName(), name) && !taken[t] {
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
}

// lookAlike finds, among the tables that only the head has, one with the same columns and the same rows; nil if there is none.
func (c *comparison) lookAlike(ctx context.Context, b *product.Table, head []*product.Table, taken map[*product.Table]bool) (*product.Table, error) {
	for _, h := range head {
		if taken[h] || !sameShape(b, h) {
			continue
		}
		p := c.newPair(b, h)
		p.match(nil)
		r, err := compare.Tables(ctx, c.session, p.comparePair(ctx))
		if err != nil {
			return nil, err
		}
		if r.Same() {
			return h, nil
		}
	}
	return nil, nil
}

func sameShape(a, b *product.Table) bool {
	if len(a.Columns) != len(b.Columns) {
		return false
	}
	for i := range a.Columns {
		if !strings.EqualFold(a.Columns[i].Name, b.Columns[i].Name) || a.Columns[i].Type != b.Columns[i].Type {
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
}

// match pairs columns by name, then by declared renames.
func (p *tablePair) match(renames []rename) {
	p.columns = nil
	for i := range p.base.Columns {
		b := &p.base.Columns[i]
		name := b.Name
		for _, r := range renames {
			if strings.EqualFold(r.baseTable, p.base.FullName()) && strings.EqualFold(r.baseColumn, b.Name) {
				name = r.headColumn
			}
		}
		h, ok := p.head.Column(name)
		if !ok {
			h, ok = p.head.Column(b.Name)
		}
		if ok && !p.matched(h) {
			p.columns = append(p.columns, columnPair{b, h})
		}
	}
}

func (p *tablePair) matched(head *product.Column) bool {
	for _, c := range p.columns {
		if c.head == head {
			return true
		}
	}
	return false
}

// onlyBase and onlyHead are the columns that no other was matched with.
func (p *tablePair) onlyBase() []*product.Column {
	var out []*product.Column
	for i := range p.base.Columns {
		found := false
		for _, c := range p.columns {
			found = found || c.base == &p.base.Columns[i]
		}
		if !found {
			out = append(out, &p.base.Columns[i])
		}
	}
	return out
}

func (p *tablePair) onlyHead() []*product.Column {
	var out []*product.Column
	for i := range p.head.Columns {
		if !p.matched(&p.head.Columns[i]) {
			out = append(out, &p.head.Columns[i])
		}
	}
	return out
}

// recognise pairs columns that only one side has and that hold the same values: they were renamed. Where several could be meant, the
// closest name wins.
func (p *tablePair) recognise(ctx context.Context) error {
	for _, b := range p.onlyBase() {
		var best *product.Column
		for _, h := range p.onlyHead() {
			if b.Type != h.Type {
				continue
			}
			same, err := p.sameValues(ctx, b, h)
			if err != nil {
				return err
			}
			if same && (best == nil || distance(b, h) < distance(b, best)) {
				best = h
			}
		}
		if best != nil {
			p.columns = append(p.columns, columnPair{b, best})
		}
	}
	return nil
}

func distance(a, b *product.Column) int {
	return levenshtein.ComputeDistance(strings.ToLower(a.Name), strings.ToLower(b.Name))
}

// sameValues says whether two columns hold the same values in the same rows, rows being told apart by the columns that both sides have.
// Columns without any value do not count as the same.
func (p *tablePair) sameValues(ctx context.Context, b, h *product.Column) (bool, error) {
	q := *p
	q.columns = append(append([]columnPair(nil), p.columns...), columnPair{b, h})
	pair := q.comparePair(ctx)
	r, err := compare.Tables(ctx, p.session, pair)
	if err != nil {
		return false, err
	}
	for _, c := range r.Columns {
		if c.Index == len(pair.Columns)-1 {
			return false, nil
		}
	}
	if r.Lost.Count+r.Gained.Count > 0 && !r.ByKey {
		return false, nil
	}
	rows, err := p.session.Query(ctx, "SELECT count("+engine.Ident(b.Name)+") > 0 FROM "+p.baseRelation(), 1)
	if err != nil {
		return false, err
	}
	return rows.Values[0][0] != nil && *rows.Values[0][0] == "true", nil
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
		if p.unstable[strings.ToLower(c.base.Name)] {
			continue
		}
		pair.Columns = append(pair.Columns, p.compareColumn(c))
	}
	pair.Key = p.key(pair.Columns)
	return pair
}

// compareColumn says in which type two columns are compared.
func (p *tablePair) compareColumn(c columnPair) compare.Column {
	out := compare.Column{Base: c.base.Name, Head: c.head.Name, BaseType: c.base.Type, HeadType: c.head.Type, Type: c.base.Type,
		Hidden: p.mask.hides(c.base.Name) || p.mask.hides(c.head.Name)}
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
	out.Float = common.Family() == sqltype.Float
	out.Numeric = out.Float || common.Family() == sqltype.Integer || common.Family() == sqltype.Decimal
	return out
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
			if strings.EqualFold(c.Base, k) && p.headSpec.InKey(c.Head) {
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

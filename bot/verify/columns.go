package verify

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/compare"
	"github.com/codicil-dev/codicil/bot/engine"
	"github.com/codicil-dev/codicil/bot/spec"
	"github.com/codicil-dev/codicil/bot/sqltype"
)

// reportColumns records columns that came, went, were renamed, reordered, or have another type.
func (p *tablePair) reportColumns() {
	table := p.head.FullName()
	for _, b := range p.onlyBase() {
		d := p.difference(bot.ColumnRemoved, table, b.Name, bot.ImpactMajor, true, fmt.Sprintf("column %s.%s was removed", table, b.Name))
		d.Old = b.Type
		p.declare(d, spec.Change{Kind: spec.DropColumn, On: p.base.FullName() + "." + b.Name})
	}
	for _, h := range p.onlyHead() {
		d := p.difference(bot.ColumnAdded, table, h.Name, bot.ImpactMinor, false, fmt.Sprintf("column %s.%s was added", table, h.Name))
		d.New = h.Type
		p.declare(d, spec.Change{Kind: spec.AddColumn, On: table + "." + h.Name})
	}
	for _, c := range p.columns {
		if c.base.Name != c.head.Name { // a reader of Parquet, or a data frame, tells a from A
			d := p.difference(bot.ColumnRenamed, table, c.head.Name, bot.ImpactMajor, true, fmt.Sprintf("column %s.%s was renamed to %s", table, c.base.Name, c.head.Name))
			d.Old, d.New = c.base.Name, c.head.Name
			p.declare(d, spec.Change{Kind: spec.RenameColumn, On: p.base.FullName() + "." + c.base.Name, To: table + "." + c.head.Name})
			p.declareBoth(d, spec.Change{Kind: spec.DropColumn, On: p.base.FullName() + "." + c.base.Name}, spec.Change{Kind: spec.AddColumn, On: table + "." + c.head.Name})
		}
		p.reportType(c)
	}
	p.reportOrder()
}

// reportOrder records that columns which both sides have stand in another order.
func (p *tablePair) reportOrder() {
	position := map[string]int{}
	for i, c := range p.head.Columns {
		position[c.Name] = i
	}
	byBase := map[string]string{}
	for _, c := range p.columns {
		byBase[c.base.Name] = c.head.Name
	}
	last := -1
	for _, b := range p.base.Columns {
		h, ok := byBase[b.Name]
		if !ok {
			continue
		}
		if position[h] < last {
			d := p.difference(bot.ColumnsReordered, p.head.FullName(), "", bot.ImpactMinor, false, "the columns of "+p.head.FullName()+" stand in another order")
			for i, c := range p.base.Columns {
				d.Old += separator(i) + c.Name
			}
			for i, c := range p.head.Columns {
				d.New += separator(i) + c.Name
			}
			p.declare(d, spec.Change{Kind: spec.Reorder, On: p.head.FullName()})
			return
		}
		last = position[h]
	}
}

func separator(i int) string {
	if i == 0 {
		return ""
	}
	return ", "
}

// types are the types that readers can rely on: what the spec promises where the table keeps it, lengths included, and else
// what DuckDB reports.
func (p *tablePair) types(c columnPair) (old, new sqltype.Type, ok bool) {
	old, err := promised(p.baseSpec, c.base.Name, c.base.Type)
	if err != nil {
		return old, new, false
	}
	new, err = promised(p.headSpec, c.head.Name, c.head.Type)
	return old, new, err == nil
}

func promised(t *spec.Table, column, physical string) (sqltype.Type, error) {
	built, err := sqltype.Parse(physical)
	if err != nil || t == nil {
		return built, err
	}
	c, ok := t.Column(column)
	if !ok {
		return built, nil
	}
	said, err := sqltype.Parse(c.Type)
	if err != nil || said.Physical().String() != built.String() {
		return built, nil
	}
	return said, nil
}

// reportType records a type that is wider, narrower or another. For readers, a wider type is a loosening: values may come
// that they can't hold. A narrower one harms only where values were changed to fit.
func (p *tablePair) reportType(c columnPair) {
	old, new, ok := p.types(c)
	if !ok {
		return
	}
	relation := sqltype.Compare(old, new)
	if relation == sqltype.Same {
		return
	}
	where := p.head.FullName() + "." + c.head.Name
	var d *bot.Difference
	switch relation {
	case sqltype.Wider:
		d = p.difference(bot.TypeWidened, p.head.FullName(), c.head.Name, bot.ImpactMajor, true, fmt.Sprintf("%s was widened from %s to %s, so readers may meet values that they can't hold", where, old, new))
	case sqltype.Narrower:
		d = p.difference(bot.TypeNarrowed, p.head.FullName(), c.head.Name, bot.ImpactMinor, false, fmt.Sprintf("%s was narrowed from %s to %s", where, old, new))
		if p.valuesChanged(c) {
			d.Impact, d.Breaking = bot.ImpactMajor, true
		}
	case sqltype.Changed:
		if holdsLess(old, new) {
			d = p.difference(bot.TypeNarrowed, p.head.FullName(), c.head.Name, bot.ImpactMajor, true, fmt.Sprintf("%s was narrowed from %s to %s, which holds less in one way and more in another", where, old, new))
			break
		}
		fallthrough
	default:
		d = p.difference(bot.TypeChanged, p.head.FullName(), c.head.Name, bot.ImpactMajor, true, fmt.Sprintf("%s went from %s to %s", where, old, new))
	}
	d.Old, d.New = old.String(), new.String()
	p.declare(d, spec.Change{Kind: spec.ChangeType, On: where, Old: d.Old, New: d.New})
}

// holdsLess says of two types of which neither holds all of the other's values that they still mean the same kind of thing:
// DECIMAL(10,2) and DECIMAL(10,0), say. Between whole or decimal numbers and FLOAT or DOUBLE the kind changes.
func holdsLess(old, new sqltype.Type) bool {
	float := old.Family() == sqltype.Float || new.Family() == sqltype.Float
	scalar := old.Family() == sqltype.Integer || old.Family() == sqltype.Decimal || old.Family() == sqltype.Text
	return scalar && !float && sqltype.SameFamily(old, new)
}

// narrowed says whether a column has a narrower type now.
func (p *tablePair) narrowed(c compare.Column) bool {
	for _, pair := range p.columns {
		if pair.base.Name != c.Base {
			continue
		}
		old, new, ok := p.types(pair)
		relation := sqltype.Compare(old, new)
		return ok && (relation == sqltype.Narrower || relation == sqltype.Changed && holdsLess(old, new))
	}
	return false
}

func (p *tablePair) valuesChanged(c columnPair) bool {
	for _, r := range p.result.Columns {
		if p.pair.Columns[r.Index].Base == c.base.Name {
			return true
		}
	}
	return false
}

// reportKey records that a key which named one row at the base no longer does.
func (p *tablePair) reportKey(ctx context.Context) error {
	if p.result.KeyFault == "" {
		return nil
	}
	base, err := p.repeatedKeys(ctx, p.baseRelation(), true)
	if err != nil {
		return err
	}
	head, err := p.repeatedKeys(ctx, p.headRelation(), false)
	if err != nil || head == 0 || base > 0 {
		return err
	}
	d := p.difference(bot.KeyLost, p.head.FullName(), "", bot.ImpactMajor, true,
		fmt.Sprintf("the key (%s) of %s no longer names one row: %s", strings.Join(p.headSpec.Key, ", "), p.head.FullName(), count(int(head), "row repeats it or is NULL", "rows repeat it or are NULL")))
	d.Count, d.Total = head, p.result.HeadRows
	return nil
}

// repeatedKeys counts the rows that repeat a key or have NULL in it.
func (p *tablePair) repeatedKeys(ctx context.Context, relation string, base bool) (int64, error) {
	var parts, nulls []string
	for i, k := range p.pair.Key {
		name := p.pair.Columns[k].Head
		if base {
			name = p.pair.Columns[k].Base
		}
		parts = append(parts, fmt.Sprintf("k%d := %s", i, engine.Ident(name)))
		nulls = append(nulls, engine.Ident(name)+" IS NULL")
	}
	null := strings.Join(nulls, " OR ")
	rows, err := p.session.Query(ctx, fmt.Sprintf("SELECT count(*) - count(DISTINCT struct_pack(%s)) FILTER (NOT (%s)) FROM %s", strings.Join(parts, ", "), null, relation), 1)
	if err != nil {
		return 0, err
	}
	return strconv.ParseInt(*rows.Values[0][0], 10, 64)
}

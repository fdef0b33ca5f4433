package compare

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/codicil-dev/codicil/bot"
)

// Temporary tables of a comparison of multisets: the rows that only one side has, one row for each copy.
const (
	lostTable   = "temp.main.codicil_lost"
	gainedTable = "temp.main.codicil_gained"
)

// asMultisets compares rows without a key. Rows that only one side has are then taken as changed rows where they pair
// up on all but some columns, and as lost and gained rows otherwise.
func (p *Pair) asMultisets(ctx context.Context, s session, r *Result) (err error) {
	defer func() {
		err = errors.Join(err, s.Exec(ctx, "DROP TABLE IF EXISTS "+lostTable+"; DROP TABLE IF EXISTS "+gainedTable+"; DROP TABLE IF EXISTS temp.main.codicil_net"))
	}()
	if err := s.Exec(ctx, p.netQuery()); err != nil {
		return err
	}
	if p.hasFloat() {
		if err := p.forgiveNoise(ctx, s); err != nil {
			return err
		}
	}
	n, err := numbers(ctx, s, "SELECT (SELECT count(*) FROM "+lostTable+"), (SELECT count(*) FROM "+gainedTable+")")
	if err != nil {
		return err
	}
	lost, gained := n[0], n[1]
	if lost == 0 && gained == 0 {
		return nil
	}
	if lost == gained {
		changed, err := p.changedColumns(ctx, s)
		if err != nil {
			return err
		}
		if len(changed) > 0 {
			return p.pairColumns(ctx, s, changed, r)
		}
	}
	r.Lost.Count, r.Gained.Count = lost, gained
	return p.rows(ctx, s, r)
}

// columnsAs lists c0, c1, … with a prefix.
func (p *Pair) columnsAs(prefix string) string {
	out := make([]string, len(p.Columns))
	for i := range p.Columns {
		out[i] = fmt.Sprintf("%sc%d", prefix, i)
	}
	return strings.Join(out, ", ")
}

// netQuery makes the tables of rows that one side has more often than the other.
func (p *Pair) netQuery() string {
	columns := p.columnsAs("")
	expand := func(table, condition string) string {
		return fmt.Sprintf("CREATE OR REPLACE TEMP TABLE %s AS SELECT %s, row_number() OVER () AS id FROM (SELECT *, unnest(range(abs(n))) AS copy FROM codicil_net WHERE %s)",
			strings.TrimPrefix(table, "temp.main."), columns, condition)
	}
	return fmt.Sprintf("CREATE OR REPLACE TEMP TABLE codicil_net AS SELECT %s, CAST(sum(sign) AS BIGINT) AS n FROM (SELECT *, 1 AS sign FROM %s UNION ALL SELECT *, -1 FROM %s) GROUP BY %s HAVING sum(sign) <> 0; %s; %s",
		columns, p.side(true, ""), p.side(false, ""), columns, expand(lostTable, "n > 0"), expand(gainedTable, "n < 0"))
}

func (p *Pair) hasFloat() bool {
	for _, c := range p.Columns {
		if c.Float {
			return true
		}
	}
	return false
}

// forgiveNoise pairs rows that differ in nothing but floating-point values within Tolerance and drops them from both tables.
func (p *Pair) forgiveNoise(ctx context.Context, s session) error {
	var exact, floats, match []string
	for i, c := range p.Columns {
		if c.Float {
			floats = append(floats, fmt.Sprintf("c%d", i))
			match = append(match, close(fmt.Sprintf("l.c%d", i), fmt.Sprintf("g.c%d", i)))
			continue
		}
		exact = append(exact, fmt.Sprintf("c%d", i))
		match = append(match, fmt.Sprintf("l.c%[1]d IS NOT DISTINCT FROM g.c%[1]d", i))
	}
	partition := ""
	if len(exact) > 0 {
		partition = "PARTITION BY " + strings.Join(exact, ", ") + " "
	}
	numbered := func(table string) string {
		return fmt.Sprintf("(SELECT *, row_number() OVER (%sORDER BY %s) AS place FROM %s)", partition, strings.Join(floats, ", "), table)
	}
	return s.Exec(ctx, fmt.Sprintf(`CREATE OR REPLACE TEMP TABLE codicil_noise AS SELECT l.id AS l, g.id AS g FROM %s l JOIN %s g ON l.place = g.place AND %s;
DELETE FROM %s WHERE id IN (SELECT l FROM codicil_noise); DELETE FROM %s WHERE id IN (SELECT g FROM codicil_noise); DROP TABLE codicil_noise`,
		numbered(lostTable), numbered(gainedTable), strings.Join(match, " AND "), lostTable, gainedTable))
}

// changedColumns finds the columns in which the lost and the gained rows differ, provided that without these columns they
// are the same multiset and that something is left to pair them by. Otherwise it returns none.
func (p *Pair) changedColumns(ctx context.Context, s session) ([]int, error) {
	var changed []int
	for i := range p.Columns {
		same, err := sameMultiset(ctx, s, []string{fmt.Sprintf("c%d", i)})
		if err != nil {
			return nil, err
		}
		if !same {
			changed = append(changed, i)
		}
	}
	var rest []string
	for i := range p.Columns {
		if !contains(changed, i) {
			rest = append(rest, fmt.Sprintf("c%d", i))
		}
	}
	if len(changed) == 0 || len(rest) == 0 {
		return nil, nil
	}
	same, err := sameMultiset(ctx, s, rest)
	if err != nil || !same {
		return nil, err
	}
	return changed, nil
}

func contains(list []int, x int) bool {
	for _, l := range list {
		if l == x {
			return true
		}
	}
	return false
}

// sameMultiset says whether the lost and the gained rows are the same in some columns.
func sameMultiset(ctx context.Context, s session, columns []string) (bool, error) {
	list := strings.Join(columns, ", ")
	n, err := numbers(ctx, s, fmt.Sprintf("SELECT count(*) FROM (SELECT 1 FROM (SELECT %[1]s, 1 AS sign FROM %[2]s UNION ALL SELECT %[1]s, -1 FROM %[3]s) GROUP BY %[1]s HAVING sum(sign) <> 0)", list, lostTable, gainedTable))
	if err != nil {
		return false, err
	}
	return n[0] == 0, nil
}

// pairColumns reports changed columns: rows are paired on all others, equal ones in the order of the changed values.
func (p *Pair) pairColumns(ctx context.Context, s session, changed []int, r *Result) error {
	var by, order, match []string
	for i := range p.Columns {
		c := fmt.Sprintf("c%d", i)
		if contains(changed, i) {
			order = append(order, c)
			continue
		}
		by = append(by, c)
		match = append(match, fmt.Sprintf("b.%[1]s IS NOT DISTINCT FROM h.%[1]s", c))
	}
	numbered := func(table string) string {
		return fmt.Sprintf("(SELECT *, row_number() OVER (PARTITION BY %s ORDER BY %s) AS place FROM %s)", strings.Join(by, ", "), strings.Join(order, ", "), table)
	}
	pairs := fmt.Sprintf("(SELECT * FROM %s b JOIN %s h ON b.place = h.place AND %s)", numbered(lostTable), numbered(gainedTable), strings.Join(match, " AND "))
	for _, i := range changed {
		if err := p.pairedColumn(ctx, s, pairs, i, r); err != nil {
			return err
		}
	}
	return nil
}

// pairedColumn reports one changed column of paired rows. The join names the base's columns c0, … and the head's c0_1, …
func (p *Pair) pairedColumn(ctx context.Context, s session, pairs string, i int, r *Result) error {
	c := ColumnResult{Index: i}
	b, h := fmt.Sprintf("c%d", i), fmt.Sprintf("c%d_1", i)
	differs := "(" + p.differs(i, b, h) + ")"
	const table = "temp.main.codicil_change"
	query := fmt.Sprintf("SELECT count(*) FILTER (%[1]s) AS changed, count(*) FILTER (%[1]s AND %[2]s IS NULL) AS to_null, count(*) FILTER (%[1]s AND %[3]s IS NULL) AS from_null", differs, h, b)
	if p.Columns[i].Numeric {
		query += ", " + factorCounts(differs, b, h, "")
	}
	if err := s.Exec(ctx, "CREATE OR REPLACE TEMP TABLE codicil_change AS "+query+" FROM "+pairs); err != nil {
		return err
	}
	n, err := numbers(ctx, s, "SELECT changed, to_null, from_null FROM "+table)
	if err != nil {
		return err
	}
	c.Changed, c.NullsGained, c.NullsLost = n[0], n[1], n[2]
	if p.Columns[i].Numeric {
		if c.Factor, err = factor(ctx, s, table, "", c.Changed); err != nil {
			return err
		}
	}
	if c.Outside, err = p.outside(ctx, s, true, p.Columns[i].Changes, lostTable); err != nil {
		return err
	}
	naming := p.naming()
	rows, err := s.Query(ctx, fmt.Sprintf("SELECT %s, CAST(%s AS VARCHAR), CAST(%s AS VARCHAR) FROM %s WHERE %s ORDER BY ALL", texts(naming, ""), b, h, pairs, differs), examples)
	if err != nil {
		return err
	}
	for _, v := range rows.Values {
		last := len(naming)
		c.Examples = append(c.Examples, bot.Example{Key: p.cells(naming, v[:last]), Old: p.Columns[i].show(v[last]), New: p.showHead(i, v[last+1])})
	}
	r.Columns = append(r.Columns, c)
	return s.Exec(ctx, "DROP TABLE "+table)
}

// texts are columns as text.
func texts(indices []int, prefix string) string {
	out := make([]string, len(indices))
	for i, k := range indices {
		out[i] = fmt.Sprintf("CAST(%sc%d AS VARCHAR)", prefix, k)
	}
	return strings.Join(out, ", ")
}

// outside counts the rows of a table of leftovers that an allowance does not cover. The allowance may speak of columns
// that only its own side has, so it is read on that side's rows that equal a leftover.
func (p *Pair) outside(ctx context.Context, s session, base bool, a Allowance, leftovers string) (int64, error) {
	match := make([]string, len(p.Columns))
	for i := range p.Columns {
		match[i] = fmt.Sprintf("x.c%[1]d IS NOT DISTINCT FROM l.c%[1]d", i)
	}
	forbidden := fmt.Sprintf("(SELECT * FROM %s WHERE NOT allowed)", p.side(base, a.predicate()+" AS allowed"))
	n, err := numbers(ctx, s, fmt.Sprintf("SELECT count(*) FROM %s l WHERE EXISTS (SELECT 1 FROM %s x WHERE %s)", leftovers, forbidden, strings.Join(match, " AND ")))
	if err != nil {
		return 0, err
	}
	return n[0], nil
}

// rows reports lost and gained rows.
func (p *Pair) rows(ctx context.Context, s session, r *Result) (err error) {
	if r.Lost.Outside, err = p.outside(ctx, s, true, p.Lost, lostTable); err != nil {
		return err
	}
	if r.Gained.Outside, err = p.outside(ctx, s, false, p.Gained, gainedTable); err != nil {
		return err
	}
	if r.Lost.Examples, err = p.leftoverExamples(ctx, s, lostTable, ""); err != nil {
		return err
	}
	if r.Gained.Examples, err = p.leftoverExamples(ctx, s, gainedTable, ""); err != nil {
		return err
	}
	match := make([]string, len(p.Columns))
	for i := range p.Columns {
		match[i] = fmt.Sprintf("x.c%[1]d IS NOT DISTINCT FROM l.c%[1]d", i)
	}
	again := fmt.Sprintf(" l WHERE EXISTS (SELECT 1 FROM %s x WHERE %s)", p.side(true, ""), strings.Join(match, " AND "))
	n, err := numbers(ctx, s, "SELECT count(*) FROM "+gainedTable+again)
	if err != nil || n[0] == 0 {
		return err
	}
	r.Duplicated.Count = n[0]
	r.Duplicated.Examples, err = p.leftoverExamples(ctx, s, gainedTable, again)
	return err
}

func (p *Pair) leftoverExamples(ctx context.Context, s session, table, condition string) ([]bot.Example, error) {
	naming := p.naming()
	if condition == "" {
		condition = " l"
	}
	rows, err := s.Query(ctx, "SELECT "+texts(naming, "l.")+" FROM "+table+condition+" ORDER BY ALL", examples)
	if err != nil {
		return nil, err
	}
	var out []bot.Example
	for _, v := range rows.Values {
		cells := p.cells(naming, v)
		if table == gainedTable {
			cells = p.cellsOfHead(naming, v)
		}
		out = append(out, bot.Example{Key: cells})
	}
	return out, nil
}

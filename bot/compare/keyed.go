package compare

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/codicil-dev/codicil/bot"
)

// factorSpread is how far, relatively, the quotients of changed values may lie apart to count as one factor: values
// with two decimals that are multiplied and rounded scatter a little.
const factorSpread = 1e-6

// byKey compares rows that the key pairs, in one join. done is false where the key turns out not to be unique and
// not null on both sides; r.KeyFault then says so.
func (p *Pair) byKey(ctx context.Context, s session, r *Result) (done bool, err error) {
	const table = "temp.main.codicil_keyed"
	if err := s.Exec(ctx, "CREATE OR REPLACE TEMP TABLE codicil_keyed AS "+p.keyedQuery()); err != nil {
		return false, err
	}
	defer func() {
		if dropping := s.Exec(ctx, "DROP TABLE IF EXISTS "+table); err == nil {
			err = dropping
		}
	}()
	head, err := numbers(ctx, s, "SELECT nb, nh, dup_lost, dup_gained, lost, lost_out, gained, gained_out, nulls FROM "+table)
	if err != nil {
		return false, err
	}
	if fault := keyFault(head, r); fault != "" {
		r.KeyFault = fault
		return false, nil
	}
	r.ByKey = true
	r.Lost.Count, r.Lost.Outside, r.Gained.Count, r.Gained.Outside = head[4], head[5], head[6], head[7]
	for i := range p.Columns {
		if p.isKey(i) {
			continue
		}
		if err := p.columnResult(ctx, s, table, i, r); err != nil {
			return false, err
		}
	}
	return true, p.rowExamples(ctx, s, table, r)
}

// keyFault tells from the join's counts why the key can't pair rows. Every row whose key is paired appears as often as
// the other side has that key, so the counts fit the tables' sizes only if both are unique; unpaired keys are counted apart.
func keyFault(counts []int64, r *Result) string {
	switch nb, nh := counts[0], counts[1]; {
	case counts[8] > 0:
		return "the key has NULLs"
	case nb != r.BaseRows || nh != r.HeadRows || counts[2] > 0 || counts[3] > 0:
		return "the key has duplicates"
	}
	return ""
}

func (p *Pair) isKey(i int) bool {
	for _, k := range p.Key {
		if k == i {
			return true
		}
	}
	return false
}

// keyedQuery is the join that counts everything at once. The smallest keys of each difference are kept as examples.
func (p *Pair) keyedQuery() string {
	var on, bk, hk []string
	for _, k := range p.Key {
		on = append(on, fmt.Sprintf("b.c%[1]d = h.c%[1]d", k))
		bk = append(bk, fmt.Sprintf("b.c%d", k))
		hk = append(hk, fmt.Sprintf("h.c%d", k))
	}
	allThere := func(key []string) string { return strings.Join(key, " IS NOT NULL AND ") + " IS NOT NULL" }
	inner := []string{
		allThere(bk) + " AS in_b", allThere(hk) + " AS in_h",
		p.eitherKey(allThere(bk)) + " AS k",
		"b.may_go", "h.may_come",
	}
	outer := []string{
		"count(*) FILTER (NOT in_b AND NOT in_h) AS nulls",
		"count(*) FILTER (in_b) AS nb", "count(*) FILTER (in_h) AS nh",
		"count(*) FILTER (in_b AND NOT in_h) - count(DISTINCT k) FILTER (in_b AND NOT in_h) AS dup_lost",
		"count(*) FILTER (in_h AND NOT in_b) - count(DISTINCT k) FILTER (in_h AND NOT in_b) AS dup_gained",
		"count(*) FILTER (in_b AND NOT in_h) AS lost", "count(*) FILTER (in_b AND NOT in_h AND NOT may_go) AS lost_out",
		"count(*) FILTER (in_h AND NOT in_b) AS gained", "count(*) FILTER (in_h AND NOT in_b AND NOT may_come) AS gained_out",
		fmt.Sprintf("min(k, %d) FILTER (in_b AND NOT in_h) AS lost_keys", examples),
		fmt.Sprintf("min(k, %d) FILTER (in_h AND NOT in_b) AS gained_keys", examples),
	}
	allowances := []string{p.Lost.predicate() + " AS may_go"}
	for i, c := range p.Columns {
		if p.isKey(i) {
			continue
		}
		b, h := fmt.Sprintf("b.c%d", i), fmt.Sprintf("h.c%d", i)
		allowances = append(allowances, c.Changes.predicate()+fmt.Sprintf(" AS may%d", i))
		inner = append(inner,
			fmt.Sprintf("%s AND %s AND (%s) AS d%d", allThere(bk), allThere(hk), p.differs(i, b, h), i),
			fmt.Sprintf("%s AS b%d, %s AS h%d, b.may%d", b, i, h, i, i))
		outer = append(outer, changeCounts(i, c.Numeric))
	}
	return "SELECT " + strings.Join(outer, ", ") + " FROM (SELECT " + strings.Join(inner, ", ") +
		" FROM " + p.side(true, strings.Join(allowances, ", ")) + " b FULL JOIN " +
		p.side(false, p.Gained.predicate()+" AS may_come") + " h ON " + strings.Join(on, " AND ") + ")"
}

// changeCounts are the aggregates of one column's changes.
func changeCounts(i int, numeric bool) string {
	out := fmt.Sprintf("count(*) FILTER (d%[1]d) AS changed%[1]d, count(*) FILTER (d%[1]d AND NOT may%[1]d) AS outside%[1]d, "+
		"count(*) FILTER (d%[1]d AND h%[1]d IS NULL) AS to_null%[1]d, count(*) FILTER (d%[1]d AND b%[1]d IS NULL) AS from_null%[1]d, "+
		"min(k, %[2]d) FILTER (d%[1]d) AS keys%[1]d", i, examples)
	if numeric {
		out += ", " + factorCounts(fmt.Sprintf("d%d", i), fmt.Sprintf("b%d", i), fmt.Sprintf("h%d", i), strconv.Itoa(i))
	}
	return out
}

// factorCounts are the aggregates from which factor is read: the least and greatest quotient, and how many changed
// pairs have none (a zero on one side only, or a NULL).
func factorCounts(changed, base, head, suffix string) string {
	// CASE keeps the division from being done for all the rows that did not change.
	quotient := fmt.Sprintf("CASE WHEN %s THEN CAST(%s AS DOUBLE) / nullif(CAST(%s AS DOUBLE), 0) END", changed, head, base)
	return fmt.Sprintf("min(%[2]s) FILTER (%[1]s) AS low%[3]s, max(%[2]s) FILTER (%[1]s) AS high%[3]s, count(*) FILTER (%[1]s AND (%[2]s) IS NULL) AS odd%[3]s",
		changed, quotient, suffix)
}

// columnResult reads the counts of column i and adds it to the result if it changed.
func (p *Pair) columnResult(ctx context.Context, s session, table string, i int, r *Result) error {
	n, err := numbers(ctx, s, fmt.Sprintf("SELECT changed%[1]d, outside%[1]d, to_null%[1]d, from_null%[1]d FROM %[2]s", i, table))
	if err != nil || n[0] == 0 {
		return err
	}
	c := ColumnResult{Index: i, Changed: n[0], Outside: n[1], NullsGained: n[2], NullsLost: n[3]}
	if p.Columns[i].Numeric {
		if c.Factor, err = factor(ctx, s, table, strconv.Itoa(i), c.Changed); err != nil {
			return err
		}
	}
	rows, err := s.Query(ctx, p.changedRows(table, i), examples)
	if err != nil {
		return err
	}
	for _, v := range rows.Values {
		last := len(v) - 2
		c.Examples = append(c.Examples, bot.Example{Key: p.cells(p.Key, v[:last]), Old: p.Columns[i].show(v[last]), New: p.showHead(i, v[last+1])})
	}
	r.Columns = append(r.Columns, c)
	return nil
}

// factor is the constant by which changed values were multiplied, or 0. One row proves no constant.
func factor(ctx context.Context, s session, table, suffix string, changed int64) (float64, error) {
	rows, err := s.Query(ctx, fmt.Sprintf("SELECT low%[1]s, high%[1]s, odd%[1]s FROM %[2]s", suffix, table), 1)
	if err != nil {
		return 0, err
	}
	v := rows.Values[0]
	if v[0] == nil || v[1] == nil || v[2] == nil || *v[2] != "0" || changed < 2 {
		return 0, nil
	}
	low, err := strconv.ParseFloat(*v[0], 64)
	if err != nil {
		return 0, nil // inf and nan are no factor
	}
	high, err := strconv.ParseFloat(*v[1], 64)
	if err != nil || math.IsInf(high, 0) || math.IsNaN(high) || low == 0 || math.Abs(high-low) > factorSpread*math.Abs(high) {
		return 0, nil
	}
	f, err := strconv.ParseFloat(strconv.FormatFloat((low+high)/2, 'g', 6, 64), 64)
	if err != nil || f == 1 {
		return 0, nil
	}
	return f, nil
}

// eitherKey is the key of the side that has the row.
func (p *Pair) eitherKey(inBase string) string {
	if len(p.Key) == 1 {
		return "coalesce(" + p.keyValue("b") + ", " + p.keyValue("h") + ")"
	}
	return "CASE WHEN " + inBase + " THEN " + p.keyValue("b") + " ELSE " + p.keyValue("h") + " END"
}

// keyValue is one side's key as one value: the column, or a struct of several.
func (p *Pair) keyValue(alias string) string {
	if len(p.Key) == 1 {
		return fmt.Sprintf("%s.c%d", alias, p.Key[0])
	}
	parts := make([]string, len(p.Key))
	for i, k := range p.Key {
		parts[i] = fmt.Sprintf("k%d := %s.c%d", i, alias, k)
	}
	return "struct_pack(" + strings.Join(parts, ", ") + ")"
}

// keyTexts are the key's values as text.
func (p *Pair) keyTexts(alias string) string {
	parts := make([]string, len(p.Key))
	for i, k := range p.Key {
		parts[i] = fmt.Sprintf("CAST(%s.c%d AS VARCHAR)", alias, k)
	}
	return strings.Join(parts, ", ")
}

// changedRows fetches the example rows of column i.
func (p *Pair) changedRows(table string, i int) string {
	keys := fmt.Sprintf("(SELECT unnest(keys%d) FROM %s)", i, table)
	pick := func(base bool, alias string) string {
		return fmt.Sprintf("(SELECT * FROM %s %s WHERE %s IN %s)", p.side(base, ""), alias, p.keyValue(alias), keys)
	}
	return fmt.Sprintf("SELECT %s, CAST(b.c%[2]d AS VARCHAR), CAST(h.c%[2]d AS VARCHAR) FROM %[3]s b JOIN %[4]s h ON %[5]s = %[6]s ORDER BY %[5]s",
		p.keyTexts("b"), i, pick(true, "b"), pick(false, "h"), p.keyValue("b"), p.keyValue("h"))
}

// rowExamples fetches examples of lost and gained rows: their keys.
func (p *Pair) rowExamples(ctx context.Context, s session, table string, r *Result) error {
	for _, side := range []struct {
		rows *Rows
		base bool
		keys string
	}{{&r.Lost, true, "lost_keys"}, {&r.Gained, false, "gained_keys"}} {
		if side.rows.Count == 0 {
			continue
		}
		query := fmt.Sprintf("SELECT %s FROM %s x WHERE %s IN (SELECT unnest(%s) FROM %s) ORDER BY %[3]s", p.keyTexts("x"), p.side(side.base, ""), p.keyValue("x"), side.keys, table)
		rows, err := s.Query(ctx, query, examples)
		if err != nil {
			return err
		}
		for _, v := range rows.Values {
			cells := p.cells(p.Key, v)
			if !side.base {
				cells = p.cellsOfHead(p.Key, v)
			}
			side.rows.Examples = append(side.rows.Examples, bot.Example{Key: cells})
		}
	}
	return nil
}

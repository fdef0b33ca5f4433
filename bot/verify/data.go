package verify

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/engine"
	"github.com/codicil-dev/codicil/bot/product"
	"github.com/codicil-dev/codicil/bot/spec"
	"github.com/codicil-dev/codicil/bot/sqltype"
)

// promise is something that the spec says of a table's data: the number of rows that break it must be 0.
type promise struct {
	column int // index in the spec's table; -1 for the table itself
	what   string
	// count is an aggregate over the table that counts broken rows, broken selects them for show.
	count, broken string
	// message says what is broken, after "rows".
	message string
}

// said is what is broken, for n rows.
func (p promise) said(n int64) string {
	if n != 1 {
		return fmt.Sprintf("%d rows %s", n, p.message)
	}
	for many, one := range map[string]string{"are ": "is ", "hold ": "holds ", "repeat ": "repeats ", "name ": "names "} {
		if rest, ok := strings.CutPrefix(p.message, many); ok {
			return "1 row " + one + rest
		}
	}
	return "1 row: " + p.message
}

// dataOf judges by the data what the spec says of keys, nullability, lengths, values and references.
func (w *work) dataOf(ctx context.Context, x *world, ti int, t *spec.Table, built *product.Table) error {
	promises := w.promises(t, built)
	if len(promises) == 0 {
		return nil
	}
	relation := engine.Relation(built.Schema, built.Name)
	aggregates := make([]string, len(promises))
	for i, p := range promises {
		aggregates[i] = p.count
	}
	rows, err := x.session.Query(ctx, "SELECT "+strings.Join(aggregates, ", ")+" FROM "+relation, 1)
	if err != nil {
		return w.promiseByPromise(ctx, x, ti, t, relation, promises)
	}
	for i, p := range promises {
		if err := w.judge(ctx, x, ti, t, relation, p, rows.Values[0][i]); err != nil {
			return err
		}
	}
	return nil
}

// promiseByPromise finds out which promise can't be judged, after all together could not.
func (w *work) promiseByPromise(ctx context.Context, x *world, ti int, t *spec.Table, relation string, promises []promise) error {
	for _, p := range promises {
		rows, err := x.session.Query(ctx, "SELECT "+p.count+" FROM "+relation, 1)
		if err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			w.breach(ti, p.column, t.Name, columnName(t, p.column), p.what, "it can't be judged: "+err.Error())
			continue
		}
		if err := w.judge(ctx, x, ti, t, relation, p, rows.Values[0][0]); err != nil {
			return err
		}
	}
	return nil
}

func columnName(t *spec.Table, i int) string {
	if i < 0 {
		return ""
	}
	return t.Columns[i].Name
}

// judge records a promise that rows break.
func (w *work) judge(ctx context.Context, x *world, ti int, t *spec.Table, relation string, p promise, count *string) error {
	if count == nil || *count == "0" {
		return nil
	}
	n, err := strconv.ParseInt(*count, 10, 64)
	if err != nil {
		return fmt.Errorf("count rows of %s that break %s: %w", t.Name, p.what, err)
	}
	r := w.breach(ti, p.column, t.Name, columnName(t, p.column), p.what, p.said(n))
	query := strings.ReplaceAll(p.broken, "@table", relation)
	rows, err := x.session.Query(ctx, query, shownRows)
	if err != nil {
		return nil // the sample is only for show
	}
	if strings.Contains(query, " GROUP BY ") { // the sample has a row for each value, and not for each broken row
		n = x.count(ctx, query, int64(len(rows.Values)))
	}
	r.Sample = w.mask.sample(rows, n, exposure{star: true, harmless: map[string]bool{"rows": true}})
	if w.tainted(t.Name) {
		withholdAll(r.Sample)
	}
	return nil
}

// promises lists what the spec says of the columns that exist.
func (w *work) promises(t *spec.Table, built *product.Table) []promise {
	var out []promise
	for i := range t.Columns {
		c := &t.Columns[i]
		if _, ok := columnNamed(built, c.Name); !ok {
			continue
		}
		name := engine.Ident(c.Name)
		if !t.IsNullable(c) {
			out = append(out, promise{i, "not null", "count(*) FILTER (" + name + " IS NULL)", "SELECT * FROM @table WHERE " + name + " IS NULL", "are NULL, and the spec says nullable: false"})
		}
		if typ, err := sqltype.Parse(c.Type); err == nil && typ.Length() > 0 {
			long := fmt.Sprintf("length(%s) > %d", name, typ.Length())
			out = append(out, promise{i, "length", "count(*) FILTER (" + long + ")", "SELECT * FROM @table WHERE " + long, "are longer than the spec's " + typ.String()})
		}
		if len(c.Values) > 0 {
			odd := name + " IS NOT NULL AND CAST(" + name + " AS VARCHAR) NOT IN (" + acceptedList(c.Values, name) + ")"
			out = append(out, promise{i, "values", "count(*) FILTER (" + odd + ")", "SELECT " + name + ", count(*) AS \"rows\" FROM @table WHERE " + odd + " GROUP BY ALL ORDER BY 2 DESC, 1", "hold a value that the spec does not list"})
		}
		if c.Unique {
			out = append(out, promise{i, "unique", "count(" + name + ") - count(DISTINCT " + name + ")", "SELECT " + name + ", count(*) AS \"rows\" FROM @table WHERE " + name + " IS NOT NULL GROUP BY ALL HAVING count(*) > 1 ORDER BY 2 DESC, 1", "repeat a value, and the spec says unique: true"})
		}
		if p, ok := reference(w.own, i, c); ok {
			out = append(out, p)
		} else if c.References != "" {
			w.add(bot.AreaContract, bot.NotRun, t.Name+"."+c.Name, "whether every value is one of "+c.References+" can't be told, since that is not built here", t.Name, c.Name, "references")
		}
	}
	return append(out, keyPromise(t, built)...)
}

// acceptedList is the accepted values as DuckDB writes the column's values: each is cast to the column's own type first,
// so that 1 and 1.00 are the same.
func acceptedList(values []any, column string) string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = "CAST(cast_to_type(" + engine.Literal(scalarText(v)) + ", " + column + ") AS VARCHAR)"
	}
	return strings.Join(out, ", ")
}

// scalarText is an accepted value as text.
func scalarText(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	}
	return fmt.Sprint(v)
}

// keyPromise says that the key names one row.
func keyPromise(t *spec.Table, built *product.Table) []promise {
	if len(t.Key) == 0 {
		return nil
	}
	key := make([]string, len(t.Key))
	for i, k := range t.Key {
		if _, ok := built.Column(k); !ok {
			return nil
		}
		key[i] = engine.Ident(k)
	}
	list := strings.Join(key, ", ")
	count := "count(" + list + ") - count(DISTINCT " + list + ")"
	if len(key) > 1 {
		pairs := make([]string, len(key))
		for i, k := range key {
			pairs[i] = fmt.Sprintf("k%d := %s", i, k)
		}
		count = "count(*) - count(DISTINCT struct_pack(" + strings.Join(pairs, ", ") + "))"
	}
	return []promise{{-1, "key", count, "SELECT " + list + ", count(*) AS \"rows\" FROM @table GROUP BY ALL HAVING count(*) > 1 ORDER BY \"rows\" DESC, " + list, "repeat the key (" + strings.Join(t.Key, ", ") + ")"}}
}

// reference says that every value is found in the column that it references. A reference into an input that is known only as a
// snapshot, or into a table that was not built, can't be judged here; lint says whether it resolves.
func reference(b *product.Build, i int, c *spec.Column) (promise, bool) {
	table, column, ok := splitColumn(c.References)
	if !ok {
		return promise{}, false
	}
	target := ""
	if t, there := b.Table(table); there {
		if _, has := t.Column(column); has {
			target = engine.Relation(t.Schema, t.Name)
		}
	}
	_, bare := product.SplitName(table)
	for _, in := range b.Inputs {
		if target == "" && (spec.SameName(in.Name, table) || spec.SameName(in.Product+"."+in.Table, table) || spec.SameName(in.Name, bare) && spec.SameName(in.Product, table)) {
			target = engine.Ident(in.Name)
		}
	}
	if target == "" {
		return promise{}, false
	}
	name := engine.Ident(c.Name)
	orphan := fmt.Sprintf("%s IS NOT NULL AND %s NOT IN (SELECT %s FROM %s WHERE %[3]s IS NOT NULL)", name, name, engine.Ident(column), target)
	return promise{i, "references", "count(*) FILTER (" + orphan + ")", "SELECT * FROM @table WHERE " + orphan, "name no row of " + c.References}, true
}

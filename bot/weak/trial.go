package weak

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/codicil-dev/codicil/bot/engine"
	"github.com/codicil-dev/codicil/bot/lineage"
	"github.com/codicil-dev/codicil/bot/spec"
)

// trial is a check in a database of its own, whose tables hold a few rows of the product's and are filled otherwise again and again.
type trial struct {
	*room
	sql, database string
	tables        []table
	// guessable says that what could break the check is among what is tried, as far as can be told.
	guessable bool
}

// table is one of a trial's.
type table struct {
	source
	// base is the relation with the sample; columns are those whose values are changed.
	base    string
	columns []column
	// none says that the product's table has no row at all.
	none bool
}

// column is one of a table's, with values to be tried in it.
type column struct {
	name string
	// values are others that are tried, as SQL, the last of them NULL; exact are those that the check itself names.
	values, exact []string
	// none says that the product's column has no value at all.
	none bool
}

// isSQL says whether the fault is the statement's.
func isSQL(err error) bool {
	var e *engine.Error
	return errors.As(err, &e) && e.Kind == engine.KindSQL
}

// trial makes the database of a trial, with the product's rows.
func (r *room) trial(ctx context.Context, sql string, sources []source, tree json.RawMessage, use lineage.Use) (*trial, error) {
	r.trials++
	t := &trial{room: r, sql: sql, database: "trial" + strconv.Itoa(r.trials), guessable: guessable(use)}
	used, err := lineage.Columns(tree)
	if err != nil {
		return nil, err
	}
	constants, err := lineage.Constants(tree)
	if err != nil {
		return nil, err
	}
	if err := r.session.Exec(ctx, fmt.Sprintf("ATTACH ':memory:' AS %s; USE %s; CREATE SCHEMA codicil_base;", t.database, t.database)); err != nil {
		return nil, err
	}
	for i, s := range sources {
		x := table{source: s, base: engine.Relation(t.database, "codicil_base", strconv.Itoa(i))}
		if err := r.session.Exec(ctx, fmt.Sprintf("CREATE TABLE %s AS SELECT %s FROM %s LIMIT %d; CREATE SCHEMA IF NOT EXISTS %s;", x.base, s.columns, s.from, sample, engine.Relation(t.database, s.schema))); err != nil {
			t.end()
			return nil, err
		}
		if err := t.describe(ctx, &x, used, constants); err != nil {
			t.end()
			return nil, err
		}
		t.tables = append(t.tables, x)
	}
	if err := t.fill(ctx, func(x table) string { return asIs(x) }); err != nil {
		t.end()
		return nil, err
	}
	return t, nil
}

// end drops the trial's database.
func (t *trial) end() {
	_ = t.session.Exec(context.Background(), fmt.Sprintf("USE %s; DETACH %s;", ownCatalog, t.database)) // if it stays, it goes with the session
}

// mostColumns is how many columns of a table are changed.
const mostColumns = 40

// describe finds a table's columns, and which of them are empty in the product.
func (t *trial) describe(ctx context.Context, x *table, used, constants []string) error {
	rows, err := t.session.Query(ctx, "SELECT column_name, column_type FROM (DESCRIBE "+x.base+")", -1)
	if err != nil {
		return err
	}
	counts := []string{"count(*)"}
	for _, r := range rows.Values {
		name, kind := *r[0], *r[1]
		isUsed := slices.Contains(used, strings.ToLower(name))
		values, exact, known := candidates(name, kind, constants)
		if !known && isUsed {
			t.guessable = false
		}
		if !isUsed && len(rows.Values) > mostColumns {
			continue
		}
		x.columns = append(x.columns, column{name: name, values: values, exact: exact})
		count := "1"
		if isUsed && x.table != nil {
			count = "count(" + engine.Ident(name) + ")"
		}
		counts = append(counts, count)
	}
	// Of what the product itself makes all rows are counted, of what others give those of the sample.
	from := "(SELECT " + x.source.columns + " FROM " + x.from + ")"
	if x.table == nil {
		from = x.base
	}
	full, err := t.session.Query(ctx, "SELECT "+strings.Join(counts, ", ")+" FROM "+from, 1)
	if err != nil {
		return err
	}
	x.none = *full.Values[0][0] == "0"
	for i := range x.columns {
		x.columns[i].none = !x.none && *full.Values[0][i+1] == "0"
	}
	return nil
}

// fill fills every table with what a query gives for it.
func (t *trial) fill(ctx context.Context, with func(table) string) error {
	var sql strings.Builder
	for _, x := range t.tables {
		fmt.Fprintf(&sql, "CREATE OR REPLACE TABLE %s AS %s;\n", engine.Relation(t.database, x.schema, x.name), with(x))
	}
	return t.session.Exec(ctx, sql.String())
}

// breaks says whether the check finds something wrong with tables filled so. A check that can't be carried out does.
func (t *trial) breaks(ctx context.Context, with func(table) string) (bool, error) {
	if err := t.fill(ctx, with); err != nil {
		return false, err
	}
	rows, err := t.session.Query(ctx, t.sql, 1)
	switch {
	case isSQL(err):
		return true, nil
	case err != nil:
		return false, err
	}
	return len(rows.Values) > 0, nil
}

// tryOut says whether a check can be broken, and if so whether only by what the product has none of.
func (t *trial) tryOut(ctx context.Context) (*Check, error) {
	broken, err := t.broken(ctx, true)
	if err != nil || broken {
		return nil, err
	}
	for i, x := range t.tables {
		places := []*bool{&t.tables[i].none}
		names := []string{x.shown()}
		for j, c := range x.columns {
			places, names = append(places, &t.tables[i].columns[j].none), append(names, x.shown()+"."+c.name)
		}
		for k, none := range places {
			if !*none {
				continue
			}
			*none = false
			broken, err := t.broken(ctx, true)
			*none = true
			if err != nil {
				return nil, err
			}
			if !broken {
				continue
			}
			if demands, err := t.demandsNone(ctx, i, k-1); err != nil || demands {
				return nil, err
			}
			return &Check{Kind: Empty, On: names[k], Why: fmt.Sprintf("only values of %s could break it, and there are none", names[k])}, nil
		}
	}
	if broken, err := t.broken(ctx, false); err != nil || broken || !t.guessable {
		return nil, err
	}
	return &Check{Kind: Unbreakable, Why: "nothing broke it that its tables were filled with: no rows, rows twice, and all kinds of values in each column"}, nil
}

// shown is a table's name for people.
func (x table) shown() string {
	if spec.SameName(x.schema, "main") {
		return x.name
	}
	return x.schema + "." + x.name
}

// broken tries one filling after the other until one breaks the check. What the product has none of stays so if keep is set.
func (t *trial) broken(ctx context.Context, keep bool) (bool, error) {
	for filling := range t.fillings(keep) {
		if broken, err := t.breaks(ctx, filling); err != nil || broken {
			return broken, err
		}
	}
	return false, nil
}

// demandsNone says whether the check wants the table, or its column, to be empty: then anything there breaks it, and it is not weak.
func (t *trial) demandsNone(ctx context.Context, at, column int) (bool, error) {
	x := t.tables[at]
	only := x.columns
	if column >= 0 {
		only = x.columns[column : column+1]
	}
	for _, c := range only {
		for _, value := range c.values[:len(c.values)-1] { // without NULL
			value = "coalesce(" + value + ", " + c.values[0] + ")"
			broken, err := t.breaks(ctx, func(y table) string {
				if y.base != x.base {
					return asIs(y)
				}
				return uniform(y, c.name, value)
			})
			if err != nil || !broken {
				return false, err
			}
		}
	}
	return true, nil
}

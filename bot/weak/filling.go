package weak

import (
	"fmt"
	"iter"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/codicil-dev/codicil/bot/engine"
	"github.com/codicil-dev/codicil/bot/lineage"
)

// asIs are the product's own rows.
func asIs(x table) string { return "SELECT * FROM " + x.base }

// nothing are no rows.
func nothing(x table) string { return asIs(x) + " LIMIT 0" }

// twice are the product's rows, each twice.
func twice(x table) string { return asIs(x) + " UNION ALL " + asIs(x) }

// rows are those that are changed: the product's, or one without values if it has none.
func rows(x table) string {
	return "(SELECT row_number() OVER () AS codicil_row, * FROM (SELECT * FROM " + x.base + " LIMIT 50)" +
		" UNION ALL BY NAME SELECT 0 AS codicil_row WHERE NOT EXISTS (FROM " + x.base + "))"
}

// uniform are the product's rows with one value in all of a column.
func uniform(x table, column, value string) string {
	return fmt.Sprintf("SELECT * EXCLUDE (codicil_row) REPLACE (%s AS %s) FROM %s", value, engine.Ident(column), rows(x))
}

// mixed are some hundred rows in which most values of all columns are others, each row another mixture; half of these are values that the
// check itself names. Columns that must stay empty do.
func mixed(x table, keep bool) string {
	var replaced []string
	for i, c := range x.columns {
		if keep && c.none {
			continue
		}
		exact := c.exact
		if len(exact) == 0 {
			exact = c.values
		}
		dice := fmt.Sprintf("hash(codicil_row, codicil_copy, %d)", i)
		pick := func(from []string) string {
			return fmt.Sprintf("list_extract([%s], CAST(1 + (%s // 8) %% %d AS BIGINT))", strings.Join(from, ", "), dice, len(from))
		}
		replaced = append(replaced, fmt.Sprintf("CASE WHEN %s %% 8 < 2 THEN %s WHEN %s %% 8 < 5 THEN %s ELSE %s END AS %s",
			dice, engine.Ident(c.name), dice, pick(exact), pick(c.values), engine.Ident(c.name)))
	}
	star := "* EXCLUDE (codicil_row, codicil_copy)"
	if len(replaced) > 0 {
		star += " REPLACE (" + strings.Join(replaced, ", ") + ")"
	}
	return "SELECT " + star + " FROM (SELECT * FROM " + rows(x) + " CROSS JOIN range(500) AS copies(codicil_copy) ORDER BY codicil_copy, codicil_row LIMIT 500)"
}

// fillings are all ways in which the tables are filled. Those that cost little or break most checks come first.
func (t *trial) fillings(keep bool) iter.Seq[func(table) string] {
	empty := func(x table) bool { return keep && x.none }
	one := func(which table, how func(table) string) func(table) string {
		return func(x table) string {
			if x.base == which.base && !empty(x) {
				return how(x)
			}
			return asIs(x)
		}
	}
	all := func(how func(table) string) func(table) string {
		return func(x table) string {
			if empty(x) {
				return asIs(x)
			}
			return how(x)
		}
	}
	changed := func(x table) string { return mixed(x, keep) }
	more := func(x table) string { return asIs(x) + " UNION ALL " + mixed(x, keep) }
	return func(yield func(func(table) string) bool) {
		for _, how := range []func(table) string{asIs, nothing, twice, more, changed} {
			if !yield(all(how)) {
				return
			}
		}
		for _, x := range t.tables {
			for _, how := range []func(table) string{nothing, twice, more, changed} {
				if len(t.tables) > 1 && !yield(one(x, how)) {
					return
				}
			}
			for _, c := range x.columns {
				if keep && c.none {
					continue
				}
				for _, value := range c.values {
					if !yield(one(x, func(x table) string { return uniform(x, c.name, value) })) {
						return
					}
				}
			}
		}
	}
}

// plainType is a type whose values can be written as text.
var plainType = regexp.MustCompile(`^[A-Z][A-Z_ ]*(\([0-9]+(,[0-9]+)?\))?$`)

// mostConstants is how many constants of a check are tried.
const mostConstants = 20

// candidates are values to be tried in a column of a name and type, as SQL, NULL the last of them, and those that stand for a constant of the check;
// known is false if they are not all that there is to try.
func candidates(name, kind string, constants []string) (values, exact []string, known bool) {
	if len(constants) > mostConstants {
		constants = constants[:mostConstants]
	}
	text := engine.Literal
	cast := func(s string) string { return "TRY_CAST(" + s + " AS " + kind + ")" }
	known = plainType.MatchString(kind)
	base, _, _ := strings.Cut(kind, "(")
	switch base {
	case "VARCHAR":
		for _, s := range []string{"", " ", "x", strings.Repeat("x", 60), "É"} {
			values = append(values, text(s))
		}
		for _, s := range constants {
			exact = append(exact, text(s))
			values = append(values, text(s+"x"), text("x"+s), text(strings.ToUpper(s)), text(strings.ToLower(s)))
			if strings.ContainsAny(s, "%_") {
				exact = append(exact, text(strings.NewReplacer("%", "", "_", "x").Replace(s)), text(strings.NewReplacer("%", "x", "_", "x").Replace(s)))
			}
		}
	case "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT", "FLOAT", "DOUBLE", "DECIMAL":
		for _, s := range []string{"0", "1", "-1", "2", "-100", "100", "-1000000", "1000000", "0.5", "0.001"} {
			values = append(values, cast(text(s)))
		}
		for _, s := range constants {
			if _, err := strconv.ParseFloat(s, 64); err == nil {
				exact = append(exact, cast(text(s)))
				values = append(values, cast("CAST("+text(s)+" AS DOUBLE) - 1"), cast("CAST("+text(s)+" AS DOUBLE) + 1"))
			}
		}
	case "DATE", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE":
		for _, s := range []string{"1900-01-01", "2999-12-31", "2020-02-29 12:34:56"} {
			values = append(values, cast("TIMESTAMP "+text(s)))
		}
		for _, s := range constants {
			moment := "TRY_CAST(" + text(s) + " AS TIMESTAMP)"
			exact = append(exact, cast(moment))
			values = append(values, cast(moment+" - INTERVAL 1 DAY"), cast(moment+" + INTERVAL 1 DAY"))
		}
	case "BOOLEAN":
		values = []string{"true", "false"}
	default:
		known = false
	}
	seen := map[string]bool{}
	values = slices.DeleteFunc(append(values, exact...), func(v string) bool {
		defer func() { seen[v] = true }()
		return seen[v]
	})
	return append(values, "CASE WHEN false THEN "+engine.Ident(name)+" END"), exact, known // NULL of the column's own type
}

// guessable says whether a check calls only functions for which the values that are tried can be told from its constants.
func guessable(use lineage.Use) bool {
	for _, f := range use.Functions {
		switch f {
		case "count", "count_star", "sum", "min", "max", "avg", "any_value", "first", "last", "bool_and", "bool_or", "abs", "round", "floor", "ceil", "length", "lower", "upper",
			"trim", "ltrim", "rtrim", "coalesce", "nullif", "greatest", "least", "concat", "row_number", "rank", "dense_rank", "lag", "lead":
		default:
			return false
		}
	}
	return true
}

package lineage

import (
	"encoding/json"
	"errors"
	"fmt"
	"sort"
	"strings"
)

// ExpressionStatements are the two statements to parse for IsExpression. Both are needed: "1) OR (1" is a statement
// only with brackets around it, "1; SELECT 2" only without.
func ExpressionStatements(expression string) (bare, bracketed string) {
	return "SELECT\n" + expression + "\n", "SELECT (\n" + expression + "\n)"
}

// IsExpression checks that a text which a stranger wrote is one expression over the columns of one row, so that it
// may stand in a WHERE clause between brackets. Bare and bracketed are the trees of its ExpressionStatements.
// Subqueries, aggregates, windows, stars and parameters are errors. Which functions it may call is the caller's
// matter: see Of.
//
// It returns the columns that the expression uses, sorted, each as its path: a column, or a table and a column, or a
// column and a field of it.
func IsExpression(bare, bracketed json.RawMessage) (columns [][]string, err error) {
	inner, err := soleExpression(bare)
	if err != nil {
		return nil, err
	}
	if _, err := soleExpression(bracketed); err != nil {
		return nil, err
	}
	c := columnCollector{found: map[string][]string{}}
	if err := c.walk(inner, nil); err != nil {
		return nil, err
	}
	found := make([]string, 0, len(c.found))
	for k := range c.found {
		found = append(found, k)
	}
	sort.Strings(found)
	for _, k := range found {
		columns = append(columns, c.found[k])
	}
	return columns, nil
}

// soleExpression unpacks a statement that is SELECT with one expression and nothing more.
func soleExpression(tree json.RawMessage) (any, error) {
	statements, err := statementsOf(tree)
	if err != nil {
		return nil, err
	}
	if len(statements) != 1 {
		return nil, fmt.Errorf("it holds %d statements; write one expression", len(statements))
	}
	statement, _ := statements[0].(map[string]any)
	node, _ := statement["node"].(map[string]any)
	if text(node, "type") != "SELECT_NODE" {
		return nil, errors.New("it is not an expression; write one condition over the columns of a row")
	}
	from, _ := node["from_table"].(map[string]any)
	if text(from, "type") != "EMPTY" {
		return nil, errors.New("it has a FROM clause; write one condition over the columns of a row")
	}
	for _, clause := range []string{"modifiers", "cte_map", "where_clause", "group_expressions", "group_sets", "having", "sample", "qualify"} {
		if !empty(node[clause]) {
			return nil, errors.New("it has more than an expression; write one condition, without DISTINCT, WHERE, GROUP BY, ORDER BY or LIMIT")
		}
	}
	items, _ := node["select_list"].([]any)
	if len(items) != 1 {
		return nil, fmt.Errorf("it holds %d expressions; write one", len(items))
	}
	item, ok := items[0].(map[string]any)
	if !ok {
		return nil, errors.New("it is not an expression")
	}
	if alias := text(item, "alias"); alias != "" {
		return nil, fmt.Errorf("it names its value %s; leave the name out", alias)
	}
	return item, nil
}

// empty says whether a clause is absent: null, or lists and objects with nothing in them.
func empty(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case []any:
		return len(v) == 0
	case map[string]any:
		for _, e := range v {
			if !empty(e) {
				return false
			}
		}
		return true
	}
	return false
}

// columnCollector finds the columns of an expression and refuses what looks beyond the row.
type columnCollector struct {
	found map[string][]string
}

// walk visits v; params are the names that lambdas around it bind.
func (c *columnCollector) walk(v any, params []string) error {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			if err := c.walk(e, params); err != nil {
				return err
			}
		}
	case map[string]any:
		return c.object(v, params)
	}
	return nil
}

// object visits one expression.
func (c *columnCollector) object(o map[string]any, params []string) error {
	switch text(o, "class") {
	case "CONSTANT":
		return nil
	case "COLUMN_REF":
		c.column(texts(o["column_names"]), params)
		return nil
	case "SUBQUERY":
		return errors.New("it has a subquery; write a condition over the columns of one row")
	case "WINDOW":
		return fmt.Errorf("it uses %s over a window; write a condition over the columns of one row", text(o, "function_name"))
	case "STAR":
		return errors.New("it uses * or COLUMNS; name the columns")
	case "PARAMETER":
		return errors.New("it has a parameter; write the value")
	case "POSITIONAL_REFERENCE":
		return errors.New("it names a column by its position; use the column's name")
	case "DEFAULT":
		return errors.New("it uses DEFAULT; write the value")
	case "FUNCTION":
		return c.function(o, params)
	}
	return c.parts(o, params)
}

// parts visits all that an expression holds.
func (c *columnCollector) parts(o map[string]any, params []string) error {
	for _, k := range keys(o) {
		if err := c.walk(o[k], params); err != nil {
			return err
		}
	}
	return nil
}

// function visits a call. An arrow directly among the arguments is a lambda, anywhere else it looks into JSON.
func (c *columnCollector) function(o map[string]any, params []string) error {
	name := text(o, "function_name")
	operator, _ := o["is_operator"].(bool)
	distinct, _ := o["distinct"].(bool)
	ordering, _ := o["order_bys"].(map[string]any)
	if !operator && (isAggregate(name) || distinct || !empty(o["filter"]) || !empty(ordering["orders"])) {
		return fmt.Errorf("it uses the aggregate %s; write a condition over the columns of one row", strings.ToLower(name))
	}
	children, _ := o["children"].([]any)
	for _, child := range children {
		lambda, ok := child.(map[string]any)
		if !ok || operator || text(lambda, "class") != "LAMBDA" {
			if err := c.walk(child, params); err != nil {
				return err
			}
			continue
		}
		bound := append(lambdaParams(lambda["lhs"]), params...)
		if err := c.walk(lambda["expr"], bound); err != nil {
			return err
		}
	}
	return nil
}

// lambdaParams are the names on the left of a lambda: one, or a row of them.
func lambdaParams(lhs any) []string {
	o, _ := lhs.(map[string]any)
	if text(o, "class") == "COLUMN_REF" {
		return texts(o["column_names"])
	}
	var out []string
	children, _ := o["children"].([]any)
	for _, child := range children {
		out = append(out, lambdaParams(child)...)
	}
	return out
}

// column records a column unless a lambda binds its name, or it is a function written like a column.
func (c *columnCollector) column(path []string, params []string) {
	if len(path) == 0 || len(path) == 1 && bracketless(path[0]) {
		return
	}
	for _, p := range params {
		if strings.EqualFold(p, path[0]) {
			return
		}
	}
	key := strings.ToLower(strings.Join(path, "\x00"))
	if _, ok := c.found[key]; !ok {
		c.found[key] = path
	}
}

// isAggregate knows DuckDB 1.5's aggregates (duckdb_functions of type aggregate) that are not scalar functions too.
func isAggregate(name string) bool {
	switch strings.ToLower(name) {
	case "any_value", "approx_count_distinct", "approx_quantile", "approx_top_k", "arbitrary", "arg_max", "arg_max_null",
		"arg_max_nulls_last", "arg_min", "arg_min_null", "arg_min_nulls_last", "argmax", "argmin", "array_agg", "avg",
		"bit_and", "bit_or", "bit_xor", "bitstring_agg", "bool_and", "bool_or", "corr", "count", "count_if", "count_star",
		"countif", "covar_pop", "covar_samp", "cume_dist", "dense_rank", "entropy", "favg", "fill", "first", "first_value",
		"fsum", "group_concat", "histogram", "histogram_exact", "kahan_sum", "kurtosis", "kurtosis_pop", "lag", "last",
		"last_value", "lead", "list", "listagg", "mad", "max", "max_by", "mean", "median", "min", "min_by", "mode",
		"nth_value", "ntile", "percent_rank", "product", "quantile", "quantile_cont", "quantile_disc", "rank",
		"rank_dense", "regr_avgx", "regr_avgy", "regr_count", "regr_intercept", "regr_r2", "regr_slope", "regr_sxx",
		"regr_sxy", "regr_syy", "reservoir_quantile", "row_number", "sem", "skewness", "stddev", "stddev_pop",
		"stddev_samp", "string_agg", "sum", "sum_no_overflow", "sumkahan", "var_pop", "var_samp", "variance":
		return true
	}
	return false
}

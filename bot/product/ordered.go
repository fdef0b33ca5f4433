package product

import (
	"encoding/json"
	"sort"
	"strings"

	"github.com/codicil-dev/codicil/bot/spec"
)

// orderDependent lists what in a statement may give other results when rows come in another order or when DuckDB runs with other settings,
// such as LIMIT, first() or row_number(). It says rather too much: whether an ORDER BY leaves ties depends on the data.
func orderDependent(tree json.RawMessage) []string {
	var doc any
	if json.Unmarshal(tree, &doc) != nil {
		return nil
	}
	found := map[string]bool{}
	findOrdered(doc, found)
	out := make([]string, 0, len(found))
	for name := range found {
		out = append(out, name)
	}
	sort.Strings(out)
	return out
}

// findOrdered walks a parse tree.
func findOrdered(node any, found map[string]bool) {
	switch n := node.(type) {
	case []any:
		for _, v := range n {
			findOrdered(v, found)
		}
	case map[string]any:
		if name := orderedNode(n); name != "" {
			found[name] = true
		}
		for _, v := range n {
			findOrdered(v, found)
		}
	}
}

// picks says whether a function's result depends on which row comes first, at least where values are equal.
func picks(function string) bool {
	switch function {
	case "first", "last", "any_value", "arbitrary", "mode", "arg_min", "arg_max", "argmin", "argmax", "min_by", "max_by",
		"arg_min_null", "arg_max_null", "arg_min_nulls_last", "arg_max_nulls_last", "first_value", "last_value", "nth_value",
		"row_number", "lag", "lead", "ntile", "fill", "current_setting":
		return true
	}
	return false
}

// lists says whether an aggregate keeps the order of rows unless it has an ORDER BY of its own.
func lists(function string) bool {
	switch function {
	case "list", "array_agg", "string_agg", "group_concat", "listagg":
		return true
	}
	return false
}

// orderedNode names what depends on order in one node; empty if nothing does.
func orderedNode(n map[string]any) string {
	text := func(key string) string {
		s, _ := n[key].(string)
		return s
	}
	function := strings.ToLower(text("function_name"))
	switch class := text("class"); {
	case class == "FUNCTION" && (picks(function) || lists(function) && !sorted(n["order_bys"])):
		return function
	case class == "WINDOW" && (picks(function) || lists(function) || strings.HasSuffix(text("start"), "_ROWS") || strings.HasSuffix(text("end"), "_ROWS")):
		return function
	case class == "COLUMN_REF":
		if names, _ := n["column_names"].([]any); len(names) > 0 {
			if s, _ := names[len(names)-1].(string); spec.SameName(s, "rowid") {
				return "rowid"
			}
		}
	case class != "":
		return ""
	}
	switch typ := text("type"); {
	case typ == "LIMIT_MODIFIER" || typ == "LIMIT_PERCENT_MODIFIER":
		return "limit"
	case typ == "DISTINCT_MODIFIER":
		if on, _ := n["distinct_on_targets"].([]any); len(on) > 0 {
			return "distinct on"
		}
	case typ == "JOIN" && (text("ref_type") == "POSITIONAL" || text("ref_type") == "ASOF"):
		return strings.ToLower(text("ref_type")) + " join"
	case typ == "TABLE_FUNCTION":
		f, _ := n["function"].(map[string]any)
		if name, _ := f["function_name"].(string); strings.HasPrefix(strings.ToLower(name), "duckdb_") || strings.HasPrefix(strings.ToLower(name), "pragma_") {
			return strings.ToLower(name)
		}
	}
	return ""
}

// sorted says whether an aggregate has an ORDER BY of its own.
func sorted(modifier any) bool {
	m, _ := modifier.(map[string]any)
	orders, _ := m["orders"].([]any)
	return len(orders) > 0
}

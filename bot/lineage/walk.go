package lineage

import (
	"sort"
	"strings"
)

// scope is the chain of common table expressions that a part of a statement sees, innermost first.
type scope struct {
	name  string // in lower case
	outer *scope
}

// sees says whether name is a common table expression here.
func (s *scope) sees(name string) bool {
	for ; s != nil; s = s.outer {
		if s.name == strings.ToLower(name) {
			return true
		}
	}
	return false
}

// with adds a name.
func (s *scope) with(name string) *scope { return &scope{name: strings.ToLower(name), outer: s} }

// recurring is the schema under which USING KEY recursion names its whole intermediate table.
const recurring = "recurring"

// walker collects what a tree uses.
type walker struct {
	tables         map[string]Name
	functions      map[string]bool
	tableFunctions map[string]bool
	samples        bool
}

// walk visits every part of the tree, whatever its kind: only those that name something or open a scope are special.
func (w *walker) walk(v any, s *scope) {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			w.walk(e, s)
		}
	case map[string]any:
		w.object(v, s)
	}
}

// object visits one node, reference or expression.
func (w *walker) object(o map[string]any, s *scope) {
	switch text(o, "class") {
	case "CONSTANT":
		return
	case "COLUMN_REF":
		w.column(o)
		return
	case "FUNCTION", "WINDOW":
		if is, _ := o["is_operator"].(bool); !is {
			w.functions[strings.ToLower(text(o, "function_name"))] = true
		}
	}
	w.sample(o["sample"])
	skip := ""
	switch text(o, "type") {
	case "BASE_TABLE":
		w.table(Name{text(o, "catalog_name"), text(o, "schema_name"), text(o, "table_name")}, s)
	case "SHOW_REF":
		w.tableFunctions[strings.ToLower(text(o, "show_type"))] = true
	case "TABLE_FUNCTION":
		w.tableFunction(o["function"], s)
		skip = "function"
	case "RECURSIVE_CTE_NODE":
		s = w.expressions(o, s)
		w.walk(o["right"], s.with(text(o, "cte_name"))) // the left part still sees what the name hides
		skip = "right"
	}
	if text(o, "type") != "RECURSIVE_CTE_NODE" {
		s = w.expressions(o, s)
	}
	for _, k := range keys(o) {
		if k != skip && k != "cte_map" {
			w.walk(o[k], s)
		}
	}
}

// expressions visits the WITH list of a node. Each entry sees those before it, not itself and not those after.
func (w *walker) expressions(node map[string]any, s *scope) *scope {
	list, _ := node["cte_map"].(map[string]any)
	entries, _ := list["map"].([]any)
	for _, e := range entries {
		entry, ok := e.(map[string]any)
		if !ok {
			continue
		}
		w.walk(entry["value"], s)
		s = s.with(text(entry, "key"))
	}
	return s
}

// table records a table unless it is a common table expression, which a schema never precedes.
func (w *walker) table(n Name, s *scope) {
	if n.Table == "" {
		return
	}
	bare := n.Catalog == "" && (n.Schema == "" || strings.EqualFold(n.Schema, recurring))
	if bare && s.sees(n.Table) {
		return
	}
	if _, ok := w.tables[fold(n)]; !ok {
		w.tables[fold(n)] = n
	}
}

// tableFunction records a function in FROM and visits its arguments.
func (w *walker) tableFunction(v any, s *scope) {
	f, ok := v.(map[string]any)
	if !ok {
		w.walk(v, s)
		return
	}
	if name := text(f, "function_name"); name != "" {
		w.tableFunctions[strings.ToLower(name)] = true
	}
	for _, k := range keys(f) {
		if k != "function_name" {
			w.walk(f[k], s)
		}
	}
}

// column records a function that SQL writes like a column.
func (w *walker) column(o map[string]any) {
	if path := texts(o["column_names"]); len(path) == 1 && bracketless(path[0]) {
		w.functions[strings.ToLower(path[0])] = true
	}
}

// bracketless says whether DuckDB takes a lone name that is no column for a function.
func bracketless(name string) bool {
	switch strings.ToLower(name) {
	case "current_catalog", "current_date", "current_role", "current_schema", "current_time", "current_timestamp",
		"current_user", "localtime", "localtimestamp", "session_user", "user":
		return true
	}
	return false
}

// sample records a sample that is drawn anew in each run: DuckDB writes a missing seed as -1.
func (w *walker) sample(v any) {
	o, ok := v.(map[string]any)
	if !ok {
		return
	}
	if seed, ok := o["seed"].(float64); !ok || seed < 0 {
		w.samples = true
	}
}

// text is a string among an object's fields; empty if there is none.
func text(o map[string]any, key string) string {
	s, _ := o[key].(string)
	return s
}

// texts is a list of strings; entries that are none are left out.
func texts(v any) []string {
	list, _ := v.([]any)
	var out []string
	for _, e := range list {
		if s, ok := e.(string); ok {
			out = append(out, s)
		}
	}
	return out
}

// keys are an object's fields in a fixed order, so that the same tree always gives the same spelling.
func keys(o map[string]any) []string {
	out := make([]string, 0, len(o))
	for k := range o {
		out = append(out, k)
	}
	sort.Strings(out)
	return out
}

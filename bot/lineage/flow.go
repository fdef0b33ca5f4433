package lineage

import (
	"encoding/json"
	"strings"
)

// Flow says under which names a statement passes on the values of the columns that it reads. It knows names only, not which
// table they belong to, so it says rather too much than too little.
type Flow struct {
	// edges are, by the name that a value gets, the names that it depends on; values are those of them that it may be
	// made of, without what only conditions, orders and windows look at. Names are in lower case.
	edges, values map[string]map[string]bool
	// names are all names of columns and aliases.
	names map[string]bool
	// opened are the names whose fields become columns, by unnest or by name.*.
	opened map[string]bool
	tables map[string]bool
	hidden bool
}

// whole stands for all columns of a row.
const whole = "*"

// FlowOf reads the document that DuckDB's json_serialize_sql writes.
func FlowOf(tree json.RawMessage) (Flow, error) {
	statements, err := statementsOf(tree)
	if err != nil {
		return Flow{}, err
	}
	f := Flow{
		edges: map[string]map[string]bool{}, values: map[string]map[string]bool{},
		names: map[string]bool{}, opened: map[string]bool{}, tables: map[string]bool{},
	}
	f.name(statements)
	f.visit(statements)
	return f, nil
}

// Knows says whether the statement writes the name, as a column or as an alias.
func (f Flow) Knows(name string) bool { return f.names[strings.ToLower(name)] }

// Reached are the names, in lower case, that values of the columns named in from may come out under, from included. The
// columns of the tables that are read must be in from by their names in lower case. With all, any output may hold such a
// value: the statement renames by position, by pattern or by opening up a structure.
func (f Flow) Reached(from map[string]bool) (names map[string]bool, all bool) {
	names = map[string]bool{}
	if len(from) == 0 {
		return names, false
	}
	names[whole] = true
	for n := range from {
		names[n] = true
	}
	for grown := true; grown; {
		grown = false
		for to, sources := range f.edges {
			if !names[to] && intersects(sources, names) {
				names[to], grown = true, true
			}
		}
	}
	all = f.hidden || intersects(f.opened, names)
	delete(names, whole)
	return names, all
}

// Sources are the names, in lower case, whose values the columns named in to may be made of, to included.
func (f Flow) Sources(to map[string]bool) map[string]bool {
	names := map[string]bool{}
	queue := make([]string, 0, len(to))
	for n := range to {
		queue = append(queue, n)
	}
	for len(queue) > 0 {
		next := queue[0]
		queue = queue[1:]
		if names[next] || next == whole {
			continue
		}
		names[next] = true
		for n := range f.values[next] {
			queue = append(queue, n)
		}
	}
	return names
}

func intersects(a, b map[string]bool) bool {
	for n := range a {
		if b[n] {
			return true
		}
	}
	return false
}

// name collects the names of tables, their aliases and common table expressions.
func (f *Flow) name(node any) {
	switch n := node.(type) {
	case []any:
		for _, e := range n {
			f.name(e)
		}
	case map[string]any:
		if text(n, "class") == "" {
			names := []string{text(n, "table_name"), text(n, "alias"), text(n, "cte_name")}
			if value, _ := n["value"].(map[string]any); value["query"] != nil {
				names = append(names, text(n, "key"))
			}
			for _, s := range names {
				if s != "" {
					f.tables[strings.ToLower(s)] = true
				}
			}
		}
		for _, v := range n {
			f.name(v)
		}
	}
}

// visit walks the tree and records what passes under which name.
func (f *Flow) visit(node any) {
	switch n := node.(type) {
	case []any:
		for _, e := range n {
			f.visit(e)
		}
	case map[string]any:
		f.object(n)
		for _, v := range n {
			f.visit(v)
		}
	}
}

func (f *Flow) object(o map[string]any) {
	class, typ := text(o, "class"), text(o, "type")
	if class != "" && text(o, "alias") != "" {
		f.pass(text(o, "alias"), o)
	}
	switch {
	case class == "COLUMN_REF":
		parts := texts(o["column_names"])
		for _, p := range parts {
			f.names[strings.ToLower(p)] = true
		}
		if len(parts) > 1 {
			f.pass(parts[len(parts)-1], o)
		}
	case class == "POSITIONAL_REFERENCE":
		f.hidden = true
	case class == "STAR":
		f.star(o)
	case class == "FUNCTION" && strings.EqualFold(text(o, "function_name"), "unnest"):
		refs := references{tables: f.tables, found: map[string]bool{}}
		refs.walk(o["children"])
		for n := range refs.found {
			f.opened[n] = true
		}
	case typ == "SET_OPERATION_NODE" || typ == "RECURSIVE_CTE_NODE":
		f.branches(o["left"], o["right"])
		children, _ := o["children"].([]any)
		for i := 1; i < len(children); i++ {
			f.branches(children[0], children[i])
		}
	case typ == "PIVOT" || typ == "SHOW_REF":
		f.hidden = true
	case typ == "TABLE_FUNCTION":
		function, _ := o["function"].(map[string]any)
		switch strings.ToLower(text(function, "function_name")) {
		case "range", "generate_series", "unnest":
		default:
			f.hidden = true
		}
	}
	if !empty(o["column_name_alias"]) || !empty(o["aliases"]) {
		f.hidden = true
	}
}

// star records a star that renames, and the structure or table that it opens.
func (f *Flow) star(o map[string]any) {
	if columns, _ := o["columns"].(bool); columns {
		f.hidden = true
	}
	if relation := text(o, "relation_name"); relation != "" {
		f.opened[strings.ToLower(relation)] = true
	}
	replaced, _ := o["replace_list"].([]any)
	for _, r := range replaced {
		if entry, ok := r.(map[string]any); ok {
			f.pass(text(entry, "key"), entry["value"])
		}
	}
	renamed, _ := o["rename_list"].([]any)
	for _, r := range renamed {
		entry, _ := r.(map[string]any)
		key, _ := entry["key"].(map[string]any)
		from, to := text(key, "column"), text(entry, "value")
		if from == "" || to == "" {
			f.hidden = true
			continue
		}
		f.pass(to, map[string]any{"class": "COLUMN_REF", "column_names": []any{from}})
	}
}

// pass records that the value of an expression gets a name.
func (f *Flow) pass(name string, expression any) {
	name = strings.ToLower(name)
	f.names[name] = true
	all := references{tables: f.tables, found: map[string]bool{}}
	all.walk(expression)
	values := references{tables: f.tables, found: map[string]bool{}, values: true}
	values.walk(expression)
	merge(f.edges, name, all.found)
	merge(f.values, name, values.found)
}

func merge(into map[string]map[string]bool, name string, found map[string]bool) {
	if into[name] == nil {
		into[name] = map[string]bool{}
	}
	for n := range found {
		into[name][n] = true
	}
}

// branches records that the columns of one branch of a set operation come out under the names of the other's.
func (f *Flow) branches(left, right any) {
	to, from := selectList(left), selectList(right)
	if len(to) != len(from) {
		f.hidden = true
		return
	}
	for i := range to {
		l, _ := to[i].(map[string]any)
		r, _ := from[i].(map[string]any)
		name := outputName(l)
		if name == "" || text(r, "class") == "STAR" {
			f.hidden = true
			continue
		}
		f.pass(name, r)
	}
}

// selectList are the expressions of a query, or of its first branch.
func selectList(query any) []any {
	o, _ := query.(map[string]any)
	if list, ok := o["select_list"].([]any); ok {
		return list
	}
	if node, ok := o["node"]; ok {
		return selectList(node)
	}
	if children, ok := o["children"].([]any); ok && len(children) > 0 {
		return selectList(children[0])
	}
	if left, ok := o["left"]; ok {
		return selectList(left)
	}
	return nil
}

// outputName is the name that a select expression's column gets; empty if DuckDB makes one up.
func outputName(o map[string]any) string {
	if alias := text(o, "alias"); alias != "" {
		return alias
	}
	parts := texts(o["column_names"])
	if text(o, "class") != "COLUMN_REF" || len(parts) == 0 {
		return ""
	}
	return parts[len(parts)-1]
}

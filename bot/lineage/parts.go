package lineage

import (
	"encoding/json"
	"strings"
)

// part is a part of a statement that may repeat elsewhere.
type part struct {
	// tree is the statement, start and end the range of its nodes in the order of the walk.
	tree, start, end int
	sum
	kind OverlapKind
	node map[string]any
}

// sum is what remains of a part when its spelling is taken away.
type sum struct {
	hash              string
	nodes, operations int
}

// largestPart is how many nodes a part may have; what is larger is compared piece by piece.
const largestPart = 4000

// partsOf finds the parts of a statement, and its number of nodes.
func partsOf(tree int, statements []any) ([]part, int) {
	f := finder{tree: tree}
	f.walk(statements, nil)
	return f.parts, f.next
}

// meaning is what the name of a common table expression stands for.
type meaning struct {
	name string
	sum
	outer *meaning
}

func (m *meaning) of(name string) (s sum, ok bool) {
	for ; m != nil; m = m.outer {
		if m.name == strings.ToLower(name) {
			return m.sum, true
		}
	}
	return sum{}, false
}

// with adds the WITH list of a node. Each entry sees those before it.
func (m *meaning) with(node map[string]any) *meaning {
	list, _ := node["cte_map"].(map[string]any)
	entries, _ := list["map"].([]any)
	for _, e := range entries {
		entry, ok := e.(map[string]any)
		if !ok {
			continue
		}
		s, _ := summarise(entry["value"], m, true)
		m = &meaning{name: strings.ToLower(text(entry, "key")), sum: s, outer: m}
	}
	return m
}

// finder walks a statement and sums up its parts.
type finder struct {
	tree, next int
	parts      []part
}

func (f *finder) walk(node any, names *meaning) {
	switch n := node.(type) {
	case []any:
		for _, e := range n {
			f.walk(e, names)
		}
	case map[string]any:
		f.object(n, names)
	}
}

func (f *finder) object(o map[string]any, names *meaning) {
	start := f.next
	if isNode(o) {
		f.next++
	}
	inner := f.definitions(o, names)
	isSelect := text(o, "type") == "SELECT_NODE"
	if isSelect {
		from := f.next
		f.walk(o["from_table"], inner)
		f.walk(o["where_clause"], inner)
		source := map[string]any{"from_table": o["from_table"], "where_clause": o["where_clause"]}
		f.take(part{tree: f.tree, start: from, end: f.next, kind: SourceOverlap, node: source}, inner)
	}
	for _, k := range keys(o) {
		if k != "cte_map" && !(isSelect && (k == "from_table" || k == "where_clause")) {
			f.walk(o[k], inner)
		}
	}
	if kind, ok := kindOf(o); ok {
		f.take(part{tree: f.tree, start: start, end: f.next, kind: kind, node: o}, names)
	}
}

// definitions visits the WITH list of a node and returns what its names stand for.
func (f *finder) definitions(o map[string]any, names *meaning) *meaning {
	list, _ := o["cte_map"].(map[string]any)
	entries, _ := list["map"].([]any)
	for i := range entries {
		entry, _ := entries[i].(map[string]any)
		before := names.with(map[string]any{"cte_map": map[string]any{"map": entries[:i]}})
		f.walk(entry["value"], before)
	}
	return names.with(o)
}

func (f *finder) take(p part, names *meaning) {
	if s, ok := summarise(p.node, names, p.kind != QueryOverlap); ok {
		p.sum = s
		f.parts = append(f.parts, p)
	}
}

// isNode says whether an object counts: an expression, something in FROM, or a query.
func isNode(o map[string]any) bool {
	if text(o, "class") != "" {
		return true
	}
	switch text(o, "type") {
	case "BASE_TABLE", "JOIN", "SUBQUERY", "TABLE_FUNCTION", "EXPRESSION_LIST", "PIVOT", "SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE":
		return true
	}
	return false
}

// kindOf says what kind of part an object is; ok is false if it is none on its own.
func kindOf(o map[string]any) (kind OverlapKind, ok bool) {
	switch text(o, "type") {
	case "SELECT_NODE", "SET_OPERATION_NODE":
		return QueryOverlap, true
	}
	return ExpressionOverlap, computes(o)
}

// computes says whether an object is an expression that is more than a name, a value or a cast.
func computes(o map[string]any) bool {
	switch text(o, "class") {
	case "CASE", "FUNCTION", "OPERATOR", "CONJUNCTION", "COMPARISON", "WINDOW", "BETWEEN", "SUBQUERY":
		return true
	}
	return false
}

// statement is a document that shows the part as SQL.
func (p part) statement() json.RawMessage {
	node := p.node
	if p.kind != QueryOverlap {
		node = map[string]any{
			"type": "SELECT_NODE", "modifiers": []any{}, "cte_map": map[string]any{"map": []any{}},
			"select_list":  []any{p.node},
			"from_table":   map[string]any{"type": "EMPTY", "alias": "", "sample": nil},
			"where_clause": nil, "group_expressions": []any{}, "group_sets": []any{},
			"aggregate_handling": "STANDARD_HANDLING", "having": nil, "sample": nil, "qualify": nil,
		}
		if p.kind == SourceOverlap {
			node["select_list"] = []any{map[string]any{
				"class": "STAR", "type": "STAR", "alias": "", "relation_name": "", "exclude_list": []any{}, "replace_list": []any{}, "columns": false,
				"expr": nil, "qualified_exclude_list": []any{}, "rename_list": []any{},
			}}
			node["from_table"], node["where_clause"] = p.node["from_table"], p.node["where_clause"]
		}
	}
	document := map[string]any{"error": false, "statements": []any{map[string]any{"node": unplaced(node), "named_param_map": []any{}}}}
	data, err := json.Marshal(document)
	if err != nil {
		return nil // what was JSON can be JSON again
	}
	return data
}

// unplaced is a copy without places, which do not survive Go's numbers.
func unplaced(v any) any {
	switch v := v.(type) {
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = unplaced(e)
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, e := range v {
			if k != "query_location" {
				out[k] = unplaced(e)
			}
		}
		return out
	}
	return v
}

package lineage

import (
	"encoding/json"
	"slices"
	"strings"
)

// Star is a * or t.* in a select list that stands for all columns of a table: of one that is no common table expression and no subquery of
// the statement's own.
type Star struct {
	Table Name
	// Offset is where it is in the text, in bytes.
	Offset int
	// Result says that what it stands for comes out of the statement, straight or through further stars: no list of columns on the way
	// says which.
	Result bool
	// Followed are the names, as written, of the columns that come after it in its list. DuckDB calls the second of two columns with one name
	// name_1, so that a column of the table with one of these names would be taken in its place. Names that the star excludes are left out.
	Followed []string
}

// Grouping is a GROUP BY that doesn't name its columns.
type Grouping struct {
	// All says that it is GROUP BY ALL; else Positions are the numbers that stand for columns of the select list, in order.
	All       bool
	Positions []int
	// Offset is where in the text, in bytes, the number is; for GROUP BY ALL, which the parse tree doesn't place, the last place in the SELECT
	// that is known to be before it.
	Offset int
}

// Habits are the ways of writing in a statement that say less than they could.
type Habits struct {
	Stars     []Star
	Groupings []Grouping
}

// HabitsOf reads the document that DuckDB's json_serialize_sql writes. What it finds is in the order of the text.
func HabitsOf(tree json.RawMessage) (Habits, error) {
	statements, err := statementsOf(tree)
	if err != nil {
		return Habits{}, err
	}
	h := habits{result: map[int]bool{}}
	for _, s := range statements {
		if o, ok := s.(map[string]any); ok {
			h.results(o["node"], nil)
		}
		h.walk(s, nil)
	}
	slices.SortStableFunc(h.found.Stars, func(a, b Star) int { return a.Offset - b.Offset })
	slices.SortStableFunc(h.found.Groupings, func(a, b Grouping) int { return a.Offset - b.Offset })
	return h.found, nil
}

// named is the chain of common table expressions that a part of a statement sees, innermost first, with what they stand for.
type named struct {
	name  string // in lower case
	query any    // nil for one that is only being defined
	sees  *named // what the query sees
	outer *named
}

func (n *named) find(name string) (*named, bool) {
	for ; n != nil; n = n.outer {
		if n.name == strings.ToLower(name) {
			return n, true
		}
	}
	return nil, false
}

// with adds an entry of a WITH list, which sees those before it.
func (n *named) with(entry map[string]any) *named {
	value, _ := entry["value"].(map[string]any)
	query, _ := value["query"].(map[string]any)
	return &named{name: strings.ToLower(text(entry, "key")), query: query["node"], sees: n, outer: n}
}

// definitions are the entries of a node's WITH list.
func definitions(node map[string]any) (entries []map[string]any) {
	list, _ := node["cte_map"].(map[string]any)
	all, _ := list["map"].([]any)
	for _, e := range all {
		if entry, ok := e.(map[string]any); ok {
			entries = append(entries, entry)
		}
	}
	return entries
}

// habits finds the habits of a statement.
type habits struct {
	found Habits
	// result are the places of the stars whose columns come out of the statement.
	result map[int]bool
	// steps counts the queries that were looked at for results.
	steps int
}

// mostSteps is how many queries are looked at for what comes out of a statement: a few that each double the one before would be endless.
const mostSteps = 10_000

// results marks the stars whose columns come out of a query.
func (h *habits) results(query any, names *named) {
	o, ok := query.(map[string]any)
	if h.steps++; !ok || h.steps > mostSteps {
		return
	}
	for _, entry := range definitions(o) {
		names = names.with(entry)
	}
	if text(o, "type") != "SELECT_NODE" {
		for _, branch := range []any{o["left"], o["right"]} {
			h.results(branch, names)
		}
		children, _ := o["children"].([]any)
		for _, branch := range children {
			h.results(branch, names)
		}
		return
	}
	list, _ := o["select_list"].([]any)
	for _, e := range list {
		star, ok := e.(map[string]any)
		if !ok || !isStar(star) {
			continue
		}
		h.result[offset(star)] = true
		for _, source := range sources(o["from_table"], text(star, "relation_name")) {
			if text(source, "type") == "SUBQUERY" {
				inner, _ := source["subquery"].(map[string]any)
				h.results(inner["node"], names)
			} else if c, ok := names.find(text(source, "table_name")); ok && text(source, "schema_name") == "" {
				h.results(c.query, c.sees)
			}
		}
	}
}

// walk finds stars and groupings in every part of the tree.
func (h *habits) walk(v any, names *named) {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			h.walk(e, names)
		}
	case map[string]any:
		h.object(v, names)
	}
}

func (h *habits) object(o map[string]any, names *named) {
	for _, entry := range definitions(o) {
		h.walk(entry["value"], names)
		names = names.with(entry)
	}
	switch text(o, "type") {
	case "SELECT_NODE":
		h.stars(o, names)
		h.grouping(o)
	case "RECURSIVE_CTE_NODE":
		h.walk(o["left"], names)
		h.walk(o["right"], &named{name: strings.ToLower(text(o, "cte_name")), outer: names})
		return
	}
	for _, k := range keys(o) {
		if k != "cte_map" {
			h.walk(o[k], names)
		}
	}
}

// stars finds the stars in a SELECT that stand for tables.
func (h *habits) stars(o map[string]any, names *named) {
	list, _ := o["select_list"].([]any)
	for i, e := range list {
		star, ok := e.(map[string]any)
		if !ok || !isStar(star) {
			continue
		}
		for _, source := range sources(o["from_table"], text(star, "relation_name")) {
			n := Name{text(source, "catalog_name"), text(source, "schema_name"), text(source, "table_name")}
			if text(source, "type") != "BASE_TABLE" {
				continue
			}
			if _, ok := names.find(n.Table); ok && n.Schema == "" {
				continue
			}
			h.found.Stars = append(h.found.Stars, Star{Table: n, Offset: offset(star), Result: h.result[offset(star)], Followed: followed(star, list[i+1:])})
		}
	}
}

// isStar says whether an expression is a plain star, not COLUMNS(…), which names what it takes by a pattern.
func isStar(o map[string]any) bool {
	columns, _ := o["columns"].(bool)
	return text(o, "class") == "STAR" && !columns
}

// followed are the names that come after a star, without those that it excludes.
func followed(star map[string]any, rest []any) (names []string) {
	excluded := texts(star["exclude_list"])
	for _, e := range rest {
		o, _ := e.(map[string]any)
		name := outputName(o)
		if name != "" && !slices.ContainsFunc(excluded, func(x string) bool { return strings.EqualFold(x, name) }) {
			names = append(names, name)
		}
	}
	return names
}

// sources are the tables and subqueries in FROM; only the one that relation names, if it is not empty.
func sources(from any, relation string) (out []map[string]any) {
	o, ok := from.(map[string]any)
	if !ok {
		return nil
	}
	if text(o, "type") == "JOIN" {
		return append(sources(o["left"], relation), sources(o["right"], relation)...)
	}
	name := text(o, "alias")
	if name == "" {
		name = text(o, "table_name")
	}
	if relation != "" && !strings.EqualFold(relation, name) {
		return nil
	}
	return []map[string]any{o}
}

// grouping finds a GROUP BY that doesn't name its columns.
func (h *habits) grouping(o map[string]any) {
	if text(o, "aggregate_handling") == "FORCE_AGGREGATES" {
		before := []any{o["select_list"], o["from_table"], o["where_clause"]}
		h.found.Groupings = append(h.found.Groupings, Grouping{All: true, Offset: last(before)})
		return
	}
	var g Grouping
	expressions, _ := o["group_expressions"].([]any)
	for _, e := range expressions {
		by, _ := e.(map[string]any)
		n, ok := position(by)
		if !ok {
			continue
		}
		if len(g.Positions) == 0 {
			g.Offset = offset(by)
		}
		g.Positions = append(g.Positions, n)
	}
	if len(g.Positions) > 0 {
		h.found.Groupings = append(h.found.Groupings, g)
	}
}

// position is the number of the column that an expression in GROUP BY stands for; ok is false if it stands for itself.
func position(o map[string]any) (n int, ok bool) {
	if text(o, "class") == "POSITIONAL_REFERENCE" {
		index, ok := o["index"].(float64)
		return int(index), ok
	}
	value, _ := o["value"].(map[string]any)
	number, ok := value["value"].(float64)
	return int(number), ok && text(o, "class") == "CONSTANT"
}

// offset is where a node is in the text, in bytes; 0 if that is not known, for which DuckDB writes a number larger than any text.
func offset(o map[string]any) int {
	at, ok := o["query_location"].(float64)
	if !ok || at < 0 || at > 1<<40 {
		return 0
	}
	return int(at)
}

// last is the largest offset in a part of the tree.
func last(v any) (most int) {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			most = max(most, last(e))
		}
	case map[string]any:
		most = offset(v)
		for _, e := range v {
			most = max(most, last(e))
		}
	}
	return most
}

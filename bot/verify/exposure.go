package verify

import (
	"encoding/json"
	"strings"
)

// exposure is what a query could show of the tables that it reads, by its parse tree.
type exposure struct {
	refs       map[string]bool // the columns of references and fields of them, in lower case
	qualifiers map[string]bool // what stands before a column: a table, or a column that holds a structure
	single     map[string]bool // references without a table before them
	// harmless are names of the result that the caller vouches for. What a query says of its names is no such thing: an alias in one
	// place does not tell what the same name means in another.
	harmless map[string]bool
	tables   map[string]bool // names and aliases of tables
	star     bool
	// renames says that values may come out under names which the references do not tell: by position, by a list of
	// aliases, by COLUMNS, a pivot, a set operation on stars, or a table function that reads tables.
	renames bool
	setOps  bool
}

// exposureOf reads a document of DuckDB's json_serialize_sql. What can't be read could show anything.
func exposureOf(tree json.RawMessage) exposure {
	e := exposure{refs: map[string]bool{}, qualifiers: map[string]bool{}, single: map[string]bool{}, tables: map[string]bool{}}
	var doc any
	if json.Unmarshal(tree, &doc) != nil {
		e.renames = true
		return e
	}
	e.walk(doc, false)
	if e.star && e.setOps {
		e.renames = true
	}
	for name := range e.single {
		if e.tables[name] { // a table's name alone stands for the whole row
			e.renames = true
		}
	}
	return e
}

// walk collects what a node says. inValue tells a star of a subquery whose one value is shown, under another name.
func (e *exposure) walk(node any, inValue bool) {
	switch n := node.(type) {
	case []any:
		for _, v := range n {
			e.walk(v, inValue)
		}
	case map[string]any:
		e.node(n, inValue)
		if s, _ := n["subquery_type"].(string); s != "" {
			inValue = s == "SCALAR"
		}
		for _, v := range n {
			e.walk(v, inValue)
		}
	}
}

func (e *exposure) node(n map[string]any, inValue bool) {
	class, _ := n["class"].(string)
	typ, _ := n["type"].(string)
	switch {
	case class == "COLUMN_REF":
		names, _ := n["column_names"].([]any)
		for i, part := range names {
			s, _ := part.(string)
			if i < len(names)-1 {
				e.qualifiers[foldName(s)] = true
				continue
			}
			e.refs[foldName(s)] = true
			if len(names) == 1 {
				e.single[foldName(s)] = true
			}
		}
	case class == "POSITIONAL_REFERENCE":
		e.renames = true
	case class == "STAR":
		e.star = true
		columns, _ := n["columns"].(bool)
		e.renames = e.renames || columns || inValue || filled(n["rename_list"]) || filled(n["replace_list"])
	case typ == "SET_OPERATION_NODE" || typ == "RECURSIVE_CTE_NODE":
		e.setOps = true
	case typ == "PIVOT" || typ == "SHOW_REF":
		e.renames = true
	case typ == "TABLE_FUNCTION":
		function, _ := n["function"].(map[string]any)
		name, _ := function["function_name"].(string)
		e.renames = e.renames || name != "range" && name != "generate_series" && name != "unnest"
	}
	if class == "" {
		for _, key := range []string{"table_name", "alias"} {
			if s, _ := n[key].(string); s != "" {
				e.tables[foldName(s)] = true
			}
		}
	}
	if key, ok := n["key"].(string); ok { // a common table expression
		e.tables[foldName(key)] = true
	}
	e.renames = e.renames || filled(n["column_name_alias"]) || filled(n["aliases"])
}

// filled says whether a node's list or map holds anything.
func filled(v any) bool {
	switch v := v.(type) {
	case []any:
		return len(v) > 0
	case map[string]any:
		return len(v) > 0
	}
	return false
}

// hidesAll says whether no value of the query's result may be shown: it names a classified column, or one that no spec
// knows and that may hold the values of a classified one under another name.
func (m mask) hidesAll(e exposure) bool {
	if len(m.classified) == 0 {
		return false
	}
	if e.renames {
		return true
	}
	for name := range e.refs {
		if m.classified[name] || !m.known[name] {
			return true
		}
	}
	for name := range e.qualifiers {
		if !e.tables[name] && (m.classified[name] || !m.known[name]) {
			return true
		}
	}
	return false
}

// hidesResult says whether one column of a result must not be shown: a star may bring what no spec knows.
func (m mask) hidesResult(name string, e exposure) bool {
	name = foldName(strings.TrimSpace(name))
	return m.classified[name] || e.star && len(m.classified) > 0 && !m.known[name] && !e.harmless[name]
}

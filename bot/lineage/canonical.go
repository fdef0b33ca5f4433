package lineage

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"strings"
)

// summarise writes a part in a form that is the same for equal parts, and hashes it. With named, the names of its results
// count. It returns false for a part that is too large.
func summarise(node any, names *meaning, named bool) (sum, bool) {
	w := writer{qualifiers: map[string]int{}, named: named}
	w.write(node, names)
	if w.nodes > largestPart {
		return sum{hash: fmt.Sprintf("%p", node), nodes: w.nodes}, false // equal to nothing
	}
	form := w.b.String()
	if len(w.qualifiers) <= 1 { // with one table it does not matter whether its columns say so
		form = strings.NewReplacer("\x01", "", "\x02", "").Replace(form)
	}
	hash := sha256.Sum256([]byte(form))
	return sum{hash: string(hash[:]), nodes: w.nodes, operations: w.operations}, true
}

// writer writes the form of a part: without places, without the names of tables' aliases, and with common table
// expressions by what they compute.
type writer struct {
	b                 strings.Builder
	qualifiers        map[string]int
	named             bool
	nodes, operations int
}

func (w *writer) write(node any, names *meaning) {
	if w.nodes > largestPart {
		return
	}
	switch n := node.(type) {
	case []any:
		w.b.WriteByte('[')
		for _, e := range n {
			w.write(e, names)
			w.b.WriteByte(',')
		}
		w.b.WriteByte(']')
	case map[string]any:
		w.object(n, names)
	default:
		data, _ := json.Marshal(n) // what was JSON can be JSON again
		w.b.Write(data)
	}
}

func (w *writer) object(o map[string]any, names *meaning) {
	if isNode(o) {
		w.nodes++
	}
	if computes(o) || text(o, "type") == "JOIN" {
		w.operations++
	}
	outer := names
	names = names.with(o)
	for m := names; m != outer; m = m.outer {
		w.nodes, w.operations = w.nodes+m.nodes, w.operations+m.operations
	}
	switch {
	case text(o, "class") == "COLUMN_REF":
		parts := texts(o["column_names"])
		w.b.WriteString("{column ")
		if len(parts) > 0 {
			w.qualifier(strings.Join(parts[:len(parts)-1], "."))
			fmt.Fprintf(&w.b, "%q", strings.ToLower(parts[len(parts)-1]))
		}
		w.b.WriteByte('}')
		return
	case text(o, "type") == "BASE_TABLE":
		w.table(o, names)
		return
	}
	w.b.WriteByte('{')
	named := w.named
	if text(o, "type") == "SELECT_NODE" {
		w.named = true // of queries inside
		defer func() { w.named = named }()
	}
	// The tables come first: their aliases get their numbers in the order of FROM.
	if from, ok := o["from_table"]; ok {
		w.field("from_table", from, names)
	}
	for _, k := range keys(o) {
		switch k {
		case "query_location", "cte_map", "from_table":
		case "alias":
			if text(o, "class") == "" {
				w.qualifier(text(o, "alias"))
			}
		case "select_list":
			w.list(o[k], names, named)
		case "group_expressions":
			w.list(o[k], names, false)
		default:
			w.field(k, o[k], names)
		}
	}
	w.b.WriteByte('}')
}

// field writes a field that holds anything.
func (w *writer) field(key string, value any, names *meaning) {
	if value == false || value == "" || empty(value) {
		return
	}
	w.b.WriteString(key)
	w.b.WriteByte(':')
	w.write(value, names)
	w.b.WriteByte(';')
}

// list writes a list of results. Plain columns in it, cast or not, are no weight.
func (w *writer) list(v any, names *meaning, named bool) {
	items, _ := v.([]any)
	w.b.WriteByte('<')
	for _, e := range items {
		before := w.nodes
		item, _ := e.(map[string]any)
		w.write(e, names)
		if named {
			fmt.Fprintf(&w.b, " as %q", strings.ToLower(outputName(item)))
		}
		if isPlain(item) {
			w.nodes = before
		}
		w.b.WriteByte(',')
	}
	w.b.WriteByte('>')
}

func isPlain(o map[string]any) bool {
	switch text(o, "class") {
	case "COLUMN_REF", "STAR", "CONSTANT":
		return true
	case "CAST":
		child, _ := o["child"].(map[string]any)
		return isPlain(child)
	}
	return false
}

// table writes a table, or the common table expression that its name stands for.
func (w *writer) table(o map[string]any, names *meaning) {
	alias := text(o, "alias")
	if alias == "" {
		alias = text(o, "table_name")
	}
	w.b.WriteString("{table ")
	name := Name{text(o, "catalog_name"), text(o, "schema_name"), text(o, "table_name")}
	if s, ok := names.of(name.Table); ok && name.Schema == "" && name.Catalog == "" {
		fmt.Fprintf(&w.b, "with %x ", s.hash)
	} else {
		fmt.Fprintf(&w.b, "%q ", fold(name))
	}
	w.qualifier(alias)
	for _, k := range []string{"sample", "column_name_alias", "at_clause"} {
		w.field(k, o[k], names)
	}
	w.b.WriteByte('}')
}

// qualifier writes the name of a table before a column as the number of its first appearance, so that aliases do not matter.
func (w *writer) qualifier(name string) {
	if name == "" {
		w.b.WriteString("\x02")
		return
	}
	name = strings.ToLower(name)
	n, ok := w.qualifiers[name]
	if !ok {
		n = len(w.qualifiers) + 1
		w.qualifiers[name] = n
	}
	if n == 1 {
		w.b.WriteString("\x01")
		return
	}
	fmt.Fprintf(&w.b, "\x03%d", n)
}

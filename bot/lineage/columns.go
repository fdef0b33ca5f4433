package lineage

import (
	"encoding/json"
	"strings"
)

// Columns lists, sorted and in lower case, every part of every column reference in the statements, wherever it
// stands. A star names none.
func Columns(tree json.RawMessage) ([]string, error) {
	statements, err := statementsOf(tree)
	if err != nil {
		return nil, err
	}
	found := map[string]bool{}
	collectColumns(statements, found)
	return sorted(found), nil
}

// collectColumns walks a tree. Unlike tables, columns need no scopes: a name is all that is asked.
func collectColumns(node any, found map[string]bool) {
	switch n := node.(type) {
	case []any:
		for _, e := range n {
			collectColumns(e, found)
		}
	case map[string]any:
		if text(n, "class") == "COLUMN_REF" {
			names, _ := n["column_names"].([]any)
			for _, name := range names { // a field of a struct comes last, its column before it
				if s, ok := name.(string); ok {
					found[strings.ToLower(s)] = true
				}
			}
		}
		for _, v := range n {
			collectColumns(v, found)
		}
	}
}

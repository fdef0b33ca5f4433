package lineage

import "strings"

// references collects the names that an expression depends on, or with values those that its value may be made of.
type references struct {
	tables map[string]bool
	found  map[string]bool
	values bool
}

func (r *references) walk(node any) {
	switch n := node.(type) {
	case []any:
		for _, e := range n {
			r.walk(e)
		}
	case map[string]any:
		r.object(n)
	}
}

func (r *references) object(o map[string]any) {
	switch class := text(o, "class"); {
	case class == "CONSTANT":
		return
	case class == "STAR":
		r.found[whole] = true
	case class == "COLUMN_REF":
		parts := texts(o["column_names"])
		for _, p := range parts {
			r.found[strings.ToLower(p)] = true
		}
		if len(parts) == 1 && r.tables[strings.ToLower(parts[0])] {
			r.found[whole] = true // a table's name alone is the whole row
		}
		return
	case class == "FUNCTION" && strings.EqualFold(text(o, "function_name"), "count"), isNullTest(o):
		r.walk(o["filter"])
		return
	case r.values && class == "COMPARISON":
		return
	}
	for k, v := range o {
		if r.values && (k == "when_expr" || k == "partitions" || k == "orders" || k == "order_bys" || k == "filter" || k == "where_clause" || k == "having" ||
			k == "qualify" || k == "group_expressions" || k == "condition") {
			continue
		}
		r.walk(v)
	}
}

// isNullTest says whether an expression only asks if a column is NULL, which tells nothing of its value.
func isNullTest(o map[string]any) bool {
	if typ := text(o, "type"); typ != "OPERATOR_IS_NULL" && typ != "OPERATOR_IS_NOT_NULL" {
		return false
	}
	children, _ := o["children"].([]any)
	if len(children) != 1 {
		return false
	}
	child, _ := children[0].(map[string]any)
	return text(child, "class") == "COLUMN_REF"
}

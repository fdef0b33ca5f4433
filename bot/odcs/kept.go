package odcs

import "strings"

// editsValue is the form in which edits stand in spec.yaml: a list of
//
//	{at: /schema/orders/businessName, value: Orders}
//
// where "of" is what the spec would make there, "value" what the contract says instead (without it: nothing), and
// "insert" the place in the list at which value is added.
func editsValue(edits []edit) []any {
	out := make([]any, len(edits))
	escape := strings.NewReplacer("~", "~0", "/", "~1")
	for i, e := range edits {
		m := map[string]any{}
		var at strings.Builder
		for _, s := range e.at {
			at.WriteString("/" + escape.Replace(s))
		}
		m["at"] = at.String()
		if e.hasOf {
			m["of"] = plain(e.of)
		}
		if e.hasValue {
			m["value"] = plain(e.value)
		}
		if e.insert >= 0 {
			m["insert"] = int64(e.insert)
		}
		out[i] = m
	}
	return out
}

// keptEdits reads what editsValue made; ok is false if custom holds nothing of that form.
func keptEdits(custom map[string]any) (edits []edit, ok bool) {
	list, ok := plain(custom[customKey]).([]any)
	if !ok || len(list) == 0 {
		return nil, false
	}
	unescape := strings.NewReplacer("~1", "/", "~0", "~")
	for _, v := range list {
		m, isMap := v.(map[string]any)
		at, isText := m["at"].(string)
		if !isMap || !isText || !strings.HasPrefix(at, "/") {
			return nil, false
		}
		e := edit{insert: -1}
		for _, s := range strings.Split(at[1:], "/") {
			e.at = append(e.at, unescape.Replace(s))
		}
		e.of, e.hasOf = m["of"]
		e.value, e.hasValue = m["value"]
		if n, has := m["insert"]; has {
			i, isInt := n.(int64)
			if !isInt || i < 0 || !e.hasValue {
				return nil, false
			}
			e.insert = int(i)
		}
		edits = append(edits, e)
	}
	return edits, true
}

// ownCustom is custom without what keptEdits reads.
func ownCustom(custom map[string]any) map[string]any {
	_, kept := keptEdits(custom)
	out := map[string]any{}
	for k, v := range custom {
		if k != customKey || !kept {
			out[k] = v
		}
	}
	return out
}

package lineage

import (
	"encoding/json"
	"math/big"
	"strings"
)

// Constants lists, sorted and each once, the strings and numbers that stand in the statements, as text.
func Constants(tree json.RawMessage) ([]string, error) {
	statements, err := statementsOf(tree)
	if err != nil {
		return nil, err
	}
	found := map[string]bool{}
	collectConstants(statements, found)
	return sorted(found), nil
}

func collectConstants(node any, found map[string]bool) {
	switch n := node.(type) {
	case []any:
		for _, e := range n {
			collectConstants(e, found)
		}
	case map[string]any:
		if text(n, "class") == "CONSTANT" {
			if v, ok := n["value"].(map[string]any); ok {
				if s, ok := constant(v); ok {
					found[s] = true
				}
			}
			return
		}
		for _, v := range n {
			collectConstants(v, found)
		}
	}
}

// constant is a value as text; ok is false for NULL, booleans and what is nested.
func constant(v map[string]any) (string, bool) {
	kind, _ := v["type"].(map[string]any)
	switch value := v["value"].(type) {
	case string:
		return value, true
	case float64:
		number := new(big.Rat)
		if _, ok := number.SetString(trimmed(value)); !ok {
			return "", false
		}
		if text(kind, "id") == "DECIMAL" { // written as a whole number and where its point is
			info, _ := kind["type_info"].(map[string]any)
			scale, _ := info["scale"].(float64)
			digits := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(min(max(scale, 0), 38))), nil)
			number.Quo(number, new(big.Rat).SetInt(digits))
		}
		return strings.TrimSuffix(strings.TrimRight(number.FloatString(10), "0"), "."), true
	}
	return "", false
}

// trimmed writes a number of JSON.
func trimmed(f float64) string {
	data, err := json.Marshal(f)
	if err != nil {
		return ""
	}
	return string(data)
}

package odcs

import (
	"encoding/json"
	"math"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// plain gives the numbers of a tree one form each, whole ones int64 and others float64, and copies the tree.
func plain(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, e := range v {
			out[k] = plain(e)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = plain(e)
		}
		return out
	case json.Number:
		if i, err := v.Int64(); err == nil {
			return i
		}
		f, _ := v.Float64()
		return plain(f)
	case float64:
		if v == math.Trunc(v) && math.Abs(v) < 1<<53 {
			return int64(v)
		}
	case int:
		return int64(v)
	}
	return v
}

// toTree is a Go value as a tree, by way of its JSON form.
func toTree(v any) (any, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	dec := json.NewDecoder(strings.NewReader(string(data)))
	dec.UseNumber()
	var out any
	if err := dec.Decode(&out); err != nil {
		return nil, err
	}
	return plain(out), nil
}

func same(a, b any) bool { return reflect.DeepEqual(plain(a), plain(b)) }

// write is a tree in YAML, with keys in the order in which the standard's own pages give them.
func write(tree map[string]any) ([]byte, error) {
	var b strings.Builder
	e := yaml.NewEncoder(&b)
	e.SetIndent(2)
	n, err := node(tree)
	if err != nil {
		return nil, err
	}
	if err := e.Encode(n); err != nil {
		return nil, err
	}
	return []byte(b.String()), nil
}

func node(v any) (*yaml.Node, error) {
	switch v := v.(type) {
	case map[string]any:
		n := &yaml.Node{Kind: yaml.MappingNode}
		for _, k := range orderedKeys(v) {
			key := &yaml.Node{}
			if err := key.Encode(k); err != nil {
				return nil, err
			}
			value, err := node(v[k])
			if err != nil {
				return nil, err
			}
			n.Content = append(n.Content, key, value)
		}
		return n, nil
	case []any:
		n := &yaml.Node{Kind: yaml.SequenceNode}
		for _, e := range v {
			value, err := node(e)
			if err != nil {
				return nil, err
			}
			n.Content = append(n.Content, value)
		}
		return n, nil
	}
	n := &yaml.Node{}
	return n, n.Encode(v)
}

// keyOrder is the order in which a reader expects the keys; others follow in alphabetical order.
func keyOrder() []string {
	return []string{
		"apiVersion", "kind", "id", "name", "version", "status", "tenant", "domain", "dataProduct", "property", "type", "channel", "role", "server",
		"logicalType", "physicalName", "physicalType", "businessName", "description", "purpose", "limitations", "usage",
		"primaryKey", "primaryKeyPosition", "required", "unique", "classification", "logicalTypeOptions", "metric", "engine", "query", "implementation",
		"arguments", "mustBe", "from", "to", "unit", "value", "tags", "relationships", "properties", "items", "quality",
		"team", "username", "servers", "schema", "price", "roles", "support", "slaProperties", "customProperties",
	}
}

func orderedKeys(m map[string]any) []string {
	order := keyOrder()
	rank := func(k string) int {
		if i := slices.Index(order, k); i >= 0 {
			return i
		}
		return len(order) + 1
	}
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b string) int {
		if ra, rb := rank(a), rank(b); ra != rb {
			return ra - rb
		}
		return strings.Compare(a, b)
	})
	return keys
}

package octokit

import (
	"encoding/json"
	"strings"
	"testing"
)

// Webhooks are of one shape only where no schema could tell them apart.
func TestShape(t *testing.T) {
	of := func(text string) string {
		var v any
		if err := json.Unmarshal([]byte(text), &v); err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		shape(&b, v)
		return b.String()
	}
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{`{"a": 1, "b": "2026-11-26T09:00:00Z"}`, `{"b": "2026-11-27T10:00:00Z", "a": 2}`, true},
		{`{"a": 1}`, `{"a": "x y"}`, false},
		{`{"a": 1}`, `{"a": null}`, false},
		{`{"a": 1}`, `{"a": 1, "b": 1}`, false},
		{`{"a": 1}`, `{"a": -1}`, false},
		{`{"a": 1}`, `{"a": 1.5}`, false},
		{`{"state": "open"}`, `{"state": "closed"}`, false},
		{`{"type": "User"}`, `{"type": "Bot"}`, false},
		{`{"x": "OWNER"}`, `{"x": "MEMBER"}`, false},
		{`{"x": ""}`, `{"x": "a b"}`, false},
		{`{"x": "https://a/b"}`, `{"x": "a b"}`, false},
		{`{"x": true}`, `{"x": false}`, false},
		{`[{"a": 1}, {"a": 2}]`, `[{"a": 3}]`, true},
		{`[{"a": 1}]`, `[]`, false},
		{`[{"a": 1}, {"b": 1}]`, `[{"a": 1}]`, false},
	} {
		if (of(c.a) == of(c.b)) != c.same {
			t.Errorf("%s and %s: same %v, want %v", c.a, c.b, !c.same, c.same)
		}
	}
}

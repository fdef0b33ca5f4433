package weak

import (
	"math/rand/v2"
	"slices"

	"github.com/codicil-dev/codicil/bot/spec"
)

// celCheck says what ails a check over the spec; nil if nothing does, or if that can't be told.
func celCheck(text string, s *spec.Spec) *Check {
	x, err := spec.CompileCEL(text)
	if err != nil {
		return nil // verification says so
	}
	if value, ok := x.Constant(); ok {
		if !value {
			return nil // it fails always, which verification says
		}
		return &Check{Kind: Constant, Why: "its condition is true whatever the spec says"}
	}
	values, functions := x.Literals()
	if slices.ContainsFunc(functions, func(f string) bool { return f == "matches" || f == "format" }) {
		return nil // what would break it can't be guessed
	}
	b := breaker{x: x, view: spec.View(s), values: append(values, "", "x", int64(0)), random: rand.New(rand.NewPCG(1, 2)), left: mostSpecs}
	if !b.holds() || !b.unbroken() {
		return nil
	}
	return &Check{Kind: Unbreakable, Why: "its condition stayed true however the spec was changed: every field, and every table, column and entry taken out or added many times"}
}

// mostSpecs is how many changed specs an expression is tried on.
const mostSpecs = 4000

// breaker changes a spec, a bit at a time, and looks whether an expression still holds.
type breaker struct {
	x      *spec.Expression
	view   map[string]any
	values []any
	random *rand.Rand
	left   int
}

// holds says whether the expression is true now. An error is a failure of the check like any other.
func (b *breaker) holds() bool {
	b.left--
	ok, err := b.x.Holds(b.view)
	return ok && err == nil
}

// unbroken tries single changes all over the spec, then several at once in each of its parts.
func (b *breaker) unbroken() bool { return b.singly(b.view) && b.together(b.view) && b.left > 0 }

// singly tries each change of one thing below a part of the spec; false once one breaks the check.
func (b *breaker) singly(part map[string]any) bool {
	for _, key := range sortedKeys(part) {
		was := part[key]
		for _, now := range b.instead(was) {
			part[key] = now
			held := b.left <= 0 || b.holds()
			part[key] = was
			if !held {
				return false
			}
		}
		if !b.below(was, b.singly) {
			return false
		}
	}
	return true
}

// below does something with the maps in a value; false once that is false.
func (b *breaker) below(value any, do func(map[string]any) bool) bool {
	switch v := value.(type) {
	case map[string]any:
		return do(v)
	case []any:
		for _, entry := range v {
			if !b.below(entry, do) {
				return false
			}
		}
	}
	return true
}

// instead are other values of the same kind.
func (b *breaker) instead(was any) (out []any) {
	switch v := was.(type) {
	case string:
		for _, x := range b.values {
			if s, ok := x.(string); ok {
				out = append(out, s, s+"x", "x"+s)
			}
		}
	case bool:
		out = append(out, !v)
	case int, int64, uint64, float64:
		for _, x := range b.values {
			switch n := x.(type) {
			case int64:
				out = append(out, n-1, n, n+1)
			case float64:
				out = append(out, n-1, n, n+1)
			}
		}
	case nil:
		out = append(out, b.values...)
	case []any:
		out = append(out, []any{})
		var many []any
		for i := range v {
			out = append(out, slices.Concat(v[:i:i], v[i+1:]))
		}
		for range 100 {
			many = append(many, v...)
		}
		for _, x := range b.values {
			many = append(many, x)
			if len(v) == 0 || !isMap(v[0]) {
				out = append(out, append(slices.Clone(v), x), []any{x})
			}
		}
		if len(v) > 0 && isMap(v[0]) {
			many = many[:100*len(v)]
		}
		out = append(out, many)
	case map[string]any:
		out = append(out, map[string]any{})
	}
	return out
}

func isMap(v any) bool {
	_, ok := v.(map[string]any)
	return ok
}

// together tries many changes at once in each part of the spec.
func (b *breaker) together(part map[string]any) bool {
	was := make(map[string]any, len(part))
	for key, v := range part {
		was[key] = v
	}
	keys := sortedKeys(part)
	for range 100 {
		if b.left <= 0 {
			return true
		}
		for _, key := range keys {
			others := b.instead(was[key])
			if _, text := was[key].(string); text && b.random.IntN(2) == 0 {
				others = b.texts()
			}
			if len(others) > 0 && b.random.IntN(2) == 0 {
				part[key] = others[b.random.IntN(len(others))]
			}
		}
		held := b.holds()
		for key, v := range was {
			part[key] = v
		}
		if !held {
			return false
		}
	}
	for _, key := range keys {
		if !b.below(part[key], b.together) {
			return false
		}
	}
	return true
}

// texts are the strings that the expression itself names, and the empty one.
func (b *breaker) texts() (out []any) {
	for _, v := range b.values {
		if s, ok := v.(string); ok && s != "x" {
			out = append(out, s)
		}
	}
	return out
}

func sortedKeys(part map[string]any) []string {
	keys := make([]string, 0, len(part))
	for key := range part {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

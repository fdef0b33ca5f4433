package spec

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
)

// wrongForm says what a text should look like.
func wrongForm(label, got, pattern string) string {
	switch {
	case got == "":
		return label + " is empty: write it, or remove the key"
	case pattern == slugPattern:
		return fmt.Sprintf("%s cannot be %q: use lower-case letters, digits, - and _, and begin with a letter", label, got)
	case pattern == versionPattern:
		return fmt.Sprintf("%s is not a semantic version: write three numbers, as in 1.2.0, instead of %q", label, got)
	case pattern == hashPattern:
		return fmt.Sprintf("%s must be sha256: and hexadecimal digits, not %q", label, got)
	case pattern == namePattern:
		return fmt.Sprintf("%s cannot be %q: write a table as name or schema.name", label, got)
	}
	return fmt.Sprintf("%s cannot be %q", label, got)
}

// wrongType says what kind of value should stand in place of what does.
func (x *explainer) wrongType(at, label string, k *kind.Type, location []string) string {
	text := x.source.text(at)
	want := k.Want[0]
	if k.Got == "null" {
		switch {
		case len(k.Want) > 1:
			return label + " is NULL: remove it; whether NULL is accepted is said by nullable"
		case want == "array":
			return label + " is empty: write a list, or [] for none"
		}
		return label + " is empty: " + x.wantedAt(location)
	}
	switch {
	case len(k.Want) > 1:
		return fmt.Sprintf("%s must be a string, a number or a boolean, not %s", label, kinds[k.Got])
	case want == "string" && text != "":
		return fmt.Sprintf("%s must be a string: put quotes around %s", label, text)
	case want == "array" && text != "":
		return fmt.Sprintf("%s must be a list: write [%s]", label, text)
	case want == "boolean" && text != "":
		hint := "write true or false"
		switch strings.ToLower(text) {
		case "yes", "y", "on":
			hint = "write true"
		case "no", "n", "off":
			hint = "write false"
		}
		return fmt.Sprintf("%s must be true or false, not %s: %s without quotes", label, text, hint)
	case want == "integer" && text != "":
		return fmt.Sprintf("%s must be a whole number, not %s: write it without quotes, as in 1", label, text)
	}
	return fmt.Sprintf("%s must be %s, not %s", label, kinds[want], kinds[k.Got])
}

// kinds are plain words for the types of JSON.
var kinds = map[string]string{
	"string": "a string", "array": "a list", "object": "a mapping of keys to values", "boolean": "true or false",
	"integer": "a whole number", "number": "a number", "null": "nothing",
}

// aliases are keys that people try, and what they are called here.
var aliases = map[string]string{
	"desc": "description", "primary_key": "key", "grain": "key", "not_null": "nullable", "required": "nullable",
	"null": "nullable", "enum": "values", "accepted_values": "values", "datatype": "type", "data_type": "type",
	"foreign_key": "references", "currency": "unit", "reason": "why", "fields": "columns", "title": "name",
	"team": "owner", "depends_on": "inputs", "models": "tables", "query": "sql", "expr": "cel", "expression": "cel",
	"old": "from", "new": "to", "schema": "tables",
}

// similar is the known key that was probably meant by key; "" if there is none.
func (x *explainer) similar(location []string, key string) string {
	known := keysOf(typeAt(x.typ, location))
	best, distance := "", 3
	for _, k := range known {
		if d := levenshtein.ComputeDistance(strings.ToLower(key), k); d < distance && d < len(k)-1 {
			best, distance = k, d
		}
	}
	if a := aliases[strings.ToLower(key)]; best == "" && slices.Contains(known, a) {
		best = a
	}
	return best
}

// unknownKey says what to do about a key that is not known.
func (x *explainer) unknownKey(location []string, key string) string {
	if best := x.similar(location, key); best != "" {
		return fmt.Sprintf("unknown key %q; did you mean %q?", key, best)
	}
	move := "remove it"
	if x.typ == reflect.TypeFor[Spec]() {
		move = "remove it or move it below custom"
	}
	return fmt.Sprintf("unknown key %q: %s; the keys here are %s", key, move, strings.Join(keysOf(typeAt(x.typ, location)), ", "))
}

// wanted says what to write for a missing key of the mapping at location.
func (x *explainer) wanted(location []string, key string) string {
	t := typeAt(x.typ, location)
	switch {
	case t == nil:
	case key == "why" || key == "description":
		noun := "it"
		switch t {
		case reflect.TypeFor[Table]():
			noun = "the table"
		case reflect.TypeFor[Column]():
			noun = "the column"
		}
		if key == "why" {
			return "say why " + noun + " exists"
		}
		return "say what " + noun + " holds"
	case key == "id" && t == reflect.TypeFor[Origin]():
		return "name the guideline by its id"
	case key == "id" && t != reflect.TypeFor[Amendment]():
		return "give it an id"
	}
	if w, ok := wanted[key]; ok {
		return w
	}
	return "add it"
}

// wantedAt is wanted for the value at location itself, which may also be optional.
func (x *explainer) wantedAt(location []string) string {
	if n := len(location); n > 0 {
		if f, ok := fieldOf(typeAt(x.typ, location[:n-1]), location[n-1]); ok {
			if strings.Contains(f.Tag.Get("json"), ",omitempty") {
				return "give it a value, or remove the key"
			}
			return x.wanted(location[:n-1], location[n-1])
		}
	}
	return "write it, or remove the entry"
}

package spec

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"

	"github.com/codicil-dev/codicil/bot"
)

// Validator checks values against a JSON Schema and explains what is wrong with them.
type Validator struct {
	schema *jsonschema.Schema
	typ    reflect.Type
}

// NewValidator compiles a schema that SchemaOf generated for v's type. It panics on any other text.
func NewValidator(id string, schema []byte, v any) *Validator {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(schema))
	if err != nil {
		panic(fmt.Sprintf("read schema %s: %v", id, err))
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource(id, doc); err != nil {
		panic(fmt.Sprintf("add schema %s: %v", id, err))
	}
	return &Validator{schema: c.MustCompile(id), typ: reflect.TypeOf(v)}
}

// Check returns everything that is wrong with a value that ReadYAML gave, in order of place.
func (v *Validator) Check(value any, source *Source) bot.Problems {
	var invalid *jsonschema.ValidationError
	if err := v.schema.Validate(value); !errors.As(err, &invalid) {
		return nil
	}
	x := explainer{typ: v.typ, source: source, meant: map[string]bool{}}
	x.misspelt(invalid)
	x.explain(invalid)
	slices.SortFunc(x.problems, func(a, b bot.Problem) int { return strings.Compare(a.Message, b.Message) })
	return x.problems.Sorted()
}

// explainer turns the errors of the schema validator into problems.
type explainer struct {
	typ      reflect.Type
	source   *Source
	problems bot.Problems
	// meant are missing keys, as pointers, that stand there misspelt.
	meant map[string]bool
}

// add records a problem with the value at pointer; key places it at the value's key.
func (x *explainer) add(pointer string, key bool, format string, args ...any) {
	line, column := x.source.At(pointer)
	if key {
		line, column = x.source.KeyAt(pointer)
	}
	p := problem(x.source.file, line, column, fmt.Sprintf(format, args...))
	if !slices.Contains(x.problems, p) {
		x.problems = append(x.problems, p)
	}
}

// explain walks to the leaves of an error. OneOf is a leaf: what its branches say would only confuse.
func (x *explainer) explain(e *jsonschema.ValidationError) {
	at := pointerTo(e.InstanceLocation...)
	label := labelOf(e.InstanceLocation)
	switch k := e.ErrorKind.(type) {
	case *kind.OneOf:
		if len(k.Subschemas) == 0 {
			x.add(at, false, "%s has neither sql nor cel: give it one of them", label)
		} else {
			x.add(at, false, "%s has both sql and cel: make two checks of it", label)
		}
		return
	case *kind.AdditionalProperties:
		for _, key := range k.Properties {
			x.add(pointerf(at, key), true, "%s", x.unknownKey(e.InstanceLocation, key))
		}
	case *kind.Required:
		for _, key := range k.Missing {
			if x.meant[pointerf(at, key)] {
				continue
			}
			x.add(at, false, "missing key %q: %s", key, x.wanted(e.InstanceLocation, key))
		}
	case *kind.Type:
		x.add(at, false, "%s", x.wrongType(at, label, k, e.InstanceLocation))
	case *kind.Pattern:
		x.add(at, false, "%s", wrongForm(label, k.Got, k.Want))
	case *kind.MinLength:
		x.add(at, false, "%s is empty: %s", label, x.wantedAt(e.InstanceLocation))
	case *kind.MinItems:
		x.add(at, false, "%s is empty: %s", label, x.wantedAt(e.InstanceLocation))
	case *kind.Enum:
		x.add(at, false, "%s cannot be %s: write one of %s", label, shown(k.Got), list(k.Want))
	case *kind.Const:
		x.add(at, false, "%s must be %s, not %s: this program knows no other", label, shown(k.Want), shown(k.Got))
	case *kind.Minimum:
		x.add(at, false, "%s must be at least %s", label, k.Want.RatString())
	case *kind.Format:
		x.add(at, false, "%s is not a time: write it as 2026-11-22T09:00:00Z", label)
	case *kind.MinProperties:
		x.add(at, false, "%s is empty: give it one kind of change, such as add_column: orders.item_count", label)
	case *kind.MaxProperties:
		x.add(at, false, "%s names %d kinds of change: make an entry of each", label, k.Got)
	default:
		if len(e.Causes) == 0 {
			x.add(at, false, "%s is not allowed here", label)
		}
	}
	for _, c := range e.Causes {
		x.explain(c)
	}
}

// misspelt notes which keys are there under another name, so that they are not called missing as well.
func (x *explainer) misspelt(e *jsonschema.ValidationError) {
	if k, ok := e.ErrorKind.(*kind.AdditionalProperties); ok {
		for _, key := range k.Properties {
			if best := x.similar(e.InstanceLocation, key); best != "" {
				x.meant[pointerf(pointerTo(e.InstanceLocation...), best)] = true
			}
		}
	}
	for _, c := range e.Causes {
		x.misspelt(c)
	}
}

// labelOf names the value at a location the way a person would.
func labelOf(location []string) string {
	n := len(location)
	if n == 0 {
		return "the file"
	}
	i, err := strconv.Atoi(location[n-1])
	if err != nil || n == 1 {
		return location[n-1]
	}
	return fmt.Sprintf("entry %d of %s", i+1, location[n-2])
}

// shown is a value as it would stand in the file.
func shown(v any) string {
	switch v := v.(type) {
	case string:
		return strconv.Quote(v)
	case json.Number:
		return v.String()
	case nil:
		return "empty"
	}
	return fmt.Sprint(v)
}

// list shows values with commas.
func list(values []any) string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = fmt.Sprint(v)
	}
	return strings.Join(out, ", ")
}

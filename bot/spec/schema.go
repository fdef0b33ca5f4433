package spec

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"

	"github.com/invopop/jsonschema"
)

// SchemaBase is where the published JSON Schemas live.
const SchemaBase = "https://codicil.dev/schema/"

// The identifiers of the JSON Schemas of spec.yaml and of an amendment.
const (
	SpecSchemaID      = SchemaBase + "spec-1.json"
	AmendmentSchemaID = SchemaBase + "amendment-1.json"
)

// Patterns of texts that have a form of their own.
const (
	slugPattern    = `^[a-z][a-z0-9_-]*$`
	versionPattern = `^(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$`
	hashPattern    = `^sha256:[0-9a-f]+$`
	namePattern    = `^[^.\s][^.]*(\.[^.\s][^.]*)?$`
)

// Schemas returns the JSON Schemas (2020-12) of the formats in this package by the name under which they are
// published, such as spec-1.json.
func Schemas() map[string][]byte {
	return map[string][]byte{
		"spec-1.json":      SchemaOf(SpecSchemaID, "Codicil spec", Spec{}, nil),
		"amendment-1.json": SchemaOf(AmendmentSchemaID, "Codicil amendment", Amendment{}, nil),
	}
}

// SchemaOf generates the JSON Schema of a Go value's type from its json tags. Descriptions are given as
// "Type.Field"; those of this package's types are known.
func SchemaOf(id, title string, v any, descriptions map[string]string) []byte {
	r := jsonschema.Reflector{
		Anonymous:      true,
		ExpandedStruct: true,
		LookupComment: func(t reflect.Type, field string) string {
			name := t.Name()
			if field != "" {
				name += "." + field
			}
			if d, ok := descriptions[name]; ok {
				return d
			}
			return described[name]
		},
	}
	s := r.Reflect(v)
	s.ID, s.Title = jsonschema.ID(id), title
	constrain(reflect.TypeOf(v).Name(), s)
	for name, def := range s.Definitions {
		constrain(name, def)
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(s); err != nil {
		panic(fmt.Sprintf("encode schema %s: %v", id, err)) // schemas are data of ours that always encodes
	}
	return out.Bytes()
}

// constrain adds to a type's schema what Go types cannot say.
func constrain(name string, s *jsonschema.Schema) {
	one := uint64(1)
	for _, key := range s.Required {
		if p, ok := s.Properties.Get(key); ok && p.Type == "string" {
			p.MinLength = &one
		}
	}
	set := func(key string, change func(p *jsonschema.Schema)) {
		if p, ok := s.Properties.Get(key); ok {
			change(p)
		}
	}
	pattern := func(key, pattern string) { set(key, func(p *jsonschema.Schema) { p.Pattern = pattern }) }
	switch name {
	case "Spec":
		set("spec", func(p *jsonschema.Schema) { p.Const = 1 })
		pattern("product", slugPattern)
		pattern("version", versionPattern)
	case "Input":
		pattern("product", slugPattern)
		pattern("table", namePattern)
	case "Table":
		pattern("name", namePattern)
		set("columns", func(p *jsonschema.Schema) { p.MinItems = &one })
	case "Column":
		set("values", func(p *jsonschema.Schema) {
			p.Items = &jsonschema.Schema{Extras: map[string]any{"type": []string{"string", "number", "boolean"}}}
		})
	case "Amendment":
		set("id", func(p *jsonschema.Schema) { p.Minimum = "1" })
		pattern("base", hashPattern)
		pattern("result", hashPattern)
	case "Origin":
		constrainOrigin(s)
	case "Question":
		set("answer", func(p *jsonschema.Schema) { p.MinLength = nil })
	case "Check":
		s.OneOf = []*jsonschema.Schema{{Required: []string{"sql"}}, {Required: []string{"cel"}}}
		set("sql", func(p *jsonschema.Schema) { p.MinLength = &one })
		set("cel", func(p *jsonschema.Schema) { p.MinLength = &one })
	case "Supersession":
		set("amendment", func(p *jsonschema.Schema) { p.Minimum = "1" })
		set("checks", func(p *jsonschema.Schema) { p.MinItems = &one })
	case "Expectation":
		constrainExpectation(s)
	}
}

// constrainOrigin says which origins there are and what they need.
func constrainOrigin(s *jsonschema.Schema) {
	kind, _ := s.Properties.Get("kind")
	kind.Enum = []any{OriginBootstrap, OriginIssue, OriginGuideline, OriginRefresh, OriginSpec}
	guideline := jsonschema.NewProperties()
	guideline.Set("kind", &jsonschema.Schema{Const: OriginGuideline})
	s.If = &jsonschema.Schema{Properties: guideline, Required: []string{"kind"}}
	s.Then = &jsonschema.Schema{Required: []string{"id"}}
}

// constrainExpectation says that an expectation has exactly one kind, and what each kind of alteration leads to.
func constrainExpectation(s *jsonschema.Schema) {
	one := uint64(1)
	s.MinProperties, s.MaxProperties = &one, &one
	for key, to := range map[string]*jsonschema.Schema{
		"change_type": {Type: "string", MinLength: &one, Description: "The new DuckDB type."},
		"change_null": {Type: "boolean", Description: "Whether the column may hold NULL afterwards."},
		"change_key":  {Type: "array", Items: &jsonschema.Schema{Type: "string"}, Description: "The columns of the new key; [] for none."},
	} {
		p, _ := s.Properties.Get(key)
		p.Properties = jsonschema.NewProperties()
		p.Properties.Set("to", to)
	}
	for p := s.Properties.Oldest(); p != nil; p = p.Next() {
		if p.Value.Type == "string" {
			p.Value.MinLength = &one
		}
	}
}

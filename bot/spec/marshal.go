package spec

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// flowWidth is how long a mapping may be that is written on one line.
const flowWidth = 110

// MarshalSpec writes a new spec.yaml. It returns an error if s is not a spec that ParseSpec would read back as it is.
func MarshalSpec(s *Spec) ([]byte, error) {
	return marshal(SpecSchemaID, s, func(data []byte) (any, error) {
		got, _, problems := ParseSpec(SpecFile, data)
		return got, problems.Err()
	})
}

// MarshalAmendment writes a new file of the ledger. It returns an error if a is not an amendment that ParseAmendment
// would read back as it is.
func MarshalAmendment(a *Amendment) ([]byte, error) {
	return marshal(AmendmentSchemaID, a, func(data []byte) (any, error) {
		got, _, problems := ParseAmendment(EntryFile(a.ID), data)
		return got, problems.Err()
	})
}

// marshal writes v, the pleasant way if that can be read back, else the plain way.
func marshal(schema string, v any, parse func([]byte) (any, error)) ([]byte, error) {
	var last error
	for _, plain := range []bool{false, true} {
		n, err := nodeOf(v, plain)
		if err != nil {
			return nil, err
		}
		text, err := encode(n)
		if err != nil {
			return nil, err
		}
		data := []byte("# yaml-language-server: $schema=" + schema + "\n" + text)
		got, err := parse(data)
		switch {
		case err != nil:
			last = err
		case !equalValues(got, v):
			last = errors.New("it would not be read back as it is")
		default:
			return data, nil
		}
	}
	return nil, fmt.Errorf("write %s: %w", strings.ToLower(bare(reflect.TypeOf(v)).Name()), last)
}

// encode writes a node in block style with two spaces of indentation.
func encode(n *yaml.Node) (string, error) {
	var out bytes.Buffer
	enc := yaml.NewEncoder(&out)
	enc.SetIndent(2)
	if err := enc.Encode(n); err != nil {
		return "", fmt.Errorf("write YAML: %w", err)
	}
	return wrapFolded(out.String()), nil
}

// nodeOf turns a struct into YAML. If plain, no text becomes a block.
func nodeOf(v any, plain bool) (n *yaml.Node, err error) {
	if where, bad := notText(reflect.ValueOf(v)); bad {
		return nil, fmt.Errorf("write YAML: %q is not UTF-8 text", where)
	}
	n = build(reflect.ValueOf(v))
	layOut(n, plain)
	for i := 0; i+1 < len(n.Content); i += 2 {
		switch value := n.Content[i+1]; n.Content[i].Value {
		case "owner", "origin":
			flow(value)
		case "inputs", "questions", "expects", "supersedes", "rejected":
			for _, entry := range value.Content {
				flow(entry)
			}
		}
	}
	return n, nil
}

// layOut takes what holds a block of text off its one line; blocks says whether one is at or below n.
func layOut(n *yaml.Node, plain bool) (blocks bool) {
	if n.Style&blockStyle != 0 && plain {
		n.Style = yaml.DoubleQuotedStyle
	}
	blocks = n.Style&blockStyle != 0
	for _, c := range n.Content {
		blocks = layOut(c, plain) || blocks
	}
	if blocks && n.Kind != yaml.ScalarNode {
		n.Style &^= yaml.FlowStyle
	}
	return blocks
}

// flow puts a mapping on one line if it is short.
func flow(n *yaml.Node) {
	width := 0
	var add func(n *yaml.Node) bool
	add = func(n *yaml.Node) bool {
		width += len(n.Value) + 2
		for _, c := range n.Content {
			if !add(c) {
				return false
			}
		}
		return n.Style&blockStyle == 0
	}
	if add(n) && width <= flowWidth {
		n.Style |= yaml.FlowStyle
	}
}

// notText finds a text that is not UTF-8.
func notText(v reflect.Value) (text string, bad bool) {
	switch v.Kind() {
	case reflect.String:
		return v.String(), !utf8.ValidString(v.String())
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				if text, bad = notText(v.Field(i)); bad {
					return text, true
				}
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			if text, bad = notText(v.Index(i)); bad {
				return text, true
			}
		}
	case reflect.Map:
		for it := v.MapRange(); it.Next(); {
			if text, bad = notText(it.Key()); bad {
				return text, true
			}
			if text, bad = notText(it.Value()); bad {
				return text, true
			}
		}
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			return notText(v.Elem())
		}
	}
	return "", false
}

package spec

import (
	"bytes"
	"fmt"
	"reflect"

	"go.yaml.in/yaml/v3"
)

// EditYAML changes a strict YAML document and touches only what changed: comments, blank lines, the order of keys and the quoting of everything else
// stay. Change is given a copy of the document's tree to change. It returns old itself if nothing changed; an error, with the place, if old is not strict.
func EditYAML(file string, old []byte, change func(root *yaml.Node) error) ([]byte, error) {
	bom := []byte("\ufeff")
	body := bytes.TrimPrefix(old, bom)
	_, source, problems := ReadYAML(file, body)
	if err := problems.Err(); err != nil {
		return nil, err
	}
	want := copyNode(source.root)
	if err := change(want); err != nil {
		return nil, fmt.Errorf("edit %s: %w", file, err)
	}
	if same(source.root, want) {
		return old, nil
	}
	e := editor{text: newText(body), eol: "\n"}
	if bytes.Contains(body, []byte("\r\n")) {
		e.eol = "\r\n"
	}
	if e.mapping(source.root, want) {
		data := append(old[:len(old)-len(body):len(old)-len(body)], e.apply(0, len(body))...)
		if _, got, problems := ReadYAML(file, data); problems.Err() == nil && same(got.root, want) {
			return data, nil
		}
	}
	return FormatYAML(want)
}

// FormatYAML writes a tree as a new document.
func FormatYAML(root *yaml.Node) ([]byte, error) {
	text, err := encode(root)
	return []byte(text), err
}

// YAMLOf is the tree of a value: texts, numbers, booleans, and lists and maps of them. Texts that some readers would take for something else are quoted.
func YAMLOf(v any) *yaml.Node { return build(reflect.ValueOf(v)) }

// copyNode copies a tree.
func copyNode(n *yaml.Node) *yaml.Node {
	out := *n
	out.Content = make([]*yaml.Node, len(n.Content))
	for i, c := range n.Content {
		out.Content[i] = copyNode(c)
	}
	return &out
}

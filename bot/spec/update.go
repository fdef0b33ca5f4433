package spec

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// UpdateSpec writes s over the text of an earlier spec.yaml and touches only what changed: comments, blank lines, the
// order of keys and the quoting of everything else stay. Tables and columns are recognised by their names. It returns
// old itself if nothing changed, and an error if old is not strict YAML or s is not a valid spec.
func UpdateSpec(old []byte, s *Spec) ([]byte, error) {
	want, err := nodeOf(s, false)
	if err != nil {
		return nil, err
	}
	bom := []byte("\ufeff")
	body := bytes.TrimPrefix(old, bom)
	value, source, problems := ReadYAML(SpecFile, body)
	if err := problems.Err(); err != nil {
		return nil, fmt.Errorf("update spec: %w", err)
	}
	if equalValues(value, s) {
		return old, nil
	}
	e := editor{text: newText(body), eol: "\n"}
	if bytes.Contains(body, []byte("\r\n")) {
		e.eol = "\r\n"
	}
	if e.mapping(source.root, want) {
		data := old[: len(old)-len(body) : len(old)-len(body)]
		data = append(data, e.apply(0, len(body))...)
		if got, _, problems := ParseSpec(SpecFile, data); got != nil && problems.Err() == nil && equalValues(got, s) {
			return data, nil
		}
	}
	return MarshalSpec(s)
}

// edit replaces the bytes from start to end.
type edit struct {
	start, end int
	with       string
}

// editor gathers the edits that turn one document into another. Its methods return false if they see no way to do it
// in place; what encloses the value is then written anew.
type editor struct {
	*text
	eol   string
	edits []edit
}

// apply returns the bytes from start to end with the edits made.
func (e *editor) apply(start, end int) []byte {
	slices.SortStableFunc(e.edits, func(a, b edit) int { return a.start - b.start })
	var out []byte
	for _, d := range e.edits {
		if d.start < start || d.end > end {
			continue
		}
		out = append(out, e.data[start:d.start]...)
		out = append(out, d.with...)
		start = d.end
	}
	return append(out, e.data[start:end]...)
}

func (e *editor) replace(start, end int, with string) {
	e.edits = append(e.edits, edit{start, end, strings.ReplaceAll(with, "\n", e.eol)})
}

// try undoes the edits of change if that returns false.
func (e *editor) try(change func() bool) bool {
	n := len(e.edits)
	ok := change()
	if !ok {
		e.edits = e.edits[:n]
	}
	return ok
}

// valueOf is the JSON value of a node.
func valueOf(n *yaml.Node) any {
	r := reader{source: &Source{places: map[string]place{}}}
	return r.value(n, "", 0)
}

// same says whether two nodes mean the same.
func same(a, b *yaml.Node) bool { return equalValues(valueOf(a), valueOf(b)) }

// valueUnder finds the index of the value of a key; -1 if there is none.
func valueUnder(n *yaml.Node, key string) int {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return i + 1
		}
	}
	return -1
}

// mapping changes a mapping entry by entry.
func (e *editor) mapping(old, want *yaml.Node) bool {
	inFlow := old.Style&yaml.FlowStyle != 0
	for i := 0; i+1 < len(old.Content); i += 2 {
		k, v := old.Content[i], old.Content[i+1]
		j := valueUnder(want, k.Value)
		switch {
		case j < 0 && isEmpty(valueOf(v)):
		case j < 0 && (inFlow || !e.deleteEntry(k, v)):
			return false
		case j >= 0 && !same(v, want.Content[j]) && !e.value(k, v, want.Content[j], inFlow):
			return false
		}
	}
	after := survivor(old, want) // the value of old after which a new entry goes
	if after < 0 {
		return false
	}
	for j := 0; j+1 < len(want.Content); j += 2 {
		if i := valueUnder(old, want.Content[j].Value); i >= 0 {
			after = i
			continue
		}
		if inFlow || !e.insertEntry(old.Column-1, old.Content[after-1], old.Content[after], want.Content[j], want.Content[j+1]) {
			return false
		}
	}
	return true
}

// value changes the value of one key.
func (e *editor) value(k, v, want *yaml.Node, inFlow bool) bool {
	if v.Kind == want.Kind && len(v.Content) > 0 && len(want.Content) > 0 {
		change := e.sequence
		if v.Kind == yaml.MappingNode {
			change = e.mapping
		}
		if e.try(func() bool { return change(v, want) }) {
			return true
		}
	}
	keepStyle(v, want)
	if inFlow {
		return e.inline(v, want)
	}
	begin, end := e.start(v), e.entryEnd(k, v)
	entry, ok := render(mappingOf(k, want), k.Column-1)
	if !ok {
		return false
	}
	head, rest, found := strings.Cut(entry, ":")
	oneLine := !strings.Contains(entry, "\n") && v.Line == k.Line && !bytes.ContainsRune(e.data[min(begin, end):end], '\n')
	if oneLine && found && begin < end && !strings.Contains(head, `"`) {
		e.replace(begin, end, strings.TrimPrefix(rest, " "))
		return true
	}
	e.replace(e.start(k), end, entry)
	return true
}

// keepStyle gives a new value the quotes and brackets of the old one where that makes sense.
func keepStyle(old, want *yaml.Node) {
	switch {
	case old.Kind != want.Kind:
	case old.Kind != yaml.ScalarNode && len(old.Content) > 0:
		if old.Style&yaml.FlowStyle == 0 {
			want.Style &^= yaml.FlowStyle
		} else if !strings.Contains(fmt.Sprint(valueOf(want)), "\n") {
			want.Style |= yaml.FlowStyle
		}
	case want.ShortTag() == "!!str" && old.ShortTag() == "!!str" && !strings.Contains(want.Value, "\n"):
		if quotes := old.Style & (yaml.SingleQuotedStyle | yaml.DoubleQuotedStyle); quotes != 0 {
			want.Style = quotes
		}
	}
}

// inline changes a value inside brackets.
func (e *editor) inline(v, want *yaml.Node) bool {
	list := &yaml.Node{Kind: yaml.SequenceNode, Style: yaml.FlowStyle, Content: []*yaml.Node{want}}
	text, ok := render(list, 0)
	if !ok || strings.Contains(text, "\n") || v.Value == "" && v.Kind == yaml.ScalarNode && v.Style == 0 {
		return false
	}
	e.replace(e.start(v), e.end(v, 0), strings.TrimSuffix(strings.TrimPrefix(text, "["), "]"))
	return true
}

// ownLine says whether nothing but spaces stands before an offset on its line.
func (e *editor) ownLine(at int) bool {
	return len(bytes.Trim(e.data[e.lineStart(at):at], " ")) == 0
}

// deleteEntry takes out the lines of an entry and the comments right above it.
func (e *editor) deleteEntry(k, v *yaml.Node) bool {
	at, end := e.start(k), e.entryEnd(k, v)
	if !e.ownLine(at) {
		return false
	}
	e.replace(e.aboveComments(e.lineStart(at)), e.nextLine(end), "")
	return true
}

// insertEntry puts a new entry after that of a key and its value.
func (e *editor) insertEntry(indent int, afterKey, after, k, v *yaml.Node) bool {
	entry, ok := render(mappingOf(k, v), indent)
	if !ok {
		return false
	}
	at := e.lineEnd(e.entryEnd(afterKey, after))
	e.replace(at, at, "\n"+strings.Repeat(" ", indent)+entry)
	return true
}

// survivor is the index of the first value of old whose key is in want as well; -1 if there is none.
func survivor(old, want *yaml.Node) int {
	for i := 0; i+1 < len(old.Content); i += 2 {
		if valueUnder(want, old.Content[i].Value) >= 0 {
			return i + 1
		}
	}
	return -1
}

// mappingOf is a mapping with one entry.
func mappingOf(k, v *yaml.Node) *yaml.Node {
	key := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: k.Value, Style: k.Style}
	return &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Content: []*yaml.Node{key, v}}
}

// render writes a node; all lines but the first are indented.
func render(n *yaml.Node, indent int) (string, bool) {
	text, err := encode(n)
	if err != nil {
		return "", false
	}
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	for i := 1; i < len(lines); i++ {
		if lines[i] != "" {
			lines[i] = strings.Repeat(" ", indent) + lines[i]
		}
	}
	return strings.Join(lines, "\n"), true
}

// identity is what an entry of a list is recognised by: its name, or else all that it says.
func identity(n *yaml.Node) string {
	if i := valueUnder(n, "name"); n.Kind == yaml.MappingNode && i >= 0 {
		return "name " + strings.ToLower(n.Content[i].Value)
	}
	data, err := json.Marshal(canonical(valueOf(n)))
	if err != nil {
		return ""
	}
	return string(data)
}

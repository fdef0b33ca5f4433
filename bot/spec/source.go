package spec

import (
	"bytes"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Source knows where in its file each value stands. The zero value and nil know nothing.
type Source struct {
	file   string
	data   []byte
	root   *yaml.Node
	places map[string]place
}

// place is where a value and its key stand; the key of a list's entry is the entry itself.
type place struct {
	value, key *yaml.Node
	// in is the mapping or list that holds the value; nil for the root.
	in *yaml.Node
}

// File is the name under which the file was parsed.
func (s *Source) File() string {
	if s == nil {
		return ""
	}
	return s.file
}

// At returns line and column of the value at a JSON pointer such as /tables/0/columns/2/type, or of the nearest
// enclosing value that exists. Both count from 1, columns in characters; both are 0 if nothing is known.
func (s *Source) At(pointer string) (line, column int) {
	p, ok := s.nearest(pointer)
	if !ok {
		return 0, 0
	}
	return start(p)
}

// KeyAt is like At, but for the key of the value.
func (s *Source) KeyAt(pointer string) (line, column int) {
	p, ok := s.nearest(pointer)
	if !ok {
		return 0, 0
	}
	if p.key == nil {
		return start(p)
	}
	return p.key.Line, p.key.Column
}

// Inside returns line and column in the file of a place inside the text at pointer, such as where an SQL statement
// or a CEL expression goes wrong; both count from 1. For texts that are folded or full of escapes it is a good guess.
func (s *Source) Inside(pointer string, line, column int) (int, int) {
	p, ok := s.nearest(pointer)
	if !ok || line < 1 || column < 1 {
		return s.At(pointer)
	}
	n := p.value
	switch {
	case n.Kind != yaml.ScalarNode:
		return n.Line, n.Column
	case n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		lines := bytes.Split(s.data, []byte("\n"))
		for i := n.Line; i < len(lines); i++ {
			if text := bytes.TrimLeft(lines[i], " "); len(bytes.TrimSpace(text)) > 0 {
				return n.Line + line, len(lines[i]) - len(text) + column
			}
		}
	case line > 1:
		return n.Line + line - 1, column
	case n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0:
		column++
	}
	return n.Line, n.Column + column - 1
}

// start is where the value of p begins; a value that is left out begins at its key.
func start(p place) (line, column int) {
	if p.value.Kind == yaml.ScalarNode && p.value.Style == 0 && p.value.Value == "" && p.key != nil {
		return p.key.Line, p.key.Column
	}
	return p.value.Line, p.value.Column
}

// nearest finds the value at pointer or the closest one around it.
func (s *Source) nearest(pointer string) (place, bool) {
	if s == nil || s.root == nil {
		return place{}, false
	}
	for {
		if p, ok := s.places[pointer]; ok {
			return p, true
		}
		i := strings.LastIndexByte(pointer, '/')
		if i < 0 {
			return place{}, false
		}
		pointer = pointer[:i]
	}
}

// text is the value at exactly pointer as it is written, if that is a scalar; "" otherwise.
func (s *Source) text(pointer string) string {
	if p, ok := s.places[pointer]; ok && p.value.Kind == yaml.ScalarNode {
		return p.value.Value
	}
	return ""
}

// pointerTo joins the segments of a JSON pointer.
func pointerTo(segments ...string) string {
	var b strings.Builder
	for _, s := range segments {
		b.WriteByte('/')
		b.WriteString(strings.NewReplacer("~", "~0", "/", "~1").Replace(s))
	}
	return b.String()
}

// pointerf appends segments, strings or ints, to a JSON pointer.
func pointerf(base string, segments ...any) string {
	for _, s := range segments {
		switch s := s.(type) {
		case string:
			base += pointerTo(s)
		case int:
			base += "/" + strconv.Itoa(s)
		}
	}
	return base
}

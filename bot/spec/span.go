package spec

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// text finds where the nodes of a YAML document begin and end in its bytes.
type text struct {
	data  []byte
	lines []int // where each line begins
}

func newText(data []byte) *text {
	t := &text{data: data, lines: []int{0}}
	for i := 0; i < len(data); {
		c, n := utf8.DecodeRune(data[i:])
		i += n
		if c == '\r' && i < len(data) && data[i] == '\n' {
			continue
		}
		if c == '\n' || c == '\r' || c == '\u0085' || c == '\u2028' || c == '\u2029' { // what YAML takes for a line break
			t.lines = append(t.lines, i)
		}
	}
	return t
}

// start is where a node begins.
func (t *text) start(n *yaml.Node) int {
	if n.Line < 1 || n.Line > len(t.lines) {
		return len(t.data)
	}
	at := t.lines[n.Line-1]
	for range n.Column - 1 {
		_, size := utf8.DecodeRune(t.data[at:])
		at += size
	}
	return at
}

// lineStart is where the line of an offset begins.
func (t *text) lineStart(at int) int { return bytes.LastIndexByte(t.data[:at], '\n') + 1 }

// lineEnd is where the line of an offset ends, before its line break.
func (t *text) lineEnd(at int) int {
	i := bytes.IndexByte(t.data[at:], '\n')
	if i < 0 {
		return len(t.data)
	}
	if i > 0 && t.data[at+i-1] == '\r' {
		i--
	}
	return at + i
}

// nextLine is where the line after that of an offset begins.
func (t *text) nextLine(at int) int {
	if i := bytes.IndexByte(t.data[at:], '\n'); i >= 0 {
		return at + i + 1
	}
	return len(t.data)
}

// line is the text of the line that begins at an offset.
func (t *text) line(at int) string { return string(t.data[at:t.lineEnd(at)]) }

// aboveComments is where the comment lines begin that stand right above the line that begins at an offset.
func (t *text) aboveComments(at int) int {
	for at > 0 {
		above := t.lineStart(at - 1)
		if !strings.HasPrefix(strings.TrimSpace(t.line(above)), "#") {
			break
		}
		at = above
	}
	return at
}

// entryEnd is where the value of a key ends, or the key's colon if there is no value.
func (t *text) entryEnd(key, value *yaml.Node) int {
	if value.Kind == yaml.ScalarNode && value.Value == "" && value.Style == 0 {
		at := t.end(key, 0)
		if i := bytes.IndexByte(t.data[at:], ':'); i >= 0 {
			return at + i + 1
		}
	}
	return t.end(value, key.Column-1)
}

// end is where a node ends; indent is the indentation of the key or dash that it belongs to.
func (t *text) end(n *yaml.Node, indent int) int {
	at := t.start(n)
	switch {
	case n.Kind == yaml.ScalarNode:
		return t.scalarEnd(n, at, indent)
	case n.Style&yaml.FlowStyle != 0:
		at++
		for _, c := range n.Content {
			if c.Kind != yaml.ScalarNode || c.Value != "" || c.Style != 0 {
				at = max(at, t.end(c, 0))
			}
		}
		return t.closing(at)
	case len(n.Content) == 0:
		return at
	case n.Kind == yaml.SequenceNode:
		return t.end(n.Content[len(n.Content)-1], n.Column-1)
	}
	k := len(n.Content) - 2
	return t.entryEnd(n.Content[k], n.Content[k+1])
}

// closing is where the next bracket closes, from an offset after the last value before it.
func (t *text) closing(at int) int {
	for ; at < len(t.data); at++ {
		switch t.data[at] {
		case '#':
			at = t.lineEnd(at)
		case ']', '}':
			return at + 1
		}
	}
	return at
}

// scalarEnd is where a text ends that begins at an offset.
func (t *text) scalarEnd(n *yaml.Node, at, indent int) int {
	switch {
	case n.Style&yaml.DoubleQuotedStyle != 0:
		for at++; at < len(t.data) && t.data[at] != '"'; at++ {
			if t.data[at] == '\\' {
				at++
			}
		}
		return min(at+1, len(t.data))
	case n.Style&yaml.SingleQuotedStyle != 0:
		for at++; at < len(t.data); at++ {
			if t.data[at] != '\'' {
				continue
			}
			if at+1 >= len(t.data) || t.data[at+1] != '\'' {
				break
			}
			at++
		}
		return min(at+1, len(t.data))
	case n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		return t.blockEnd(at, indent)
	}
	for _, c := range n.Value { // an unquoted text has no escapes: only its white space may differ
		if unicode.IsSpace(c) {
			continue
		}
		for at < len(t.data) {
			got, size := utf8.DecodeRune(t.data[at:])
			at += size
			if got == c {
				break
			}
		}
	}
	return at
}

// blockEnd is where a literal or folded block ends whose indicator stands at an offset.
func (t *text) blockEnd(at, indent int) int {
	header := t.line(at)
	keep := strings.Contains(strings.SplitN(header, " ", 2)[0], "+")
	explicit := strings.ContainsAny(strings.SplitN(header, " ", 2)[0], "123456789")
	end, content := t.lineEnd(at), 0
	for next := t.nextLine(at); next < len(t.data); next = t.nextLine(next) {
		line := t.line(next)
		if strings.Trim(line, " ") == "" {
			if keep {
				end = t.lineEnd(next)
			}
			continue
		}
		spaces := len(line) - len(strings.TrimLeft(line, " "))
		if content == 0 && !explicit {
			content = spaces
		}
		if spaces <= indent || spaces < content {
			break
		}
		end = t.lineEnd(next)
	}
	return end
}

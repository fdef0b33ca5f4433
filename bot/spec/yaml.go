package spec

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/codicil-dev/codicil/bot"
)

// MaxFileSize is how large, in bytes, a spec.yaml, an amendment or a guideline may be.
const MaxFileSize = 1 << 20

// maxDepth is how deep the values of a file may be nested.
const maxDepth = 32

// reader turns one YAML file into a JSON value and remembers where everything stands.
type reader struct {
	file     string
	source   *Source
	problems bot.Problems
	// unusable says that what was refused may hold keys that a check of the value would then miss.
	unusable bool
}

// ReadYAML reads one strict YAML document: a mapping without anchors, merge keys, tags or duplicate keys. The value
// consists of map[string]any, []any, string, bool, json.Number and nil. It may be there in spite of problems, so that
// it can be checked for more of them; it is nil if that makes no sense.
func ReadYAML(file string, data []byte) (map[string]any, *Source, bot.Problems) {
	r := &reader{file: file, source: &Source{file: file, data: data, places: map[string]place{}}}
	root, ok := r.parse(data)
	if !ok {
		return nil, r.source, r.problems
	}
	r.source.root = root
	r.source.places[""] = place{value: root}
	if root.Kind == yaml.AliasNode {
		r.refuse(root, "aliases are not allowed: write the file out")
		return nil, r.source, r.problems
	}
	if root.Kind != yaml.MappingNode {
		r.refuse(root, "the file must be a mapping of keys to values, such as \"spec: 1\"; indent the rest below its keys")
		return nil, r.source, r.problems
	}
	v, _ := r.value(root, "", 1).(map[string]any)
	if r.unusable {
		v = nil
	}
	return v, r.source, r.problems
}

// refuse records a problem at a node.
func (r *reader) refuse(n *yaml.Node, format string, args ...any) {
	r.problems = append(r.problems, problem(r.file, n.Line, n.Column, fmt.Sprintf(format, args...)))
}

// problem is an error at a place.
func problem(file string, line, column int, message string) bot.Problem {
	return bot.Problem{File: file, Line: line, Column: column, Severity: bot.SeverityError, Message: message}
}

// TooLarge is the problem of a file with more than MaxFileSize bytes.
func TooLarge(file string, size int64) bot.Problem {
	return problem(file, 0, 0, fmt.Sprintf("the file has %d bytes, more than the %d that are allowed: shorten it", size, MaxFileSize))
}

// parse reads the single document of data; ok is false after a problem.
func (r *reader) parse(data []byte) (root *yaml.Node, ok bool) {
	if len(data) > MaxFileSize {
		r.problems = append(r.problems, TooLarge(r.file, int64(len(data))))
		return nil, false
	}
	if line, column, bad := badEncoding(data); bad {
		r.problems = append(r.problems, problem(r.file, line, column, "the file is not UTF-8 text here: save it as UTF-8"))
		return nil, false
	}
	dec := yaml.NewDecoder(bytes.NewReader(bytes.TrimPrefix(data, []byte("\ufeff"))))
	var doc, next yaml.Node
	err := dec.Decode(&doc)
	if errors.Is(err, io.EOF) || err == nil && empty(&doc) {
		r.problems = append(r.problems, problem(r.file, 0, 0, "the file is empty: write it, or delete it"))
		return nil, false
	}
	if err != nil {
		r.problems = append(r.problems, syntaxProblem(r.file, data, err))
		return nil, false
	}
	switch err := dec.Decode(&next); {
	case errors.Is(err, io.EOF):
		return doc.Content[0], true
	case err != nil:
		r.problems = append(r.problems, syntaxProblem(r.file, data, err))
	default:
		r.refuse(&next, "a second YAML document begins here: keep one document to a file")
	}
	return nil, false
}

// empty says whether a document holds nothing but comments.
func empty(doc *yaml.Node) bool {
	return len(doc.Content) == 0 || doc.Content[0].Kind == yaml.ScalarNode && doc.Content[0].Value == "" && doc.Content[0].Style == 0
}

// badEncoding finds the first byte that is not UTF-8.
func badEncoding(data []byte) (line, column int, bad bool) {
	if utf8.Valid(data) {
		return 0, 0, false
	}
	line, column = 1, 1
	for len(data) > 0 {
		c, n := utf8.DecodeRune(data)
		if c == utf8.RuneError && n == 1 {
			break
		}
		if column++; c == '\n' {
			line, column = line+1, 1
		}
		data = data[n:]
	}
	return line, column, true
}

// value converts a node, recording the place of every value below it.
func (r *reader) value(n *yaml.Node, pointer string, depth int) any {
	switch {
	case n.Anchor != "":
		r.refuse(n, "anchors (&%s) are not allowed: write the value out where it is used", n.Anchor)
		return nil
	case n.Kind == yaml.AliasNode:
		r.refuse(n, "aliases (*%s) are not allowed: write the value out", n.Value)
		return nil
	case n.Style&yaml.TaggedStyle != 0:
		r.refuse(n, "tags (%s) are not allowed: write the plain value, in quotes if it is text", n.Tag)
		return nil
	case depth > maxDepth:
		r.refuse(n, "the file is nested more than %d levels deep here: flatten it", maxDepth)
		return nil
	case n.Kind == yaml.MappingNode:
		return r.mapping(n, pointer, depth)
	case n.Kind == yaml.SequenceNode:
		out := make([]any, len(n.Content))
		for i, c := range n.Content {
			p := pointerf(pointer, i)
			r.source.places[p] = place{value: c, in: n}
			out[i] = r.value(c, p, depth+1)
		}
		return out
	}
	return r.scalar(n)
}

// mapping converts a mapping and refuses keys that are not plain, distinct text.
func (r *reader) mapping(n *yaml.Node, pointer string, depth int) any {
	out := make(map[string]any, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		switch tag := k.ShortTag(); {
		case k.Anchor != "" || k.Kind == yaml.AliasNode:
			r.refuse(k, "anchors and aliases are not allowed in keys: write the key out")
			r.unusable = true
			continue
		case tag == "!!merge" || k.Value == "<<" && k.Style == 0:
			r.refuse(k, "merge keys (<<) are not allowed: write the keys out")
			r.unusable = true
			continue
		case k.Kind != yaml.ScalarNode || k.Style&yaml.TaggedStyle != 0:
			r.refuse(k, "a key must be plain text, such as \"name\"")
			continue
		case tag != "!!str":
			r.refuse(k, "the key %s must be text: put quotes around it", k.Value)
			continue
		}
		if _, ok := out[k.Value]; ok {
			first := r.source.places[pointerf(pointer, k.Value)]
			r.refuse(k, "the key %q is already given on line %d: keep one of the two", k.Value, first.key.Line)
			continue
		}
		p := pointerf(pointer, k.Value)
		r.source.places[p] = place{value: v, key: k, in: n}
		out[k.Value] = r.value(v, p, depth+1)
	}
	return out
}

// plainNumber is a number that every reader of YAML and JSON understands alike.
var plainNumber = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]{1,3})?$`)

// scalar converts a scalar. Dates and the YAML 1.1 words for booleans (yes, no, on, off) stay the text that they are.
func (r *reader) scalar(n *yaml.Node) any {
	tag := n.ShortTag()
	switch {
	case tag == "!!null":
		return nil
	case tag == "!!bool":
		return strings.EqualFold(n.Value, "true")
	case tag == "!!int", tag == "!!float", n.Style == 0 && plainNumber.MatchString(n.Value): // 1e999 is text to the YAML parser
		return r.number(n)
	}
	return n.Value
}

// number converts a number and refuses what would not come out as it was written.
func (r *reader) number(n *yaml.Node) any {
	text := strings.TrimPrefix(n.Value, "+")
	if !plainNumber.MatchString(text) {
		r.refuse(n, "%s is not a plain decimal number: put quotes around it if it is text, else write it as in 8 or 0.5", n.Value)
		return n.Value
	}
	f, err := strconv.ParseFloat(text, 64)
	if err == nil && !strings.ContainsAny(text, ".eE") {
		_, err = strconv.ParseInt(text, 10, 64)
	}
	if err != nil || len(text) > 40 || !exact(text, f) {
		r.refuse(n, "%s is too long a number to be kept exactly: put quotes around it", n.Value)
		return n.Value
	}
	return json.Number(text)
}

// exact says whether f, written in its shortest form, is the number that text says; whole numbers are kept as they are.
func exact(text string, f float64) bool {
	if !strings.ContainsAny(text, ".eE") {
		return true
	}
	a, ok := new(big.Rat).SetString(text)
	b, ok2 := new(big.Rat).SetString(strconv.FormatFloat(f, 'g', -1, 64))
	return ok && ok2 && a.Cmp(b) == 0
}

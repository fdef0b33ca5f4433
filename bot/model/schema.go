package model

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
)

// shape is a Schema ready to judge answers.
type shape struct {
	name   string
	schema *jsonschema.Schema
}

// noLoader keeps schemas from reading files or the network.
type noLoader struct{}

// Load refuses every document.
func (noLoader) Load(url string) (any, error) {
	return nil, fmt.Errorf("%s is another document; a schema must be complete in itself", url)
}

// compile returns an error for what is no JSON Schema, or one that needs other documents.
func compile(s *Schema) (*shape, error) {
	const at = "codicil:schema"
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(s.JSON))
	if err != nil {
		return nil, fmt.Errorf("schema %q is not JSON: %w", s.Name, err)
	}
	c := jsonschema.NewCompiler()
	c.UseLoader(noLoader{})
	if err := c.AddResource(at, doc); err != nil {
		return nil, fmt.Errorf("schema %q: %w", s.Name, err)
	}
	compiled, err := c.Compile(at)
	if err != nil {
		return nil, fmt.Errorf("schema %q: %w", s.Name, err)
	}
	return &shape{s.Name, compiled}, nil
}

// read returns the JSON in text, or what is wrong with it.
func (s *shape) read(text string) (found json.RawMessage, problem string) {
	found, ok := findJSON(text)
	if !ok {
		return nil, "There is no JSON in it: neither is all of it JSON, nor does it hold a fenced block marked json that is closed."
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(found))
	if err != nil {
		return nil, "The JSON cannot be parsed: " + err.Error()
	}
	err = s.schema.Validate(value)
	var invalid *jsonschema.ValidationError
	switch {
	case errors.As(err, &invalid):
		return nil, strings.Join(complaints(invalid), "\n")
	case err != nil:
		return nil, err.Error()
	}
	return found, ""
}

// complaints lists the first few places where a value does not fit, and why.
func complaints(e *jsonschema.ValidationError) []string {
	const most = 10
	printer := message.NewPrinter(language.English)
	var out []string
	var walk func(*jsonschema.ValidationError)
	walk = func(e *jsonschema.ValidationError) {
		for _, c := range e.Causes {
			walk(c)
		}
		if len(e.Causes) == 0 {
			out = append(out, fmt.Sprintf("- at /%s: %s", strings.Join(e.InstanceLocation, "/"), excerpt(e.ErrorKind.LocalizedString(printer))))
		}
	}
	walk(e)
	if len(out) > most {
		out = append(out[:most], fmt.Sprintf("- and %d more", len(out)-most))
	}
	return out
}

// findJSON returns text if all of it is meant to be JSON, else its last fenced block that is marked json, else its last
// fenced block without a mark.
func findJSON(text string) (json.RawMessage, bool) {
	trimmed := strings.TrimSpace(text)
	if strings.HasPrefix(trimmed, "{") || strings.HasPrefix(trimmed, "[") {
		return json.RawMessage(trimmed), true
	}
	var marked, bare []string
	lines := strings.Split(text, "\n")
	for i := 0; i < len(lines); i++ {
		mark, info, ok := fenceLine(lines[i])
		if !ok {
			continue
		}
		end := i + 1
		for end < len(lines) && !closes(lines[end], mark) {
			end++
		}
		if end == len(lines) {
			break
		}
		block := strings.TrimSpace(strings.Join(lines[i+1:end], "\n"))
		switch strings.ToLower(info) {
		case "json":
			marked = append(marked, block)
		case "":
			bare = append(bare, block)
		}
		i = end
	}
	for _, blocks := range [][]string{marked, bare} {
		if len(blocks) > 0 {
			return json.RawMessage(blocks[len(blocks)-1]), true
		}
	}
	return nil, false
}

// fenceLine reports whether line opens a fenced block, with which mark, and what follows it.
func fenceLine(line string) (mark, info string, ok bool) {
	line = strings.TrimSpace(line)
	for _, c := range []string{"`", "~"} {
		if rest := strings.TrimLeft(line, c); len(line)-len(rest) >= 3 {
			return line[:len(line)-len(rest)], strings.TrimSpace(rest), !strings.Contains(rest, c)
		}
	}
	return "", "", false
}

// closes reports whether line closes a block that mark opened.
func closes(line, mark string) bool {
	closing, info, ok := fenceLine(line)
	return ok && info == "" && closing[0] == mark[0] && len(closing) >= len(mark)
}

// fence returns a fence of c that no line of text can close.
func fence(text string, c byte) string {
	longest, run := 2, 0
	for i := range len(text) {
		if text[i] != c {
			run = 0
			continue
		}
		run++
		longest = max(longest, run)
	}
	return strings.Repeat(string(c), longest+1)
}

// Package guideline reads the organisation's rules: Markdown files with front matter.
package guideline

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/invopop/jsonschema"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/spec"
)

// Guideline is a rule that applies to many products.
type Guideline struct {
	ID    string
	Title string
	// AppliesTo is a CEL expression over the spec of a product; see spec.Expression.
	AppliesTo string
	Checks    []spec.Check
	// Prose is the Markdown below the front matter: the rule and its why.
	Prose string
	// File is the name under which it was read.
	File string
	// Revision identifies the text of the file: the first 12 hexadecimal digits of its SHA-256.
	Revision string
}

// SchemaID identifies the JSON Schema of a guideline's front matter.
const SchemaID = spec.SchemaBase + "guideline-1.json"

// frontMatter is what stands between the lines "---" at the beginning of a guideline.
type frontMatter struct {
	ID        string       `json:"id"`
	Title     string       `json:"title"`
	AppliesTo string       `json:"applies_to"`
	Checks    []spec.Check `json:"checks"`
}

// JSONSchemaExtend adds the form of an id to the schema.
func (frontMatter) JSONSchemaExtend(s *jsonschema.Schema) {
	one := uint64(1)
	for _, key := range []string{"id", "title", "applies_to"} {
		p, _ := s.Properties.Get(key)
		p.MinLength = &one
	}
	id, _ := s.Properties.Get("id")
	id.Pattern = `^[A-Za-z0-9][A-Za-z0-9._-]*$`
}

// Schema returns the JSON Schema (2020-12) of the front matter.
func Schema() []byte {
	return spec.SchemaOf(SchemaID, "Codicil guideline front matter", frontMatter{}, map[string]string{
		"frontMatter":           "A rule that applies to many products. The Markdown below says it in words, and why.",
		"frontMatter.ID":        "The guideline's identity, also when its file moves: letters, digits, dot, - and _.",
		"frontMatter.Title":     "The rule in a few words.",
		"frontMatter.AppliesTo": "A CEL expression over the spec, such as 'finance' in tags; 'true' for every product.",
		"frontMatter.Checks":    "The executable form of the rule. [] if it can only be read.",
	})
}

var validator = sync.OnceValue(func() *spec.Validator { return spec.NewValidator(SchemaID, Schema(), frontMatter{}) })

// Parse reads a guideline; file names it in problems. It is nil if there are problems that are errors.
func Parse(file string, data []byte) (*Guideline, bot.Problems) {
	g, _, problems := parse(file, data)
	return g, problems
}

// parse is Parse that also tells where everything stands.
func parse(file string, data []byte) (*Guideline, *spec.Source, bot.Problems) {
	if len(data) > spec.MaxFileSize {
		return nil, nil, bot.Problems{spec.TooLarge(file, int64(len(data)))}
	}
	front, prose, err := split(data)
	if err != nil {
		return nil, nil, bot.Problems{{File: file, Line: 1, Column: 1, Severity: bot.SeverityError, Message: err.Error()}}
	}
	var m frontMatter
	source, problems := validator().Parse(file, front, &m)
	if problems != nil {
		return nil, source, problems
	}
	problems = checkExpressions(file, source, m)
	if problems != nil {
		return nil, source, problems
	}
	sum := sha256.Sum256(data)
	g := &Guideline{
		ID: m.ID, Title: m.Title, AppliesTo: m.AppliesTo, Checks: m.Checks,
		Prose: strings.TrimSpace(string(prose)), File: file, Revision: hex.EncodeToString(sum[:6]),
	}
	if g.Prose == "" {
		problems = append(problems, bot.Problem{File: file, Severity: bot.SeverityWarning,
			Message: "the guideline has no prose: say the rule and its why below the front matter"})
	}
	return g, source, problems
}

// checkExpressions compiles every CEL expression of a guideline.
func checkExpressions(file string, source *spec.Source, m frontMatter) bot.Problems {
	var problems bot.Problems
	check := func(pointer, what, expr string) {
		_, err := spec.CompileCEL(expr)
		var bad *spec.ExpressionError
		if !errors.As(err, &bad) {
			return
		}
		line, column := source.Inside(pointer, bad.Line, bad.Column)
		problems = append(problems, bot.Problem{File: file, Line: line, Column: column, Severity: bot.SeverityError,
			Message: fmt.Sprintf("%s is not a CEL condition: %s", what, bad.Message)})
	}
	check("/applies_to", "applies_to", m.AppliesTo)
	for i, c := range m.Checks {
		if c.CEL != "" {
			check(fmt.Sprintf("/checks/%d/cel", i), "cel", c.CEL)
		}
	}
	return problems
}

// fence is the line that begins and ends the front matter.
const fence = "---"

// hasFrontMatter says whether data begins as a guideline does.
func hasFrontMatter(data []byte) bool {
	first, _, _ := bytes.Cut(bytes.TrimPrefix(data, []byte("\ufeff")), []byte("\n"))
	return string(bytes.TrimRight(first, " \t\r")) == fence
}

// split parts the front matter, with its first line, from the prose.
func split(data []byte) (front, prose []byte, err error) {
	if !hasFrontMatter(data) {
		return nil, nil, errors.New("the file has no front matter: begin it with a line ---, the keys id, title, applies_to and checks, and a line ---")
	}
	at := bytes.IndexByte(data, '\n') + 1
	for begin := at; begin > 0 && begin < len(data); {
		end := len(data)
		if i := bytes.IndexByte(data[begin:], '\n'); i >= 0 {
			end = begin + i + 1
		}
		if string(bytes.TrimRight(data[begin:end], " \t\r\n")) == fence {
			return data[:begin], data[end:], nil
		}
		begin = end
	}
	return nil, nil, errors.New("the front matter is not closed: end it with a line ---")
}

// Applies says whether the guideline binds the product of that spec. An error names the guideline.
func (g *Guideline) Applies(s *spec.Spec) (bool, error) {
	x, err := spec.CompileCEL(g.AppliesTo)
	if err != nil {
		return false, fmt.Errorf("guideline %s: applies_to: %w", g.ID, err)
	}
	ok, err := x.True(s)
	if err != nil {
		return false, fmt.Errorf("guideline %s: applies_to: %w", g.ID, err)
	}
	return ok, nil
}

// Rule is the rule in one line, for a ledger: the paragraph of the prose that begins with the word Rule, else the first paragraph that is no
// heading. Marks of emphasis and code are left out. It is empty without such a paragraph.
func (g *Guideline) Rule() string {
	first := ""
	for _, paragraph := range strings.Split(strings.ReplaceAll(g.Prose, "\r\n", "\n"), "\n\n") {
		text := strings.Join(strings.Fields(emphasis.Replace(paragraph)), " ")
		if rule, ok := strings.CutPrefix(text, "Rule"); ok && strings.IndexAny(rule, ".:") == 0 {
			return strings.TrimSpace(rule[1:])
		}
		if first == "" && !strings.HasPrefix(text, "#") {
			first = text
		}
	}
	return first
}

// emphasis takes marks of Markdown away.
var emphasis = strings.NewReplacer("**", "", "__", "", "`", "")

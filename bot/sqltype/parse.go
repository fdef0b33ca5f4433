package sqltype

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// maxDepth is how deep types may nest; DuckDB itself gives up not much later.
const maxDepth = 100

// Parse reads a type as DuckDB accepts it in CREATE TABLE: in any case and spacing, under any alias. A name that
// DuckDB doesn't know is no error but a type of family Opaque. Errors say what is wrong, without the type's text.
func Parse(s string) (Type, error) {
	tokens, err := scan(s)
	if err != nil {
		return Type{}, fmt.Errorf("parse type %q: %w", s, err)
	}
	p := parser{source: s, tokens: tokens}
	t, err := p.parse(0)
	if err == nil && p.peek().kind != end {
		err = p.unexpected()
	}
	if err != nil {
		return Type{}, fmt.Errorf("parse type %q: %w", s, err)
	}
	return t, nil
}

// parser walks over the tokens of one type.
type parser struct {
	source string
	tokens []token
	next   int
}

func (p *parser) peek() token { return p.tokens[p.next] }

func (p *parser) take() token {
	t := p.tokens[p.next]
	if t.kind != end {
		p.next++
	}
	return t
}

// accept takes the mark m if it comes next.
func (p *parser) accept(m string) bool {
	if p.peek().is(m) {
		p.next++
		return true
	}
	return false
}

// words takes the bare words in order if all of them come next.
func (p *parser) words(list ...string) bool {
	for i, w := range list {
		at := p.next + i
		if at >= len(p.tokens) || p.tokens[at].kind != word || !strings.EqualFold(p.tokens[at].text, w) {
			return false
		}
	}
	p.next += len(list)
	return true
}

// expect takes the mark m or complains.
func (p *parser) expect(m string) error {
	if p.accept(m) {
		return nil
	}
	if p.peek().kind == end {
		return fmt.Errorf("it ends where %s should follow", m)
	}
	return fmt.Errorf("%q at character %d should be %s", p.peek().text, p.peek().at+1, m)
}

// unexpected complains of the next token.
func (p *parser) unexpected() error {
	t := p.peek()
	if t.kind == end {
		return errors.New("it ends where a type should follow")
	}
	return fmt.Errorf("%q at character %d is unexpected", t.text, t.at+1)
}

// parse reads a type and the brackets after it.
func (p *parser) parse(depth int) (Type, error) {
	if depth > maxDepth {
		return Type{}, fmt.Errorf("it nests more than %d deep", maxDepth)
	}
	t, err := p.base(depth)
	for err == nil {
		switch {
		case p.words("ARRAY"):
			if !p.peek().is("[") {
				t = Type{Name: "LIST", Fields: []Field{{Type: t}}}
				continue
			}
		case !p.peek().is("["):
			return t, nil
		}
		if depth++; depth > maxDepth {
			return Type{}, fmt.Errorf("it nests more than %d deep", maxDepth)
		}
		t, err = p.brackets(t)
	}
	return Type{}, err
}

// brackets reads [] or [n] after t.
func (p *parser) brackets(t Type) (Type, error) {
	p.take()
	if p.accept("]") {
		return Type{Name: "LIST", Fields: []Field{{Type: t}}}, nil
	}
	n, err := p.number("the length of an array", 1, 100000)
	if err != nil {
		return Type{}, err
	}
	return Type{Name: "ARRAY", Size: n, Fields: []Field{{Type: t}}}, p.expect("]")
}

// number reads a number from least to most.
func (p *parser) number(what string, least, most int) (int, error) {
	if p.peek().is("-") {
		return 0, fmt.Errorf("%s must be from %d to %d", what, least, most)
	}
	if p.peek().kind != number {
		return 0, p.unexpected()
	}
	n, err := strconv.Atoi(p.take().text)
	if err != nil || n < least || n > most {
		return 0, fmt.Errorf("%s must be from %d to %d", what, least, most)
	}
	return n, nil
}

// base reads a name and its parameters.
func (p *parser) base(depth int) (Type, error) {
	t := p.peek()
	if t.kind != word && t.kind != quoted {
		return Type{}, p.unexpected()
	}
	p.take()
	upper := asciiUpper(t.text)
	if t.kind == word {
		p.extend(upper)
	}
	name, known := canonical()[upper]
	switch {
	case !known:
		return p.opaque(upper)
	case name == "LIST" || name == "ARRAY":
		return Type{}, errors.New("write INTEGER[] for a list of integers, INTEGER[3] for an array of three")
	case name == "DECIMAL":
		return p.decimal()
	case name == "VARCHAR":
		return p.varchar()
	case upper == "FLOAT" && p.peek().is("("):
		return p.float()
	case name == "TIMESTAMP":
		return p.timestamp(upper)
	case name == "TIME" && p.words("WITH", "TIME", "ZONE"):
		return Type{Name: "TIME WITH TIME ZONE"}, nil
	case name == "ENUM":
		return p.enum()
	case name == "STRUCT" || name == "UNION":
		return p.fields(name, depth)
	case name == "MAP":
		return p.mapping(depth)
	case name == "GEOMETRY" || name == "BIT":
		return p.withParams(name)
	}
	if name == "TIME" {
		p.words("WITHOUT", "TIME", "ZONE")
	}
	if p.peek().is("(") {
		return Type{}, fmt.Errorf("%s takes nothing in brackets", name)
	}
	return Type{Name: name}, nil
}

// extend takes the words that follow the first in some names and add nothing.
func (p *parser) extend(first string) {
	switch first {
	case "DOUBLE":
		p.words("PRECISION")
	case "CHARACTER", "CHAR", "NCHAR":
		p.words("VARYING")
	case "INTERVAL":
		units := []string{"YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND"}
		for _, from := range units {
			for _, to := range units {
				if p.words(from, "TO", to) {
					return
				}
			}
		}
		for _, unit := range units {
			if p.words(unit) {
				return
			}
		}
	}
}

// asciiUpper is upper case for ASCII only: what lies beyond keeps its length and its meaning.
func asciiUpper(s string) string {
	return strings.Map(func(r rune) rune {
		if 'a' <= r && r <= 'z' {
			return r - 'a' + 'A'
		}
		return r
	}, s)
}

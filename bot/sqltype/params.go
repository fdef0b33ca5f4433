package sqltype

import (
	"errors"
	"fmt"
	"strings"
)

// decimal reads (width) or (width, scale); DuckDB's own default is (18,3).
func (p *parser) decimal() (Type, error) {
	t := Type{Name: "DECIMAL", Width: 18, Scale: 3}
	if !p.accept("(") {
		return t, nil
	}
	var err error
	if t.Width, err = p.number("the width of a DECIMAL", 1, 38); err != nil {
		return Type{}, err
	}
	t.Scale = 0
	if p.accept(",") {
		if t.Scale, err = p.number("the scale of a DECIMAL", 0, 38); err != nil {
			return Type{}, err
		}
	}
	if t.Scale > t.Width {
		return Type{}, fmt.Errorf("the scale of a DECIMAL must not exceed its width, %d", t.Width)
	}
	return t, p.expect(")")
}

// varchar reads an optional length.
func (p *parser) varchar() (Type, error) {
	t := Type{Name: "VARCHAR"}
	if !p.accept("(") {
		return t, nil
	}
	var err error
	if t.Size, err = p.number("the length of a VARCHAR", 1, 1<<31-1); err != nil {
		return Type{}, err
	}
	return t, p.expect(")")
}

// float reads the number of bits in FLOAT(n): up to 24 fit a FLOAT.
func (p *parser) float() (Type, error) {
	p.take()
	bits, err := p.number("the number of bits of a FLOAT", 1, 53)
	if err != nil {
		return Type{}, err
	}
	t := Type{Name: "FLOAT"}
	if bits > 24 {
		t.Name = "DOUBLE"
	}
	return t, p.expect(")")
}

// timestamp reads what follows TIMESTAMP: a number of decimal places, and a time zone or none.
func (p *parser) timestamp(written string) (Type, error) {
	t := Type{Name: "TIMESTAMP"}
	if written != "TIMESTAMP" && written != "DATETIME" {
		return t, nil
	}
	if written == "TIMESTAMP" && p.words("WITH", "TIME", "ZONE") {
		t.Name = "TIMESTAMP WITH TIME ZONE"
		return t, nil
	}
	if p.accept("(") {
		places, err := p.number("the decimal places of a TIMESTAMP", 0, 9)
		if err != nil {
			return Type{}, err
		}
		switch {
		case places == 0:
			t.Name = "TIMESTAMP_S"
		case places <= 3:
			t.Name = "TIMESTAMP_MS"
		case places > 6:
			t.Name = "TIMESTAMP_NS"
		}
		if err := p.expect(")"); err != nil {
			return Type{}, err
		}
	}
	p.words("WITHOUT", "TIME", "ZONE")
	return t, nil
}

// enum reads ('a', 'b').
func (p *parser) enum() (Type, error) {
	t := Type{Name: "ENUM"}
	if err := p.expect("("); err != nil {
		return Type{}, err
	}
	seen := map[string]bool{}
	for {
		v := p.peek()
		if v.kind != text {
			return Type{}, errors.New("an ENUM lists its values in single quotes: ENUM('a', 'b')")
		}
		if seen[v.text] {
			return Type{}, fmt.Errorf("an ENUM lists each value once, but %q comes twice", v.text)
		}
		seen[v.text] = true
		t.Values = append(t.Values, v.text)
		p.take()
		if !p.accept(",") {
			return t, p.expect(")")
		}
	}
}

// fields reads (name TYPE, …) of a STRUCT or UNION.
func (p *parser) fields(name string, depth int) (Type, error) {
	t := Type{Name: name}
	if err := p.expect("("); err != nil {
		return Type{}, err
	}
	seen := map[string]bool{}
	for {
		f := p.peek()
		if f.kind != word && f.kind != quoted {
			return Type{}, p.unexpected()
		}
		if seen[strings.ToLower(f.text)] {
			return Type{}, fmt.Errorf("the field %q comes twice", f.text)
		}
		seen[strings.ToLower(f.text)] = true
		p.take()
		typ, err := p.parse(depth + 1)
		if err != nil {
			return Type{}, err
		}
		t.Fields = append(t.Fields, Field{Name: f.text, Type: typ})
		if !p.accept(",") {
			return t, p.expect(")")
		}
	}
}

// mapping reads (KEY, VALUE).
func (p *parser) mapping(depth int) (Type, error) {
	if err := p.expect("("); err != nil {
		return Type{}, err
	}
	key, err := p.parse(depth + 1)
	if err != nil {
		return Type{}, err
	}
	if err := p.expect(","); err != nil {
		return Type{}, err
	}
	value, err := p.parse(depth + 1)
	if err != nil {
		return Type{}, err
	}
	return Type{Name: "MAP", Fields: []Field{{Type: key}, {Type: value}}}, p.expect(")")
}

// withParams reads a type whose parameters are kept as text (GEOMETRY), or accepted and dropped as DuckDB does (BIT).
func (p *parser) withParams(name string) (Type, error) {
	t := Type{Name: name}
	params, err := p.params()
	if name == "GEOMETRY" {
		t.Params = params
	}
	return t, err
}

// opaque reads a name that is not DuckDB's own, perhaps with schema and parameters.
func (p *parser) opaque(name string) (Type, error) {
	for p.accept(".") {
		part := p.take()
		if part.kind != word && part.kind != quoted {
			return Type{}, errors.New("a name should follow the dot")
		}
		name += "." + asciiUpper(part.text)
	}
	params, err := p.params()
	return Type{Name: name, Params: params}, err
}

// params reads (…) with strings, names and numbers in it and returns what is inside, evenly spaced.
func (p *parser) params() (string, error) {
	if !p.accept("(") {
		return "", nil
	}
	var parts []string
	for {
		t := p.take()
		switch t.kind {
		case text:
			parts = append(parts, "'"+strings.ReplaceAll(t.text, "'", "''")+"'")
		case number:
			parts = append(parts, t.text)
		case word, quoted:
			parts = append(parts, quoteName(t.text))
		default:
			return "", errors.New("a value should stand in the brackets")
		}
		if !p.accept(",") {
			return strings.Join(parts, ", "), p.expect(")")
		}
	}
}

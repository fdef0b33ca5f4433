// Package survey finds out from a build's tables what a spec would say of them: keys, NULLs, accepted values and references.
package survey

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/codicil-dev/codicil/bot/engine"
	"github.com/codicil-dev/codicil/bot/product"
	"github.com/codicil-dev/codicil/bot/spec"
	"github.com/codicil-dev/codicil/bot/sqltype"
)

// Of surveys tables in a session that can read them. Of columns that hidden names, in small letters by the table's full name, nothing but counts
// is asked for. Others are columns of further tables in the session that may be referred to.
func Of(ctx context.Context, session *engine.Session, tables []*product.Table, hidden map[string]map[string]bool, others []Target) ([]Table, error) {
	var out []Table
	for _, t := range tables {
		found, err := surveyTable(ctx, session, t, hidden[t.FullName()])
		if err != nil {
			return nil, fmt.Errorf("look at the table %s: %w", t.FullName(), err)
		}
		out = append(out, *found)
	}
	return out, findReferences(ctx, session, out, others)
}

// Find returns the table of that name; ok is false if there is none.
func Find(tables []Table, name string) (t *Table, ok bool) {
	for i := range tables {
		if spec.SameName(tables[i].Name, name) {
			return &tables[i], true
		}
	}
	return nil, false
}

// Limits of what is taken for an enumeration.
const (
	mostAccepted    = 12 // distinct values
	longestAccepted = 24 // characters
	leastEvidence   = 10 // rows with a value
	leastRepeats    = 3  // rows a value, on average
)

// Table is what the data tell of one table.
type Table struct {
	Name    string
	From    string // as queries call it
	Rows    int64
	Columns []Column
	// Keys are sets of columns that name one row, the best first.
	Keys [][]string
}

// Column is what the data tell of one column.
type Column struct {
	Name, Type string
	// Filled, Distinct and Longest count values and the characters of the longest.
	Filled, Distinct, Longest int64
	// Personal says that the column may hold what is confidential.
	Personal bool
	// Values are all of them, where they look like an enumeration; nil otherwise.
	Values []string
	// References is table.column of the rows that it names; empty if it names none.
	References string
}

// Column returns the facts of a column; ok is false if the table has none of that name.
func (t *Table) Column(name string) (c *Column, ok bool) {
	for i := range t.Columns {
		if spec.SameName(t.Columns[i].Name, name) {
			return &t.Columns[i], true
		}
	}
	return nil, false
}

// complete says whether every row has a value.
func (t *Table) complete(c *Column) bool { return t.Rows > 0 && c.Filled == t.Rows }

// surveyTable counts, and looks for keys and enumerations. Of columns that may be confidential nothing but counts is asked for.
func surveyTable(ctx context.Context, session *engine.Session, t *product.Table, hidden map[string]bool) (*Table, error) {
	f := &Table{Name: t.FullName(), From: engine.Relation(t.Schema, t.Name)}
	list := []string{"count(*)"}
	for _, c := range t.Columns {
		typ := c.Type
		if parsed, err := sqltype.Parse(typ); err == nil {
			typ = parsed.String()
		}
		f.Columns = append(f.Columns, Column{Name: c.Name, Type: typ, Personal: hidden[strings.ToLower(c.Name)]})
		name := engine.Ident(c.Name)
		list = append(list, "count("+name+")", "count(DISTINCT "+name+")", "coalesce(max(length(CAST("+name+" AS VARCHAR))), 0)")
	}
	rows, err := session.Query(ctx, "SELECT "+strings.Join(list, ", ")+" FROM "+f.From, 1)
	if err != nil {
		return nil, err
	}
	numbers := make([]int64, len(list))
	for i, v := range rows.Values[0] {
		if numbers[i], err = strconv.ParseInt(*v, 10, 64); err != nil {
			return nil, err
		}
	}
	f.Rows = numbers[0]
	for i := range f.Columns {
		f.Columns[i].Filled, f.Columns[i].Distinct, f.Columns[i].Longest = numbers[1+3*i], numbers[2+3*i], numbers[3+3*i]
	}
	if err := f.findKeys(ctx, session); err != nil {
		return nil, err
	}
	return f, f.findValues(ctx, session)
}

// findValues reads the values of columns that look like an enumeration.
func (t *Table) findValues(ctx context.Context, session *engine.Session) error {
	for i := range t.Columns {
		c := &t.Columns[i]
		if !c.enumerates() {
			continue
		}
		name := engine.Ident(c.Name)
		rows, err := session.Query(ctx, "SELECT DISTINCT CAST("+name+" AS VARCHAR) FROM "+t.From+" WHERE "+name+" IS NOT NULL ORDER BY 1", mostAccepted)
		if err != nil {
			return err
		}
		for _, row := range rows.Values {
			c.Values = append(c.Values, *row[0])
		}
		if !slices.ContainsFunc(c.Values, oddCode) {
			continue
		}
		c.Values = nil
	}
	return nil
}

// enumerates says whether a column looks as if it held one of a few codes.
func (c *Column) enumerates() bool {
	if base, _, _ := strings.Cut(c.Type, "("); base != "VARCHAR" || c.Personal || IsIdentifier(c.Name) || isOpen(c.Name) {
		return false
	}
	return c.Distinct > 0 && c.Distinct <= mostAccepted && c.Longest <= longestAccepted && c.Filled >= leastEvidence && c.Filled >= leastRepeats*c.Distinct
}

// oddCode says whether a value is no code that one would list: a number, a date, or a text of many words.
func oddCode(v string) bool {
	letters := strings.ContainsFunc(v, func(r rune) bool { return r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' || r > 0x7f })
	return !letters || len(strings.Fields(v)) > 3 || strings.TrimSpace(v) != v
}

// isOpen says whether a column's name tells that the world may bring a new value any day, however few there are now.
func isOpen(name string) bool {
	return slices.ContainsFunc(words(name), func(w string) bool {
		return slices.Contains([]string{"country", "language", "locale", "region", "town", "brand", "supplier", "vendor", "partner", "title", "description", "text",
			"url", "path", "file", "version"}, w)
	})
}

// SameType says whether two texts mean the same type. The length of a text is no part of it: that is a promise about the data, which
// is judged by them.
func SameType(a, b string) bool {
	x, errX := sqltype.Parse(a)
	y, errY := sqltype.Parse(b)
	if errX != nil || errY != nil {
		return strings.EqualFold(strings.TrimSpace(a), strings.TrimSpace(b))
	}
	return x.Physical().String() == y.Physical().String()
}

// Singular takes off what looks like a plural's ending. It need not be right, only the same on both sides.
func Singular(word string) string {
	switch {
	case len(word) > 4 && strings.HasSuffix(word, "ies"):
		return word[:len(word)-3] + "y"
	case len(word) > 3 && strings.HasSuffix(word, "s") && !strings.HasSuffix(word, "ss"):
		return word[:len(word)-1]
	}
	return word
}

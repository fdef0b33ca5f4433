package author

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/codicil-dev/codicil/bot/engine"
	"github.com/codicil-dev/codicil/bot/portrait"
	"github.com/codicil-dev/codicil/bot/product"
	"github.com/codicil-dev/codicil/bot/spec"
	"github.com/codicil-dev/codicil/bot/sqltype"
)

// Limits of what is taken for an enumeration.
const (
	mostAccepted    = 12 // distinct values
	longestAccepted = 24 // characters
	leastEvidence   = 10 // rows with a value
	leastRepeats    = 3  // rows a value, on average
)

// facts is what a build tells of a product.
type facts struct {
	// tables are the interface in the order of the models' files; internal says of the other tables why they are not.
	tables   []tableFacts
	internal []internalTable
}

// internalTable is a table that readers have no business with: a model that others read, marked by its place or name, or a seed.
type internalTable struct {
	name string
	mark string // empty for a seed
}

// tableFacts is what the data tell of one table.
type tableFacts struct {
	name    string
	from    string // as queries call it
	rows    int64
	columns []columnFacts
	// keys are sets of columns that name one row, the best first.
	keys [][]string
}

// columnFacts is what the data tell of one column.
type columnFacts struct {
	name, typ string
	// filled, distinct and longest count values and the characters of the longest.
	filled, distinct, longest int64
	// personal says that the column may hold what is confidential.
	personal bool
	// values are all of them, where they look like an enumeration.
	values     []string
	references string
}

// column returns the facts of a column; ok is false if the table has none of that name.
func (t *tableFacts) column(name string) (c *columnFacts, ok bool) {
	for i := range t.columns {
		if spec.SameName(t.columns[i].name, name) {
			return &t.columns[i], true
		}
	}
	return nil, false
}

// complete says whether every row has a value.
func (t *tableFacts) complete(c *columnFacts) bool { return t.rows > 0 && c.filled == t.rows }

// table returns the facts of an interface table; ok is false if there is none of that name.
func (f *facts) table(name string) (t *tableFacts, ok bool) {
	for i := range f.tables {
		if spec.SameName(f.tables[i].name, name) {
			return &f.tables[i], true
		}
	}
	return nil, false
}

// gather finds out what the build tells.
func (c *change) gather(ctx context.Context) (*facts, error) {
	c.say("looking at what the tables hold")
	f := &facts{}
	shown := c.divide(f)
	options, err := c.portraitOptions()
	if err != nil {
		return nil, err
	}
	hidden, err := portrait.Withheld(ctx, c.product, c.build, c.author.Verifier.Builder, options)
	if err != nil {
		return nil, err
	}
	session, err := c.session(ctx, c.build)
	if err != nil {
		return nil, err
	}
	defer session.Close()
	for _, t := range shown {
		facts, err := gatherTable(ctx, session, t, hidden[t.FullName()])
		if err != nil {
			return nil, fmt.Errorf("look at the table %s: %w", t.FullName(), err)
		}
		f.tables = append(f.tables, *facts)
	}
	return f, c.findReferences(ctx, session, f)
}

// divide tells the interface from what is internal: seeds that models are built on, and staging that other models read.
func (c *change) divide(f *facts) (shown []*product.Table) {
	made, read := map[string]product.Model{}, map[string]bool{}
	for _, m := range c.build.Models {
		made[tableKey(m.Table)] = m
		for _, r := range m.Reads {
			read[tableKey(r)] = true
		}
	}
	for i := range c.build.Tables {
		t := &c.build.Tables[i]
		key := tableKey(t.FullName())
		m, isModel := made[key]
		switch {
		case !isModel && len(made) > 0:
			f.internal = append(f.internal, internalTable{name: t.FullName()})
		case isModel && read[key] && stagingName(m.Path) != "":
			f.internal = append(f.internal, internalTable{t.FullName(), stagingName(m.Path)})
		default:
			if isModel && stagingName(m.Path) != "" {
				c.note("%s is %s, but no model reads it, so it is taken for part of the interface", t.FullName(), stagingName(m.Path))
			}
			shown = append(shown, t)
		}
	}
	slices.SortStableFunc(shown, func(a, b *product.Table) int {
		return strings.Compare(made[tableKey(a.FullName())].Path, made[tableKey(b.FullName())].Path)
	})
	return shown
}

// stagingName says what marks a model as a step on the way; empty if nothing does.
func stagingName(file string) string {
	folders := strings.Split(path.Dir(file), "/")
	for _, folder := range []string{"staging", "intermediate"} {
		if slices.Contains(folders, folder) {
			return "in the folder " + folder
		}
	}
	for _, prefix := range []string{"stg_", "int_"} {
		if strings.HasPrefix(strings.ToLower(path.Base(file)), prefix) {
			return "named " + prefix + "…"
		}
	}
	return ""
}

// gatherTable counts, and looks for keys and enumerations. Of columns that may be confidential nothing but counts is asked for.
func gatherTable(ctx context.Context, session *engine.Session, t *product.Table, hidden map[string]bool) (*tableFacts, error) {
	f := &tableFacts{name: t.FullName(), from: engine.Relation(t.Schema, t.Name)}
	list := []string{"count(*)"}
	for _, c := range t.Columns {
		typ := c.Type
		if parsed, err := sqltype.Parse(typ); err == nil {
			typ = parsed.String()
		}
		f.columns = append(f.columns, columnFacts{name: c.Name, typ: typ, personal: hidden[strings.ToLower(c.Name)]})
		name := engine.Ident(c.Name)
		list = append(list, "count("+name+")", "count(DISTINCT "+name+")", "coalesce(max(length(CAST("+name+" AS VARCHAR))), 0)")
	}
	rows, err := session.Query(ctx, "SELECT "+strings.Join(list, ", ")+" FROM "+f.from, 1)
	if err != nil {
		return nil, err
	}
	numbers := make([]int64, len(list))
	for i, v := range rows.Values[0] {
		if numbers[i], err = strconv.ParseInt(*v, 10, 64); err != nil {
			return nil, err
		}
	}
	f.rows = numbers[0]
	for i := range f.columns {
		f.columns[i].filled, f.columns[i].distinct, f.columns[i].longest = numbers[1+3*i], numbers[2+3*i], numbers[3+3*i]
	}
	if err := f.findKeys(ctx, session); err != nil {
		return nil, err
	}
	return f, f.findValues(ctx, session)
}

// findValues reads the values of columns that look like an enumeration.
func (t *tableFacts) findValues(ctx context.Context, session *engine.Session) error {
	for i := range t.columns {
		c := &t.columns[i]
		if !c.enumerates() {
			continue
		}
		name := engine.Ident(c.name)
		rows, err := session.Query(ctx, "SELECT DISTINCT CAST("+name+" AS VARCHAR) FROM "+t.from+" WHERE "+name+" IS NOT NULL ORDER BY 1", mostAccepted)
		if err != nil {
			return err
		}
		for _, row := range rows.Values {
			c.values = append(c.values, *row[0])
		}
		if !slices.ContainsFunc(c.values, oddCode) {
			continue
		}
		c.values = nil
	}
	return nil
}

// enumerates says whether a column looks as if it held one of a few codes.
func (c *columnFacts) enumerates() bool {
	if base, _, _ := strings.Cut(c.typ, "("); base != "VARCHAR" || c.personal || isIdentifier(c.name) || isOpen(c.name) {
		return false
	}
	return c.distinct > 0 && c.distinct <= mostAccepted && c.longest <= longestAccepted && c.filled >= leastEvidence && c.filled >= leastRepeats*c.distinct
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

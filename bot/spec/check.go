package spec

import (
	"fmt"
	"strings"

	"github.com/codicil-dev/codicil/bot"
)

// The years in which an amendment may have been asked for.
const (
	firstYear = 1970
	lastYear  = 2200
)

// plainNames finds tables that are named with the schema that all tables without one are in: main.orders and orders would be two names
// of one table, and each could carry promises that the other lacks.
func plainNames(s *Spec, source *Source) bot.Problems {
	c := checker{source: source}
	for i, t := range s.Tables {
		c.table(t.Name, "/tables", i, "name")
	}
	return c.problems
}

// checkAmendment finds what the schema cannot say.
func checkAmendment(a *Amendment, source *Source) bot.Problems {
	c := checker{source: source}
	if at := a.Origin.At; at != nil && (at.UTC().Year() < firstYear || at.UTC().Year() > lastYear) {
		c.refuse(fmt.Sprintf("nobody asked for it in the year %d: write when it was asked for", at.UTC().Year()), "/origin", "at")
	}
	for i, on := range a.Affects {
		c.either(on, "/affects", i)
	}
	for i, x := range a.Expects {
		c.expectation(x, i)
	}
	return c.problems
}

// checker collects problems of one file.
type checker struct {
	source   *Source
	problems bot.Problems
}

func (c *checker) refuse(message, root string, location ...any) {
	line, column := c.source.At(pointerf(root, location...))
	c.problems = append(c.problems, problem(c.source.file, line, column, message))
}

// expectation checks the names in one entry of expects.
func (c *checker) expectation(x Expectation, i int) {
	c.table(x.AddTable, "/expects", i, AddTable)
	c.table(x.DropTable, "/expects", i, DropTable)
	c.table(x.Reorder, "/expects", i, Reorder)
	c.column(x.AddColumn, "/expects", i, AddColumn)
	c.column(x.DropColumn, "/expects", i, DropColumn)
	if r := x.RenameTable; r != nil {
		c.table(r.From, "/expects", i, RenameTable, "from")
		c.table(r.To, "/expects", i, RenameTable, "to")
	}
	if r := x.RenameColumn; r != nil {
		c.column(r.From, "/expects", i, RenameColumn, "from")
		c.column(r.To, "/expects", i, RenameColumn, "to")
	}
	if a := x.ChangeType; a != nil {
		c.column(a.On, "/expects", i, ChangeType, "on")
	}
	if a := x.ChangeNull; a != nil {
		c.column(a.On, "/expects", i, ChangeNull, "on")
	}
	if a := x.ChangeKey; a != nil {
		c.table(a.On, "/expects", i, ChangeKey, "on")
	}
	if m := x.ChangeMeaning; m != nil {
		c.either(m.On, "/expects", i, ChangeMeaning, "on")
	}
	if v := x.ChangeValues; v != nil {
		c.column(v.Column, "/expects", i, ChangeValues, "column")
	}
	for kind, r := range map[string]*RowChange{ChangeRows: x.ChangeRows, AddRows: x.AddRows, DropRows: x.DropRows} {
		if r != nil {
			c.table(r.Table, "/expects", i, kind, "table")
		}
	}
}

// table checks the name of a table, column that of a column, either that of one of the two.
func (c *checker) table(name, root string, location ...any) { c.named(name, 2, root, location...) }

func (c *checker) column(name, root string, location ...any) { c.named(name, 3, root, location...) }

func (c *checker) either(name, root string, location ...any) { c.named(name, 2, root, location...) }

// named refuses a name that has the schema main before at least so many parts.
func (c *checker) named(name string, parts int, root string, location ...any) {
	schema, rest, ok := strings.Cut(strings.TrimSpace(name), ".")
	if !ok || strings.Count(name, ".")+1 < parts || !SameName(strings.Trim(strings.TrimSpace(schema), `"`), "main") {
		return
	}
	c.refuse(fmt.Sprintf("%s is another name of %s: write %s", name, rest, rest), root, location...)
}

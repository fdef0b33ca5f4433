package report

import (
	"fmt"
	"sort"
	"strings"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/markup"
)

// addDifferences adds the table of what a reader would notice, gravest first; open are the first few.
func addDifferences(p *markup.Page, s *section) {
	head, lines := DifferenceTable(s.differences)
	open := min(len(lines), openDifferences)
	p.Add(importanceDifferences, "differences", head, "", lines[:open]...)
	p.Fold(importanceMoreDifferences, "differences", plural(len(lines)-open, "more difference", "more differences"), lines[open:], head)
}

// DifferenceTable is the head of a Markdown table of differences, and its rows, the gravest first.
func DifferenceTable(differences []bot.Difference) (head string, rows []string) {
	ds := append([]bot.Difference(nil), differences...)
	sort.SliceStable(ds, func(i, j int) bool { return graver(ds[i], ds[j]) })
	for _, d := range ds {
		rows = append(rows, differenceRow(d))
	}
	return "| difference | declared | breaking |\n|---|---|---|\n", rows
}

func differenceRow(d bot.Difference) string {
	what := shown(d.Message)
	if d.Message == "" {
		what = shown(word(bot.Status(d.Kind)) + " " + d.Table)
	}
	if n := share(d); n != "" {
		what += " (" + n + ")"
	}
	breaking := "no"
	if d.Breaking {
		breaking = "**yes**"
	}
	return row(what, declaredCell(d), breaking)
}

func declaredCell(d bot.Difference) string {
	said := "yes"
	switch {
	case d.Kind == bot.Unstable:
		return "unstable"
	case len(d.FollowsFrom) > 0:
		return "follows from " + markup.Escape(strings.Join(d.FollowsFrom, ", "))
	case !d.Declared:
		return "**no**"
	case d.DeclaredBy > 0:
		said = fmt.Sprintf("amendment %d", d.DeclaredBy)
	}
	if d.Unbounded {
		said += ", without a where"
	}
	return said
}

// examples shows changed rows, one unit for each difference that has some.
func examples(s *section) []string {
	var out []string
	for _, d := range s.differences {
		if table := ExampleTable(d); table != "" {
			out = append(out, table)
		}
	}
	return out
}

// ExampleTable is changed rows of a difference as a Markdown table under what it says, after an empty line; empty if it has none.
func ExampleTable(d bot.Difference) string {
	if len(d.Examples) == 0 {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "\n%s\n\n| row | before | after |\n|---|---|---|\n", shown(d.Message))
	for _, e := range d.Examples {
		keys := make([]string, len(e.Key))
		for i, c := range e.Key {
			keys[i] = shown(c.Column) + " " + cell(c.Value)
		}
		b.WriteString(row(strings.Join(keys, ", "), side(d, e.Old), side(d, e.New)))
	}
	return b.String()
}

// side is one side of an example; the side that has no such row is left empty.
func side(d bot.Difference, v *string) string {
	switch d.Kind {
	case bot.RowsLost, bot.RowsGained, bot.RowsDuplicated, bot.ReferenceOrphaned, bot.TableEmptied, bot.SeedChanged:
		if v == nil {
			return ""
		}
	}
	return cell(v)
}

// cell is a value in a table.
func cell(v *string) string {
	if v == nil {
		return "*NULL*"
	}
	return markup.Code(markup.Cut(value(v), 80))
}

// sampleColumns is how many columns of a sample a merge request shows.
const sampleColumns = 12

// SampleTable is the failing rows of a result as a Markdown table under its name, after an empty line; empty if there are none.
func SampleTable(r bot.Result) string {
	if r.Sample == nil || len(r.Sample.Columns) == 0 || len(r.Sample.Rows) == 0 {
		return ""
	}
	columns := r.Sample.Columns[:min(len(r.Sample.Columns), sampleColumns)]
	heads := make([]string, len(columns))
	for i, c := range columns {
		heads[i] = shown(c)
	}
	var b strings.Builder
	b.WriteString("\n" + shown(r.Name) + "\n\n" + row(heads...) + strings.Repeat("|---", len(heads)) + "|\n")
	for _, values := range r.Sample.Rows {
		cells := make([]string, len(columns))
		for i := range cells {
			if i < len(values) {
				cells[i] = cell(values[i])
			}
		}
		b.WriteString(row(cells...))
	}
	var left []string
	if n := r.Sample.Total - int64(len(r.Sample.Rows)); n > 0 {
		left = append(left, rows(n))
	}
	if n := len(r.Sample.Columns) - len(columns); n > 0 {
		left = append(left, plural(n, "column", "columns"))
	}
	if len(left) > 0 {
		b.WriteString("\nand " + strings.Join(left, " and ") + " more\n")
	}
	return b.String()
}

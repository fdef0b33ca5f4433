package report

import (
	"fmt"
	"sort"
	"strings"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/markup"
)

// differences is the table of what a reader would notice, gravest first; open are the first few.
func (p *page) differences(s *section) {
	const head = "| difference | declared | breaking |\n|---|---|---|\n"
	ds := append([]bot.Difference(nil), s.differences...)
	sort.SliceStable(ds, func(i, j int) bool { return graver(ds[i], ds[j]) })
	lines := make([]string, len(ds))
	for i, d := range ds {
		lines[i] = differenceRow(d)
	}
	open := min(len(lines), openDifferences)
	p.add(importanceDifferences, "differences", head, "", lines[:open]...)
	p.fold(importanceMoreDifferences, "differences", plural(len(lines)-open, "more difference", "more differences"), lines[open:], head)
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
		if len(d.Examples) == 0 {
			continue
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
		out = append(out, b.String())
	}
	return out
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

// sampleTable is the failing rows of a result under its name; empty if there are none.
func sampleTable(r bot.Result) string {
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

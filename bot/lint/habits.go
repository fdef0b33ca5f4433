package lint

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/engine"
	"github.com/codicil-dev/codicil/bot/lineage"
)

// published is the name of the spec's table that a file of that stem makes; ok is false if the spec names none.
func (p *candidate) published(stem string) (name string, ok bool) {
	if p.doc.Spec == nil {
		return "", false
	}
	for _, t := range p.doc.Spec.Tables {
		if makes(t.Name) == makes(stem) {
			return t.Name, true
		}
	}
	return "", false
}

// askHabits warns of ways of writing the model of a published table that age badly: right today, they turn wrong when something else changes.
//
//   - A star whose columns come out of the statement, with no list of columns on the way. This is sqlfluff's AM04, ambiguous.column_count:
//     https://docs.sqlfluff.com/en/stable/reference/rules/ambiguous. As there, a star that an own list follows is well: it is how a model
//     imports what it reads.
//   - A star with other columns after it in its list, also where a list follows. AM04 names the reason, conflicts with the names of new
//     columns, though it looks for them only at the end. DuckDB resolves them in silence: of two columns with one name the second becomes
//     name_1, so that the new column of the table takes the place of the computed one.
//   - GROUP BY ALL and GROUP BY by position: what a row stands for is a promise of the spec, and these leave it to a list that people
//     extend for other reasons. sqlfluff's AM06, ambiguous.column_references, refuses positions where group_by_and_order_by_style is explicit;
//     by default it only wants one style, and dbt's style guide prefers positions. ALL is DuckDB's own:
//     https://duckdb.org/docs/stable/sql/query_syntax/groupby.
//
// Other models are not looked at: what they make is seen in the published ones.
func (l *linter) askHabits(file, text, table string) {
	l.ask(func(trees []engine.Tree) {
		h, err := lineage.HabitsOf(trees[0].JSON)
		if trees[0].Err != nil || err != nil {
			return // askSelect says so
		}
		for _, s := range h.Stars {
			line, column := placeOf(text, s.Offset)
			switch {
			case s.Result:
				l.add(file, line, column, bot.SeverityWarning, "the model of %s passes on all columns of %s by a *, so that one added there would be published too: name the columns", table, s.Table)
			case len(s.Followed) > 0:
				l.add(file, line, column, bot.SeverityWarning, "the model of %s takes all columns of %s by a *, with %s after it, so that a column added there under such a name is taken in its place unseen: name the columns that it needs",
					table, s.Table, strings.Join(s.Followed, ", "))
			}
		}
		for _, g := range h.Groupings {
			l.grouping(file, text, table, g)
		}
	}, text)
}

// groupByAll is GROUP BY ALL, which the parse tree doesn't place.
var groupByAll = regexp.MustCompile(`(?i)\bgroup\s+by\s+(all\b|\*)`)

// grouping warns of a GROUP BY that doesn't name its columns.
func (l *linter) grouping(file, text, table string, g lineage.Grouping) {
	offset, by := g.Offset, "all"
	if g.All {
		if at := groupByAll.FindStringIndex(text[min(offset, len(text)):]); at != nil {
			offset += at[0]
		}
	} else {
		numbers := make([]string, len(g.Positions))
		for i, n := range g.Positions {
			numbers[i] = strconv.Itoa(n)
		}
		by = fmt.Sprintf("position (%s)", strings.Join(numbers, ", "))
	}
	line, column := placeOf(text, offset)
	l.add(file, line, column, bot.SeverityWarning, "the model of %s groups by %s, so that a column added to the list changes unseen what a row stands for: name the columns that it groups by", table, by)
}

// placeOf is the line and column, from 1 and in characters, of an offset in bytes.
func placeOf(text string, offset int) (line, column int) {
	before := text[:min(offset, len(text))]
	return 1 + strings.Count(before, "\n"), 1 + utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:])
}

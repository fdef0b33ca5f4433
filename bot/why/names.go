package why

import (
	"strings"

	"github.com/codicil-dev/codicil/bot/spec"
)

// name is a table, or a column of a table; the zero value is the product.
type name struct{ table, column string }

// String is the name as people write it: table or table.column.
func (n name) String() string {
	if n.column == "" {
		return n.table
	}
	return n.table + "." + n.column
}

// step is an amendment and the names that the thing had after and before it.
type step struct {
	entry         *spec.Entry
	after, before name
	// born says that the thing came into being here.
	born bool
}

// trail follows a thing from its last name back through the ledger to where it came into being, the newest step first.
// The zero name, the product, has every entry.
func trail(entries []spec.Entry, last name) []step {
	var steps []step
	at := last
	for i := len(entries) - 1; i >= 0; i-- {
		s := step{entry: &entries[i], after: at}
		s.before, s.born = earlier(entries[i].Amendment.Expects, at)
		steps = append(steps, s)
		if s.born {
			break
		}
		at = s.before
	}
	return steps
}

// earlier is the name that a thing had before an amendment; born says that it had none.
func earlier(expects []spec.Expectation, after name) (before name, born bool) {
	if after == (name{}) {
		return after, false
	}
	before = after
	for _, x := range expects {
		if r := x.RenameTable; r != nil && same(r.To, after.table) {
			before.table = r.From
		}
		born = born || same(x.AddTable, after.table)
	}
	for _, x := range expects {
		if r := x.RenameColumn; r != nil && (step{after: after, before: before}).isColumn(r.To) {
			if _, column, ok := spec.SplitColumn(r.From); ok {
				before.column = column
			}
		}
		if table, column, ok := spec.SplitColumn(x.AddColumn); ok && after.column != "" && same(column, after.column) && (same(table, after.table) || same(table, before.table)) {
			born = true
		}
	}
	return before, born
}

// later is the name that a thing has after an amendment; gone says that it was dropped.
func later(expects []spec.Expectation, before name) (after name, gone bool) {
	after = before
	for _, x := range expects {
		if r := x.RenameTable; r != nil && same(r.From, before.table) {
			after.table = r.To
		}
		gone = gone || same(x.DropTable, before.table)
	}
	if before.column == "" {
		return after, gone
	}
	s := step{after: after, before: before}
	for _, x := range expects {
		if r := x.RenameColumn; r != nil && s.isColumn(r.From) {
			if _, column, ok := spec.SplitColumn(r.To); ok {
				after.column = column
			}
		}
		gone = gone || s.isColumn(x.DropColumn)
	}
	return after, gone
}

// isTable says whether a text names the thing's table, after or before.
func (s step) isTable(text string) bool {
	return text != "" && (same(text, s.after.table) || same(text, s.before.table))
}

// isColumn says whether a text names the thing as a column, after or before.
func (s step) isColumn(text string) bool {
	table, column, ok := spec.SplitColumn(strings.TrimSpace(text))
	return ok && s.after.column != "" && s.isTable(table) && (same(column, s.after.column) || same(column, s.before.column))
}

// isWithin says whether a text names the thing's table or any column of it.
func (s step) isWithin(text string) bool {
	table, _, ok := spec.SplitColumn(strings.TrimSpace(text))
	return s.isTable(text) || ok && s.isTable(table)
}

// renames lists the changes of name along a trail, the oldest first, and without gone.
func renames(steps []step, gone *Event) []Event {
	var out []Event
	for i := len(steps) - 1; i >= 0; i-- {
		s := steps[i]
		if s.born || same(s.before.String(), s.after.String()) || gone != nil && gone.By == s.entry.Amendment.ID {
			continue
		}
		out = append(out, Event{What: "renamed", From: s.before.String(), To: s.after.String(), By: s.entry.Amendment.ID})
	}
	return out
}

func same(a, b string) bool { return strings.EqualFold(strings.TrimSpace(a), strings.TrimSpace(b)) }

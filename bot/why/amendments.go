package why

import (
	"slices"

	"github.com/codicil-dev/codicil/bot/spec"
)

// amendments tells of each entry that made the thing so, the oldest first.
func (t *teller) amendments(f *found, steps []step) {
	for i := len(steps) - 1; i >= 0; i-- {
		s := steps[i]
		effects := s.effects()
		if f.kind() == KindProduct || s.concerns() || len(effects) > 0 {
			t.story.Amendments = append(t.story.Amendments, t.amendment(s.entry.Amendment, effects))
		}
	}
}

// concerns says whether an amendment is about the thing, whatever it changed: for a table also if it is about one of
// its columns, for a column only if it names the column or is the bootstrap of its table.
func (s step) concerns() bool {
	a := &s.entry.Amendment
	for _, on := range a.Affects {
		switch {
		case s.after.column == "" && s.isWithin(on), s.isColumn(on):
			return true
		case s.isTable(on) && a.Origin.Kind == spec.OriginBootstrap:
			return true
		}
	}
	return false
}

// effects are an amendment's expectations that changed the thing; for the product all of them.
func (s step) effects() []string {
	var out []string
	for _, x := range s.entry.Amendment.Expects {
		if s.after == (name{}) || s.changes(x) {
			out = append(out, x.String())
		}
	}
	return out
}

// changes says whether an expectation is about the thing. Of those about a whole table, a column shares only its
// beginning, end and name, the keys that it is part of, and the rows that it selects.
func (s step) changes(x spec.Expectation) bool {
	if s.after.column == "" {
		to := ""
		if x.RenameTable != nil {
			to = x.RenameTable.To
		} else if x.RenameColumn != nil {
			to = x.RenameColumn.To
		}
		return x.Kind() != spec.ChangeSeed && x.Kind() != spec.ChangeTest && (s.isWithin(x.On()) || s.isWithin(to))
	}
	switch x.Kind() {
	case spec.AddTable, spec.DropTable:
		return s.isTable(x.On())
	case spec.RenameTable:
		return s.isTable(x.RenameTable.From) || s.isTable(x.RenameTable.To)
	case spec.RenameColumn:
		return s.isColumn(x.RenameColumn.From) || s.isColumn(x.RenameColumn.To)
	case spec.ChangeKey:
		return s.isTable(x.ChangeKey.On) && s.inKey(x.ChangeKey.To)
	case spec.ChangeRows, spec.AddRows, spec.DropRows:
		for _, r := range []*spec.RowChange{x.ChangeRows, x.AddRows, x.DropRows} {
			if r != nil && s.isTable(r.Table) {
				used := words(r.Where)
				return used.has(s.after.column) || used.has(s.before.column)
			}
		}
		return false
	}
	return s.isColumn(x.On())
}

// inKey says whether the column is part of a new key.
func (s step) inKey(key any) bool {
	var columns []string
	switch key := key.(type) {
	case []string:
		columns = key
	case []any:
		for _, k := range key {
			if column, ok := k.(string); ok {
				columns = append(columns, column)
			}
		}
	}
	return slices.ContainsFunc(columns, func(c string) bool { return same(c, s.after.column) || same(c, s.before.column) })
}

// amendment tells of one amendment.
func (t *teller) amendment(a spec.Amendment, effects []string) Amendment {
	out := Amendment{
		ID: a.ID, Requirement: a.Requirement, Origin: a.Origin.Kind, Guideline: a.Origin.ID, Revision: a.Origin.Revision,
		URL: a.Origin.URL, Author: a.Origin.Author, At: a.Origin.At, Reading: a.Reading, Expects: effects, Change: a.Change, Pending: a.Pending(),
	}
	for _, q := range a.Questions {
		out.Questions = append(out.Questions, Question(q))
	}
	for _, r := range a.Rejected {
		rejected := Rejected{Option: r.Option}
		for _, id := range r.Breaks {
			broken := Broken{Amendment: id}
			if e, ok := t.doc.Ledger.Entry(id); ok {
				broken.Requirement = e.Amendment.Requirement
			}
			rejected.Breaks = append(rejected.Breaks, broken)
		}
		out.Rejected = append(out.Rejected, rejected)
	}
	for _, c := range t.doc.Ledger.Active() {
		if c.Amendment == a.ID {
			out.Checks++
		}
	}
	for _, e := range t.doc.Ledger.Entries {
		for _, s := range e.Amendment.Supersedes {
			if r := (Retirement{Amendment: s.Amendment, By: e.Amendment.ID, Because: s.Because}); s.Amendment == a.ID || r.By == a.ID {
				r.Checks, r.All = t.retires(s)
				if r.By == a.ID {
					out.Retires = append(out.Retires, r)
				} else {
					out.Superseded = append(out.Superseded, r)
				}
			}
		}
	}
	return out
}

// retires lists the checks that a supersession takes back, and says whether those are all that the amendment had.
func (t *teller) retires(s spec.Supersession) (checks []string, all bool) {
	e, ok := t.doc.Ledger.Entry(s.Amendment)
	if !ok {
		return list(s.Checks), len(s.Checks) == 0
	}
	checks = []string{}
	for _, c := range e.Amendment.Checks {
		if len(s.Checks) == 0 || slices.Contains(s.Checks, c.Name) {
			checks = append(checks, c.Name)
		}
	}
	return checks, len(checks) == len(e.Amendment.Checks)
}

// forget leaves out that checks were retired which had nothing to do with the thing.
func (s *Story) forget() {
	if s.Kind == KindProduct {
		return
	}
	told := map[string]bool{}
	for _, c := range s.Retired {
		told[c.Name] = true
	}
	for i := range s.Amendments {
		a := &s.Amendments[i]
		a.Superseded = slices.DeleteFunc(a.Superseded, func(r Retirement) bool {
			return !r.All && !s.tells(r.By) && !slices.ContainsFunc(r.Checks, func(c string) bool { return told[c] })
		})
	}
}

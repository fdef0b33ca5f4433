package why

import (
	"fmt"
	"slices"
	"strings"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/spec"
)

// checks tells what holds the thing: first what the spec itself promises, then what reads it, then what was promised
// along with it.
func (t *teller) checks(f *found, steps []step) {
	told := map[int]bool{}
	for _, a := range t.story.Amendments {
		told[a.ID] = true
	}
	reads := t.reader(f, steps)
	if f.gone == nil && f.kind() != KindProduct {
		t.story.Checks = append(t.story.Checks, t.promised(f)...)
	}
	var others []Check
	for _, a := range t.doc.Ledger.Active() {
		if f.gone != nil {
			break
		}
		c := t.check(a.Amendment, a.Check)
		c.Pending = a.Pending
		c.Status, c.Message = t.result(fmt.Sprintf("%s/%d/%s", bot.AreaRequirements, a.Amendment, a.Check.Name))
		switch {
		case reads(a.Check):
			c.Relation = ByReading
			t.story.Checks = append(t.story.Checks, c)
		case told[a.Amendment] && t.names(a.Amendment, steps):
			c.Relation = ByAmendment
			others = append(others, c)
		}
	}
	t.story.Checks = append(t.story.Checks, others...)
	for _, r := range t.doc.Ledger.Retired() {
		read := reads(r.Check)
		both := told[r.Amendment] && told[r.By] && t.names(r.By, steps) // that it was retired is about the thing
		if !read && !both && !(told[r.Amendment] && t.names(r.Amendment, steps)) {
			continue
		}
		c := t.check(r.Amendment, r.Check)
		c.RetiredBy, c.Because, c.Relation = r.By, r.Because, ByAmendment
		if read {
			c.Relation = ByReading
		}
		t.story.Retired = append(t.story.Retired, c)
	}
}

// names says whether an amendment speaks of the thing itself and not only of the table around it or of one of its
// columns, so that all of its checks are told. One about several tables proves something else of each, and one that
// makes a table something else of each column.
func (t *teller) names(id int, steps []step) bool {
	for _, s := range steps {
		if s.entry.Amendment.ID == id {
			return s.named()
		}
	}
	return false
}

func (s step) named() bool {
	on := s.speaksOf()
	if s.after.column == "" {
		return slices.ContainsFunc(on, s.isTable) && !slices.ContainsFunc(on, func(x string) bool { return !s.isWithin(x) })
	}
	founds := slices.ContainsFunc(s.entry.Amendment.Expects, func(x spec.Expectation) bool { return x.Kind() == spec.AddTable })
	return slices.ContainsFunc(on, s.isColumn) && !founds
}

// speaksOf lists what the amendment names.
func (s step) speaksOf() []string {
	on := append([]string(nil), s.entry.Amendment.Affects...)
	for _, x := range s.entry.Amendment.Expects {
		on = append(on, x.On())
	}
	return on
}

// check tells of a check, without its result.
func (t *teller) check(amendment int, c spec.Check) Check {
	out := Check{Amendment: amendment, Name: c.Name, SQL: c.SQL, CEL: c.CEL}
	if e, ok := t.doc.Ledger.Entry(amendment); ok && e.Amendment.Origin.Kind == spec.OriginGuideline {
		out.Guideline = e.Amendment.Origin.ID
	}
	return out
}

// result is the last result of that id, or why there is none.
func (t *teller) result(id string) (bot.Status, string) {
	if r, ok := t.results[id]; ok {
		return r.Status, r.Message
	}
	if t.story.Verified == nil {
		return bot.NotRun, "not verified yet: run codicil verify"
	}
	return bot.NotRun, "the last verification did not get to it: run codicil verify"
}

// reader returns what says whether a check reads the thing, under any name that it had.
func (t *teller) reader(f *found, steps []step) func(spec.Check) bool {
	if f.kind() == KindProduct {
		return func(spec.Check) bool { return true }
	}
	names := []name{f.name}
	for _, s := range steps {
		names = append(names, s.after, s.before)
	}
	return func(c spec.Check) bool {
		if c.CEL != "" {
			return f.gone == nil && t.bends(c.CEL, f)
		}
		used := words(c.SQL)
		for _, n := range names {
			if used.has(n.table) && (n.column == "" || used.has(n.column)) {
				return true
			}
		}
		return false
	}
}

// promised are the results about what the spec says of the thing: one that passes if there is nothing else to say.
func (t *teller) promised(f *found) []Check {
	var out []Check
	reached := false
	for _, r := range t.contract {
		of := r.Name == f.name.table || strings.HasPrefix(r.Name, f.name.table+".")
		reached = reached || of
		wholeTable := r.Name == f.name.table && r.Status != bot.Pass
		if of && r.Status != bot.Pass && (f.name.column == "" || r.Name == f.name.String() || wholeTable) {
			out = append(out, Check{Name: r.Name + " is what the spec says", Relation: ByContract, Status: r.Status, Message: r.Message})
		}
	}
	if len(out) > 0 {
		return out
	}
	c := Check{Name: f.name.String() + " is what the spec says", Relation: ByContract, Status: bot.Pass}
	if !reached {
		c.Status, c.Message = t.result("")
	}
	return []Check{c}
}

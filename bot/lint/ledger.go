package lint

import (
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/spec"
)

// ledger checks what the amendments say of each other and of the spec as a whole.
func (p *candidate) ledger(l *linter) {
	owner := map[string]int{} // the amendment that has a check of that name
	for i := range p.doc.Ledger.Entries {
		e := &p.doc.Ledger.Entries[i]
		a := &e.Amendment
		for j, c := range a.Checks {
			at := fmt.Sprintf("/checks/%d", j)
			if first, taken := owner[c.Name]; taken {
				l.at(e.Source, at+"/name", "amendment %d has a check named %q already: give this one a name of its own", first, c.Name)
			} else {
				owner[c.Name] = a.ID
			}
			l.checkText(p, e, at, c)
		}
		p.supersedes(l, e)
		placeholders(l, e)
		for j, r := range a.Rejected {
			for k, id := range r.Breaks {
				if _, ok := p.doc.Ledger.Entry(id); !ok {
					l.at(e.Source, fmt.Sprintf("/rejected/%d/breaks/%d", j, k), "there is no amendment %d to break: name one that exists", id)
				}
			}
		}
		if kind := unproven(a); kind != "" {
			l.warn(e.Source, "/checks", "amendment %d expects %s but has no check that proves it: add one that fails without the change", a.ID, kind)
		}
	}
	if last, edited := p.editedByHand(); edited {
		l.add(path.Join(p.dir, spec.SpecFile), 0, 0, bot.SeverityWarning,
			"spec.yaml was edited by hand since amendment %d: run `codicil verify --declare` to draft the amendment that declares it", last)
	}
}

// placeholders reports what a draft leaves to be written.
func placeholders(l *linter, e *spec.Entry) {
	a := &e.Amendment
	written := map[string]string{"/requirement": a.Requirement, "/reading": a.Reading, "/change": a.Change}
	for i, s := range a.Supersedes {
		written[fmt.Sprintf("/supersedes/%d/because", i)] = s.Because
	}
	for i, x := range a.Expects {
		if x.ChangeTest != nil {
			written[fmt.Sprintf("/expects/%d/change_test/because", i)] = x.ChangeTest.Because
		}
	}
	for at, text := range written {
		if spec.IsPlaceholder(text) {
			l.at(e.Source, at, "%s is still the draft's %s: write it", path.Base(at), text)
		}
	}
}

// editedByHand says whether the spec is not what the last amendment left.
func (p *candidate) editedByHand() (last int, edited bool) {
	entries := p.doc.Ledger.Entries
	if len(entries) == 0 {
		return 0, false
	}
	a := entries[len(entries)-1].Amendment
	return a.ID, a.Result != "" && a.Result != spec.Hash(p.doc.Spec)
}

// unproven names an expected change of tables, columns, rows or values if the amendment has no check; empty if all is well.
// The comparison of base and head itself proves the other kinds, and a bootstrap has nothing to change.
func unproven(a *spec.Amendment) string {
	if len(a.Checks) > 0 || a.Origin.Kind == spec.OriginBootstrap {
		return ""
	}
	for _, x := range a.Expects {
		switch x.Kind() {
		case spec.AddTable, spec.AddColumn, spec.ChangeValues, spec.ChangeRows, spec.AddRows, spec.DropRows:
			return "to " + x.String()
		}
	}
	return ""
}

// supersedes checks that an amendment retires earlier checks that exist.
func (p *candidate) supersedes(l *linter, e *spec.Entry) {
	for j, s := range e.Amendment.Supersedes {
		at := fmt.Sprintf("/supersedes/%d", j)
		old, ok := p.doc.Ledger.Entry(s.Amendment)
		switch {
		case s.Amendment >= e.Amendment.ID:
			l.at(e.Source, at+"/amendment", "amendment %d cannot supersede amendment %d: only earlier ones", e.Amendment.ID, s.Amendment)
			continue
		case !ok:
			l.at(e.Source, at+"/amendment", "there is no amendment %d to supersede: name an earlier one", s.Amendment)
			continue
		}
		var names []string
		for _, c := range old.Amendment.Checks {
			names = append(names, c.Name)
		}
		for k, name := range s.Checks {
			if !contained(names, name) {
				l.at(e.Source, fmt.Sprintf("%s/checks/%d", at, k), "amendment %d has no check named %q: name one that it has%s", s.Amendment, name, suggest(name, names))
			}
		}
	}
}

// contained says whether list holds s.
func contained(list []string, s string) bool {
	for _, e := range list {
		if e == s {
			return true
		}
	}
	return false
}

// checkText checks that a check can be run: SQL parses, CEL compiles.
func (l *linter) checkText(p *candidate, e *spec.Entry, at string, c spec.Check) {
	if c.CEL == "" {
		if strings.TrimSpace(c.SQL) == "" {
			l.at(e.Source, at+"/sql", "the check %q is blank: write a SELECT whose rows are violations", c.Name)
			return
		}
		l.askSelect(e.Source.File(), c.SQL, fmt.Sprintf("the check %q", c.Name), nil, func(line, column int) (int, int) {
			if line == 0 {
				return e.Source.At(at + "/sql")
			}
			return e.Source.Inside(at+"/sql", line, column)
		})
		return
	}
	_, err := spec.CompileCEL(c.CEL)
	var wrong *spec.ExpressionError
	switch {
	case errors.As(err, &wrong):
		line, column := e.Source.Inside(at+"/cel", wrong.Line, wrong.Column)
		l.add(e.Source.File(), line, column, bot.SeverityError, "the check %q is no CEL expression: %s", c.Name, wrong.Message)
	case err != nil:
		l.at(e.Source, at+"/cel", "the check %q is no CEL expression: %v", c.Name, err)
	}
}

package dbtspec

import (
	"strings"

	"github.com/codicil-dev/codicil/bot/engine"
	"github.com/codicil-dev/codicil/bot/spec"
)

// What the first amendment of a draft says.
const (
	draftRequirement = "The product was there before its spec. The spec shall say what it is today, and why."
	draftReading     = "<what the product does, in a few sentences>"
	draftChange      = "Nothing was changed: the spec was drafted from what dbt's properties say."
)

// Bootstrap is the first amendment of a drafted spec: its checks are that keys name one row each. What was read into the product is left to people.
func Bootstrap(s *spec.Spec, origin spec.Origin) *spec.Amendment {
	origin.Kind = spec.OriginBootstrap
	a := &spec.Amendment{ID: 1, Requirement: draftRequirement, Origin: origin, Reading: draftReading, Change: draftChange, Checks: []spec.Check{}, Expects: []spec.Expectation{}}
	for _, t := range s.Tables {
		a.Affects = append(a.Affects, t.Name)
		a.Expects = append(a.Expects, spec.Expectation{AddTable: t.Name})
		if len(t.Key) == 0 {
			continue
		}
		names := make([]string, len(t.Key))
		for i, k := range t.Key {
			names[i] = engine.Ident(k)
		}
		list := strings.Join(names, ", ")
		a.Checks = append(a.Checks, spec.Check{Name: "each row of " + t.Name + " has its own " + strings.Join(t.Key, ", "),
			SQL: "select " + list + ", count(*) as how_often\nfrom " + engine.Relation(strings.Split(t.Name, ".")...) + "\ngroup by " + list + "\nhaving count(*) > 1\n"})
	}
	return a
}

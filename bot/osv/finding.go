package osv

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/codicil-dev/codicil/bot/evidence"
)

// page is where people read an advisory.
const page = "https://osv.dev/vulnerability/"

// findings are what an answer comes to for a package, and what of it is not known.
func (p Package) findings(a *answer, texts map[string]*text) (findings []evidence.Finding, unread []evidence.NotAsked) {
	q := p.key()
	missing := func(reason string) {
		unread = append(unread, evidence.NotAsked{Source: evidence.OSV, Product: p.Product, Subject: q.Package.Name, Why: evidence.Line(reason)})
	}
	if a.why != "" {
		missing(a.why)
	}
	var records []advisory
	for _, b := range a.vulns {
		t := texts[b.ID]
		if t.err == nil {
			if t.advisory.Withdrawn == nil {
				records = append(records, t.advisory)
			}
			continue
		}
		missing("of the advisory " + evidence.Line(b.ID) + ": " + why(t.err))
		if form.MatchString(b.ID) { // that there is one is known, and must not be lost
			records = append(records, advisory{ID: b.ID, Summary: "an advisory whose text could not be had"})
		}
	}
	for _, same := range grouped(records) {
		findings = append(findings, p.finding(q, a, same))
	}
	return findings, unread
}

// finding is what several records say of one vulnerability.
func (p Package) finding(q query, a *answer, same []advisory) evidence.Finding {
	f := evidence.Finding{
		Source: evidence.OSV, Product: p.Product, Subject: q.Package.Name, Has: evidence.Line(q.Version), Wants: evidence.Line(cure(q, same)),
		ID: same[0].ID, URL: page + same[0].ID, At: a.at, File: p.File, Line: p.Line,
	}
	score := 0.0
	for _, x := range same {
		s, n := x.severity(q)
		f.Severity, score = f.Severity.Max(s), max(score, n)
		if f.Title == "" || x.Summary != "" && same[0].Summary == "" {
			f.Title = x.title()
		}
		for _, name := range append([]string{x.ID}, x.Aliases...) {
			if name != f.ID && form.MatchString(name) {
				f.Aliases = append(f.Aliases, name)
			}
		}
	}
	slices.Sort(f.Aliases)
	f.Aliases = slices.Compact(f.Aliases)
	if score > 0 {
		f.Title = evidence.Line(fmt.Sprintf("%s (CVSS %s)", f.Title, number(score)))
	}
	return f
}

// grouped puts records of one and the same vulnerability together, by their ids and aliases: GitHub's first, which say most, then those of
// the ecosystem, then by their ids.
func grouped(records []advisory) (groups [][]advisory) {
	records = slices.Clone(records)
	slices.SortFunc(records, func(a, b advisory) int { return cmp.Or(rank(a.ID)-rank(b.ID), strings.Compare(a.ID, b.ID)) })
	records = slices.CompactFunc(records, func(a, b advisory) bool { return a.ID == b.ID })
	for _, r := range records {
		group, rest := []advisory{r}, groups[:0:0]
		for _, g := range groups {
			if slices.ContainsFunc(g, func(other advisory) bool { return sameMatter(r, other) }) {
				group = append(g[:len(g):len(g)], group...)
				continue
			}
			rest = append(rest, g)
		}
		groups = append(rest, group)
	}
	for _, g := range groups { // one record may have brought two groups together
		slices.SortFunc(g, func(a, b advisory) int { return cmp.Or(rank(a.ID)-rank(b.ID), strings.Compare(a.ID, b.ID)) })
	}
	return groups
}

func rank(id string) int {
	switch {
	case strings.HasPrefix(id, "GHSA-"):
		return 0
	case strings.HasPrefix(id, "CVE-"):
		return 2
	}
	return 1
}

// sameMatter says whether two records share a name.
func sameMatter(a, b advisory) bool {
	names := append([]string{b.ID}, b.Aliases...)
	return slices.Contains(names, a.ID) || slices.ContainsFunc(a.Aliases, func(x string) bool { return slices.Contains(names, x) })
}

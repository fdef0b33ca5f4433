// Package report renders a verification for people and programs.
package report

import (
	"fmt"
	"sort"
	"strings"

	"github.com/Masterminds/semver/v3"

	"github.com/codicil-dev/codicil/bot"
)

// SchemaURL names the JSON Schema that the JSON form of a report follows.
const SchemaURL = "https://codicil.dev/schema/report-1.json"

// section is what a report says of one product.
type section struct {
	bot.ProductReport
	results     []bot.Result
	differences []bot.Difference
}

// sections splits a report by product: failing products first, then those to review, then the rest, each in the
// report's order. What names a product that the report does not list gets a section of its own, so that nothing is lost.
func sections(r *bot.Report) []*section {
	var all []*section
	byName := map[string]*section{}
	of := func(name string) *section {
		s, ok := byName[name]
		if !ok {
			s = &section{ProductReport: bot.ProductReport{Product: name, Verdict: bot.VerdictPass, Impact: bot.ImpactNone}}
			byName[name] = s
			all = append(all, s)
		}
		return s
	}
	for _, p := range r.Products {
		of(p.Product).ProductReport = p
	}
	for _, res := range r.Results {
		s := of(res.Product)
		s.results = append(s.results, res)
	}
	for _, d := range r.Differences {
		s := of(d.Product)
		s.differences = append(s.differences, d)
		s.Impact = s.Impact.Max(d.Impact)
	}
	for _, s := range all {
		if badness(bot.VerdictOf(s.results)) > badness(s.Verdict) {
			s.Verdict = bot.VerdictOf(s.results)
		}
	}
	sort.SliceStable(all, func(i, j int) bool { return badness(all[i].Verdict) > badness(all[j].Verdict) })
	return all
}

func badness(v bot.Verdict) int {
	switch v {
	case bot.VerdictFail:
		return 2
	case bot.VerdictReview:
		return 1
	}
	return 0
}

// in returns the results of one area, failures first, then reviews, not run, passes.
func (s *section) in(a bot.Area) []bot.Result {
	var out []bot.Result
	for _, r := range s.results {
		if r.Area == a {
			out = append(out, r)
		}
	}
	sort.SliceStable(out, func(i, j int) bool { return weight(out[i].Status) > weight(out[j].Status) })
	return out
}

// areas lists the areas of which the section has results: the known ones in order, then others as they come.
func (s *section) areas() []bot.Area {
	var out []bot.Area
	seen := map[bot.Area]bool{}
	for _, a := range bot.Areas() {
		seen[a] = true
		if len(s.in(a)) > 0 {
			out = append(out, a)
		}
	}
	for _, r := range s.results {
		if !seen[r.Area] {
			seen[r.Area] = true
			out = append(out, r.Area)
		}
	}
	return out
}

// with returns the section's results of one status, in order of area.
func (s *section) with(status bot.Status) []bot.Result {
	var out []bot.Result
	for _, a := range s.areas() {
		for _, r := range s.in(a) {
			if r.Status == status {
				out = append(out, r)
			}
		}
	}
	return out
}

func weight(s bot.Status) int {
	switch s {
	case bot.Fail:
		return 3
	case bot.Review:
		return 2
	case bot.NotRun:
		return 1
	}
	return 0
}

// statuses lists the statuses in the order in which counts show them.
func statuses() []bot.Status { return []bot.Status{bot.Pass, bot.Fail, bot.Review, bot.NotRun} }

// word is how a status reads in a sentence.
func word(s bot.Status) string { return strings.ReplaceAll(string(s), "_", " ") }

func count(results []bot.Result, status bot.Status) int {
	n := 0
	for _, r := range results {
		if r.Status == status {
			n++
		}
	}
	return n
}

// versions says from which version to which a product goes, and the least that it must go to.
func (s *section) versions() string {
	from, to := s.BaseVersion, s.Version
	switch {
	case s.low() && (to == from || to == ""):
		return from + " → at least " + s.LeastVersion
	case s.low():
		return fmt.Sprintf("%s → %s, but at least %s is needed", from, to, s.LeastVersion)
	case from == "" && to == "":
		return ""
	case from == "":
		return "new, " + to
	case from == to || to == "":
		return from
	}
	return from + " → " + to
}

// Versions says from which version to which a product goes, and the least that it must go to; empty if no version is known.
func Versions(p bot.ProductReport) string { return (&section{ProductReport: p}).versions() }

// low says whether the head's version is less than the impact asks for. Versions that cannot be read are compared as text.
func (s *section) low() bool {
	if s.LeastVersion == "" {
		return false
	}
	least, err := semver.NewVersion(s.LeastVersion)
	if err != nil {
		return s.Version != s.LeastVersion
	}
	have, err := semver.NewVersion(s.Version)
	return err != nil || have.LessThan(least)
}

// declaration says in words whether a difference was declared, and whether it breaks readers.
func declaration(d bot.Difference) string {
	var words []string
	switch {
	case d.Kind == bot.Unstable:
		words = append(words, "unstable")
	case len(d.FollowsFrom) > 0:
		words = append(words, "follows from "+strings.Join(d.FollowsFrom, ", "))
	case !d.Declared:
		words = append(words, "undeclared")
	case d.DeclaredBy > 0:
		words = append(words, fmt.Sprintf("declared by %d", d.DeclaredBy))
	default:
		words = append(words, "declared")
	}
	if d.Unbounded {
		words = append(words, "without a where")
	}
	if d.Breaking {
		words = append(words, "breaking")
	}
	return strings.Join(words, ", ")
}

// share says how many rows a difference concerns, if that is known and the message does not say it already.
func share(d bot.Difference) string {
	switch {
	case d.Count <= 0 || says(d.Message, d.Count):
		return ""
	case d.Total <= 0:
		return rows(d.Count)
	}
	return fmt.Sprintf("%s of %s, %s", thousands(d.Count), rows(d.Total), percent(d.Count, d.Total))
}

// says tells whether a message holds a number, as a word of its own.
func says(message string, n int64) bool {
	for _, word := range strings.Fields(message) {
		word = strings.Trim(word, ".,;:()")
		if word == fmt.Sprint(n) || word == thousands(n) {
			return true
		}
	}
	return false
}

func percent(n, total int64) string {
	p := 100 * float64(n) / float64(total)
	switch {
	case n == total:
		return "100%"
	case p < 0.1:
		return "under 0.1%"
	case p > 99.9:
		return "over 99.9%"
	}
	return fmt.Sprintf("%.1f%%", p)
}

func rows(n int64) string {
	if n == 1 {
		return "1 row"
	}
	return thousands(n) + " rows"
}

// thousands writes n with commas.
func thousands(n int64) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// graver orders differences within a table: undeclared breaking ones first, declared harmless ones last.
func graver(a, b bot.Difference) bool {
	grade := func(d bot.Difference) int {
		g := 0
		if d.Undeclared() {
			g += 2
		}
		if d.Breaking {
			g++
		}
		return g
	}
	return grade(a) > grade(b)
}

// tables groups differences by table in order of first appearance; those of no table come last under "".
func tables(ds []bot.Difference) (names []string, groups map[string][]bot.Difference) {
	groups = map[string][]bot.Difference{}
	for _, d := range ds {
		if _, ok := groups[d.Table]; !ok && d.Table != "" {
			names = append(names, d.Table)
		}
		groups[d.Table] = append(groups[d.Table], d)
	}
	if len(groups[""]) > 0 {
		names = append(names, "")
	}
	for _, g := range groups {
		sort.SliceStable(g, func(i, j int) bool { return graver(g[i], g[j]) })
	}
	return names, groups
}

// place is file:line, or what is known of it.
func place(r bot.Result) string {
	if r.File == "" || r.Line == 0 {
		return r.File
	}
	return fmt.Sprintf("%s:%d", r.File, r.Line)
}

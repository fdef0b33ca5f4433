package message

import (
	"fmt"
	"sort"
	"strings"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/markup"
)

// standing says how many checks and tests hold.
func standing(results []bot.Result) string {
	checks, tests := tally(results, isCheck), tally(results, isTest)
	fails := 0
	for _, r := range results {
		if r.Status == bot.Fail {
			fails++
		}
	}
	text := checks.say("check", "checks") + " and " + tests.say("test", "tests") + " hold"
	switch {
	case checks.all()+tests.all() == 0:
		text = "there was nothing to check"
	case tests.all() == 0 && checks.all() == 1 && checks.held == 1:
		text = "1 of 1 check holds"
	case tests.all() == 0:
		text = checks.say("check", "checks") + " hold"
	}
	if checks.failed+tests.failed == 0 && fails > 0 {
		text += ", but " + counted(fails, "other result fails", "other results fail")
	}
	return text
}

// tallied counts results.
type tallied struct{ held, failed, review, notRun int }

func tally(results []bot.Result, of func(bot.Result) bool) (t tallied) {
	for _, r := range results {
		if !of(r) {
			continue
		}
		switch r.Status {
		case bot.Pass:
			t.held++
		case bot.Fail:
			t.failed++
		case bot.Review:
			t.review++
		default:
			t.notRun++
		}
	}
	return t
}

func (t tallied) all() int { return t.held + t.failed + t.review + t.notRun }

// say is how many of how many.
func (t tallied) say(one, many string) string {
	if t.all() == 1 && t.held == 1 {
		return "1 of 1 " + one
	}
	return grouped(t.held) + " of " + counted(t.all(), one, many)
}

// outcome is what grouped results come to, in a cell.
func (t tallied) outcome() string {
	switch {
	case t.failed > 0:
		return fmt.Sprintf("%s %d of %d fail", mark(bot.Fail), t.failed, t.all())
	case t.review > 0:
		return fmt.Sprintf("%s %d of %d to review", mark(bot.Review), t.review, t.all())
	case t.held == 0:
		return mark(bot.NotRun) + " not run"
	case t.notRun > 0:
		return fmt.Sprintf("%s %d hold, %d not run", mark(bot.Pass), t.held, t.notRun)
	case t.all() == 1:
		return mark(bot.Pass) + " holds"
	}
	return mark(bot.Pass) + " hold"
}

// isProof says whether a result only sums up that a new amendment's checks prove something.
func isProof(r bot.Result) bool {
	return r.Area == bot.AreaRequirements && strings.HasSuffix(r.ID, "/proof")
}

func isCheck(r bot.Result) bool {
	return (r.Area == bot.AreaRequirements || r.Area == bot.AreaGuidelines) && !isProof(r) && !isNone(r)
}

func isTest(r bot.Result) bool { return r.Area == bot.AreaTests && !isNone(r) }

// isNone says whether a result only tells that there are no tests, or that no guideline applies.
func isNone(r bot.Result) bool {
	return (r.Area == bot.AreaTests || r.Area == bot.AreaGuidelines) && strings.HasSuffix(r.ID, "/none")
}

// proven is the table from requirement to check to result: each new check, each that does not hold, and one row for all others
// of an amendment, a guideline, or the tests.
func (c Change) proven(p *markup.Page) {
	const table = "| requirement | check | result |\n|---|---|---|\n"
	const head = "**What proves it**\n\n" + table
	fresh, earlier := proofRows(c.results())
	p.Add(importanceNew, "checks", head, "", fresh...)
	open := earlier
	if len(open) > openEarlier {
		open = nil
	}
	if len(open) > 0 && len(fresh) > 0 {
		// One table looks like one table only if it is one part.
		p.Append(importanceEarlier, "rows", open...)
		return
	}
	p.Add(importanceEarlier, "rows", head, "", open...)
	if open == nil {
		p.Fold(importanceEarlier, "rows", counted(len(earlier), "more promise", "more promises")+", all kept", earlier, table)
	}
}

// group is what is told of several results in one row.
type group struct {
	title, what string
	many        string
	results     []bot.Result
}

// proofRows are the rows of what is new or does not hold, and those of the rest.
func proofRows(results []bot.Result) (fresh, earlier []string) {
	var order []string
	groups := map[string]*group{}
	add := func(key, title, one, many string, r bot.Result) {
		if groups[key] == nil {
			groups[key] = &group{title: title, what: one, many: many}
			order = append(order, key)
		}
		groups[key].results = append(groups[key].results, r)
	}
	said := map[int]bool{}
	for _, r := range byAmendment(results) {
		title := amendmentTitle(r)
		switch {
		case isProof(r) && r.Status == bot.Pass, isNone(r):
		case r.Area == bot.AreaRequirements && (r.New || r.Status == bot.Fail || r.Status == bot.Review):
			if said[r.Amendment] {
				title = ""
			}
			said[r.Amendment] = true
			fresh = append(fresh, row(title, cell(r.Name), proof(r)))
		case r.Area == bot.AreaRequirements:
			add(fmt.Sprint("amendment ", r.Amendment), title, "check", "checks", r)
		case r.Area == bot.AreaGuidelines:
			rule, name, ok := strings.Cut(r.Name, ": ")
			if !ok {
				rule, name = "guideline", r.Name
			}
			if r.Status == bot.Fail || r.Status == bot.Review {
				fresh = append(fresh, row("guideline: "+cell(rule), cell(name), proof(r)))
				continue
			}
			add("guideline "+rule, "guideline: "+cell(rule), "check", "checks", r)
		case r.Area == bot.AreaTests:
			if r.Status == bot.Fail || r.Status == bot.Review {
				fresh = append(fresh, row("the product's tests", cell(r.Name), proof(r)))
				continue
			}
			add("tests", "the product's tests", "test", "tests", r)
		}
	}
	for _, key := range order {
		g := groups[key]
		if said[g.results[0].Amendment] && g.what == "check" && g.results[0].Amendment > 0 {
			g.title, g.what, g.many = fmt.Sprint(g.results[0].Amendment), "other check", "other checks"
		}
		earlier = append(earlier, row(g.title, counted(len(g.results), g.what, g.many), tally(g.results, func(bot.Result) bool { return true }).outcome()))
	}
	return fresh, earlier
}

// byAmendment orders new amendments first, then by number, and keeps the order otherwise.
func byAmendment(results []bot.Result) []bot.Result {
	out := append([]bot.Result(nil), results...)
	sort.SliceStable(out, func(i, j int) bool {
		a, b := out[i], out[j]
		if a.New != b.New {
			return a.New
		}
		return a.Area == bot.AreaRequirements && b.Area == bot.AreaRequirements && a.Amendment < b.Amendment
	})
	return out
}

// amendmentTitle is the number of an amendment and what was asked for.
func amendmentTitle(r bot.Result) string {
	if r.Amendment == 0 {
		return "—"
	}
	text := fmt.Sprint(r.Amendment)
	if r.Requirement != "" {
		text += " · " + markup.Escape(clip(r.Requirement, 80))
	}
	if r.New {
		return "**new:** " + text
	}
	return text
}

// proof is a check's result in words; for a new check with what it did at the base.
func proof(r bot.Result) string {
	said := mark(r.Status) + " "
	switch {
	case r.Status == bot.Pass && strings.HasSuffix(r.Proof, " before"):
		said += cell(r.Proof) + ", **holds now**"
	case r.Status == bot.Pass && r.Proof != "":
		said += "holds; it " + cell(r.Proof)
	case r.Status == bot.Pass:
		said += "holds"
	case r.Status == bot.Fail:
		said += "**fails**"
	case r.Status == bot.Review:
		said += "to review"
	default:
		said += "not run"
	}
	if r.Status != bot.Pass && r.Message != "" {
		said += ": " + line(r.Message)
	}
	if r.Status != bot.Pass && r.File != "" {
		said += " (" + place(r) + ")"
	}
	return said
}

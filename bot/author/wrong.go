package author

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/spec"
)

// onText recognises what DuckDB says of a query's text, which quotes no data.
var onText = regexp.MustCompile(`(?i)(binder|catalog|parser|syntax) error|does not exist|not found|ambiguous|must appear in the group by|no function matches`)

// draftsText is a part of lint's message about a placeholder.
const draftsText = "still the draft's <"

// saidOf is what the last verification says of a failing check, without anything that may quote data.
func (d *drafting) saidOf(name string) string {
	for _, r := range d.best.report.Results {
		if r.Area == bot.AreaRequirements && r.Status == bot.Fail && r.Name == name {
			return safe(r)
		}
	}
	return "it fails"
}

// safe is a result's message as a model may see it. No spec says yet what is confidential, so what DuckDB says while it reads data
// is withheld altogether.
func safe(r bot.Result) string {
	_, fault, errs := strings.Cut(r.Message, "it can't be run: ")
	if !errs {
		_, fault, errs = strings.Cut(r.Message, "it can't be judged: ")
	}
	if errs && !onText.MatchString(fault) {
		return "it fails while it reads the data, and what DuckDB says is withheld because it may quote them"
	}
	return r.Message
}

// wrong sorts what failed in the last verification: the names of checks, and faults of the draft. Placeholders that only a person can
// fill in are neither.
func (d *drafting) wrong() (checks, faults []string) {
	waiting := d.out.ToFill
	for _, r := range d.best.report.Results {
		switch {
		case r.Status != bot.Fail || r.Product != d.product.Name():
		case r.Area == bot.AreaRequirements:
			checks = append(checks, r.Name)
		case strings.Contains(r.Message, noTeam) && len(waiting) > 0:
		default:
			faults = append(faults, strings.TrimSpace(r.Name+": "+safe(r)))
		}
	}
	return checks, slices.Compact(faults)
}

// waits lists the places of a draft that still wait to be written by a person.
func (d *drafting) waits(s *spec.Spec, a *spec.Amendment) (out []string) {
	add := func(where, text string) {
		if spec.IsPlaceholder(text) {
			out = append(out, where)
		}
	}
	add("owner.team", s.Owner.Team)
	add("purpose", s.Purpose)
	add("amendment 1: reading", a.Reading)
	for _, t := range s.Tables {
		add(t.Name+": description", t.Description)
		add(t.Name+": why", t.Why)
		for _, c := range t.Columns {
			add(t.Name+"."+c.Name+": description", c.Description)
			add(t.Name+"."+c.Name+": why", c.Why)
		}
	}
	return out
}

// conclude says what came of the draft.
func (d *drafting) conclude() error {
	d.keepBest()
	d.out.Weakens = append(d.out.Weakens, d.facts.opened(d.said())...)
	if !spec.IsPlaceholder(d.out.Amendment.Reading) {
		d.out.Reading = strings.TrimSpace(strings.TrimSuffix(d.out.Amendment.Reading, d.facts.interfaceSentence()))
	}
	if len(d.out.ToFill) > 0 {
		d.foldPlaceholders()
	}
	failing, faults := d.wrong()
	columns := 0
	for _, t := range d.draft.Tables {
		columns += len(t.Columns)
	}
	drawn := fmt.Sprintf("%s and %s, with %s that hold today.", counted(len(d.draft.Tables), "table", "tables"), counted(columns, "column", "columns"), counted(len(d.out.Amendment.Checks), "check", "checks"))
	switch {
	case len(d.out.ToFill) == 0 && len(failing)+len(faults) == 0:
		return d.end(Done, "It names %s Nothing else was changed. Read it as you would read a stranger's account of your work, and correct what is not so.", drawn)
	case len(failing)+len(faults) > len(placeholderFaults(faults)):
		return d.end(Failed, "The draft does not agree with the product: %s", strings.Join(append(failing, faults...), "; "))
	}
	return d.end(Drafted, "It names %s Fill in what stands in <angle brackets>; until then codicil lint and codicil verify refuse it. All else that codicil verify looks at passes.", drawn)
}

// said is the spec as it was drafted last.
func (d *drafting) said() *spec.Spec {
	s, _, _ := spec.ParseSpec(spec.SpecFile, []byte(d.out.files[spec.SpecFile]))
	if s == nil {
		return d.draft
	}
	return s
}

// placeholderFaults are those of faults that are about placeholders.
func placeholderFaults(faults []string) (out []string) {
	for _, f := range faults {
		if strings.Contains(f, draftsText) || strings.HasPrefix(f, placeholderResult) {
			out = append(out, f)
		}
	}
	return out
}

// placeholderResult is the name of the result that stands for all placeholders.
const placeholderResult = "the draft is filled in"

// foldPlaceholders makes one result of all that say that a placeholder waits.
func (d *drafting) foldPlaceholders() {
	r := d.out.Report
	r.Results = slices.DeleteFunc(r.Results, func(x bot.Result) bool { return x.Status == bot.Fail && strings.Contains(x.Message, draftsText) })
	r.Results = append(r.Results, bot.Result{Product: d.product.Name(), ID: "ledger/placeholders", Area: bot.AreaLedger, Name: placeholderResult, Status: bot.Fail,
		Message: counted(len(d.out.ToFill), "place", "places") + " wait to be written; codicil lint lists them", File: spec.SpecFile})
	r.Verdict = bot.VerdictFail
}

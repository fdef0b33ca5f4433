package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/markup"
)

// MarkdownOptions say how Markdown is to be made.
type MarkdownOptions struct {
	// Limit is the greatest size in bytes; 0 means 65,000, which fits below the limits of GitHub and GitLab.
	Limit int
}

// How much of the report stands open, before what is folded; more would not fit one screen.
const (
	openDifferences = 8
	openFindings    = 8
	openChecks      = 8
)

// The parts of a report in order of importance: when it is too long, the last ones are shortened first.
const (
	importanceHeadline = iota
	importanceFailures
	importanceProducts
	importanceChecks
	importanceDifferences
	importanceReviews
	importanceNotRun
	importanceSamples
	importanceMoreDifferences
	importanceExamples
	importanceEarlier
	importanceNotes
)

// Markdown writes r for a merge request: one screen, with the details folded. It never exceeds the limit: what does not
// fit is left out by whole rows, from the least important part, and a line says how much. All text that is not the
// program's own goes through package markup. The error is that of w, or says that the limit is too small for anything.
func Markdown(w io.Writer, r *bot.Report, o MarkdownOptions) error {
	if o.Limit == 0 {
		o.Limit = 65000
	}
	all := sections(r)
	p := &markup.Page{}
	sign, _ := new(texter).mark(r.Verdict)
	p.Add(importanceHeadline, "", "## "+sign+" "+headlineOf(r, all)+"\n\n"+markup.Escape(summary(r, all, false))+"\n", "")
	if len(all) > 1 {
		p.Add(importanceProducts, "products", "| product | verdict | impact | version | results |\n|---|---|---|---|---|\n", "", productRows(all)...)
	}
	for _, s := range all {
		if s.Verdict == bot.VerdictPass && len(all) > 1 && len(s.differences) == 0 && count(s.results, bot.NotRun) == 0 {
			continue
		}
		addSection(p, s, len(all) > 1)
	}
	var notes []string
	for _, n := range r.Notes {
		notes = append(notes, "- "+shown(n)+"\n")
	}
	if r.Base != "" {
		notes = append(notes, "- Compared with "+shown(r.Base)+".\n")
	}
	p.Fold(importanceNotes, "notes", "How this was made", notes)
	out, err := p.Fit(o.Limit)
	if err != nil {
		return err
	}
	_, err = io.WriteString(w, out)
	return err
}

// headlineOf is the verdict, with the product if there is only one.
func headlineOf(r *bot.Report, all []*section) string {
	head := "Codicil: " + string(r.Verdict)
	if len(all) == 1 {
		head = titled(all[0])
	} else if r.Impact != "" && r.Impact != bot.ImpactNone {
		head += ", " + string(r.Impact)
	}
	return head
}

// titled is a product with its verdict, impact and version.
func titled(s *section) string {
	words := []string{string(s.Verdict)}
	if s.Impact != "" && s.Impact != bot.ImpactNone {
		words = append(words, string(s.Impact))
	}
	if v := s.versions(); v != "" {
		words = append(words, markup.Escape(v))
	}
	return shown(s.Product) + ": " + strings.Join(words, ", ")
}

// shown is foreign text in a line or a cell, cut where it would swamp the page.
func shown(s string) string { return markup.Escape(markup.Cut(markup.Plain(s), 300)) }

func productRows(all []*section) []string {
	out := make([]string, len(all))
	for i, s := range all {
		var counts []string
		for _, status := range statuses() {
			if n := count(s.results, status); n > 0 {
				counts = append(counts, fmt.Sprintf("%d %s", n, word(status)))
			}
		}
		sign, _ := new(texter).mark(s.Verdict)
		out[i] = row(sign+" "+shown(s.Product), string(s.Verdict), string(s.Impact), shown(s.versions()), strings.Join(counts, ", "))
	}
	return out
}

// row is a row of a table; its cells are Markdown already.
func row(cells ...string) string { return "| " + strings.Join(cells, " | ") + " |\n" }

// addSection adds what is to be said of one product.
func addSection(p *markup.Page, s *section, titledApart bool) {
	if titledApart {
		sign, _ := new(texter).mark(s.Verdict)
		p.Add(importanceProducts, "", "### "+sign+" "+titled(s)+"\n", "")
	}
	var failures, reviews, samples []string
	for _, r := range append(s.with(bot.Fail), s.with(bot.Review)...) {
		if sample := SampleTable(r); sample != "" {
			samples = append(samples, sample)
		}
		if r.Area == bot.AreaRequirements {
			continue
		}
		if r.Status == bot.Fail {
			failures = append(failures, Finding(r))
		} else {
			reviews = append(reviews, Finding(r))
		}
	}
	p.Add(importanceFailures, "failures", "", "", failures...)
	p.Add(importanceReviews, "reviews", "", "", reviews[:min(len(reviews), openFindings)]...)
	addChecks(p, s)
	addDifferences(p, s)
	p.Fold(importanceReviews, "reviews", "More to review", reviews[min(len(reviews), openFindings):])
	p.Fold(importanceSamples, "samples", plural(len(samples), "sample of failing rows", "samples of failing rows"), samples)
	p.Fold(importanceExamples, "examples", "Changed rows", examples(s))
	var notRun []string
	for _, r := range s.with(bot.NotRun) {
		notRun = append(notRun, Finding(r))
	}
	p.Fold(importanceNotRun, "results that were not to be had", plural(len(notRun), "result was not to be had", "results were not to be had"), notRun)
}

// Finding is a result as one item of a Markdown list: its sign, area, name and message, and where to look.
func Finding(r bot.Result) string {
	sign, _ := new(texter).status(r.Status)
	line := "- " + sign + " " + shown(string(r.Area))
	if r.Status == bot.NotRun {
		line = "- " + shown(string(r.Area))
	}
	if r.Name != "" {
		line += ": **" + shown(r.Name) + "**"
	}
	message := r.Message
	if message == "" && r.Status == bot.NotRun {
		message = "no reason was given"
	}
	if message != "" {
		line += ": " + shown(message)
	}
	if p := place(r); p != "" {
		line += " (" + markup.Code(markup.Cut(markup.Plain(p), 200)) + ")"
	}
	return line + "\n"
}

// addChecks adds the table from requirement to check to result: open are those that fail and those that are new, folded
// are the earlier ones that hold.
func addChecks(p *markup.Page, s *section) {
	const head = "| requirement | check | result |\n|---|---|---|\n"
	var open, rest []string
	for _, r := range s.in(bot.AreaRequirements) {
		if r.Status == bot.NotRun {
			continue // listed with its reason
		}
		if r.Status == bot.Pass && (!r.New || len(open) >= openChecks) {
			rest = append(rest, checkRow(r))
			continue
		}
		open = append(open, checkRow(r))
	}
	p.Add(importanceChecks, "checks", head, "", open...)
	p.Fold(importanceEarlier, "checks", plural(len(rest), "more check holds", "more checks hold"), rest, head)
	var others []string
	for _, r := range s.with(bot.Pass) {
		if r.Area != bot.AreaRequirements {
			others = append(others, Finding(r))
		}
	}
	p.Fold(importanceEarlier, "results", plural(len(others), "other result holds", "other results hold"), others)
}

// mostRequirement is how many characters of a requirement's words stand beside each of its checks.
const mostRequirement = 80

func checkRow(r bot.Result) string {
	requirement := "—"
	if r.Amendment > 0 {
		requirement = fmt.Sprintf("amendment %d", r.Amendment)
		if r.New {
			requirement += " (new)"
		}
		if r.Requirement != "" {
			requirement += ": " + shown(markup.Cut(strings.Join(strings.Fields(r.Requirement), " "), mostRequirement))
		}
	}
	sign, _ := new(texter).status(r.Status)
	return row(requirement, shown(r.Name), sign+" "+outcome(r))
}

// outcome is a check's result in words; for a new check with what it did at the base.
func outcome(r bot.Result) string {
	said := string(r.Status)
	switch {
	case r.Proof != "" && r.Status == bot.Pass:
		said = shown(r.Proof) + ", holds now"
	case r.Status == bot.Pass:
		said = "holds"
	case r.Status == bot.Fail:
		said = "fails"
	}
	if r.Status != bot.Pass && r.Message != "" {
		said += ": " + shown(r.Message)
	}
	if p := place(r); r.Status != bot.Pass && p != "" {
		said += " (" + markup.Code(markup.Cut(markup.Plain(p), 200)) + ")"
	}
	return said
}

package message

import (
	"fmt"
	"strings"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/author"
	"github.com/codicil-dev/codicil/bot/markup"
)

// Stage is where the work on a requirement stands.
type Stage string

// The stages in their order, then the ways in which work ends or rests.
const (
	Received     Stage = "received"
	Reading      Stage = "reading"
	Asking       Stage = "asking" // questions wait for answers
	Writing      Stage = "writing"
	Implementing Stage = "implementing"
	Verifying    Stage = "verifying"
	Publishing   Stage = "publishing"

	Ready      Stage = "ready"
	Merged     Stage = "merged"
	Met        Stage = "met"
	Conflict   Stage = "conflict"
	Elsewhere  Stage = "elsewhere"
	Failed     Stage = "failed"
	OverBudget Stage = "over_budget"
	Cancelled  Stage = "cancelled"
	Waiting    Stage = "waiting" // another merge request of the product is open
	Declined   Stage = "declined"
)

// Status is what the one comment says that is kept up to date while a requirement is worked on.
type Status struct {
	Key     string
	Product string
	Stage   Stage
	// Requirement is in the asker's words.
	Requirement string
	// Round is how often it was verified, from 1; 0 if it was not.
	Round int
	// MergeRequest is the change's own, for Ready, Merged and Declined; Draft says that it is not green.
	MergeRequest *Reference
	Draft        bool
	// Facts are those of [Change.Facts], for Ready.
	Facts string
	// Behind is the merge request that is waited for.
	Behind *Reference
	// Questions is the comment that holds the questions, for Asking.
	Questions *Reference
	// Outcome is what the work came to; nil while it goes on.
	Outcome *author.Outcome
	// Requirements are those of the product's earlier amendments by number, as far as they are known.
	Requirements map[int]string
}

// step is a stage as the list shows it: while it goes on, and when it is done.
type step struct {
	stage       Stage
	doing, done string
}

var steps = []step{
	{Received, "Received", "Received"},
	{Reading, "Reading the requirement and the product", "Read the requirement and the product"},
	{Asking, "Waiting for answers", "Got answers"},
	{Writing, "Writing the new spec and its checks", "Wrote the new spec and its checks"},
	{Implementing, "Implementing the whole spec", "Implemented the whole spec"},
	{Verifying, "Verifying, with the products that read it", "Verified it, with the products that read it"},
	{Publishing, "Opening the merge request", "Opened the merge request"},
}

// Comment is the status as a comment.
func (s Status) Comment() string {
	p := &markup.Page{}
	if s.Outcome == nil {
		s.Outcome = &author.Outcome{}
	}
	switch s.Stage {
	case Ready, Merged:
		s.ready(p)
	case Met:
		s.ended(p, "does so already", "Nothing was changed.")
		s.earlier(p, "What holds it")
	case Conflict:
		s.conflict(p)
	case Elsewhere:
		s.ended(p, "is not the place for it", "Nothing was changed. Where it belongs, ask for it there with `/amend`.")
	case Failed:
		s.failed(p)
	case OverBudget:
		s.ended(p, "took more than its budget", "Nothing was changed. `/codicil retry` begins again, once a maintainer has raised the budget or the requirement asks for less.")
		s.details(p)
	case Cancelled:
		s.ended(p, "is left as it is: the work was cancelled", "`/codicil retry` takes it up again.")
	case Waiting:
		s.waiting(p)
	case Declined:
		s.declined(p)
	default:
		s.working(p)
	}
	return comment(s.Key, p)
}

// working shows how far the work is.
func (s Status) working(p *markup.Page) {
	at, asked := 0, s.Stage == Asking
	for i, st := range steps {
		if st.stage == s.Stage {
			at = i
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s …\n\n", bold(s.Product), lowered(steps[at].doing))
	var lines []string
	for i, st := range steps {
		switch {
		case st.stage == Asking && !asked:
		case i < at:
			lines = append(lines, "✓ "+st.done)
		case i == at:
			lines = append(lines, "➤ **"+st.doing+"**"+s.aside())
		default:
			lines = append(lines, "○ "+st.doing)
		}
	}
	b.WriteString(strings.Join(lines, "  \n") + "\n\nThis comment is kept up to date. `/codicil cancel` stops the work.\n")
	say(p, b.String())
}

// aside is what is told of the present stage.
func (s Status) aside() string {
	switch {
	case s.Stage == Asking && s.Questions != nil && s.Questions.URL != "":
		return ": " + markup.Link("the questions", s.Questions.URL)
	case s.Stage == Verifying && s.Round > 1:
		return fmt.Sprintf(" (round %d)", s.Round)
	case s.Stage == Implementing && s.Round > 0:
		return fmt.Sprintf(" (mending what round %d found)", s.Round)
	}
	return ""
}

// ended is the headline of work that ended without a merge request, the author's words, and what can be done.
func (s Status) ended(p *markup.Page, how, next string) {
	say(p, fmt.Sprintf("%s %s.\n", bold(s.Product), how))
	if s.Outcome.Explanation != "" {
		say(p, paragraphs("", s.Outcome.Explanation, mostText))
	}
	if next != "" {
		say(p, next+"\n")
	}
}

// failed tells why nothing came about: what was tried does not hold, or it was not even tried.
func (s Status) failed(p *markup.Page) {
	if s.Outcome.Report == nil && s.Outcome.Spent.Total.Requests == 0 {
		s.ended(p, "was not changed", "")
	} else {
		s.ended(p, "could not be changed so that everything holds", "Nothing was changed. `/codicil retry` tries again; it often helps to say more, or less, with a new `/amend`.")
	}
	s.details(p)
}

// earlier are the amendments that matter.
func (s Status) earlier(p *markup.Page, title string) {
	var units []string
	for _, id := range s.Outcome.Amendments {
		text := fmt.Sprintf("- amendment %d", id)
		if asked := s.Requirements[id]; asked != "" {
			text += ": " + line(asked)
		}
		units = append(units, text+"\n")
	}
	sayFew(p, "amendments", "**"+title+"**\n\n", units...)
}

// ready tells of the merge request.
func (s Status) ready(p *markup.Page) {
	at := "The merge request"
	if s.MergeRequest != nil {
		at = s.MergeRequest.text("Merge request")
	}
	r := s.Outcome.Report
	switch {
	case s.Stage == Merged:
		say(p, fmt.Sprintf("✓ %s: %s is merged.\n", bold(s.Product), lowerFirst(at)))
	case s.Draft:
		say(p, fmt.Sprintf("✗ %s: %s is a draft, because not everything holds.\n", bold(s.Product), lowerFirst(at)))
	default:
		say(p, fmt.Sprintf("✓ %s: %s is ready to be looked at.\n", bold(s.Product), lowerFirst(at)))
	}
	facts := s.Facts
	if r != nil {
		facts = Change{Product: s.Product, Report: r, Outcome: s.Outcome, Draft: s.Draft}.Facts()
	}
	if s.Stage == Merged || facts == "" {
		return
	}
	lead, rest, _ := strings.Cut(facts, "\n")
	say(p, lead+"\n")
	if rest != "" {
		sayFew(p, "failures", "", strings.SplitAfter(strings.TrimSuffix(rest, "\n"), "\n")...)
	}
}

// mostFacts is how many failures are told where a change was asked for; the merge request tells all.
const mostFacts = 10

// Facts are what the verification came to, in a line of Markdown, and for a draft what fails, a line each.
func (c Change) Facts() string {
	if c.Report == nil {
		return ""
	}
	facts := []string{standing(c.results()), meaning(c.impact())}
	if h := c.readersHold(); h != "" {
		facts = append(facts, h)
	}
	text := sentence(strings.Join(facts, " · ")) + "\n"
	if !c.Draft {
		return text
	}
	for _, u := range few(failing(c.Report, c.Product), mostFacts) {
		text += strings.ReplaceAll(strings.TrimSpace(strings.TrimPrefix(u, "> ")), "\n> ", " ") + "\n"
	}
	return text
}

// waiting tells what is waited for.
func (s Status) waiting(p *markup.Page) {
	at := "another merge request"
	if s.Behind != nil {
		at = s.Behind.text("merge request")
	}
	say(p, fmt.Sprintf("%s waits: %s of this product is open, and one at a time keeps them easy to review.\n", bold(s.Product), at))
	if s.Outcome.Explanation != "" {
		say(p, paragraphs("", s.Outcome.Explanation, mostText))
	}
	say(p, "The work begins by itself when that is merged or closed. `/codicil cancel` takes this back.\n")
}

// declined tells that the merge request was closed.
func (s Status) declined(p *markup.Page) {
	at := "The merge request"
	if s.MergeRequest != nil {
		at = s.MergeRequest.text("Merge request")
	}
	say(p, fmt.Sprintf("%s stays as it is: %s was closed without being merged.\n", bold(s.Product), lowerFirst(at)))
	say(p, "It is not proposed again unless the requirement or the spec changes. `/codicil retry` takes it up again all the same.\n")
}

// details fold what a failure is made of.
func (s Status) details(p *markup.Page) {
	var units []string
	for _, f := range s.Outcome.Faults {
		units = append(units, "- "+line(f)+"\n")
	}
	p.Fold(importanceReview, "faults", "What was wrong with the last answer", units)
	if r := s.Outcome.Report; r != nil {
		units = nil
		for _, x := range r.Results {
			if x.Status == bot.Fail {
				units = append(units, "- "+cell(x.Product)+": "+failure(x)+"\n")
			}
		}
		p.Fold(importanceNew, "failures", counted(len(units), "result fails", "results fail"), units)
	}
	if s.Outcome.Seconds > 0 {
		p.Add(importanceSpent, "", took(s.Outcome)+"\n", "")
	}
}

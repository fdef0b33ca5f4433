package message

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/author"
	"github.com/codicil-dev/codicil/bot/markup"
)

// changed says what changed and why, in the author's words.
func (c Change) changed(p *markup.Page) {
	var b strings.Builder
	a := c.amendment()
	switch {
	case a != nil && !a.Pending() && a.Change != "":
		b.WriteString("**What changed.** " + markup.Escape(clip(ended(a.Change), mostText)) + "\n")
	case c.Outcome != nil && c.Outcome.Explanation != "" && !c.red():
		b.WriteString("**What changed.** " + markup.Escape(clip(ended(c.Outcome.Explanation), mostText)) + "\n")
	}
	reading := ""
	if a != nil {
		reading = a.Reading
	} else if c.Outcome != nil {
		reading = c.Outcome.Reading
	}
	if reading != "" {
		b.WriteString("\n**How it was read.** " + strings.TrimLeft(paragraphs("", reading, mostText), "\n"))
	}
	if b.Len() > 0 {
		p.Add(importanceChange, "", strings.TrimLeft(b.String(), "\n"), "")
	}
	for _, e := range c.Earlier {
		text := fmt.Sprintf("**Before that, for amendment %d.** %s\n", e.ID, markup.Escape(clip(ended(e.Change), mostText)))
		p.Add(importanceChange, "", text+"\n"+strings.TrimLeft(paragraphs("", e.Reading, mostText), "\n"), "")
	}
	var answers []string
	for _, e := range append(slices.Clone(c.Earlier), a) {
		if e == nil {
			continue
		}
		for _, q := range e.Questions {
			answers = append(answers, "- "+line(q.Ask)+" — *"+line(q.Answer)+"*\n")
		}
	}
	p.Add(importanceChange, "answers", "**Asked and answered**\n\n", "", answers...)
}

// first is what a reviewer has to look at first: what the change weakens, and results that need a person's eye.
func (c Change) first(p *markup.Page) {
	var units []string
	var weakens []string
	for _, e := range c.Earlier {
		weakens = append(weakens, author.Weakens(e)...)
	}
	if c.Outcome != nil {
		weakens = append(weakens, c.Outcome.Weakens...)
	}
	for _, w := range weakens {
		units = append(units, "> - "+line(sentence(w))+"\n")
	}
	units = append(units, remarks(c.results(), c.differences())...)
	open := units[:min(len(units), openFirst)]
	if n := len(units) - len(open); n > 0 {
		open = append(open, fmt.Sprintf("> - … and %d more, in the full report\n", n))
	}
	p.Add(importanceFirst, "remarks", "> [!IMPORTANT]\n> **To look at first**\n>\n", "", open...)
}

// remarks are what a person has to look at, one item of a quoted list each. Where compatibility is to be reviewed, that is each
// difference that may break readers; those that nothing declares are among the failures.
func remarks(results []bot.Result, differences []bot.Difference) (units []string) {
	breaking := false
	for _, d := range differences {
		if !d.Breaking || d.Kind == bot.Unstable {
			continue
		}
		breaking = true
		if !d.Undeclared() {
			units = append(units, "> - **May break readers:** "+line(d.Message)+"\n")
		}
	}
	for _, r := range results {
		if r.Status == bot.Review && !(r.Area == bot.AreaCompatibility && breaking) {
			units = append(units, "> - "+failure(r)+"\n")
		}
	}
	return units
}

// rejected are the options that were turned down.
func (c Change) rejected(p *markup.Page) {
	a := c.amendment()
	if a == nil {
		return
	}
	var units []string
	for _, r := range a.Rejected {
		text := "- " + line(r.Option)
		if len(r.Breaks) > 0 {
			text += " — would break " + c.named(r.Breaks)
		}
		units = append(units, text+"\n")
	}
	p.Fold(importanceRejected, "options", counted(len(units), "option was turned down", "options were turned down"), units)
}

// named are amendments by number and what was asked for.
func (c Change) named(ids []int) string {
	var out []string
	for _, id := range ids {
		out = append(out, namedIn(c.results(), id))
	}
	return list(out, "and")
}

// namedIn is an amendment as the results name it.
func namedIn(results []bot.Result, id int) string {
	for _, r := range results {
		if r.Amendment == id && r.Requirement != "" {
			return fmt.Sprintf("amendment %d (%s)", id, markup.Escape(clip(r.Requirement, 80)))
		}
	}
	return fmt.Sprintf("amendment %d", id)
}

// reviewed is what the second conversation said.
func (c Change) reviewed(p *markup.Page) {
	if c.Outcome == nil || c.Outcome.Review == "" && len(c.Outcome.Notes) == 0 {
		return
	}
	var units []string
	if c.Outcome.Review != "" {
		units = append(units, paragraphs("", c.Outcome.Review, mostText)+"\n")
	}
	for _, n := range c.Outcome.Notes {
		units = append(units, "- "+markup.Escape(clip(ended(strings.TrimPrefix(n, "the review remarks: ")), 2*mostLine))+"\n")
	}
	title := "What the review said"
	if n := len(c.Outcome.Notes); n > 0 {
		title += ", with " + counted(n, "remark", "remarks")
	}
	p.Fold(importanceReview, "remarks", title, units)
}

// spent is what the work took, in one line.
func (c Change) spent(p *markup.Page) {
	if c.Outcome == nil {
		return
	}
	by := ""
	if c.Codicil != "" {
		by = " *By Codicil " + cell(c.Codicil) + ".*"
	}
	p.Add(importanceSpent, "", took(c.Outcome)+by+"\n", "")
}

// took is how long the work took and what it cost.
func took(o *author.Outcome) string {
	parts := []string{lasting(time.Duration(o.Seconds * float64(time.Second)))}
	if t := o.Spent.Total; t.Requests > 0 {
		about := ""
		if t.Usage.Estimated {
			about = "about "
		}
		parts = append(parts, counted(t.Requests, "question", "questions")+" to the model", about+counted(t.Usage.Total(), "token", "tokens"))
		if t.CostKnown || t.Cost > 0 {
			cost := strings.TrimSpace(fmt.Sprintf("%.2f %s", t.Cost, cell(o.Currency)))
			if !t.CostKnown {
				cost = "more than " + cost
			}
			parts = append(parts, cost)
		}
	} else {
		parts = append(parts, "no model was asked")
	}
	if o.Rounds > 0 {
		parts = append(parts, counted(o.Rounds, "round", "rounds")+" of repair")
	}
	return "*It took " + strings.Join(parts, ", ") + ".*"
}

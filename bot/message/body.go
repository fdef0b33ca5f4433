package message

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/markup"
	"github.com/codicil-dev/codicil/bot/report"
)

// The parts of a body in order of importance: when it is too long, the last ones are shortened first.
const (
	importanceHeadline = iota
	importanceFailures
	importanceFirst
	importanceAsked
	importanceChange
	importanceNew
	importanceCompatibility
	importanceReaders
	importanceEarlier
	importanceRejected
	importanceSamples
	importancePicture
	importanceReview
	importanceSpent
)

// How much stands open, before what is folded.
const (
	openFailures    = 10
	openFirst       = 8
	openEarlier     = 12
	openDifferences = 8
)

// Body is the merge request's body: one screen that says what changes, why, and what proves it, then what is folded, how to go on,
// and the hidden metadata. It takes at most limit bytes, 0 for Limit: details are cut first, by whole rows. The metadata is never
// cut, so a limit below its size is exceeded.
func (c Change) Body(limit int) string {
	if limit == 0 {
		limit = Limit
	}
	last := c.closing() + "\n" + c.Meta().String()
	next := "\n" + c.next()
	p := &markup.Page{}
	c.headline(p)
	c.asked(p)
	c.changed(p)
	c.first(p)
	c.proven(p)
	compatibility(p, c.differences(), c.known())
	c.readers(p)
	samples(p, c.differences())
	c.rejected(p)
	c.reviewed(p)
	c.spent(p)
	body, err := p.Fit(limit - len(next) - len(last))
	if err != nil {
		return strings.TrimLeft(last, "\n")
	}
	return body + c.full(limit-len(body)-len(next)-len(last)) + next + last
}

// known says whether there is a base that readers know.
func (c Change) known() bool {
	p, ok := c.product()
	return ok && p.BaseVersion != ""
}

// headline says what changes for whom, and whether everything holds.
func (c Change) headline(p *markup.Page) {
	name := cell(c.Product)
	if r, ok := c.product(); ok {
		if v := versions(r); v != "" {
			name += " " + cell(v)
		}
	}
	if c.Report == nil {
		p.Add(importanceHeadline, "", "## "+name+"\n\n✗ **Nothing could be verified.**\n", "")
		c.failures(p)
		return
	}
	facts := []string{sign(verdict(c.Report)) + " **" + standing(c.results()) + "**"}
	if c.known() {
		facts = append(facts, meaning(c.impact()))
	}
	if s := c.readersHold(); s != "" {
		facts = append(facts, s)
	}
	p.Add(importanceHeadline, "", "## "+name+"\n\n"+strings.Join(facts, " · ")+"\n", "")
	c.failures(p)
}

// versions says from which version to which a product goes, or that it is new.
func versions(p bot.ProductReport) string {
	if p.BaseVersion == "" && p.Version != "" {
		return p.Version + ", a new product"
	}
	return report.Versions(p)
}

// leastFull is the room below which the full report is left out.
const leastFull = 2000

// full is the whole report, folded, in at most room bytes.
func (c Change) full(room int) string {
	if c.Report == nil {
		return ""
	}
	return fullReport(c.Report, room)
}

func fullReport(r *bot.Report, room int) string {
	const head, tail = "\n<details><summary>The full report</summary>\n\n", "\n</details>\n"
	room -= len(head) + len(tail)
	if room < leastFull {
		return ""
	}
	var b bytes.Buffer
	if err := report.Markdown(&b, r, report.MarkdownOptions{Limit: room}); err != nil {
		return ""
	}
	return head + b.String() + tail
}

// next says how to go on.
func (c Change) next() string {
	var b strings.Builder
	b.WriteString("**How to go on**\n\n")
	p, _ := c.product()
	switch {
	case c.red() || c.Draft:
		b.WriteString("- Say what should be different, or mend it on this branch: what you push is kept and verified.\n")
	case p.Version != "":
		fmt.Fprintf(&b, "- **Merge** it, and %s is %s.\n", cell(c.Product), cell(p.Version))
	default:
		b.WriteString("- **Merge** it, and that is done.\n")
	}
	b.WriteString("- **Not quite?** Comment `/amend` here and say in your own words what should be different.\n")
	b.WriteString("- **Not wanted?** Close it. It does not come back unless what was asked for, or the spec, changes.\n")
	fmt.Fprintf(&b, "- `/codicil why` tells why %s is as it is, `/codicil help` what else can be asked.\n", cell(c.Product))
	return b.String()
}

package message

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/author"
	"github.com/codicil-dev/codicil/bot/markup"
	"github.com/codicil-dev/codicil/bot/report"
	"github.com/codicil-dev/codicil/bot/spec"
	"github.com/codicil-dev/codicil/forge"
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

// failures says what fails, in red.
func (c Change) failures(p *markup.Page) {
	if !c.red() {
		return
	}
	head := "> [!CAUTION]\n> **Not to be merged as it is.**"
	if c.Draft {
		head = "> [!CAUTION]\n> **A draft, not to be merged as it is.**"
	}
	if c.Outcome != nil && c.Outcome.Kind != author.Done {
		head += " " + line(c.Outcome.Explanation)
	}
	var units []string
	if c.Report != nil {
		units = failing(c.Report, c.Product)
	}
	if len(units) == 0 {
		p.Add(importanceFailures, "", head+"\n", "")
		return
	}
	p.Add(importanceFailures, "failures", head+"\n>\n", "", units...)
}

// failing are the first results that fail, one item of a quoted list each for the product itself, how many more there are, and one
// for all that read it.
func failing(r *bot.Report, product string) []string {
	var own, others []string
	seen := map[string]bool{product: true}
	left := 0
	for _, x := range r.Results {
		if x.Status != bot.Fail {
			continue
		}
		switch {
		case x.Product == product && len(own) == openFailures:
			left++
		case x.Product == product:
			own = append(own, "> - "+failure(x)+"\n")
		case !seen[x.Product]:
			others = append(others, cell(x.Product))
		}
		seen[x.Product] = true
	}
	if left > 0 {
		own = append(own, "> - … and "+counted(left, "more failure", "more failures")+", in the full report\n")
	}
	if n := len(others); n > 0 {
		names := few(others, 8)
		own = append(own, fmt.Sprintf("> - **%s**, built on the new output: %s\n", counted(n, "product that reads it fails", "products that read it fail"), list(names, "and")))
	}
	return own
}

// failure is what fails and why, and where to look.
func failure(x bot.Result) string {
	text := line(x.Name)
	switch {
	case x.Area == bot.AreaDrift && x.Message != "":
		text = "**not declared**: " + line(strings.TrimSuffix(x.Message, "; no new amendment declares it"))
	case x.Message != "":
		text = "**" + text + "**: " + line(x.Message)
	}
	if x.File != "" {
		text += " (" + place(x) + ")"
	}
	return text
}

// gravest is the first of several failures that says something of the data, and how many more there are.
func gravest(failures []bot.Result) string {
	worst := failures[0]
	for _, x := range failures {
		if x.Area != bot.AreaCompatibility {
			worst = x
			break
		}
	}
	text := failure(worst)
	if n := len(failures) - 1; n > 0 {
		text += ", and " + counted(n, "more failure", "more failures")
	}
	return text
}

// place is file:line in code.
func place(r bot.Result) string {
	at := clip(r.File, 200)
	if r.Line > 0 {
		at += fmt.Sprintf(":%d", r.Line)
	}
	return markup.Code(at)
}

// asked quotes what was asked for, by whom and where.
func (c Change) asked(p *markup.Page) {
	var units []string
	for _, t := range c.Triggers {
		units = append(units, c.quoted(t))
	}
	if n := len(units); n > 0 {
		units[n-1] = strings.TrimSuffix(units[n-1], "\n")
	}
	p.Add(importanceAsked, "requirements", "", "", units...)
}

// quoted is one trigger.
func (c Change) quoted(t Trigger) string {
	text, by := t.Requirement, origin(t.Kind)
	if g := t.Guideline; g != nil {
		by = "Guideline **" + markup.Link(clip(g.Title, mostCell), g.URL) + "**"
		if g.Revision != "" {
			by += " at revision " + markup.Code(clip(g.Revision, 12))
		}
		if g.Rule != "" {
			return by + ":\n\n" + rule(g.Rule) + before(g.Before) + "\n"
		}
	} else if where := c.where(t); where != "" {
		by += " " + where
	}
	switch {
	case t.Author == "":
	case t.Kind == spec.OriginSpec:
		by += ", by " + cell(t.Author)
	default:
		by += ", asked for by " + cell(t.Author)
	}
	if strings.TrimSpace(text) == "" {
		return by + "\n\n"
	}
	return by + ":\n\n" + paragraphs("> ", text, mostText) + "\n"
}

var boldStart = regexp.MustCompile(`^\*\*([^*]{1,60})\*\*(.*)$`)

// rule is a guideline's prose quoted; of its Markdown, a bold beginning of a paragraph is kept.
func rule(text string) string {
	var out []string
	for _, l := range strings.Split(markup.PlainLines(markup.Cut(text, mostText)), "\n") {
		shown := markup.Escape(strings.ReplaceAll(l, "**", ""))
		if m := boldStart.FindStringSubmatch(strings.TrimSpace(l)); m != nil && strings.TrimSpace(m[1]) == m[1] {
			shown = "**" + markup.Escape(m[1]) + "** " + strings.TrimSpace(markup.Escape("x" + strings.ReplaceAll(m[2], "**", ""))[1:])
		}
		out = append(out, strings.TrimRight("> "+shown, " ")+"\n")
	}
	return strings.Join(out, "")
}

// before is what an edited guideline said before, folded.
func before(text string) string {
	if strings.TrimSpace(text) == "" {
		return ""
	}
	return "\n<details><summary>What it said before</summary>\n\n" + rule(text) + "\n</details>\n"
}

// where is a link to the place where a trigger was asked for.
func (c Change) where(t Trigger) string {
	lead, shown := "of ", ""
	switch {
	case t.Issue > 0 && (t.Repo.IsZero() || t.Repo.Key() == c.Repo.Key()):
		shown = fmt.Sprintf("issue %d", t.Issue)
	case t.Issue > 0:
		shown = fmt.Sprintf("issue %d of %s", t.Issue, clip(t.Repo.String(), mostCell))
	case t.URL != "" && t.Kind == spec.OriginSpec:
		lead, shown = "", "in this change"
	case t.URL != "":
		lead, shown = "", "from here"
	}
	if shown == "" {
		return ""
	}
	return lead + markup.Link(shown, t.URL)
}

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
	if a == nil {
		return
	}
	var answers []string
	for _, q := range a.Questions {
		answers = append(answers, "- "+line(q.Ask)+" — *"+line(q.Answer)+"*\n")
	}
	p.Add(importanceChange, "answers", "**Asked and answered**\n\n", "", answers...)
}

// first is what a reviewer has to look at first: what the change weakens, and results that need a person's eye.
func (c Change) first(p *markup.Page) {
	var units []string
	if c.Outcome != nil {
		for _, w := range c.Outcome.Weakens {
			units = append(units, "> - "+line(sentence(w))+"\n")
		}
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

// closing are the lines that tie the merge request to its issues, each once. Only those that the merge shall close are closed.
func (c Change) closing() string {
	var b strings.Builder
	seen := map[string]bool{}
	for _, t := range c.Triggers {
		if t.Issue <= 0 {
			continue
		}
		own := t.Repo.IsZero() || t.Repo.Key() == c.Repo.Key()
		text := fmt.Sprintf("For %s.", reference(t.Repo, t.Issue))
		if own {
			text = fmt.Sprintf("For #%d.", t.Issue)
		}
		if own && !t.KeepOpen && t.Kind == spec.OriginIssue {
			text = fmt.Sprintf("Closes #%d", t.Issue)
		}
		if !seen[text] {
			seen[text] = true
			b.WriteString("\n" + text + "\n")
		}
	}
	return b.String()
}

// reference is an issue of another repository, as hosts link it; without a link where the names are none that a host gives.
func reference(r forge.Repo, issue int) string {
	name := r.String()
	if strings.Trim(strings.ToLower(name), "abcdefghijklmnopqrstuvwxyz0123456789._-/") != "" || len(name) > 200 {
		return fmt.Sprintf("issue %d of %s", issue, cell(name))
	}
	return fmt.Sprintf("%s#%d", name, issue)
}

package message

import (
	"fmt"
	"sort"
	"strings"
	"time"

	"github.com/codicil-dev/codicil/bot/markup"
	"github.com/codicil-dev/codicil/forge"
)

// Standing is how a product stands in a campaign.
type Standing string

// How products stand, in the order in which a summary tells them.
const (
	StandRed           Standing = "red"    // its merge request does not hold everything
	StandFailed        Standing = "failed" // no merge request came about
	StandOpened        Standing = "opened"
	StandMerged        Standing = "merged"
	StandToChange      Standing = "to_change" // not begun
	StandDeclined      Standing = "declined"
	StandCompliant     Standing = "compliant"
	StandNotApplicable Standing = "not_applicable"
)

var standings = []struct {
	standing  Standing
	one, many string
}{
	{StandRed, "red", "red"}, {StandFailed, "failed", "failed"}, {StandOpened, "opened", "opened"}, {StandMerged, "merged", "merged"}, {StandToChange, "to change", "to change"},
	{StandDeclined, "declined", "declined"}, {StandCompliant, "compliant already", "compliant already"}, {StandNotApplicable, "not concerned", "not concerned"},
}

// Entry is a product in a campaign.
type Entry struct {
	Place
	Repo     forge.Repo
	Standing Standing
	// Why says why it stands so; it may be empty.
	Why          string
	MergeRequest *Reference
	// Tokens and Took are what the change spent, or in a dry run what it is estimated to.
	Tokens int
	Took   time.Duration
}

// Campaign is what a guideline, or a night's refresh, comes to over all products.
type Campaign struct {
	Key string
	// Title says what it is about; URL leads to it, and may be empty.
	Title, URL string
	// DryRun says that nothing is begun: the numbers are estimates.
	DryRun bool
	// Canary is the product that goes first while the others wait; empty for none.
	Canary string
	// Held says that it is decided and was not merged, so that the others wait for a person's word.
	Held   bool
	Paused bool
	// Ended says why it ended before all was decided; empty if it did not.
	Ended string
	// Over says that all is decided.
	Over bool
	// AtOnce is how many merge requests an owner has open at most; 0 for no limit.
	AtOnce  int
	Entries []Entry
}

// Check shows the campaign at the commit that brought its guideline. It is pending until all is decided.
func (c Campaign) Check(sha string) forge.Check {
	check := forge.Check{Name: CheckName + ": " + markup.Title(clip(c.Title, 80), 100), SHA: sha, Key: c.Key, Title: markup.Title(c.counts(), 250), Summary: c.page()}
	if c.Over {
		check.Conclusion = forge.Success
		for _, e := range c.Entries {
			if e.Standing == StandRed || e.Standing == StandFailed || e.Standing == StandDeclined {
				check.Conclusion = forge.Neutral
			}
		}
	}
	return check
}

// page is the summary as a text of its own.
func (c Campaign) page() string {
	text, err := c.summary().Fit(Limit)
	if err != nil {
		return "It is too long to be shown here.\n"
	}
	return text
}

// Comment is the campaign's summary: how many products stand how, then each product that is concerned, and the rest folded.
func (c Campaign) Comment() string { return comment(c.Key, c.summary()) }

func (c Campaign) summary() *markup.Page {
	p := &markup.Page{}
	title := "**" + markup.Link(clip(c.Title, mostLine), c.URL) + "**"
	if c.DryRun {
		title += " — a preview, nothing was begun"
	}
	if c.Paused {
		title += " — paused"
	}
	say(p, title+"\n")
	say(p, c.counts()+"\n")
	if s := c.how(); s != "" {
		say(p, s+"\n")
	}
	last := "tokens"
	if c.DryRun {
		last = "tokens, about"
	}
	head := fmt.Sprintf("| product | | why | %s | time |\n|---|---|---|--:|--:|\n", last)
	var open, rest []string
	for _, e := range c.ordered() {
		if e.Standing == StandCompliant || e.Standing == StandNotApplicable {
			rest = append(rest, row(bold(e.Product)+in(e.Repo), stands(e), line(e.Why)))
			continue
		}
		open = append(open, row(bold(e.Product)+in(e.Repo), stands(e), line(e.Why), tokens(e.Tokens), duration(e.Took)))
	}
	p.Add(importanceNew, "products", head, "", open...)
	p.Fold(importanceEarlier, "products", counted(len(rest), "product needs", "products need")+" nothing", rest, "| product | | why |\n|---|---|---|\n")
	return p
}

// counts says how many products stand how, and what all of it takes.
func (c Campaign) counts() string {
	n := map[Standing]int{}
	sum, took := 0, time.Duration(0)
	for _, e := range c.Entries {
		n[e.Standing]++
		sum += e.Tokens
		took += e.Took
	}
	var parts []string
	for _, s := range standings {
		if n[s.standing] > 0 {
			parts = append(parts, counted(n[s.standing], s.one, s.many))
		}
	}
	text := counted(len(c.Entries), "product", "products")
	if len(parts) > 0 {
		text += ": " + list(parts, "and")
	}
	text += "."
	if sum > 0 || took > 0 {
		about := "It took"
		if c.DryRun {
			about = "It would take about"
		}
		text += fmt.Sprintf(" %s %s and %s of work.", about, counted(sum, "token", "tokens"), lasting(took))
	}
	return text
}

// how says in what order the campaign goes.
func (c Campaign) how() string {
	var parts []string
	switch {
	case c.Canary != "" && c.Held:
		parts = append(parts, bold(c.Canary)+" went first and was not merged, so the others wait; `/codicil resume` lets them follow.")
	case c.Canary != "":
		parts = append(parts, bold(c.Canary)+" goes first; the others follow when its merge request is merged.")
	}
	if c.AtOnce > 0 {
		parts = append(parts, fmt.Sprintf("No owner gets more than %s at once.", counted(c.AtOnce, "merge request", "merge requests")))
	}
	if c.Ended != "" {
		parts = append(parts, line(c.Ended))
	}
	if c.Paused {
		parts = append(parts, "`/codicil resume` goes on.")
	}
	return strings.Join(parts, " ")
}

// ordered are the entries, those that need a person first.
func (c Campaign) ordered() []Entry {
	place := map[Standing]int{}
	for i, s := range standings {
		place[s.standing] = i
	}
	out := append([]Entry(nil), c.Entries...)
	sort.SliceStable(out, func(i, j int) bool { return place[out[i].Standing] < place[out[j].Standing] })
	return out
}

// stands is how an entry stands, with its merge request.
func stands(e Entry) string {
	text := string(e.Standing)
	for _, s := range standings {
		if s.standing == e.Standing {
			text = s.one
		}
	}
	if e.MergeRequest != nil {
		text += ", " + e.MergeRequest.text("merge request")
	}
	switch e.Standing {
	case StandRed, StandFailed:
		return "✗ " + text
	case StandMerged, StandCompliant:
		return "✓ " + text
	}
	return text
}

func in(r forge.Repo) string {
	if r.IsZero() {
		return ""
	}
	return " in " + cell(r.String())
}

func tokens(n int) string {
	if n == 0 {
		return ""
	}
	return grouped(n)
}

func duration(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return lasting(d)
}

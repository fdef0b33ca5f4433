package standing

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/codicil-dev/codicil/bot/terminal"
)

// TextOptions say how Text is to look.
type TextOptions struct {
	// Width is the number of columns to fit; 0 means 80, and less than 44 counts as 44.
	Width int
	// Colour adds terminal colours.
	Colour bool
}

// JSON writes s for programs: indented, with lists that are empty rather than null. The error is that of w.
func JSON(w io.Writer, s Standing) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(s)
}

// Text writes s for a person at a terminal. The error is that of w.
func Text(w io.Writer, s Standing, o TextOptions) error {
	if o.Width == 0 {
		o.Width = 80
	}
	t := &texter{width: max(o.Width, 44), now: s.At, Paint: terminal.NewPaint(o.Colour)}
	if len(s.Products) == 1 {
		t.product = s.Products[0].ID
	}
	t.head(s)
	section(t, "Under way", s.Working, t.trigger)
	section(t, "Waiting, and why", s.Waiting, t.trigger)
	section(t, "Open merge requests", s.Open, t.change)
	section(t, "Done lately", s.Ended, t.change)
	section(t, "Not done, and why", s.NotDone, t.trigger)
	section(t, "Campaigns", s.Campaigns, t.campaign)
	section(t, "Given up: jobs", s.DeadJobs, t.job)
	section(t, "Given up: writes on the forge", s.DeadWrites, t.write)
	section(t, "Tried again by themselves", s.Troubled, t.job)
	if s.calm() {
		t.line()
		t.hang("", "Nothing is under way, and nothing waits.", t.Faint)
	}
	_, err := w.Write(t.Bytes())
	return err
}

// calm says whether there is nothing to tell but the head.
func (s *Standing) calm() bool {
	return len(s.Working)+len(s.Waiting)+len(s.Open)+len(s.Ended)+len(s.NotDone)+len(s.Campaigns)+len(s.DeadJobs)+len(s.DeadWrites)+len(s.Troubled) == 0
}

// texter writes the text form into memory.
type texter struct {
	bytes.Buffer
	terminal.Paint
	width int
	now   time.Time
	// product is the only one that is told of; 0 if there are others.
	product int64
}

func plain(a ...any) string { return fmt.Sprint(a...) }

func (t *texter) line(parts ...string) {
	t.WriteString(strings.TrimRight(strings.Join(parts, ""), " ") + "\n")
}

// hang writes text wrapped at an indent, in a colour.
func (t *texter) hang(indent, text string, as terminal.Ink) {
	for _, l := range terminal.Wrap(text, t.width-len(indent)) {
		t.line(indent, as(l))
	}
}

// section writes a heading with how many there are, and each of them.
func section[T any](t *texter, title string, all []T, tell func(T)) {
	if len(all) == 0 {
		return
	}
	t.line()
	t.line(t.Title(title), t.Faint(fmt.Sprintf("  %d", len(all))))
	for _, x := range all {
		tell(x)
	}
}

// head says what there is, and what somebody should look into.
func (t *texter) head(s Standing) {
	bot := t.Warn("no bot runs")
	if s.Running {
		bot = t.Good("the bot runs")
	}
	switch len(s.Products) {
	case 1:
		p := s.Products[0]
		t.line(t.Bold(terminal.Fit(p.Name+" in "+p.Repository, t.width-16)), " · ", bot)
		if p.Owner != "" {
			t.hang("", "owner "+p.Owner+" · folder "+p.Path, t.Faint)
		}
	default:
		t.line(t.Bold(fmt.Sprintf("%d products", len(s.Products))), " · ", bot)
	}
	for _, h := range s.Hosts {
		t.hang("", fmt.Sprintf("%s: last webhook %s, last looked through %s", h.Name, t.ago(h.LastWebhook), t.ago(h.Swept)), t.Faint)
		for _, l := range h.Limits {
			if l.Limit > 0 {
				t.hang("  ", l.Requests()+", anew "+t.ago(l.Reset), t.Faint)
			}
		}
	}
	for _, w := range s.Warnings {
		for i, l := range terminal.Wrap(w, t.width-2) {
			lead := "  "
			if i == 0 {
				lead = t.Warn("! ")
			}
			t.line(lead, t.Warn(l))
		}
	}
}

// ago is how long before now something was.
func (t *texter) ago(at time.Time) string {
	switch d := t.now.Sub(at); {
	case at.IsZero():
		return "never"
	case d < -time.Second:
		return "in " + Span(-d)
	case d < time.Second:
		return "just now"
	default:
		return Span(d) + " ago"
	}
}

// row is the first line of something: its name, how it stands, and when that was, at the right.
func (t *texter) row(name, where, stands string, as terminal.Ink, at time.Time) {
	when := t.ago(at)
	room := t.width - 2 - terminal.Width(stands) - terminal.Width(when) - 4
	name = terminal.Fit(name, max(room, 8))
	where = terminal.Fit(where, max(room-terminal.Width(name)-2, 0))
	if where != "" {
		where = "  " + where
	}
	gap := room - terminal.Width(name) - terminal.Width(where) + 2
	t.line("  ", t.Bold(name), t.Faint(where), "  ", as(stands), strings.Repeat(" ", max(gap, 1)), t.Faint(when))
}

// details is the indent of what is said of something.
const details = "    "

// few is text cut to a few lines.
func (t *texter) few(text string, as terminal.Ink) { t.cut(details, details, text, as) }

// why is a reason, cut to a few lines.
func (t *texter) why(text string) { t.cut(details+"→ ", details+"  ", text, plain) }

// cut writes text cut to three lines, behind a lead and then an indent of the same width.
func (t *texter) cut(lead, indent, text string, as terminal.Ink) {
	room := t.width - len(indent)
	lines := terminal.Wrap(text, room)
	if len(lines) > 3 {
		lines = append(lines[:2], terminal.Fit(lines[2]+" "+lines[3], room))
	}
	for _, l := range lines {
		t.line(lead, as(l))
		lead = indent
	}
}

func (t *texter) trigger(x Trigger) {
	as := plain
	switch x.State {
	case "failed":
		as = t.Bad
	case "asked", "waiting":
		as = t.Warn
	case "working":
		as = t.Good
	}
	t.row(x.Product, x.Repository, x.State, as, x.Updated)
	what := x.Kind + ": " + x.What
	if x.By != "" {
		what = x.Kind + " by " + x.By + ": " + x.What
	}
	t.few(what, plain)
	for i, q := range x.Questions {
		t.few(fmt.Sprintf("%d. %s", i+1, q), t.Warn)
	}
	if x.Why != "" {
		t.why(x.Why)
	}
	if x.URL != "" {
		t.line(details, t.Faint(x.URL))
	}
}

func (t *texter) change(c Change) {
	as, stands := t.Good, c.Verdict
	switch {
	case c.State == "merged":
		stands = c.State
	case c.State == "declined", c.State == "abandoned":
		as, stands = plain, c.State
	case c.Draft || c.Verdict == "fail":
		as, stands = t.Bad, "red"
	case c.Verdict == "review":
		as = t.Warn
	case c.Verdict == "":
		as, stands = plain, c.State
	}
	if c.Impact != "" && c.Impact != "none" {
		stands += " · " + c.Impact
	}
	name := c.Product
	if c.Number != 0 {
		name = fmt.Sprintf("%s #%d", c.Product, c.Number)
	}
	t.row(name, c.Repository, stands, as, c.Updated)
	if c.Title != "" {
		t.few(c.Title, plain)
	}
	if c.Why != "" {
		t.why(c.Why)
	}
	if c.URL != "" {
		t.line(details, t.Faint(c.URL))
	}
}

func (t *texter) campaign(c Campaign) {
	as := plain
	switch c.State {
	case "paused", "canary":
		as = t.Warn
	case "running":
		as = t.Good
	}
	t.row(c.Title, "", c.State, as, c.Created)
	var counts []string
	for _, o := range outcomes {
		if n := c.Counts[o]; n > 0 {
			counts = append(counts, fmt.Sprintf("%d %s", n, o))
		}
	}
	if len(counts) > 0 {
		t.hang(details, strings.Join(counts, ", "), plain)
	}
	if c.Why != "" {
		t.why(c.Why)
	}
	for _, m := range c.Products {
		if m.ProductID != t.product {
			continue
		}
		t.why(strings.TrimSuffix("here "+m.Outcome+": "+m.Why, ": "))
	}
}

func (t *texter) job(j Job) {
	t.row(j.What, fmt.Sprintf("job %d", j.ID), fmt.Sprintf("tried %d×", j.Attempts), t.Bad, j.At)
	t.few(j.Error, plain)
}

func (t *texter) write(w Write) {
	t.row(w.Kind, w.Repository, "refused", t.Bad, w.Created)
	t.few(w.Error, plain)
}

package why

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/markup"
	"github.com/codicil-dev/codicil/bot/terminal"
)

// TextOptions say how Text is to look.
type TextOptions struct {
	// Width is the number of columns to fit; 0 means 80, and less than 44 counts as 44.
	Width int
	// Colour adds terminal colours.
	Colour bool
	// Now is the time to tell the age of results from; their date is shown if it is zero.
	Now time.Time
}

// Text writes s for a person at a terminal. The error is that of w.
func Text(w io.Writer, s *Story, o TextOptions) error {
	if o.Width == 0 {
		o.Width = 80
	}
	t := &texter{width: max(o.Width, 44), now: o.Now, Paint: terminal.NewPaint(o.Colour)}
	t.head(s)
	t.parts(s)
	t.history(s)
	t.checks(s)
	_, err := w.Write(t.Bytes())
	return err
}

// texter writes the text form into memory.
type texter struct {
	bytes.Buffer
	terminal.Paint
	width int
	now   time.Time
}

// plain leaves a text as it is.
func plain(a ...any) string { return fmt.Sprint(a...) }

func (t *texter) line(parts ...string) {
	t.WriteString(strings.TrimRight(strings.Join(parts, ""), " ") + "\n")
}

// hang writes foreign text wrapped behind a lead of the given width, with the following lines indented by as much.
func (t *texter) hang(lead string, indent int, text string, as terminal.Ink) {
	for i, l := range terminal.Wrap(markup.Plain(text), t.width-indent) {
		if i > 0 {
			lead = strings.Repeat(" ", indent)
		}
		t.line(lead, as(l))
	}
}

// labelled writes a faint label, at an indent, with its text beside it.
func (t *texter) labelled(indent, column int, label, text string, as terminal.Ink) {
	if text == "" {
		return
	}
	lead := strings.Repeat(" ", indent) + t.Faint(terminal.Pad(label, column))
	if terminal.Width(label) >= column {
		t.line(lead)
		lead = strings.Repeat(" ", indent+column)
	}
	t.hang(lead, indent+column, text, as)
}

// heading starts a section, with a note on its right.
func (t *texter) heading(title, note string) {
	t.line()
	gap := t.width - terminal.Width(title) - terminal.Width(note)
	if note == "" || gap < 2 {
		t.line(t.Title(title))
		t.hang("", 0, note, t.Faint)
		return
	}
	t.line(t.Title(title), strings.Repeat(" ", gap), t.Faint(note))
}

// head is what the thing is and why.
func (t *texter) head(s *Story) {
	t.hang("", 0, s.Name, t.Bold)
	t.hang("", 0, s.setting(), t.Faint)
	if s.Asked != "" || s.Gone != nil {
		t.line()
		t.hang("! ", 2, s.whereItWent(), t.Warn)
	}
	if s.Description != "" {
		t.line()
		t.hang("  ", 2, s.Description, plain)
	}
	rows := s.Facts
	if s.Why != "" {
		rows = append([]Fact{{"why", s.Why}}, rows...)
	}
	if names := s.formerly(); names != "" && s.Asked == "" {
		rows = append(rows, Fact{"formerly", names})
	}
	rows = append(rows, Fact{"owner", s.owner()})
	column := 0
	for _, f := range rows {
		column = max(column, terminal.Width(f.Name)+2)
	}
	t.line()
	for _, f := range rows {
		t.labelled(2, column, f.Name, f.Value, plain)
	}
}

// parts are the tables of a product or the columns of a table.
func (t *texter) parts(s *Story) {
	if len(s.Parts) == 0 {
		return
	}
	title := "Columns"
	if s.Kind == KindProduct {
		title = "Tables"
	}
	t.heading(title, "")
	column := 0
	for _, p := range s.Parts {
		column = max(column, min(terminal.Width(markup.Plain(p.Name)), 24))
	}
	for _, p := range s.Parts {
		label := "  " + t.Bold(terminal.Pad(terminal.Fit(markup.Plain(p.Name), column), column)) + "  "
		t.part(label, column+4, markup.Plain(p.Description), markup.Plain(p.Facts))
	}
}

// part is a description with its facts at the right edge, or where there is no room on a line of their own.
func (t *texter) part(lead string, indent int, description, facts string) {
	lines := terminal.Wrap(description, t.width-indent)
	if len(lines) == 0 {
		lines = []string{""}
	}
	last := lines[len(lines)-1]
	gap := t.width - indent - terminal.Width(last) - terminal.Width(facts)
	for i, l := range lines {
		if i == len(lines)-1 && gap >= 2 {
			l += strings.Repeat(" ", gap) + t.Faint(facts)
		}
		t.line(lead, l)
		lead = strings.Repeat(" ", indent)
	}
	if gap < 2 {
		t.hang(lead, indent, facts, t.Faint)
	}
}

// checks are what holds the thing.
func (t *texter) checks(s *Story) {
	if len(s.Checks) == 0 && len(s.Retired) == 0 {
		t.heading("What holds it", "")
		t.hang("  ", 2, s.unheld(), t.Faint)
		return
	}
	if len(s.Checks) > 0 {
		t.heading("What holds it", s.standing(t.now))
		if s.Verified != nil && s.Verified.Changed {
			t.hang("! ", 2, changedNote, t.Warn)
		}
	}
	shown := ""
	for _, c := range s.Checks {
		if c.Relation == ByAmendment && shown != ByAmendment && shown != "" {
			t.line()
			t.hang("  ", 2, promisedAlong, t.Faint)
		}
		shown = c.Relation
		t.check(c, s.Verified != nil)
	}
	if len(s.Retired) > 0 {
		t.heading("What no longer holds it", "")
		for _, c := range s.Retired {
			t.hang("  "+t.Faint("-")+" ", 4, c.Name, plain)
			t.hang("    ", 4, s.retired(c), t.Faint)
		}
	}
}

// check is one check with its result; without a verification the heading has said why there is none.
func (t *texter) check(c Check, verified bool) {
	sign, as := t.status(c.Status)
	from := c.from()
	name := markup.Plain(c.Name)
	lead := "  " + as(sign) + " "
	if gap := t.width - 4 - terminal.Width(name) - terminal.Width(from); from == "" || gap >= 2 {
		t.line(lead, name, strings.Repeat(" ", max(0, gap)), t.Faint(from))
	} else {
		t.hang(lead, 4, c.Name, plain)
		t.hang("    ", 4, from, t.Faint)
	}
	if c.Status != bot.Pass && verified {
		t.hang("    ", 4, c.Message, as)
	}
}

func (t *texter) status(s bot.Status) (string, terminal.Ink) {
	switch s {
	case bot.Fail:
		return "✗", t.Bad
	case bot.Review:
		return "!", t.Warn
	case bot.Pass:
		return "✓", t.Good
	}
	return "-", t.Faint
}

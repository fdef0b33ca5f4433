package report

import (
	"bytes"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

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
	// Verbose lists what passed, and expands products that pass.
	Verbose bool
	// Focus names the product that the report is about: it comes first and is expanded, and of the others only what fails is
	// told. Empty means that all are alike.
	Focus string
	// NoAdvice leaves out what a person should do next.
	NoAdvice bool
}

// Text writes r for an engineer at a terminal: what needs work first and expanded, what holds in one line.
// The error is that of w.
func Text(w io.Writer, r *bot.Report, o TextOptions) error {
	if o.Width == 0 {
		o.Width = 80
	}
	t := &texter{width: max(o.Width, 44), verbose: o.Verbose, Paint: terminal.NewPaint(o.Colour)}
	all := sections(r)
	var brief []*section
	if o.Focus != "" {
		slices.SortStableFunc(all, func(a, b *section) int { return last(a.Product != o.Focus) - last(b.Product != o.Focus) })
	}
	for _, s := range all {
		switch {
		case o.Focus != "" && s.Product != o.Focus:
			t.aside(s)
			brief = append(brief, s)
		case o.Focus == "" && s.Verdict == bot.VerdictPass && len(all) > 1 && !o.Verbose:
			t.brief(s)
			brief = append(brief, s)
		default:
			t.product(s)
		}
	}
	t.notRunTogether(brief)
	t.closing(r, all, o.NoAdvice)
	_, err := w.Write(t.Bytes())
	return err
}

// last sorts what is true behind what is not.
func last(b bool) int {
	if b {
		return 1
	}
	return 0
}

// aside is a product that the report is not about: its headline, and what fails.
func (t *texter) aside(s *section) {
	t.brief(s)
	for _, r := range s.with(bot.Fail) {
		t.indented(4, markup.Plain(string(r.Area)+": "+r.Name+": "+r.Message), plainInk)
	}
	if n := len(slices.DeleteFunc(slices.Clone(s.differences), func(d bot.Difference) bool { return len(d.FollowsFrom) == 0 })); n > 0 {
		t.indented(4, plural(n, "difference follows", "differences follow")+" from the change", t.Faint)
	}
}

// texter writes the text form into memory.
type texter struct {
	bytes.Buffer
	terminal.Paint
	width   int
	verbose bool
	inBrief bool
}

var ansi = regexp.MustCompile("\x1b\\[[0-9;]*m")

// mark is a sign and the colour that goes with it.
func (t *texter) mark(v bot.Verdict) (string, terminal.Ink) {
	switch v {
	case bot.VerdictFail:
		return "✗", t.Bad
	case bot.VerdictReview:
		return "!", t.Warn
	}
	return "✓", t.Good
}

func (t *texter) status(s bot.Status) (string, terminal.Ink) {
	switch s {
	case bot.Fail:
		return "✗", t.Bad
	case bot.Review:
		return "!", t.Warn
	case bot.NotRun:
		return "-", t.Faint
	}
	return "✓", t.Good
}

func (t *texter) line(parts ...string) { t.WriteString(strings.Join(parts, "") + "\n") }

// headline is the first line of a product: sign, name, verdict, impact, version.
func (t *texter) headline(s *section) string {
	sign, ink := t.mark(s.Verdict)
	rest := string(s.Verdict)
	if s.Impact != "" && s.Impact != bot.ImpactNone {
		rest += " · " + string(s.Impact)
	}
	if v := s.versions(); v != "" {
		rest += " · " + markup.Plain(v)
	}
	name := terminal.Fit(markup.Plain(s.Product), max(12, t.width-terminal.Width(rest)-4))
	rest = strings.TrimPrefix(terminal.Fit(rest, t.width-terminal.Width(name)-4), string(s.Verdict))
	return ink(sign) + " " + t.Bold(name) + "  " + ink(string(s.Verdict)) + rest
}

// brief is a passing product in one line.
func (t *texter) brief(s *section) {
	if !t.inBrief && t.Len() > 0 {
		t.line()
	}
	t.inBrief = true
	tail := plural(count(s.results, bot.Pass), "result holds", "results hold")
	if n := count(s.results, bot.NotRun); n > 0 {
		tail += fmt.Sprintf(", %d not run", n)
	}
	head := t.headline(s)
	if room := t.width - terminal.Width(ansi.ReplaceAllString(head, "")) - 3; terminal.Width(tail) <= room {
		head += t.Faint(" · ") + tail
	}
	t.line(head)
}

func (t *texter) product(s *section) {
	if t.Len() > 0 {
		t.line()
	}
	t.inBrief = false
	t.line(t.headline(s))
	if s.Path != "" {
		t.line("  ", t.Faint(terminal.Fit(markup.Plain(s.Path), t.width-2)))
	}
	t.line()
	t.counts(s)
	for _, status := range []bot.Status{bot.Fail, bot.Review} {
		for _, r := range s.with(status) {
			t.line()
			t.result(r)
		}
	}
	if t.verbose && count(s.results, bot.Pass) > 0 {
		t.line()
		for _, r := range s.with(bot.Pass) {
			t.result(r)
		}
	}
	t.differences(s)
	if count(s.results, bot.NotRun) > 0 {
		t.line()
		t.line("  ", t.Bold("Not run"))
		t.notRun([]*section{s}, false)
	}
}

// counts is one line for each area.
func (t *texter) counts(s *section) {
	for _, a := range s.areas() {
		results := s.in(a)
		var cells strings.Builder
		for _, status := range statuses() {
			n := count(results, status)
			if n == 0 {
				if status == bot.Pass {
					cells.WriteString(strings.Repeat(" ", 9))
				}
				continue
			}
			_, ink := t.status(status)
			cells.WriteString(ink(fmt.Sprintf("%3d %s", n, word(status))) + " ")
		}
		t.line("  ", terminal.Pad(terminal.Fit(markup.Plain(string(a)), 13), 13), strings.TrimRight(cells.String(), " "))
	}
}

// result is a fail, review or pass with all that is known of it.
func (t *texter) result(r bot.Result) {
	sign, ink := t.status(r.Status)
	title := markup.Plain(r.Name)
	var notes []string
	if r.Amendment > 0 {
		notes = append(notes, fmt.Sprintf("amendment %d", r.Amendment))
	}
	if r.New {
		notes = append(notes, strings.TrimSuffix("new, "+markup.Plain(r.Proof), ", "))
	} else if r.Proof != "" {
		notes = append(notes, markup.Plain(r.Proof))
	}
	first := string(r.Area) + ": " + title
	for i, l := range terminal.Wrap(markup.Plain(first), t.width-4) {
		lead := "  " + ink(sign) + " "
		if i > 0 {
			lead = "    "
		}
		if r.Status != bot.Pass {
			l = t.Bold(l)
		}
		t.line(lead, l)
	}
	if r.Status == bot.Pass {
		if r.New {
			t.line("    ", t.Faint(strings.Join(notes, " · ")))
		}
		return
	}
	t.indented(4, markup.Plain(r.Message), plainInk)
	if p := place(r); p != "" {
		notes = append([]string{markup.Plain(p)}, notes...)
	}
	t.indented(4, strings.Join(notes, " · "), t.Faint)
	if r.Sample != nil && len(r.Sample.Columns) > 0 {
		t.sample(r.Sample)
	}
}

func plainInk(a ...any) string { return fmt.Sprint(a...) }

// indented writes s wrapped to the width, and nothing if it is empty.
func (t *texter) indented(by int, s string, ink terminal.Ink) {
	for _, l := range terminal.Wrap(s, t.width-by) {
		t.line(strings.Repeat(" ", by), ink(l))
	}
}

// differences is one sentence for each, grouped by table.
func (t *texter) differences(s *section) {
	if len(s.differences) == 0 {
		return
	}
	t.line()
	t.line("  ", t.Bold("Differences"))
	t.indented(2, tally(s.differences), t.Faint)
	names, groups := tables(s.differences)
	for _, name := range names {
		shown := markup.Plain(name)
		if name == "" {
			shown = "product"
		}
		t.line("  ", terminal.Fit(shown, t.width-2))
		for _, d := range groups[name] {
			t.difference(d)
		}
	}
}

func (t *texter) difference(d bot.Difference) {
	sign, ink := "✓", t.Good
	switch {
	case d.Kind == bot.Unstable, d.Unbounded, len(d.FollowsFrom) > 0:
		sign, ink = "!", t.Warn
	case !d.Declared:
		sign, ink = "✗", t.Bad
	}
	said := declaration(d)
	if n := share(d); n != "" {
		said += " · " + n
	}
	message := markup.Plain(d.Message)
	if message == "" {
		message = word(bot.Status(d.Kind))
	}
	if terminal.Width(message)+terminal.Width(said)+3 <= t.width-6 {
		t.line("    ", ink(sign), " ", message, t.Faint(" · "), ink(said))
		said = ""
	}
	lines := terminal.Wrap(message, t.width-6)
	if said == "" {
		lines = nil
	}
	for i, l := range lines {
		if i == 0 {
			t.line("    ", ink(sign), " ", l)
			continue
		}
		t.line("      ", l)
	}
	t.indented(6, said, ink)
	for _, e := range d.Examples {
		t.line("      ", t.Faint(terminal.Fit(example(d, e), t.width-6)))
	}
}

// closing is the verdict of all and what to do next.
func (t *texter) closing(r *bot.Report, all []*section, noAdvice bool) {
	if t.Len() > 0 {
		t.line()
	}
	for _, n := range r.Notes {
		t.indented(0, markup.Plain(n), t.Faint)
	}
	sign, ink := t.mark(r.Verdict)
	for i, l := range terminal.Wrap(summary(r, all, noAdvice), t.width-2) {
		lead := "  "
		if i == 0 {
			lead = sign + " "
		}
		t.line(ink(lead + l))
	}
}

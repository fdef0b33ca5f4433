package author

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/codicil-dev/codicil/bot/markup"
	"github.com/codicil-dev/codicil/bot/report"
	"github.com/codicil-dev/codicil/bot/terminal"
)

// heading says in a few words how the work ended.
func (o *Outcome) heading() string {
	switch o.Kind {
	case Done:
		switch o.wanted {
		case wantedDraft:
			return "The draft is proven"
		case wantedProduct:
			return "The product is built and proven"
		}
		return "The change is proven"
	case Drafted:
		return "A draft waits to be filled in"
	case Asked:
		return "There are questions"
	case Met:
		return "The product does so already"
	case Conflict:
		return "An earlier amendment forbids it"
	case Elsewhere:
		return "It belongs elsewhere"
	case OverBudget:
		return "The budget is spent"
	}
	switch o.wanted {
	case wantedDraft:
		return "No draft came about"
	case wantedProduct:
		return "No proven product came about"
	}
	return "No proven change came about"
}

// section is a part of the report: a title and lines.
type section struct {
	title string
	lines []string
}

// sections are the parts of the report but for the verification, in order; empty ones are left out.
func (o *Outcome) sections() (out []section) {
	add := func(title string, lines ...string) {
		if len(lines) > 0 && strings.TrimSpace(strings.Join(lines, "")) != "" {
			out = append(out, section{title, lines})
		}
	}
	add("To be looked at first", o.Weakens...)
	if o.wanted == wantedDraft { // nobody asked for anything
		add("What was found", o.Found...)
	} else {
		add("Requirement", o.Requirement)
	}
	add("How it was read", o.Reading)
	var questions []string
	for i, q := range o.Questions {
		questions = append(questions, fmt.Sprintf("%d. %s (otherwise: %s)", i+1, q.Ask, q.Assume))
	}
	add("Questions", questions...)
	var options []string
	for _, p := range o.Options {
		line := p.Option
		for _, s := range p.Supersedes {
			line += fmt.Sprintf(" --supersede %q", s)
		}
		options = append(options, line)
	}
	add("Options", options...)
	add("To be filled in", few(o.ToFill, 8)...)
	add("Files", o.Files...)
	var rejected []string
	if o.Amendment != nil {
		for _, r := range o.Amendment.Rejected {
			line := r.Option
			if len(r.Breaks) > 0 {
				line += fmt.Sprintf(" (would break amendment %s)", strings.Trim(fmt.Sprint(r.Breaks), "[]"))
			}
			rejected = append(rejected, line)
		}
	}
	add("Options turned down", rejected...)
	add("Review", o.Review)
	add("Notes", o.Notes...)
	add("What was wrong with the last answer", o.Faults...)
	return out
}

// few is a list cut to so many entries, with how many more there are.
func few(list []string, most int) []string {
	if len(list) <= most+1 {
		return list
	}
	return append(slices.Clone(list[:most]), fmt.Sprintf("and %d more", len(list)-most))
}

// spending is what the work took, in one line.
func (o *Outcome) spending() string {
	t := o.Spent.Total
	if t.Requests == 0 && len(o.Prompts) == 0 {
		return "no model was asked, " + time.Duration(o.Seconds*float64(time.Second)).Round(time.Second).String()
	}
	line := fmt.Sprintf("%d rounds of repair, %d requests, %d tokens in, %d out, %s", o.Rounds, t.Requests, t.Usage.In, t.Usage.Out, time.Duration(o.Seconds*float64(time.Second)).Round(time.Second))
	if t.CostKnown && t.Cost > 0 {
		line += fmt.Sprintf(", cost %.2f", t.Cost)
	}
	return line
}

// Text writes the report of the work for a person at a terminal.
func (o *Outcome) Text(w io.Writer, opt report.TextOptions) error {
	paint := terminal.NewPaint(opt.Colour)
	width := opt.Width
	if width < 44 {
		width = 80
	}
	var b strings.Builder
	mark := paint.Bad
	if o.Kind == Done || o.Kind == Met || o.Kind == Drafted {
		mark = paint.Good
	}
	b.WriteString(mark(o.heading()) + "\n")
	write := func(lines ...string) {
		for _, l := range lines {
			for _, line := range strings.Split(markup.PlainLines(l), "\n") {
				for _, part := range terminal.Wrap(line, width-2) {
					b.WriteString("  " + part + "\n")
				}
			}
		}
	}
	write(o.Explanation)
	for _, s := range o.sections() {
		b.WriteString("\n" + paint.Bold(s.title) + "\n")
		write(s.lines...)
	}
	b.WriteString("\n")
	if o.Report != nil && (o.Kind != Drafted || opt.Verbose) {
		if err := report.Text(&b, o.Report, opt); err != nil {
			return err
		}
		b.WriteString("\n")
	}
	b.WriteString(paint.Faint(o.spending()) + "\n")
	_, err := io.WriteString(w, b.String())
	return err
}

// Markdown writes the report of the work for a merge request.
func (o *Outcome) Markdown(w io.Writer, opt report.MarkdownOptions) error {
	var b strings.Builder
	fmt.Fprintf(&b, "### %s\n\n%s\n", o.heading(), markup.Escape(o.Explanation))
	for _, s := range o.sections() {
		fmt.Fprintf(&b, "\n**%s**\n\n", s.title)
		for _, l := range s.lines {
			if len(s.lines) > 1 {
				b.WriteString("- ")
			}
			b.WriteString(markup.Escape(l) + "\n")
		}
	}
	b.WriteString("\n")
	if o.Report != nil && o.Kind != Drafted {
		if err := report.Markdown(&b, o.Report, opt); err != nil {
			return err
		}
	}
	fmt.Fprintf(&b, "\n%s\n", o.spending())
	_, err := io.WriteString(w, b.String())
	return err
}

// JSON writes all of the outcome for programs.
func (o *Outcome) JSON(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(o)
}

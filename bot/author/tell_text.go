package author

import (
	"fmt"
	"io"
	"strings"

	"github.com/codicil-dev/codicil/bot/markup"
	"github.com/codicil-dev/codicil/bot/report"
	"github.com/codicil-dev/codicil/bot/terminal"
)

// teller writes the text form.
type teller struct {
	strings.Builder
	terminal.Paint
	width int
}

// Text writes the report of the work for a person at a terminal: what must be looked at first, then why, then what it took.
func (o *Outcome) Text(w io.Writer, opt report.TextOptions) error {
	if opt.Width == 0 {
		opt.Width = 80
	}
	t := &teller{Paint: terminal.NewPaint(opt.Colour), width: max(opt.Width, 44)}
	ink := map[string]terminal.Ink{"✓": t.Good, "!": t.Warn, "✗": t.Bad}[o.sign()]
	t.WriteString(ink(o.sign()) + " " + t.Bold(o.heading()) + "\n")
	t.wrapped("  ", "  ", o.Explanation)
	t.sections(o.urgent())
	if o.Kind == Asked {
		t.WriteString("\n")
		t.wrapped("  ", "  ", "Answer them in a file, one a line, with --answers; or take what would be assumed with --yes.")
	}
	if o.red() {
		if err := t.verification(o, opt); err != nil {
			return err
		}
	}
	t.sections(o.background())
	if !o.red() {
		if err := t.verification(o, opt); err != nil {
			return err
		}
	}
	t.spending(o)
	_, err := io.WriteString(w, t.String())
	return err
}

// wrapped writes foreign text, each of its lines wrapped: the first begins with first, all others with rest.
func (t *teller) wrapped(first, rest, text string) {
	for _, line := range strings.Split(markup.PlainLines(text), "\n") {
		own := line[:len(line)-len(strings.TrimLeft(line, " "))]
		for _, part := range terminal.Wrap(line, t.width-len(rest)-len(own)) {
			t.WriteString(first + own + part + "\n")
			first = rest
		}
	}
}

func (t *teller) sections(all sections) {
	for _, s := range all {
		t.WriteString("\n" + t.Bold(s.title) + "\n")
		for i, e := range s.entries {
			switch s.form {
			case bullets:
				t.wrapped("  - ", "    ", e.text)
			case numbered:
				t.wrapped(fmt.Sprintf("  %d. ", i+1), "     ", e.text)
			default:
				t.wrapped("  ", "  ", e.text)
			}
			for _, c := range e.code {
				t.WriteString("      " + t.Faint(markup.Plain(c)) + "\n") // not wrapped, so that it can be copied
			}
		}
	}
}

// verification writes the report of the best round, if there is one.
func (t *teller) verification(o *Outcome, opt report.TextOptions) error {
	if o.Report == nil || o.Kind == Drafted && !opt.Verbose {
		return nil
	}
	t.WriteString("\n")
	opt.Focus = o.Product
	return report.Text(t, o.Report, opt)
}

// spending writes what the work took.
func (t *teller) spending(o *Outcome) {
	grid := o.spendingGrid()
	widths := make([]int, len(spendingHead))
	for _, row := range grid {
		for i, cell := range row {
			widths[i] = max(widths[i], terminal.Width(cell))
		}
	}
	t.WriteString("\n" + t.Bold("What it took") + "\n")
	for i, row := range grid {
		line := terminal.Pad(row[0], widths[0])
		for j, cell := range row[1:] {
			line += strings.Repeat(" ", 3+widths[j+1]-terminal.Width(cell)) + cell
		}
		if i == 0 {
			line = t.Faint(line)
		}
		t.WriteString("  " + line + "\n")
	}
	t.wrapped("  ", "  ", o.took())
	for _, line := range []string{o.estimates(), o.repetition()} {
		t.wrapped("  ", "  ", line)
	}
}

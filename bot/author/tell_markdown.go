package author

import (
	"fmt"
	"io"
	"strings"

	"github.com/codicil-dev/codicil/bot/markup"
	"github.com/codicil-dev/codicil/bot/report"
)

// mostEntries is how many entries of a list Markdown shows, and charsPerEntry times as many characters of each are. What is left out
// stands in the JSON form, and mostly in the amendment itself.
const (
	mostEntries   = 20
	charsPerEntry = 75
)

// Markdown writes the report of the work for a merge request or an issue, within the limit of opt.
func (o *Outcome) Markdown(w io.Writer, opt report.MarkdownOptions) error {
	if opt.Limit == 0 {
		opt.Limit = 65000
	}
	var first, background string
	last := o.spendingMarkdown()
	for most := mostEntries; ; most /= 2 {
		first = fmt.Sprintf("## %s %s\n\n%s", o.sign(), o.heading(), paragraphs("", o.Explanation, most)) + o.urgent().markdown(most)
		background = o.background().markdown(most)
		if len(first)+len(background)+len(last) <= opt.Limit/2 || most == 1 {
			break
		}
	}
	before, after := first+background, last
	if o.red() {
		before, after = first, background+last
	}
	var b strings.Builder
	b.WriteString(before)
	if o.Report != nil && o.Kind != Drafted {
		b.WriteString("\n")
		opt.Limit -= len(before) + len(after) + 2
		if err := report.Markdown(&b, o.Report, opt); err != nil {
			return err
		}
	}
	b.WriteString(after)
	_, err := io.WriteString(w, b.String())
	return err
}

// paragraphs are foreign text, each line of it a paragraph that begins with lead.
func paragraphs(lead, text string, most int) string {
	var out []string
	for _, line := range strings.Split(markup.PlainLines(markup.Cut(text, most*charsPerEntry)), "\n") {
		if strings.TrimSpace(line) != "" {
			out = append(out, lead+markup.Escape(line)+"\n")
		}
	}
	return strings.Join(out, strings.TrimRight(lead, " ")+"\n")
}

// markdown are the sections, with at most so many entries in a list.
func (all sections) markdown(most int) string {
	var b strings.Builder
	for _, s := range all {
		if s.form == paths {
			fmt.Fprintf(&b, "\n<details><summary>%s</summary>\n\n", counted(len(s.entries), "file changes", "files change"))
		} else {
			fmt.Fprintf(&b, "\n**%s**\n\n", s.title)
		}
		for i, e := range s.entries {
			if i == most {
				fmt.Fprintf(&b, "- … and %d more\n", len(s.entries)-most)
				break
			}
			b.WriteString(e.markdown(s.form, i, most))
		}
		if s.form == paths {
			b.WriteString("\n</details>\n")
		}
	}
	return b.String()
}

func (e entry) markdown(f form, i, most int) string {
	var out string
	short := markup.Escape(markup.Cut(e.text, most*charsPerEntry)) + "\n"
	switch f {
	case prose:
		out = paragraphs("", e.text, most)
	case quoted:
		out = paragraphs("> ", e.text, most)
	case numbered:
		out = fmt.Sprintf("%d. %s", i+1, short)
	case paths:
		out = "- " + markup.Code(markup.Cut(e.text, 300)) + "\n"
	default:
		out = "- " + short
	}
	for _, c := range e.code {
		out += "  - " + markup.Code(markup.Cut(c, 300)) + "\n"
	}
	return out
}

// spendingMarkdown is what the work took, its table folded below the sum.
func (o *Outcome) spendingMarkdown() string {
	var b strings.Builder
	if line := o.repetition(); line != "" {
		b.WriteString("\n" + line + "\n")
	}
	grid := o.spendingGrid()
	if len(grid) == 0 {
		return b.String() + "\nIt took " + o.took() + ".\n"
	}
	fmt.Fprintf(&b, "\n<details><summary>What it took: %s</summary>\n\n", markup.HTML(o.sum()))
	for i, row := range grid {
		b.WriteString("|")
		for _, cell := range row {
			b.WriteString(" " + markup.Escape(cell) + " |")
		}
		b.WriteString("\n")
		if i == 0 {
			b.WriteString("|---|" + strings.Repeat("--:|", len(row)-1) + "\n")
		}
	}
	if line := o.estimates(); line != "" {
		b.WriteString("\n" + markup.Escape(line) + "\n")
	}
	b.WriteString("\n</details>\n")
	return b.String()
}

package markup

import "strings"

// Paragraphs returns foreign text of several lines as a Markdown quote that shows its line breaks and paragraphs, each
// line escaped so that none can leave the quote. It ends in a line break, and is empty if s is blank.
func Paragraphs(s string) string {
	var b strings.Builder
	open, blank := false, false // a line was written that may still need its break; blank lines wait
	for _, l := range strings.Split(PlainLines(s), "\n") {
		l = Escape(l)
		switch {
		case l == "":
			blank = true
			continue
		case open && blank:
			b.WriteString("\n>\n")
		case open:
			b.WriteString("  \n") // a backslash would do too, but not every parser counts those before it
		}
		b.WriteString("> " + l)
		open, blank = true, false
	}
	if open {
		b.WriteString("\n")
	}
	return b.String()
}

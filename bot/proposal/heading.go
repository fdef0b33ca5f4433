package proposal

import (
	"regexp"
	"strings"
)

// heading is a line that names a file.
type heading struct {
	action Action
	path   string
	// followed says that a fenced block is the next thing below.
	followed bool
}

// headingLine is a keyword and a path, with what models put around them: titles, list items, bold, backticks.
var headingLine = regexp.MustCompile("(?i)^ {0,3}(?:#{1,6}[ \t]+|[-*+][ \t]+|[0-9]{1,3}[.)][ \t]+)*[*`]*(FILE|EDIT|DELETE)[*`]*[ \t]*:[* \t]*(.+)$")

// note is what models like to put behind a path.
var note = regexp.MustCompile(`(?i)[ \t]+\((?:an? )?(?:new|new file|existing|changed|updated|modified|edited|rewritten|deleted|removed|whole file)\)$`)

// listIndent is how deep the block below a heading may be indented: as an item of a list in a list.
const listIndent = 12

// readHeading reads the line with index i as a heading. In a sentence, "edit: something" is none: a keyword that is not
// in capitals needs a block below it, and so does a path with blanks.
func readHeading(lines []string, i int) (heading, bool) {
	if !strings.Contains(lines[i], ":") {
		return heading{}, false
	}
	m := headingLine.FindStringSubmatch(lines[i])
	if m == nil {
		return heading{}, false
	}
	h := heading{action: Action(strings.ToUpper(m[1])), path: headingPath(m[2]), followed: fenceBelow(lines, i)}
	certain := m[1] == string(h.action) && !strings.ContainsAny(h.path, " \t")
	if h.path == "" || !certain && (h.action == Delete || !h.followed) {
		return heading{}, false
	}
	return h, true
}

// headingPath takes the decoration off a path.
func headingPath(s string) string {
	s = strings.TrimSpace(s)
	s = strings.TrimSpace(strings.TrimRight(s, "*"))
	s = note.ReplaceAllString(s, "")
	s = strings.TrimSuffix(s, ":")
	for _, quote := range []string{"**", "`", `"`, "'"} {
		s = strings.TrimSpace(strings.TrimSuffix(strings.TrimPrefix(s, quote), quote))
	}
	return s
}

// fenceBelow says whether the next line below index i that is not blank opens a block.
func fenceBelow(lines []string, i int) bool {
	next := nextLine(lines, i)
	if next == len(lines) {
		return false
	}
	_, ok := openFence(lines[next], listIndent)
	return ok
}

// nextLine is the index of the next line below index i that is not blank, or the number of lines.
func nextLine(lines []string, i int) int {
	for i++; i < len(lines) && blankLine(lines[i]); i++ {
	}
	return i
}

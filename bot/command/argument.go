package command

import (
	"regexp"
	"strings"
)

// A commit must be named in full: code is run on the strength of it, and a short name could be given to another commit.
var commit = regexp.MustCompile(`^(?:[0-9a-f]{40}|[0-9a-f]{64})$`)

// argument reads what stands behind a word of /codicil on its line. A full stop or question mark at the end is no part of it.
func argument(c Command, text string) (Command, Reason) {
	text = strings.Trim(strings.TrimRight(text, " .!?"), "`")
	words := strings.Fields(text)
	switch c.Kind {
	case Why:
		c.Argument = text
		return c, ""
	case Refresh, Init:
		c.Argument = text
		if len(words) > 1 {
			return c, Malformed
		}
		return c, ""
	case Verify:
		c.Argument = strings.ToLower(text)
		if !commit.MatchString(c.Argument) {
			return c, Malformed
		}
		return c, ""
	}
	if text != "" && !strings.EqualFold(text, "please") {
		return c, Malformed
	}
	return c, ""
}

package markup

import (
	"strings"
	"unicode/utf8"
)

// Seen returns s, of one or more lines, without what nobody sees who reads it: characters without width, and in the place
// of those that reorder or hide text the replacement character �. Hidden instructions to a model do not get through.
// White space, line breaks and all else stay as they are; it is not Markdown that is safe to show: use Escape for that.
func Seen(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n', r == '\t', r == '\r':
			return r
		case invisible(r):
			return -1
		case harmful(r):
			return utf8.RuneError
		}
		return r
	}, s)
}

package why

import (
	"strings"

	"github.com/rivo/uniseg"
)

// wide is the number of columns that s takes in a terminal.
func wide(s string) int { return uniseg.StringWidth(s) }

// pad fills s with blanks to n columns.
func pad(s string, n int) string { return s + strings.Repeat(" ", max(0, n-wide(s))) }

// fit cuts s to n columns, the last of which is … if anything was lost.
func fit(s string, n int) string {
	if wide(s) <= n {
		return s
	}
	return head(s, n-1) + "…"
}

// head is the beginning of s that takes at most n columns.
func head(s string, n int) string {
	var b strings.Builder
	for g := uniseg.NewGraphemes(s); g.Next(); {
		if n -= g.Width(); n < 0 {
			break
		}
		b.WriteString(g.Str())
	}
	return b.String()
}

// wrap breaks s at blanks into lines of at most n columns; a word that is longer is broken where it must be.
func wrap(s string, n int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(s) {
		if line != "" && wide(line)+1+wide(word) <= n {
			line += " " + word
			continue
		}
		if line != "" {
			lines = append(lines, line)
		}
		for wide(word) > n {
			start := head(word, n)
			if start == "" {
				break
			}
			lines, word = append(lines, start), word[len(start):]
		}
		line = word
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}

// Package terminal fits text into the columns of a terminal and colours it.
package terminal

import (
	"strings"

	"github.com/rivo/uniseg"
)

// Width is the number of columns that s takes.
func Width(s string) int { return uniseg.StringWidth(s) }

// Pad fills s with blanks to n columns.
func Pad(s string, n int) string { return s + strings.Repeat(" ", max(0, n-Width(s))) }

// Fit cuts s to n columns, the last of which is … if anything was lost.
func Fit(s string, n int) string {
	if Width(s) <= n {
		return s
	}
	return strings.TrimRight(head(s, n-1), " ") + "…"
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

// Wrap breaks s at blanks into lines of at most n columns; a word that is longer is broken where it must be.
func Wrap(s string, n int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(s) {
		if line != "" && Width(line)+1+Width(word) <= n {
			line += " " + word
			continue
		}
		if line != "" {
			lines = append(lines, line)
		}
		for Width(word) > n {
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

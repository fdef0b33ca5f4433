package spec

import (
	"regexp"
	"strings"
	"unicode"

	"go.yaml.in/yaml/v3"
)

// foldWidth is the length from which a text is folded over several lines, and about how long these are, in bytes.
const foldWidth = 110

// blockStyle are the styles that put a text below its key.
const blockStyle = yaml.LiteralStyle | yaml.FoldedStyle

// foldable says whether a text can be folded and come back as it was: one line of words with one space between them.
func foldable(s string) bool {
	if strings.TrimSpace(s) != s || strings.Contains(s, "  ") || strings.HasPrefix(s, "#") {
		return false
	}
	return !strings.ContainsFunc(s, func(c rune) bool { return c != ' ' && !unicode.IsPrint(c) })
}

// foldHead is a line after which a folded text begins.
var foldHead = regexp.MustCompile(`^( *)(?:- )*(?:[A-Za-z_]+: )?>-$`)

// wrapFolded breaks the lines of folded texts, which the YAML library leaves as long as they are.
func wrapFolded(text string) string {
	lines := strings.Split(text, "\n")
	out := make([]string, 0, len(lines))
	for i, line := range lines {
		if i > 0 && foldHead.MatchString(lines[i-1]) && len(line) > foldWidth {
			out = append(out, wrapAt(line, foldWidth)...)
			continue
		}
		out = append(out, line)
	}
	return strings.Join(out, "\n")
}

// wrapAt breaks a line at single spaces, with its indentation in front of each part.
func wrapAt(line string, width int) (out []string) {
	words := strings.TrimLeft(line, " ")
	indent := line[:len(line)-len(words)]
	current := indent
	for _, word := range strings.Split(words, " ") {
		if current != indent && len(current)+1+len(word) > width {
			out = append(out, current)
			current = indent
		}
		if current != indent {
			current += " "
		}
		current += word
	}
	return append(out, current)
}

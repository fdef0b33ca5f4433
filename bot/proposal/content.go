package proposal

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// checkText says why a file may not have the text; old is the text that it had.
func checkText(text, old string) string {
	if !utf8.ValidString(text) {
		return "The new text is not UTF-8, so it is binary or of another encoding. Only text is written."
	}
	for _, r := range text {
		switch {
		case r == 0:
			return "The new text holds NUL characters, so it is binary. Only text is written."
		case hidden(r) && !strings.ContainsRune(old, r):
			return fmt.Sprintf("The new text holds the character %U, which hides or reorders text. Leave it out.", r)
		}
	}
	if line := elided(text, old); line != "" {
		return fmt.Sprintf("This line seems to stand for text that was left out: %s. Write all of it, or use EDIT for a part of the file.", show(line))
	}
	return ""
}

// hidden says whether a character makes text look other than it is: control characters, and those that change the
// direction of writing (which can make code read as what it is not).
func hidden(r rune) bool {
	switch r {
	case '\t', '\n', '\r', '\f':
		return false
	}
	return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r)
}

// Visible is a text without the characters that a new text of a file may not hold.
func Visible(text string) string {
	return strings.Map(func(r rune) rune {
		if hidden(r) {
			return -1
		}
		return r
	}, text)
}

// elision is a comment that stands for lines that a model left out: an ellipsis alone, or with a word that says so.
var elision = regexp.MustCompile(`(?i)^(?:--|#|//|/\*|<!--)[ \t]*[\[(]?(?:(?:\.\.\.|…)[ \t]*(?:$|.*\b(?:rest|existing|unchanged|remain(?:s|ing|der)?|same|previous|omitted)\b)|.*\b(?:rest|existing|unchanged|remain(?:s|ing|der)?|same|omitted)\b.*(?:\.\.\.|…)[\])]?[ \t]*(?:\*/|-->)?$)`)

// elided is the first line of text that stands for others and is not in old; empty if there is none.
func elided(text, old string) string {
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if len(line) < 300 && (strings.Contains(line, "...") || strings.Contains(line, "…")) && elision.MatchString(line) && !strings.Contains(old, line) {
			return line
		}
	}
	return ""
}

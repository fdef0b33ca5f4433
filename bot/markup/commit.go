package markup

import (
	"strings"
	"unicode/utf8"
)

const (
	// column is where lines of a commit message end, as git's own advice has it; subjectLimit is the same for the subject.
	column, subjectLimit = 72, 72
	// commitLines is how many lines of foreign text a commit message holds at most.
	commitLines = 100
)

// Commit returns a commit message, ending in a line break, with subject as its first line and body below. Both are
// foreign: nothing in it closes an issue, mentions anyone, keeps tests from running or reads as a trailer, a command or
// the start of a patch. The subject is cut to 72 characters; an empty one becomes "(no subject)". The caller adds
// its own trailers behind a blank line.
func Commit(subject, body string) string {
	subject = Title(subject, subjectLimit)
	if subject == "" {
		subject = "(no subject)"
	}
	body = CommitText(body)
	if body == "" {
		return subject + "\n"
	}
	return subject + "\n\n" + body
}

// CommitText is the body of a Commit: lines of at most 72 characters, the last of which ends in a line break too. Line
// breaks and paragraphs are kept, indentation is not. It is cut with … after 100 lines, and empty if s is blank.
func CommitText(s string) string {
	var lines []string
	for _, l := range strings.Split(PlainLines(s), "\n") {
		wrapped := wrap(Inert(l), column-1) // one for the gap that still may add
		if len(wrapped) == 0 && (len(lines) == 0 || lines[len(lines)-1] == "") {
			continue
		}
		if len(wrapped) == 0 {
			lines = append(lines, "")
		}
		for _, w := range wrapped {
			lines = append(lines, stillMessage(w))
		}
		if len(lines) > commitLines {
			lines = append(lines[:commitLines], "…")
			break
		}
	}
	text := strings.TrimRight(strings.Join(lines, "\n"), "\n")
	if text == "" {
		return ""
	}
	return text + "\n"
}

// wrap breaks a line at its blanks so that no part has more than width characters; a longer word is cut apart.
func wrap(line string, width int) []string {
	var lines []string
	for _, word := range strings.Fields(line) {
		if n := len(lines) - 1; n >= 0 && utf8.RuneCountInString(lines[n])+1+utf8.RuneCountInString(word) <= width {
			lines[n] += " " + word
			continue
		}
		runes := []rune(word)
		for ; len(runes) > width; runes = runes[width:] {
			lines = append(lines, string(runes[:width]))
		}
		lines = append(lines, string(runes))
	}
	return lines
}

package message

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/codicil-dev/codicil/bot/markup"
)

// Widths of commit messages, in characters, as git's own documentation advises.
const (
	mostSubject = 72
	commitWidth = 72
)

// CommitMessages are those of the two commits of a change: the spec first, then the implementation. Each ends with the trailers
// Codicil-Change and, where there is a new amendment, Codicil-Amendment; a sign-off is for git to add. No line that came from
// elsewhere is taken for a trailer, a command, or the end of the message.
func CommitMessages(c Change) (spec, implementation string) {
	name := clip(c.Product, 30)
	if a := c.amendment(); a != nil {
		asked, done := a.Requirement, a.Change
		if a.Pending() || done == "" {
			done = asked
		}
		spec = message(fmt.Sprintf("%s: amendment %d, %s", name, a.ID, lowered(firstSentence(asked))), quotedLines(asked), plainLines(a.Reading), c.trailers())
		implementation = message(name+": "+c.what(), plainLines(done), fmt.Sprintf("Implements the whole spec as of amendment %d.", a.ID), c.trailers())
		return spec, implementation
	}
	asked := c.newest().Requirement
	spec = message(name+": spec, "+c.what(), quotedLines(asked), c.trailers())
	return spec, message(name+": "+c.what(), c.trailers())
}

// message joins a subject and the paragraphs that are not empty.
func message(subject string, paragraphs ...string) string {
	out := []string{markup.Title(clip(subject, mostSubject-4), mostSubject)}
	for _, p := range paragraphs {
		if p = strings.TrimSpace(p); p != "" {
			out = append(out, p)
		}
	}
	return strings.Join(out, "\n\n") + "\n"
}

// trailers are the change's, one a line.
func (c Change) trailers() string {
	out := "Codicil-Change: " + trailer(c.ID)
	if a := c.amendment(); a != nil {
		out += fmt.Sprintf("\nCodicil-Amendment: %s/%d", trailer(c.Product), a.ID)
	}
	return out
}

var outsideTrailer = regexp.MustCompile(`[^A-Za-z0-9._/-]+`)

// trailer is a name as the value of a trailer; other characters become dashes.
func trailer(s string) string { return strings.Trim(outsideTrailer.ReplaceAllString(s, "-"), "-") }

// quotedLines is a foreign text wrapped, each line after a >.
func quotedLines(s string) string {
	var out []string
	for _, l := range wrapped(s, commitWidth-2) {
		out = append(out, strings.TrimRight("> "+l, " "))
	}
	return strings.Join(out, "\n")
}

// plainLines is a foreign text wrapped, no line of which acts.
func plainLines(s string) string {
	var out []string
	for _, l := range wrapped(s, commitWidth) {
		out = append(out, guarded(l))
	}
	return strings.Join(out, "\n")
}

// wrapped breaks a foreign text into inert lines; what is longer than three screens is cut.
func wrapped(s string, width int) (out []string) {
	for _, paragraph := range strings.Split(markup.PlainLines(markup.Cut(s, 3*mostText)), "\n") {
		text, n := "", 0
		for _, word := range strings.Fields(markup.Inert(paragraph)) {
			size := len([]rune(word))
			if n > 0 && n+1+size > width {
				out, text, n = append(out, text), "", 0
			}
			if n > 0 {
				text, n = text+" ", n+1
			}
			text, n = text+word, n+size
		}
		if text != "" || len(out) > 0 && out[len(out)-1] != "" {
			out = append(out, text)
		}
	}
	return out
}

// acting is what git or a host acts on at the start of a line of a message: a trailer, a comment, the line at which git am and git
// interpret-trailers end a message, or a command.
var acting = regexp.MustCompile(`^(?:[A-Za-z0-9][A-Za-z0-9 -]{0,60}:|#|---|diff |Index:|/|\(cherry picked|>From |From )`)

// guarded puts a character without width before a line that would act.
func guarded(l string) string {
	if acting.MatchString(l) && !strings.HasPrefix(l, gap) {
		return gap + l
	}
	return l
}

// gap is a character without width, which git and hosts take for the beginning of ordinary text.
const gap = "\u200b"

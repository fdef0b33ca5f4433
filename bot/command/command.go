// Package command finds what a comment asks of the bot.
//
// A command stands at the start of a line of plain text: not in code, a quote, a list, an HTML comment or a folded
// part. Who may give one is for the caller to ask.
package command

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Kind says what a command asks for.
type Kind string

// The kinds of command. All but Amend and Answer are words behind /codicil.
const (
	Amend   Kind = "amend"
	Answer  Kind = "answer"
	Help    Kind = "help"
	Why     Kind = "why"
	Status  Kind = "status"
	Retry   Kind = "retry"
	Refresh Kind = "refresh"
	Rebase  Kind = "rebase"
	Cancel  Kind = "cancel"
	Init    Kind = "init"
	Verify  Kind = "verify"
	Pause   Kind = "pause"
	Resume  Kind = "resume"
)

const (
	// Limit is how many commands of one comment are obeyed; those after them come back as TooMany.
	Limit = 5
	// reported is how many unknown commands of one comment are told: an answer must stay readable.
	reported = 10
	// longest is how many characters a comment may have to be read. It is what GitHub allows; GitLab allows a million, but
	// reading Markdown takes time that grows with the square of its length.
	longest = 65536
	// shown is how many characters of a line that was not understood come back.
	shown = 100
)

// Options is what a comment is read with.
type Options struct {
	// BotLogin is the bot's own name on the forge, with or without @ and [bot]. A command may stand behind a mention of
	// it. Empty: mentions mean nothing.
	BotLogin string
}

// Command is one thing that a comment asks for.
type Command struct {
	Kind Kind
	// Line is where it stands in the comment, from 1.
	Line int
	// Argument is what stands behind the word, where it takes something: the target of Why, the product of Refresh, the
	// path of Init, the commit of Verify in lower case. Empty if nothing was given; never empty for Verify.
	Argument string
	// Target is the word before the colon of an Amend, which may name a product or its path. Empty if there is none.
	Target string
	// Aimed is what an Amend asks if Target names a product, Whole what it asks if not. Without Target they are equal.
	Aimed, Whole Request
	// Answers is what an Answer says, in the order in which it stands.
	Answers []Reply
}

// Request is what an amend command asks.
type Request struct {
	// Text is the requirement, of one or more lines, without white space around it; empty if none was given. HTML comments
	// and characters that cannot be seen are left out, because nobody who read the comment agreed to them.
	Text string
	// Supersede is what may be retired for it, as the flags before the text say.
	Supersede []Supersede
	// Yes says that the flag --yes stood before the text.
	Yes bool
}

// Supersede names an earlier promise that a request may retire.
type Supersede struct {
	// Amendment is the number of the amendment, from 1.
	Amendment int
	// Check is the name of the one check that is retired; empty means all of the amendment's.
	Check string
}

// Reason says why a line that was meant for the bot is not obeyed.
type Reason string

// The reasons.
const (
	// Misspelt is a word that is nearly one of ours, or a word behind /codicil that it does not know.
	Misspelt Reason = "misspelt"
	// Misplaced is a right word in a wrong place: indented, behind a character that can't be seen, or directly below a
	// quote or list, of which the host makes it a part.
	Misplaced Reason = "misplaced"
	// Malformed is a right word with something behind it that it does not take, or without what it needs.
	Malformed Reason = "malformed"
	// TooMany is a right command after the first Limit ones.
	TooMany Reason = "too many"
	// TooLong is what looks like a command in a comment of more than 65,536 characters, which is not read.
	TooLong Reason = "too long"
)

// Unknown is a line that was meant for the bot and is not obeyed. It deserves an answer.
type Unknown struct {
	// Line is where it stands in the comment, from 1.
	Line int
	// Text is the line, cut to 100 characters. It is foreign text.
	Text string
	// Reason says why it is not obeyed.
	Reason Reason
	// Suggestion is how the command that it is nearest to is written, such as "/codicil verify SHA".
	Suggestion string
}

// Parse returns the commands in body, a comment in Markdown, and the lines that were meant as one but are not obeyed, each
// in their order. At most Limit commands and ten unknown lines come back.
// Other bots' commands and everything else that is not ours is passed over.
func Parse(body string, o Options) ([]Command, []Unknown) {
	if utf8.RuneCountInString(body) > longest {
		return nil, tooLong(body)
	}
	page := read(body)
	var found []line
	for _, l := range page.lines {
		if judged := judge(l, botName(o.BotLogin)); judged.name != "" {
			found = append(found, judged)
		}
	}
	var commands []Command
	var unknown []Unknown
	for i, l := range found {
		end := len(page.source)
		if i+1 < len(found) {
			end = found[i+1].start
		}
		reason := l.reason
		var c Command
		if reason == "" {
			c, reason = l.command(page, end)
		}
		if reason == "" && len(commands) == Limit {
			reason = TooMany
		}
		switch {
		case reason == "":
			commands = append(commands, c)
		case len(unknown) < reported:
			unknown = append(unknown, Unknown{Line: l.number, Text: cut(l.text), Reason: reason, Suggestion: l.usage()})
		}
	}
	return commands, unknown
}

// command reads what stands behind a line's word: on the line, or for amend and answer up to end. The reason is empty if
// it can be obeyed.
func (l line) command(p page, end int) (Command, Reason) {
	c := Command{Kind: Kind(l.name), Line: l.number}
	switch c.Kind {
	case Amend:
		return amend(c, p.text(l.rest, end))
	case Answer:
		c.Answers = replies(p.text(l.rest, end))
		if len(c.Answers) == 0 {
			return c, Malformed
		}
		return c, ""
	}
	return argument(c, p.text(l.rest, l.start+len(l.text)))
}

// tooLong is the first line of body that looks like a command; none if there is none.
func tooLong(body string) []Unknown {
	number := 0
	for text := range strings.Lines(body) {
		number++
		l := judge(line{text: strings.TrimRight(text, "\r\n")}, "")
		if l.name != "" && l.reason == "" {
			return []Unknown{{Line: number, Text: cut(text), Reason: TooLong, Suggestion: l.usage()}}
		}
	}
	return nil
}

func cut(s string) string {
	s = strings.TrimSpace(s)
	if runes := []rune(s); len(runes) > shown {
		s = strings.TrimRightFunc(string(runes[:shown-1]), unicode.IsSpace) + "…"
	}
	return s
}

func botName(login string) string {
	return strings.TrimSuffix(strings.TrimPrefix(strings.ToLower(login), "@"), "[bot]")
}

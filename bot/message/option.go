package message

import (
	"fmt"
	"strings"

	"github.com/codicil-dev/codicil/bot/author"
	"github.com/codicil-dev/codicil/bot/markup"
)

// conflict tells what forbids a requirement, and each way out with what is to be written to take it.
func (s Status) conflict(p *markup.Page) {
	say(p, fmt.Sprintf("%s promised otherwise before, so nothing was changed.\n", bold(s.Product)))
	if s.Outcome.Explanation != "" {
		say(p, paragraphs("", s.Outcome.Explanation, mostText))
	}
	s.earlier(p, "What was promised")
	if s.ways(p) {
		say(p, "To take a way that has a line to copy, write that line as a comment: it retires the earlier promise in the open. For another, say with `/amend` what you want instead.\n")
	}
}

// ways lists the ways out of a conflict, each with the command that takes it; any says that there are some.
func (s Status) ways(p *markup.Page) (any bool) {
	var units []string
	for i, o := range s.Outcome.Options {
		unit := fmt.Sprintf("%d. %s\n", i+1, markup.Escape(clip(o.Option, 3*mostLine)))
		if command := s.choose(o); command != "" {
			unit += "\n" + indented(command, "   ") + "\n"
		}
		units = append(units, unit)
	}
	sayFew(p, "ways", "**Ways out**\n\n", units...)
	return len(units) > 0
}

// choose is the command that takes an option, in a block to be copied; empty for an option that retires nothing.
func (s Status) choose(o author.Option) string {
	if len(o.Supersedes) == 0 {
		return ""
	}
	text := "/amend"
	for _, x := range o.Supersedes {
		text += " --supersede " + superseded(x)
	}
	return copied(text + " " + aimed(s.Product, s.Requirement))
}

// superseded is N or N:check as the command takes it: the check's name in quotes that it does not hold.
func superseded(s string) string {
	id, check, named := strings.Cut(s, ":")
	id = strings.Trim(markup.Plain(id), "# ")
	if !named {
		return id
	}
	check = markup.Plain(check)
	for _, q := range [][2]string{{`"`, `"`}, {"“", "”"}, {"'", "'"}, {"`", "`"}} {
		if !strings.Contains(check, q[0]) && !strings.Contains(check, q[1]) {
			return id + ":" + q[0] + check + q[1]
		}
	}
	return id
}

// aimed is a requirement in one line with the product before it, where its name can stand there.
func aimed(product, requirement string) string {
	text := clip(requirement, 2*mostText)
	if canAim(product) {
		return product + ": " + text
	}
	return text
}

// canAim says whether a command takes a product's name or path before its colon.
func canAim(name string) bool {
	return name != "" && len(name) <= 200 && !strings.ContainsFunc(name, func(r rune) bool { return !strings.ContainsRune("_.-/", r) && !isWord(r) })
}

// copied is a command in a fenced block, whose foreign part does not act; markup.Block would keep the command itself from acting.
func copied(command string) string {
	text := strings.ReplaceAll(markup.Inert(command), "<!--", "<"+gap+"!--")
	fence := "```"
	for strings.Contains(text, fence) {
		fence += "`"
	}
	return fence + "\n" + text + "\n" + fence
}

// indented puts a lead before each line.
func indented(s, lead string) string {
	return lead + strings.ReplaceAll(strings.TrimRight(s, "\n"), "\n", "\n"+lead)
}

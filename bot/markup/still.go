package markup

import (
	"regexp"
	"strings"
)

// Words that are broken wherever they stand: what keeps continuous integration from running (GitHub, GitLab, Azure,
// Netlify and others), what makes GitVersion raise a version, and the phrases of Jenkins' pull request builder.
var (
	skipsCI  = regexp.MustCompile(`(?i)\[(\s*(?:skip[\s_-]*[a-z]+|no[\s_-]+(?:ci|cd|actions|build)|[a-z]+[\s_-]+skip)\b)`)
	anywhere = regexp.MustCompile(`(?i)no_ci\b|\bsemver:\s*(?:major|minor|patch|none|skip|breaking|feature|fix)|test\W{1,5}this\W{1,5}please\b|\bok\W{1,5}to\W{1,5}test\b|\badd\W{1,5}to\W{1,5}(?:white|allow)list\b`)
)

// atStart are the words at the start of a line that merge and test bots act on, and the footer that release tools do.
var atStart = regexp.MustCompile(`(?i)^(?:(?:bors|homu|rultor|jenkins|zuul|recheck|reverify|retest|lgtm|shipit)\b|r[+?=]|breaking[ -]changes?:)`)

// inTitle are the starts of a title that make it a draft or a fixup.
var inTitle = regexp.MustCompile(`(?i)^(?:(?:fixup|squash|amend|rebase)!|(?:draft|wip)\b|[\[(](?:draft|wip)[\])])`)

// inMessage are the starts of lines of a commit message that git reads as the message's end, a patch, another mail or a
// trailer of its own.
var inMessage = regexp.MustCompile(`(?i)^(?:---|diff -|index:|>?from [0-9a-f]{7,}|\(cherry picked)`)

// trailer is a line that git and hosts read as one: who signed, who wrote it too, which change it is.
var trailer = regexp.MustCompile(`(?i)^(?:[a-z0-9-]+-by|[a-z]*change-[a-z]+|codicil-[a-z-]+|release-as|skip-checks|depends-on|needed-by|cc|bug|closes|fixes|resolves|reverts)\s*:`)

// token is any line that git could take for a trailer.
var token = regexp.MustCompile(`^[A-Za-z0-9-]+(?:\([^)]*\))?!?\s*:`)

// quietWords breaks the words that act wherever they stand.
func quietWords(s string) string {
	s = skipsCI.ReplaceAllString(s, "["+gap+"${1}")
	return anywhere.ReplaceAllStringFunc(s, broken)
}

// broken puts a gap behind the first character of s, which is ASCII.
func broken(s string) string { return s[:1] + gap + s[1:] }

// still returns a line that begins with no command and no trailer; it adds nothing visible. What stands in front of the
// line, blanks or the signs of a quote, must be left off.
func still(line string) string {
	if strings.HasPrefix(line, "/") || atStart.MatchString(line) || trailer.MatchString(line) {
		return broken(line)
	}
	return line
}

// stillTitle is still for a title or a subject, which no Markdown and no trailer begins: "orders: …" stays as it is.
func stillTitle(line string) string {
	switch {
	case strings.HasPrefix(line, "#"):
		return gap + line
	case inTitle.MatchString(line), inMessage.MatchString(line):
		return broken(line)
	}
	return still(line)
}

// stillMessage is still for a line in the body of a commit message: no trailer of any name, no comment.
func stillMessage(line string) string {
	if token.MatchString(line) {
		return broken(line)
	}
	return stillTitle(line)
}

package markup

import (
	"regexp"
	"strings"
	"unicode"
)

// Inert returns s as one line of plain text in which no mention, reference, closing keyword or address is left that a
// host would act on, also where it reads the bare text rather than the rendered one. It adds nothing visible. It is not
// Markdown yet: use Escape or Code for that.
func Inert(s string) string {
	s = Plain(s)
	s = closing.ReplaceAllStringFunc(s, func(m string) string { return m[:1] + gap + m[1:] })
	s = hostKey.ReplaceAllString(s, "${1}"+gap+"${2}")
	s = address.ReplaceAllString(s, "${1}"+gap+"${2}")
	if strings.ContainsAny(s, "[*") {
		s = skipping.ReplaceAllString(s, "${1}"+gap+"${2}")
	}
	return breakSigils(s)
}

// The keywords are those that GitHub and GitLab document for closing issues from descriptions and commit messages.
var closing = regexp.MustCompile(`(?i)\b(?:close[sd]?|closing|fix(?:e[sd])?|fixing|resolve[sd]?|resolving|implement(?:s|ed|ing)?)\b:?\s+(?:issues?:?\s+)?(?:\S*[#!][0-9]|[A-Z][A-Z0-9]*-[0-9]|https?:)`)

// hostKey is a reference spelled with a prefix: GH-12, GL-12.
var hostKey = regexp.MustCompile(`(?i)\b(G[HL]-)([0-9])`)

// address is what hosts turn into links by themselves.
var address = regexp.MustCompile(`(?i)(\b[a-z][a-z0-9+.-]*:|\bwww)(//|\.)`)

// skipping is what keeps pipelines from running when it stands in a title or a commit message, on GitHub, GitLab, Azure and
// CircleCI: [skip ci], [ci skip], [no ci], [skip actions], ***NO_CI***.
var skipping = regexp.MustCompile(`(?i)(\[|\*)((?:skip|no)[ -][a-z]|[a-z]+[ -]skip\b|no_ci\b)`)

// breakSigils puts a gap behind each sign that starts a mention or a reference: @person, #issue, and on GitLab !merge
// request, ~label, %milestone, $snippet, &epic, ^alert.
func breakSigils(s string) string {
	if !strings.ContainsAny(s, "@#!~%$&^") {
		return s
	}
	var b strings.Builder
	runes := []rune(s)
	for i, r := range runes {
		b.WriteRune(r)
		if i+1 == len(runes) {
			break
		}
		next := runes[i+1]
		before := i > 0 && wordRune(runes[i-1])
		switch r {
		case '@', '#':
			if !unicode.IsSpace(next) {
				b.WriteString(gap)
			}
		case '!', '&':
			if wordRune(next) && (!before || unicode.IsDigit(next)) {
				b.WriteString(gap)
			}
		case '~', '%', '$', '^':
			if !before && (wordRune(next) || next == '"') {
				b.WriteString(gap)
			}
		}
	}
	return b.String()
}

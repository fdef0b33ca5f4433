// Package markup passes foreign text into Markdown and HTML without letting it act.
//
// Foreign is everything that came from an issue, a spec, a repository, data or a model. In a merge request it could
// mention people, close issues, give commands to bots, hide text, draw images, or mislead by a link. Each function
// returns text that shows what was given and does none of that, on GitHub and on GitLab, wherever in a line it is put.
package markup

import (
	"html"
	"net/url"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// gap is the zero-width space that breaks a mention, a reference or a keyword without being seen.
const gap = "\u200b"

// Escape returns s as one line of Markdown text, for a paragraph, list item, heading or table cell.
func Escape(s string) string {
	s = still(Inert(s))
	var b strings.Builder
	b.Grow(len(s) + len(s)/8)
	runes := []rune(s)
	for i, r := range runes {
		switch r {
		case '&':
			b.WriteString("&amp;")
		case '<':
			b.WriteString("&lt;")
		case '>':
			b.WriteString("&gt;")
		case '|':
			b.WriteString("&vert;")
		case '_':
			if i > 0 && i+1 < len(runes) && letterOrDigit(runes[i-1]) && letterOrDigit(runes[i+1]) {
				b.WriteRune(r)
				continue
			}
			b.WriteString(`\_`)
		case '\\', '`', '*', '[', ']', '{', '}', '~', '$', '#':
			b.WriteByte('\\')
			b.WriteRune(r)
		default:
			b.WriteRune(r)
		}
	}
	return guardStart(b.String())
}

// Code returns s as one line of Markdown in a code span. What a code span could not carry in a table, a vertical bar,
// comes as escaped text instead; so does text that is empty or blank.
func Code(s string) string {
	s = Inert(s)
	if s == "" || strings.Contains(s, "|") {
		return Escape(s)
	}
	s = strings.ReplaceAll(s, "<!--", "<"+gap+"!--")
	fence := strings.Repeat("`", longestRun(s, '`')+1)
	if strings.HasPrefix(s, "`") || strings.HasSuffix(s, "`") {
		s = " " + s + " "
	}
	return fence + s + fence
}

// Block returns s as a fenced code block of one or more lines, ending in a line break. The language must be the
// caller's own word, such as sql. Hosts take no commands from code, but other bots do, so they are broken there too.
func Block(language, s string) string {
	lines := strings.Split(PlainLines(s), "\n")
	for i, line := range lines {
		body := strings.TrimLeft(line, " ")
		inert := strings.ReplaceAll(Inert(body), "<!--", "<"+gap+"!--")
		lines[i] = line[:len(line)-len(body)] + still(inert)
	}
	body := strings.Join(lines, "\n")
	fence := strings.Repeat("`", max(3, longestRun(body, '`')+1))
	return fence + language + "\n" + body + "\n" + fence + "\n"
}

// Link returns a Markdown link that shows text and leads to target. A target that is not a plain http or https URL, or
// whose host has other letters than ASCII's (some look the same), is left out, and text that itself looks like an address
// is followed by the host that the link really leads to.
func Link(text, target string) string {
	u, err := url.Parse(strings.TrimSpace(target))
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.User != nil || !ascii(u.Host) {
		return Escape(text)
	}
	shown := Escape(text)
	if shown == "" {
		shown = Escape(u.Host)
	} else if looksLikeAddress.MatchString(Plain(text)) {
		shown += " (" + Escape(u.Host) + ")"
	}
	// A blank would end the address, and what is behind it would be text.
	safe := strings.NewReplacer("&", "&amp;", " ", "%20", `"`, "%22", "'", "%27", "(", "%28", ")", "%29", "<", "%3C", ">", "%3E", "|", "%7C", "\\", "%5C", "`", "%60", "*", "%2A", "_", "%5F", "@", "%40").Replace(u.String())
	return "[" + shown + "](" + safe + ")"
}

var looksLikeAddress = regexp.MustCompile(`(?i)://|www\.|[\pL\pN-][.。．｡․][\pL]{2,}`)

func ascii(s string) bool { return strings.IndexFunc(s, func(r rune) bool { return r >= 0x80 }) < 0 }

// HTML returns s as text for an HTML element or a quoted attribute. Hosts act on the text in elements as on any other.
func HTML(s string) string { return html.EscapeString(still(Inert(s))) }

// Title returns s for places that hold no Markdown: the title of a merge request, the subject of a commit message. It is
// one line of at most limit characters (0 for no limit), cut with ….
func Title(s string, limit int) string {
	return Cut(stillTitle(Inert(s)), limit)
}

// Cut shortens s to at most limit characters, the last of which is … if anything was lost; 0 means no limit.
func Cut(s string, limit int) string {
	if limit <= 0 || utf8.RuneCountInString(s) <= limit {
		return s
	}
	runes := []rune(s)
	return strings.TrimRightFunc(string(runes[:limit-1]), unicode.IsSpace) + "…"
}

// guardStart escapes what would make a whole line a list, heading, quote, rule, table, setext underline, or a command.
func guardStart(s string) string {
	if s == "" {
		return s
	}
	switch s[0] {
	case '/':
		return "&sol;" + s[1:]
	case '-', '+', '=', ':':
		return `\` + s
	}
	if orderedItem.MatchString(s) {
		i := strings.IndexAny(s, ".)")
		return s[:i] + `\` + s[i:]
	}
	return s
}

var orderedItem = regexp.MustCompile(`^[0-9]{1,9}[.)](?: |$)`)

func longestRun(s string, c byte) int {
	longest, run := 0, 0
	for i := range len(s) {
		if s[i] != c {
			run = 0
			continue
		}
		run++
		longest = max(longest, run)
	}
	return longest
}

func wordRune(r rune) bool { return r == '_' || letterOrDigit(r) }

func letterOrDigit(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

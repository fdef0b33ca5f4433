package message

import (
	"cmp"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/markup"
	"github.com/codicil-dev/codicil/bot/spec"
)

// How many characters of a foreign text are shown: in a line, in a cell of a table, and in paragraphs of their own.
const (
	mostLine = 300
	mostCell = 100
	mostText = 1500
)

// line is foreign text in a line, cut where it would swamp the page.
func line(s string) string { return markup.Escape(clip(s, mostLine)) }

// cell is foreign text in a cell of a table, cut shorter.
func cell(s string) string { return markup.Escape(clip(s, mostCell)) }

// bold is a product's name in a sentence.
func bold(product string) string {
	if name := cell(product); name != "" {
		return "**" + name + "**"
	}
	return "**the product**"
}

// row is a row of a table; its cells are Markdown already.
func row(cells ...string) string { return "| " + strings.Join(cells, " | ") + " |\n" }

// clip is s as one plain line of at most most characters, cut between words.
func clip(s string, most int) string {
	if enough := 8*most + 1000; len(s) > enough {
		s = s[:enough] // what is cut off anyway need not be looked at
	}
	s = markup.Plain(s)
	short := markup.Cut(s, most)
	if short == s {
		return s
	}
	if at := strings.LastIndexByte(short, ' '); at > len(short)/2 {
		short = strings.TrimRight(short[:at], " ,;:.–—-") + "…"
	}
	return short
}

// paragraphs are the lines of a foreign text, each a paragraph that begins with lead, of at most most characters together.
func paragraphs(lead, text string, most int) string {
	var out []string
	for _, l := range strings.Split(markup.PlainLines(markup.Cut(text, most)), "\n") {
		if strings.TrimSpace(l) != "" {
			out = append(out, lead+ownCommand.ReplaceAllString(markup.Escape(l), "`$1`")+"\n")
		}
	}
	return strings.Join(out, strings.TrimRight(lead, " ")+"\n")
}

// ownCommand is a command of the bot in backticks, which explanations name: it may be shown as code, whoever wrote it.
var ownCommand = regexp.MustCompile("\\\\`(/amend|/answer|/codicil [a-z]{2,10})\\\\`")

// firstSentence is the first sentence of a text without its full stop.
func firstSentence(s string) string {
	s = markup.Plain(s)
	for _, end := range []string{". ", "; ", ": "} {
		if at := strings.Index(s, end); at > 0 {
			s = s[:at]
		}
	}
	return strings.TrimRight(s, ".;: ")
}

// sentence begins with a capital, unless its first word is a name, and ends with a full stop.
func sentence(s string) string {
	s = strings.TrimSpace(s)
	word, _, _ := strings.Cut(s, " ")
	if runes := []rune(s); len(runes) > 0 && !strings.ContainsAny(word, "_./") {
		s = strings.ToUpper(string(runes[:1])) + string(runes[1:])
	}
	return ended(s)
}

// ended closes a sentence that lacks its full stop.
func ended(s string) string {
	s = strings.TrimSpace(s)
	if s == "" || strings.ContainsAny(s[len(s)-1:], ".!?:") || strings.HasSuffix(s, "…") {
		return s
	}
	return s + "."
}

// list joins with commas and a last word: a, b and c.
func list(words []string, last string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " " + last + " " + words[len(words)-1]
}

// few is a list cut to so many entries, with how many more there are.
func few(words []string, most int) []string {
	if len(words) <= most+1 {
		return words
	}
	return append(append([]string(nil), words[:most]...), fmt.Sprintf("%d more", len(words)-most))
}

// counted is a number with its noun.
func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return grouped(n) + " " + many
}

// grouped is a number with commas between its thousands.
func grouped(n int) string {
	text := strconv.Itoa(n)
	for i := len(text) - 3; i > 0 && text[i-1] != '-'; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// lasting is a duration as a person says it.
func lasting(d time.Duration) string {
	switch {
	case d < 10*time.Second:
		return fmt.Sprintf("%.1f seconds", d.Seconds())
	case d < 2*time.Minute:
		return counted(int(d.Round(time.Second)/time.Second), "second", "seconds")
	case d < 2*time.Hour:
		return counted(int(d.Round(time.Minute)/time.Minute), "minute", "minutes")
	case d < 48*time.Hour:
		return counted(int(d.Round(time.Hour)/time.Hour), "hour", "hours")
	}
	return counted(int(d.Round(24*time.Hour)/(24*time.Hour)), "day", "days")
}

// moment is a time as people in several zones can read it.
func moment(t time.Time) string { return t.UTC().Format("Monday, 2 January 2006, 15:04 UTC") }

// sign stands before what has a verdict, which is in the words of the worst result.
func sign(v bot.Verdict) string { return mark(bot.Status(v)) }

// mark stands before a result.
func mark(s bot.Status) string {
	return cmp.Or(map[bot.Status]string{bot.Fail: "✗", bot.Review: "!", bot.NotRun: "–"}[s], "✓")
}

// meaning says what an impact is for who reads the product.
func meaning(i bot.Impact) string {
	said := map[bot.Impact]string{
		bot.ImpactMajor: "major: who reads it may break",
		bot.ImpactMinor: "minor: who reads it goes on as before",
		bot.ImpactPatch: "patch: nothing that readers rely on changes",
	}
	return cmp.Or(said[i], "no change that a reader would notice")
}

// origin says what kind of thing asked for a change.
func origin(kind string) string {
	said := map[string]string{spec.OriginGuideline: "Guideline", spec.OriginRefresh: "A refresh", spec.OriginSpec: "The spec was edited"}
	return cmp.Or(said[kind], "Requirement")
}

// lowerFirst begins with a small letter, also before a link.
func lowerFirst(s string) string {
	if rest, ok := strings.CutPrefix(s, "["); ok {
		return "[" + lowerFirst(rest)
	}
	if s == "" {
		return s
	}
	return strings.ToLower(s[:1]) + s[1:]
}

// isWord says whether r is a letter or a digit.
func isWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

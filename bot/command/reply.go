package command

import (
	"bytes"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/text"
)

// Reply is the answer to one question.
type Reply struct {
	// Number is the question's, from 1.
	Number int
	// Text is what was said, of one or more lines; never empty.
	Text string
}

// numbered is a line that begins with a question's number: "1. yes", "2) no", "**3:** never".
var numbered = regexp.MustCompile(`^ {0,3}(?:\*\*)?([1-9][0-9]?)[.):](?:\*\*)?(?:[ \t]+(.*))?$`)

// Answers returns what body, a comment without a command, says to the questions 1 to n in numbered lines; the last word
// counts where a number comes twice. Lines in code, quotes and HTML are not read. Without numbered lines it is nil: the
// comment is talk, not an answer. A list that numbers all its items 1 is counted through, as hosts show it.
func Answers(body string, n int) []Reply {
	if n < 1 || utf8.RuneCountInString(body) > longest {
		return nil
	}
	p := read(body)
	visible := p.source
	for _, s := range closed(visible) {
		for i := s.start; i < s.end; i++ {
			if visible[i] != '\n' {
				visible[i] = ' '
			}
		}
	}
	var answers []Reply
	at := map[int]int{}
	for _, r := range inNumberedLines(p.text(0, len(visible))) {
		if r.Number > n || r.Text == "" {
			continue
		}
		if i, ok := at[r.Number]; ok {
			answers[i] = r
			continue
		}
		at[r.Number] = len(answers)
		answers = append(answers, r)
	}
	return answers
}

// closed are the lines of source that hold code, quotes or HTML. A line that a quote merely drew in is not one.
func closed(source []byte) []span {
	var spans []span
	var blocks func(parent ast.Node, quoted bool)
	blocks = func(parent ast.Node, quoted bool) {
		for n := parent.FirstChild(); n != nil && n.Type() == ast.TypeBlock; n = n.NextSibling() {
			raw := n.IsRaw()
			for i := 0; (raw || quoted) && i < n.Lines().Len(); i++ {
				s := n.Lines().At(i)
				before := source[bytes.LastIndexByte(source[:s.Start], '\n')+1 : s.Start]
				if raw || bytes.IndexByte(before, '>') >= 0 {
					spans = append(spans, span{s.Start, s.Stop})
				}
			}
			blocks(n, quoted || n.Kind() == ast.KindBlockquote)
		}
	}
	blocks(reader(false).Parse(text.NewReader(source)), false)
	return spans
}

// replies reads what stands behind /answer: numbered lines, else one answer a line.
func replies(text string) []Reply {
	if found := inNumberedLines(text); len(found) > 0 {
		var kept []Reply
		for _, r := range found {
			if r.Text != "" {
				kept = append(kept, r)
			}
		}
		return kept
	}
	var found []Reply
	for l := range strings.Lines(text) {
		if l = strings.TrimSpace(l); l != "" {
			found = append(found, Reply{Number: len(found) + 1, Text: l})
		}
	}
	return found
}

// inNumberedLines reads answers that begin with their number and go on over the lines below. What stands before the first
// number is left out.
func inNumberedLines(text string) []Reply {
	var found []Reply
	ones := 0
	for l := range strings.Lines(text) {
		l = strings.TrimRight(l, "\n")
		if m := numbered.FindStringSubmatch(l); m != nil {
			n, _ := strconv.Atoi(m[1]) // two digits at most
			if n == 1 {
				ones++
			}
			found = append(found, Reply{Number: n, Text: m[2]})
			continue
		}
		if len(found) > 0 {
			found[len(found)-1].Text += "\n" + l
		}
	}
	for i := range found {
		if ones == len(found) {
			found[i].Number = i + 1
		}
		found[i].Text = strings.TrimSpace(found[i].Text)
	}
	return found
}

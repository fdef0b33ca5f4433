package command

import (
	"bytes"
	"regexp"
	"sort"
	"strings"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"

	"github.com/codicil-dev/codicil/bot/markup"
)

// page is a comment as its host shows it.
type page struct {
	source []byte
	// lines are the starts of lines that show as text at the top level, or were pulled into a quote or list.
	lines []line
	// hidden are the HTML comments, in order.
	hidden []span
}

type span struct{ start, end int }

// line is one line at whose start a command may stand.
type line struct {
	start, number int
	text          string
	pulled        bool // into the quote or list above it
	indented      bool

	// What judge makes of it.
	name   string
	rest   int // where the text behind the command's words begins
	reason Reason
}

// manyLinks is from how many links on they are no longer read one by one, which takes time that grows with the square of
// their number.
const manyLinks = 500

// reader is goldmark without what could not hide a command: emphasis.
func reader(links bool) parser.Parser {
	inline := []util.PrioritizedValue{
		util.Prioritized(parser.NewCodeSpanParser(), 100),
		util.Prioritized(parser.NewAutoLinkParser(), 300),
		util.Prioritized(parser.NewRawHTMLParser(), 400),
	}
	if links {
		inline = append(inline, util.Prioritized(parser.NewLinkParser(), 200))
	}
	return parser.NewParser(
		parser.WithBlockParsers(parser.DefaultBlockParsers()...),
		parser.WithInlineParsers(inline...),
		parser.WithParagraphTransformers(parser.DefaultParagraphTransformers()...),
	)
}

// deep are so many quotes and lists in each other that reading them would take long; they are read as 50.
var deep = regexp.MustCompile(`(?m)^((?:[ \t]*(?:>|[-+*][ \t]|[0-9]{1,9}[.)][ \t])){50})(?:[ \t]*(?:>|[-+*][ \t]|[0-9]{1,9}[.)][ \t]))+`)

// read takes a comment apart. One without slash and HTML is not parsed: it holds no command and hides nothing.
func read(body string) page {
	body = strings.TrimPrefix(body, "\ufeff")
	body = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(body)
	p := page{source: []byte(deep.ReplaceAllString(body, "$1"))}
	if !bytes.ContainsAny(p.source, "/<@") {
		return p
	}
	w := walker{page: &p, open: map[string]int{}, links: bytes.Count(p.source, []byte("](")) <= manyLinks && bytes.Count(p.source, []byte("[")) <= 4*manyLinks}
	w.blocks(reader(w.links).Parse(text.NewReader(p.source)), false)
	w.drop(fencedQuotes(p.source))
	number, at := 1, 0
	for i := range p.lines {
		l := &p.lines[i]
		number += bytes.Count(p.source[at:l.start], []byte("\n"))
		at, l.number = l.start, number
	}
	return p
}

// walker collects lines and hidden parts in the order of the source.
type walker struct {
	*page
	// open counts the HTML elements that were opened and not closed, by name.
	open map[string]int
	// links says that links are read, so that their titles show no text.
	links bool
}

func (w *walker) blocks(parent ast.Node, nested bool) {
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		switch b := n.(type) {
		case *ast.Blockquote, *ast.List, *ast.ListItem:
			before := map[string]int{}
			for name, count := range w.open {
				before[name] = count
			}
			w.blocks(n, true)
			w.open = before // a browser closes with the quote what was left open in it
		case *ast.HTMLBlock:
			w.htmlBlock(b)
		case *ast.Paragraph, *ast.TextBlock, *ast.Heading:
			w.inlines(n, nested)
		}
	}
}

func (w *walker) inlines(block ast.Node, nested bool) {
	for n := block.FirstChild(); n != nil; n = n.NextSibling() {
		switch i := n.(type) {
		case *ast.RawHTML:
			if i.Segments.Len() > 0 {
				w.html(span{i.Segments.At(0).Start, i.Segments.At(i.Segments.Len() - 1).Stop})
			}
		case *ast.Text:
			w.atLineStart(i.Segment.Start, nested)
			if !w.links && bytes.Contains(i.Value(w.source), []byte("](")) {
				return // what follows may be a title
			}
		}
	}
}

// atLineStart keeps the line if at is where its text begins.
func (w *walker) atLineStart(at int, nested bool) {
	start := bytes.LastIndexByte(w.source[:at], '\n') + 1
	indent := w.source[start:at]
	if len(bytes.Trim(indent, " \t")) > 0 || nested && len(indent) > 0 || len(w.open) > 0 {
		return
	}
	end := len(w.source)
	if i := bytes.IndexByte(w.source[at:], '\n'); i >= 0 {
		end = at + i
	}
	w.lines = append(w.lines, line{start: at, text: string(w.source[at:end]), pulled: nested, indented: len(indent) > 0})
}

func (w *walker) htmlBlock(b *ast.HTMLBlock) {
	s := span{-1, -1}
	if b.Lines().Len() > 0 {
		s = span{b.Lines().At(0).Start, b.Lines().At(b.Lines().Len() - 1).Stop}
	}
	if b.HasClosure() {
		s.end = b.ClosureLine.Stop
		if s.start < 0 {
			s.start = b.ClosureLine.Start
		}
	}
	if s.start >= 0 {
		w.html(s)
	}
}

// folding are the HTML elements whose content is not what the commenter says: folded, quoted, struck out, or shown as it
// is. A blank line ends a block of HTML in Markdown, but not the element.
var (
	folding     = regexp.MustCompile(`(?i)<(/?)(details|summary|blockquote|q|pre|code|samp|kbd|xmp|template|del|s|strike|table|ul|ol|dl|textarea|script|style|title)\b[^>]*>`)
	htmlComment = regexp.MustCompile(`(?s)<!--.*?(?:-->|\z)`)
)

// html takes account of a piece of raw HTML.
func (w *walker) html(s span) {
	raw := w.source[s.start:s.end]
	for _, c := range htmlComment.FindAllIndex(raw, -1) {
		w.hidden = append(w.hidden, span{s.start + c[0], s.start + c[1]})
	}
	for _, m := range folding.FindAllSubmatch(htmlComment.ReplaceAll(raw, nil), -1) {
		name := strings.ToLower(string(m[2]))
		if len(m[1]) == 0 {
			w.open[name]++
		} else if w.open[name]--; w.open[name] <= 0 {
			delete(w.open, name)
		}
	}
}

var quoteFence = regexp.MustCompile(`(?m)^>>>[ \t]*$`)

// fencedQuotes are the parts between two lines of >>>, which GitLab shows as a quote.
func fencedQuotes(source []byte) []span {
	var spans []span
	fences := quoteFence.FindAllIndex(source, -1)
	for i := 0; i+1 < len(fences); i += 2 {
		spans = append(spans, span{fences[i][0], fences[i+1][1]})
	}
	return spans
}

// drop takes out the lines that begin in one of the spans.
func (w *walker) drop(spans []span) {
	if len(spans) == 0 {
		return
	}
	kept := w.lines[:0]
	for _, l := range w.lines {
		i := sort.Search(len(spans), func(i int) bool { return spans[i].end > l.start })
		if i == len(spans) || spans[i].start > l.start {
			kept = append(kept, l)
		}
	}
	w.lines = kept
}

// text is the source from start to end as people see it: without HTML comments and unseen characters.
func (p *page) text(start, end int) string {
	var b strings.Builder
	for _, h := range p.hidden {
		if h.end <= start || h.start >= end {
			continue
		}
		if h.start > start {
			b.Write(p.source[start:h.start])
		}
		start = min(h.end, end)
	}
	b.Write(p.source[start:end])
	return strings.TrimSpace(markup.Seen(b.String()))
}

package markup

import (
	"fmt"
	"strings"
)

// Page is a Markdown text made of parts that can be shortened. The zero value is empty and ready for use.
type Page struct{ parts []*part }

// part is a head, units that are kept or left out whole, and a tail.
type part struct {
	importance int
	what       string // what the units are called, in the plural
	head, tail string
	units      []string
	bytes      int // of the units
	left       int // how many units were left out
	gone       bool
	joined     bool // continues the part before it
}

// Add appends a part: a head, units that are called what in the plural, and a tail. Units are left out whole, the last
// first, and then the part itself; those of greater importance go first, and a part of importance 0 is never touched. A part
// that should have units and has none is not added.
func (p *Page) Add(importance int, what, head, tail string, units ...string) {
	if what != "" && len(units) == 0 {
		return
	}
	p.parts = append(p.parts, &part{importance: importance, what: what, head: head, tail: tail, units: units, bytes: length(units)})
}

// Append continues the part before with rows of less importance: nothing stands between the two.
func (p *Page) Append(importance int, what string, units ...string) {
	if len(units) > 0 {
		p.parts = append(p.parts, &part{importance: importance, what: what, units: units, bytes: length(units), joined: true})
	}
}

// length is how many bytes units have together.
func length(units []string) (n int) {
	for _, u := range units {
		n += len(u)
	}
	return n
}

// Fold appends a part that is folded under a title, which is HTML; it may have a table's head.
func (p *Page) Fold(importance int, what, title string, units []string, head ...string) {
	open := "<details><summary>" + title + "</summary>\n\n" + strings.Join(head, "")
	if len(units) > 0 && strings.HasPrefix(units[0], "\n") {
		open = strings.TrimSuffix(open, "\n")
	}
	p.Add(importance, what, open, "\n</details>\n", units...)
}

// String is the part as Markdown, empty if nothing of it is left.
func (x *part) String() string {
	switch {
	case x.gone:
		return ""
	case x.left > 0 && len(x.units) == 0:
		return x.note()
	case x.left > 0:
		return x.head + strings.Join(x.units, "") + "\n" + x.note() + x.tail
	}
	return x.head + strings.Join(x.units, "") + x.tail
}

// note says what was left out, in words of the program's own.
func (x *part) note() string {
	one := strings.TrimSuffix(x.what, "s")
	if head, rest, ok := strings.Cut(x.what, "s that were"); ok {
		one = head + " that was" + rest
	}
	return "*" + noted(x.left, one, x.what) + " left out to fit here.*\n"
}

// size is len(x.String()) without building it.
func (x *part) size() int {
	if x.gone {
		return 0
	}
	n := x.bytes
	if x.left > 0 {
		n += len(x.note())
	}
	if x.left > 0 && len(x.units) > 0 {
		n++
	}
	if x.left == 0 || len(x.units) > 0 {
		n += len(x.head) + len(x.tail)
	}
	return n
}

// Fit returns the page, shortened to at most limit bytes. The error says that even the parts of importance 0 don't fit.
func (p *Page) Fit(limit int) (string, error) {
	const between, closing = 1, "\n*%d parts left out to fit here.*\n"
	size := 0
	for _, x := range p.parts {
		size += x.size() + between
	}
	reserve := 0
	gone := 0
	for size+reserve > limit {
		x := p.least()
		if x == nil {
			return "", fmt.Errorf("the shortest page takes %d bytes, and the limit is %d: raise the limit", size+reserve, limit)
		}
		size -= x.size() + between
		if len(x.units) > 0 {
			last := len(x.units) - 1
			x.units, x.bytes, x.left = x.units[:last], x.bytes-len(x.units[last]), x.left+1
			size += x.size() + between
			continue
		}
		x.gone = true
		gone++
		reserve = len(closing) + 10
	}
	out := ""
	for _, x := range p.parts {
		s := x.String()
		if s != "" && out != "" && (!x.joined || len(x.units) == 0) {
			out += "\n"
		}
		out += s
	}
	if gone > 0 {
		out += fmt.Sprintf(closing, gone)
	}
	return out, nil
}

// least is the part to be shortened next: of the least important ones that still have units the last; when no part has
// units, the least important part as a whole. Nil if only the headline is left.
func (p *Page) least() *part {
	var with, without *part
	for _, x := range p.parts {
		switch {
		case x.gone || x.importance == 0:
		case len(x.units) > 0 && (with == nil || x.importance >= with.importance):
			with = x
		case len(x.units) == 0 && (without == nil || x.importance >= without.importance):
			without = x
		}
	}
	if with != nil {
		return with
	}
	return without
}

// noted is a number with its noun.
func noted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

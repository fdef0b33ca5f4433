package report

import (
	"fmt"
	"strings"
)

// page is a Markdown text made of parts that can be shortened.
type page struct{ parts []*part }

// part is a head, units that are kept or left out whole, and a tail.
type part struct {
	importance int
	what       string // what the units are called, in the plural
	head, tail string
	units      []string
	left       int // how many units were left out
	gone       bool
}

// add appends a part. One that should have units and has none is not added.
func (p *page) add(importance int, what, head, tail string, units ...string) {
	if what != "" && len(units) == 0 {
		return
	}
	p.parts = append(p.parts, &part{importance: importance, what: what, head: head, tail: tail, units: units})
}

// fold appends a part that is folded under a title of the program's own; it may have a table's head.
func (p *page) fold(importance int, what, title string, units []string, head ...string) {
	open := "<details><summary>" + title + "</summary>\n\n" + strings.Join(head, "")
	if len(units) > 0 && strings.HasPrefix(units[0], "\n") {
		open = strings.TrimSuffix(open, "\n")
	}
	p.add(importance, what, open, "\n</details>\n", units...)
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
	return "*" + plural(x.left, one, x.what) + " left out to fit here.*\n"
}

// size is len(x.String()) without building it.
func (x *part) size() int {
	if x.gone {
		return 0
	}
	n := 0
	for _, u := range x.units {
		n += len(u)
	}
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

// fit returns the page, shortened to at most limit bytes.
func (p *page) fit(limit int) (string, error) {
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
			return "", fmt.Errorf("the shortest report in Markdown takes %d bytes, and the limit is %d: raise the limit", size+reserve, limit)
		}
		size -= x.size() + between
		if len(x.units) > 0 {
			x.units, x.left = x.units[:len(x.units)-1], x.left+1
			size += x.size() + between
			continue
		}
		x.gone = true
		gone++
		reserve = len(closing) + 10
	}
	var shownParts []string
	for _, x := range p.parts {
		if s := x.String(); s != "" {
			shownParts = append(shownParts, s)
		}
	}
	out := strings.Join(shownParts, "\n")
	if gone > 0 {
		out += fmt.Sprintf(closing, gone)
	}
	return out, nil
}

// least is the part to be shortened next: of the least important ones that still have units the last; when no part has
// units, the least important part as a whole. Nil if only the headline is left.
func (p *page) least() *part {
	var with, without *part
	for _, x := range p.parts {
		switch {
		case x.gone || x.importance == importanceHeadline:
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

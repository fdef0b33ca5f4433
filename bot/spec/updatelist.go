package spec

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// sequence changes a list entry by entry.
func (e *editor) sequence(old, want *yaml.Node) bool {
	if old.Style&yaml.FlowStyle != 0 {
		return false
	}
	from := matched(old, want)
	kept := slices.DeleteFunc(slices.Clone(from), func(i int) bool { return i < 0 })
	if len(kept) == 0 || !e.ownDashes(old) {
		return false
	}
	if !slices.IsSorted(kept) {
		return e.reorder(old, want, from)
	}
	for i, entry := range old.Content {
		j := slices.Index(from, i)
		if j < 0 {
			e.deleteItem(old, i)
		} else if !e.entry(old, entry, want.Content[j]) {
			return false
		}
	}
	last := -1
	for j, i := range from {
		if i >= 0 {
			last = i
			continue
		}
		e.insertItem(old, last, kept[0], want.Content[j])
	}
	return true
}

// deleteItem takes out the lines of an entry and the comments right above it; with the first go the blank lines below.
func (e *editor) deleteItem(list *yaml.Node, i int) {
	entry := list.Content[i]
	end := e.nextLine(e.end(entry, list.Column-1))
	for i == 0 && end < len(e.data) && strings.TrimSpace(e.line(end)) == "" {
		end = e.nextLine(end)
	}
	e.replace(e.aboveComments(e.lineStart(e.dash(list, entry))), end, "")
}

// matched tells for each entry of want which of old it was: by identity, or by place if neither has another partner.
func matched(old, want *yaml.Node) []int {
	from, taken := make([]int, len(want.Content)), make([]bool, len(old.Content))
	was := make([]string, len(old.Content))
	for i, o := range old.Content {
		was[i] = identity(o)
	}
	for j, w := range want.Content {
		from[j] = -1
		is := identity(w)
		for i := range was {
			if !taken[i] && was[i] == is {
				from[j], taken[i] = i, true
				break
			}
		}
	}
	for j := range want.Content {
		if from[j] < 0 && j < len(taken) && !taken[j] && len(old.Content) == len(want.Content) {
			from[j], taken[j] = j, true
		}
	}
	return from
}

// dash is where the dash of an entry stands.
func (e *editor) dash(list, entry *yaml.Node) int {
	at := e.start(entry) - 1
	for at > 0 && e.data[at] != '-' {
		if c := e.data[at]; c != ' ' && c != '\n' && c != '\r' {
			return -1
		}
		at--
	}
	if at < 0 || at-e.lineStart(at) != list.Column-1 {
		return -1
	}
	return at
}

// ownDashes says whether every entry of a list begins on a line of its own.
func (e *editor) ownDashes(list *yaml.Node) bool {
	for _, entry := range list.Content {
		if at := e.dash(list, entry); at < 0 || !e.ownLine(at) {
			return false
		}
	}
	return true
}

// entry changes one entry of a list.
func (e *editor) entry(list, old, want *yaml.Node) bool {
	if same(old, want) {
		return true
	}
	if old.Kind == yaml.MappingNode && want.Kind == yaml.MappingNode {
		if e.try(func() bool { return e.mapping(old, want) }) {
			return true
		}
	}
	keepStyle(old, want)
	text, ok := render(want, list.Column+1)
	if !ok {
		return false
	}
	begin := e.dash(list, old)
	e.replace(begin, e.end(old, list.Column-1), "- "+text)
	return true
}

// insertItem puts a new entry after that of an index, or before the first that stays.
func (e *editor) insertItem(list *yaml.Node, after, first int, want *yaml.Node) {
	if list.Content[0].Style&yaml.FlowStyle == 0 && list.Content[0].Kind == want.Kind {
		want.Style &^= yaml.FlowStyle
	}
	indent := list.Column - 1
	text, ok := render(want, indent+2)
	if !ok {
		return
	}
	item := strings.Repeat(" ", indent) + "- " + text
	gap := strings.Repeat("\n", e.gap(list))
	if after >= 0 {
		at := e.lineEnd(e.end(list.Content[after], indent))
		e.replace(at, at, "\n"+gap+item)
		return
	}
	at := e.lineStart(e.dash(list, list.Content[first]))
	if first > 0 {
		at = e.aboveComments(at)
	}
	e.replace(at, at, item+"\n"+gap)
}

// gap is how many blank lines stand between the first two entries of a list.
func (e *editor) gap(list *yaml.Node) int {
	if len(list.Content) < 2 {
		return 0
	}
	lines, _ := e.chunk(list, 1)
	n := 0
	for n < len(lines) && strings.TrimSpace(lines[n]) == "" {
		n++
	}
	return n
}

// chunk is the text of an entry with what stands above it since the entry before, edits made, and where it begins.
func (e *editor) chunk(list *yaml.Node, i int) (lines []string, begin int) {
	begin = e.lineStart(e.dash(list, list.Content[i]))
	if i > 0 {
		begin = e.nextLine(e.end(list.Content[i-1], list.Column-1))
	}
	end := e.lineEnd(e.end(list.Content[i], list.Column-1))
	return strings.Split(string(e.apply(begin, end)), e.eol), begin
}

// reorder moves entries with their comments; blank lines stay between places.
func (e *editor) reorder(old, want *yaml.Node, from []int) bool {
	inner := editor{text: e.text, eol: e.eol}
	for j, i := range from {
		if i >= 0 && !inner.entry(old, old.Content[i], want.Content[j]) {
			return false
		}
	}
	gap := e.gap(old)
	var out []string
	for j, i := range from {
		if j > 0 {
			out = append(out, make([]string, gap)...)
		}
		if i >= 0 {
			lines, _ := inner.chunk(old, i)
			for len(lines) > 0 && strings.TrimSpace(lines[0]) == "" {
				lines = lines[1:]
			}
			out = append(out, lines...)
			continue
		}
		text, ok := render(want.Content[j], old.Column+1)
		if !ok {
			return false
		}
		out = append(out, strings.Split(strings.Repeat(" ", old.Column-1)+"- "+text, "\n")...)
	}
	_, begin := e.chunk(old, 0)
	e.replace(begin, e.lineEnd(e.end(old, old.Column-1)), strings.Join(out, "\n"))
	return true
}

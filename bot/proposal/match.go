package proposal

import (
	"strings"
	"unicode"
)

// tabWidth is what a tab counts for where indents are compared.
const tabWidth = 4

// loosening is a way to compare lines, by a key for each.
type loosening struct {
	key func(line string) string
	// shifts: the whole passage may be indented otherwise than it is quoted.
	shifts bool
}

// loosenings are tried in order; each finds all that those before it find: lines as they are, then whatever blanks are
// at their ends, however the whole is indented, and whatever blanks are within lines outside of quotes.
func loosenings() []loosening {
	return []loosening{
		{key: func(s string) string { return s }},
		{key: func(s string) string { return strings.TrimRight(s, " \t\r") }},
		{key: strings.TrimSpace, shifts: true},
		{key: collapse, shifts: true},
	}
}

// match is where a passage was found.
type match struct {
	// starts are the indexes of the first lines, of all places.
	starts []int
	// search and replace are the section's lines as they were compared: blank lines at the ends may be left out.
	search, replace []string
	shifts          bool
}

// find looks for the places of a section, first as it is and then with more and more tolerance for white space, until
// there is at least one, in the order of ways. It takes time in proportion to the length of both.
func find(file, search, replace []string, ways []loosening) match {
	for _, l := range ways {
		s, r := search, replace
		if l.shifts {
			s, r = trimBlank(search, replace)
		}
		if starts := l.places(file, s); len(starts) > 0 {
			return match{starts: starts, search: s, replace: r, shifts: l.shifts}
		}
	}
	return match{}
}

// lineKey is what is compared of a line. Indents are compared relative to the line above that is not blank, so that a
// passage shifted as a whole stays equal.
type lineKey struct {
	text string
	step int
}

func (l loosening) keys(lines []string) []lineKey {
	keys := make([]lineKey, len(lines))
	last := 0
	for i, line := range lines {
		keys[i].text = l.key(line)
		if l.shifts && keys[i].text != "" {
			width := indentWidth(line)
			keys[i].step = width - last
			last = width
		}
	}
	return keys
}

// places returns the indexes in file at which search stands, overlapping ones included.
// The search is Knuth, Morris and Pratt's, on lines.
func (l loosening) places(file, search []string) []int {
	if len(search) == 0 || len(search) > len(file) {
		return nil
	}
	text, pattern := l.keys(file), l.keys(search)
	first := pattern[0]
	pattern = pattern[1:]
	var starts []int
	check := func(start int) {
		// The step of the first line says how the passage stands in what is around it, which is not asked.
		if text[start].text == first.text {
			starts = append(starts, start)
		}
	}
	if len(pattern) == 0 {
		for i := range text {
			check(i)
		}
		return starts
	}
	back := fallbacks(pattern)
	k := 0
	for i := 1; i < len(text); i++ {
		for k > 0 && (k == len(pattern) || text[i] != pattern[k]) {
			k = back[k-1]
		}
		if text[i] == pattern[k] {
			k++
		}
		if k == len(pattern) {
			check(i - k)
		}
	}
	return starts
}

// fallbacks is the failure function of Knuth, Morris and Pratt.
func fallbacks(pattern []lineKey) []int {
	back := make([]int, len(pattern))
	k := 0
	for i := 1; i < len(pattern); i++ {
		for k > 0 && pattern[i] != pattern[k] {
			k = back[k-1]
		}
		if pattern[i] == pattern[k] {
			k++
		}
		back[i] = k
	}
	return back
}

// replacement is what comes in the place of found: the section's new lines, indented as the file is. Lines that the
// section only repeats stay as the file has them.
func (m match) replacement(found []string) []string {
	shift, tabs := 0, false
	if m.shifts {
		shift = indentWidth(found[0]) - indentWidth(m.search[0])
		for _, line := range found {
			tabs = tabs || strings.HasPrefix(line, "\t")
		}
	}
	out := make([]string, len(m.replace))
	kept := 0
	for i, line := range m.replace {
		if at := indexFrom(m.search, line, kept); at >= 0 {
			out[i], kept = found[at], at+1
			continue
		}
		out[i] = line
		if m.shifts {
			out[i] = reindent(line, shift, tabs)
		}
	}
	return out
}

// indexFrom is the index of line in lines, at least from, and near it; -1 if it is not there.
func indexFrom(lines []string, line string, from int) int {
	const near = 200
	for i := from; i < len(lines) && i < from+near; i++ {
		if lines[i] == line {
			return i
		}
	}
	return -1
}

// reindent moves a line by shift columns, its indent made of tabs or of blanks.
func reindent(line string, shift int, tabs bool) string {
	body := strings.TrimLeft(line, " \t")
	if body == "" {
		return line
	}
	width := max(0, indentWidth(line)+shift)
	if tabs {
		return strings.Repeat("\t", width/tabWidth) + strings.Repeat(" ", width%tabWidth) + body
	}
	return strings.Repeat(" ", width) + body
}

// indentWidth is the column at which a line's text starts.
func indentWidth(line string) int {
	width := 0
	for _, r := range line {
		switch r {
		case ' ':
			width++
		case '\t':
			width += tabWidth - width%tabWidth
		default:
			return width
		}
	}
	return width
}

// trimBlank leaves out the blank lines at the ends of search, and as many of those at the same ends of replace.
func trimBlank(search, replace []string) (s, r []string) {
	for len(search) > 0 && blankLine(search[0]) {
		search = search[1:]
		if len(replace) > 0 && blankLine(replace[0]) {
			replace = replace[1:]
		}
	}
	for len(search) > 0 && blankLine(search[len(search)-1]) {
		search = search[:len(search)-1]
		if n := len(replace); n > 0 && blankLine(replace[n-1]) {
			replace = replace[:n-1]
		}
	}
	return search, replace
}

func blankLine(s string) bool { return strings.TrimSpace(s) == "" }

// collapse makes each run of white space outside of quotes one blank, and takes away that at the ends.
func collapse(line string) string {
	var b strings.Builder
	var quote rune
	blank := false
	for _, r := range strings.TrimSpace(line) {
		if quote == 0 && unicode.IsSpace(r) {
			blank = true
			continue
		}
		if blank {
			b.WriteByte(' ')
			blank = false
		}
		switch {
		case quote == 0 && (r == '\'' || r == '"'):
			quote = r
		case r == quote:
			quote = 0
		}
		b.WriteRune(r)
	}
	return b.String()
}

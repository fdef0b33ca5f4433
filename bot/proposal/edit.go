package proposal

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/agnivade/levenshtein"
)

// editing is a file on which sections are tried.
type editing struct {
	path string
	// data: the text is rows and not code, so it must not be quoted in faults, and its white space counts.
	data  bool
	lines []string
	// crlf: the file's lines end in carriage return and line feed.
	crlf bool
}

// maxMissed is how many sections of a file are looked for in vain before the others are left untried.
const maxMissed = 5

// edit applies the sections in order to text; exists says whether there is such a file. Sections behind a fault are
// tried as well, so that one answer is told of more than its first.
func edit(f File, text string, exists bool) (string, []Fault) {
	e := editing{path: f.Path, data: strings.HasSuffix(strings.ToLower(f.Path), ".csv")}
	e.read(text)
	var faults []Fault
	for i, s := range f.Sections {
		if len(faults) == maxMissed {
			break
		}
		if message := e.apply(s, exists || i > 0); message != "" {
			faults = append(faults, Fault{Path: f.Path, Line: s.Line, Message: message})
		}
	}
	return e.text(), faults
}

// read splits the text into lines without their ends. A file of mixed line ends keeps the carriage returns as text.
func (e *editing) read(text string) {
	if text == "" {
		return
	}
	feeds := strings.Count(text, "\n")
	e.crlf = feeds > 0 && strings.Count(text, "\r\n") == feeds
	if e.crlf {
		text = strings.ReplaceAll(text, "\r\n", "\n")
	}
	e.lines = strings.Split(strings.TrimSuffix(text, "\n"), "\n")
}

// text is the file after the edits; its last line ends.
func (e *editing) text() string {
	out := joinLines(e.lines)
	if e.crlf {
		out = strings.ReplaceAll(out, "\n", "\r\n")
	}
	return out
}

// apply makes one replacement, or says why it can't be made.
func (e *editing) apply(s Section, exists bool) string {
	search, replace := sectionLines(s.Search), sectionLines(s.Replace)
	switch empty := blankLine(s.Search); {
	case empty && len(e.lines) == 0:
		e.lines = replace
		return ""
	case empty:
		return fmt.Sprintf("SEARCH is empty, but the file has %d lines. Quote the lines to replace, or use FILE with the whole file.", len(e.lines))
	case !exists:
		return "There is no such file to edit. Use FILE with the whole file, or mend the path."
	}
	m := find(e.lines, search, replace, e.tolerances())
	switch len(m.starts) {
	case 0:
		return "The lines of SEARCH are not in the file" + e.nearest(search) + " Quote whole lines as they stand in the file after the sections before."
	case 1:
	default:
		return fmt.Sprintf("The lines of SEARCH stand in %d places, at lines %s. Quote more lines around the one that is meant.", len(m.starts), numbers(m.starts))
	}
	at := m.starts[0]
	e.lines = slices.Concat(e.lines[:at], m.replacement(e.lines[at:at+len(m.search)]), e.lines[at+len(m.search):])
	return ""
}

// tolerances are how lines may be compared: in data, white space within a line is part of a value.
func (e *editing) tolerances() []loosening {
	all := loosenings()
	if e.data {
		return all[:1]
	}
	return all
}

func sectionLines(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(strings.TrimSuffix(strings.ReplaceAll(text, "\r\n", "\n"), "\n"), "\n")
}

// numbers lists the first few of the lines with the given indexes.
func numbers(indexes []int) string {
	const most = 8
	var words []string
	for _, i := range indexes[:min(most, len(indexes))] {
		words = append(words, strconv.Itoa(i+1))
	}
	list := strings.Join(words, ", ")
	if len(indexes) > most {
		list += " and others"
	}
	return list
}

// nearest continues a sentence with the place that is most like search, if one is.
func (e *editing) nearest(search []string) string {
	if len(e.lines) == 0 {
		return ", which is empty."
	}
	start, ok := e.alike(search)
	if !ok {
		return ", nor anything like them."
	}
	const most = 12
	end := min(start+min(len(search), most), len(e.lines))
	place := fmt.Sprintf(". The nearest are lines %d to %d", start+1, end)
	if e.data {
		return place + "."
	}
	text := joinLines(e.lines[start:end])
	if len(text) > 2000 {
		return place + "."
	}
	return place + ":\n" + Fence(e.path, text)
}

// alike finds the place at which most lines agree apart from white space; else that of the line most like the longest.
func (e *editing) alike(search []string) (start int, ok bool) {
	const often = 50 // a line that stands in more places says nothing
	at := map[string][]int{}
	for i, line := range e.lines {
		if k := collapse(line); k != "" && len(at[k]) <= often {
			at[k] = append(at[k], i)
		}
	}
	votes := map[int]int{}
	best, most := 0, 0
	for i, line := range search[:min(len(search), 1000)] {
		places := at[collapse(line)]
		if len(places) > often {
			continue
		}
		for _, p := range places {
			o := p - i
			votes[o]++
			if votes[o] > most || votes[o] == most && o < best {
				best, most = o, votes[o]
			}
		}
	}
	if most > 0 {
		return max(0, best), true
	}
	return e.alikeLine(search)
}

// alikeLine finds the place of the line that takes the fewest changes to become the longest line of search, if that is
// less than half of it.
func (e *editing) alikeLine(search []string) (start int, ok bool) {
	const longest, most = 160, 3000
	index := 0
	for i, line := range search {
		if len(line) <= longest && len(collapse(line)) > len(collapse(search[index])) {
			index = i
		}
	}
	wanted := collapse(search[index])
	least := (len(wanted) + 1) / 2
	if len(wanted) > longest {
		return 0, false
	}
	for i, line := range e.lines[:min(most, len(e.lines))] {
		have := collapse(line)
		if have == "" || len(have) > len(wanted)+least || len(wanted) > len(have)+least {
			continue
		}
		if d := levenshtein.ComputeDistance(strings.ToLower(wanted), strings.ToLower(have)); d < least {
			start, least, ok = max(0, i-index), d, true
		}
	}
	return start, ok
}

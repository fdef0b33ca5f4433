package proposal

import (
	"regexp"
	"strings"
)

// The lines that divide the sections of an edit. The words make two of them certain; the third is taken only as it is.
var (
	searchMark  = regexp.MustCompile(`^[ \t]*<{5,9} ?SEARCH[ \t]*$`)
	replaceMark = regexp.MustCompile(`^[ \t]*>{5,9} ?REPLACE[ \t]*$`)
)

const divider = "======="

func isSearch(line string) bool {
	return strings.Contains(line, "<<<<<") && searchMark.MatchString(line)
}
func isReplace(line string) bool {
	return strings.Contains(line, ">>>>>") && replaceMark.MatchString(line)
}
func isDivider(line string) bool { return strings.TrimSpace(line) == divider }

// holdsSections says whether a block is meant as search-and-replace sections.
func holdsSections(b block) bool {
	for _, line := range b.lines {
		if isSearch(line) {
			return true
		}
	}
	return false
}

// readSections reads the sections of a block, up to the first fault.
func readSections(path string, b block) ([]Section, []Fault) {
	var (
		out             []Section
		search, replace []string
		start           int
	)
	const outside, searching, replacing = 0, 1, 2
	state := outside
	for i, line := range b.lines {
		at := b.open + 2 + i
		wrong := func(message string) ([]Section, []Fault) {
			return out, []Fault{{Path: path, Line: at, Message: message}}
		}
		switch {
		case state == outside && isSearch(line):
			state, start, search, replace = searching, at, nil, nil
		case state == outside && strings.TrimSpace(line) != "":
			return wrong("This line lies outside of any section. Put everything in the block of an EDIT between <<<<<<< SEARCH, ======= and >>>>>>> REPLACE.")
		case state == outside:
		case isSearch(line):
			return wrong("A section starts before the one above it has ended. End each section with >>>>>>> REPLACE.")
		case state == searching && isReplace(line):
			return wrong("This section has no line ======= between what is searched and what replaces it. Add it.")
		case state == searching && isDivider(line):
			state = replacing
		case state == searching:
			search = append(search, line)
		case isDivider(line):
			return wrong("This section has a second line =======. If the file itself holds such a line, answer with FILE and the whole file instead of EDIT.")
		case isReplace(line):
			out = append(out, Section{Search: joinLines(search), Replace: joinLines(replace), Line: start})
			state = outside
		default:
			replace = append(replace, line)
		}
	}
	if state != outside {
		return out, []Fault{{Path: path, Line: start, Message: "This section does not end. End each section with >>>>>>> REPLACE before the block is closed."}}
	}
	return out, nil
}

package pages

import "strings"

// fileDiff is what a change does to one file.
type fileDiff struct {
	Name           string
	Added, Removed int
	Lines          []diffLine
	More           int // how many lines are not shown
}

// diffLine is one line of a difference, with its class of style: add, del, hunk, or none.
type diffLine struct{ Class, Text string }

// mostLines is how many lines of a file's difference a page shows.
const mostLines = 1000

// readDiff reads what git diff prints.
func readDiff(text string) (out []fileDiff) {
	inHunk := false
	for _, line := range strings.Split(text, "\n") {
		if rest, ok := strings.CutPrefix(line, "diff --git "); ok {
			out = append(out, fileDiff{Name: nameIn(rest)})
			inHunk = false
			continue
		}
		if len(out) == 0 {
			continue
		}
		f := &out[len(out)-1]
		switch {
		case strings.HasPrefix(line, "@@"):
			inHunk = true
			f.add("hunk", line)
		case !inHunk:
			f.head(line)
		case strings.HasPrefix(line, "+"):
			f.Added++
			f.add("add", line)
		case strings.HasPrefix(line, "-"):
			f.Removed++
			f.add("del", line)
		default:
			f.add("", line)
		}
	}
	return out
}

// head reads a line above the first hunk.
func (f *fileDiff) head(line string) {
	if name, ok := strings.CutPrefix(line, "+++ b/"); ok {
		f.Name = strings.TrimSuffix(name, "\t")
	}
	for _, told := range []string{"new file", "deleted file", "rename from", "old mode", "new mode", "Binary files"} {
		if strings.HasPrefix(line, told) {
			f.add("hunk", line)
		}
	}
}

func (f *fileDiff) add(class, text string) {
	if len(f.Lines) >= mostLines {
		f.More++
		return
	}
	f.Lines = append(f.Lines, diffLine{class, text})
}

// nameIn is the file's name in the first line of its difference, a/NAME b/NAME.
func nameIn(line string) string {
	if _, name, ok := strings.Cut(line, " b/"); ok {
		return name
	}
	return line
}

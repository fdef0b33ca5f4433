package proposal

import (
	"fmt"
	"path"
	"strings"
)

// maxHeadings is how many files an answer may name to be read at all; [Rules] set lower limits.
const maxHeadings = 1000

// Parse reads an answer. Without faults the proposal is all that the answer proposes, which may be nothing; with faults
// it is what could be read, and must not be applied. Any text is accepted, also what is not UTF-8; nothing is judged here
// but the form.
func Parse(answer string) (Proposal, []Fault) {
	if len(answer) > MaxAnswer {
		return Proposal{}, []Fault{{Message: fmt.Sprintf("The answer is %d MiB long, and at most %d MiB are read. Propose fewer or shorter files.", len(answer)>>20, MaxAnswer>>20)}}
	}
	p := parser{lines: unwrap(answerLines(answer)), seen: map[string]int{}}
	for i := 0; i < len(p.lines); {
		if i = p.step(i); p.headings > maxHeadings {
			return Proposal{}, []Fault{{Message: fmt.Sprintf("The answer names more than %d files. Change fewer.", maxHeadings)}}
		}
	}
	p.settle()
	p.out.Reasoning = strings.TrimSpace(joinLines(p.reasoning))
	return p.out, few(p.faults)
}

// parser walks over an answer once.
type parser struct {
	lines     []string
	out       Proposal
	faults    []Fault
	reasoning []string
	// seen is the line of each file's heading, by the path's key.
	seen map[string]int

	headings int
	// file is what the last heading named; nil before the first.
	file *File
	// waiting: its block has not come yet.
	waiting bool
	// loose: prose stood between heading and block, so that a second block leaves open which one is meant.
	loose bool
}

func (p *parser) fault(line int, format string, args ...any) {
	f := Fault{Line: line, Message: fmt.Sprintf(format, args...)}
	if p.file != nil {
		f.Path = p.file.Path
	}
	p.faults = append(p.faults, f)
}

// step reads what starts at index i and returns the index of what follows.
func (p *parser) step(i int) int {
	indent := 3
	if p.waiting {
		indent = listIndent
	}
	if f, ok := openFence(p.lines[i], indent); ok {
		b := readBlock(p.lines, i, f)
		p.block(b)
		return b.end + 1
	}
	if h, ok := readHeading(p.lines, i); ok {
		p.settle()
		p.headings++
		p.file = &File{Action: h.action, Path: h.path, Line: i + 1}
		p.waiting, p.loose = h.action != Delete, false
		return i + 1
	}
	if strings.TrimSpace(p.lines[i]) != "" {
		p.loose = p.loose || p.waiting
	}
	p.reasoning = append(p.reasoning, p.lines[i])
	return i + 1
}

// block takes a block for the file that it belongs to, or as reasoning.
func (p *parser) block(b block) {
	if !b.closed {
		if !p.waiting {
			p.settle()
		}
		p.fault(b.open+1, "The block that starts here is never closed, so the answer was cut off or its fences do not fit. Close it with %s, and put a file that itself holds fences between longer ones.", strings.Repeat(string(b.sign), b.length))
		p.waiting = false
		return
	}
	switch {
	case p.file == nil:
		p.loner(b)
	case p.waiting && p.file.Action == Write:
		p.waiting = false
		p.whole(b)
	case p.file.Action == Edit && (p.waiting || holdsSections(b)):
		p.waiting = false
		p.sections(b)
	case p.file.Action == Delete && p.file.Line == b.open && !b.blank():
		p.fault(b.open+1, "DELETE takes no block. Write only the line with the path, or FILE for the whole new text.")
	case p.loose && p.file.Action == Write:
		p.fault(b.open+1, "Two blocks follow the heading, and there is text between it and the first. Put the one block with the whole file right below the heading.")
	case p.file.Action == Write && strings.EqualFold(path.Ext(p.file.Path), ".md"):
		p.fault(b.open+1, "A second block follows that of this Markdown file. If it is part of the file, put the file between longer fences, such as ````; if not, leave it out.")
	default:
		p.loner(b)
	}
}

// loner is a block that belongs to no file.
func (p *parser) loner(b block) {
	if holdsSections(b) {
		p.fault(b.open+1, "These search-and-replace sections do not say which file they are for. Put a line such as EDIT: models/orders.sql above the block.")
		return
	}
	p.reasoning = append(p.reasoning, p.lines[b.open:b.end+1]...)
}

// whole takes the block of a FILE.
func (p *parser) whole(b block) {
	p.file.Text = b.text()
	switch {
	case b.blank():
		p.fault(b.open+1, "The block is empty. Write the whole file into it, or DELETE: %s if the file should go.", show(p.file.Path))
	case holdsSections(b):
		p.fault(b.open+1, "The block holds search-and-replace sections. Use EDIT instead of FILE for them, or write the whole file.")
	}
}

// sections takes the block of an EDIT.
func (p *parser) sections(b block) {
	if !holdsSections(b) {
		p.fault(b.open+1, "The block of this EDIT holds no section. Write <<<<<<< SEARCH, the lines to find, =======, the lines to put there, >>>>>>> REPLACE; or use FILE with the whole file.")
		return
	}
	sections, faults := readSections(p.file.Path, b)
	p.file.Sections = append(p.file.Sections, sections...)
	p.faults = append(p.faults, faults...)
}

// settle ends the file of the last heading.
func (p *parser) settle() {
	f := p.file
	if f == nil {
		return
	}
	if p.waiting {
		what := "one fenced block with the whole file"
		if f.Action == Edit {
			what = "a fenced block with search-and-replace sections"
		}
		p.fault(f.Line, "No block follows this heading. Put %s right below it.", what)
	}
	if n := len(p.out.Files) - 1; n >= 0 && f.Action == Edit && p.out.Files[n].Action == Edit && p.out.Files[n].Path == f.Path {
		p.out.Files[n].Sections = append(p.out.Files[n].Sections, f.Sections...) // the same heading again, for more sections
	} else if before := p.seen[key(f.Path)]; before > 0 {
		p.fault(f.Line, "The answer names this file before, on line %d. Give each file one heading; an EDIT may hold several sections.", before)
	} else {
		p.seen[key(f.Path)] = f.Line
		p.out.Files = append(p.out.Files, *f)
	}
	p.file, p.waiting = nil, false
}

package proposal

import "strings"

// fence is the line that opens a fenced block, as CommonMark 0.31 section 4.5 defines it.
type fence struct {
	sign   byte
	length int
	indent int
	info   string
}

// openFence reads a line as the start of a block. CommonMark allows an indent of three; in a list it may be more.
func openFence(line string, maxIndent int) (fence, bool) {
	body := strings.TrimLeft(line, " ")
	f := fence{indent: len(line) - len(body)}
	if f.indent > maxIndent || body == "" || body[0] != '`' && body[0] != '~' {
		return fence{}, false
	}
	f.sign = body[0]
	rest := strings.TrimLeft(body, string(f.sign))
	f.length, f.info = len(body)-len(rest), strings.TrimSpace(rest)
	if f.length < 3 || f.sign == '`' && strings.Contains(f.info, "`") {
		return fence{}, false
	}
	return f, true
}

// closes says whether the line ends the block that f opened.
func (f fence) closes(line string) bool {
	c, ok := openFence(line, f.indent+3)
	return ok && c.sign == f.sign && c.length >= f.length && c.info == ""
}

// block is a fenced block of an answer.
type block struct {
	fence
	// open and end are the indexes of the fences' lines; end is the number of lines where the block is not closed.
	open, end int
	closed    bool
	lines     []string
}

// readBlock reads the block that f opens on the line with index open.
func readBlock(lines []string, open int, f fence) block {
	b := block{fence: f, open: open}
	for b.end = open + 1; b.end < len(lines); b.end++ {
		line := lines[b.end]
		if f.closes(line) {
			b.closed = true
			return b
		}
		indent := len(line) - len(strings.TrimLeft(line, " "))
		b.lines = append(b.lines, line[min(indent, f.indent):])
	}
	return b
}

// text is the block's content; each line ends in a line feed.
func (b block) text() string { return joinLines(b.lines) }

// blank says whether the block holds nothing but white space.
func (b block) blank() bool { return strings.TrimSpace(strings.Join(b.lines, "")) == "" }

// joinLines is the text of whole lines.
func joinLines(lines []string) string {
	if len(lines) == 0 {
		return ""
	}
	return strings.Join(lines, "\n") + "\n"
}

// answerLines splits an answer, without carriage returns at the ends of lines.
func answerLines(answer string) []string {
	lines := strings.Split(strings.TrimPrefix(answer, "\ufeff"), "\n")
	for i, line := range lines {
		lines[i] = strings.TrimSuffix(line, "\r")
	}
	return lines
}

// unwrap blanks the two lines of one fence around the whole answer, which some models put there: the first fence of
// the answer, of Markdown or nothing in particular, around a heading with its block, and closed by the last line.
func unwrap(lines []string) []string {
	last := len(lines) - 1
	for last >= 0 && strings.TrimSpace(lines[last]) == "" {
		last--
	}
	for i, line := range lines {
		if _, ok := readHeading(lines, i); ok {
			return lines
		}
		f, ok := openFence(line, 3)
		if !ok {
			continue
		}
		switch strings.ToLower(f.info) {
		case "", "markdown", "md", "text", "txt", "plaintext":
		default:
			return lines
		}
		if last <= i || !f.closes(lines[last]) || !holdsHeading(lines, i+1, f) {
			return lines
		}
		out := append([]string(nil), lines...)
		out[i], out[last] = "", ""
		return out
	}
	return lines
}

// holdsHeading says whether a heading with what belongs to it stands between index from and the line that closes f.
// Below a heading, that line is taken as the start of a block only where f is expressly Markdown.
func holdsHeading(lines []string, from int, f fence) bool {
	for i := from; i < len(lines) && !f.closes(lines[i]); i++ {
		if h, ok := readHeading(lines, i); ok && (h.action == Delete || h.followed && (f.info != "" || !f.closes(lines[nextLine(lines, i)]))) {
			return true
		}
	}
	return false
}

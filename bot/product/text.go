package product

import (
	"fmt"
	"io"
	"unicode/utf8"
)

// maxLine is the greatest length of a row of CSV in bytes that DuckDB takes.
const maxLine = 2_000_000

// textError says what is wrong with a file's bytes, and where.
type textError struct {
	place
	what string
}

// Error is what is wrong, and what to do.
func (e *textError) Error() string { return e.what }

// textReader passes the text of a CSV file through, up to the first place where it is no UTF-8, binary, or has line ends of
// another kind than before.
type textReader struct {
	r       io.Reader
	buffer  []byte // what was read last
	checked []byte // the part of it that may be passed on
	rest    []byte // the start of a character, or of a line end, that the last read cut in two
	err     error  // what comes after all that may be passed on

	lines        int // complete lines so far
	column       int // characters of the line so far
	quoted       bool
	length       int    // bytes of the row so far
	rowLine      int    // complete lines before the row
	lineEnd      string // the first line end outside quotes
	firstLineEnd int
}

// Read implements io.Reader.
func (t *textReader) Read(p []byte) (int, error) {
	for len(t.checked) == 0 {
		if t.err != nil {
			return 0, t.err
		}
		t.fill()
	}
	n := copy(p, t.checked)
	t.checked = t.checked[n:]
	return n, nil
}

// fill reads on and checks what it got.
func (t *textReader) fill() {
	if t.buffer == nil {
		t.buffer = make([]byte, 64<<10)
	}
	kept := copy(t.buffer, t.rest)
	n, err := t.r.Read(t.buffer[kept:])
	n += kept
	t.rest = nil
	i := 0
	for i < n {
		size, ok := t.pass(t.buffer[i:n], err != nil)
		if !ok {
			t.checked = t.buffer[:i]
			return
		}
		if size == 0 { // the rest comes with the next read
			t.rest = append([]byte(nil), t.buffer[i:n]...)
			break
		}
		i += size
	}
	t.checked, t.err = t.buffer[:i], err
}

// pass looks at the character that b begins with and returns its size: 0 if more bytes are needed to tell.
func (t *textReader) pass(b []byte, last bool) (size int, ok bool) {
	size = 1
	switch c := b[0]; {
	case c == 0:
		return t.refuse("holds a NUL byte here, so it is not text; write the file again without it")
	case c >= 0xfe && t.lines == 0 && t.column == 0:
		return t.refuse("is UTF-16, not UTF-8; convert the file, for example with iconv -f UTF-16 -t UTF-8")
	case c >= utf8.RuneSelf:
		if !utf8.FullRune(b) && !last {
			return 0, true
		}
		var r rune
		if r, size = utf8.DecodeRune(b); r == utf8.RuneError && size == 1 {
			return t.refuse("is not UTF-8 text here; convert the file, for example with iconv -f LATIN1 -t UTF-8")
		}
	case c == '"':
		t.quoted = !t.quoted
	case c == '\n':
		return t.lineEnds("\n")
	case c == '\r' && !t.quoted:
		if len(b) < 2 && !last {
			return 0, true
		}
		if len(b) >= 2 && b[1] == '\n' {
			return t.lineEnds("\r\n")
		}
		return t.refuse("a line ends in a carriage return alone; convert the line ends, for example with mac2unix")
	}
	t.column++
	if t.length += size; t.length > maxLine {
		t.lines, t.column = t.rowLine, 0
		return t.refuse(fmt.Sprintf("the row is longer than %d bytes; shorten it, or check that a quote is closed", maxLine))
	}
	return size, true
}

// lineEnds notes a line end. Outside quotes all must be of one kind.
func (t *textReader) lineEnds(end string) (size int, ok bool) {
	if !t.quoted {
		if t.lineEnd == "" {
			t.lineEnd, t.firstLineEnd = end, t.lines+1
		}
		if t.lineEnd != end {
			names := map[string]string{"\n": "LF", "\r\n": "CRLF"}
			return t.refuse(fmt.Sprintf("this line ends in %s and line %d in %s; convert the line ends, for example with dos2unix", names[end], t.firstLineEnd, names[t.lineEnd]))
		}
		t.length, t.rowLine = 0, t.lines+1
	}
	t.lines, t.column = t.lines+1, 0
	return len(end), true
}

func (t *textReader) refuse(what string) (int, bool) {
	t.err = &textError{place{t.lines + 1, t.column + 1}, what}
	return 0, false
}

package confine

import (
	"bytes"
	"strings"
)

// longestLine is where a line is cut for Options.Line.
const longestLine = 16 << 10

// output takes what a program prints: it keeps the end, and tells the lines.
type output struct {
	keep  int
	most  int64
	line  func(string)
	total int64
	last  []byte
	open  []byte // the line that has not ended
	long  bool   // the open line was told already, up to its cut
}

// take adds p, and says whether the program is still within its limit.
func (o *output) take(p []byte) bool {
	o.total += int64(len(p))
	if o.total > o.most {
		p = p[:max(0, len(p)-int(min(o.total-o.most, int64(len(p)))))]
	}
	o.last = append(o.last, p...)
	if len(o.last) > 2*o.keep {
		o.last = append(o.last[:0], o.last[len(o.last)-o.keep:]...)
	}
	if o.line != nil {
		o.lines(p)
	}
	return o.total <= o.most
}

// lines tells the lines that end in p.
func (o *output) lines(p []byte) {
	for len(p) > 0 {
		part, rest, ended := bytes.Cut(p, []byte("\n"))
		p = rest
		if !o.long {
			room := longestLine - len(o.open)
			o.open = append(o.open, part[:min(room, len(part))]...)
			if len(part) >= room {
				o.tell()
				o.long = true
			}
		}
		if !ended {
			return
		}
		if !o.long {
			o.tell()
		}
		o.long = false
	}
}

// tell tells the open line.
func (o *output) tell() {
	o.line(strings.ToValidUTF8(strings.TrimSuffix(string(o.open), "\r"), "\uFFFD"))
	o.open = o.open[:0]
}

// end tells a last line that has no end, and is the tail and whether there was more.
func (o *output) end() (tail string, cut bool) {
	if o.line != nil && len(o.open) > 0 {
		o.tell()
	}
	last := o.last
	if len(last) > o.keep {
		last = last[len(last)-o.keep:]
	}
	return strings.ToValidUTF8(string(last), "\uFFFD"), o.total > int64(len(last))
}

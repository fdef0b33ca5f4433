package markup

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Plain makes foreign text safe for a terminal, a log or a text file: one line, without control characters, terminal
// escapes, characters that reorder or hide text, or broken UTF-8. Any white space becomes one blank; what could do harm
// becomes the replacement character �, so that a reader sees that something was there.
func Plain(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	blank := true // also drops leading blanks
	for _, r := range s {
		switch {
		case unicode.IsSpace(r):
			if !blank {
				b.WriteByte(' ')
			}
			blank = true
			continue
		case invisible(r):
			continue
		case harmful(r):
			r = utf8.RuneError
		}
		blank = false
		b.WriteRune(r)
	}
	return strings.TrimRight(b.String(), " ")
}

// PlainLines is Plain for text of several lines: line breaks and leading blanks stay, tabs become four blanks.
func PlainLines(s string) string {
	s = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\u2028", "\n", "\u2029", "\n", "\t", "    ").Replace(s)
	lines := strings.Split(strings.TrimRight(s, "\n"), "\n")
	for i, line := range lines {
		indent := len(line) - len(strings.TrimLeft(line, " "))
		lines[i] = strings.TrimRight(line[:indent]+Plain(line[indent:]), " ")
	}
	return strings.Join(lines, "\n")
}

// harmful says whether r acts on a terminal or changes the order in which text is read (Unicode TR 9, TR 36).
func harmful(r rune) bool {
	switch {
	case r == utf8.RuneError:
		return true
	case unicode.IsControl(r):
		return true
	case r == 0x061C, r == 0x200E, r == 0x200F: // direction marks
		return true
	case r >= 0x202A && r <= 0x202E, r >= 0x2066 && r <= 0x2069: // embeddings, overrides, isolates
		return true
	case r >= 0xE0000 && r <= 0xE007F: // tags, which carry hidden text
		return true
	case r >= 0xFFF9 && r <= 0xFFFB: // interlinear annotation
		return true
	}
	return false
}

// invisible says whether r has no width and no meaning of its own. The joiners U+200C and U+200D are not among them:
// Persian, Indic scripts and emoji need them; nor are U+FE0E and U+FE0F, which choose between emoji and text. The other
// variation selectors choose a glyph, and carry hidden text.
func invisible(r rune) bool {
	switch r {
	case 0x00AD, 0x034F, 0x180E, 0x200B, 0x2060, 0x2061, 0x2062, 0x2063, 0x2064, 0x2065, 0xFEFF, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x3164, 0xFFA0:
		return true
	}
	return r >= 0x206A && r <= 0x206F || r >= 0x180B && r <= 0x180F || r >= 0xFE00 && r <= 0xFE0D ||
		r >= 0x1D173 && r <= 0x1D17A || r >= 0xE0080 && r <= 0xE0FFF
}

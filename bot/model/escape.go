package model

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// fragile says whether text holds what an editor, Git or a terminal might alter or hide: carriage returns, control and
// formatting characters, blanks at the end of a line, or bytes that are not UTF-8.
func fragile(text string) bool {
	for i, r := range text {
		if hidden(r) || r == utf8.RuneError && !strings.HasPrefix(text[i:], "\uFFFD") || blankAtEnd(text, i) {
			return true
		}
	}
	return false
}

// hidden says whether r cannot be seen as what it is. Tabs and line feeds can.
func hidden(r rune) bool {
	return r != '\n' && r != '\t' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == '\u2028' || r == '\u2029')
}

// blankAtEnd says whether text[i] is a blank that only a line's end follows.
func blankAtEnd(text string, i int) bool {
	return (text[i] == ' ' || text[i] == '\t') && (i+1 == len(text) || text[i+1] == '\n')
}

// escape makes text robust: in an escaped section a backslash is written as \\, a carriage return as \r, a fragile byte as
// \xHH and a fragile character as \u{HEX}. Line feeds stay.
func escape(text string) string {
	var b strings.Builder
	for i := 0; i < len(text); {
		r, n := utf8.DecodeRuneInString(text[i:])
		switch {
		case r == '\\':
			b.WriteString(`\\`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == utf8.RuneError && n == 1, blankAtEnd(text, i):
			fmt.Fprintf(&b, `\x%02x`, text[i])
		case hidden(r):
			fmt.Fprintf(&b, `\u{%x}`, r)
		default:
			b.WriteString(text[i : i+n])
		}
		i += n
	}
	return b.String()
}

// unescape undoes escape; ok is false if text holds a backslash that escape cannot have written.
func unescape(text string) (out string, ok bool) {
	var b strings.Builder
	for {
		plain, rest, found := strings.Cut(text, `\`)
		b.WriteString(plain)
		if !found {
			return b.String(), true
		}
		switch {
		case strings.HasPrefix(rest, `\`):
			b.WriteByte('\\')
			text = rest[1:]
		case strings.HasPrefix(rest, "r"):
			b.WriteByte('\r')
			text = rest[1:]
		case strings.HasPrefix(rest, "x") && len(rest) >= 3:
			n, err := strconv.ParseUint(rest[1:3], 16, 8)
			if err != nil {
				return "", false
			}
			b.WriteByte(byte(n))
			text = rest[3:]
		default:
			digits, after, closed := strings.Cut(strings.TrimPrefix(rest, "u{"), "}")
			n, err := strconv.ParseUint(digits, 16, 21)
			if !strings.HasPrefix(rest, "u{") || !closed || err != nil || !utf8.ValidRune(rune(n)) {
				return "", false
			}
			b.WriteRune(rune(n))
			text = after
		}
	}
}

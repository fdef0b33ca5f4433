package sqltype

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// tokenKind says what a token is.
type tokenKind int

const (
	end    tokenKind = iota
	word             // a bare name, as written
	quoted           // a name in double quotes, unquoted
	text             // a string in single quotes, unquoted
	number           // digits
	mark             // one of ( ) [ ] , . -
)

// token is a piece of a type name.
type token struct {
	kind tokenKind
	text string
	at   int // byte offset
}

// is says whether the token is that mark.
func (t token) is(m string) bool { return t.kind == mark && t.text == m }

// scan splits s into tokens; the last has kind end.
func scan(s string) ([]token, error) {
	var out []token
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			return nil, fmt.Errorf("character %d is not UTF-8", i+1)
		case unicode.IsSpace(r):
			i += size
		case r == '\'' || r == '"':
			body, n, ok := unquote(s[i:])
			if !ok {
				return nil, fmt.Errorf("the quote at character %d is not closed", i+1)
			}
			kind := text
			if r == '"' {
				kind = quoted
				if body == "" {
					return nil, fmt.Errorf("the name at character %d is empty", i+1)
				}
			}
			out = append(out, token{kind, body, i})
			i += n
		case '0' <= r && r <= '9':
			n := run(s[i:], func(r rune) bool { return '0' <= r && r <= '9' })
			out = append(out, token{number, s[i : i+n], i})
			i += n
		case isNameRune(r):
			n := run(s[i:], func(r rune) bool { return isNameRune(r) || '0' <= r && r <= '9' || r == '$' })
			out = append(out, token{word, s[i : i+n], i})
			i += n
		case strings.ContainsRune("()[],.-", r):
			out = append(out, token{mark, string(r), i})
			i += size
		default:
			return nil, fmt.Errorf("%q at character %d does not belong in a type", r, i+1)
		}
	}
	return append(out, token{kind: end, at: len(s)}), nil
}

// isNameRune says whether r may begin a bare name: DuckDB takes everything beyond ASCII for a letter.
func isNameRune(r rune) bool {
	return r == '_' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || r >= utf8.RuneSelf
}

// run is the length of the longest prefix of s whose runes all satisfy f.
func run(s string, f func(rune) bool) int {
	for i, r := range s {
		if !f(r) || r == utf8.RuneError {
			return i
		}
	}
	return len(s)
}

// unquote reads the quoted text at the start of s; n is how long it is with its quotes.
func unquote(s string) (body string, n int, ok bool) {
	var b strings.Builder
	q := s[0]
	for i := 1; i < len(s); i++ {
		if s[i] != q {
			b.WriteByte(s[i])
			continue
		}
		if i+1 < len(s) && s[i+1] == q {
			b.WriteByte(q)
			i++
			continue
		}
		return b.String(), i + 1, utf8.ValidString(b.String()) && !strings.ContainsRune(b.String(), 0)
	}
	return "", 0, false
}

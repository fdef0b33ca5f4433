package engine

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// statement is one statement of a text, without the semicolon that ends it; offset is where it begins, in bytes.
type statement struct {
	text   string
	offset int
}

// split cuts a text at the semicolons that are outside strings, quoted names and comments. Statements without any
// token are left out. It serves for counting and naming; what a statement means is for DuckDB's parser to say.
func split(text string) []statement {
	var out []statement
	start, filled := 0, false
	add := func(end int) {
		if filled {
			out = append(out, statement{text[start:end], start})
		}
		start, filled = end+1, false
	}
	for i := 0; i < len(text); {
		n, blank := token(text[i:])
		if text[i] == ';' {
			add(i)
		} else if !blank {
			filled = true
		}
		i += n
	}
	add(len(text))
	return out
}

// token measures the token at the beginning of s; blank says that it is space or a comment.
func token(s string) (n int, blank bool) {
	switch {
	case strings.HasPrefix(s, "--"):
		return until(s, 2, "\n"), true
	case strings.HasPrefix(s, "/*"):
		return comment(s), true
	case s[0] == '\'' || s[0] == '"':
		return quoted(s, 1, s[0], false), false
	case (s[0] == 'e' || s[0] == 'E') && len(s) > 1 && s[1] == '\'':
		return quoted(s, 2, '\'', true), false
	case s[0] == '$':
		if tag := dollarTag(s); tag != "" {
			return until(s, len(tag), tag), false
		}
	}
	r, size := utf8.DecodeRuneInString(s)
	if unicode.IsSpace(r) {
		return size, true
	}
	n = size
	for wordRune(r) && n < len(s) {
		next, size := utf8.DecodeRuneInString(s[n:])
		if !wordRune(next) {
			break
		}
		n += size
	}
	return n, false
}

// wordRune says whether r continues a name, a keyword or a number.
func wordRune(r rune) bool {
	return r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) || r >= utf8.RuneSelf
}

// until is the length of s up to and with end, searched from byte from on.
func until(s string, from int, end string) int {
	if i := strings.Index(s[from:], end); i >= 0 {
		return from + i + len(end)
	}
	return len(s)
}

// comment is the length of the block comment that s begins with; such comments nest.
func comment(s string) int {
	depth := 0
	for i := 0; i < len(s); {
		switch {
		case strings.HasPrefix(s[i:], "/*"):
			depth++
			i += 2
		case strings.HasPrefix(s[i:], "*/"):
			depth--
			i += 2
			if depth == 0 {
				return i
			}
		default:
			i++
		}
	}
	return len(s)
}

// quoted is the length of a string or quoted name whose content begins at from; a doubled quote stands for one, and
// with escapes a backslash takes the meaning from the byte after it.
func quoted(s string, from int, quote byte, escapes bool) int {
	for i := from; i < len(s); i++ {
		switch {
		case escapes && s[i] == '\\':
			i++
		case s[i] == quote && i+1 < len(s) && s[i+1] == quote:
			i++
		case s[i] == quote:
			return i + 1
		}
	}
	return len(s)
}

// dollarTag is the $tag$ that s begins with; empty if it does not.
func dollarTag(s string) string {
	for i := 1; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '$':
			return s[:i+1]
		case c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80 || i > 1 && c >= '0' && c <= '9':
		default:
			return ""
		}
	}
	return ""
}

// keyword is the first word of a statement, in capitals; empty if it does not begin with a word.
func keyword(s string) string {
	for len(s) > 0 {
		n, blank := token(s)
		if !blank && s[0] != '(' {
			word := strings.ToUpper(s[:n])
			if r, _ := utf8.DecodeRuneInString(word); !unicode.IsLetter(r) {
				return ""
			}
			return word
		}
		s = s[n:]
	}
	return ""
}

// article is "a COPY statement" or "an ATTACH statement".
func article(word string) string {
	switch {
	case word == "":
		return "something else"
	case strings.ContainsRune("AEIOU", rune(word[0])):
		return "an " + word + " statement"
	}
	return "a " + word + " statement"
}

package spec

import "strings"

// SameName compares names of tables and columns as DuckDB does: only the letters A to Z stand for their small forms, so
// that É and é, or s and the long ſ, are two names.
func SameName(a, b string) bool { return FoldName(a) == FoldName(b) }

// FoldName is a name under which two spellings of one name are equal.
func FoldName(s string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}

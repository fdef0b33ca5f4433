package engine

import "strings"

// Ident quotes one identifier, whatever it holds.
func Ident(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// Relation quotes the parts of a qualified name and joins them with dots.
func Relation(parts ...string) string {
	quoted := make([]string, len(parts))
	for i, p := range parts {
		quoted[i] = Ident(p)
	}
	return strings.Join(quoted, ".")
}

// Literal quotes a string as an SQL literal, whatever it holds.
func Literal(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// DuckDBVersion is the version of DuckDB that this program is built with. A test holds it against the library's word.
const DuckDBVersion = "v1.5.5"

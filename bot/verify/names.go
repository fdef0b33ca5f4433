package verify

import (
	"strings"

	"github.com/codicil-dev/codicil/bot/product"
	"github.com/codicil-dev/codicil/bot/spec"
)

// expectation shortens the name of the type that this package speaks of most.
type expectation = spec.Expectation

// splitColumn splits table.column or schema.table.column.
func splitColumn(name string) (table, column string, ok bool) { return spec.SplitColumn(name) }

// sameName compares names as DuckDB does: only the letters A to Z stand for their small forms, so that É and é, or s and
// the long ſ, are two names.
func sameName(a, b string) bool { return foldName(a) == foldName(b) }

// foldName is a name under which two spellings of one name are equal.
func foldName(s string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}

// columnNamed is the column of a table by that name as DuckDB compares names.
func columnNamed(t *product.Table, name string) (*product.Column, bool) {
	for i := range t.Columns {
		if sameName(t.Columns[i].Name, name) {
			return &t.Columns[i], true
		}
	}
	return nil, false
}

package verify

import (
	"github.com/codicil-dev/codicil/bot/product"
	"github.com/codicil-dev/codicil/bot/spec"
)

// expectation shortens the name of the type that this package speaks of most.
type expectation = spec.Expectation

// splitColumn splits table.column or schema.table.column.
func splitColumn(name string) (table, column string, ok bool) { return spec.SplitColumn(name) }

// sameName and foldName shorten the names of what every file here compares names by.
func sameName(a, b string) bool { return spec.SameName(a, b) }

func foldName(s string) string { return spec.FoldName(s) }

// columnNamed is the column of a table by that name as DuckDB compares names.
func columnNamed(t *product.Table, name string) (*product.Column, bool) {
	for i := range t.Columns {
		if sameName(t.Columns[i].Name, name) {
			return &t.Columns[i], true
		}
	}
	return nil, false
}

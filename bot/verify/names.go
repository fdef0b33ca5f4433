package verify

import "github.com/codicil-dev/codicil/bot/spec"

// expectation shortens the name of the type that this package speaks of most.
type expectation = spec.Expectation

// splitColumn splits table.column or schema.table.column.
func splitColumn(name string) (table, column string, ok bool) { return spec.SplitColumn(name) }

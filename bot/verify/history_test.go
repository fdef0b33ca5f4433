package verify_test

import "testing"

// renamedTwice is a history that is merged already: amount became total, and total became gross.
func renamedTwice() files {
	return files{
		"spec.yaml":            spec1("version: 1.0.0", "version: 3.0.0", "name: amount", "name: gross"),
		"models/orders.sql":    wrap("SELECT id, status, amount AS gross FROM @"),
		"amendments/0002.yaml": amend(2, "{rename_column: {from: orders.amount, to: orders.total}}", "totals are positive: SELECT * FROM orders WHERE total <= 0"),
		"amendments/0003.yaml": amend(3, "{rename_column: {from: orders.total, to: orders.gross}}", "gross is positive: SELECT * FROM orders WHERE gross <= 0"),
		"tests/amount.sql":     "SELECT * FROM orders WHERE amount <= 0",
	}
}

// Amendments are never edited, so their checks speak of the names of their day for ever.
func TestRenamesOfHistory(t *testing.T) {
	run(t, []trial{
		{name: "old checks and tests hold long after two renames", base: renamedTwice(), verdict: pass},
		{name: "and still fail for what they promise", base: renamedTwice(), verdict: fail,
			head:        files{"models/orders.sql": wrap("SELECT id, status, -amount AS gross FROM @")},
			differences: []string{"values_changed orders.gross 10/10 ×-1 breaking undeclared"},
			results: []string{"fail requirements/1/amounts are positive", "fail requirements/2/totals are positive", "fail requirements/3/gross is positive",
				"fail tests/amount", "review compatibility/orders", "fail compatibility/version", "fail drift/1 values_changed orders.gross"}},
		{name: "a third rename on top", base: renamedTwice(), verdict: review,
			head: files{
				"spec.yaml":            spec1("version: 1.0.0", "version: 4.0.0", "name: amount", "name: net"),
				"models/orders.sql":    wrap("SELECT id, status, amount AS net FROM @"),
				"amendments/0004.yaml": amend(4, "{rename_column: {from: orders.gross, to: orders.net}}"),
			},
			differences: []string{"column_renamed orders.net gross→net breaking"},
			results:     []string{"review compatibility/orders"}},
		{name: "a table renamed and then its column", verdict: pass, base: files{
			"spec.yaml":            spec1("version: 1.0.0", "version: 3.0.0", "name: orders", "name: sales", "name: amount", "name: gross"),
			"models/orders.sql":    gone,
			"models/sales.sql":     wrap("SELECT id, status, amount AS gross FROM @"),
			"amendments/0002.yaml": amend(2, "{rename_table: {from: orders, to: sales}}"),
			"amendments/0003.yaml": amend(3, "{rename_column: {from: sales.amount, to: sales.gross}}"),
		}},
	})
}

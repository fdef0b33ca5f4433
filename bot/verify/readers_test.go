package verify_test

import "testing"

// TestReaders changes a product that others read.
func TestReaders(t *testing.T) {
	both := in("a", shop()).over(in("b", sales("")))
	far := both.over(files{
		"c/spec.yaml":            edit(sales("")["spec.yaml"], "product: sales", "product: board", "{product: shop, table: orders}", "{product: sales, table: totals}", "name: totals", "name: sums"),
		"c/amendments/0001.yaml": edit(sales("")["amendments/0001.yaml"], "add_table: totals", "add_table: sums", "FROM totals", "FROM sums"),
		"c/models/sums.sql":      "SELECT total FROM totals",
	})
	cheaper := in("a", files{"models/orders.sql": fewer, "spec.yaml": spec11(),
		"amendments/0002.yaml": amend(2, "{drop_rows: {table: orders, where: id = 3}}", "none: SELECT 1 FROM orders WHERE id = 3")})
	follows := []string{"rows_lost totals 1/1 undeclared", "rows_gained totals 1/1 undeclared"}
	// Here the reader takes a table that is no part of the shop's interface.
	hidden := in("a", shop().over(files{"models/raw.sql": shopModel})).over(in("b", sales(""))).over(files{
		"b/spec.yaml": edit(sales("")["spec.yaml"], "table: orders", "table: raw"), "b/models/totals.sql": "SELECT sum(amount) AS total FROM raw"})
	run(t, []trial{
		{name: "not asked for", bare: true, base: both, head: cheaper, under: "a", verdict: pass, differences: []string{"rows_lost orders 1/10"}},
		{name: "what is declared shows downstream as review", bare: true, base: both, head: cheaper, under: "a", readers: true, verdict: review,
			differences: append(follows[:2:2], "rows_lost orders 1/10"), results: []string{"review drift/1 rows_lost totals", "review drift/2 rows_gained totals"}},
		{name: "through others", bare: true, base: far, head: cheaper, under: "a", readers: true, verdict: review,
			differences: append([]string{"rows_lost sums 1/1 undeclared", "rows_gained sums 1/1 undeclared"}, append(follows[:2:2], "rows_lost orders 1/10")...),
			results:     []string{"review drift/1 rows_lost sums", "review drift/2 rows_gained sums", "review drift/1 rows_lost totals", "review drift/2 rows_gained totals"}},
		{name: "only the reader is verified, so nothing says that it is declared", bare: true, base: both, head: cheaper, under: "b", verdict: fail, differences: follows,
			results: []string{"fail compatibility/version", "fail drift/1 rows_lost totals", "fail drift/2 rows_gained totals"}},
		{name: "a reader that changed itself answers for its differences", bare: true, base: both, head: merge(cheaper, files{"b/models/totals.sql": "SELECT sum(amount) AS total FROM orders -- now"}), readers: true, under: "a", verdict: fail,
			differences: append(follows[:2:2], "rows_lost orders 1/10"), results: []string{"fail compatibility/version", "fail drift/1 rows_lost totals", "fail drift/2 rows_gained totals"}},
		{name: "through a table that no spec names", bare: true, base: hidden, under: "a", readers: true, verdict: fail,
			head:        merge(in("a", files{"models/raw.sql": fewer, "models/orders.sql": shopModel, "spec.yaml": spec11("each order.", "each order placed.")}), files{"a/amendments/0002.yaml": amend(2, "{change_meaning: {on: orders, field: description}}")}),
			differences: append(follows[:2:2], "meaning_changed orders description"),
			results:     []string{"fail compatibility/version", "fail drift/1 rows_lost totals", "fail drift/2 rows_gained totals"}},
		{name: "a reader's check breaks", bare: true, base: both.over(in("b", files{"amendments/0001.yaml": edit(sales("")["amendments/0001.yaml"], "SELECT 1 WHERE (SELECT count(*) FROM totals) <> 1", "SELECT total FROM totals WHERE total < 80")})), head: cheaper,
			under: "a", readers: true, verdict: fail, differences: append(follows[:2:2], "rows_lost orders 1/10"),
			results: []string{"fail requirements/1/one row", "review drift/1 rows_lost totals", "review drift/2 rows_gained totals"}},
		{name: "a column that a reader needs is gone", bare: true, base: both, under: "a", readers: true, verdict: fail,
			head: in("a", files{"models/orders.sql": edit(wrap("SELECT id, status, amount AS price FROM @")),
				"spec.yaml": spec2("name: amount", "name: price"), "amendments/0002.yaml": amend(2, "{rename_column: {from: orders.amount, to: orders.price}}")}),
			differences: []string{"column_renamed orders.price amount→price breaking"},
			results:     []string{"fail build/head/1", "not_run contract/all", "not_run requirements/all", "not_run tests/all", "not_run compatibility/all", "not_run drift/all", "review compatibility/orders"}},
	})
}

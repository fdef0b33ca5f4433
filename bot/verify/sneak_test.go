package verify_test

import (
	"fmt"
	"strings"
	"testing"
)

// TestSneaks tries to break a promise unseen, each in a way that some part of the declaration seems to cover.
func TestSneaks(t *testing.T) {
	cased := files{"spec.yaml": spec1("name: status", "name: Status"), "models/orders.sql": wrap("SELECT id, status AS Status, amount FROM @")}
	run(t, []trial{
		{name: "a column loses its values under a declared type", head: files{"models/orders.sql": wrap("SELECT id, status, CAST(NULL AS DECIMAL(12,2)) AS amount FROM @"), "spec.yaml": spec2("DECIMAL(10,2)", "DECIMAL(12,2)"),
			"amendments/0002.yaml": amend(2, `{change_type: {on: orders.amount, to: "DECIMAL(12,2)"}}`)}, verdict: fail,
			differences: []string{"type_widened orders.amount DECIMAL(10,2)→DECIMAL(12,2) breaking", "values_changed orders.amount 10/10 undeclared", "null_share_up orders.amount 10/10 breaking undeclared"},
			results:     []string{"review compatibility/orders", "fail drift/2 values_changed orders.amount", "fail drift/3 null_share_up orders.amount"}},
		{name: "nullability declared covers no values", head: files{"models/orders.sql": wrap("SELECT id, status, CAST(amount + 1 AS DECIMAL(10,2)) AS amount FROM @"), "spec.yaml": spec2(),
			"amendments/0002.yaml": amend(2, "{change_null: {on: orders.amount, to: true}}, {change_meaning: {on: orders.amount, field: unit}}")}, verdict: fail,
			differences: []string{"values_changed orders.amount 10/10 undeclared"},
			results:     []string{"review drift/unobserved/2/1", "review drift/unobserved/2/2", "fail drift/1 values_changed orders.amount"}},
		{name: "every row under a new key", head: files{"models/orders.sql": wrap("SELECT CAST(id + 100 AS INTEGER) AS id, status, amount FROM @"), "spec.yaml": spec2(),
			"amendments/0002.yaml": amend(2, "{change_values: {column: orders.id, where: id > 0}}", "high: SELECT * FROM orders WHERE id < 100")}, verdict: fail,
			differences: []string{"rows_lost orders 10/10 undeclared", "rows_gained orders 10/10 undeclared"},
			results:     []string{"fail drift/1 rows_lost orders", "fail drift/2 rows_gained orders"}},
		{name: "a dropped column is dropped with rows", head: files{"models/orders.sql": wrap("SELECT id, amount FROM @ WHERE id > 1"), "spec.yaml": spec2(statusColumn, ""), "amendments/0002.yaml": amend(2, "{drop_column: orders.status}")}, verdict: fail,
			differences: []string{"column_removed orders.status breaking", "rows_lost orders 1/10 undeclared"},
			results:     []string{"review compatibility/orders", "fail drift/2 rows_lost orders"}},
		{name: "a table taken out of the spec alone is still a loss", head: files{"spec.yaml": edit(spec2(), shopSpec[strings.Index(shopSpec, "tables:"):], "tables: []\n"), "models/orders.sql": shopModel + "\n"}, verdict: fail,
			differences: []string{"table_removed orders breaking undeclared"},
			results:     []string{"fail ledger/declared/1", "review compatibility/orders", "fail drift/1 table_removed orders"}},
		{name: "the key dropped to let rows change", head: files{"models/orders.sql": openRaised, "spec.yaml": spec2("    key: [id]\n", ""),
			"amendments/0002.yaml": amend(2, "{change_key: {on: orders, to: []}}")}, verdict: fail,
			differences: []string{"values_changed orders.amount 5/10 undeclared", "key_lost orders breaking"},
			results:     []string{"review compatibility/orders", "fail drift/1 values_changed orders.amount"}},
		{name: "a where read on the base for what changes", head: files{"models/orders.sql": openRaised, "spec.yaml": spec11(),
			"amendments/0002.yaml": amend(2, "{change_values: {column: orders.amount, where: amount = id * 1.5 + 1}}", "open ones cost more: SELECT * FROM orders WHERE status = 'open' AND amount <> id * 1.5 + 1")}, verdict: fail,
			differences: []string{"values_changed orders.amount 5/10 undeclared"}, results: []string{"fail drift/1 values_changed orders.amount"}},
		{name: "two amendments together declare all", head: files{"models/orders.sql": openRaised, "spec.yaml": spec11(),
			"amendments/0002.yaml": amend(2, "{change_values: {column: orders.amount, where: status = 'open' AND id < 5}}", "low: SELECT * FROM orders WHERE status = 'open' AND id < 5 AND amount <> id * 1.5 + 1"),
			"amendments/0003.yaml": amend(3, "{change_values: {column: orders.amount, where: status = 'open' AND id > 4}}", "high: SELECT * FROM orders WHERE status = 'open' AND id > 4 AND amount <> id * 1.5 + 1")}, verdict: pass,
			differences: []string{"values_changed orders.amount 5/10"}},
		{name: "one of two declares too little", head: files{"models/orders.sql": openRaised, "spec.yaml": spec11(),
			"amendments/0002.yaml": amend(2, "{change_values: {column: orders.amount, where: status = 'open' AND id < 5}}", "low: SELECT * FROM orders WHERE status = 'open' AND id < 5 AND amount <> id * 1.5 + 1"),
			"amendments/0003.yaml": amend(3, "{change_values: {column: orders.amount, where: id > 99}}", "high: SELECT * FROM orders WHERE status = 'open' AND id > 4 AND amount <> id * 1.5 + 1")}, verdict: fail,
			differences: []string{"values_changed orders.amount 5/10 undeclared"}, results: []string{"fail drift/1 values_changed orders.amount"}},
		{name: "names in another case are declared all the same", base: cased, head: files{"spec.yaml": edit(cased["spec.yaml"], "1.0.0", "1.1.0"), "models/orders.sql": wrap("SELECT id, CASE WHEN id = 3 THEN 'void' ELSE status END AS Status, amount FROM @"),
			"amendments/0002.yaml": amend(2, "{change_values: {column: ORDERS.STATUS, where: ID = 3}}", "void: SELECT * FROM orders WHERE id = 3 AND status <> 'void'")}, verdict: pass,
			differences: []string{"values_changed orders.Status 1/10"}},
		{name: "names beyond ASCII", base: files{"spec.yaml": spec1("name: status", "name: état"), "models/orders.sql": wrap(`SELECT id, status AS "état", amount FROM @`)},
			head: files{"models/orders.sql": wrap(`SELECT id, status AS "ÉTAT", amount FROM @`)}, verdict: fail,
			differences: []string{"column_renamed orders.ÉTAT état→ÉTAT breaking undeclared"},
			results:     []string{"fail contract/orders/état/exists", "fail contract/orders/ÉTAT/unspecified", "review compatibility/orders", "fail compatibility/version", "fail drift/1 column_renamed orders.ÉTAT"}},
		{name: "rows that differ only in the seventeenth digit of a whole number", base: files{"spec.yaml": spec1("DECIMAL(10,2)", "BIGINT"), "models/orders.sql": wrap("SELECT id, status, 9007199254740993 AS amount FROM @")},
			head: files{"models/orders.sql": wrap("SELECT id, status, 9007199254740992 AS amount FROM @")}, verdict: fail,
			differences: []string{"values_changed orders.amount 10/10 undeclared"}, results: []string{"fail compatibility/version", "fail drift/1 values_changed orders.amount"}},
		{name: "a column renamed while another takes its name at once", base: files{"models/orders.sql": two("amount", "other"), "spec.yaml": spec1(amountColumn, amountColumn+otherColumn), "amendments/0001.yaml": bootstrap("other is high", "SELECT * FROM orders WHERE other < 2")},
			head: files{"models/orders.sql": wrap("SELECT id, status, amount, CAST(0 AS DECIMAL(10,2)) AS total, CAST(9 AS DECIMAL(10,2)) AS other FROM @"), "spec.yaml": spec2(amountColumn, amountColumn+"      - {name: total, type: \"DECIMAL(10,2)\", description: d, why: w}\n"+otherColumn),
				"amendments/0002.yaml": amend(2, "{rename_column: {from: orders.other, to: orders.total}}, {change_values: {column: orders.total}}, {add_column: orders.other}, {add_column: orders.total}", "nought: SELECT * FROM orders WHERE total <> 0 OR total IS NULL")}, verdict: fail,
			differences: []string{"column_added orders.total", "values_changed orders.other 10/10 undeclared"},
			results:     []string{"fail ledger/rename/2/1", "fail drift/2 values_changed orders.other"}},
		{name: "an infinite value is not near", base: files{"spec.yaml": spec1(`"DECIMAL(10,2)"`, "DOUBLE"), "models/orders.sql": wrap("SELECT id, status, 'inf'::DOUBLE AS amount FROM @")},
			head: files{"models/orders.sql": wrap("SELECT id, status, 1e308 AS amount FROM @")}, verdict: fail,
			differences: []string{"values_changed orders.amount 10/10 undeclared"}, results: []string{"fail compatibility/version", "fail drift/1 values_changed orders.amount"}},
		{name: "thirty days are not a month", base: files{"spec.yaml": spec1(`"DECIMAL(10,2)"`, "INTERVAL"), "models/orders.sql": wrap("SELECT id, status, INTERVAL 1 MONTH AS amount FROM @"), "amendments/0001.yaml": bootstrap("ids", "SELECT * FROM orders WHERE id IS NULL")},
			head: files{"models/orders.sql": wrap("SELECT id, status, INTERVAL 30 DAY AS amount FROM @")}, verdict: fail,
			differences: []string{"values_changed orders.amount 10/10 undeclared"}, results: []string{"fail compatibility/version", "fail drift/1 values_changed orders.amount"}},
		{name: "values of every type are compared", base: manyTypes(3), head: manyTypes(4), verdict: fail,
			differences: []string{"values_changed kinds.l 1/2 undeclared", "values_changed kinds.s 1/2 undeclared", "values_changed kinds.m 1/2 undeclared", "values_changed kinds.j 1/2 undeclared", "values_changed kinds.b 1/2 undeclared"},
			results:     []string{"fail compatibility/version", "fail drift/1 values_changed kinds.l", "fail drift/2 values_changed kinds.s", "fail drift/3 values_changed kinds.m", "fail drift/4 values_changed kinds.j", "fail drift/5 values_changed kinds.b"}},
		{name: "values of every type are the same", base: manyTypes(3), head: files{"models/kinds.sql": "SELECT * FROM (" + manyTypes(3)["models/kinds.sql"] + ") ORDER BY id DESC"}, verdict: pass},
		{name: "not a number is itself", base: files{"spec.yaml": spec1(`"DECIMAL(10,2)"`, "DOUBLE"), "models/orders.sql": wrap("SELECT id, status, 'nan'::DOUBLE AS amount FROM @")},
			head: files{"models/orders.sql": wrap("SELECT id, status, 'nan'::DOUBLE AS amount FROM @ ORDER BY id DESC")}, verdict: pass},
	})
}

// manyTypes is a product with a table of nested and odd types; n is one value in its last row.
func manyTypes(n int) files {
	columns := ""
	for _, c := range [][2]string{{"id", "INTEGER"}, {"l", "INTEGER[]"}, {"s", "STRUCT(a INTEGER, b VARCHAR)"}, {"m", "MAP(VARCHAR, INTEGER)"}, {"j", "JSON"}, {"b", "BLOB"}, {"u", "UUID"}, {"e", "ENUM('x', 'y')"}} {
		columns += fmt.Sprintf("      - {name: %s, type: %q, description: d, why: w}\n", c[0], c[1])
	}
	return files{
		"spec.yaml":         edit(shopSpec, shopSpec[strings.Index(shopSpec, "  - name: orders"):], "  - name: kinds\n    description: d\n    why: w\n    columns:\n"+columns),
		"models/orders.sql": gone,
		"models/kinds.sql": fmt.Sprintf("SELECT CAST(id0 AS INTEGER) AS id, [1, i]::INTEGER[] AS l, {'a': i, 'b': 'x'}::STRUCT(a INTEGER, b VARCHAR) AS s, MAP {'k': i}::MAP(VARCHAR, INTEGER) AS m, CAST('{\"a\": ' || i || '}' AS JSON) AS j, CAST(i::VARCHAR AS BLOB) AS b, "+
			"'00000000-0000-0000-0000-000000000001'::UUID AS u, 'x'::ENUM('x', 'y') AS e FROM (SELECT 1 AS id0, 1 AS i UNION ALL SELECT 2, %d) ORDER BY id0", n),
		"amendments/0001.yaml": edit(bootstrap("all", "SELECT * FROM kinds WHERE u IS NULL"), "add_table: orders", "add_table: kinds"),
	}
}

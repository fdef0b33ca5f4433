package verify_test

import (
	"fmt"
	"testing"

	"github.com/codicil-dev/codicil/bot"
)

const (
	pass   = bot.VerdictPass
	review = bot.VerdictReview
	fail   = bot.VerdictFail
)

const (
	statusColumn = "      - {name: status, type: VARCHAR, description: Its state., why: Open ones are chased.}\n"
	amountColumn = "      - {name: amount, type: \"DECIMAL(10,2)\", unit: USD, description: Its total., why: Revenue.}\n"
	itemsColumn  = "      - {name: items, type: INTEGER, description: How many., why: Size.}\n"
	otherColumn  = "      - {name: other, type: \"DECIMAL(10,2)\", description: d, why: w}\n"
	itemsModel   = "SELECT *, CAST(id % 3 AS INTEGER) AS items FROM @"
	notes        = "  - name: notes\n    description: d\n    why: w\n    columns:\n      - {name: note, type: VARCHAR, description: d, why: w}\n"
)

func TestNothingChanged(t *testing.T) {
	run(t, []trial{
		{name: "same", verdict: pass},
		{name: "another text of the same model", head: files{"models/orders.sql": wrap("SELECT * FROM @ ORDER BY id DESC")}, verdict: pass},
	})
}

func TestColumns(t *testing.T) {
	run(t, []trial{
		{name: "removed", head: files{"models/orders.sql": wrap("SELECT id, amount FROM @")}, verdict: fail,
			differences: []string{"column_removed orders.status breaking undeclared"},
			results:     []string{"fail contract/orders/status/exists", "review compatibility/orders", "fail compatibility/version", "fail drift/1 column_removed orders.status"}},
		{name: "removed from spec too, undeclared", head: files{"models/orders.sql": wrap("SELECT id, amount FROM @"), "spec.yaml": spec2(statusColumn, "")}, verdict: fail,
			differences: []string{"column_removed orders.status breaking undeclared"},
			results:     []string{"fail ledger/declared/1", "review compatibility/orders", "fail drift/1 column_removed orders.status"}},
		{name: "removed, declared", head: files{"models/orders.sql": wrap("SELECT id, amount FROM @"), "spec.yaml": spec2(statusColumn, ""),
			"amendments/0002.yaml": amend(2, "{drop_column: orders.status}")}, verdict: review,
			differences: []string{"column_removed orders.status breaking"},
			results:     []string{"review compatibility/orders"}},
		{name: "removed, declared, version too low", head: files{"models/orders.sql": wrap("SELECT id, amount FROM @"), "spec.yaml": spec11(statusColumn, ""),
			"amendments/0002.yaml": amend(2, "{drop_column: orders.status}")}, verdict: fail,
			differences: []string{"column_removed orders.status breaking"},
			results:     []string{"review compatibility/orders", "fail compatibility/version"}},
		{name: "added", head: files{"models/orders.sql": wrap(itemsModel)}, verdict: fail,
			differences: []string{"column_added orders.items undeclared"},
			results:     []string{"fail contract/orders/items/unspecified", "fail compatibility/version", "fail drift/1 column_added orders.items"}},
		{name: "added, declared", head: files{"models/orders.sql": wrap(itemsModel), "spec.yaml": spec11(amountColumn, amountColumn+itemsColumn),
			"amendments/0002.yaml": amend(2, "{add_column: orders.items}", "items are counted: SELECT * FROM orders WHERE items IS NULL")}, verdict: pass,
			differences: []string{"column_added orders.items"}},
		{name: "renamed", head: files{"models/orders.sql": wrap("SELECT id, status AS state, amount FROM @")}, verdict: fail,
			differences: []string{"column_renamed orders.state status→state breaking undeclared"},
			results: []string{"fail contract/orders/status/exists", "fail contract/orders/state/unspecified", "review compatibility/orders",
				"fail compatibility/version", "fail drift/1 column_renamed orders.state"}},
		{name: "two renamed", head: files{"models/orders.sql": wrap("SELECT id, status AS state, amount AS total FROM @"), "spec.yaml": spec2("name: status", "name: state", "name: amount", "name: total"),
			"amendments/0002.yaml": amend(2, "", "!supersedes: [{amendment: 1, because: renamed}]", "totals are positive: SELECT * FROM orders WHERE total <= 0")}, verdict: fail,
			differences: []string{"column_renamed orders.state status→state breaking undeclared", "column_renamed orders.total amount→total breaking undeclared"},
			results: []string{"fail ledger/declared/1", "fail ledger/declared/2", "fail ledger/declared/3", "fail ledger/declared/4",
				"review requirements/1/amounts are positive/retired", "review compatibility/orders",
				"fail drift/1 column_renamed orders.state", "fail drift/2 column_renamed orders.total"}},
		{name: "two renamed, declared, old checks and tests still run", base: files{"tests/positive.sql": "SELECT * FROM orders WHERE amount <= 0"},
			head: files{"models/orders.sql": wrap("SELECT id, status AS state, amount AS total FROM @"), "spec.yaml": spec2("name: status", "name: state", "name: amount", "name: total"),
				"amendments/0002.yaml": amend(2, "{rename_column: {from: orders.status, to: orders.state}}, {rename_column: {from: orders.amount, to: orders.total}}")}, verdict: review,
			differences: []string{"column_renamed orders.state status→state breaking", "column_renamed orders.total amount→total breaking"},
			results:     []string{"review compatibility/orders"}},
		{name: "renamed, declared, the old check fails under the old name", head: files{"models/orders.sql": wrap("SELECT id, status, -amount AS total FROM @"), "spec.yaml": spec2("name: amount", "name: total"),
			"amendments/0002.yaml": amend(2, "{rename_column: {from: orders.amount, to: orders.total}}")}, verdict: fail,
			differences: []string{"column_renamed orders.total amount→total breaking", "values_changed orders.total 10/10 ×-1 breaking undeclared"},
			results:     []string{"fail requirements/1/amounts are positive", "review compatibility/orders", "fail drift/2 values_changed orders.total"}},
		{name: "renamed, declared as dropped and added", head: files{"models/orders.sql": wrap("SELECT id, status AS state, amount FROM @"), "spec.yaml": spec2("name: status", "name: state"),
			"amendments/0002.yaml": amend(2, "{drop_column: orders.status}, {add_column: orders.state}", "states are known: SELECT * FROM orders WHERE state IS NULL")}, verdict: review,
			differences: []string{"column_renamed orders.state status→state breaking"},
			results:     []string{"review compatibility/orders"}},
		{name: "two columns swap their values", base: files{"models/orders.sql": two("amount", "other"), "spec.yaml": spec1(amountColumn, amountColumn+otherColumn)},
			head:    files{"models/orders.sql": two("other", "amount")},
			verdict: fail, differences: []string{"columns_reordered orders undeclared", "values_changed orders.amount 10/10 undeclared", "values_changed orders.other 10/10 undeclared"},
			results: []string{"fail compatibility/version", "fail drift/1 columns_reordered orders", "fail drift/2 values_changed orders.amount", "fail drift/3 values_changed orders.other"}},
		{name: "two columns swap their names, declared, and old checks follow", base: files{"models/orders.sql": two("amount", "other"), "spec.yaml": spec1(amountColumn, amountColumn+otherColumn),
			"amendments/0001.yaml": bootstrap("other is the greater", "SELECT * FROM orders WHERE other <= amount")},
			head: files{"models/orders.sql": two("other", "amount"), "spec.yaml": spec2(amountColumn, amountColumn+otherColumn),
				"amendments/0002.yaml": amend(2, "{rename_column: {from: orders.amount, to: orders.other}}, {rename_column: {from: orders.other, to: orders.amount}}")},
			verdict:     review,
			differences: []string{"column_renamed orders.other amount→other breaking", "column_renamed orders.amount other→amount breaking"},
			results:     []string{"review compatibility/orders"}},
		{name: "letters that only look alike are another name", head: files{"models/orders.sql": wrap(`SELECT id, status AS "ſtatus", amount FROM @`)}, verdict: fail,
			differences: []string{"column_renamed orders.ſtatus status→ſtatus breaking undeclared"},
			results: []string{"fail contract/orders/status/exists", "fail contract/orders/ſtatus/unspecified", "review compatibility/orders",
				"fail compatibility/version", "fail drift/1 column_renamed orders.ſtatus"}},
		{name: "another case is the same name in SQL, but not to every reader", head: files{"models/orders.sql": wrap(`SELECT id AS ID, status, amount FROM @`)}, verdict: fail,
			differences: []string{"column_renamed orders.ID id→ID breaking undeclared"},
			results:     []string{"review compatibility/orders", "fail compatibility/version", "fail drift/1 column_renamed orders.ID"}},
		{name: "reordered", head: files{"models/orders.sql": wrap("SELECT id, amount, status FROM @")}, verdict: fail,
			differences: []string{"columns_reordered orders undeclared"},
			results:     []string{"fail compatibility/version", "fail drift/1 columns_reordered orders"}},
		{name: "reordered, declared", head: files{"models/orders.sql": wrap("SELECT id, amount, status FROM @"), "spec.yaml": spec11(statusColumn+amountColumn, amountColumn+statusColumn),
			"amendments/0002.yaml": amend(2, "{reorder: orders}")}, verdict: pass,
			differences: []string{"columns_reordered orders"}},
	})
}

// two makes the shop with two columns of amounts under the given names, the second greater.
func two(less, greater string) string {
	return edit(wrap("SELECT id, status, amount AS <, CAST(amount + 1 AS DECIMAL(10,2)) AS > FROM @"), "AS <", "AS "+less, "AS >", "AS "+greater)
}

func TestTables(t *testing.T) {
	withNotes := spec1(amountColumn, amountColumn+notes)
	run(t, []trial{
		{name: "removed", base: files{"spec.yaml": withNotes, "models/notes.sql": "SELECT 'x' AS note"}, head: files{"models/notes.sql": gone}, verdict: fail,
			differences: []string{"table_removed notes breaking undeclared"},
			results:     []string{"fail contract/notes/exists", "review compatibility/notes", "fail compatibility/version", "fail drift/1 table_removed notes"}},
		{name: "removed, declared", base: files{"spec.yaml": withNotes, "models/notes.sql": "SELECT 'x' AS note"},
			head: files{"models/notes.sql": gone, "spec.yaml": spec2(), "amendments/0002.yaml": amend(2, "{drop_table: notes}")}, verdict: review,
			differences: []string{"table_removed notes breaking"},
			results:     []string{"review compatibility/notes"}},
		{name: "internal tables come and go", base: files{"models/stg.sql": "SELECT 'x' AS note"}, head: files{"models/stg.sql": gone, "models/other.sql": "SELECT 1 AS n"}, verdict: pass},
		{name: "added", head: files{"spec.yaml": spec11(amountColumn, amountColumn+notes), "models/notes.sql": "SELECT 'x' AS note"}, verdict: fail,
			differences: []string{"table_added notes undeclared"},
			results:     []string{"fail ledger/declared/1", "fail drift/1 table_added notes"}},
		{name: "added, declared, proven by the empty table", head: files{"spec.yaml": spec11(amountColumn, amountColumn+notes), "models/notes.sql": "SELECT 'x' AS note",
			"amendments/0002.yaml": amend(2, "{add_table: notes}", "there are notes: SELECT 1 WHERE NOT EXISTS (SELECT * FROM notes)")}, verdict: pass,
			differences: []string{"table_added notes"}},
		{name: "renamed", base: files{"spec.yaml": withNotes, "models/notes.sql": "SELECT 'x' AS note"},
			head: files{"models/notes.sql": gone, "models/remarks.sql": "SELECT 'x' AS note", "spec.yaml": spec2(amountColumn, amountColumn+edit(notes, "name: notes", "name: remarks"))}, verdict: fail,
			differences: []string{"table_renamed remarks notes→remarks breaking undeclared"},
			results:     []string{"fail ledger/declared/1", "fail ledger/declared/2", "review compatibility/remarks", "fail drift/1 table_renamed remarks"}},
		{name: "two that hold the same renamed", base: files{"spec.yaml": spec1(amountColumn, amountColumn+notes+edit(notes, "name: notes", "name: hints")), "models/notes.sql": "SELECT 'x' AS note", "models/hints.sql": "SELECT 'x' AS note"},
			head: files{"models/notes.sql": gone, "models/hints.sql": gone, "models/a_hint.sql": "SELECT 'x' AS note", "models/a_note.sql": "SELECT 'x' AS note",
				"spec.yaml":            spec2(amountColumn, amountColumn+edit(notes, "name: notes", "name: a_hint")+edit(notes, "name: notes", "name: a_note")),
				"amendments/0002.yaml": amend(2, "{rename_table: {from: notes, to: a_note}}")}, verdict: fail,
			differences: []string{"table_renamed a_note notes→a_note breaking", "table_renamed a_hint hints→a_hint breaking undeclared"},
			results:     []string{"fail ledger/declared/2", "fail ledger/declared/3", "review compatibility/a_note", "review compatibility/a_hint", "fail drift/2 table_renamed a_hint"}},
		{name: "renamed, declared, its values changed unseen", base: files{"spec.yaml": withNotes, "models/notes.sql": "SELECT 'x' AS note"},
			head: files{"models/notes.sql": gone, "models/remarks.sql": "SELECT 'y' AS note", "spec.yaml": spec2(amountColumn, amountColumn+edit(notes, "name: notes", "name: remarks")),
				"amendments/0002.yaml": amend(2, "{rename_table: {from: notes, to: remarks}}")}, verdict: fail,
			differences: []string{"table_renamed remarks notes→remarks breaking", "rows_lost remarks 1/1 undeclared", "rows_gained remarks 1/1 undeclared"},
			results:     []string{"review compatibility/remarks", "fail drift/2 rows_lost remarks", "fail drift/3 rows_gained remarks"}},
		{name: "renamed, declared, the old check and test still run", base: files{"spec.yaml": withNotes, "models/notes.sql": "SELECT 'x' AS note", "tests/note.sql": "SELECT * FROM notes WHERE note IS NULL"},
			head: files{"models/notes.sql": gone, "models/remarks.sql": "SELECT 'x' AS note", "spec.yaml": spec2(amountColumn, amountColumn+edit(notes, "name: notes", "name: remarks")),
				"amendments/0002.yaml": amend(2, "{rename_table: {from: notes, to: remarks}}")}, verdict: review,
			differences: []string{"table_renamed remarks notes→remarks breaking"},
			results:     []string{"review compatibility/remarks"}},
		{name: "emptied, and that can't be declared", head: files{"models/orders.sql": wrap("SELECT * FROM @ WHERE id > 99"), "spec.yaml": spec2(),
			"amendments/0002.yaml": amend(2, "{drop_rows: {table: orders, where: id < 99}}, {drop_table: orders}", "no low ids: SELECT * FROM orders WHERE id < 99")}, verdict: fail,
			differences: []string{"table_emptied orders 10/10 breaking undeclared"},
			results:     []string{"fail compatibility/orders", "review drift/unobserved/2/2", "fail drift/1 table_emptied orders"}},
		{name: "all rows replaced is not emptied", head: files{"models/orders.sql": wrap("SELECT * REPLACE (CAST(id + 100 AS INTEGER) AS id) FROM @"), "spec.yaml": spec11(),
			"amendments/0002.yaml": amend(2, "{change_rows: {table: orders}}", "ids are high: SELECT * FROM orders WHERE id < 99")}, verdict: review,
			differences: []string{"rows_lost orders 10/10 unbounded", "rows_gained orders 10/10 unbounded"},
			results:     []string{"review compatibility/orders", "review drift/1 rows_lost orders", "review drift/2 rows_gained orders"}},
		{name: "the same name in another schema is another table", head: files{"models/orders.sql": gone, "models/old.orders.sql": shopModel}, verdict: fail,
			differences: []string{"table_removed orders breaking undeclared"},
			results: []string{"fail contract/orders/exists", "fail requirements/1/amounts are positive", "review compatibility/orders",
				"fail compatibility/version", "fail drift/1 table_removed orders"}},
		{name: "a model that no longer builds", head: files{"models/orders.sql": "SELECT nothing FROM nowhere"}, verdict: fail,
			results: []string{"fail build/head/1", "not_run contract/all", "not_run requirements/all", "not_run tests/all", "not_run compatibility/all", "not_run drift/all"}},
		{name: "a base that does not build", base: files{"models/orders.sql": "SELECT nothing FROM nowhere"}, head: files{"models/orders.sql": shopModel}, verdict: review,
			results: []string{"review build/base/1", "not_run compatibility/all", "not_run drift/all"}},
	})
}

func TestTypes(t *testing.T) {
	typed := func(typ string) files {
		return files{"models/orders.sql": wrap("SELECT id, status, CAST(amount AS " + typ + ") AS amount FROM @"), "spec.yaml": spec2(`"DECIMAL(10,2)"`, `"`+typ+`"`)}
	}
	declared := func(typ, more string) files {
		return typed(typ).over(files{"amendments/0002.yaml": amend(2, `{change_type: {on: orders.amount, to: "`+typ+`"}}`+more)})
	}
	long := func(n int, values string) files {
		return files{"models/orders.sql": wrap("SELECT id, " + values + " AS status, amount FROM @"), "spec.yaml": spec2("type: VARCHAR", fmt.Sprintf("type: \"VARCHAR(%d)\"", n))}
	}
	shorter := `{change_type: {on: orders.status, to: "VARCHAR(3)"}}`
	undeclared := func(difference string, more ...string) []string {
		return append([]string{"fail ledger/declared/1", "review compatibility/orders", "fail drift/1 " + difference + " orders.amount"}, more...)
	}
	run(t, []trial{
		{name: "widened", head: typed("DECIMAL(12,2)"), verdict: fail, differences: []string{"type_widened orders.amount DECIMAL(10,2)→DECIMAL(12,2) breaking undeclared"}, results: undeclared("type_widened")},
		{name: "widened, declared", head: declared("DECIMAL(12,2)", ""), verdict: review, differences: []string{"type_widened orders.amount DECIMAL(10,2)→DECIMAL(12,2) breaking"}, results: []string{"review compatibility/orders"}},
		{name: "declared in other words", head: declared("numeric(12,2)", ""), verdict: review, differences: []string{"type_widened orders.amount DECIMAL(10,2)→DECIMAL(12,2) breaking"}, results: []string{"review compatibility/orders"}},
		{name: "declared as another type", head: typed("DECIMAL(12,2)").over(files{"amendments/0002.yaml": amend(2, `{change_type: {on: orders.amount, to: "DECIMAL(14,2)"}}`)}), verdict: fail,
			differences: []string{"type_widened orders.amount DECIMAL(10,2)→DECIMAL(12,2) breaking undeclared"},
			results:     undeclared("type_widened")},
		{name: "only in the table", head: files{"models/orders.sql": typed("DECIMAL(12,2)")["models/orders.sql"]}, verdict: fail,
			differences: []string{"type_widened orders.amount DECIMAL(10,2)→DECIMAL(12,2) breaking undeclared"},
			results:     []string{"fail contract/orders/amount/type", "review compatibility/orders", "fail compatibility/version", "fail drift/1 type_widened orders.amount"}},
		{name: "integer to bigint, the same values", base: files{"models/orders.sql": wrap("SELECT id, status, CAST(amount AS INTEGER) AS amount FROM @"), "spec.yaml": spec1(`"DECIMAL(10,2)"`, "INTEGER")},
			head: files{"models/orders.sql": wrap("SELECT id, status, CAST(CAST(amount AS INTEGER) AS BIGINT) AS amount FROM @"), "spec.yaml": spec2(`"DECIMAL(10,2)"`, "BIGINT"),
				"amendments/0002.yaml": amend(2, "{change_type: {on: orders.amount, to: BIGINT}}")}, verdict: review,
			differences: []string{"type_widened orders.amount INTEGER→BIGINT breaking"}, results: []string{"review compatibility/orders"}},
		{name: "bigint to double, a change that doubles hardly show", base: files{"models/orders.sql": wrap("SELECT id, status, CAST(id + 10000000000 AS BIGINT) AS amount FROM @"), "spec.yaml": spec1(`"DECIMAL(10,2)"`, "BIGINT")},
			head: files{"models/orders.sql": wrap("SELECT id, status, CAST(id + 10000000001 AS DOUBLE) AS amount FROM @"), "spec.yaml": spec2(`"DECIMAL(10,2)"`, "DOUBLE"),
				"amendments/0002.yaml": amend(2, "{change_type: {on: orders.amount, to: DOUBLE}}")}, verdict: fail,
			differences: []string{"type_changed orders.amount BIGINT→DOUBLE breaking", "values_changed orders.amount 10/10 undeclared"},
			results:     []string{"review compatibility/orders", "fail drift/2 values_changed orders.amount"}},
		{name: "decimals lost", head: declared("DECIMAL(10,0)", ""), verdict: fail,
			differences: []string{"type_narrowed orders.amount DECIMAL(10,2)→DECIMAL(10,0) breaking", "values_changed orders.amount 5/10 breaking undeclared"},
			results:     []string{"review compatibility/orders", "fail drift/2 values_changed orders.amount"}},
		{name: "decimals lost, values declared", head: declared("DECIMAL(10,0)", `, {change_values: {column: orders.amount, where: amount % 1 <> 0}}`).over(files{
			"amendments/0002.yaml": amend(2, `{change_type: {on: orders.amount, to: "DECIMAL(10,0)"}}, {change_values: {column: orders.amount, where: amount % 1 <> 0}}`, "amounts are whole: SELECT * FROM orders WHERE amount % 1 <> 0")}), verdict: review,
			differences: []string{"type_narrowed orders.amount DECIMAL(10,2)→DECIMAL(10,0) breaking", "values_changed orders.amount 5/10 breaking"},
			results:     []string{"review compatibility/orders"}},
		{name: "changed in family", head: declared("VARCHAR", "").over(files{"amendments/0002.yaml": amend(2, "{change_type: {on: orders.amount, to: VARCHAR}}", "!supersedes: [{amendment: 1, because: text now}]", "amounts are positive still: SELECT * FROM orders WHERE CAST(amount AS DECIMAL(10,2)) <= 0")}), verdict: review,
			differences: []string{"type_changed orders.amount DECIMAL(10,2)→VARCHAR breaking"}, results: []string{"review requirements/1/amounts are positive/retired", "review compatibility/orders"}},
		{name: "text shortened, values fit", base: long(10, "left(status, 3)").over(files{"spec.yaml": spec1("type: VARCHAR", `type: "VARCHAR(10)"`)}), head: long(3, "left(status, 3)").over(files{"amendments/0002.yaml": amend(2, shorter)}), verdict: pass,
			differences: []string{"type_narrowed orders.status VARCHAR(10)→VARCHAR(3)"}},
		{name: "text shortened, values cut", base: long(10, "status").over(files{"spec.yaml": spec1("type: VARCHAR", `type: "VARCHAR(10)"`)}), head: long(3, "left(status, 3)").over(files{"amendments/0002.yaml": amend(2, shorter)}), verdict: fail,
			differences: []string{"type_narrowed orders.status VARCHAR(10)→VARCHAR(3) breaking", "values_changed orders.status 10/10 breaking undeclared"},
			results:     []string{"review compatibility/orders", "fail drift/2 values_changed orders.status"}},
		{name: "text shortened in the spec, and the values are longer", base: long(10, "status").over(files{"spec.yaml": spec1("type: VARCHAR", `type: "VARCHAR(10)"`)}), head: long(3, "status").over(files{"amendments/0002.yaml": amend(2, shorter)}), verdict: fail,
			differences: []string{"type_narrowed orders.status VARCHAR(10)→VARCHAR(3)"},
			results:     []string{"fail contract/orders/status/length"}},
		{name: "a cast that can't hold every value does not stop the comparison", base: files{"models/orders.sql": wrap("SELECT id, TIMESTAMP '9999-12-31' AS status, amount FROM @"), "spec.yaml": spec1("type: VARCHAR", "type: TIMESTAMP")},
			head: files{"models/orders.sql": wrap("SELECT id, TIMESTAMP_NS '2200-01-01' AS status, amount FROM @"), "spec.yaml": spec2("type: VARCHAR", "type: TIMESTAMP_NS"),
				"amendments/0002.yaml": amend(2, "{change_type: {on: orders.status, to: TIMESTAMP_NS}}")}, verdict: fail,
			differences: []string{"type_changed orders.status TIMESTAMP→TIMESTAMP_NS breaking", "values_changed orders.status 10/10 undeclared"},
			results:     []string{"review compatibility/orders", "fail drift/2 values_changed orders.status"}},
	})
}

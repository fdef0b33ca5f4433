package verify_test

import (
	"testing"

	"github.com/codicil-dev/codicil/bot"
)

// Models with one thing changed.
var (
	someNull   = wrap("SELECT id, status, CASE WHEN id > 2 THEN amount END AS amount FROM @")
	fewer      = wrap("SELECT * FROM @ WHERE id <> 3")
	more       = wrap("SELECT * FROM @ UNION ALL SELECT 11, 'open', CAST(7 AS DECIMAL(10,2))")
	twice      = wrap("SELECT * FROM @ UNION ALL (SELECT * FROM @ WHERE id = 3)")
	cents      = wrap("SELECT id, status, CAST(amount * 100 AS DECIMAL(10,2)) AS amount FROM @")
	openRaised = wrap("SELECT id, status, CAST(CASE WHEN status = 'open' THEN amount + 1 ELSE amount END AS DECIMAL(10,2)) AS amount FROM @")
)

// keyless is the shop without a key.
var keyless = files{"spec.yaml": spec1("    key: [id]\n", "")}

func TestNulls(t *testing.T) {
	required := spec1("unit: USD,", "unit: USD, nullable: false,")
	const never = "{change_null: {on: orders.amount, to: false}}"
	run(t, []trial{
		{name: "not null lost in the spec", base: files{"spec.yaml": required}, head: files{"spec.yaml": spec2()}, verdict: review,
			differences: []string{"not_null_lost orders.amount breaking undeclared"},
			results:     []string{"review ledger/declared/1", "review compatibility/orders", "review drift/1 not_null_lost orders.amount"}},
		{name: "not null lost, declared", base: files{"spec.yaml": required}, head: files{"spec.yaml": spec2(), "amendments/0002.yaml": amend(2, "{change_null: {on: orders.amount, to: true}}")}, verdict: review,
			differences: []string{"not_null_lost orders.amount breaking"}, results: []string{"review compatibility/orders"}},
		{name: "not null gained", head: files{"spec.yaml": edit(required, "1.0.0", "1.1.0"), "amendments/0002.yaml": amend(2, never)}, verdict: pass,
			differences: []string{"not_null_gained orders.amount"}},
		{name: "not null gained against the data", base: files{"models/orders.sql": someNull}, head: files{"spec.yaml": edit(required, "1.0.0", "1.1.0"), "amendments/0002.yaml": amend(2, never)}, verdict: fail,
			differences: []string{"not_null_gained orders.amount"}, results: []string{"fail contract/orders/amount/not null"}},
		{name: "NULLs where there were none", head: files{"models/orders.sql": someNull}, verdict: fail,
			differences: []string{"values_changed orders.amount 2/10 undeclared", "null_share_up orders.amount 2/10 breaking undeclared"},
			results: []string{"review compatibility/orders", "fail compatibility/version",
				"fail drift/1 values_changed orders.amount", "fail drift/2 null_share_up orders.amount"}},
		{name: "NULLs where there were none, declared as values", head: files{"models/orders.sql": someNull, "spec.yaml": spec2(),
			"amendments/0002.yaml": amend(2, "{change_values: {column: orders.amount, where: id <= 2}}", "none for the first: SELECT * FROM orders WHERE id <= 2 AND amount IS NOT NULL")}, verdict: review,
			differences: []string{"values_changed orders.amount 2/10", "null_share_up orders.amount 2/10 breaking"}, results: []string{"review compatibility/orders"}},
		{name: "NULLs that come with new rows", base: files{"models/orders.sql": someNull}, head: files{"models/orders.sql": someNull + " UNION ALL SELECT 11, 'open', NULL"}, verdict: fail,
			differences: []string{"rows_gained orders 1/11 undeclared", "null_share_up orders.amount 1/11 undeclared"},
			results:     []string{"fail compatibility/version", "fail drift/1 rows_gained orders", "fail drift/2 null_share_up orders.amount"}},
		{name: "NULLs that come with new rows, declared", base: files{"models/orders.sql": someNull}, head: files{"models/orders.sql": someNull + " UNION ALL SELECT 11, 'open', NULL", "spec.yaml": spec11(),
			"amendments/0002.yaml": amend(2, "{add_rows: {table: orders, where: id = 11}}", "an eleventh: SELECT 1 WHERE NOT EXISTS (SELECT * FROM orders WHERE id = 11)")}, verdict: pass,
			differences: []string{"rows_gained orders 1/11", "null_share_up orders.amount 1/11"}},
		{name: "more NULLs", base: files{"models/orders.sql": someNull}, head: files{"models/orders.sql": edit(someNull, "id > 2", "id > 3")}, verdict: fail,
			differences: []string{"values_changed orders.amount 1/10 undeclared", "null_share_up orders.amount 1/10 undeclared"},
			results:     []string{"fail compatibility/version", "fail drift/1 values_changed orders.amount", "fail drift/2 null_share_up orders.amount"}},
	})
}

func TestKeys(t *testing.T) {
	run(t, []trial{
		{name: "lost in the spec", head: files{"spec.yaml": spec2("    key: [id]\n", ""), "models/orders.sql": shopModel + "\n"}, verdict: fail,
			differences: []string{"key_lost orders breaking undeclared"},
			results:     []string{"fail ledger/declared/1", "review compatibility/orders", "fail drift/1 key_lost orders"}},
		{name: "lost, declared", head: files{"spec.yaml": spec2("    key: [id]\n", ""), "amendments/0002.yaml": amend(2, "{change_key: {on: orders, to: []}}")}, verdict: review,
			differences: []string{"key_lost orders breaking"}, results: []string{"review compatibility/orders"}},
		{name: "lost in the data", head: files{"models/orders.sql": twice}, verdict: fail,
			differences: []string{"rows_duplicated orders 1/11 breaking undeclared", "key_lost orders 1/11 breaking undeclared"},
			results: []string{"fail contract/orders/key", "review compatibility/orders", "fail compatibility/version",
				"fail drift/1 rows_duplicated orders", "fail drift/2 key_lost orders"}},
		{name: "a key that was never kept is not lost", base: files{"models/orders.sql": twice}, head: files{"models/orders.sql": twice + " ORDER BY id"}, verdict: fail,
			results: []string{"fail contract/orders/key"}},
		{name: "gained", base: keyless, head: files{"spec.yaml": spec11(), "amendments/0002.yaml": amend(2, "{change_key: {on: orders, to: [id]}}")}, verdict: pass,
			differences: []string{"key_gained orders"}},
		{name: "gained, undeclared", base: keyless, head: files{"spec.yaml": spec11(), "models/orders.sql": shopModel + "\n"}, verdict: fail,
			differences: []string{"key_gained orders undeclared"}, results: []string{"fail ledger/declared/1", "fail drift/1 key_gained orders"}},
		{name: "grain changed", head: files{"spec.yaml": spec2("key: [id]", "key: [status]"), "models/orders.sql": wrap("SELECT min(id) AS id, status, sum(amount)::DECIMAL(10,2) AS amount FROM @ GROUP BY status")}, verdict: fail,
			differences: []string{"rows_lost orders 10/10 undeclared", "rows_gained orders 2/2 undeclared", "grain_changed orders breaking undeclared"},
			results: []string{"fail ledger/declared/1", "review compatibility/orders",
				"fail drift/1 rows_lost orders", "fail drift/2 rows_gained orders", "fail drift/3 grain_changed orders"}},
		{name: "grain changed, declared", head: files{"spec.yaml": spec2("key: [id]", "key: [id, status]"), "amendments/0002.yaml": amend(2, "{change_key: {on: orders, to: [id, status]}}")}, verdict: review,
			differences: []string{"grain_changed orders breaking"}, results: []string{"review compatibility/orders"}},
		{name: "a key column that turns NULL", head: files{"models/orders.sql": wrap("SELECT nullif(id, 3) AS id, status, amount FROM @")}, verdict: fail,
			differences: []string{"values_changed orders.id 1/10 undeclared", "null_share_up orders.id 1/10 breaking undeclared", "key_lost orders 1/10 breaking undeclared"},
			results: []string{"fail contract/orders/id/not null", "review compatibility/orders", "fail compatibility/version",
				"fail drift/1 values_changed orders.id", "fail drift/2 null_share_up orders.id", "fail drift/3 key_lost orders"}},
		{name: "a floating-point key", base: files{"models/orders.sql": wrap("SELECT CAST(id AS DOUBLE) / 3 AS id, status, amount FROM @"), "spec.yaml": spec1("INTEGER", "DOUBLE")},
			head: files{"models/orders.sql": wrap("SELECT CAST(id AS DOUBLE) / 3 AS id, status, amount FROM @ ORDER BY id DESC")}, verdict: pass},
		{name: "a floating-point key, and a row lost", base: files{"models/orders.sql": wrap("SELECT CAST(id AS DOUBLE) / 3 AS id, status, amount FROM @"), "spec.yaml": spec1("INTEGER", "DOUBLE")},
			head: files{"models/orders.sql": wrap("SELECT CAST(id AS DOUBLE) / 3 AS id, status, amount FROM @ WHERE id <> 4")}, verdict: fail,
			differences: []string{"rows_lost orders 1/10 undeclared"}, results: []string{"fail compatibility/version", "fail drift/1 rows_lost orders"}},
	})
}

func TestRows(t *testing.T) {
	lost := func(where, sql string) files {
		return files{"models/orders.sql": fewer, "spec.yaml": spec11(), "amendments/0002.yaml": amend(2, "{drop_rows: {table: orders"+where+"}}", sql)}
	}
	const none3 = "no third: SELECT * FROM orders WHERE id = 3"
	both := trial{verdict: fail, differences: []string{"rows_lost orders 1/10 undeclared"}, results: []string{"fail compatibility/version", "fail drift/1 rows_lost orders"}}
	named := func(tr trial, name string, base, head files) trial {
		tr.name, tr.base, tr.head = name, base, head
		return tr
	}
	declared := trial{verdict: pass, differences: []string{"rows_lost orders 1/10"}}
	run(t, []trial{
		named(both, "lost", nil, files{"models/orders.sql": fewer}),
		named(both, "lost without a key", keyless, files{"models/orders.sql": fewer}),
		named(declared, "lost, declared", nil, lost(", where: id = 3", none3)),
		named(declared, "lost without a key, declared", keyless, lost(", where: id = 3", none3).over(files{"spec.yaml": edit(keyless["spec.yaml"], "1.0.0", "1.1.0")})),
		{name: "lost outside the where", head: lost(", where: id = 4", none3), verdict: fail, differences: []string{"rows_lost orders 1/10 undeclared"}, results: []string{"fail drift/1 rows_lost orders"}},
		{name: "lost, without a where", head: lost("", none3), verdict: review, differences: []string{"rows_lost orders 1/10 unbounded"}, results: []string{"review compatibility/orders", "review drift/1 rows_lost orders"}},
		{name: "lost, where is empty", head: lost(`, where: " "`, none3), verdict: review, differences: []string{"rows_lost orders 1/10 unbounded"}, results: []string{"review compatibility/orders", "review drift/1 rows_lost orders"}},
		{name: "lost, where true", head: lost(`, where: "true"`, none3), verdict: review, differences: []string{"rows_lost orders 1/10 unbounded"}, results: []string{"review compatibility/orders", "review drift/1 rows_lost orders"}},
		{name: "lost, where is always so", head: lost(", where: id = id", none3), verdict: review, differences: []string{"rows_lost orders 1/10 unbounded"}, results: []string{"review compatibility/orders", "review drift/1 rows_lost orders"}},
		{name: "where is no expression", head: lost(", where: id = 3 ORDER BY 1", none3), verdict: fail, differences: []string{"rows_lost orders 1/10 undeclared"}, results: []string{"fail drift/where/1", "fail drift/1 rows_lost orders"}},
		{name: "where breaks out of its brackets", head: lost(`, where: "false) OR (true"`, none3), verdict: fail, differences: []string{"rows_lost orders 1/10 undeclared"}, results: []string{"fail drift/where/1", "fail drift/1 rows_lost orders"}},
		{name: "where is a subquery", head: lost(`, where: "id IN (SELECT 3)"`, none3), verdict: fail, differences: []string{"rows_lost orders 1/10 undeclared"}, results: []string{"fail drift/where/1", "fail drift/1 rows_lost orders"}},
		{name: "where is chance", head: lost(`, where: "random() < 0.99 AND id = 3"`, none3), verdict: fail, differences: []string{"rows_lost orders 1/10 undeclared"}, results: []string{"fail drift/where/1", "fail drift/1 rows_lost orders"}},
		{name: "where names no column of the table", head: lost(`, where: nothing = 3`, none3), verdict: fail, differences: []string{"rows_lost orders 1/10 undeclared"}, results: []string{"fail drift/where/1", "fail drift/1 rows_lost orders"}},
		{name: "where fails on the data", head: lost(`, where: "CAST(status AS INTEGER) = 3"`, none3), verdict: fail, differences: []string{"rows_lost orders 1/10 undeclared"}, results: []string{"fail drift/where/1", "fail drift/1 rows_lost orders"}},
		{name: "gained", head: files{"models/orders.sql": more}, verdict: fail, differences: []string{"rows_gained orders 1/11 undeclared"}, results: []string{"fail compatibility/version", "fail drift/1 rows_gained orders"}},
		{name: "gained, declared", head: files{"models/orders.sql": more, "spec.yaml": spec11(), "amendments/0002.yaml": amend(2, "{add_rows: {table: orders, where: id = 11}}", "an eleventh: SELECT 1 WHERE NOT EXISTS (SELECT * FROM orders WHERE id = 11)")}, verdict: pass,
			differences: []string{"rows_gained orders 1/11"}},
		{name: "the first rows, declared", base: files{"models/orders.sql": wrap("SELECT * FROM @ WHERE id > 99")}, head: files{"models/orders.sql": shopModel, "spec.yaml": spec11(),
			"amendments/0002.yaml": amend(2, "{add_rows: {table: orders, where: id > 0}}", "orders came: SELECT 1 WHERE NOT EXISTS (SELECT * FROM orders)")}, verdict: pass, differences: []string{"rows_gained orders 10/10"}},
		{name: "gained without a key", base: keyless, head: files{"models/orders.sql": more}, verdict: fail, differences: []string{"rows_gained orders 1/11 undeclared"}, results: []string{"fail compatibility/version", "fail drift/1 rows_gained orders"}},
		{name: "duplicated without a key", base: keyless, head: files{"models/orders.sql": twice}, verdict: fail,
			differences: []string{"rows_duplicated orders 1/11 breaking undeclared"},
			results:     []string{"review compatibility/orders", "fail compatibility/version", "fail drift/1 rows_duplicated orders"}},
		{name: "duplicated without a key, declared", base: keyless, head: files{"models/orders.sql": twice, "spec.yaml": edit(keyless["spec.yaml"], "1.0.0", "2.0.0"),
			"amendments/0002.yaml": amend(2, "{add_rows: {table: orders, where: id = 3}}", "two thirds: SELECT 1 WHERE (SELECT count(*) FROM orders WHERE id = 3) <> 2")}, verdict: review,
			differences: []string{"rows_duplicated orders 1/11 breaking"}, results: []string{"review compatibility/orders"}},
	})
}

func TestValues(t *testing.T) {
	raised := func(base files, expects string) files {
		spec := base["spec.yaml"]
		if spec == "" {
			spec = shopSpec
		}
		return files{"models/orders.sql": openRaised, "spec.yaml": edit(spec, "1.0.0", "1.1.0"),
			"amendments/0002.yaml": amend(2, expects, "open ones cost more: SELECT * FROM orders WHERE status = 'open' AND amount <> id * 1.5 + 1")}
	}
	const bounded = "{change_values: {column: orders.amount, where: status = 'open'}}"
	run(t, []trial{
		{name: "changed", head: files{"models/orders.sql": openRaised}, verdict: fail, differences: []string{"values_changed orders.amount 5/10 undeclared"},
			results: []string{"fail compatibility/version", "fail drift/1 values_changed orders.amount"}, check: func(t *testing.T, r *bot.Report) {
				d := r.Differences[0]
				if len(d.Examples) == 0 || *d.Examples[0].Old != "3.00" || *d.Examples[0].New != "4.00" || *d.Examples[0].Key[0].Value != "2" {
					t.Errorf("examples %+v, want order 2 from 3.00 to 4.00 first", d.Examples)
				}
			}},
		{name: "changed without a key", base: keyless, head: files{"models/orders.sql": openRaised}, verdict: fail, differences: []string{"values_changed orders.amount 5/10 undeclared"},
			results: []string{"fail compatibility/version", "fail drift/1 values_changed orders.amount"}},
		{name: "changed, declared", head: raised(nil, bounded), verdict: pass, differences: []string{"values_changed orders.amount 5/10"}},
		{name: "changed without a key, declared", base: keyless, head: raised(keyless, bounded), verdict: pass, differences: []string{"values_changed orders.amount 5/10"}},
		{name: "changed outside the where", head: raised(nil, "{change_values: {column: orders.amount, where: id < 5}}"), verdict: fail, differences: []string{"values_changed orders.amount 5/10 undeclared"},
			results: []string{"fail drift/1 values_changed orders.amount"}},
		{name: "changed in another column than declared", head: raised(nil, "{change_values: {column: orders.status}}"), verdict: fail, differences: []string{"values_changed orders.amount 5/10 undeclared"},
			results: []string{"fail drift/1 values_changed orders.amount"}},
		{name: "rows that may change do not cover values of a table with a key", head: raised(nil, "{change_rows: {table: orders}}"), verdict: fail, differences: []string{"values_changed orders.amount 5/10 undeclared"},
			results: []string{"fail drift/1 values_changed orders.amount"}},
		{name: "without a where", head: raised(nil, "{change_values: {column: orders.amount}}"), verdict: review, differences: []string{"values_changed orders.amount 5/10 unbounded"},
			results: []string{"review compatibility/orders", "review drift/1 values_changed orders.amount"}},
		{name: "a hundredfold", head: files{"models/orders.sql": cents}, verdict: fail, differences: []string{"values_changed orders.amount 10/10 ×100 breaking undeclared"},
			results: []string{"review compatibility/orders", "fail compatibility/version", "fail drift/1 values_changed orders.amount"}},
		{name: "a hundredfold without a key", base: keyless, head: files{"models/orders.sql": cents}, verdict: fail, differences: []string{"values_changed orders.amount 10/10 ×100 breaking undeclared"},
			results: []string{"review compatibility/orders", "fail compatibility/version", "fail drift/1 values_changed orders.amount"}},
		{name: "a higher price of some is no change of unit", head: files{"models/orders.sql": edit(openRaised, "amount + 1", "amount * 2")}, verdict: fail, differences: []string{"values_changed orders.amount 5/10 ×2 undeclared"},
			results: []string{"fail compatibility/version", "fail drift/1 values_changed orders.amount"}},
		{name: "a thousandfold of some is", head: files{"models/orders.sql": edit(openRaised, "amount + 1", "amount * 1000")}, verdict: fail, differences: []string{"values_changed orders.amount 5/10 ×1000 breaking undeclared"},
			results: []string{"review compatibility/orders", "fail compatibility/version", "fail drift/1 values_changed orders.amount"}},
		{name: "a hundredfold with its unit, declared", head: files{"models/orders.sql": cents, "spec.yaml": spec2("unit: USD", "unit: US cent"),
			"amendments/0002.yaml": amend(2, "{change_values: {column: orders.amount, where: amount > 0 AND id < 11}}, {change_meaning: {on: orders.amount, field: unit}}", "cents are whole: SELECT * FROM orders WHERE amount <> id * 150")}, verdict: review,
			differences: []string{"values_changed orders.amount 10/10 ×100 breaking unbounded", "meaning_changed orders.amount unit breaking"},
			results:     []string{"review compatibility/orders", "review drift/1 values_changed orders.amount"}},
	})
}

func TestMoneyInDoubles(t *testing.T) {
	sum := func(order string) string {
		return "SELECT status, sum(x ORDER BY x" + order + ") AS amount FROM (SELECT CASE WHEN i % 2 = 0 THEN 'open' ELSE 'paid' END AS status, i * 0.1::DOUBLE + 0.01 AS x FROM range(1, 1001) r(i)) GROUP BY status"
	}
	spec := edit(spec1("    key: [id]\n", "    key: [status]\n", "      - {name: id, type: INTEGER, description: The order., why: Names it., nullable: false}\n", "", `"DECIMAL(10,2)"`, "DOUBLE"), "unit: USD, ", "")
	without := edit(spec, "    key: [status]\n", "")
	run(t, []trial{
		{name: "last bits move", base: files{"spec.yaml": spec, "models/orders.sql": sum("")}, head: files{"models/orders.sql": sum(" DESC")}, verdict: pass},
		{name: "last bits move without a key", base: files{"spec.yaml": without, "models/orders.sql": sum("")}, head: files{"models/orders.sql": sum(" DESC")}, verdict: pass},
		{name: "cents move", base: files{"spec.yaml": spec, "models/orders.sql": sum("")}, head: files{"models/orders.sql": edit(sum(""), "AS amount", "+ 0.01 AS amount")}, verdict: fail,
			differences: []string{"values_changed orders.amount 2/2 undeclared"}, results: []string{"fail compatibility/version", "fail drift/1 values_changed orders.amount"}},
		{name: "cents move without a key", base: files{"spec.yaml": without, "models/orders.sql": sum("")}, head: files{"models/orders.sql": edit(sum(""), "AS amount", "+ 0.01 AS amount")}, verdict: fail,
			differences: []string{"values_changed orders.amount 2/2 undeclared"}, results: []string{"fail compatibility/version", "fail drift/1 values_changed orders.amount"}},
		{name: "decimals become doubles with noise", base: files{"spec.yaml": spec1(), "models/orders.sql": wrap("SELECT * FROM @")},
			head: files{"models/orders.sql": wrap("SELECT id, status, amount::DOUBLE * 1.1 / 1.1 AS amount FROM @"), "spec.yaml": spec2(`"DECIMAL(10,2)"`, "DOUBLE"), "amendments/0002.yaml": amend(2, "{change_type: {on: orders.amount, to: DOUBLE}}")}, verdict: review,
			differences: []string{"type_changed orders.amount DECIMAL(10,2)→DOUBLE breaking"}, results: []string{"review compatibility/orders"}},
	})
}

func TestMeaning(t *testing.T) {
	enum := func(version, values string) string {
		return spec1("version: 1.0.0", "version: "+version, "name: status, type: VARCHAR,", "name: status, type: VARCHAR, values: ["+values+"],")
	}
	meaning := func(field string) string {
		return amend(2, "{change_meaning: {on: orders.status, field: "+field+"}}")
	}
	run(t, []trial{
		{name: "accepted values widened", base: files{"spec.yaml": enum("1.0.0", "open, paid")}, head: files{"spec.yaml": enum("2.0.0", "open, paid, lost"), "models/orders.sql": shopModel + "\n"}, verdict: fail,
			differences: []string{"accepted_values_widened orders.status breaking undeclared"},
			results:     []string{"fail ledger/declared/1", "review compatibility/orders", "fail drift/1 accepted_values_widened orders.status"}},
		{name: "accepted values widened, declared", base: files{"spec.yaml": enum("1.0.0", "open, paid")}, head: files{"spec.yaml": enum("2.0.0", "open, paid, lost"), "amendments/0002.yaml": meaning("values")}, verdict: review,
			differences: []string{"accepted_values_widened orders.status breaking"}, results: []string{"review compatibility/orders"}},
		{name: "accepted values narrowed, declared", base: files{"spec.yaml": enum("1.0.0", "open, paid, lost")}, head: files{"spec.yaml": enum("1.1.0", "open, paid"), "amendments/0002.yaml": meaning("values")}, verdict: pass,
			differences: []string{"accepted_values_narrowed orders.status"}},
		{name: "accepted values narrowed against the data", base: files{"spec.yaml": enum("1.0.0", "open, paid, lost")}, head: files{"spec.yaml": enum("1.1.0", "open"), "amendments/0002.yaml": meaning("values")}, verdict: fail,
			differences: []string{"accepted_values_narrowed orders.status"}, results: []string{"fail contract/orders/status/values"}},
		{name: "unit changed", head: files{"spec.yaml": spec2("unit: USD", "unit: EUR"), "models/orders.sql": shopModel + "\n"}, verdict: fail,
			differences: []string{"meaning_changed orders.amount unit breaking undeclared"}, results: []string{"fail ledger/declared/1", "review compatibility/orders", "fail drift/1 meaning_changed orders.amount"}},
		{name: "unit changed, declared", head: files{"spec.yaml": spec2("unit: USD", "unit: EUR"), "amendments/0002.yaml": amend(2, "{change_meaning: {on: orders.amount, field: unit}}")}, verdict: review,
			differences: []string{"meaning_changed orders.amount unit breaking"}, results: []string{"review compatibility/orders"}},
		{name: "classification changed", head: files{"spec.yaml": spec11("type: VARCHAR,", "type: VARCHAR, classification: pii,"), "models/orders.sql": shopModel + "\n"}, verdict: fail,
			differences: []string{"meaning_changed orders.status classification undeclared"}, results: []string{"fail ledger/declared/1", "fail drift/1 meaning_changed orders.status"}},
		{name: "classification changed, declared", head: files{"spec.yaml": spec11("type: VARCHAR,", "type: VARCHAR, classification: pii,"), "amendments/0002.yaml": meaning("classification")}, verdict: pass,
			differences: []string{"meaning_changed orders.status classification"}},
		{name: "description changed", head: files{"spec.yaml": spec1("Its state.", "Another state.", "1.0.0", "1.0.1"), "models/orders.sql": shopModel + "\n"}, verdict: fail,
			differences: []string{"meaning_changed orders.status description undeclared"}, results: []string{"fail ledger/declared/1", "fail drift/1 meaning_changed orders.status"}},
		{name: "description changed, declared", head: files{"spec.yaml": spec1("Its state.", "Another state.", "1.0.0", "1.0.1"), "amendments/0002.yaml": meaning("description")}, verdict: pass,
			differences: []string{"meaning_changed orders.status description"}},
		{name: "owner changed", head: files{"spec.yaml": spec1("team: commerce", "team: finance", "1.0.0", "1.0.1"), "models/orders.sql": shopModel + "\n"}, verdict: fail,
			differences: []string{"meaning_changed owner undeclared"}, results: []string{"fail ledger/declared/1", "fail drift/1 meaning_changed shop"}},
		{name: "before version 1 a breaking change raises the minor number", base: files{"spec.yaml": spec1("1.0.0", "0.3.4")}, head: files{"spec.yaml": spec1("1.0.0", "0.4.0", "unit: USD", "unit: EUR"), "amendments/0002.yaml": amend(2, "{change_meaning: {on: orders.amount, field: unit}}")}, verdict: review,
			differences: []string{"meaning_changed orders.amount unit breaking"}, results: []string{"review compatibility/orders"}},
		{name: "before version 1, too low", base: files{"spec.yaml": spec1("1.0.0", "0.3.4")}, head: files{"spec.yaml": spec1("1.0.0", "0.3.5", "unit: USD", "unit: EUR"), "amendments/0002.yaml": amend(2, "{change_meaning: {on: orders.amount, field: unit}}")}, verdict: fail,
			differences: []string{"meaning_changed orders.amount unit breaking"}, results: []string{"review compatibility/orders", "fail compatibility/version"}},
		{name: "version lowered", head: files{"spec.yaml": spec1("1.0.0", "0.9.0")}, verdict: fail, results: []string{"fail compatibility/version"}},
	})
}

func TestReferences(t *testing.T) {
	states := "  - name: states\n    description: d\n    why: w\n    key: [state]\n    columns:\n      - {name: state, type: VARCHAR, description: d, why: w}\n"
	base := files{"models/states.sql": "SELECT unnest(['open', 'paid', 'lost']) AS state",
		"spec.yaml": spec1("name: status, type: VARCHAR,", "name: status, type: VARCHAR, references: states.state,", amountColumn, amountColumn+states)}
	run(t, []trial{
		{name: "orphaned by the table itself", base: base, head: files{"models/orders.sql": model("'paid'", "'void'")}, verdict: fail,
			differences: []string{"values_changed orders.status 5/10 undeclared", "reference_orphaned orders.status 5/10 breaking undeclared"},
			results: []string{"fail contract/orders/status/references", "review compatibility/orders", "fail compatibility/version",
				"fail drift/1 values_changed orders.status", "fail drift/2 reference_orphaned orders.status"}},
		{name: "orphaned by a row that went elsewhere", base: base, head: files{"models/states.sql": "SELECT unnest(['open', 'lost']) AS state"}, verdict: fail,
			differences: []string{"reference_orphaned orders.status 5/10 breaking undeclared", "rows_lost states 1/3 undeclared"},
			results: []string{"fail contract/orders/status/references", "review compatibility/orders", "fail compatibility/version",
				"fail drift/1 reference_orphaned orders.status", "fail drift/2 rows_lost states"}},
		{name: "what is referred to is elsewhere", head: files{"spec.yaml": spec11("name: status, type: VARCHAR,", "name: status, type: VARCHAR, references: other.states.state,"), "amendments/0002.yaml": amend(2, "{change_meaning: {on: orders.status, field: references}}")}, verdict: fail,
			differences: []string{"meaning_changed orders.status references"}, results: []string{"not_run contract/orders/status/references", "fail ledger/lint/1"}},
		{name: "a row that nothing refers to", base: base, head: files{"models/states.sql": "SELECT unnest(['open', 'paid']) AS state", "spec.yaml": edit(base["spec.yaml"], "1.0.0", "1.1.0"),
			"amendments/0002.yaml": amend(2, "{drop_rows: {table: states, where: state = 'lost'}}", "none is lost: SELECT * FROM states WHERE state = 'lost'")}, verdict: pass,
			differences: []string{"rows_lost states 1/3"}},
	})
}

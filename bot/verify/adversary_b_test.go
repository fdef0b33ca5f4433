package verify_test

import (
	"strings"
	"testing"

	"github.com/codicil-dev/codicil/bot"
)

// lined is a shop whose amounts are summed from an internal table, with a check that reads both.
func lined() files {
	return files{
		"seeds/raw_lines.csv": "id,price\n1,1.50\n2,3.00\n3,4.50\n4,6.00\n",
		"models/lines.sql":    "SELECT id, CAST(price AS DECIMAL(10,2)) AS price FROM raw_lines",
		"models/orders.sql":   "SELECT CAST(id AS INTEGER) AS id, 'open' AS status, price AS amount FROM lines",
		"amendments/0001.yaml": bootstrap("amount is the sum of lines",
			"SELECT o.id FROM orders o JOIN (SELECT id, sum(price) AS s FROM lines GROUP BY id) l USING (id) WHERE o.amount IS DISTINCT FROM l.s"),
		"tests/lines.sql": "SELECT * FROM lines WHERE price < 0",
	}
}

// An alias, a table expression or a table somewhere in a query says nothing of a column of the same name elsewhere.
func TestAdversaryBorrowedNames(t *testing.T) {
	base := shop().over(files{
		"spec.yaml":         spec1(amountColumn, amountColumn+"      - {name: email, type: VARCHAR, classification: pii, description: d, why: w}\n"),
		"models/orders.sql": edit(wrap("SELECT *, 'SECRET' AS email FROM @"), "SECRET", secret),
		"models/staged.sql": "SELECT email AS mail FROM orders",
	})
	for name, sql := range map[string]string{
		"an alias in a subquery":    "SELECT mail FROM staged WHERE 1 = (SELECT 1 AS mail)",
		"a table expression":        "WITH mail AS (SELECT 1 AS one) SELECT staged.mail FROM staged",
		"an alias of a table":       "SELECT staged.mail AS amount FROM staged, (SELECT 1 AS z) mail",
		"an alias beside a star":    "SELECT *, 1 AS mail FROM staged",
		"an alias beside the value": "SELECT 1 AS mail, staged.mail FROM staged",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := verifyTrees(t, base, base.over(files{"amendments/0002.yaml": amend(2, "", "look: "+sql)}), trial{})
			if find(t, r, "requirements/2/look").Status != bot.Fail {
				t.Error("the check did not fail, so nothing was tried")
			}
			if text := everything(r); strings.Contains(text, secret) {
				t.Errorf("%s is shown:\n%s", secret, text)
			}
		})
	}
	changed := files{"models/orders.sql": edit(base["models/orders.sql"], "i * 1.5", "i * 3")}
	for _, where := range []string{"error(email) is null", "date_trunc(email, date '2020-01-01') is null", "unhex(email) is null", "email::integer > 1"} {
		t.Run(where, func(t *testing.T) {
			t.Parallel()
			r := verifyTrees(t, base, base.over(changed).over(files{"amendments/0002.yaml": amend(2, `{change_values: {column: orders.amount, where: "`+where+`"}}`, "n: SELECT 1 FROM orders WHERE amount = 1.5")}), trial{})
			if text := everything(r); strings.Contains(text, "jane") || !strings.Contains(text, "withheld") {
				t.Errorf("the where says more than that it fails:\n%s", text)
			}
		})
	}
}

// A check that reads an internal table holds for nothing once that table is emptied.
func TestAdversaryVacuousChecks(t *testing.T) {
	fromRaw := "SELECT CAST(id AS INTEGER) AS id, 'open' AS status, CAST(price AS DECIMAL(10,2)) AS amount FROM raw_lines"
	lines := func(query, expects string) files {
		return files{"models/orders.sql": fromRaw, "models/lines.sql": query, "amendments/0002.yaml": amend(2, expects)}
	}
	all := "SELECT id, CAST(price AS DECIMAL(10,2)) AS price FROM raw_lines"
	run(t, []trial{
		{name: "emptied", base: lined(), head: lines(all+" WHERE false", ""), verdict: fail, results: []string{"fail compatibility/internal/lines"},
			check: func(t *testing.T, r *bot.Report) {
				got := find(t, r, "compatibility/internal/lines").Message
				if !strings.Contains(got, `"amount is the sum of lines" of amendment 1, the test tests/lines.sql read it, so it can't say no any more`) {
					t.Error(got)
				}
			}},
		{name: "emptied and declared", base: lined(), head: lines(all+" WHERE false", "{drop_rows: {table: lines, where: id > 0}}").over(files{"spec.yaml": spec11()}), verdict: fail, results: []string{"fail requirements/2/proof", "fail compatibility/internal/lines"}},
		{name: "rows lost", base: lined(), head: lines(all+" WHERE id > 1", ""), verdict: review, results: []string{"review compatibility/internal/lines"}},
		{name: "rows lost, as an amendment says", base: lined(), head: lines(all+" WHERE id > 1", "{drop_rows: {table: lines, where: id = 1}}").over(files{
			"amendments/0002.yaml": amend(2, "{drop_rows: {table: lines, where: id = 1}}", "none: SELECT * FROM lines WHERE id = 1")}), verdict: pass},
		{name: "values changed", base: lined(), head: files{"models/orders.sql": fromRaw, "models/lines.sql": "SELECT id, CAST(CASE id WHEN 1 THEN NULL ELSE price END AS DECIMAL(10,2)) AS price FROM raw_lines",
			"amendments/0001.yaml": lined()["amendments/0001.yaml"]}, verdict: fail, results: []string{"fail requirements/1/amount is the sum of lines", "review compatibility/internal/lines"}},
		{name: "rows and columns came", base: lined(), head: lines("SELECT id, CAST(price AS DECIMAL(10,2)) AS price, 1 AS more FROM raw_lines UNION ALL SELECT 99, 1, 1", ""), verdict: pass},
		{name: "what no check reads may change", base: lined().over(files{"tests/lines.sql": gone, "amendments/0001.yaml": bootstrap("positive", "SELECT * FROM orders WHERE amount < 0")}), head: lines(all+" WHERE false", ""), verdict: pass},
	})
}

// Rows that come to a seed are welcome, but not whatever they do to the output that was there.
func TestAdversaryOwnSeeds(t *testing.T) {
	raw := func(extra string) files {
		return files{"seeds/raw.csv": "id,status,qty\n1,s,1\n2,s,2\n3,s,3\n" + extra,
			"models/orders.sql": "SELECT CAST(id AS INTEGER) AS id, status || qty AS status, CAST(1 AS DECIMAL(10,2)) AS amount FROM raw"}
	}
	excluding := raw("").over(files{"seeds/excluded.csv": "id\n99\n", "models/orders.sql": raw("")["models/orders.sql"] + " WHERE id NOT IN (SELECT id FROM excluded)"})
	placed := files{"seeds/legacy.csv": "id,gross,net\n11,119,100\n12,238,200\n", "models/orders.sql": "SELECT CAST(i AS INTEGER) AS id, 'old' AS status, CAST(g AS DECIMAL(10,2)) AS amount FROM legacy AS l(i, g, n)"}
	priced := files{"seeds/raw.csv": "id,day,price\n1,2026-01-01,1.50\n2,2026-01-02,2.50\n3,2026-01-03,3.25\n",
		"models/orders.sql": "SELECT CAST(id AS INTEGER) AS id, 'open' AS status, CAST(price AS DECIMAL(10,2)) AS amount FROM raw"}
	run(t, []trial{
		{name: "added rows empty the output", base: excluding, head: files{"seeds/excluded.csv": "id\n1\n2\n3\n99\n"}, verdict: fail, results: []string{"fail compatibility/own/orders"}},
		{name: "an added row takes one away", base: excluding, head: files{"seeds/excluded.csv": "id\n2\n99\n"}, verdict: review, results: []string{"review compatibility/own/orders"}},
		{name: "an added row takes away what an amendment says", base: excluding, head: files{"seeds/excluded.csv": "id\n2\n99\n", "amendments/0002.yaml": amend(2, "{drop_rows: {table: orders, where: id = 2}}")}, verdict: fail, results: []string{"fail requirements/2/proof"}},
		{name: "an added row that takes nothing away", base: excluding, head: files{"seeds/excluded.csv": "id\n98\n99\n"}, verdict: pass},
		{name: "an added row changes an inferred type, and with it all values", base: raw(""), head: raw("4,s,1.5\n"), verdict: review, results: []string{"review compatibility/seed/seeds/raw.csv/qty/type", "review compatibility/own/orders"}},
		{name: "a declared type stays", base: raw("").over(files{"product.yaml": "seeds:\n  raw:\n    types: {qty: DOUBLE}\n"}), head: raw("4,s,1.5\n"), verdict: pass},
		{name: "columns in another order, read by their place", base: placed, head: files{"seeds/legacy.csv": "id,net,gross\n11,100,119\n12,200,238\n"}, verdict: review,
			results: []string{"review compatibility/seed/seeds/legacy.csv/order", "review compatibility/own/orders"}},
		{name: "another text of the same values, with a new column", base: priced, head: files{"seeds/raw.csv": "id,day,price,void\n1,2026-01-01,1.5,false\n2,2026-01-02,2.5,true\n3,2026-01-03,3.25,true\n",
			"models/orders.sql": priced["models/orders.sql"] + " WHERE NOT coalesce(void, false)"}, verdict: fail, differences: []string{"rows_lost orders 2/3 undeclared"}, results: []string{"fail compatibility/version", "fail drift/1 rows_lost orders"}},
	})
}

// What hangs on the clock, chance or the order of rows only since a change looks the same as before in one run.
func TestAdversaryUnsteadyHead(t *testing.T) {
	loaded := "      - {name: loaded_at, type: TIMESTAMP WITH TIME ZONE, description: d, why: w}\n"
	late := model("CAST(i * 1.5 AS DECIMAL(10,2)) AS amount", "CAST(CASE WHEN current_date > DATE '2026-02-01' THEN i * 100 ELSE i * 1.5 END AS DECIMAL(10,2)) AS amount")
	rows := files{"seeds/raw.csv": "id,price\n1,1\n1,2\n2,3\n3,4\n", "models/orders.sql": "SELECT CAST(id AS INTEGER) AS id, 'open' AS status, CAST(min(price) AS DECIMAL(10,2)) AS amount FROM raw GROUP BY id"}
	picked := func(query string) files {
		return files{"models/orders.sql": "SELECT CAST(id AS INTEGER) AS id, 'open' AS status, CAST(price AS DECIMAL(10,2)) AS amount FROM (" + query + ")"}
	}
	clock := files{"spec.yaml": spec1(amountColumn, amountColumn+loaded), "models/orders.sql": wrap("SELECT *, now() AS loaded_at FROM @")}
	amount := []string{"unstable orders.amount"}
	drift := []string{"review compatibility/orders", "fail drift/1 unstable orders.amount"}
	run(t, []trial{
		{name: "a later day gives other values", head: files{"models/orders.sql": late}, verdict: fail, differences: amount, results: drift},
		{name: "a later day gives other values through a model between", base: files{"models/days.sql": "SELECT DATE '2026-01-01' AS day", "models/orders.sql": edit(late, "current_date", "(SELECT day FROM days)")},
			head: files{"models/days.sql": "SELECT current_date AS day"}, verdict: fail, differences: amount, results: drift},
		{name: "a later day keeps no rows", head: files{"models/orders.sql": shopModel + " WHERE current_date < DATE '2026-02-01'"}, verdict: fail,
			differences: []string{"unstable orders"}, results: []string{"review compatibility/orders", "fail drift/1 unstable orders"}},
		{name: "chance that shows rarely", head: files{"models/orders.sql": wrap("SELECT id, CASE WHEN random() < 0.0001 THEN 'lost' ELSE status END AS status, amount FROM @")}, verdict: review,
			results: []string{"review build/deterministic"}},
		{name: "the first row wins", base: rows, head: picked("SELECT id, first(price) AS price FROM raw GROUP BY id"), verdict: fail, differences: amount, results: drift},
		{name: "a number by the order of rows", base: rows, head: picked("SELECT id, price FROM raw QUALIFY row_number() OVER (PARTITION BY id) = 1"), verdict: fail, differences: amount, results: drift},
		{name: "a total order", base: rows, head: picked("SELECT id, price FROM raw QUALIFY row_number() OVER (PARTITION BY id ORDER BY price) = 1"), verdict: pass},
		{name: "the clock was there before", base: clock, head: files{"models/orders.sql": clock["models/orders.sql"] + "\n"}, verdict: pass},
		{name: "the clock was there before in another column", base: clock, head: files{"models/orders.sql": edit(late, " AS amount\n", " AS amount, now() AS loaded_at\n")}, verdict: fail, differences: amount, results: drift},
		{name: "a new column of the clock", head: files{"spec.yaml": spec11(amountColumn, amountColumn+loaded), "models/orders.sql": clock["models/orders.sql"],
			"amendments/0002.yaml": amend(2, "{add_column: orders.loaded_at}", "loaded: SELECT * FROM orders WHERE loaded_at IS NULL")}, verdict: review,
			differences: []string{"column_added orders.loaded_at", "unstable orders.loaded_at"}, results: []string{"review compatibility/orders"}},
	})
}

package verify_test

import (
	"strings"
	"testing"

	"github.com/codicil-dev/codicil/bot"
)

// fromSeed is the shop on a seed.
var fromSeed = files{
	"models/orders.sql": "SELECT id, status, amount FROM raw",
	"seeds/raw.csv":     rawSeed,
	"product.yaml":      "seeds:\n  raw:\n    types: {id: INTEGER, amount: \"DECIMAL(10,2)\"}\n",
}

const rawSeed = "id,status,amount\n1,open,1.50\n2,paid,3.00\n3,open,4.50\n4,paid,6.00\n"

func TestSeeds(t *testing.T) {
	seed := func(pairs ...string) files { return files{"seeds/raw.csv": edit(rawSeed, pairs...)} }
	permit := func(where string) files {
		return files{"amendments/0002.yaml": amend(2, "{change_seed: {seed: raw"+where+"}}")}
	}
	// moved wants a note of what changed seeds move, or none if it is empty.
	moved := func(want string) func(*testing.T, *bot.Report) {
		return func(t *testing.T, r *bot.Report) {
			var got []string
			for _, n := range r.Notes {
				if strings.Contains(n, "the changed seeds move") {
					got = append(got, n)
				}
			}
			if text := strings.Join(got, "\n"); (text == "") != (want == "") || !strings.Contains(text, want) {
				t.Errorf("notes %q, want %q", got, want)
			}
		}
	}
	run(t, []trial{
		{name: "a row added", base: fromSeed, head: seed("4,paid,6.00\n", "4,paid,6.00\n5,open,7.50\n"), verdict: pass, check: moved("orders: 1 (20.0 %) of 5 rows come")},
		{name: "an added row breaks a check", base: fromSeed, head: seed("4,paid,6.00\n", "4,paid,6.00\n5,open,-7.50\n"), verdict: fail, results: []string{"fail requirements/1/amounts are positive"}},
		{name: "rows in another order", base: fromSeed, head: files{"seeds/raw.csv": "id,status,amount\n4,paid,6.00\n3,open,4.50\n1,open,1.50\n2,paid,3.00\n"}, verdict: pass, check: moved("")},
		{name: "a row removed", base: fromSeed, head: seed("3,open,4.50\n", ""), verdict: fail, differences: []string{"seed_changed 1/4 undeclared"}, results: []string{"fail drift/1 seed_changed shop"}},
		{name: "a row removed, declared", base: fromSeed, head: seed("3,open,4.50\n", "").over(permit(", where: id = 3")), verdict: pass, differences: []string{"seed_changed 1/4"}, check: moved("orders: 1 (25.0 %) of 4 rows go or change")},
		{name: "a row altered, declared", base: fromSeed, head: seed("4.50", "4.60").over(permit(", where: id = 3")), verdict: pass, differences: []string{"seed_changed 1/4"}, check: moved("orders: 1 (25.0 %) of 4 values of amount")},
		{name: "a row removed outside the where", base: fromSeed, head: seed("3,open,4.50\n", "").over(permit(", where: id = 4")), verdict: fail, differences: []string{"seed_changed 1/4 undeclared"}, results: []string{"fail drift/1 seed_changed shop"}},
		{name: "a row removed, without a where", base: fromSeed, head: seed("3,open,4.50\n", "").over(permit("")), verdict: review, differences: []string{"seed_changed 1/4 unbounded"}, results: []string{"review drift/1 seed_changed shop"}},
		{name: "a row altered", base: fromSeed, head: seed("4.50", "4.60"), verdict: fail, differences: []string{"seed_changed 1/4 undeclared"}, results: []string{"fail drift/1 seed_changed shop"}},
		{name: "a row removed to hide a loss", base: fromSeed, head: seed("3,open,4.50\n", "").over(files{"models/orders.sql": "SELECT id, status, amount FROM raw WHERE id <> 3"}), verdict: fail,
			differences: []string{"rows_lost orders 1/4 undeclared", "seed_changed 1/4 undeclared"},
			results:     []string{"fail compatibility/version", "fail drift/1 rows_lost orders", "fail drift/2 seed_changed shop"}},
		{name: "the seed deleted", base: fromSeed, head: files{"seeds/raw.csv": gone, "product.yaml": gone, "models/orders.sql": "SELECT id, status, amount FROM (SELECT unnest([1, 2, 3, 4]) AS id, unnest(['open', 'paid', 'open', 'paid']) AS status, CAST(unnest([1.5, 3, 4.5, 6]) AS DECIMAL(10,2)) AS amount)"}, verdict: fail,
			differences: []string{"seed_changed undeclared"}, results: []string{"fail drift/1 seed_changed shop"}},
		{name: "a new column", base: fromSeed, head: files{"seeds/raw.csv": "id,status,amount,items\n1,open,1.50,1\n2,paid,3.00,2\n3,open,4.50,3\n4,paid,6.00,4\n", "models/orders.sql": "SELECT id, status, amount, CAST(items AS INTEGER) AS items FROM raw",
			"spec.yaml": items["spec.yaml"], "amendments/0002.yaml": second("Done.")}, verdict: pass, differences: []string{"column_added orders.items"}},
		{name: "a new file", base: fromSeed, head: files{"seeds/more.csv": "id,items\n1,1\n2,2\n3,3\n4,4\n", "models/orders.sql": "SELECT r.id, r.status, r.amount, CAST(m.items AS INTEGER) AS items FROM raw r JOIN more m ON m.id = r.id",
			"spec.yaml": items["spec.yaml"], "amendments/0002.yaml": second("Done.")}, verdict: pass, differences: []string{"column_added orders.items"}},
		{name: "a new column that loses rows", base: fromSeed, head: files{"seeds/raw.csv": "id,status,amount,items\n1,open,1.50,1\n2,paid,3.00,2\n3,open,4.50,3\n4,paid,6.00,4\n", "models/orders.sql": "SELECT id, status, amount, CAST(items AS INTEGER) AS items FROM raw WHERE items < 4",
			"spec.yaml": items["spec.yaml"], "amendments/0002.yaml": second("Done.")}, verdict: fail, differences: []string{"column_added orders.items", "rows_lost orders 1/4 undeclared"}, results: []string{"fail drift/2 rows_lost orders"}},
		{name: "a type declared otherwise", base: fromSeed, head: files{"product.yaml": edit(fromSeed["product.yaml"], "DECIMAL(10,2)", "DECIMAL(12,2)")}, verdict: fail,
			differences: []string{"type_widened orders.amount DECIMAL(10,2)→DECIMAL(12,2) breaking undeclared"},
			results:     []string{"fail contract/orders/amount/type", "review compatibility/orders", "fail compatibility/version", "fail drift/1 type_widened orders.amount"}},
		{name: "a type declared otherwise is no hand edit of the spec", base: fromSeed, head: files{"product.yaml": edit(fromSeed["product.yaml"], "DECIMAL(10,2)", "DECIMAL(12,2)"), "spec.yaml": spec2("DECIMAL(10,2)", "DECIMAL(12,2)")}, verdict: fail,
			differences: []string{"type_widened orders.amount DECIMAL(10,2)→DECIMAL(12,2) breaking undeclared"},
			results:     []string{"fail ledger/declared/1", "review compatibility/orders", "fail drift/1 type_widened orders.amount"}},
	})
}

func TestUnstable(t *testing.T) {
	stamped := spec1(amountColumn, amountColumn+"      - {name: loaded_at, type: TIMESTAMP WITH TIME ZONE, description: d, why: w}\n")
	clock := files{"spec.yaml": stamped, "models/orders.sql": wrap("SELECT *, now() AS loaded_at FROM @")}
	nokey := files{"spec.yaml": edit(stamped, "    key: [id]\n", ""), "models/orders.sql": clock["models/orders.sql"]}
	dice := files{"spec.yaml": spec1(amountColumn, amountColumn+"      - {name: dice, type: DOUBLE, description: d, why: w}\n"), "models/orders.sql": wrap("SELECT *, random() AS dice FROM @")}
	noise := []string{"unstable orders.loaded_at", "values_changed orders.amount 10/10 undeclared"}
	run(t, []trial{
		{name: "the clock on both sides", base: clock, head: files{"models/orders.sql": clock["models/orders.sql"] + "\n"}, verdict: pass},
		{name: "the clock on both sides and another change", base: clock, head: files{"models/orders.sql": edit(clock["models/orders.sql"], "i * 1.5", "i * 1.5 + i % 2 + 1")}, verdict: fail, differences: noise,
			results: []string{"review compatibility/orders", "fail compatibility/version", "fail drift/2 values_changed orders.amount"}},
		{name: "the clock on both sides without a key and another change", base: nokey, head: files{"models/orders.sql": edit(clock["models/orders.sql"], "i * 1.5", "i * 1.5 + i % 2 + 1")}, verdict: fail, differences: noise,
			results: []string{"review compatibility/orders", "fail compatibility/version", "fail drift/2 values_changed orders.amount"}},
		{name: "the clock on both sides and a declared change", base: clock, head: files{"models/orders.sql": edit(clock["models/orders.sql"], "i * 1.5", "CASE WHEN i = 3 THEN 5 ELSE i * 1.5 END"), "spec.yaml": edit(stamped, "1.0.0", "1.1.0"),
			"amendments/0002.yaml": amend(2, "{change_values: {column: orders.amount, where: id = 3}}", "five: SELECT * FROM orders WHERE id = 3 AND amount <> 5")}, verdict: review,
			differences: []string{"unstable orders.loaded_at", "values_changed orders.amount 1/10"}, results: []string{"review compatibility/orders"}},
		{name: "the clock in the head only", base: clock.over(files{"models/orders.sql": wrap("SELECT *, TIMESTAMPTZ '2026-01-01 00:00:00+00' AS loaded_at FROM @")}), head: clock, verdict: fail,
			differences: []string{"values_changed orders.loaded_at 10/10 undeclared"}, results: []string{"fail compatibility/version", "fail drift/1 values_changed orders.loaded_at"}},
		{name: "an unstable column that turns NULL", base: clock, head: files{"models/orders.sql": wrap("SELECT *, CASE WHEN id > 1 THEN now() END AS loaded_at FROM @")}, verdict: fail,
			differences: []string{"unstable orders.loaded_at", "null_share_up orders.loaded_at 1/10 breaking undeclared"}, results: []string{"review compatibility/orders", "fail compatibility/version", "fail drift/2 null_share_up orders.loaded_at"}},
		{name: "chance on both sides", base: dice, head: files{"models/orders.sql": dice["models/orders.sql"] + "\n"}, verdict: pass},
		{name: "chance on both sides and another formula", base: dice, head: files{"models/orders.sql": wrap("SELECT *, 1 - random() AS dice FROM @")}, verdict: review,
			differences: []string{"unstable orders.dice"}, results: []string{"review compatibility/orders"}},
		{name: "which rows a limit keeps is chance", base: fromSeed.over(files{"models/orders.sql": "SELECT id, status, amount FROM raw LIMIT 2"}), head: files{"models/orders.sql": "SELECT id, status, amount FROM raw ORDER BY id DESC LIMIT 2"}, verdict: review,
			differences: []string{"unstable orders.id", "unstable orders.amount"}, results: []string{"review compatibility/orders"}},
		{name: "which rows a limit keeps is chance, how many is not", base: fromSeed.over(files{"models/orders.sql": "SELECT id, status, amount FROM raw LIMIT 2"}), head: files{"models/orders.sql": "SELECT id, status, amount FROM raw ORDER BY id DESC LIMIT 1"}, verdict: fail,
			differences: []string{"unstable orders.id", "unstable orders.amount", "rows_lost orders 1/2 undeclared"}, results: []string{"review compatibility/orders", "fail compatibility/version", "fail drift/3 rows_lost orders"}},
	})
}

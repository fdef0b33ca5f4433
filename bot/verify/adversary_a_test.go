package verify_test

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/product"
	"github.com/codicil-dev/codicil/bot/verify"
)

// withDecoy is the shop made from an internal table.
func withDecoy() files {
	return files{"models/lines.sql": "SELECT CAST(i AS INTEGER) AS id, CAST(i * 1.5 AS DECIMAL(10,2)) AS price FROM range(1, 11) r(i)"}
}

// A rename that did not happen offers no old names.
func TestAdversaryRenames(t *testing.T) {
	negative := model("CAST(i * 1.5 AS DECIMAL(10,2))", "CAST(CASE WHEN i % 2 = 0 THEN -i ELSE i * 1.5 END AS DECIMAL(10,2))")
	run(t, []trial{
		{name: "a table renamed to a decoy while it stays", head: files{"models/orders.sql": negative, "models/decoy.sql": shopModel, "spec.yaml": spec2(),
			"amendments/0002.yaml": amend(2, "{rename_table: {from: orders, to: decoy}}, {change_values: {column: orders.amount, where: status = 'open'}}", "open ones are refunds: SELECT * FROM orders WHERE status = 'open' AND amount > 0")}, verdict: fail,
			differences: []string{"values_changed orders.amount 5/10 ×-0.666667"},
			results:     []string{"fail ledger/rename/2/1", "fail requirements/1/amounts are positive"}},
		{name: "a column of an internal table renamed to another of it", base: withDecoy().over(files{"amendments/0001.yaml": bootstrap("amounts are prices", "SELECT id FROM orders JOIN lines USING (id) WHERE amount <> price")}),
			head: files{"models/lines.sql": wrap("SELECT id, amount AS price, CAST(CASE WHEN id % 2 = 0 THEN -amount ELSE amount END AS DECIMAL(10,2)) AS fake FROM @"), "models/orders.sql": negative2(), "spec.yaml": spec2(),
				"amendments/0002.yaml": amend(2, "{rename_column: {from: lines.price, to: lines.fake}}, {change_values: {column: orders.amount, where: status = 'open'}}", "open ones are refunds: SELECT * FROM orders WHERE status = 'open' AND amount > 0")}, verdict: fail,
			differences: []string{"values_changed orders.amount 5/10 ×-1"},
			results:     []string{"fail ledger/rename/2/1", "fail requirements/1/amounts are prices"}},
		{name: "a column renamed to one that was there before", base: files{"models/orders.sql": two("amount", "other"), "spec.yaml": spec1(amountColumn, amountColumn+otherColumn)},
			head: files{"models/orders.sql": wrap("SELECT id, status, CAST(amount + 1 AS DECIMAL(10,2)) AS other FROM @"), "spec.yaml": spec2(amountColumn, otherColumn),
				"amendments/0002.yaml": amend(2, "{rename_column: {from: orders.amount, to: orders.other}}, {drop_column: orders.amount}")}, verdict: fail,
			differences: []string{"column_removed orders.amount breaking"},
			results:     []string{"fail ledger/rename/2/1", "fail requirements/1/amounts are positive", "review compatibility/orders"}},
		{name: "a column's letters change case in the output alone", head: files{"models/orders.sql": wrap("SELECT id, status AS STATUS, amount FROM @")}, verdict: fail,
			differences: []string{"column_renamed orders.STATUS status→STATUS breaking undeclared"},
			results:     []string{"review compatibility/orders", "fail compatibility/version", "fail drift/1 column_renamed orders.STATUS"}},
		{name: "a column's letters change case, declared", head: files{"models/orders.sql": wrap("SELECT id, status AS STATUS, amount FROM @"), "spec.yaml": spec2("name: status", "name: STATUS"),
			"amendments/0002.yaml": amend(2, "{rename_column: {from: orders.status, to: orders.STATUS}}")}, verdict: review,
			differences: []string{"column_renamed orders.STATUS status→STATUS breaking", "meaning_changed orders.STATUS name"},
			results:     []string{"review compatibility/orders"}},
		{name: "a rename that the base's spec awaits", base: files{"spec.yaml": spec2("name: amount", "name: total"), "amendments/0002.yaml": amend(2, "{rename_column: {from: orders.amount, to: orders.total}}", "!change: <tbd>")},
			head:    files{"models/orders.sql": wrap("SELECT id, status, amount AS total FROM @"), "spec.yaml": spec1("version: 1.0.0", "version: 3.0.0", "name: amount", "name: total"), "amendments/0002.yaml": amend(2, "{rename_column: {from: orders.amount, to: orders.total}}")},
			verdict: review, differences: []string{"column_renamed orders.total amount→total breaking"}, results: []string{"review compatibility/orders"}},
		{name: "a table and its column renamed in one amendment", head: files{"models/orders.sql": gone, "models/sales.sql": wrap("SELECT id, status, amount AS gross FROM @"), "spec.yaml": spec2("name: orders", "name: sales", "name: amount", "name: gross"),
			"amendments/0002.yaml": amend(2, "{rename_table: {from: orders, to: sales}}, {rename_column: {from: sales.amount, to: sales.gross}}")}, verdict: review,
			differences: []string{"table_renamed sales orders→sales breaking", "column_renamed sales.gross amount→gross breaking"},
			results:     []string{"review compatibility/sales"}},
	})
}

// negative2 is the shop's model with open amounts below nought, by sign alone.
func negative2() string {
	return model("CAST(i * 1.5 AS DECIMAL(10,2))", "CAST(CASE WHEN i % 2 = 0 THEN -i * 1.5 ELSE i * 1.5 END AS DECIMAL(10,2))")
}

// A restatement must say the same; one that only reads the same is for people to compare.
func TestAdversaryRetirement(t *testing.T) {
	supersedes := "!supersedes: [{amendment: 1, because: clearer}]"
	owner := files{"amendments/0001.yaml": edit(bootstrap("has an owner", "@"), "sql: @", "cel: spec.owner.team != \"\" && spec.tables.exists(t, t.name == \"orders\")")}
	sales := files{"models/orders.sql": gone, "models/sales.sql": wrap("SELECT id, status, amount AS gross FROM @"), "spec.yaml": spec2("name: orders", "name: sales", "name: amount", "name: gross")}
	renames := "{rename_table: {from: orders, to: sales}}, {rename_column: {from: sales.amount, to: sales.gross}}"
	cel := func(id int, expects, expression string) string {
		return edit(amend(id, expects, supersedes, "owned: @"), "sql: @", "cel: "+expression)
	}
	renamed := []string{"table_renamed sales orders→sales breaking", "column_renamed sales.gross amount→gross breaking"}
	run(t, []trial{
		{name: "a restatement that can never fail", head: files{"amendments/0002.yaml": amend(2, "", supersedes, "still positive: SELECT * FROM orders WHERE amount <= 0 AND false")}, verdict: review,
			results: []string{"review requirements/1/amounts are positive/retired"}},
		{name: "a CEL check of something else", base: owner, head: files{"amendments/0002.yaml": cel(2, "", "'true'")}, verdict: review,
			results: []string{"review requirements/1/has an owner/retired"}},
		{name: "the same CEL check", base: owner, head: files{"amendments/0002.yaml": cel(2, "", "spec.owner.team!='' && spec.tables.exists(t,  t.name == 'orders')")}, verdict: pass},
		{name: "the same SQL under new names", head: sales.over(files{"amendments/0002.yaml": amend(2, renames, supersedes, "gross is positive: SELECT * FROM sales WHERE gross <= 0")}), verdict: review,
			differences: renamed, results: []string{"review compatibility/sales"}},
		{name: "other SQL under new names", head: sales.over(files{"amendments/0002.yaml": amend(2, renames, supersedes, "gross is positive: SELECT * FROM sales WHERE gross < 0")}), verdict: review,
			differences: renamed, results: []string{"review requirements/1/amounts are positive/retired", "review compatibility/sales"}},
		{name: "the same CEL under new names", base: owner, head: sales.over(files{"amendments/0002.yaml": cel(2, renames, "spec.owner.team!='' && spec.tables.exists(t, t.name == 'sales')")}), verdict: review,
			differences: renamed, results: []string{"review compatibility/sales"}},
	})
}

func TestAdversaryMoves(t *testing.T) {
	base := in("products/shop", shop()).over(in("products/other", files{"spec.yaml": spec1("product: shop", "product: other"), "amendments/0001.yaml": shop()["amendments/0001.yaml"], "models/orders.sql": shopModel}))
	moved := files{}
	for name, text := range base {
		if rest, ok := strings.CutPrefix(name, "products/shop/"); ok {
			name = "archive/" + rest
			if rest == "models/orders.sql" {
				text = fewer
			}
		}
		moved[name] = text
	}
	all := files{}
	for name, text := range moved {
		all[strings.Replace(name, "products/other", "elsewhere", 1)] = text
	}
	for name, head := range map[string]files{"one of two": moved, "the last one too": all} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := verifyBelow(t, "products", base, head)
			judge(t, trial{verdict: fail, differences: []string{"rows_lost orders 1/10 undeclared"}, results: []string{"fail compatibility/version", "fail drift/1 rows_lost orders"}}, r)
			if len(r.Products) != 2 {
				t.Errorf("products %+v, want other and shop", r.Products)
			}
		})
	}
}

// verifyBelow verifies the products below a folder.
func verifyBelow(t *testing.T, under string, base, head files) *bot.Report {
	t.Helper()
	slots <- struct{}{}
	defer func() { <-slots }()
	v := verify.Verifier{Builder: &product.Builder{Cache: cache, AllowUnconfined: true, StatementTimeout: 20 * time.Second, Threads: 2}, Log: slog.New(slog.DiscardHandler), Now: time.Now, Version: "test"}
	tree := base.write(t, "base")
	r, err := v.Verify(t.Context(), verify.Input{Head: head.write(t, "head"), Under: under, Base: &tree, GuidelinesGiven: true})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestAdversaryDetails(t *testing.T) {
	typed := files{"product.yaml": "seeds: {raw: {types: {id: INTEGER}}}\n", "seeds/raw.csv": "id\n1\n"}
	intervals := func(kind, value string) files {
		return files{"spec.yaml": spec1(`"DECIMAL(10,2)"`, `"`+kind+`"`), "models/orders.sql": wrap("SELECT id, status, " + value + " AS amount FROM @"), "amendments/0001.yaml": bootstrap("ids", "SELECT * FROM orders WHERE id IS NULL")}
	}
	changed := []string{"values_changed orders.amount 10/10 undeclared"}
	drift := []string{"fail compatibility/version", "fail drift/1 values_changed orders.amount"}
	run(t, []trial{
		{name: "a hand edit beside a product.yaml awaits its amendment", base: typed, head: files{"spec.yaml": spec1("Its total.", "The total.")}, verdict: review,
			differences: []string{"meaning_changed orders.amount description undeclared"},
			results:     []string{"review ledger/declared/1", "review compatibility/version", "review drift/1 meaning_changed orders.amount"}},
		{name: "a hand edit and another product.yaml", base: typed, head: files{"spec.yaml": spec1("Its total.", "The total."), "product.yaml": "seeds: {raw: {types: {id: BIGINT}}}\n"}, verdict: fail,
			differences: []string{"meaning_changed orders.amount description undeclared"},
			results:     []string{"fail ledger/declared/1", "fail compatibility/version", "fail drift/1 meaning_changed orders.amount"}},
		{name: "another case under a collation", head: files{"models/orders.sql": wrap("SELECT id, upper(status) COLLATE nocase AS status, amount FROM @")}, verdict: fail,
			differences: []string{"values_changed orders.status 10/10 undeclared"},
			results:     []string{"fail compatibility/version", "fail drift/1 values_changed orders.status"}},
		{name: "another case under a collation, without a key", base: files{"spec.yaml": spec1("    key: [id]\n", "")}, head: files{"spec.yaml": spec1("    key: [id]\n", ""), "models/orders.sql": wrap("SELECT id, upper(status) COLLATE nocase AS status, amount FROM @ ORDER BY id DESC")}, verdict: fail,
			differences: []string{"values_changed orders.status 10/10 undeclared"},
			results:     []string{"fail compatibility/version", "fail drift/1 values_changed orders.status"}},
		{name: "intervals in lists", base: intervals("INTERVAL[]", "[INTERVAL 1 MONTH]"), head: files{"models/orders.sql": wrap("SELECT id, status, [INTERVAL 30 DAY] AS amount FROM @")}, verdict: fail, differences: changed, results: drift},
		{name: "intervals in structs in lists", base: intervals("STRUCT(a INTERVAL)[]", "[{'a': INTERVAL 1 DAY}]"), head: files{"models/orders.sql": wrap("SELECT id, status, [{'a': INTERVAL 24 HOUR}] AS amount FROM @")}, verdict: fail, differences: changed, results: drift},
		{name: "a prerelease is released", base: files{"spec.yaml": spec1("1.0.0", "2.0.0-rc1")}, head: files{"models/orders.sql": wrap("SELECT id, amount FROM @"), "spec.yaml": spec1("1.0.0", "2.0.0", statusColumn, ""), "amendments/0002.yaml": amend(2, "{drop_column: orders.status}")}, verdict: review,
			differences: []string{"column_removed orders.status breaking"}, results: []string{"review compatibility/orders"}},
		{name: "a prerelease of a minor release breaks nothing", base: files{"spec.yaml": spec1("1.0.0", "2.1.0-rc1")}, head: files{"models/orders.sql": wrap("SELECT id, amount FROM @"), "spec.yaml": spec1("1.0.0", "2.1.0", statusColumn, ""), "amendments/0002.yaml": amend(2, "{drop_column: orders.status}")}, verdict: fail,
			differences: []string{"column_removed orders.status breaking"}, results: []string{"review compatibility/orders", "fail compatibility/version"}},
		{name: "an amendment of the future does not move the clock", base: files{"amendments/0001.yaml": edit(bootstrap("the clock is near", "SELECT 1 WHERE year(now()) > 2090"), "{kind: bootstrap}", "{kind: bootstrap, at: 2099-01-01T00:00:00Z}")}, verdict: pass},
		{name: "a promised table that becomes a file", head: files{"models/orders.sql": gone, "seeds/orders.csv": ordersCSV(), "product.yaml": "seeds: {orders: {types: {id: INTEGER, amount: 'DECIMAL(10,2)'}}}\n"}, verdict: review,
			results: []string{"review compatibility/made/orders"}},
	})
}

// ordersCSV is what the shop's model makes.
func ordersCSV() string {
	out := "id,status,amount\n"
	for i := 1; i <= 10; i++ {
		status := "paid"
		if i%2 == 0 {
			status = "open"
		}
		out += fmt.Sprintf("%d,%s,%.2f\n", i, status, float64(i)*1.5)
	}
	return out
}

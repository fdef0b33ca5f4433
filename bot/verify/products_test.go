package verify_test

import (
	"strings"
	"testing"

	"github.com/codicil-dev/codicil/bot"
)

// in puts a product's files into a folder.
func in(folder string, f files) files {
	out := files{}
	for name, text := range f {
		out[folder+"/"+name] = text
	}
	return out
}

// without deletes all files below a folder.
func without(folder string, f files) files {
	out := files{}
	for name := range f {
		out[folder+"/"+name] = gone
	}
	return out
}

// sales is a product that reads the shop's orders.
func sales(constraint string) files {
	return files{
		"spec.yaml": "spec: 1\nproduct: sales\nversion: 1.0.0\nowner: {team: t}\npurpose: p\ninputs: [{product: shop, table: orders" + constraint + "}]\ntables:\n" +
			"  - name: totals\n    description: d\n    why: w\n    columns:\n      - {name: total, type: \"DECIMAL(38,2)\", description: d, why: w}\n",
		"amendments/0001.yaml": "id: 1\nrequirement: r\norigin: {kind: bootstrap}\nreading: r\nexpects: [{add_table: totals}]\nchecks:\n  - name: one row\n    sql: SELECT 1 WHERE (SELECT count(*) FROM totals) <> 1\nchange: c\n",
		"models/totals.sql":    "SELECT sum(amount) AS total FROM orders",
	}
}

func TestProducts(t *testing.T) {
	one := in("a", shop())
	both := one.over(in("b", sales("")))
	run(t, []trial{
		{name: "vanished", bare: true, base: both, head: without("b", sales("")), verdict: fail, results: []string{"fail build/vanished"}},
		{name: "renamed", bare: true, base: one, head: files{"a/spec.yaml": spec2("product: shop", "product: store")}, verdict: fail,
			results: []string{"fail build/vanished", "not_run compatibility/all", "not_run drift/all"}},
		{name: "moved", bare: true, base: one, head: without("a", shop()).over(files{}).over(in("z/y", shop())), verdict: pass, check: func(t *testing.T, r *bot.Report) {
			if r.Products[0].Path != "z/y" || r.Products[0].BaseVersion != "1.0.0" {
				t.Errorf("product %+v", r.Products[0])
			}
		}},
		{name: "moved and changed", bare: true, base: one, head: merge(without("a", shop()), in("z", shop().over(files{"models/orders.sql": fewer}))), verdict: fail,
			differences: []string{"rows_lost orders 1/10 undeclared"}, results: []string{"fail compatibility/version", "fail drift/1 rows_lost orders"}},
		{name: "new", bare: true, base: one, head: in("b", sales("")), verdict: pass, results: []string{"not_run compatibility/all", "not_run drift/all"}},
		{name: "one name twice", bare: true, base: one, head: in("b", shop()), verdict: fail, results: []string{"fail build/spec/1"}},
		{name: "a change upstream shows downstream", bare: true, base: both, head: files{"a/models/orders.sql": fewer}, verdict: fail,
			differences: []string{"rows_lost totals 1/1 undeclared", "rows_gained totals 1/1 undeclared", "rows_lost orders 1/10 undeclared"},
			results:     []string{"fail compatibility/version", "fail drift/1 rows_lost totals", "fail drift/2 rows_gained totals", "fail compatibility/version", "fail drift/1 rows_lost orders"}},
		{name: "a change upstream that does not show downstream", bare: true, base: both, head: files{"a/models/orders.sql": wrap("SELECT * FROM @ ORDER BY id DESC")}, verdict: pass},
		{name: "a version that is not met", bare: true, base: both, head: files{"b/spec.yaml": sales(", version: ^2.0")["spec.yaml"], "b/models/totals.sql": sales("")["models/totals.sql"] + "\n"}, verdict: fail,
			differences: []string{"meaning_changed inputs undeclared"},
			results: []string{"fail ledger/declared/1", "fail build/head/1", "not_run contract/all", "not_run requirements/all", "not_run tests/all", "not_run compatibility/all",
				"fail drift/1 meaning_changed sales"}},
		{name: "an input that is not there", bare: true, base: in("b", sales("")).over(in("a", shop())), head: without("a", shop()), verdict: fail,
			results: []string{"fail build/vanished", "fail build/head/1", "not_run contract/all", "not_run requirements/all", "not_run tests/all", "not_run compatibility/all", "not_run drift/all"}},
		{name: "products that read each other", bare: true, base: both, head: files{"a/spec.yaml": spec1("tables:\n", "inputs: [{product: sales, table: totals}]\ntables:\n")}, verdict: fail,
			differences: []string{"meaning_changed inputs undeclared"},
			results: []string{"fail build/head", "not_run contract/all", "not_run requirements/all", "not_run tests/all", "not_run compatibility/all", "not_run drift/all",
				"review ledger/declared/1", "fail build/head", "not_run contract/all", "not_run requirements/all", "not_run tests/all", "not_run compatibility/all", "review drift/1 meaning_changed shop"}},
		{name: "a base spec that can't be read", bare: true, base: merge(one, files{"a/spec.yaml": shopSpec + "nonsense: 1\n"}), head: files{"a/spec.yaml": shopSpec}, verdict: review,
			results: []string{"review ledger/untouched", "not_run compatibility/all", "not_run drift/all"}},
		{name: "a base spec that is no YAML, and the folder moved", bare: true, base: merge(one, files{"a/spec.yaml": "product: shop\n\t- : {"}), head: merge(without("a", shop()), in("z", shop())), verdict: review,
			results: []string{"review ledger/untouched", "not_run compatibility/all", "not_run drift/all"}},
		{name: "a base spec that does not tell its name", bare: true, base: merge(one, files{"a/spec.yaml": "\t- : {"}), head: files{"a/spec.yaml": shopSpec}, verdict: review,
			results: []string{"review ledger/untouched", "not_run compatibility/all", "not_run drift/all"}},
		{name: "a head spec that can't be read", bare: true, base: one, head: files{"a/spec.yaml": spec1("version: 1.0.0", "versoin: 1.0.0")}, verdict: fail, results: []string{"fail build/spec/1"},
			check: func(t *testing.T, r *bot.Report) {
				if res := find(t, r, "build/spec/1"); res.File != "a/spec.yaml" || res.Line != 3 || res.Product != "shop" {
					t.Errorf("result %+v, want a/spec.yaml:3 of shop", res)
				}
			}},
	})
}

// merge is files over others, deletions kept.
func merge(a, b files) files {
	out := files{}
	for _, f := range []files{a, b} {
		for name, text := range f {
			out[name] = text
		}
	}
	return out
}

// secret is a value that must never be shown.
const secret = "jane@example.com"

func TestClassifiedValuesAreNeverShown(t *testing.T) {
	email := "      - {name: email, type: VARCHAR, classification: pii, description: d, why: w}\n"
	withEmail := edit(wrap("SELECT *, 'SECRET' AS email FROM @"), "SECRET", secret)
	base := files{"spec.yaml": spec1(amountColumn, amountColumn+email), "models/orders.sql": withEmail}
	changed := edit(withEmail, "'"+secret+"'", "'new-"+secret+"'")
	checks := map[string]string{
		"by name":                "SELECT email FROM orders",
		"by a star":              "SELECT * FROM orders",
		"under another name":     "SELECT email AS x FROM orders",
		"in an expression":       "SELECT upper(email) || 'x' AS id FROM orders",
		"through a subquery":     "SELECT x FROM (SELECT email AS x FROM orders)",
		"by position":            "SELECT #4 AS id FROM orders",
		"by a list of aliases":   "SELECT d AS id FROM orders AS o(a, b, c, d)",
		"by an aliased table":    "SELECT * FROM (SELECT * FROM orders) AS o(a, b, id, status)",
		"as a row":               "SELECT o AS id FROM orders o",
		"as JSON":                "SELECT to_json(orders) AS id FROM orders",
		"by a union":             "SELECT 1 AS id, 'x' AS status, 1 AS amount, 'y' AS note UNION ALL SELECT * FROM orders",
		"by columns":             "SELECT COLUMNS('e(m)ail') AS '\\\\1' FROM orders",
		"by a renamed star":      "SELECT * RENAME (email AS status2) FROM orders",
		"by a table expression":  "WITH o(a, b, c, id) AS (SELECT * FROM orders) SELECT id FROM o",
		"through staging":        "SELECT e FROM stg",
		"by a star over staging": "SELECT * FROM stg",
		"in an error":            "SELECT error(email) FROM orders",
		"in a failed cast":       "SELECT CAST(email AS INTEGER) FROM orders",
		"in a failed regexp":     "SELECT regexp_matches('x', '(' || email) FROM orders",
	}
	for name, sql := range checks {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			head := shop().over(base).over(files{"models/orders.sql": changed, "models/stg.sql": "SELECT id AS n, email AS e FROM orders",
				"tests/leak.sql":       sql,
				"amendments/0002.yaml": "id: 2\nrequirement: r\norigin: {kind: issue}\nreading: r\nexpects: []\nchecks:\n  - name: leak\n    sql: |\n      " + sql + "\nchange: c\n"})
			r := verifyTrees(t, shop().over(base), head, trial{})
			if find(t, r, "requirements/2/leak").Status != bot.Fail {
				t.Error("the check did not fail, so nothing was tried")
			}
			if text := everything(r); strings.Contains(text, secret) || strings.Contains(text, strings.ToUpper(secret)) {
				t.Errorf("%s is shown:\n%s", secret, text)
			}
		})
	}
	t.Run("other values are shown", func(t *testing.T) {
		t.Parallel()
		for _, sql := range []string{"SELECT id, status FROM orders WHERE email IS NOT NULL OR true", "SELECT id AS n, amount * 2 AS double FROM orders WHERE amount > 14"} {
			head := shop().over(base).over(files{"amendments/0002.yaml": amend(2, "", "look: "+sql)})
			r := verifyTrees(t, shop().over(base), head, trial{})
			named := strings.Contains(sql, "email")
			if got := *find(t, r, "requirements/2/look").Sample.Rows[0][0]; (got == "•••") != named {
				t.Errorf("%s shows %s", sql, got)
			}
		}
	})
	t.Run("classified at the base only", func(t *testing.T) {
		t.Parallel()
		head := shop().over(base).over(files{"models/orders.sql": changed, "spec.yaml": strings.Replace(base["spec.yaml"], "classification: pii, ", "", 1)})
		if text := everything(verifyTrees(t, shop().over(base), head, trial{})); strings.Contains(text, secret) {
			t.Errorf("%s is shown:\n%s", secret, text)
		}
	})
	t.Run("in a seed under another name", func(t *testing.T) {
		t.Parallel()
		seeded := files{"spec.yaml": base["spec.yaml"], "seeds/raw.csv": "n,mail\n1," + secret + "\n2,x@y.z\n", "models/orders.sql": "SELECT CAST(n AS INTEGER) AS id, 'open' AS status, CAST(1 AS DECIMAL(10,2)) AS amount, mail AS email FROM raw"}
		head := shop().over(seeded).over(files{"seeds/raw.csv": "n,mail\n1,other-" + secret + "\n2,x@y.z\n"})
		if text := everything(verifyTrees(t, shop().over(seeded), head, trial{})); strings.Contains(text, secret) {
			t.Errorf("%s is shown:\n%s", secret, text)
		}
	})
	t.Run("in a model that fails", func(t *testing.T) {
		t.Parallel()
		for _, broken := range []string{"CAST(email AS INTEGER)", "error(email)", "strptime(email, '%Y')"} {
			head := shop().over(base).over(files{"models/staged.sql": withEmail, "models/orders.sql": "SELECT * REPLACE (" + broken + " AS email) FROM staged"})
			if text := everything(verifyTrees(t, shop().over(base), head, trial{})); strings.Contains(text, secret) {
				t.Errorf("%s is shown:\n%s", secret, text)
			}
		}
	})
}

// everything is all text of a report.
func everything(r *bot.Report) string {
	var b strings.Builder
	show := func(v *string) {
		if v != nil {
			b.WriteString(*v + "\n")
		}
	}
	for _, res := range r.Results {
		b.WriteString(res.ID + ": " + res.Message + " " + res.Proof + "\n")
		if res.Sample != nil {
			for _, row := range res.Sample.Rows {
				for _, v := range row {
					show(v)
				}
			}
		}
	}
	for _, d := range r.Differences {
		b.WriteString(d.Message + " " + d.Old + " " + d.New + "\n")
		for _, e := range d.Examples {
			show(e.Old)
			show(e.New)
			for _, c := range e.Key {
				show(c.Value)
			}
		}
	}
	return b.String()
}

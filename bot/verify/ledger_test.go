package verify_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/guideline"
	"github.com/codicil-dev/codicil/bot/product"
	"github.com/codicil-dev/codicil/bot/spec"
	"github.com/codicil-dev/codicil/bot/verify"
)

// second is an amendment that adds items, pending or not, with the files that implement it.
func second(change string) string {
	return amend(2, "{add_column: orders.items}", "items are counted: SELECT * FROM orders WHERE items IS NULL", "!change: "+change)
}

// items are the files that implement second.
var items = files{"models/orders.sql": wrap(itemsModel), "spec.yaml": spec11(amountColumn, amountColumn+itemsColumn)}

func TestLedger(t *testing.T) {
	first := shop()["amendments/0001.yaml"]
	edited := spec1("Its total.", "What it came to.", "1.0.0", "1.0.1")
	two := files{"amendments/0002.yaml": amend(2, "", "ids are positive: SELECT * FROM orders WHERE id <= 0")}
	run(t, []trial{
		{name: "an earlier check weakened", head: files{"amendments/0001.yaml": edit(first, "amount <= 0", "amount <= -100")}, verdict: fail, results: []string{"fail ledger/untouched/1"}},
		{name: "an earlier check deleted", head: files{"amendments/0001.yaml": edit(first, "  - name: amounts are positive\n    sql: SELECT * FROM orders WHERE amount <= 0\n", "", "checks:\n", "checks: []\n")}, verdict: fail,
			results: []string{"fail ledger/untouched/1", "review requirements/none"}},
		{name: "only a comment in an earlier amendment", head: files{"amendments/0001.yaml": first + "# as it was\n"}, verdict: fail, results: []string{"fail ledger/untouched/1"}},
		{name: "an earlier amendment deleted", base: two, head: files{"amendments/0002.yaml": gone}, verdict: fail, results: []string{"fail ledger/untouched/2"}},
		{name: "the whole ledger deleted", head: files{"amendments/0001.yaml": gone}, verdict: fail, results: []string{"fail ledger/untouched/1", "review ledger/result", "review requirements/none"}},
		{name: "an amendment under another file name", base: two, head: files{"amendments/0002.yaml": gone, "amendments/two.yaml": two["amendments/0002.yaml"]}, verdict: fail, results: []string{"fail build/spec/1"}},
		{name: "a gap in the ledger", head: files{"amendments/0003.yaml": amend(3, "")}, verdict: fail, results: []string{"fail build/spec/1"}},
		{name: "an id used twice", head: files{"amendments/0002.yaml": edit(amend(2, ""), "id: 2", "id: 1")}, verdict: fail, results: []string{"fail build/spec/1"}},
		{name: "a new amendment", head: two, verdict: pass},
		{name: "a stale base", head: files{"amendments/0002.yaml": amend(2, "", "!base: sha256:"+strings.Repeat("0", 64))}, verdict: fail, results: []string{"fail ledger/base/2"}},
		{name: "a fitting base", head: files{"amendments/0002.yaml": amend(2, "", "!base: "+fingerprint(t, shopSpec, 1))}, verdict: pass},
		{name: "a hand edit's amendment, with the spec before the edit as base", head: files{"spec.yaml": edited,
			"amendments/0002.yaml": edit(amend(2, "{change_meaning: {on: orders.amount, field: description}}", "!base: "+fingerprint(t, edited, 1)), "kind: issue", "kind: spec")},
			verdict: pass, differences: []string{"meaning_changed orders.amount description"}},
		{name: "the same with the edited spec as base", base: files{"spec.yaml": edited}, head: files{
			"amendments/0002.yaml": edit(amend(2, "{change_meaning: {on: orders.amount, field: description}}", "!base: "+fingerprint(t, edited, 1)), "kind: issue", "kind: spec")}, verdict: pass},
		{name: "another origin with that base", head: files{"spec.yaml": edited,
			"amendments/0002.yaml": amend(2, "{change_meaning: {on: orders.amount, field: description}}", "!base: "+fingerprint(t, edited, 1))},
			verdict: fail, differences: []string{"meaning_changed orders.amount description"}, results: []string{"fail ledger/base/2"}},
		{name: "superseded without restatement", head: files{"amendments/0002.yaml": amend(2, "", "!supersedes: [{amendment: 1, because: refunds are negative}]")}, verdict: review,
			results: []string{"review requirements/none", "review requirements/1/amounts are positive/retired"}},
		{name: "superseded and restated", head: files{"amendments/0002.yaml": amend(2, "", "!supersedes: [{amendment: 1, because: refunds are negative}]", "amounts are above zero: select *  from Orders /* all */ where AMOUNT <= 0")}, verdict: pass},
		{name: "superseded and restated in other words", head: files{"amendments/0002.yaml": amend(2, "", "!supersedes: [{amendment: 1, because: refunds are negative}]", "amounts are not zero: SELECT * FROM orders WHERE amount = 0")}, verdict: review,
			results: []string{"review requirements/1/amounts are positive/retired"}},
		{name: "superseded by a check of something else", head: files{"amendments/0002.yaml": amend(2, "", "!supersedes: [{amendment: 1, because: refunds are negative}]", "there are ids: SELECT * FROM orders WHERE id IS NULL")}, verdict: review,
			results: []string{"review requirements/1/amounts are positive/retired"}},
		{name: "retired for the future", head: files{"amendments/0002.yaml": amend(2, "", "!supersedes: [{amendment: 3, because: whatever}]"), "amendments/0003.yaml": amend(3, "", "never: SELECT 1")}, verdict: fail,
			results: []string{"fail requirements/3/never"}},
		{name: "spec and ledger with no base", head: files{}, verdict: pass},
	})
}

// fingerprint is what an amendment after those ids is written against.
func fingerprint(t *testing.T, text string, ids ...int) string {
	t.Helper()
	s, _, problems := spec.ParseSpec("spec.yaml", []byte(text))
	if err := problems.Err(); err != nil {
		t.Fatal(err)
	}
	return spec.Fingerprint(s, ids)
}

func TestPending(t *testing.T) {
	pending := files{"amendments/0002.yaml": second("<tbd>"), "spec.yaml": edit(items["spec.yaml"], "1.1.0", "1.0.0")}
	run(t, []trial{
		{name: "asked for", head: pending, verdict: review,
			results: []string{"review ledger/pending/2", "review contract/orders/items/exists", "review requirements/2/items are counted"}},
		{name: "implemented by a later change", base: pending, head: items.over(files{"amendments/0002.yaml": second("Counted them.")}), verdict: pass,
			differences: []string{"column_added orders.items"}},
		{name: "implemented in one go", head: items.over(files{"amendments/0002.yaml": second("Counted them.")}), verdict: pass, differences: []string{"column_added orders.items"}},
		{name: "implemented and still open", base: pending, head: items, verdict: review,
			differences: []string{"column_added orders.items"}, results: []string{"review ledger/pending/2"}},
		{name: "expects edited while the change is filled in", base: pending, head: files{"models/orders.sql": wrap("SELECT * EXCLUDE (status), CAST(id % 3 AS INTEGER) AS items FROM @"),
			"amendments/0002.yaml": edit(second("Counted them."), "expects: [", "expects: [{drop_column: orders.status}, "), "spec.yaml": edit(items["spec.yaml"], "1.1.0", "2.0.0", statusColumn, "")}, verdict: fail,
			differences: []string{"column_removed orders.status breaking", "column_added orders.items"}, results: []string{"fail ledger/untouched/2", "review compatibility/orders"}},
		{name: "an implemented amendment does not permit anything again", base: files{"amendments/0002.yaml": amend(2, "{drop_rows: {table: orders, where: id = 3}}", "some: SELECT 1 WHERE false")},
			head: files{"models/orders.sql": fewer, "spec.yaml": spec11()}, verdict: fail,
			differences: []string{"rows_lost orders 1/10 undeclared"}, results: []string{"fail drift/1 rows_lost orders"}},
	})
}

func TestProof(t *testing.T) {
	with := func(checks ...string) files {
		return items.over(files{"amendments/0002.yaml": amend(2, "{add_column: orders.items}", checks...)})
	}
	added := []string{"column_added orders.items"}
	run(t, []trial{
		{name: "red on a NULL column", head: with("counted: SELECT * FROM orders WHERE items IS NULL"), verdict: pass, differences: added, check: func(t *testing.T, r *bot.Report) {
			if got := find(t, r, "requirements/2/counted").Proof; got != "failed before" {
				t.Errorf("proof %q", got)
			}
		}},
		{name: "held before", head: with("counted: SELECT * FROM orders WHERE items < 0"), verdict: fail, differences: added, results: []string{"fail requirements/2/proof"}},
		{name: "only errs at the base", head: with("counted: SELECT * FROM orders WHERE items IS NULL OR nothing.x > 1"), verdict: fail, differences: added,
			results: []string{"fail requirements/2/counted", "fail requirements/2/proof"}},
		{name: "errs at the base alone", base: files{"models/stg.sql": "SELECT 1 AS a"}, head: with("counted: SELECT * FROM orders, stg WHERE items IS NULL AND b > 0").over(files{"models/stg.sql": "SELECT 1 AS a, 2 AS b"}), verdict: fail, differences: added,
			results: []string{"fail requirements/2/proof"}},
		{name: "one of two proves", head: with("counted: SELECT * FROM orders WHERE items IS NULL", "not negative: SELECT * FROM orders WHERE items < 0"), verdict: pass, differences: added},
		{name: "no check", head: with(), verdict: fail, differences: added, results: []string{"fail requirements/2/proof"}},
		{name: "an expression over the spec proves nothing of rows", head: items.over(files{"amendments/0002.yaml": edit(second("Done."), "sql: SELECT * FROM orders WHERE items IS NULL", "cel: version != '1.0.0'")}), verdict: fail, differences: added,
			results: []string{"fail requirements/2/proof"}},
		{name: "bootstrap is no way round", head: items.over(files{"amendments/0002.yaml": edit(amend(2, "{add_column: orders.items}"), "kind: issue", "kind: bootstrap")}), verdict: fail, differences: added,
			results: []string{"fail requirements/2/proof"}},
		{name: "an internal table is published", base: files{"models/notes.sql": "SELECT 'x' AS note"}, head: files{"spec.yaml": spec11(amountColumn, amountColumn+notes),
			"amendments/0002.yaml": amend(2, "{add_table: notes}", "there are notes: SELECT 1 WHERE NOT EXISTS (SELECT * FROM notes)")}, verdict: pass, differences: []string{"table_added notes"}},
		{name: "a column that nothing promised is promised", base: files{"models/orders.sql": items["models/orders.sql"]}, head: files{"spec.yaml": edit(items["spec.yaml"], "1.1.0", "1.0.0"), "amendments/0002.yaml": second("Done.")}, verdict: pass},
		{name: "drops need none", head: files{"models/orders.sql": wrap("SELECT id, amount FROM @"), "spec.yaml": spec2(statusColumn, ""), "amendments/0002.yaml": amend(2, "{drop_column: orders.status}")}, verdict: review,
			differences: []string{"column_removed orders.status breaking"}, results: []string{"review compatibility/orders"}},
		{name: "a check of an earlier amendment fails", head: files{"models/orders.sql": wrap("SELECT id, status, CAST(amount - 3 AS DECIMAL(10,2)) AS amount FROM @"), "spec.yaml": spec2(),
			"amendments/0002.yaml": amend(2, "{change_values: {column: orders.amount}}", "less: SELECT * FROM orders WHERE amount <> id * 1.5 - 3")}, verdict: fail,
			differences: []string{"values_changed orders.amount 10/10 unbounded"}, results: []string{"fail requirements/1/amounts are positive", "review compatibility/orders", "review drift/1 values_changed orders.amount"}},
	})
}

func TestOwnTests(t *testing.T) {
	base := files{"tests/positive.sql": "SELECT * FROM orders WHERE amount <= 0"}
	declared := files{"amendments/0002.yaml": amend(2, "{change_test: {test: tests/positive.sql, because: refunds}}")}
	run(t, []trial{
		{name: "holds", base: base, verdict: pass},
		{name: "fails", base: base, head: files{"models/orders.sql": wrap("SELECT id, status, CAST(amount - 3 AS DECIMAL(10,2)) AS amount FROM @")}, verdict: fail,
			differences: []string{"values_changed orders.amount 10/10 undeclared"},
			results:     []string{"fail requirements/1/amounts are positive", "fail tests/positive", "fail compatibility/version", "fail drift/1 values_changed orders.amount"}},
		{name: "deleted", base: base, head: files{"tests/positive.sql": gone}, verdict: fail, differences: []string{"test_removed undeclared"}, results: []string{"fail drift/1 test_removed tests/positive.sql"}},
		{name: "deleted, declared", base: base, head: files{"tests/positive.sql": gone, "amendments/0002.yaml": declared["amendments/0002.yaml"]}, verdict: pass, differences: []string{"test_removed"}},
		{name: "weakened", base: base, head: files{"tests/positive.sql": "SELECT * FROM orders WHERE amount < -5"}, verdict: fail, differences: []string{"test_changed undeclared"}, results: []string{"fail drift/1 test_changed tests/positive.sql"}},
		{name: "weakened, declared", base: base, head: declared.over(files{"tests/positive.sql": "SELECT * FROM orders WHERE amount < -5"}), verdict: pass, differences: []string{"test_changed"}},
		{name: "weakened so that it hides a failure", base: base, head: files{"tests/positive.sql": "SELECT 1 WHERE false", "models/orders.sql": wrap("SELECT id, status, CAST(amount - 3 AS DECIMAL(10,2)) AS amount FROM @")}, verdict: fail,
			differences: []string{"test_changed undeclared", "values_changed orders.amount 10/10 undeclared"},
			results: []string{"fail requirements/1/amounts are positive", "fail tests/positive at the base", "fail compatibility/version",
				"fail drift/1 test_changed tests/positive.sql", "fail drift/2 values_changed orders.amount"}},
		{name: "moved", base: base, head: files{"tests/positive.sql": gone, "tests/more/positive.sql": base["tests/positive.sql"]}, verdict: fail, differences: []string{"test_removed undeclared"}, results: []string{"fail drift/1 test_removed tests/positive.sql"}},
		{name: "new", head: base, verdict: pass},
		{name: "can't be run", base: base, head: files{"tests/new.sql": "DELETE FROM orders"}, verdict: fail, results: []string{"fail tests/new"}},
	})
}

func TestGuidelines(t *testing.T) {
	g := func(sql string) []guideline.Guideline {
		return []guideline.Guideline{{ID: "money", Title: "Money is counted", AppliesTo: "'finance' in tags", Checks: []spec.Check{{Name: "amounts are there", SQL: sql}}, File: "money.md"}}
	}
	const holds, broken = "SELECT * FROM orders WHERE amount IS NULL", "SELECT * FROM orders WHERE amount > 14"
	untagged := files{"spec.yaml": spec1("tags: [finance]\n", "", "1.0.0", "1.0.1"), "amendments/0002.yaml": amend(2, "{change_meaning: {on: product, field: tags}}")}
	run(t, []trial{
		{name: "holds", guidelines: g(holds), verdict: pass},
		{name: "fails", guidelines: g(broken), verdict: fail, results: []string{"fail guidelines/money/amounts are there"}},
		{name: "escaped by deleting the tag", guidelines: g(broken), head: untagged, verdict: fail, differences: []string{"meaning_changed tags"}, results: []string{"fail guidelines/money/amounts are there"}},
		{name: "the tag deleted, and it holds", guidelines: g(holds), head: untagged, verdict: pass, differences: []string{"meaning_changed tags"}},
		{name: "never applied", guidelines: g(broken), base: files{"spec.yaml": spec1("tags: [finance]\n", "")}, verdict: pass},
		{name: "without checks", guidelines: []guideline.Guideline{{ID: "prose", Title: "Be kind", AppliesTo: "true"}}, verdict: review, results: []string{"review guidelines/prose/none"}},
		{name: "not given", notGiven: true, verdict: pass, results: []string{"not_run guidelines/all"}},
	})
}

func TestHandEditIsDrafted(t *testing.T) {
	t.Parallel()
	edits := map[string]string{
		"unit and owner": spec2("unit: USD", "unit: EUR", "team: commerce", "team: finance"),
		"key":            spec2("key: [id]", "key: [id, status]"),
		"no key":         spec2("    key: [id]\n", ""),
		"nullable":       spec11("unit: USD,", "unit: USD, nullable: false,"),
		"values":         spec11("name: status, type: VARCHAR,", "name: status, type: VARCHAR, values: [open, paid],"),
	}
	for name, text := range edits {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			head := shop().over(files{"spec.yaml": text})
			r := verifyTrees(t, shop(), head, trial{})
			if r.Verdict != review {
				t.Errorf("verdict %s, want review: %v", r.Verdict, notPassed(r))
			}
			a, ok := verify.Draft(load(t, shop()), load(t, head), r, time.Now(), "jane")
			if !ok {
				t.Fatal("nothing to declare")
			}
			data, err := spec.MarshalAmendment(a)
			if err != nil {
				t.Fatal(err)
			}
			unfilled := verifyTrees(t, shop(), head.over(files{"amendments/0002.yaml": string(data)}), trial{})
			if unfilled.Verdict != fail {
				t.Errorf("verdict %s for a draft that nobody filled in, want fail", unfilled.Verdict)
			}
			data = filledIn(data)
			after := verifyTrees(t, shop(), head.over(files{"amendments/0002.yaml": string(data)}), trial{})
			for _, d := range after.Differences {
				if !d.Declared {
					t.Errorf("undeclared after the draft: %s\n%s", d.Message, data)
				}
			}
			if after.Verdict == fail {
				t.Errorf("verdict %s: %v\n%s", after.Verdict, notPassed(after), data)
			}
		})
	}
}

// filledIn is a draft after a person has written what it leaves open.
func filledIn(draft []byte) []byte {
	for _, placeholder := range []string{verify.SayRequirement, verify.SayReading, verify.SayChange} {
		draft = bytes.ReplaceAll(draft, []byte(placeholder), []byte("As the owner said."))
	}
	return draft
}

func TestDraftOfEverythingObserved(t *testing.T) {
	t.Parallel()
	head := shop().over(files{"models/orders.sql": wrap("SELECT id, upper(status) AS state, amount::DECIMAL(12,2) AS amount, 1 AS items FROM @ WHERE id <> 2"),
		"spec.yaml": spec2("name: status", "name: state", "DECIMAL(10,2)", "DECIMAL(12,2)", "why: Revenue.}\n", "why: Revenue.}\n"+itemsColumn)})
	r := verifyTrees(t, shop(), head, trial{})
	a, ok := verify.Draft(load(t, shop()), load(t, head), r, time.Now(), "jane")
	if !ok {
		t.Fatal("nothing to declare")
	}
	a.Checks = []spec.Check{{Name: "items are there", SQL: "SELECT * FROM orders WHERE items IS NULL"}}
	data, err := spec.MarshalAmendment(a)
	if err != nil {
		t.Fatal(err)
	}
	after := verifyTrees(t, shop(), head.over(files{"amendments/0002.yaml": string(filledIn(data))}), trial{})
	if after.Verdict != review {
		t.Errorf("verdict %s, want review since rows are unbounded: %v\n%s", after.Verdict, notPassed(after), data)
	}
}

// load reads the product of a tree.
func load(t *testing.T, f files) *product.Product {
	t.Helper()
	p, problems := product.Load(f.write(t, "tree"), ".")
	if err := problems.Err(); err != nil {
		t.Fatal(err)
	}
	return p
}

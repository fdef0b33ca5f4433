package weak_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/codicil-dev/codicil/bot/engine"
	"github.com/codicil-dev/codicil/bot/evidence"
	"github.com/codicil-dev/codicil/bot/product"
	"github.com/codicil-dev/codicil/bot/spec"
	"github.com/codicil-dev/codicil/bot/weak"
)

var (
	clock   = time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC)
	builder *product.Builder
)

func TestMain(m *testing.M) {
	cache, err := product.OpenCache("")
	if err != nil {
		panic(err)
	}
	builder = &product.Builder{Cache: cache, Threads: 1, Memory: 256 << 20}
	code := m.Run()
	_ = cache.Close()
	os.Exit(code)
}

func looker() *weak.Looker {
	return &weak.Looker{Options: builder.Options, Now: func() time.Time { return clock }}
}

// subjects are the products of a tree with their builds.
func subjects(t *testing.T, root string) map[string]weak.Subject {
	t.Helper()
	root, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	tree := product.Tree{Root: root, Label: "test"}
	dirs, err := product.Find(tree, ".")
	if err != nil {
		t.Fatal(err)
	}
	var all []*product.Product
	for _, dir := range dirs {
		p, problems := product.Load(tree, dir)
		if p == nil || problems.Err() != nil {
			t.Fatalf("load %s: %v", dir, problems)
		}
		all = append(all, p)
	}
	side := product.NewSide(builder, all, nil, clock)
	out := map[string]weak.Subject{}
	for _, p := range all {
		b, err := side.Build(t.Context(), p.Name(), product.Own)
		if err != nil || !b.OK() {
			t.Fatal(p.Name(), err, b.Problems)
		}
		out[p.Name()] = weak.Subject{Document: p.Document, Build: b}
	}
	return out
}

// TestExamples holds that none of the examples' many checks, which all can fail, is taken for a weak one.
func TestExamples(t *testing.T) {
	checks := 0
	for name, s := range subjects(t, "../../deploy/examples") {
		start := time.Now()
		r, err := looker().Report(t.Context(), s)
		if err != nil || len(r.Findings) != 0 || len(r.NotAsked) != 0 {
			t.Errorf("%s: %v %+v", name, err, r)
		}
		checks += len(s.Document.Ledger.Active())
		t.Log(name, len(s.Document.Ledger.Active()), "checks in", time.Since(start))
	}
	if checks < 50 {
		t.Errorf("only %d checks were looked at", checks)
	}
}

const shop = `spec: 1
product: shop
version: 1.0.0
owner: {team: shop, contact: shop@example.com}
purpose: Serves a test.
tags: [sales]
inputs: [{product: people, table: customers}]
tables:
  - name: orders
    description: An order.
    why: Revenue starts here.
    key: [order_id]
    columns:
      - {name: order_id, type: INTEGER, description: Its number., why: It names it.}
      - {name: buyer, type: VARCHAR, description: Who bought., why: To bill them.}
      - {name: amount, type: "DECIMAL(10,2)", unit: USD, description: What it came to., why: To bill it.}
      - {name: discount, type: INTEGER, description: What was taken off., why: To explain it.}
      - {name: placed_on, type: DATE, description: When., why: To date it.}
      - {name: parts, type: "VARCHAR[]", description: Of what., why: To pack it.}
`

// check is a product with one check in its first amendment.
func check(kind, text string) map[string]string {
	quoted := fmt.Sprintf("%q", text)
	return map[string]string{
		"people/spec.yaml":           strings.NewReplacer("product: shop", "product: people", "inputs: [{product: people, table: customers}]\n", "").Replace(shop[:strings.Index(shop, "tables:")]) + "tables:\n  - name: customers\n    description: A customer.\n    why: They buy.\n    key: [customer]\n    columns:\n      - {name: customer, type: VARCHAR, description: The name., why: It names them.}\n",
		"people/seeds/customers.csv": "customer\nann\nbob\n",
		"shop/spec.yaml":             shop,
		"shop/seeds/lines.csv":       "order_id,buyer,amount,placed_on\n1,ann,5.50,2026-01-01\n2,bob,7.00,2026-01-02\n3,ann,1.25,2026-01-03\n",
		"shop/models/refunds.sql":    "select order_id, amount from orders where false\n",
		"shop/models/orders.sql":     "select order_id::integer as order_id, buyer, amount::decimal(10,2) as amount, null::integer as discount, placed_on::date as placed_on, ['a'] as parts from lines\n",
		"shop/models/marts.days.sql": "select placed_on, sum(amount) as amount from orders group by placed_on\n",
		"shop/amendments/0001.yaml":  "id: 1\nrequirement: We need it.\norigin: {kind: bootstrap}\nreading: So.\nexpects: [{add_table: orders}]\nchecks:\n  - name: the check\n    " + kind + ": " + quoted + "\nchange: Made it.\n",
		"shop/amendments/0002.yaml":  "id: 2\nrequirement: Buyer it is.\norigin: {kind: bootstrap}\nreading: So.\nexpects: [{rename_column: {from: sales.client, to: sales.buyer}}]\nchecks: []\nchange: Renamed it.\n",
		"shop/amendments/0003.yaml":  "id: 3\nrequirement: Orders they are.\norigin: {kind: bootstrap}\nreading: So.\nexpects: [{rename_table: {from: sales, to: orders}}]\nchecks: []\nchange: Renamed it.\n",
	}
}

// write writes files to a folder.
func write(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		full := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func TestSQL(t *testing.T) {
	var names []string
	var checks []spec.Check
	want := map[string]string{}
	for _, c := range []struct{ name, sql, want string }{
		{"alive", "select * from orders where amount < 0", ""},
		{"alive by a join", "select * from orders left join customers on buyer = customer where customer is null", ""},
		{"alive by what is missing", "select 1 where not exists (select 1 from orders)", ""},
		{"alive by a key", "select order_id from orders group by order_id having count(*) > 1", ""},
		{"alive by a sum", "select sum(amount) as s from orders having sum(amount) < 0", ""},
		{"alive by a name", "select * from orders where buyer = 'nobody'", ""},
		{"alive by two values at once", "select * from orders where buyer = 'nobody' and amount = 12.34", ""},
		{"alive by a pattern", "select * from orders where buyer like 'test-%'", ""},
		{"alive by a date", "select * from orders where placed_on = date '2026-12-25'", ""},
		{"alive in a schema", "select * from marts.days where amount < 0", ""},
		{"alive by two tables", "select * from marts.days d join orders o using (placed_on) where d.amount < o.amount", ""},
		{"alive under earlier names", "select client from sales where client = 'nobody'", ""},
		{"not to be guessed", "select * from orders where regexp_matches(buyer, '^[0-9]{8}$')", ""},
		{"not to be guessed in a list", "select * from orders where parts[1] = 'z'", ""},
		{"alive by the clock", "select * from orders where current_date > date '2030-01-01'", ""},
		{"a reminder", "select 1 where current_date > date '2030-01-01'", ""},
		{"random", "select * from orders where random() > 2", ""},
		{"fails as it is", "select * from orders", ""},
		{"fails on nothing", "select 1", ""},
		{"of DuckDB itself", "select * from duckdb_settings() where name = 'nothing'", ""},
		{"of its catalog", "select * from information_schema.tables where table_name = 'x'", ""},
		{"qualified by a product", "select * from people.customers where customer = ''", ""},
		{"reads a file", "select * from 'x.csv'", "gone x.csv"},
		{"two statements", "select 1; select 2", ""},
		{"not SQL", "selec", ""},
		{"wants a table to stay empty", "select * from refunds", ""},
		{"wants a column to stay empty", "select * from orders where discount is not null", ""},

		{"no table", "select 1 where 1 = 2", "constant"},
		{"values only", "select * from (values (1), (2)) v(x) where x > 2", "constant"},
		{"false", "select * from orders where false", "contradiction"},
		{"never equal", "select * from orders where order_id = 1 and order_id = 2", "contradiction"},
		{"no number", "select * from orders where amount > 10 and amount < 5", "contradiction"},
		{"between", "select * from orders where order_id between 9 and 3", "contradiction"},
		{"no limit", "select * from orders where amount < 0 limit 0", "contradiction"},
		{"in an empty set", "select * from orders where order_id in (select order_id from orders where 1 = 0)", "contradiction"},
		{"under earlier names, false", "select client from sales where false", "contradiction"},
		{"no such table", "select * from parcels where weight < 0", "gone parcels"},
		{"no such schema", "select * from raw.orders", "gone raw.orders"},
		{"no such column", "select * from orders where tip < 0", "gone"},
		{"an empty table", "select * from refunds where amount < 0", "empty refunds"},
		{"an empty table joined", "select * from refunds r join orders o using (order_id) where r.amount > o.amount", "empty refunds"},
		{"an empty column", "select * from orders where discount > 100", "empty orders.discount"},
		{"an empty column under earlier names", "select * from sales where discount > 100", "empty sales.discount"},
		{"itself", "select * from orders where order_id <> order_id", "unbreakable"},
		{"null and more", "select * from orders where amount is null and amount > 3", "unbreakable"},
		{"fewer than none", "select buyer, count(*) as n from orders group by buyer having count(*) < 0", "unbreakable"},
		{"shorter than none", "select * from orders where length(buyer) < 0", "unbreakable"},
		{"equal to null", "select * from orders where amount = null", "contradiction"},
	} {
		names = append(names, c.name)
		want[c.name] = c.want
		checks = append(checks, spec.Check{Name: c.name, SQL: c.sql})
	}
	s := subjects(t, write(t, check("sql", "select 1 where false")))["shop"]
	s.Document.Ledger.Entries[0].Amendment.Checks = checks
	found, unsure, err := looker().Look(t.Context(), s)
	if err != nil || len(unsure) != 0 {
		t.Error(unsure, err)
	}
	got := map[string]weak.Check{}
	for _, x := range found {
		if _, twice := got[x.Name]; twice || x.Amendment != 1 || x.Why == "" || !strings.HasSuffix(x.File, "amendments/0001.yaml") {
			t.Errorf("%+v", x)
		}
		got[x.Name] = x
	}
	for _, name := range names {
		if is := strings.TrimSpace(string(got[name].Kind) + " " + got[name].On); is != want[name] {
			t.Errorf("%s: %q, want %q: %s", name, is, want[name], got[name].Why)
		}
	}
}

func TestCEL(t *testing.T) {
	s := subjects(t, write(t, check("cel", "true")))["shop"]
	checks := &s.Document.Ledger.Entries[0].Amendment.Checks
	for text, want := range map[string]string{
		"true": "constant", "1 < 2 || owner.team == 'x'": "constant", "owner.contact != ''": "", "tables.all(t, size(t.key) > 0)": "", "size(tables) < 50": "", "'sales' in tags": "",
		"!('pii' in tags)": "", "tables.all(t, t.columns.all(c, c.type != 'FLOAT'))": "", "tables.all(t, t.columns.all(c, c.type != 'TIMESTAMP' || c.unit != ''))": "",
		"tables.all(t, t.columns.all(c, !c.name.matches('^tmp_')))": "", "tables.exists(t, t.name == 'orders')": "", "tables.all(t, t.columns.all(c, c.type != 'TIMESTAMP' || c.name != 'tmp'))": "", "product == 'shop'": "", "false": "", "product != 'shop'": "",
		"tables.all(t, t.columns.all(c, !c.name.startsWith('tmp_')))": "", "spec.tables.all(t, t.deprecated == '')": "", "size(tables) >= 0": "unbreakable", "tables.all(t, true)": "unbreakable",
		"tables.all(t, t.name == t.name)": "unbreakable", "inputs.all(i, i.product != 'people' || i.table == 'customers')": "", "version != '0.0.0'": "",
	} {
		t.Run(text, func(t *testing.T) {
			*checks = []spec.Check{{Name: "the check", CEL: text}}
			found, unsure, err := looker().Look(t.Context(), s)
			got := ""
			for _, x := range found {
				got = string(x.Kind)
			}
			if err != nil || len(unsure) != 0 || got != want {
				t.Errorf("%q, want %q; %v %v", got, want, unsure, err)
			}
		})
	}
}

func TestReport(t *testing.T) {
	s := subjects(t, write(t, check("sql", "select * from refunds where amount < 0")))["shop"]
	r, err := looker().Report(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(evidence.Report{Findings: []evidence.Finding{{
		Source: evidence.Checks, Product: "shop", Subject: "0001: the check", ID: "empty refunds", Severity: evidence.Low, Title: "only values of refunds could break it, and there are none",
		At: clock, File: s.Document.Ledger.Entries[0].File, Line: 7,
	}}}, r); diff != "" {
		t.Error(diff)
	}
}

func TestFingerprint(t *testing.T) {
	printOf := func(edit func(map[string]string)) string {
		files := check("sql", "select * from orders where amount < 0")
		edit(files)
		return subjects(t, write(t, files))["shop"].Fingerprint()
	}
	base := printOf(func(map[string]string) {})
	for name, c := range map[string]struct {
		same bool
		edit func(map[string]string)
	}{
		"nothing":    {true, func(map[string]string) {}},
		"the data":   {false, func(f map[string]string) { f["shop/seeds/lines.csv"] += "4,bob,2.00,2026-01-04\n" }},
		"other data": {false, func(f map[string]string) { f["people/seeds/customers.csv"] += "eve\n" }},
		"the spec":   {false, func(f map[string]string) { f["shop/spec.yaml"] = strings.Replace(shop, "Serves a test", "Serves", 1) }},
		"an amendment": {false, func(f map[string]string) {
			f["shop/amendments/0001.yaml"] = strings.Replace(f["shop/amendments/0001.yaml"], "< 0", "< 1", 1)
		}},
	} {
		if (printOf(c.edit) == base) != c.same {
			t.Errorf("%s changed", name)
		}
	}
}

// TestTooMuch holds that a check which can't be tried out in time is not taken for a good one.
func TestTooMuch(t *testing.T) {
	s := subjects(t, write(t, check("sql", "select count(*) as n from orders a, range(100000000) b, range(1000) c where a.order_id + b.range + c.range = -1 group by a.order_id having count(*) > 5")))["shop"]
	l := looker()
	l.Patience = 200 * time.Millisecond
	r, err := l.Report(t.Context(), s)
	if err != nil || len(r.Findings) != 0 || len(r.NotAsked) != 1 || r.NotAsked[0].Subject != "0001: the check" {
		t.Errorf("%v %+v", err, r)
	}
}

func TestNotBuilt(t *testing.T) {
	files := check("sql", "select * from orders")
	s := subjects(t, write(t, files))["shop"]
	l := looker()
	l.Options = func(...string) engine.Options { return engine.Options{Database: "nowhere.db"} }
	var e *engine.Error
	if _, _, err := l.Look(t.Context(), s); err == nil || errors.As(err, &e) {
		t.Error(err)
	}
}

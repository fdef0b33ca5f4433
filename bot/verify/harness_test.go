package verify_test

import (
	stdcmp "cmp"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/guideline"
	"github.com/codicil-dev/codicil/bot/product"
	"github.com/codicil-dev/codicil/bot/verify"
)

// cache is shared by all tests, so that each base is built once.
var cache *product.Cache

// slots limits how many verifications run at once: each runs DuckDB in processes of its own.
var slots = make(chan struct{}, 2)

func TestMain(m *testing.M) {
	var err error
	if cache, err = product.OpenCache(""); err != nil {
		panic(err)
	}
	code := m.Run()
	_ = cache.Close()
	os.Exit(code)
}

// files are a tree's files by path; "-" deletes one.
type files map[string]string

// over lays edits over files.
func (f files) over(edits files) files {
	out := maps.Clone(f)
	for name, text := range edits {
		if text == gone {
			delete(out, name)
			continue
		}
		out[name] = text
	}
	return out
}

const gone = "-"

// write writes the files to a folder of their own.
func (f files) write(t *testing.T, label string) product.Tree {
	t.Helper()
	root := t.TempDir()
	for name, text := range f {
		full := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return product.Tree{Root: root, Label: label}
}

// trial is a change of a product and what verification must say of it.
type trial struct {
	name string
	// base is laid over the shop, head over that.
	base, head files
	// bare drops the shop: base and head are whole trees.
	bare bool
	// guidelines are given; nil means that none apply, and notGiven that none were given.
	guidelines []guideline.Guideline
	notGiven   bool
	// under is the folder to verify, "." if empty; readers adds those that read its products.
	under   string
	readers bool
	verdict bot.Verdict
	// differences are all differences, each as difference() writes it.
	differences []string
	// results are all results that are not a pass, as "status id". A line that begins with "~" need not be the whole id.
	results []string
	// check looks at more.
	check func(*testing.T, *bot.Report)
}

// verifyTrees verifies head against base.
func verifyTrees(t *testing.T, base, head files, tr trial) *bot.Report {
	t.Helper()
	slots <- struct{}{}
	defer func() { <-slots }()
	v := verify.Verifier{
		Builder: &product.Builder{Cache: cache, AllowUnconfined: true, StatementTimeout: 20 * time.Second, Threads: 2},
		Log:     slog.New(slog.DiscardHandler), Now: time.Now, Version: "test",
	}
	in := verify.Input{Head: head.write(t, "head"), Under: stdcmp.Or(tr.under, "."), Readers: tr.readers, Guidelines: tr.guidelines, GuidelinesGiven: !tr.notGiven, NoBase: "there is no base"}
	if base != nil {
		tree := base.write(t, "base")
		in.Base = &tree
	}
	r, err := v.Verify(t.Context(), in)
	if err != nil {
		t.Fatalf("verify: %v", err)
	}
	return r
}

// run runs trials, a few at once.
func run(t *testing.T, trials []trial) {
	t.Helper()
	for _, tr := range trials {
		t.Run(tr.name, func(t *testing.T) {
			t.Parallel()
			base := shop()
			if tr.bare {
				base = files{}
			}
			base = base.over(tr.base)
			r := verifyTrees(t, base, base.over(tr.head), tr)
			judge(t, tr, r)
		})
	}
}

// judge compares a report with what a trial expects.
func judge(t *testing.T, tr trial, r *bot.Report) {
	t.Helper()
	if r.Verdict != tr.verdict {
		t.Errorf("verdict %s, want %s", r.Verdict, tr.verdict)
	}
	var differences []string
	for _, d := range r.Differences {
		differences = append(differences, difference(d))
	}
	if diff := cmp.Diff(tr.differences, differences); diff != "" {
		t.Errorf("differences (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(tr.results, notPassed(r)); diff != "" {
		t.Errorf("results that are not a pass (-want +got):\n%s", diff)
	}
	if tr.check != nil {
		tr.check(t, r)
	}
	seen := map[string]bool{}
	for _, res := range r.Results {
		if res.Status != bot.Pass && res.Message == "" {
			t.Errorf("%s is %s without a message", res.ID, res.Status)
		}
		if key := res.Product + " " + res.ID; seen[key] {
			t.Errorf("two results have the id %s", key)
		} else {
			seen[key] = true
		}
	}
	if t.Failed() {
		for _, res := range r.Results {
			t.Logf("%-8s %s: %s", res.Status, res.ID, res.Message)
		}
		for _, d := range r.Differences {
			t.Logf("%s: %s", d.Kind, d.Message)
		}
	}
}

// notPassed lists results that are not a pass. Those of drift and ledger that only repeat a difference are counted by
// their kinds.
func notPassed(r *bot.Report) []string {
	var out []string
	for _, res := range r.Results {
		if res.Status == bot.Pass {
			continue
		}
		out = append(out, string(res.Status)+" "+res.ID)
	}
	return out
}

// difference is a difference in one line.
func difference(d bot.Difference) string {
	on := d.Table
	if d.Column != "" {
		on += "." + d.Column
	}
	out := string(d.Kind)
	if on != "" {
		out += " " + on
	}
	if d.Field != "" {
		out += " " + d.Field
	}
	if d.Kind == bot.TypeWidened || d.Kind == bot.TypeNarrowed || d.Kind == bot.TypeChanged || d.Kind == bot.ColumnRenamed || d.Kind == bot.TableRenamed {
		out += " " + d.Old + "→" + d.New
	}
	if d.Count != 0 {
		out += fmt.Sprintf(" %d/%d", d.Count, d.Total)
	}
	if d.Factor != 0 {
		out += fmt.Sprintf(" ×%g", d.Factor)
	}
	if d.Breaking {
		out += " breaking"
	}
	switch {
	case d.Kind == bot.Unstable:
	case d.Unbounded:
		out += " unbounded"
	case !d.Declared:
		out += " undeclared"
	}
	return out
}

// shopSpec is the spec that trials change: one table with a key.
const shopSpec = `spec: 1
product: shop
version: 1.0.0
owner: {team: commerce}
purpose: Records orders.
tags: [finance]
tables:
  - name: orders
    description: One row for each order.
    why: Revenue starts here.
    key: [id]
    columns:
      - {name: id, type: INTEGER, description: The order., why: Names it., nullable: false}
      - {name: status, type: VARCHAR, description: Its state., why: Open ones are chased.}
      - {name: amount, type: "DECIMAL(10,2)", unit: USD, description: Its total., why: Revenue.}
`

// shopModel makes ten orders.
const shopModel = `SELECT CAST(i AS INTEGER) AS id, CASE WHEN i % 2 = 0 THEN 'open' ELSE 'paid' END AS status, CAST(i * 1.5 AS DECIMAL(10,2)) AS amount
FROM range(1, 11) r(i)`

// shop is the product that trials change.
func shop() files {
	return files{
		"spec.yaml":            shopSpec,
		"amendments/0001.yaml": bootstrap("amounts are positive", "SELECT * FROM orders WHERE amount <= 0"),
		"models/orders.sql":    shopModel,
	}
}

// bootstrap is a first amendment with one check.
func bootstrap(check, sql string) string {
	return fmt.Sprintf("id: 1\nrequirement: We need orders.\norigin: {kind: bootstrap}\nreading: A table of orders.\nexpects: [{add_table: orders}]\nchecks:\n  - name: %s\n    sql: %s\nchange: Made it.\n", check, sql)
}

// amend is amendment id with what it expects and its checks: each "name: sql". Lines that begin with "!" are further keys.
func amend(id int, expects string, checks ...string) string {
	out := fmt.Sprintf("id: %d\nrequirement: Something new.\norigin: {kind: issue}\nreading: As it says.\nexpects: [%s]\n", id, expects)
	change := "change: Done.\n"
	var list []string
	for _, c := range checks {
		if key, ok := strings.CutPrefix(c, "!"); ok {
			if strings.HasPrefix(key, "change:") {
				change = key + "\n"
				continue
			}
			out += key + "\n"
			continue
		}
		name, sql, _ := strings.Cut(c, ": ")
		list = append(list, fmt.Sprintf("  - name: %s\n    sql: %s\n", name, sql))
	}
	if len(list) == 0 {
		return out + "checks: []\n" + change
	}
	return out + "checks:\n" + strings.Join(list, "") + change
}

// edit replaces pairs of old and new text, each of which must be there.
func edit(text string, pairs ...string) string {
	for i := 0; i < len(pairs); i += 2 {
		if !strings.Contains(text, pairs[i]) {
			panic(fmt.Sprintf("%q is not in\n%s", pairs[i], text))
		}
		text = strings.Replace(text, pairs[i], pairs[i+1], 1)
	}
	return text
}

// spec1 edits the shop's spec.
func spec1(pairs ...string) string { return edit(shopSpec, pairs...) }

// spec2 edits the shop's spec and raises its version to 2.0.0, spec11 to 1.1.0.
func spec2(pairs ...string) string {
	return spec1(append([]string{"version: 1.0.0", "version: 2.0.0"}, pairs...)...)
}

func spec11(pairs ...string) string {
	return spec1(append([]string{"version: 1.0.0", "version: 1.1.0"}, pairs...)...)
}

// model edits the shop's model.
func model(pairs ...string) string { return edit(shopModel, pairs...) }

// wrap makes a model from the shop's: a query over it, with @ for the shop's.
func wrap(query string) string { return strings.ReplaceAll(query, "@", "("+shopModel+")") }

// find is the result of that id.
func find(t *testing.T, r *bot.Report, id string) bot.Result {
	t.Helper()
	i := slices.IndexFunc(r.Results, func(res bot.Result) bool { return res.ID == id })
	if i < 0 {
		t.Fatalf("no result %s", id)
	}
	return r.Results[i]
}

package dbtspec

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	_ "github.com/duckdb/duckdb-go/v2"
	"github.com/google/go-cmp/cmp"

	"github.com/codicil-dev/codicil/bot/dbt"
	"github.com/codicil-dev/codicil/bot/spec"
)

const exampleDir = "../../deploy/projects/deliveries"

// load reads the spec in a folder.
func load(t *testing.T, dir string) *spec.Spec {
	t.Helper()
	d, problems := spec.Load(os.DirFS(dir), ".", dir)
	if err := problems.Err(); err != nil {
		t.Fatal(err)
	}
	return d.Spec
}

func parse(t *testing.T, text string) *spec.Spec {
	t.Helper()
	s, _, problems := spec.ParseSpec("spec.yaml", []byte(text))
	if err := problems.Err(); err != nil {
		t.Fatal(err)
	}
	return s
}

func lines(found []Difference) (out []string) {
	for _, d := range found {
		out = append(out, d.String())
	}
	return out
}

// bare copies the example and takes the contracts of two models out.
func bare(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "project")
	if err := os.CopyFS(dir, os.DirFS(exampleDir)); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, marts)
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	first, rest, _ := strings.Cut(string(text), contract)
	if strings.Count(rest, contract) != 2 {
		t.Fatalf("%s has other contracts", marts)
	}
	if err := os.WriteFile(file, []byte(first+contract+strings.ReplaceAll(rest, contract, "")), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

const (
	marts    = "models/marts/marts.yml"
	contract = "    config:\n      contract: {enforced: true}\n"
)

// export exports into a copy of the example that lacks two contracts, and returns the copy.
func export(t *testing.T) string {
	t.Helper()
	dir := bare(t)
	files, notes, err := Export(os.DirFS(dir), ".", load(t, dir))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"carrier_performance: dbt has no test of its own for carrier_id, month being unique together; codicil verify proves it",
		"deliveries_daily: dbt has no test of its own for delivered_on, country being unique together; codicil verify proves it"}
	if diff := cmp.Diff(want, notes); diff != "" {
		t.Error(diff)
	}
	for _, f := range files {
		if err := os.WriteFile(filepath.Join(dir, f.Name), f.Data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// The example says the same twice. What is taken out of it is found, and written as it was.
func TestExample(t *testing.T) {
	known, problems := Read(os.DirFS(exampleDir), ".", "deliveries")
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	if got := Drift(load(t, exampleDir), known); len(got) > 0 {
		t.Error(lines(got))
	}
	less := bare(t)
	known, _ = Read(os.DirFS(less), ".", "deliveries")
	want := []string{"carrier_performance, contract: spec.yaml says which columns there are, dbt's properties say nothing", "deliveries_daily, contract: spec.yaml says which columns there are, dbt's properties say nothing"}
	got := Drift(load(t, less), known)
	if diff := cmp.Diff(want, lines(got)); diff != "" {
		t.Error(diff)
	}
	if len(got) > 0 && (got[0].File != "deliveries/models/marts/marts.yml" || got[0].Line != 63 || !got[0].Missing) {
		t.Errorf("got %+v", got[0])
	}
	dir := export(t)
	before, _ := os.ReadFile(filepath.Join(exampleDir, marts))
	after, _ := os.ReadFile(filepath.Join(dir, marts))
	if diff := cmp.Diff(string(before), string(after)); diff != "" {
		t.Error(diff)
	}
	if again, _, err := Export(os.DirFS(dir), ".", load(t, dir)); err != nil || len(again) > 0 {
		t.Errorf("%v, a second export would change %+v", err, again)
	}
}

// What dbt itself makes of exported properties is what the spec says, and the project still builds.
func TestDbtUnderstands(t *testing.T) {
	folder := os.Getenv("CODICIL_TEST_DBT")
	if folder == "" {
		if os.Getenv("CI") == "true" {
			t.Fatal("CODICIL_TEST_DBT does not name a virtual environment with dbt-core and dbt-duckdb")
		}
		t.Skip("needs a virtual environment with dbt-core and dbt-duckdb, named by CODICIL_TEST_DBT")
	}
	dir := export(t)
	run := func(ctx context.Context, args, env []string, dir string) (int, string, error) {
		var output bytes.Buffer
		cmd := exec.CommandContext(ctx, args[0], args[1:]...)
		cmd.Env, cmd.Dir, cmd.Stdout, cmd.Stderr = env, dir, &output, &output
		err := cmd.Run()
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			return exit.ExitCode(), output.String(), nil
		}
		return 0, output.String(), err
	}
	tool := &dbt.Tool{DBT: filepath.Join(folder, "bin", "dbt"), Python: filepath.Join(folder, "bin", "python"), Run: run, Threads: 2, Env: []string{"PATH=" + os.Getenv("PATH")}}
	p := dbt.Project{Dir: dir, Scratch: t.TempDir()}
	r, err := tool.Build(context.Background(), p)
	if err != nil || !r.OK() {
		t.Fatal(err, r.Problems)
	}
	for _, n := range r.Tests() {
		if n.Status != dbt.Passed {
			t.Errorf("%s: %s", n.Name, n.Status)
		}
	}
	holds(t, tool, p, r)
	known := FromResult(r)
	if got := Drift(load(t, dir), known); len(got) > 0 {
		t.Error(lines(got))
	}
	written, _ := Read(os.DirFS(dir), ".", "")
	draft, fromYAML := known.Draft("deliveries", "1.0.0"), written.Draft("deliveries", "1.0.0")
	for _, s := range []*spec.Spec{draft, fromYAML} { // a manifest does not tell in which order models are described
		slices.SortFunc(s.Tables, func(a, b spec.Table) int { return strings.Compare(a.Name, b.Name) })
	}
	if diff := cmp.Diff(fromYAML, draft); diff != "" {
		t.Errorf("dbt and its files say different things (-files +dbt)\n%s", diff)
	}
}

// holds has the tables of the example be what its spec says, and its amendments' checks hold on them.
func holds(t *testing.T, tool *dbt.Tool, p dbt.Project, r *dbt.Result) {
	t.Helper()
	tables, err := tool.Tables(context.Background(), p, r)
	if err != nil || len(tables.Problems) > 0 {
		t.Fatal(err, tables)
	}
	db, err := sql.Open("duckdb", "")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	d, problems := spec.Load(os.DirFS(p.Dir), ".", "")
	if err := problems.Err(); err != nil {
		t.Fatal(err)
	}
	for _, table := range tables.Tables {
		if _, err := db.Exec("create table \"" + table.Name + "\" as from '" + table.File + "'"); err != nil {
			t.Fatal(err)
		}
		promised, ok := d.Spec.Table(table.Name)
		for i, c := range table.Columns {
			if ok && (i >= len(promised.Columns) || promised.Columns[i].Name != c.Name || strings.Split(promised.Columns[i].Type, "(")[0] != strings.Split(c.Type, "(")[0]) {
				t.Errorf("%s.%s is %s", table.Name, c.Name, c.Type)
			}
		}
	}
	checks := d.Ledger.Active()
	for _, c := range checks {
		var n int
		if err := db.QueryRow("select count(*) from (" + c.Check.SQL + ")").Scan(&n); err != nil || n > 0 {
			t.Errorf("%s: %d rows, %v", c.Check.Name, n, err)
		}
	}
	if last := d.Ledger.Entries[len(d.Ledger.Entries)-1].Amendment; len(checks) != 5 || last.Result != spec.Hash(d.Spec) {
		t.Errorf("%d checks; the last amendment left %s, and the spec is %s", len(checks), last.Result, spec.Hash(d.Spec))
	}
}

const shop = `spec: 1
product: shop
version: 1.0.0
owner: {team: t}
purpose: p
tables:
  - name: orders
    description: One row for each order.
    why: w
    key: [id]
    columns:
      - {name: id, type: INTEGER, description: Number of the order., why: w}
      - {name: state, type: VARCHAR(8), description: Where it stands., why: w, nullable: false, values: [new, "on"]}
      - {name: level, type: INTEGER, description: How urgent., why: w, values: [1, 2]}
      - {name: customer, type: VARCHAR, description: Who., why: w, references: customers.name}
      - {name: agent, type: VARCHAR, description: Who sold it., why: w, references: agents.name}
  - name: customers
    description: One row for each customer.
    why: w
    columns:
      - {name: name, type: VARCHAR, description: Name., why: w, nullable: false, unique: true}
`

const written = `# Kept by hand.
version: 2

models:
  - name: helper   # not ours
  # The orders.
  - name: orders
    description: "{{ doc('orders') }}"
    meta: {owner: 'Sales'}
    tests:
      - dbt_utils.expression_is_true: {expression: "1 = 1"}
    columns:
      # the key
      - name: id
        description: 'Wrong.'
        tests: [unique]
      - name: Level
        tests:
          - accepted_values:
              values: [1]   # only one
              quote: false
              config: {tags: [x]}
      - name: state
        data_type: text
        tests:
          - not_null: {config: {severity: warn}}
      - name: extra
`

const wanted = `# Kept by hand.
version: 2

models:
  - name: helper   # not ours
  # The orders.
  - name: orders
    description: "{{ doc('orders') }}"
    config:
      contract: {enforced: true}
    meta: {owner: 'Sales'}
    tests:
      - dbt_utils.expression_is_true: {expression: "1 = 1"}
    columns:
      # the key
      - name: id
        description: 'Number of the order.'
        data_type: integer
        tests: [unique, not_null]
      - name: Level
        description: How urgent.
        data_type: integer
        tests:
          - accepted_values:
              values: [1, 2]   # only one
              quote: false
              config: {tags: [x]}
      - name: customer
        description: Who.
        data_type: varchar
        tests:
          - relationships:
              to: ref('customers')
              field: name
      - name: agent
        description: Who sold it.
        data_type: varchar
      - name: state
        description: Where it stands.
        data_type: varchar(8)
        tests:
          - not_null: {config: {severity: warn}}
          - accepted_values:
              values: [new, "on"]
      - name: extra
`

func project() fstest.MapFS {
	return fstest.MapFS{
		"dbt_project.yml":           {Data: []byte("name: shop\nprofile: shop\n")},
		"models/marts/orders.sql":   {Data: []byte("select 1")},
		"models/marts/all.yml":      {Data: []byte(written)},
		"models/marts/orders.md":    {Data: []byte("{% docs orders %}\nOne row for\neach order.\n{% enddocs %}\n")},
		"models/core/customers.sql": {Data: []byte("select 1")},
	}
}

func TestExport(t *testing.T) {
	fsys, s := project(), parse(t, shop)
	files, notes, err := Export(fsys, ".", s)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, f := range files {
		got[f.Name] = string(f.Data)
		if f.New != (f.Name == "models/core/customers.yml") {
			t.Errorf("%s is new: %v", f.Name, f.New)
		}
		fsys[f.Name] = &fstest.MapFile{Data: f.Data}
	}
	want := map[string]string{"models/marts/all.yml": wanted, "models/core/customers.yml": `version: 2
models:
  - name: customers
    description: One row for each customer.
    config:
      contract: {enforced: true}
    columns:
      - name: name
        description: Name.
        data_type: varchar
        tests: [unique, not_null]
`}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"orders.state: dbt has a test that only warns, which was left as it is",
		"orders.agent: agents is not a model, seed, snapshot or source of this project, so that dbt can't test the reference"}, notes); diff != "" {
		t.Error(diff)
	}
	known, problems := Read(fsys, ".", "")
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	left := []string{"orders.state, not_null: spec.yaml says never empty, dbt's properties say so in a test that only warns",
		"orders.agent, relationships: spec.yaml says agents.name, dbt's properties say nothing", "orders.extra, column: spec.yaml says nothing, dbt's properties say that there is one"}
	if diff := cmp.Diff(left, lines(Drift(s, known))); diff != "" {
		t.Error(diff)
	}
	if again, _, err := Export(fsys, ".", s); err != nil || len(again) > 0 {
		t.Errorf("%v, a second export would change %+v", err, again)
	}
}

func TestFill(t *testing.T) {
	fsys := project()
	fsys["models/marts/more.yml"] = &fstest.MapFile{Data: []byte(`
groups: [{name: sales, owner: {name: Sales, email: sales@example.com}}]
exposures:
  - {name: board, label: The board, type: dashboard, description: Looks at orders every day., depends_on: ["ref('lines')"], owner: {name: Jo}}
models:
  - name: lines
    description: One row for each line.
    config: {group: sales, contract: {enforced: true}}
    data_tests:
      - dbt_utils.unique_combination_of_columns: {arguments: {combination_of_columns: [order_id, line]}}
    columns:
      - {name: order_id, data_type: "varchar(5)", description: The order., data_tests: [{relationships: {arguments: {to: ref('orders'), field: id}}}]}
      - {name: line, data_type: integer, config: {meta: {why: Tells them apart.}}}
      - {name: email, data_type: string, data_tests: [not_null], meta: {pii: true, unit: none}}
  - {name: stg_lines, columns: [{name: x}]}
`)}
	known, problems := Read(fsys, ".", "")
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	no := false
	want := &spec.Spec{Spec: 1, Product: "shop", Version: "1.0.0", Owner: spec.Owner{Team: noTeam}, Purpose: noPurpose, Tables: []spec.Table{
		{Name: "orders", Description: "One row for\neach order.", Why: noTable, Columns: []spec.Column{
			{Name: "id", Type: noType, Description: "Wrong.", Why: noNeed, Unique: true}, {Name: "Level", Type: noType, Description: noHolds, Why: noNeed},
			{Name: "state", Type: "VARCHAR", Description: noHolds, Why: noNeed}, {Name: "extra", Type: noType, Description: noHolds, Why: noNeed}}},
		{Name: "lines", Description: "One row for each line.", Why: "The dashboard The board reads it, for Jo: Looks at orders every day.", Key: []string{"order_id", "line"}, Columns: []spec.Column{
			{Name: "order_id", Type: "VARCHAR(5)", Description: "The order.", Why: noNeed, References: "orders.id"},
			{Name: "line", Type: "INTEGER", Description: noHolds, Why: "Tells them apart."},
			{Name: "email", Type: "VARCHAR", Description: noHolds, Why: noNeed, Unit: "none", Nullable: &no, Classification: "pii"}}},
	}}
	got := known.Draft("shop", "1.0.0")
	if len(got.Tables[0].Columns[1].Values) != 1 {
		t.Errorf("got %+v", got.Tables[0].Columns[1])
	}
	got.Tables[0].Columns[1].Values = nil
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"customers", "helper"}, known.Undescribed()); diff != "" {
		t.Error(diff)
	}
	if r, ok := known.Relation("lines"); !ok || r.Owner != "Sales <sales@example.com>" {
		t.Errorf("got %+v", r)
	}
}

func TestBadFiles(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"no YAML":      {"version: 2\nmodels: [x\n", "p/models/bad.yml:1: the file is not YAML"},
		"other kinds":  {"models: {a: [1]}\nseeds: [1, [2], {name: {x: y}}]\nexposures: x\nsources: [{tables: [null]}]\n", ""},
		"bad encoding": {"models: [\xff]\n", "p/models/bad.yml: the file is not YAML"},
		"aliases":      {"x: &x [{name: a}]\nmodels: *x\n", ""},
		"many aliases": {"a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: &f [*e,*e,*e,*e,*e,*e,*e,*e,*e]\nmodels: [{name: m, meta: {x: [*f,*f,*f,*f,*f,*f,*f,*f,*f]}}]\n", ""},
		"repeated":     {"x: &c [" + strings.Repeat("{name: c}, ", 3000) + "]\ny: &t [" + strings.Repeat("{name: t, columns: *c}, ", 3000) + "]\nsources: [" + strings.Repeat("{name: s, tables: *t}, ", 3000) + "]\n", "p/models/bad.yml: with this file there are more than"},
		"too large":    {"# " + strings.Repeat("x", spec.MaxFileSize), "p/models/bad.yml: the file has"},
	} {
		t.Run(name, func(t *testing.T) {
			fsys := fstest.MapFS{"p/dbt_project.yml": {Data: []byte("name: x\n")}, "p/models/bad.yml": {Data: []byte(c.text)}}
			_, problems := Read(fsys, "p", "p")
			if got := problems.Error(); c.want == "" && got != "" || !strings.HasPrefix(got, c.want) {
				t.Errorf("got %s", got)
			}
		})
	}
	fsys := project()
	fsys["models/marts/all.yml"] = &fstest.MapFile{Data: []byte("x: &x {name: orders}\nmodels:\n  - *x\n")}
	if _, _, err := Export(fsys, ".", parse(t, shop)); err == nil || !strings.Contains(err.Error(), "models/marts/all.yml:1") {
		t.Errorf("got %v", err)
	}
}

package dbt

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	_ "github.com/duckdb/duckdb-go/v2"
	"github.com/google/go-cmp/cmp"
)

func TestBuild(t *testing.T) {
	t.Parallel()
	tool, p := tool(t), example(t, nil)
	r, err := tool.Build(context.Background(), p)
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Problems) > 0 || len(r.Deprecations) > 0 {
		t.Errorf("problems %v, deprecations %+v", r.Problems, r.Deprecations)
	}
	count := map[string]int{}
	for _, n := range r.Nodes {
		count[string(n.Kind)+" "+string(n.Status)]++
	}
	want := map[string]int{"model success": 10, "seed success": 4, "snapshot success": 1, "test pass": 32, "unit_test pass": 2}
	if diff := cmp.Diff(want, count); diff != "" {
		t.Error(diff)
	}
	if r.Adapter != "duckdb" || r.Project != "deliveries" || r.Version == "" || r.Seconds <= 0 {
		t.Errorf("adapter %q, project %q, version %q, %f s", r.Adapter, r.Project, r.Version, r.Seconds)
	}
	n, _ := r.Node("model.deliveries.shipments")
	if n.File != "shop/deliveries/models/marts/shipments.sql" || n.Properties != "shop/deliveries/models/marts/marts.yml" || !n.Contract || n.Materialized != "table" ||
		n.Schema != "main" || n.Identifier != "shipments" || n.Failures != -1 || len(n.DependsOn) != 4 || !strings.Contains(n.Compiled, `"main"."stg_shipments"`) || !strings.Contains(n.Code, "ref('stg_shipments')") {
		t.Errorf("got %+v", n)
	}
	if len(n.Columns) != 12 || n.Columns[4].Name != "country" || n.Columns[4].Type != "varchar(2)" || n.Columns[11].Name != "shipping_cost" {
		t.Errorf("columns: %+v", n.Columns)
	}
	if e := r.Exposures; len(e) != 1 || e[0].Owner != "Logistics <logistics@example.com>" || len(e[0].DependsOn) != 2 {
		t.Errorf("exposures: %+v", e)
	}
	tables(t, tool, p, r)
}

// tables has the tables read by the DuckDB of this program.
func tables(t *testing.T, tool *Tool, p Project, r *Result) {
	t.Helper()
	got, err := tool.Tables(context.Background(), p, r)
	if err != nil || len(got.Problems) > 0 || len(got.Tables) != 15 {
		t.Fatalf("%v; problems %v, %d tables", err, got.Problems, len(got.Tables))
	}
	db, err := sql.Open("duckdb", "")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, table := range got.Tables {
		if table.Name != "shipments" {
			continue
		}
		var rows, late int
		var cost string
		if err := db.QueryRow("select count(*), count(*) filter (where is_late), typeof(any_value(shipping_cost)) from '"+table.File+"'").Scan(&rows, &late, &cost); err != nil {
			t.Fatal(err)
		}
		if rows != 177 || late == 0 || cost != "DECIMAL(10,2)" || len(table.Columns) != 12 || table.Columns[5].Type != "TIMESTAMP" {
			t.Errorf("%d rows, %d late, cost is %s; columns %+v", rows, late, cost, table.Columns)
		}
		return
	}
	t.Error("shipments is not among the tables")
}

// Types that Parquet has no place for come back as they were.
func TestTypes(t *testing.T) {
	t.Parallel()
	values := []string{"170141183460469231731687303715884105727::hugeint", "'101'::bit", "interval '1 month 3 days 5 microseconds'", "'b'::enum('a', 'b')", "{'x': 5::hugeint, 'it''s': [1, 2]}",
		"'0.1'::double", "'infinity'::date", "timestamptz '2026-01-02 03:04:05.678901+00'", "'x'::json", "map {'k': 1.5::decimal(38,10)}", "'\\xAA'::blob", "true", "uuid '8a5c1c5e-0000-4000-8000-000000000001'",
		"timestamp_ns '2026-01-02 03:04:05.678901234'", "18446744073709551615::ubigint", "time '01:02:03.000004'", "timetz '01:02:03+02'"}
	values[8] = `'{"a": 1}'::json`
	model := "select "
	for i, v := range values {
		model += fmt.Sprintf("%s as c%d, ", v, i)
	}
	tool, p := tool(t), example(t, map[string]string{"models": "", "seeds": "", "snapshots": "", "tests": "", "models/odd.sql": model + "null::hugeint as nothing"})
	write(t, filepath.Join(p.Dir, "models", "gone.sql"), "{{ config(materialized='view') }} select * from {{ ref('odd') }}")
	r, err := tool.Build(context.Background(), p)
	if err != nil || !r.OK() {
		t.Fatal(err, r)
	}
	got, err := tool.Tables(context.Background(), p, r)
	if err != nil || len(got.Problems) > 0 || len(got.Tables) != 2 {
		t.Fatal(err, got)
	}
	db, err := sql.Open("duckdb", "")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for i, v := range values {
		c := got.Tables[0].Columns[i]
		var same bool
		if err := db.QueryRow(fmt.Sprintf("select cast(%s as %s) is not distinct from (%s) from '%s'", c.Name, c.Type, v, got.Tables[0].File)).Scan(&same); err != nil || !same {
			t.Errorf("%s (%s) does not come back: %v", v, c.Type, err)
		}
	}
}

func TestBrokenProjects(t *testing.T) {
	tool := tool(t)
	for name, c := range map[string]struct {
		changes map[string]string
		profile Profile
		want    []string // parts of the first problem
	}{
		"a column that is not there": {changes: map[string]string{"models/marts/carrier_performance.sql": changed(t, "models/marts/carrier_performance.sql", "s.carrier_id,\n", "s.carrier_idd,\n")},
			want: []string{"shop/deliveries/models/marts/carrier_performance.sql:2: Binder Error", "carrier_idd"}},
		"a contract that is not kept": {changes: map[string]string{"models/marts/marts.yml": changed(t, "models/marts/marts.yml", "data_type: boolean", "data_type: date")},
			want: []string{"shop/deliveries/models/marts/shipments.sql: This model has an enforced contract that failed", "is_late"}},
		"a model that is not there": {changes: map[string]string{"models/staging/stg_holidays.sql": ""}, want: []string{"models/intermediate", "stg_holidays"}},
		"broken YAML":               {changes: map[string]string{"models/marts/marts.yml": "version: 2\nmodels:\n  - name: [x\n"}, want: []string{"shop/deliveries/models/marts/marts.yml:4: "}},
		"broken Jinja":              {changes: map[string]string{"models/marts/shipments.sql": "select 1\n{% if %}"}, want: []string{"shop/deliveries/models/marts/shipments.sql:2: ", "Expected an expression"}},
		"a broken project file":     {changes: map[string]string{ProjectFile: "name: deliveries\nprofile: [x\n"}, want: []string{"shop/deliveries/dbt_project.yml:", "can't be read"}},
		"no project file":           {changes: map[string]string{ProjectFile: ""}, want: []string{"shop/deliveries/dbt_project.yml: the file is not there"}},
		"a link for a project file": {changes: map[string]string{ProjectFile: ""}, want: []string{"shop/deliveries/dbt_project.yml: the file can't be read", "no regular file"}},
		"no profile":                {profile: Profile{Folder: ".", Target: "prod"}, want: []string{"profile"}},
		"another dbt":               {changes: map[string]string{ProjectFile: changed(t, ProjectFile, `">=1.8.0", "<2.0.0"`, `">=9.0.0"`)}, want: []string{"shop/deliveries/dbt_project.yml: ", "version of dbt is not supported"}},
		"packages to be fetched": {changes: map[string]string{"packages.yml": "packages:\n  - package: dbt-labs/dbt_utils\n    version: 1.3.0\n"},
			want: []string{"shop/deliveries/packages.yml:2: lists packages that would have to be fetched"}},
		"a package outside":       {changes: map[string]string{"packages.yml": "packages:\n  - local: ../other\n"}, want: []string{"shop/deliveries/packages.yml:2: the package ../other lies outside"}},
		"a seed of another width": {changes: map[string]string{"seeds/holidays.csv": "holiday,country\nnever,DE\n"}, want: []string{"shop/deliveries/seeds/holidays.csv:2: Conversion Error", "holiday"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := example(t, c.changes)
			p.Profile = c.profile
			if name == "a link for a project file" {
				if err := os.Symlink("/etc/passwd", filepath.Join(p.Dir, ProjectFile)); err != nil {
					t.Fatal(err)
				}
			}
			r, err := tool.Build(context.Background(), p)
			if err != nil {
				t.Fatal(err)
			}
			if r.OK() {
				t.Fatalf("it built: %+v", r)
			}
			got := r.Problems[0].String()
			for _, part := range c.want {
				if !strings.Contains(got, part) {
					t.Errorf("got %s, which does not say %q", got, part)
				}
			}
			if strings.Contains(r.Problems.Error(), p.Scratch) || strings.Contains(r.Problems.Error(), p.Dir) {
				t.Errorf("it tells a path of this machine: %v", r.Problems)
			}
			t.Log(r.Problems)
		})
	}
}

func TestFailingTests(t *testing.T) {
	t.Parallel()
	tool := tool(t)
	p := example(t, map[string]string{
		"models/staging/staging.yml":           changed(t, "models/staging/staging.yml", "values: [picked_up,", "values: ["),
		"models/intermediate/intermediate.yml": changed(t, "models/intermediate/intermediate.yml", "day <> date '2026-01-06'", "day <> date '2026-01-07'"),
		"models/marts/late.sql":                "select 1 as x",
		"models/marts/late.yml":                "version: 2\nmodels:\n  - name: late\n    columns:\n      - name: x\n        data_tests:\n          - accepted_values: {values: [2], config: {severity: warn}}\n",
	})
	r, err := tool.Build(context.Background(), p)
	if err != nil {
		t.Fatal(err)
	}
	got := map[Status]int{}
	for _, n := range r.Tests() {
		got[n.Status]++
		if n.Test != nil && n.Test.Kind == "accepted_values" && n.Test.Column == "kind" && (n.Failures != 1 || n.Test.Of != "model.deliveries.stg_scans" || n.Status != Failed) {
			t.Errorf("got %+v", n)
		}
	}
	if got[Failed]+got[Errored] != 2 || got[Warned] != 1 || got[Skipped] == 0 {
		t.Errorf("got %v", got)
	}
	if len(r.Problems) == 0 || !strings.Contains(r.Problems.Error(), "shop/deliveries/models/intermediate/int_milestones.sql: was not built, because a test of what it reads failed: ") {
		t.Errorf("problems: %v", r.Problems)
	}
	found := false
	for _, d := range r.Deprecations {
		found = found || d.Name == "MissingArgumentsPropertyInGenericTestDeprecation" && d.File == "shop/deliveries/models/marts/late.yml" && d.Code == "D039" && strings.HasPrefix(d.Message, "Found top-level arguments")
	}
	if !found && !strings.HasPrefix(r.Version, "1.8") && !strings.HasPrefix(r.Version, "1.9") {
		t.Errorf("deprecations: %+v", r.Deprecations)
	}
}

func TestCancelled(t *testing.T) {
	tool, p := tool(t), example(t, nil)
	ctx, cancel := context.WithCancel(context.Background())
	inner := tool.Run
	tool.Run = func(ctx context.Context, args, env []string, dir string) (int, string, error) {
		cancel()
		return inner(ctx, args, env, dir)
	}
	if r, err := tool.Build(ctx, p); !errors.Is(err, context.Canceled) {
		t.Errorf("got %+v, %v", r, err)
	}
}

// Packages that lie in the project need no network, and the project itself is not written to.
func TestLocalPackage(t *testing.T) {
	t.Parallel()
	tool := tool(t)
	p := example(t, map[string]string{
		"packages.yml":              "packages:\n  - local: lib/greet\n",
		"lib/greet/dbt_project.yml": "name: greet\nversion: 1.0.0\nconfig-version: 2\n",
		"lib/greet/macros/hi.sql":   "{% macro hi() %}'hi'{% endmacro %}",
		"lib/greet/models/all.sql":  "select 1 as one",
		"models/marts/hi.sql":       "select {{ greet.hi() }} as hi",
	})
	before := names(t, p.Dir)
	r, err := tool.Build(context.Background(), p)
	if err != nil || !r.OK() {
		t.Fatal(err, r)
	}
	if n, ok := r.Node("model.deliveries.hi"); !ok || n.Status != Succeeded || n.File != "shop/deliveries/models/marts/hi.sql" {
		t.Errorf("got %+v", n)
	}
	if n, ok := r.Node("model.greet.all"); !ok || n.Status != Succeeded || n.File != "shop/deliveries/dbt_packages/greet/models/all.sql" {
		t.Errorf("got %+v", n)
	}
	if diff := cmp.Diff(before, names(t, p.Dir)); diff != "" {
		t.Errorf("the project was written to:\n%s", diff)
	}
}

func TestOwnProfile(t *testing.T) {
	t.Parallel()
	tool, p := tool(t), example(t, map[string]string{"models": "", "seeds": "", "snapshots": "", "tests": "", "models/one.sql": "select '{{ target.name }}' as target",
		"conf/profiles.yml": "deliveries: {target: dev, outputs: {dev: {type: duckdb, path: /nowhere/dev.duckdb}, prod: {type: duckdb, path: \"{{ env_var('PLACE') }}/prod.duckdb\", schema: mart}}}\n"})
	tool.Env = append(tool.Env, "PLACE="+p.Scratch)
	p.Profile = Profile{Folder: "conf", Target: "prod"}
	r, err := tool.Build(context.Background(), p)
	if err != nil || !r.OK() {
		t.Fatal(err, r)
	}
	n, _ := r.Node("model.deliveries.one")
	if n.Schema != "mart" || n.Compiled != "select 'prod' as target" {
		t.Errorf("got %+v", n)
	}
	if _, err := tool.Tables(context.Background(), p, r); !errors.Is(err, ErrNoDatabase) {
		t.Errorf("got %v", err)
	}
}

func names(t *testing.T, dir string) (out []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(name string, _ os.DirEntry, err error) error {
		out = append(out, name)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// Parse tells what there is, and builds nothing.
func TestParse(t *testing.T) {
	t.Parallel()
	tool, p := tool(t), example(t, nil)
	r, err := tool.Parse(context.Background(), p)
	if err != nil || len(r.Problems) > 0 {
		t.Fatal(err, r)
	}
	n, ok := r.Node("model.deliveries.shipments")
	if !ok || n.Status != "" || n.Compiled != "" || len(n.Columns) != 12 || len(r.Tests()) != 34 || len(r.Relations()) != 0 {
		t.Errorf("got %+v, %d tests", n, len(r.Tests()))
	}
	if _, err := tool.Tables(context.Background(), p, r); !errors.Is(err, ErrNoDatabase) {
		t.Errorf("got %v", err)
	}
}

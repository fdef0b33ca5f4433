package dbt

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// replay is a tool whose dbt leaves what one left earlier: files that were made by a real dbt of some version from one small project, in which a model, a test
// and what is built on them fail. Nothing but macros and places on the machine was taken out of them.
func replay(t *testing.T, version string, damage func(scratch string)) (*Tool, Project) {
	t.Helper()
	dir, scratch := t.TempDir(), t.TempDir()
	write(t, filepath.Join(dir, ProjectFile), "name: small\nprofile: small\n")
	run := func(context.Context, []string, []string, string) (int, string, error) {
		for _, file := range []string{"target/manifest.json", "target/run_results.json", "logs/dbt.log"} {
			data, err := os.ReadFile(filepath.Join("testdata/artifacts", version, file))
			if err != nil {
				t.Fatal(err)
			}
			write(t, filepath.Join(scratch, file), string(data))
		}
		if damage != nil {
			damage(scratch)
		}
		return 1, "the end", nil
	}
	return &Tool{DBT: "dbt", Run: run}, Project{Dir: dir, Path: "shop", Scratch: scratch}
}

func TestVersions(t *testing.T) {
	for _, version := range []string{"1.8", "1.9", "1.10", "1.11", "1.12"} {
		t.Run(version, func(t *testing.T) {
			tool, p := replay(t, version, nil)
			r, err := tool.Build(context.Background(), p)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.HasPrefix(r.Version, version+".") || r.Adapter != "duckdb" || r.Project != "small" {
				t.Errorf("version %q, adapter %q, project %q", r.Version, r.Adapter, r.Project)
			}
			want := map[string]Status{
				"seed.small.raw": Succeeded, "model.small.good": Succeeded, "model.small.bad": Skipped, "model.small.after": Skipped, "source.small.shop.raw": "",
				"test.small.none_is_two": Failed, "test.small.unique_good_id": Passed, "test.small.not_null_good_id": Passed, "test.small.accepted_values_good_state__new": Failed,
				"unit_test.small.good.keeps_state": Passed,
			}
			got := map[string]Status{}
			for _, n := range r.Nodes {
				id := n.ID
				if n.Test != nil && n.Test.Kind != "" {
					id = id[:strings.LastIndexByte(id, '.')]
				}
				got[id] = n.Status
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
			good, _ := r.Node("model.small.good")
			columns := []Column{{Name: "id", Type: "integer", Description: "Number."}, {Name: "state", Type: "varchar"}}
			for i := range good.Columns {
				good.Columns[i].Meta = nil
			}
			if diff := cmp.Diff(columns, good.Columns); diff != "" || !good.Contract || good.Group != "sales" || good.Owner != "Sales <sales@example.com>" || good.Meta["tier"] != "gold" ||
				good.Properties != "shop/models/all.yml" || good.File != "shop/models/good.sql" {
				t.Errorf("%s, got %+v", diff, good)
			}
			for _, n := range r.Tests() {
				switch {
				case n.Test == nil:
				case n.Test.Kind == "not_null" && (!n.Test.Warns || n.Test.Where != "id > 0" || n.Test.Column != "id" || n.Test.Of != "model.small.good"):
					t.Errorf("got %+v", n.Test)
				case n.Test.Kind == "accepted_values" && (n.Failures != 1 || !cmp.Equal(n.Test.Arguments["values"], []any{"new"}) || n.Message != "Got 1 result, configured to fail if != 0"):
					t.Errorf("got %+v, %d failures, %s", n.Test, n.Failures, n.Message)
				}
			}
			if len(r.Exposures) != 1 || r.Exposures[0].Owner != "board@example.com" {
				t.Errorf("exposures: %+v", r.Exposures)
			}
			problems := "shop/models/after.sql: was not built, because what it reads was not built: bad\nshop/models/bad.sql: was not built, because a test of what it reads failed: "
			if !strings.HasPrefix(r.Problems.Error(), problems) {
				t.Errorf("got %v", r.Problems)
			}
			t.Logf("%+v", r.Deprecations)
		})
	}
}

// TestUntrustedFiles has dbt's files replaced by what a project may put there instead.
func TestUntrustedFiles(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "secret")
	write(t, secret, `{"metadata": {"dbt_schema_version": "/v12.json", "dbt_version": "SECRET"}}`)
	put := func(name, text string) func(string) {
		return func(scratch string) { write(t, filepath.Join(scratch, name), text) }
	}
	link := func(name string) func(string) {
		return func(scratch string) {
			file := filepath.Join(scratch, name)
			if err := os.Remove(file); err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink(secret, file); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, c := range map[string]struct {
		damage func(string)
		want   string
	}{
		"a manifest of an old dbt":     {put("target/manifest.json", `{"metadata": {"dbt_schema_version": "https://schemas.getdbt.com/dbt/manifest/v11.json", "dbt_version": "1.7.1"}}`), "as dbt 1.7.1 writes it; version 12, of dbt 1.8, is the oldest"},
		"a manifest that is no JSON":   {put("target/manifest.json", `<html>`), "read target/manifest.json: invalid character"},
		"a manifest of other types":    {put("target/manifest.json", `{"metadata": {"dbt_schema_version": "/v12.json"}, "nodes": [1]}`), "read target/manifest.json: json"},
		"a manifest that is a link":    {link("target/manifest.json"), "no regular file"},
		"results that are a link":      {link("target/run_results.json"), "no regular file"},
		"no results":                   {func(s string) { _ = os.Remove(filepath.Join(s, "target/run_results.json")) }, "the end"},
		"results of nobody":            {put("target/run_results.json", `{"metadata": {"dbt_schema_version": "/v6.json"}, "results": [{"unique_id": "model.small.nobody", "status": "success"}]}`), "the end"},
		"a status that is not known":   {put("target/run_results.json", `{"metadata": {"dbt_schema_version": "/v6.json"}, "results": [{"unique_id": "model.small.good", "status": "splendid"}]}`), `the status "splendid"`},
		"a result file of a newer dbt": {put("target/run_results.json", `{"metadata": {"dbt_schema_version": "/v7.json", "dbt_version": "2.0"}, "results": []}`), "may have been misread"},
	} {
		t.Run(name, func(t *testing.T) {
			tool, p := replay(t, "1.11", func(s string) {
				_ = os.Remove(filepath.Join(s, "logs/dbt.log"))
				c.damage(s)
			})
			r, err := tool.Build(context.Background(), p)
			if err != nil || r.OK() || !strings.Contains(r.Problems.Error(), c.want) || strings.Contains(r.Problems.Error()+r.Version, "SECRET") {
				t.Errorf("%v, version %q, problems: %v", err, r.Version, r.Problems)
			}
		})
	}
}

func TestProfile(t *testing.T) {
	got := string((&Tool{Memory: 512 << 20}).profile(Project{Scratch: `/tmp/a "b" {{ x }}`}, settings{profile: "é: {{ env_var('X') }}"}))
	for _, part := range []string{`"\u00e9: \u007b\u007b env_var('X') }}"`, `"path": "/tmp/a \"b\" \u007b\u007b x }}/dbt.duckdb"`, `"memory_limit": "512MiB"`, `"threads": 4`} {
		if !strings.Contains(got, part) {
			t.Errorf("%s does not hold %s", got, part)
		}
	}
}

func TestSecretsAreNotTold(t *testing.T) {
	tool, p := replay(t, "1.12", func(s string) {
		file := filepath.Join(s, "target/run_results.json")
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		write(t, file, strings.ReplaceAll(string(data), "Got 1 result", "Got hunter2"))
	})
	p.Profile = Profile{Folder: ".", Secrets: []string{"", "hunter2"}}
	r, err := tool.Build(context.Background(), p)
	if err != nil {
		t.Fatal(err)
	}
	told := 0
	for _, n := range r.Nodes {
		if strings.Contains(n.Message, "hunter2") {
			t.Errorf("%s tells it: %s", n.ID, n.Message)
		}
		if strings.HasPrefix(n.Message, "Got …") {
			told++
		}
	}
	if told == 0 {
		t.Error("nothing was scrubbed, so that this proves nothing")
	}
}

// What this package sets can't be set by the product's environment.
func TestEnvironment(t *testing.T) {
	got := (&Tool{Env: []string{"PATH=/bin", "DO_NOT_TRACK=0", "HOME=/root", "broken"}}).environment(Project{Scratch: "/s"})
	all := strings.Join(got, "\n")
	if !strings.Contains(all, "PATH=/bin") || strings.Contains(all, "DO_NOT_TRACK=0") || strings.Contains(all, "/root") || got[0] != "HOME=/s/home" {
		t.Errorf("got %v", got)
	}
}

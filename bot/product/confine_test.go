package product

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A model that reaches out, or that is no model, is one problem at its file, and writes nothing anywhere.
func TestReachingOut(t *testing.T) {
	out := t.TempDir()
	for _, x := range []struct{ name, sql, at, holds string }{
		{"copy out", "copy (select 1) to 'OUT/x.csv'", ":1:1", "a COPY statement"},
		{"attach", "attach 'OUT/x.db'", ":1:1", "an ATTACH statement"},
		{"export", "export database 'OUT/x'", ":1:1", "an EXPORT statement"},
		{"install", "install httpfs", ":1:1", "an INSTALL statement"},
		{"load", "load httpfs", ":1:1", "a LOAD statement"},
		{"insert", "insert into s values (1)", ":1:1", "an INSERT statement"},
		{"insert at last", "with x as (select 1) insert into s from x", "", "ends in another"},
		{"create", "create table z as select 1", ":1:1", "a CREATE statement"},
		{"set", "set threads = 1", ":1:1", "a SET statement"},
		{"pragma", "pragma database_list", ":1:1", "a PRAGMA statement"},
		{"two", "select 1 as x; select 2 as x", "", "holds 2 statements"},
		{"drop at last", "select 1 as x;\ndrop table s", ":2:1", "a DROP statement"},
		{"read_csv", "select * from read_csv('/etc/passwd')", "", "reads files with read_csv()"},
		{"read_text", "select * from read_text('/etc/passwd')", "", "reads files with read_text()"},
		{"glob", "select * from glob('/etc/*')", "", "reads files with glob()"},
		{"by name", "select * from '/etc/passwd'", "", "reads the file /etc/passwd"},
		{"own database", "select * from read_duckdb('codicil_build.duckdb')", "", "reads files with read_duckdb()"},
		{"scalar", "select (select content from read_text('/etc/passwd')) as x", "", "reads files with read_text()"},
		{"environment", "select getenv('HOME') as x", ":1:8", "getenv does not exist"},
		{"empty", "", "", "is empty"},
		{"only a comment", "-- nothing\n;", "", "holds no statement"},
		{"binary", "\x7fELF\x00\x01", "", "binary file"},
		{"Latin-1", "select 'caf\xe9' as x", "", "not UTF-8"},
		{"large", "select 1 as x --" + strings.Repeat("x", maxSQL), "", "larger than 1 MiB"},
		{"deep", "select " + strings.Repeat("(", 200_000) + "1" + strings.Repeat(")", 200_000) + " as x", ":1:10004", "nested too deeply"},
		{"long", "select 1" + strings.Repeat("+1", 100_000) + " as x", "", "nested too deeply"},
		{"parameter", "select ? as x", "", "holds a parameter"},
		{"describe", "describe s", "", "a model is one SELECT"},
	} {
		t.Run(x.name, func(t *testing.T) {
			f := one(files{"models/m.sql": strings.ReplaceAll(x.sql, "OUT", out), "models/n.sql": "select * from m", "seeds/s.csv": "x\n1\n"})
			wantProblem(t, mustBuild(t, sideOf(t, f), "p", Own).Problems, "p/models/m.sql"+x.at, x.holds)
			if left := entries(t, out); len(left) > 0 {
				t.Errorf("written: %v", left)
			}
		})
	}
}

// What uses up time, memory or disk is one problem of its model, and the rest is built.
func TestLimits(t *testing.T) {
	for _, x := range []struct{ name, sql, holds string }{
		{"endless", "with recursive t as (select 1 as x union all select x + 1 from t) select x from t", "longer than the 1s allowed; make the model faster, or allow more with --timeout"},
		{"memory", "select list(range::varchar || 'some text that takes room') as l from range(30000000)", "needs more memory or disk than allowed"},
		{"disk", "select range as x, md5(range::varchar) || md5((range + 1)::varchar) as y from range(3000000)", "needs more memory or disk than allowed"},
		{"parser", "select 1 as x where " + strings.Repeat("1=1 or ", 60_000) + "1=1", "takes DuckDB's parser too"},
	} {
		t.Run(x.name, func(t *testing.T) {
			s := sideOf(t, one(files{"models/m.sql": x.sql, "models/good.sql": "select 1 as x"}))
			s.builder.Memory, s.builder.Disk, s.builder.StatementTimeout = 64<<20, 16<<20, time.Second
			if x.name == "disk" || x.name == "memory" {
				s.builder.StatementTimeout = time.Minute
			}
			wantProblem(t, mustBuild(t, s, "p", Own).Problems, "p/models/m.sql", x.holds)
		})
	}
}

func TestLinks(t *testing.T) {
	outside := files{"spec.yaml": specOf("p", ""), "m.sql": "select 1 as x", "s.csv": "x\n1\n", "d/m.sql": "select 1 as x"}.write(t).Root
	for _, x := range []struct{ name, to, model string }{
		{"models/m.sql", "m.sql", "select * from m"},
		{"models/sub", "d", "select * from anything"},
		{"models/dangling.sql", "nowhere", "select 1 as x"},
		{"tests/m.sql", "m.sql", "select 1 as x"},
		{"seeds/s.csv", "s.csv", "select * from s"},
		{"seeds", "d", "select * from s"},
		{"product.yaml", "spec.yaml", "select 1 as x"},
		{"spec.yaml", "spec.yaml", "select 1 as x"},
		{"amendments", "d", "select 1 as x"},
	} {
		t.Run(x.name, func(t *testing.T) {
			tree := one(files{"models/n.sql": x.model}).write(t)
			link := filepath.Join(tree.Root, "p", filepath.FromSlash(x.name))
			if err := os.MkdirAll(filepath.Dir(link), 0o755); err != nil {
				t.Fatal(err)
			}
			_ = os.Remove(link)
			if err := os.Symlink(filepath.Join(outside, x.to), link); err != nil {
				t.Fatal(err)
			}
			p, problems := Load(tree, "p")
			if p != nil {
				_, more := p.Tests()
				problems = append(problems, more...)
			}
			if problems.Err() == nil {
				s := NewSide(newBuilder(t), []*Product{p}, nil, clock)
				problems = mustBuild(t, s, "p", Own).Problems
			}
			wantProblem(t, problems, "p/"+x.name)
		})
	}
}

// Links inside the tree, which its root would follow, are refused as well.
func TestLinkInside(t *testing.T) {
	tree := files{"p/real.yaml": specOf("p", ""), "q/spec.yaml": specOf("q", ""), "q/real.yaml": "{}\n"}.write(t)
	for link, to := range map[string]string{"p/spec.yaml": "real.yaml", "q/product.yaml": "real.yaml"} {
		if err := os.Symlink(to, filepath.Join(tree.Root, link)); err != nil {
			t.Fatal(err)
		}
		_, problems := Load(tree, filepath.Dir(link))
		wantProblem(t, problems, link, "link")
	}
}

// Odd names of files and folders are just names.
func TestOddNames(t *testing.T) {
	tree := files{
		"a [1] 'b' \"c\" \n é*?/spec.yaml":           specOf("p", ""),
		"a [1] 'b' \"c\" \n é*?/seeds/-s.csv":        "x\n1\n",
		"a [1] 'b' \"c\" \n é*?/models/x y\n'z'.sql": "select x + 1 as x from \"-s\"",
		"a [1] 'b' \"c\" \n é*?/models/ünï.sql":      "select x + 1 as x from \"x y\n'z'\"",
		".hidden/spec.yaml":                          "x",
		"node_modules/q/spec.yaml":                   "x",
	}.write(t)
	s := NewSide(newBuilder(t), products(t, tree), nil, clock)
	b, err := s.Build(context.Background(), "p", Own)
	if err != nil || !b.OK() {
		t.Fatal(err, b)
	}
	if got := text(t, b, "SELECT x FROM ünï"); got != "3" {
		t.Errorf("got %s", got)
	}
}

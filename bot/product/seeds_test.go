package product

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/engine"
)

// typed is a spec with one table o of a few types.
const typed = `tables:
  - name: o
    description: One row for each thing.
    why: For the test.
    columns:
      - {name: id, type: INTEGER, description: A number., why: For the test.}
      - {name: code, type: VARCHAR(10), description: A code., why: For the test.}
      - {name: day, type: DATE, description: A day., why: For the test.}
`

func TestSeedTypes(t *testing.T) {
	for _, x := range []struct {
		name  string
		files files
		want  string
	}{
		{"inferred", files{"seeds/s.csv": "i,d,t,b,v\n1,1.5,2026-01-02,true,x\n2,2,2026-01-03,false,\n"}, "i BIGINT, d DOUBLE, t DATE, b BOOLEAN, v VARCHAR"},
		{"inferred from all rows", files{"seeds/s.csv": "i\n" + strings.Repeat("1\n", 30000) + "x\n"}, "i VARCHAR"},
		{"leading zeros stay", files{"seeds/s.csv": "zip\n00123\n04567\n"}, "zip VARCHAR"},
		{"only ISO dates are dates", files{"seeds/s.csv": "a,b\n01/02/2024,2024-02-01\n"}, "a VARCHAR, b DATE"},
		{"no value at all", files{"seeds/s.csv": "a,b\n1,\n2,\"\"\n"}, "a BIGINT, b VARCHAR"},
		{"no row", files{"seeds/s.csv": "a,b\n"}, "a VARCHAR, b VARCHAR"},
		{"no row, declared", files{"seeds/s.csv": "a,b\n", "product.yaml": "seeds: {S: {types: {A: DATE, b: 'DECIMAL(10,2)'}}}\n"}, "a DATE, b DECIMAL(10,2)"},
		{"declared", files{"seeds/s.csv": "a,b\n1,2\n", "product.yaml": "seeds: {s: {types: {a: VARCHAR}}}\n"}, "a VARCHAR, b BIGINT"},
		{"byte order mark", files{"seeds/s.csv": "\ufeffa\n1\n"}, "a BIGINT"},
	} {
		t.Run(x.name, func(t *testing.T) {
			if got := columns(t, good(t, one(x.files)), "s"); got != x.want {
				t.Errorf("got %s, want %s", got, x.want)
			}
		})
	}
}

func TestSeedTypesFromSpec(t *testing.T) {
	f := files{"p/spec.yaml": specOf("p", typed), "p/seeds/O.csv": "code,id,day,more\n7,1,,1\n"}
	const want = "code VARCHAR, id INTEGER, day DATE, more BIGINT"
	if got := columns(t, good(t, f), "o"); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	f["p/product.yaml"] = "seeds: {o: {types: {code: SMALLINT}}}\n"
	if got := columns(t, good(t, f), "o"); got != strings.Replace(want, "VARCHAR", "SMALLINT", 1) {
		t.Errorf("product.yaml does not win: got %s", got)
	}
}

func TestSeedValues(t *testing.T) {
	b := good(t, one(files{"seeds/s.csv": "a,b\r\n1,\"x\r\ny\"\r\n2,\"say \"\"z\"\"\"\r\n3,\r\n4,\"\"\r\n\r\n5, p \r\n"}))
	if got, want := text(t, b, "SELECT a, replace(replace(b, chr(10), 'N'), chr(13), 'R') FROM s"), "1|xRNy\n2|say \"z\"\n3|∅\n4|∅\n5| p "; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestSeedNames(t *testing.T) {
	b := good(t, one(files{"seeds/it's \"x\".csv": "a\n1\n", "seeds/a*.csv": "a\n1\n", "seeds/ab.csv": "a\n2\n3\n", "seeds/[b].csv": "a\n4\n", "seeds/raw.t.csv": "a\n5\n",
		"models/raw.u.sql": "select a + 1 as a from RAW.\"T\""}))
	if got := text(t, b, `SELECT (SELECT count(*) FROM "a*"), (SELECT a FROM "[b]"), (SELECT a FROM raw.t), (SELECT a FROM raw.u), (SELECT a FROM "it's ""x""")`); got != "1|4|5|6|1" {
		t.Errorf("got %s", got)
	}
}

func TestSeedProblems(t *testing.T) {
	for _, x := range []struct {
		name  string
		files files
		at    string
		holds string
	}{
		{"ragged", files{"seeds/s.csv": "a,b\n1,2\n1\n"}, "p/seeds/s.csv:3:1", "another number of fields"},
		{"not of the type", files{"seeds/s.csv": "n,a\nx,1\n\"y\ny\",2\nżż,x\n", "product.yaml": "seeds: {s: {types: {a: INTEGER}}}\n"}, "p/seeds/s.csv:5:6", "column a holds a value here that is no INTEGER"},
		{"not Parquet", files{"seeds/s.parquet": "hello"}, "p/seeds/s.parquet", "is not a Parquet file"},
		{"broken Parquet", files{"seeds/s.parquet": "PAR1" + strings.Repeat("x", 100)}, "p/seeds/s.parquet", "seeds/s.parquet"},
		{"two of one table", files{"seeds/s.csv": "a\n1\n", "seeds/x/S.csv": "a\n1\n"}, "p/seeds/x/S.csv", "makes the table S, as seeds/s.csv does"},
		{"declared column", files{"seeds/s.csv": "a\n1\n", "product.yaml": "seeds:\n  s:\n    types: {b: INTEGER}\n"}, "p/product.yaml:3:13", "seeds/s.csv has no column b"},
		{"declared seed", files{"seeds/s.csv": "a\n1\n", "product.yaml": "seeds:\n  t: {types: {b: INTEGER}}\n"}, "p/product.yaml:2:3", "there is no seed t"},
		{"reserved schema", files{"seeds/temp.s.csv": "a\n1\n"}, "p/seeds/temp.s.csv", "the database's own"},
	} {
		t.Run(x.name, func(t *testing.T) {
			f := one(x.files)
			f["p/models/m.sql"], f["p/models/n.sql"] = "select * from s", "select * from m" // they wait, and are not wrong
			if x.name == "two of one table" || strings.HasPrefix(x.name, "declared") || x.name == "reserved schema" {
				delete(f, "p/models/m.sql")
				delete(f, "p/models/n.sql")
			}
			wantProblem(t, mustBuild(t, sideOf(t, f), "p", Own).Problems, x.at, x.holds)
		})
	}
}

// A column without a value is VARCHAR, with a warning; arithmetic on it is a clear error.
func TestSeedWithoutValues(t *testing.T) {
	b := mustBuild(t, sideOf(t, one(files{"seeds/s.csv": "a,b\n1,\n", "models/m.sql": "select\n  b + 1 as c from s"})), "p", Own)
	wantProblem(t, b.Problems, "p/models/m.sql:2:5", "No function matches", "VARCHAR")
	if w := b.Problems.Sorted()[1]; w.Severity != bot.SeverityWarning || w.File != "p/seeds/s.csv" || !strings.Contains(w.Message, "seeds: {s: {types: {b: …}}}") {
		t.Errorf("got %v", b.Problems)
	}
}

func TestParquetSeed(t *testing.T) {
	dir := t.TempDir()
	ctx := context.Background()
	s, err := engine.Start(ctx, engine.Options{WriteDir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Exec(ctx, "COPY (SELECT 1::SMALLINT AS id, NULL::DATE AS d, 'x' AS n UNION ALL SELECT 2::SMALLINT, NULL, 'y' ORDER BY id) TO "+engine.Literal(filepath.Join(dir, "s.parquet"))); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(dir, "s.parquet"))
	if err != nil {
		t.Fatal(err)
	}
	f := one(files{"seeds/s.parquet": string(data)})
	if got := columns(t, good(t, f), "s"); got != "id SMALLINT, d DATE, n VARCHAR" {
		t.Errorf("got %s", got)
	}
	f["p/product.yaml"] = "seeds: {s: {types: {ID: BIGINT}}}\n"
	if got := columns(t, good(t, f), "s"); got != "id BIGINT, d DATE, n VARCHAR" {
		t.Errorf("declared: got %s", got)
	}
}

// A path that DuckDB would take for a pattern is read from a copy.
func TestAvoidPatterns(t *testing.T) {
	tree := files{"a*.csv": "star", "a?.csv": "mark", "b.csv": "plain"}.write(t)
	seed := func(name string) Seed { return Seed{Path: "seeds/" + name, File: filepath.Join(tree.Root, name)} }
	first, later := seed("a*.csv"), seed("a?.csv")
	first.NewColumns = &later
	given := []Seed{first, seed("b.csv")}
	pl := &plan{Seeds: given}
	scratch := t.TempDir()
	if err := pl.avoidPatterns(scratch); err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string]string{pl.Seeds[0].File: "star", pl.Seeds[0].NewColumns.File: "mark"} {
		if data, err := os.ReadFile(file); string(data) != want || filepath.Dir(file) != scratch {
			t.Errorf("%s: got %q, %v", file, data, err)
		}
	}
	if pl.Seeds[1].File != given[1].File || given[0].File != first.File {
		t.Error("a seed was changed that should not be")
	}
	if later.File != filepath.Join(tree.Root, "a?.csv") {
		t.Error("the later version that others share was changed")
	}
}

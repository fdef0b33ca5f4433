package product

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/engine"
)

func TestMain(m *testing.M) {
	os.Exit(m.Run())
}

// clock is what the tests' builds are pinned to.
var clock = time.Date(2026, 2, 3, 4, 5, 6, 123456000, time.UTC)

// specOf is a spec.yaml without tables; more is appended to it.
func specOf(product, more string) string {
	if !strings.Contains(more, "tables:") {
		more += "tables: []\n"
	}
	return "spec: 1\nproduct: " + product + "\nversion: 1.2.0\nowner: {team: shop}\npurpose: Serves a test.\n" + more
}

// files are the files of a tree by slash-separated path.
type files map[string]string

// write makes a tree of files in a new folder.
func (f files) write(t testing.TB) Tree {
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
	return Tree{Root: root, Label: "test"}
}

// products loads every product of a tree.
func products(t testing.TB, tree Tree) []*Product {
	t.Helper()
	dirs, err := Find(tree, ".")
	if err != nil {
		t.Fatal(err)
	}
	var out []*Product
	for _, dir := range dirs {
		p, problems := Load(tree, dir)
		if p == nil || problems.Err() != nil {
			t.Fatalf("load %s: %v", dir, problems)
		}
		out = append(out, p)
	}
	return out
}

// newBuilder is a builder with a cache of its own.
func newBuilder(t testing.TB) *Builder {
	t.Helper()
	cache, err := OpenCache("")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cache.Close() })
	return &Builder{Cache: cache, Threads: 2, Memory: 256 << 20}
}

// sideOf is a side with the products of f, whose builds are made anew.
func sideOf(t testing.TB, f files) *Side {
	return NewSide(newBuilder(t), products(t, f.write(t)), nil, clock)
}

// one is a product p made of files, without its spec.
func one(f files) files {
	out := files{"p/spec.yaml": specOf("p", "")}
	for name, text := range f {
		out["p/"+name] = text
	}
	return out
}

// mustBuild builds a product and returns it with its problems.
func mustBuild(t testing.TB, s *Side, name string, mode Mode) *Build {
	t.Helper()
	b, err := s.Build(context.Background(), name, mode)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// good builds the product p of f, which must have no problems.
func good(t testing.TB, f files) *Build {
	t.Helper()
	b := mustBuild(t, sideOf(t, f), "p", Own)
	if !b.OK() {
		t.Fatalf("problems:\n%v", b.Problems)
	}
	return b
}

// text is a query's result on a build: a line a row, | between values, ∅ for NULL.
func text(t testing.TB, b *Build, sql string) string {
	t.Helper()
	ctx := context.Background()
	s, err := engine.Start(ctx, engine.Options{ReadOnly: []string{filepath.Dir(b.Database())}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Exec(ctx, "ATTACH "+engine.Literal(b.Database())+" AS b (READ_ONLY); USE b"); err != nil {
		t.Fatal(err)
	}
	rows, err := s.Query(ctx, sql, -1)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, r := range rows.Values {
		var values []string
		for _, v := range r {
			if v == nil {
				values = append(values, "∅")
				continue
			}
			values = append(values, *v)
		}
		lines = append(lines, strings.Join(values, "|"))
	}
	return strings.Join(lines, "\n")
}

// columns are a built table's columns as name type, name type.
func columns(t testing.TB, b *Build, table string) string {
	t.Helper()
	found, ok := b.Table(table)
	if !ok {
		t.Fatalf("no table %s in %v", table, b.Tables)
	}
	var out []string
	for _, c := range found.Columns {
		out = append(out, c.Name+" "+c.Type)
	}
	return strings.Join(out, ", ")
}

// wantProblem checks that there is exactly one error, and what it begins with (its place) and holds.
func wantProblem(t testing.TB, problems bot.Problems, place string, holds ...string) {
	t.Helper()
	var errs []string
	for _, p := range problems {
		if p.Severity != bot.SeverityWarning {
			errs = append(errs, p.String())
		}
	}
	if len(errs) != 1 {
		t.Fatalf("got %d errors, want one at %s:\n%s", len(errs), place, strings.Join(errs, "\n"))
	}
	if !strings.HasPrefix(errs[0], place+": ") {
		t.Errorf("got  %s\nwant it at %s", errs[0], place)
	}
	for _, h := range holds {
		if !strings.Contains(errs[0], h) {
			t.Errorf("got  %s\nwant it to hold %q", errs[0], h)
		}
	}
}

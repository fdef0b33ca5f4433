package product

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/codicil-dev/codicil/bot/engine"
)

// openIn is a builder with a cache in a folder.
func openIn(t *testing.T, folder string) *Builder {
	t.Helper()
	cache, err := OpenCache(folder)
	if err != nil {
		t.Fatal(err)
	}
	return &Builder{Cache: cache, Threads: 2, Memory: 256 << 20}
}

func entries(t *testing.T, folder string) []string {
	t.Helper()
	list, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range list {
		out = append(out, e.Name())
	}
	return out
}

var simple = one(files{"seeds/s.csv": "x\n1\n", "models/m.sql": "select * from s"})

func with(f files, name, text string) files {
	out := files{name: text}
	for n, t := range f {
		if n != name {
			out[n] = t
		}
	}
	return out
}

func TestKey(t *testing.T) {
	key := func(f files, change func(*Side)) string {
		t.Helper()
		s := NewSide(&Builder{Threads: 2}, products(t, f.write(t)), nil, clock)
		if change != nil {
			change(s)
		}
		p, _ := s.Product("p")
		pl, problems, err := s.plan(context.Background(), p, Own)
		if err != nil || problems.Err() != nil {
			t.Fatal(err, problems)
		}
		k, err := pl.key()
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	plain := key(simple, nil)
	moved := files{}
	for name, text := range simple {
		moved["deep/down/"+strings.TrimPrefix(name, "p/")] = text
	}
	for name, same := range map[string]string{
		"another checkout":         key(simple, nil),
		"another folder":           key(moved, nil),
		"a description":            key(with(simple, "p/spec.yaml", strings.Replace(specOf("p", ""), "Serves", "Does", 1)), nil),
		"a file that no-one reads": key(with(simple, "p/README.md", "x"), nil),
	} {
		if same != plain {
			t.Errorf("%s changes the key", name)
		}
	}
	for name, other := range map[string]string{
		"the model":        key(with(simple, "p/models/m.sql", "select x from s"), nil),
		"the model's name": key(with(simple, "p/models/n.sql", "select 1 as x"), nil),
		"the seed":         key(with(simple, "p/seeds/s.csv", "x\n2\n"), nil),
		"a declared type":  key(with(simple, "p/product.yaml", "seeds: {s: {types: {x: INTEGER}}}\n"), nil),
		"the clock":        key(simple, func(s *Side) { s.Clock = s.Clock.Add(time.Second) }),
		"the threads":      key(simple, func(s *Side) { s.builder.Threads = 3 }),
	} {
		if other == plain {
			t.Errorf("%s does not change the key", name)
		}
	}
	a, b := &plan{Product: "p", Inputs: []InputTable{{Name: "t", Key: "1"}}}, &plan{Product: "p", Inputs: []InputTable{{Name: "t", Key: "2"}}}
	if ka, _ := a.key(); ka == must(b.key()) {
		t.Error("an input's build does not change the key")
	}
	if !strings.Contains(engineName, engine.DuckDBVersion) {
		t.Error("the engine's version is not in the key")
	}
}

func must(s string, err error) string {
	if err != nil {
		panic(err)
	}
	return s
}

func TestCached(t *testing.T) {
	folder := t.TempDir()
	tree := simple.write(t)
	build := func() *Build {
		b := openIn(t, folder)
		defer b.Cache.Close()
		return mustBuild(t, NewSide(b, products(t, tree), nil, clock), "p", Own)
	}
	if first := build(); first.Cached || !first.OK() {
		t.Fatalf("got %+v", first)
	}
	second := build()
	if !second.Cached || second.Path != "p" || len(second.Tables) != 2 || len(second.Models) != 1 {
		t.Errorf("got %+v", second)
	}
	database := second.Database()
	for name, damage := range map[string]func(){
		"truncated":    func() { _ = os.Truncate(database, 1000) },
		"emptied":      func() { _ = os.Truncate(database, 0) },
		"overwritten":  func() { write(t, database, strings.Repeat("x", int(size(t, database)))) },
		"gone":         func() { _ = os.Remove(database) },
		"no manifest":  func() { _ = os.Remove(filepath.Join(filepath.Dir(database), manifestFile)) },
		"garbage":      func() { write(t, filepath.Join(filepath.Dir(database), manifestFile), "{\"Build\":[") },
		"null":         func() { write(t, filepath.Join(filepath.Dir(database), manifestFile), "null") },
		"a plain file": func() { _ = os.RemoveAll(filepath.Dir(database)); write(t, filepath.Dir(database), "x") },
	} {
		damage()
		again := build()
		if again.Cached || !again.OK() || text(t, again, "SELECT * FROM m") != "1" {
			t.Errorf("%s: got %+v", name, again)
		}
		if !build().Cached {
			t.Errorf("%s: was not mended", name)
		}
	}
	if got := entries(t, folder); len(got) != 1 {
		t.Errorf("left: %v", got)
	}
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func size(t *testing.T, file string) int64 {
	t.Helper()
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}

// Failed builds, and what is built on them, can be read until the cache is closed, and are not kept.
func TestFailedBuildsGo(t *testing.T) {
	folder := t.TempDir()
	b := openIn(t, folder)
	s := NewSide(b, products(t, files{
		"up/spec.yaml": specOf("up", ""), "up/models/t.sql": "select 1 as x", "up/models/bad.sql": "select nope",
		"p/spec.yaml": specOf("p", "inputs: [{product: up, table: t}]\n"), "p/models/m.sql": "select * from t",
	}.write(t)), nil, clock)
	p := mustBuild(t, s, "p", Own)
	if up := mustBuild(t, s, "up", Own); up.OK() || !p.OK() || text(t, p, "SELECT x FROM m") != "1" {
		t.Errorf("got %v and %v", up.Problems, p.Problems)
	}
	if err := b.Cache.Close(); err != nil {
		t.Fatal(err)
	}
	if got := entries(t, folder); len(got) != 0 {
		t.Errorf("left: %v", got)
	}
}

func TestConcurrentBuilds(t *testing.T) {
	folder := t.TempDir()
	tree := simple.write(t)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			b := openIn(t, folder)
			defer b.Cache.Close()
			got := mustBuild(t, NewSide(b, products(t, tree), nil, clock), "p", Own)
			if !got.OK() || text(t, got, "SELECT * FROM m") != "1" {
				t.Errorf("got %+v", got)
			}
		})
	}
	wg.Wait()
	if got := entries(t, folder); len(got) != 1 {
		t.Errorf("left: %v", got)
	}
}

func TestPrune(t *testing.T) {
	folder := t.TempDir()
	now := time.Now()
	for name, age := range map[string]time.Duration{"old": 15 * 24 * time.Hour, "used": 13 * 24 * time.Hour, scratchPrefix + "1": 25 * time.Hour, scratchPrefix + "2": time.Hour} {
		if err := os.Mkdir(filepath.Join(folder, name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(filepath.Join(folder, name), now.Add(-age), now.Add(-age)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := OpenCache(folder); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(entries(t, folder), " "); got != scratchPrefix+"2 used" {
		t.Errorf("left: %s", got)
	}
}

func TestUnusableCache(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	write(t, file, "x")
	if _, err := OpenCache(filepath.Join(file, "cache")); err == nil || !strings.Contains(err.Error(), "--cache") {
		t.Errorf("got %v", err)
	}
	folder := filepath.Join(t.TempDir(), "cache")
	b := openIn(t, folder)
	if err := os.Remove(folder); err != nil {
		t.Fatal(err)
	}
	_, err := NewSide(b, products(t, simple.write(t)), nil, clock).Build(context.Background(), "p", Own)
	if err == nil || !strings.Contains(err.Error(), folder) || !strings.Contains(err.Error(), "--no-cache") {
		t.Errorf("got %v", err)
	}
}

// A large database that was cut short begins as it did, and is told by its size.
func TestFingerprint(t *testing.T) {
	file := filepath.Join(t.TempDir(), "x")
	write(t, file, strings.Repeat("x", 2<<20))
	size, head, err := fingerprint(file)
	if err != nil || size != 2<<20 {
		t.Fatal(size, err)
	}
	write(t, file, strings.Repeat("x", 2<<20-1))
	if again, same, _ := fingerprint(file); again == size || same != head {
		t.Errorf("got %d, %s", again, same)
	}
}

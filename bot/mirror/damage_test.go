package mirror_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/codicil-dev/codicil/bot/mirror"
)

// packs are the files of the copy's packs with that ending.
func packs(t *testing.T, folder, ending string) []string {
	t.Helper()
	names, _ := filepath.Glob(filepath.Join(folder, "objects/pack/*."+ending))
	if len(names) == 0 {
		t.Fatalf("no %s in %s", ending, folder)
	}
	for _, name := range names {
		if err := os.Chmod(name, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return names
}

func overwrite(t *testing.T, names []string, change func([]byte) []byte) {
	t.Helper()
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, change(data), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

var damages = []struct {
	name string
	do   func(t *testing.T, folder string)
}{
	{"packs cut", func(t *testing.T, f string) {
		overwrite(t, packs(t, f, "pack"), func(b []byte) []byte { return b[:len(b)/2] })
	}},
	{"packs empty", func(t *testing.T, f string) {
		overwrite(t, packs(t, f, "pack"), func([]byte) []byte { return nil })
	}},
	{"packs altered", func(t *testing.T, f string) {
		overwrite(t, packs(t, f, "pack"), func(b []byte) []byte {
			for i := 12; i < len(b)-20; i++ {
				b[i] ^= 0x55
			}
			return b
		})
	}},
	{"packs gone", func(t *testing.T, f string) {
		for _, name := range packs(t, f, "pack") {
			_ = os.Remove(name)
		}
	}},
	{"indexes gone", func(t *testing.T, f string) {
		for _, name := range packs(t, f, "idx") {
			_ = os.Remove(name)
		}
	}},
	{"indexes altered", func(t *testing.T, f string) {
		overwrite(t, packs(t, f, "idx"), func(b []byte) []byte { return bytes.Repeat([]byte("x"), len(b)) })
	}},
	{"objects gone", func(t *testing.T, f string) {
		if err := os.RemoveAll(filepath.Join(f, "objects")); err != nil {
			t.Fatal(err)
		}
	}},
	{"a ref altered", func(t *testing.T, f string) {
		overwrite(t, []string{filepath.Join(f, "refs/remotes/origin/main")}, func([]byte) []byte { return []byte("noise\n") })
	}},
	{"a ref empty", func(t *testing.T, f string) {
		overwrite(t, []string{filepath.Join(f, "refs/remotes/origin/main")}, func([]byte) []byte { return nil })
	}},
	{"a ref to nothing", func(t *testing.T, f string) {
		overwrite(t, []string{filepath.Join(f, "refs/remotes/origin/main")}, func([]byte) []byte { return []byte(strings.Repeat("1", 40) + "\n") })
	}},
	{"configuration altered", func(t *testing.T, f string) {
		overwrite(t, []string{filepath.Join(f, "config")}, func([]byte) []byte { return []byte("[core\nnoise") })
	}},
	{"HEAD altered", func(t *testing.T, f string) {
		overwrite(t, []string{filepath.Join(f, "HEAD")}, func([]byte) []byte { return []byte("\x00\x00") })
	}},
	{"HEAD gone", func(t *testing.T, f string) { _ = os.Remove(filepath.Join(f, "HEAD")) }},
	{"all gone", func(t *testing.T, f string) { _ = os.RemoveAll(f) }},
	{"packed refs altered", func(t *testing.T, f string) {
		if err := os.WriteFile(filepath.Join(f, "packed-refs"), []byte("# pack-refs with: peeled\nnoise\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}},
}

// TestBrokenCopyIsFetchedAnew breaks copies in many ways while the cache is open. What is asked next, a fetch or a branch and its product, works.
func TestBrokenCopyIsFetchedAnew(t *testing.T) {
	w := build(t)
	w.commit("p/spec.yaml", "a", "p/m.sql", strings.Repeat("select 1\n", 100))
	one := w.commit("p/m.sql", "select 2")
	for _, d := range damages {
		t.Run(d.name, func(t *testing.T) {
			for _, fetch := range []bool{true, false} {
				c := open(t, nil)
				m := c.fetched(w)
				d.do(t, c.folder(t))
				if fetch {
					if err := m.Fetch(t.Context()); err != nil {
						t.Fatalf("fetch: %v", err)
					}
				}
				to := t.TempDir()
				if _, err := m.Export(t.Context(), one, "spec.yaml", to); err != nil {
					t.Fatalf("export (fetched: %v): %v", fetch, err)
				}
				if got := tree(t, to); got["p/m.sql"] != "select 2" {
					t.Errorf("got %v", got)
				}
				if sha, ok, err := m.Resolve(t.Context(), "main"); sha != one || !ok || err != nil {
					t.Errorf("main (fetched: %v) is %s, %v, %v", fetch, sha, ok, err)
				}
				if n := strings.Count(c.log.String(), "is broken"); n > 1 {
					t.Errorf("logged: %s", c.log)
				}
			}
		})
	}
}

// TestBrokenAgainAndAgain breaks a copy anew right after it was fetched anew: the third time it is an error.
func TestBrokenAgainAndAgain(t *testing.T) {
	w := build(t)
	one := w.commit("p/spec.yaml", "a")
	now := when
	c := open(t, func(o *mirror.Options) { o.Now = func() time.Time { return now } })
	m := c.fetched(w)
	export := func() error {
		_, err := m.Export(t.Context(), one, "spec.yaml", t.TempDir())
		return err
	}
	damages[0].do(t, c.folder(t))
	if err := export(); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(c.log.String(), "is broken"); n != 1 {
		t.Errorf("logged: %s", c.log)
	}
	damages[0].do(t, c.folder(t))
	if err := export(); err == nil || !strings.Contains(err.Error(), "broken again") {
		t.Errorf("got %v", err)
	}
	now = now.Add(time.Hour)
	if err := export(); err != nil {
		t.Error(err)
	}
}

// TestBrokenForMany has many find the copy broken at once. It is fetched anew once, and serves all.
func TestBrokenForMany(t *testing.T) {
	w := build(t)
	one := w.commit("p/spec.yaml", "a")
	c := open(t, nil)
	c.fetched(w)
	damages[0].do(t, c.folder(t))
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			to := t.TempDir()
			if _, err := c.shop(w).Export(t.Context(), one, "spec.yaml", to); err != nil || len(tree(t, to)) != 1 {
				t.Errorf("export: %v", err)
			}
		})
	}
	all.Wait()
	if n := strings.Count(c.log.String(), "is broken"); n != 1 {
		t.Errorf("logged: %s", c.log)
	}
}

func TestUnknownCommitBreaksNothing(t *testing.T) {
	w := build(t)
	one := w.commit("p/spec.yaml", "a")
	c := open(t, nil)
	m := c.fetched(w)
	unknown := strings.Repeat("1", 40)
	_, export := m.Export(t.Context(), unknown, "spec.yaml", t.TempDir())
	_, _, read := m.ReadFile(t.Context(), unknown, "p/spec.yaml")
	_, changed := m.ChangedFiles(t.Context(), one, unknown)
	_, _, base := m.MergeBase(t.Context(), unknown, one)
	_, ancestor := m.IsAncestor(t.Context(), unknown, one)
	_, log := m.Log(t.Context(), unknown, one)
	_, _, diff := m.Diff(t.Context(), unknown, one, ".")
	_, bundle := m.Bundle(t.Context(), unknown, one)
	_, _, merge := m.Merge(t.Context(), unknown, one, "m", when)
	var files error
	for _, err := range m.Files(t.Context(), unknown) {
		files = err
	}
	for i, err := range []error{export, read, changed, base, ancestor, log, diff, bundle, merge, files} {
		if !errors.Is(err, mirror.ErrNoCommit) {
			t.Errorf("%d: got %v", i, err)
		}
	}
	if text := c.log.String(); text != "" {
		t.Errorf("logged: %s", text)
	}
}

// TestLocksOfTheKilled leaves what a killed git leaves, before the cache is opened and while it is.
func TestLocksOfTheKilled(t *testing.T) {
	w := build(t)
	w.commit("a", "1")
	dir := t.TempDir()
	c := openAt(t, dir, nil)
	m := c.fetched(w)
	leave := func(age time.Duration) {
		for _, name := range []string{"packed-refs.lock", "shallow.lock", "config.lock", "HEAD.lock", "index.lock", "refs/remotes/origin/main.lock", "objects/info/commit-graph.lock", "objects/pack/tmp_pack_x", "objects/maintenance.lock"} {
			name = filepath.Join(c.folder(t), name)
			_ = os.MkdirAll(filepath.Dir(name), 0o700)
			if err := os.WriteFile(name, nil, 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Chtimes(name, time.Now().Add(-age), time.Now().Add(-age)); err != nil {
				t.Fatal(err)
			}
		}
	}
	check := func(what string) {
		t.Helper()
		two := w.commit("a", what)
		if err := m.Fetch(t.Context()); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if sha, _, err := m.Resolve(t.Context(), "main"); sha != two || err != nil {
			t.Errorf("%s: main is %s, %v", what, sha, err)
		}
	}
	leave(0)
	check("left while it is open")
	if !strings.Contains(c.log.String(), "removed lock files") {
		t.Errorf("logged: %s", c.log)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	leave(time.Hour)
	_ = os.Mkdir(filepath.Join(dir, "tmp-1"), 0o700)
	c = openAt(t, dir, nil)
	m = c.shop(w)
	check("left before")
	if text := c.log.String(); text != "" {
		t.Errorf("it was in the way: %s", text)
	}
	if left, _ := filepath.Glob(filepath.Join(c.folder(t), "objects/pack/tmp_*")); len(left) > 0 {
		t.Errorf("left: %q", left)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "tmp-*")); len(left) > 0 {
		t.Errorf("left: %q", left)
	}
}

func TestCopiesThatNobodyFetchesAreRemoved(t *testing.T) {
	w := build(t)
	w.commit("a", "1")
	c := open(t, nil)
	m := c.fetched(w)
	at := func(age time.Duration) {
		t.Helper()
		if err := os.Chtimes(c.folder(t), time.Time{}, time.Now().Add(-age)); err != nil {
			t.Fatal(err)
		}
	}
	again := func() (there bool) {
		t.Helper()
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		c = openAt(t, c.dir, nil)
		m = c.shop(w)
		left, _ := filepath.Glob(filepath.Join(c.dir, "*.git"))
		return len(left) == 1
	}
	if at(50 * 24 * time.Hour); !again() {
		t.Error("a copy is removed after 50 days")
	}
	at(70 * 24 * time.Hour)
	if err := m.Fetch(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !again() {
		t.Error("a copy is removed that was just fetched")
	}
	if at(70 * 24 * time.Hour); again() {
		t.Error("a copy that was not fetched for 70 days is left")
	}
	if err := m.Fetch(t.Context()); err != nil {
		t.Errorf("it can't be fetched anew: %v", err)
	}
}

func TestOneProcessAtATime(t *testing.T) {
	c := open(t, nil)
	if _, err := mirror.Open(c.dir, mirror.Options{Author: bot}); err == nil || !strings.Contains(err.Error(), "in use by another process") {
		t.Errorf("got %v", err)
	}
}

func TestOpenRefuses(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	var storage *mirror.StorageError
	if _, err := mirror.Open(filepath.Join(file, "x"), mirror.Options{Author: bot}); !errors.As(err, &storage) || !strings.Contains(err.Error(), "name another folder") {
		t.Errorf("got %v", err)
	}
	for _, p := range []mirror.Person{{}, {Name: "a"}, {Name: "a\nb", Email: "a@b.c"}, {Name: "a", Email: "a@b.c> x <"}, {Name: "a <b>", Email: "a@b.c"}} {
		if _, err := mirror.Open(t.TempDir(), mirror.Options{Author: p}); err == nil {
			t.Errorf("%q: no error", p)
		}
	}
}

// TestStorage runs itself on a small disk that gets full and on one that can't be written, in a mount namespace of its own.
func TestStorage(t *testing.T) {
	dir := os.Getenv("CODICIL_TEST_STORAGE")
	if dir != "" {
		onSmallDisk(t, dir)
		return
	}
	dir = t.TempDir()
	cmd := exec.Command("unshare", "-Urm", "sh", "-c", `mount -t tmpfs -o size=2m small "$CODICIL_TEST_STORAGE" && exec "$0" -test.run='^TestStorage$' -test.v`, os.Args[0])
	cmd.Env = append(os.Environ(), "CODICIL_TEST_STORAGE="+dir)
	out, err := cmd.CombinedOutput()
	if err != nil && !strings.Contains(string(out), "TestStorage") {
		t.Skipf("no mount namespace is to be had: %s", out)
	}
	if err != nil || !strings.Contains(string(out), "PASS: TestStorage") {
		t.Errorf("%v: %s", err, out)
	}
	t.Logf("%s", out)
}

func onSmallDisk(t *testing.T, dir string) {
	w := build(t)
	one := w.commit("p/spec.yaml", "a")
	c := openAt(t, dir, nil)
	m := c.fetched(w)
	hog := filepath.Join(dir, "hog")
	fill := func() {
		f, err := os.Create(hog)
		if err != nil {
			t.Fatal(err)
		}
		for chunk := 1 << 16; chunk > 0; chunk /= 2 {
			for {
				if _, err := f.Write(make([]byte, chunk)); err != nil {
					break
				}
			}
		}
		_ = f.Close()
	}
	var storage *mirror.StorageError
	says := func(err error, advice string) {
		t.Helper()
		if !errors.As(err, &storage) || !strings.Contains(err.Error(), advice) {
			t.Errorf("got %v", err)
		}
		t.Log(err)
	}
	fill()
	w.commit("p/m.sql", strings.Repeat("select 1\n", 1000))
	says(m.Fetch(t.Context()), "free some space")
	_, err := m.Commit(t.Context(), one, []mirror.Change{{Path: "x", Data: make([]byte, 100000)}}, "x", when)
	says(err, "free some space")
	if err := os.Remove(hog); err != nil {
		t.Fatal(err)
	}
	if err := m.Fetch(t.Context()); err != nil {
		t.Errorf("after there is space again: %v", err)
	}
	if out, err := exec.Command("mount", "-o", "remount,ro", dir).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	w.commit("p/m.sql", "select 2")
	says(m.Fetch(t.Context()), "see that this user can write it")
	_, err = m.Commit(t.Context(), one, []mirror.Change{{Path: "x", Data: []byte("x")}}, "x", when)
	says(err, "see that this user can write it")
	if data, ok, err := m.ReadFile(t.Context(), one, "p/spec.yaml"); err == nil && (!ok || string(data) != "a") {
		t.Errorf("got %q, %v", data, ok)
	}
	_ = c.Close()
	_, err = mirror.Open(dir, mirror.Options{Author: bot})
	says(err, "see that this user can write it")
	if strings.Contains(c.log.String(), "is broken") {
		t.Errorf("a full disk was taken for a broken copy: %s", c.log)
	}
	if out, err := exec.Command("mount", "-o", "remount,rw", dir).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if err := openAt(t, dir, nil).shop(w).Fetch(t.Context()); err != nil {
		t.Errorf("after it can be written again: %v", err)
	}
}

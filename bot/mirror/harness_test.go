package mirror_test

import (
	"bytes"
	"context"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/codicil-dev/codicil/bot/mirror"
	"github.com/codicil-dev/codicil/forge/localforge"
)

// town is a forge with one private repository, northtrail/shop, which ada may write and bob may read.
type town struct {
	t      testing.TB
	server *httptest.Server
	bare   string // the repository on the forge's disk
	work   string // a work tree to make commits in
	tokens map[string]string

	mu       sync.Mutex
	requests []string                                                // method and path, with the service that is asked for
	before   func(http.ResponseWriter, *http.Request) (handled bool) // nil: nothing
}

func build(t testing.TB) *town {
	t.Helper()
	w := &town{t: t, tokens: map[string]string{}, work: t.TempDir()}
	var handler http.Handler
	w.server = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w.mu.Lock()
		w.requests = append(w.requests, r.Method+" "+r.URL.Path+"?"+r.URL.RawQuery)
		before := w.before
		w.mu.Unlock()
		if before == nil || !before(rw, r) {
			handler.ServeHTTP(rw, r)
		}
	}))
	dir := t.TempDir()
	f, err := localforge.Open(localforge.Options{Dir: dir, URL: w.server.URL})
	if err != nil {
		t.Fatal(err)
	}
	handler = f.Handler()
	t.Cleanup(func() { w.server.Close(); _ = f.Close() })
	for _, step := range []func() error{
		func() error { return f.AddOrganization("northtrail") },
		func() (err error) { w.tokens["ada"], err = f.AddUser("ada"); return err },
		func() (err error) { w.tokens["bob"], err = f.AddUser("bob"); return err },
		func() error { return f.AddRepo(context.Background(), "northtrail", "shop", true) },
		func() error { return f.Grant("northtrail", "shop", "ada", localforge.Write) },
		func() error { return f.Grant("northtrail", "shop", "bob", localforge.Read) },
	} {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
	bare, _ := filepath.Glob(filepath.Join(dir, "git", "*.git"))
	w.bare = bare[0]
	w.git("init", "-q")
	return w
}

// git runs git in the work tree.
func (w *town) git(args ...string) string {
	w.t.Helper()
	return runGit(w.t, w.work, args...)
}

func runGit(t testing.TB, dir string, args ...string) string {
	t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir = dir
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=" + os.DevNull, "GIT_AUTHOR_NAME=Jane", "GIT_AUTHOR_EMAIL=jane@example.com",
		"GIT_COMMITTER_NAME=Jane", "GIT_COMMITTER_EMAIL=jane@example.com", "GIT_CONFIG_COUNT=2", "GIT_CONFIG_KEY_0=init.defaultBranch", "GIT_CONFIG_VALUE_0=main",
		"GIT_CONFIG_KEY_1=protocol.file.allow", "GIT_CONFIG_VALUE_1=always"}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

// write writes a file of the work tree.
func (w *town) write(name, text string) {
	w.t.Helper()
	full := filepath.Join(w.work, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(full, []byte(text), 0o644); err != nil {
		w.t.Fatal(err)
	}
}

// commit commits the work tree with the files of name, text pairs, and puts its branches on the forge.
func (w *town) commit(files ...string) (sha string) {
	w.t.Helper()
	for i := 0; i < len(files); i += 2 {
		w.write(files[i], files[i+1])
	}
	w.git("add", "-A")
	w.git("commit", "-q", "--allow-empty", "-m", "a commit")
	w.publish()
	return w.git("rev-parse", "HEAD")
}

// publish puts all branches on the forge, without its checks.
func (w *town) publish() {
	w.t.Helper()
	runGit(w.t, w.bare, "fetch", "-q", "--update-head-ok", w.work, "+refs/heads/*:refs/heads/*")
}

// onForge is where a ref of the forge points to; empty if it is not there.
func (w *town) onForge(ref string) string {
	w.t.Helper()
	out := runGit(w.t, w.bare, "for-each-ref", "--format=%(objectname)", ref)
	return out
}

// asked counts the requests that hold a text, and forgets all.
func (w *town) asked(text string) (n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, r := range w.requests {
		if strings.Contains(r, text) {
			n++
		}
	}
	w.requests = nil
	return n
}

// meddle has a function see each request first.
func (w *town) meddle(before func(http.ResponseWriter, *http.Request) bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.before = before
}

// as is the remote with a person's token.
func (w *town) as(login string) mirror.Remote {
	return mirror.Remote{URL: w.server.URL + "/northtrail/shop.git", Credential: func(context.Context) (string, string, error) {
		return "x-access-token", w.tokens[login], nil
	}}
}

var bot = mirror.Person{Name: "Codicil", Email: "codicil@example.com"}

// cache is a cache with a log.
type cache struct {
	*mirror.Cache
	dir string
	log *logged
}

type logged struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func open(t testing.TB, change func(*mirror.Options)) cache {
	t.Helper()
	return openAt(t, t.TempDir(), change)
}

func openAt(t testing.TB, dir string, change func(*mirror.Options)) cache {
	t.Helper()
	log := &logged{}
	o := mirror.Options{Log: slog.New(slog.NewTextHandler(log, nil)), Author: bot}
	if change != nil {
		change(&o)
	}
	c, err := mirror.Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return cache{c, dir, log}
}

// shop is the copy of the town's repository, as ada sees it.
func (c cache) shop(w *town) *mirror.Mirror { return c.Mirror("local/northtrail/shop", w.as("ada")) }

// fetched is the same with everything fetched.
func (c cache) fetched(w *town) *mirror.Mirror {
	w.t.Helper()
	m := c.shop(w)
	if err := m.Fetch(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
	return m
}

// folder is the copy on disk.
func (c cache) folder(t testing.TB) string {
	t.Helper()
	dirs, _ := filepath.Glob(filepath.Join(c.dir, "*.git"))
	if len(dirs) != 1 {
		t.Fatalf("copies: %q", dirs)
	}
	return dirs[0]
}

// tree is all files below a folder.
func tree(t testing.TB, folder string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(folder, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		if !entry.Type().IsRegular() {
			t.Errorf("%s is not a regular file", name)
		}
		data, err := os.ReadFile(name)
		rel, _ := filepath.Rel(folder, name)
		out[filepath.ToSlash(rel)] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

var when = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)

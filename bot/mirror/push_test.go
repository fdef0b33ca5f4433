package mirror_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/codicil-dev/codicil/bot/mirror"
)

func TestPushLease(t *testing.T) {
	w := build(t)
	one := w.commit("a", "1")
	m := open(t, nil).fetched(w)
	make := func(parent, text string) string {
		t.Helper()
		sha, err := m.Commit(t.Context(), parent, []mirror.Change{{Path: "b", Data: []byte(text)}}, text, when)
		if err != nil {
			t.Fatal(err)
		}
		return sha
	}
	x, y := make(one, "x"), make(one, "y")
	stale := func(err error, expected, found string) {
		t.Helper()
		var s *mirror.StaleError
		if !errors.As(err, &s) || *s != (mirror.StaleError{Branch: "codicil/b", Expected: expected, Found: found}) {
			t.Errorf("got %v", err)
		}
	}
	fine := func(err error) {
		t.Helper()
		if err != nil {
			t.Error(err)
		}
	}
	push := func(sha, expected string) error { return m.Push(t.Context(), sha, "codicil/b", expected) }
	stale(push(x, y), y, "")
	fine(push(x, ""))
	fine(push(x, "")) // it got through, and nobody was told
	fine(push(x, y))
	stale(push(y, ""), "", x)
	stale(push(y, one), one, x)
	if got := w.onForge("refs/heads/codicil/b"); got != x {
		t.Fatalf("the branch is at %s", got)
	}
	fine(push(y, x)) // not a descendant
	w.git("fetch", "-q", w.bare, "codicil/b")
	w.git("checkout", "-q", "-B", "codicil/b", "FETCH_HEAD")
	person := w.commit("c", "a person's")
	stale(push(x, y), y, person)
	if got, ok, err := m.RemoteHead(t.Context(), "codicil/b"); got != person || !ok || err != nil {
		t.Errorf("the branch is at %s, %v", got, err)
	}
	stale(m.DeleteBranch(t.Context(), "codicil/b", y), y, person)
	fine(m.DeleteBranch(t.Context(), "codicil/b", person))
	fine(m.DeleteBranch(t.Context(), "codicil/b", person))
	if got := w.onForge("refs/heads/codicil/b"); got != "" {
		t.Errorf("the branch is at %s", got)
	}
	for _, branch := range []string{"-f", "--mirror", "a b", "a:b", "a..b", "x\ny", "", "a.lock", "HEAD", "a//b", "/a", "a/", "refs/heads/x", "a~1", "+a", "*"} {
		err := m.Push(t.Context(), x, branch, "")
		if branch == "+a" { // a name like any other
			fine(err)
			continue
		}
		if err == nil || !strings.Contains(err.Error(), "no name of a branch") {
			t.Errorf("%q: got %v", branch, err)
		}
	}
	if err := m.Push(t.Context(), strings.Repeat("1", 40), "z", ""); !errors.Is(err, mirror.ErrNoCommit) {
		t.Errorf("got %v", err)
	}
}

// TestPushOntoMovedRemote pushes when the remote has moved on since the copy was fetched, and the two have no branch in common any more.
func TestPushOntoMovedRemote(t *testing.T) {
	w := build(t)
	one := w.commit("p/spec.yaml", "a", "big", strings.Repeat("0123456789abcdef\n", 1000))
	now := when
	for name, later := range map[string]time.Duration{"at once": 0, "later": time.Hour} {
		m := open(t, func(o *mirror.Options) { o.Now = func() time.Time { return now } }).fetched(w)
		sha, err := m.Commit(t.Context(), one, []mirror.Change{{Path: "p/spec.yaml", Data: []byte("b")}}, "b", when)
		if err != nil {
			t.Fatal(err)
		}
		w.commit("p/other", name)
		now = now.Add(later)
		branch := "codicil/" + strings.ReplaceAll(name, " ", "-")
		if err := m.Push(t.Context(), sha, branch, ""); err != nil || w.onForge("refs/heads/"+branch) != sha {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestPushDenied(t *testing.T) {
	w := build(t)
	one := w.commit("a", "1")
	c := open(t, nil)
	m := c.fetched(w)
	sha, err := m.Commit(t.Context(), one, []mirror.Change{{Path: "b", Data: []byte("x")}}, "x", when)
	if err != nil {
		t.Fatal(err)
	}
	reader := c.Mirror("local/northtrail/shop", w.as("bob"))
	if err := reader.Push(t.Context(), sha, "x", ""); !errors.Is(err, mirror.ErrDenied) || !strings.Contains(err.Error(), "403") {
		t.Errorf("got %v", err)
	}
	hook := filepath.Join(w.bare, "hooks", "pre-receive")
	if err := os.MkdirAll(filepath.Dir(hook), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(hook, []byte("#!/bin/sh\necho 'GH006: Protected branch update failed' >&2\nexit 1\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	err = m.Push(t.Context(), sha, "x", "")
	if !errors.Is(err, mirror.ErrDenied) || !strings.Contains(err.Error(), "GH006") {
		t.Errorf("got %v", err)
	}
	t.Log(err)
	if err := os.Remove(hook); err != nil {
		t.Fatal(err)
	}
	if err := m.Push(t.Context(), sha, "x", ""); err != nil {
		t.Error(err)
	}
}

// TestPushAnswerLost has the forge take a push and the answer get lost, and then pushes be refused by a server in trouble.
func TestPushAnswerLost(t *testing.T) {
	w := build(t)
	one := w.commit("a", "1")
	m := open(t, nil).fetched(w)
	sha, err := m.Commit(t.Context(), one, []mirror.Change{{Path: "b", Data: []byte("x")}}, "x", when)
	if err != nil {
		t.Fatal(err)
	}
	inner := w.server.Config.Handler
	lose := true
	w.meddle(func(rw http.ResponseWriter, r *http.Request) bool {
		if !lose || !strings.HasSuffix(r.URL.Path, "git-receive-pack") || r.Method != http.MethodPost {
			return false
		}
		lose = false
		answer := httptest.NewRecorder()
		inner.ServeHTTP(answer, r) // which does it
		_, _ = io.Copy(io.Discard, answer.Body)
		rw.WriteHeader(http.StatusBadGateway)
		return true
	})
	if err := m.Push(t.Context(), sha, "x", ""); err != nil {
		t.Errorf("the branch is there, and the push says: %v", err)
	}
	w.meddle(func(rw http.ResponseWriter, r *http.Request) bool {
		rw.WriteHeader(http.StatusServiceUnavailable)
		return true
	})
	var remote *mirror.RemoteError
	if err := m.Push(t.Context(), sha, "y", ""); !errors.As(err, &remote) || !remote.Retryable() {
		t.Errorf("got %v", err)
	}
	w.meddle(nil)
	if err := m.Push(t.Context(), sha, "y", ""); err != nil {
		t.Error(err)
	}
}

func TestBranchName(t *testing.T) {
	for _, test := range []struct{ path, slug, want string }{
		{"orders", "Orders", "codicil/orders-"},
		{"a/b", "../..//Ünï code & more!", "codicil/n-code-more-"},
		{"a", "", "codicil/product-"},
		{"a", "--x--", "codicil/x-"},
		{"a", "x.lock", "codicil/x-lock-"},
		{"a", strings.Repeat("long ", 30), "codicil/long-long-long-long-long-long-long-long-"},
	} {
		got := mirror.BranchName(test.path, test.slug)
		if !strings.HasPrefix(got, test.want) || len(got) != len(test.want)+8 || !mirror.ValidBranch(got) {
			t.Errorf("%q, %q: got %q", test.path, test.slug, got)
		}
	}
	if mirror.BranchName("a", "x") == mirror.BranchName("b", "x") {
		t.Error("two products have one branch")
	}
	if got := mirror.BranchName("orders", "orders"); got != "codicil/orders-1c168adb" {
		t.Errorf("branches must never get other names: %s", got)
	}
}

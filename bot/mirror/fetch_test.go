package mirror_test

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/codicil-dev/codicil/bot/gitcmd"
	"github.com/codicil-dev/codicil/bot/mirror"
)

func TestFetch(t *testing.T) {
	w := build(t)
	one := w.commit("p/spec.yaml", "a")
	w.git("branch", "gone")
	w.publish()
	c := open(t, nil)
	m := c.fetched(w)
	for _, ref := range []string{"main", "refs/heads/main", "gone", one} {
		if sha, ok, err := m.Resolve(t.Context(), ref); sha != one || !ok || err != nil {
			t.Errorf("%s: got %s, %v, %v", ref, sha, ok, err)
		}
	}
	two := w.commit("p/spec.yaml", "b")
	runGit(t, w.bare, "update-ref", "-d", "refs/heads/gone")
	if sha, ok, err := m.RemoteHead(t.Context(), "main"); sha != two || !ok || err != nil {
		t.Errorf("got %s, %v, %v", sha, ok, err)
	}
	if sha, _, _ := m.Resolve(t.Context(), "main"); sha != one {
		t.Errorf("RemoteHead fetched %s", sha)
	}
	if err := m.Fetch(t.Context()); err != nil {
		t.Fatal(err)
	}
	if sha, _, _ := m.Resolve(t.Context(), "main"); sha != two {
		t.Errorf("got %s", sha)
	}
	for _, ref := range []string{"gone", "mai", "refs/heads", strings.Repeat("1", 40), "-x", "--all", "main^", "a b", "main:p", "HEAD", "", "refs/heads/main\nx"} {
		if sha, ok, err := m.Resolve(t.Context(), ref); ok || err != nil {
			t.Errorf("%q: got %s, %v", ref, sha, err)
		}
		if sha, ok, err := m.RemoteHead(t.Context(), ref); ok || err != nil {
			t.Errorf("%q: got %s, %v", ref, sha, err)
		}
	}
	if text := c.log.String(); text != "" {
		t.Errorf("logged: %s", text)
	}
}

func TestFetchRefs(t *testing.T) {
	w := build(t)
	w.commit("a", "1")
	w.git("checkout", "-q", "--detach")
	w.write("a", "2")
	w.git("commit", "-qam", "a fork's")
	fork := w.git("rev-parse", "HEAD")
	runGit(t, w.bare, "fetch", "-q", w.work, fork+":refs/pull/7/head")
	m := open(t, nil).fetched(w)
	if _, ok, err := m.Resolve(t.Context(), fork); ok || err != nil {
		t.Fatalf("it is there before it was asked for: %v", err)
	}
	if err := m.Fetch(t.Context(), fork); err != nil {
		t.Fatal(err)
	}
	if sha, ok, err := m.Resolve(t.Context(), fork); sha != fork || !ok || err != nil {
		t.Errorf("got %s, %v", sha, err)
	}
	if err := m.Fetch(t.Context(), "refs/pull/7/head", "refs/heads/main"); err != nil {
		t.Fatal(err)
	}
	if sha, ok, err := m.Resolve(t.Context(), "refs/pull/7/head"); sha != fork || !ok || err != nil {
		t.Errorf("got %s, %v", sha, err)
	}
	for _, ref := range []string{"refs/pull/8/head", strings.Repeat("1", 40)} {
		if err := m.Fetch(t.Context(), ref); !errors.Is(err, mirror.ErrNotFound) {
			t.Errorf("%s: got %v", ref, err)
		}
	}
	for _, ref := range []string{"main", "--upload-pack=touch /tmp/x", "refs/heads/*", "refs/heads/a:refs/heads/b", "+refs/heads/main", "refs/heads/../x", "ext::sh"} {
		if err := m.Fetch(t.Context(), ref); err == nil || !strings.Contains(err.Error(), "neither") {
			t.Errorf("%s: got %v", ref, err)
		}
	}
}

// TestFetchWhereABranchWas fetches a branch whose name begins with that of one that is gone.
func TestFetchWhereABranchWas(t *testing.T) {
	w := build(t)
	one := w.commit("a", "1")
	runGit(t, w.bare, "update-ref", "refs/heads/a", one)
	for _, refs := range [][]string{nil, {"refs/heads/a/b"}} {
		m := open(t, nil).fetched(w)
		runGit(t, w.bare, "update-ref", "-d", "refs/heads/a")
		runGit(t, w.bare, "update-ref", "refs/heads/a/b", one)
		if err := m.Fetch(t.Context(), refs...); err != nil {
			t.Error(err)
		}
		if sha, ok, err := m.Resolve(t.Context(), "a/b"); sha != one || !ok || err != nil {
			t.Errorf("got %s, %v, %v", sha, ok, err)
		}
		if sha, ok, err := m.Resolve(t.Context(), "a"); ok || err != nil {
			t.Errorf("got %s, %v", sha, err)
		}
		runGit(t, w.bare, "update-ref", "-d", "refs/heads/a/b")
		runGit(t, w.bare, "update-ref", "refs/heads/a", one)
	}
}

func TestFetchIsPartial(t *testing.T) {
	w := build(t)
	big := strings.Repeat("0123456789\n", 1<<16)
	one := w.commit("p/spec.yaml", "a", "p/m.sql", "select 1", "q/spec.yaml", "q", "other/big", big)
	m := open(t, nil).fetched(w)
	w.asked("")
	to := t.TempDir()
	if _, err := m.ExportFolder(t.Context(), one, "p", to); err != nil {
		t.Fatal(err)
	}
	if got := tree(t, to); len(got) != 2 || got["p/m.sql"] != "select 1" {
		t.Errorf("got %v", got)
	}
	if n := w.asked("POST"); n < 1 || n > 3 { // the protocol asks for the refs, too
		t.Errorf("two files took %d requests", n)
	}
	if data, ok, err := m.ReadFile(t.Context(), one, "p/m.sql"); string(data) != "select 1" || !ok || err != nil {
		t.Errorf("got %q, %v, %v", data, ok, err)
	}
	if n := w.asked(""); n != 0 {
		t.Errorf("a file that is here took %d requests", n)
	}
	if data, ok, err := m.ReadFile(t.Context(), one, "other/big"); string(data) != big || !ok || err != nil {
		t.Errorf("got %d bytes, %v, %v", len(data), ok, err)
	}
	if n := w.asked("POST"); n == 0 {
		t.Error("the copy was not partial")
	}
}

func TestFetchWithoutPartialClone(t *testing.T) {
	w := build(t)
	runGit(t, w.bare, "config", "uploadpack.allowFilter", "false")
	one := w.commit("p/spec.yaml", "a")
	m := open(t, nil).fetched(w)
	w.asked("")
	if data, ok, err := m.ReadFile(t.Context(), one, "p/spec.yaml"); string(data) != "a" || !ok || err != nil {
		t.Errorf("got %q, %v, %v", data, ok, err)
	}
	if n := w.asked(""); n != 0 {
		t.Errorf("it took %d requests", n)
	}
}

// TestFetchIsShared holds a first fetch at the forge, and has many more come meanwhile: they share one, which is not the first, for that may have
// looked too early.
func TestFetchIsShared(t *testing.T) {
	w := build(t)
	w.commit("a", "1")
	c := open(t, nil)
	m := c.fetched(w)
	held, release := make(chan struct{}), make(chan struct{})
	var once sync.Once
	w.meddle(func(http.ResponseWriter, *http.Request) bool {
		once.Do(func() { close(held); <-release })
		return false
	})
	w.asked("")
	var all sync.WaitGroup
	all.Go(func() {
		if err := m.Fetch(t.Context()); err != nil {
			t.Error(err)
		}
	})
	<-held
	two := w.commit("a", "2")
	impatient, cancel := context.WithCancel(t.Context())
	for range 20 {
		all.Go(func() {
			if err := c.shop(w).Fetch(t.Context()); err != nil {
				t.Error(err)
			}
			if sha, _, err := m.Resolve(t.Context(), "main"); sha != two || err != nil {
				t.Errorf("got %s, %v", sha, err)
			}
		})
	}
	all.Go(func() {
		if err := m.Fetch(impatient); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	})
	cancel()
	for end := time.Now().Add(20 * time.Second); c.Waiting("local/northtrail/shop") < 20; {
		if time.Now().After(end) {
			t.Error("the callers do not wait")
			break
		}
		time.Sleep(time.Millisecond) // until all wait; there is no other sign of it
	}
	close(release)
	all.Wait()
	if n := w.asked("GET"); n != 2 {
		t.Errorf("%d fetches were made", n)
	}
}

func TestFetchEndsWithItsLastCaller(t *testing.T) {
	w := build(t)
	w.commit("a", "1")
	m := open(t, nil).fetched(w)
	held, gone := make(chan struct{}), make(chan struct{})
	w.meddle(func(_ http.ResponseWriter, r *http.Request) bool {
		close(held)
		<-r.Context().Done()
		close(gone)
		return true
	})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- m.Fetch(ctx) }()
	<-held
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	select {
	case <-gone:
	case <-time.After(15 * time.Second): // git itself gives up after 30
		t.Error("git goes on although nobody waits")
	}
	w.meddle(nil)
	if err := m.Fetch(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestFetchErrors(t *testing.T) {
	w := build(t)
	w.commit("a", "1")
	retryable := func(err error) bool {
		var r interface{ Retryable() bool }
		return errors.As(err, &r) && r.Retryable()
	}
	tokens := w.tokens
	for _, test := range []struct {
		name   string
		remote func() mirror.Remote
		answer int
		is     error
		again  bool
		says   string
	}{
		{name: "wrong token", remote: func() mirror.Remote { w.tokens = map[string]string{"ada": "ghp_wr0ng"}; return w.as("ada") }, is: mirror.ErrDenied},
		{name: "no credential", remote: func() mirror.Remote { return mirror.Remote{URL: w.server.URL + "/northtrail/shop.git"} }, is: mirror.ErrDenied},
		{name: "no such repository", remote: func() mirror.Remote {
			r := w.as("ada")
			r.URL = w.server.URL + "/northtrail/nothing.git"
			return r
		}, is: mirror.ErrNotFound},
		{name: "forbidden", answer: 403, is: mirror.ErrDenied},
		{name: "redirect", answer: 301, is: mirror.ErrMoved},
		{name: "server error", answer: 502, again: true, says: "502"},
		{name: "too many", answer: 429, again: true, says: "429"},
		{name: "no server", remote: func() mirror.Remote { return mirror.Remote{URL: "http://127.0.0.1:1/x/y.git"} }, again: true, says: "127.0.0.1"},
		{name: "secret in the address", remote: func() mirror.Remote { return mirror.Remote{URL: "https://x:ghp_planted@example.com/x/y.git"} }, says: "must not hold a user"},
		{name: "a program", remote: func() mirror.Remote { return mirror.Remote{URL: "ext::sh -c true"} }, says: "no URL"},
		{name: "a file", remote: func() mirror.Remote { return mirror.Remote{URL: "file://" + w.bare} }, says: "not of the kind"},
		{name: "ssh", remote: func() mirror.Remote { return mirror.Remote{URL: "ssh://-oProxyCommand=x/y"} }, says: "not of the kind"},
		{name: "no scheme", remote: func() mirror.Remote { return mirror.Remote{URL: w.bare} }, says: "not of the kind"},
		{name: "credential fails", remote: func() mirror.Remote {
			return mirror.Remote{URL: w.server.URL + "/northtrail/shop.git", Credential: func(context.Context) (string, string, error) { return "", "", errors.New("no key") }}
		}, says: "no key"},
	} {
		t.Run(test.name, func(t *testing.T) {
			w.tokens = tokens
			remote := w.as("ada")
			if test.remote != nil {
				remote = test.remote()
			}
			w.meddle(nil)
			if test.answer != 0 {
				w.meddle(func(rw http.ResponseWriter, _ *http.Request) bool {
					rw.Header().Set("Location", "http://evil.example/x")
					rw.WriteHeader(test.answer)
					return true
				})
			}
			c := open(t, nil)
			err := c.Mirror("k", remote).Fetch(t.Context())
			switch {
			case err == nil:
				t.Fatal("no error")
			case test.is != nil && !errors.Is(err, test.is), retryable(err) != test.again, !strings.Contains(err.Error(), test.says):
				t.Errorf("got %v", err)
			case strings.Contains(err.Error()+c.log.String(), "ghp_"):
				t.Errorf("a token is told: %v %s", err, c.log)
			}
			t.Log(err)
		})
	}
}

func TestFetchTimeout(t *testing.T) {
	w := build(t)
	w.commit("a", "1")
	w.meddle(func(_ http.ResponseWriter, r *http.Request) bool { <-r.Context().Done(); return true })
	c := open(t, func(o *mirror.Options) { o.FetchTimeout = 100 * time.Millisecond })
	err := c.shop(w).Fetch(t.Context())
	var remote *mirror.RemoteError
	if !errors.As(err, &remote) || !remote.Retryable() || !strings.Contains(err.Error(), "longer than 100ms") {
		t.Errorf("got %v", err)
	}
}

// noise is content that does not get smaller when it is packed.
func noise(n int) string {
	b := make([]byte, n)
	x := uint32(1)
	for i := range b {
		x = x*1664525 + 1013904223
		b[i] = byte(x >> 24)
	}
	return string(b)
}

// stuck passes the first bytes of an answer on, and then nothing until the client goes.
type stuck struct {
	http.ResponseWriter
	left int
	gone <-chan struct{}
}

func (s *stuck) Write(p []byte) (int, error) {
	if s.left -= len(p); s.left < 0 {
		_ = http.NewResponseController(s.ResponseWriter).Flush()
		<-s.gone
	}
	return s.ResponseWriter.Write(p)
}

func TestFetchTooBig(t *testing.T) {
	w := build(t)
	runGit(t, w.bare, "config", "uploadpack.allowFilter", "false")
	w.commit("a", noise(3_000_000))
	inner := w.server.Config.Handler
	for name, hold := range map[string]bool{"found when it is here": false, "found while it comes": true} {
		w.meddle(func(rw http.ResponseWriter, r *http.Request) bool {
			if _, inside := rw.(*stuck); inside || !hold || r.Method != http.MethodPost {
				return false
			}
			inner.ServeHTTP(&stuck{ResponseWriter: rw, left: 1_000_000, gone: r.Context().Done()}, r)
			return true
		})
		c := open(t, func(o *mirror.Options) { o.MaxBytes = 100_000 })
		var big *gitcmd.TooLargeError
		if err := c.shop(w).Fetch(t.Context()); !errors.As(err, &big) || big.Size < 300_000 || hold && big.Size >= 3_000_000 {
			t.Errorf("%s: got %v", name, err)
		} else {
			t.Log(err)
		}
		if left, _ := filepath.Glob(filepath.Join(c.dir, "*.git")); len(left) > 0 {
			t.Errorf("%s: left: %q", name, left)
		}
	}
}

// TestARepositoryThatIsTooBigIsNotFetchedOverAndOver: it is tried once more, since the copy may have grown by what nobody needs, and then left alone.
func TestARepositoryThatIsTooBigIsNotFetchedOverAndOver(t *testing.T) {
	w := build(t)
	runGit(t, w.bare, "config", "uploadpack.allowFilter", "false")
	w.commit("a", noise(300_000))
	var asked atomic.Int64
	w.meddle(func(_ http.ResponseWriter, r *http.Request) bool { asked.Add(1); return false })
	now := time.Now()
	c := open(t, func(o *mirror.Options) {
		o.MaxBytes = 100_000
		o.Now = func() time.Time { return now }
	})
	m := c.shop(w)
	fetch := func(name string, wanted bool) {
		t.Helper()
		var big *gitcmd.TooLargeError
		before := asked.Load()
		if err := m.Fetch(t.Context()); !errors.As(err, &big) || (asked.Load() > before) != wanted {
			t.Errorf("%s: %d requests, %v", name, asked.Load()-before, err)
		}
	}
	fetch("first", true)
	fetch("again", true)
	fetch("then", false)
	now = now.Add(time.Hour)
	fetch("an hour later", true)
	fetch("once more", true)
	fetch("and then", false)
}

// TestFetchBrokenOff breaks a fetch off in the middle. Nothing of it stays on disk, and the next one works.
func TestFetchBrokenOff(t *testing.T) {
	w := build(t)
	runGit(t, w.bare, "config", "uploadpack.allowFilter", "false")
	w.commit("a", noise(3_000_000))
	inner := w.server.Config.Handler
	c := open(t, nil)
	m := c.shop(w)
	ctx, cancel := context.WithCancel(t.Context())
	w.meddle(func(rw http.ResponseWriter, r *http.Request) bool {
		if _, inside := rw.(*stuck); inside || r.Method != http.MethodPost {
			return false
		}
		half := make(chan struct{})
		go func() {
			for { // until the half is on disk; git gives no sign of it
				if names, _ := filepath.Glob(filepath.Join(c.dir, "*.git/objects/pack/tmp_pack_*")); len(names) > 0 {
					cancel()
				}
				select {
				case <-half:
					return
				case <-time.After(10 * time.Millisecond):
				}
			}
		}()
		inner.ServeHTTP(&stuck{ResponseWriter: rw, left: 1_000_000, gone: r.Context().Done()}, r)
		close(half)
		return true
	})
	if err := m.Fetch(ctx); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
	w.meddle(nil)
	if err := m.Fetch(t.Context()); err != nil { // which begins when the other has ended
		t.Fatal(err)
	}
	if names, _ := filepath.Glob(filepath.Join(c.folder(t), "objects/pack/tmp_*")); len(names) > 0 {
		t.Errorf("left: %q", names)
	}
}

func TestManyFetchesAreTidied(t *testing.T) {
	w := build(t)
	one := w.commit("p/spec.yaml", "0")
	c := open(t, mirror.TidyAt(5))
	m := c.fetched(w)
	elsewhere := open(t, nil).fetched(w)
	made, err := elsewhere.Commit(t.Context(), one, []mirror.Change{{Path: "p/new", Data: []byte("mine")}}, "not pushed", when)
	if err != nil {
		t.Fatal(err)
	}
	bundle, err := elsewhere.Bundle(t.Context(), one, made)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Unbundle(t.Context(), bundle); err != nil { // which makes a pack that belongs to no ref
		t.Fatal(err)
	}
	for i := range 8 {
		sha := w.commit("p/spec.yaml", strings.Repeat("x", i+1))
		if err := m.Fetch(t.Context()); err != nil {
			t.Fatal(err)
		}
		if data, ok, err := m.ReadFile(t.Context(), sha, "p/spec.yaml"); len(data) != i+1 || !ok || err != nil {
			t.Fatalf("got %q, %v, %v", data, ok, err)
		}
	}
	if packs, _ := filepath.Glob(filepath.Join(c.folder(t), "objects/pack/*.pack")); len(packs) > 7 {
		t.Errorf("%d packs", len(packs))
	}
	if data, ok, err := m.ReadFile(t.Context(), made, "p/new"); string(data) != "mine" || !ok || err != nil {
		t.Errorf("what was not pushed is lost: %q, %v, %v", data, ok, err)
	}
	if err := m.Push(t.Context(), made, "x", ""); err != nil {
		t.Error(err)
	}
	if text := c.log.String(); text != "" {
		t.Errorf("logged: %s", text)
	}
}

// TestTokensAreNowhere reads the list of processes while a fetch is under way, and all files afterwards.
func TestTokensAreNowhere(t *testing.T) {
	w := build(t)
	one := w.commit("p/spec.yaml", "a")
	c := open(t, nil)
	m := c.shop(w)
	seen := 0
	w.meddle(func(_ http.ResponseWriter, r *http.Request) bool {
		if _, password, ok := r.BasicAuth(); !ok || password != w.tokens["ada"] {
			t.Errorf("%s is without the credential", r.URL)
		}
		lines, _ := filepath.Glob("/proc/[0-9]*/cmdline")
		for _, name := range lines {
			line, err := os.ReadFile(name)
			if err != nil {
				continue
			}
			if strings.Contains(string(line), "git") {
				seen++
			}
			for _, secret := range []string{w.tokens["ada"], strings.TrimPrefix(r.Header.Get("Authorization"), "Basic ")} {
				if strings.Contains(string(line), secret) {
					t.Errorf("in the list of processes: %q", line)
				}
			}
		}
		return false
	})
	if err := m.Fetch(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := m.Export(t.Context(), one, "spec.yaml", t.TempDir()); err != nil {
		t.Fatal(err)
	}
	sha, err := m.Commit(t.Context(), one, []mirror.Change{{Path: "x", Data: []byte("1")}}, "x", when)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Push(t.Context(), sha, "x", ""); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat("/proc/self/cmdline"); err == nil && seen == 0 {
		t.Error("no git was seen")
	}
	for name, text := range tree(t, c.dir) {
		if strings.Contains(text, w.tokens["ada"]) || strings.Contains(text, "Basic ") || strings.Contains(text, w.server.URL) {
			t.Errorf("%s holds what it must not", name)
		}
	}
}

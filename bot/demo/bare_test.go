package demo_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/codicil-dev/codicil/bot/demo"
	"github.com/codicil-dev/codicil/bot/product"
	"github.com/codicil-dev/codicil/forge"
	"github.com/codicil-dev/codicil/forge/github"
)

// request is what the bot asked of the forge. A push is one request of git's, with the branch that it moved; what git asks besides is left out.
type request struct {
	method, path string
	body         []byte
	status       int
	pushed       *pushed
}

// pushed is a branch of a repository with the commit that it was moved to.
type pushed struct{ repository, branch, commit string }

// tape keeps requests in the order in which they were answered.
type tape struct {
	mu   sync.Mutex
	runs bool
	all  []request
}

// record begins a tape anew.
func (t *tape) record() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.runs, t.all = true, nil
}

// end ends it.
func (t *tape) end() []request {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.runs = false
	return t.all
}

// movedBranch is the beginning of what git sends to move a branch.
var movedBranch = regexp.MustCompile(`^[0-9a-f]{4}[0-9a-f]{40} ([0-9a-f]{40}) refs/heads/([^\x00\n]+)`)

// digits are the parts of a path that differ between requests of one kind.
var digits = regexp.MustCompile(`/[0-9a-f]{40}\b|/[0-9]+\b|\?.*|/codicil(%2F|/).*`)

// kinds counts requests by method and path, without what names one commit, issue or label.
func kinds(all []request) string {
	count := map[string]int{}
	for _, r := range all {
		kind := "git push"
		if r.pushed == nil {
			parts := strings.SplitN(strings.TrimPrefix(r.path, "/api/v3"), "/", 5)
			kind = r.method + " " + strings.Join(parts[:min(2, len(parts))], "/")
			if len(parts) > 4 && parts[1] == "repos" {
				kind = r.method + " /" + digits.ReplaceAllString("/"+parts[4], "/…")[1:]
			}
			if r.status != http.StatusOK && r.status != http.StatusCreated {
				kind += fmt.Sprint(" → ", r.status)
			}
		}
		count[kind]++
	}
	var lines []string
	for kind, n := range count {
		lines = append(lines, fmt.Sprintf("%4d %s", n, kind))
	}
	slices.Sort(lines)
	slices.Reverse(lines)
	return strings.Join(lines, "; ")
}

// around keeps what comes to a forge, while it runs.
func (t *tape) around(inner http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		t.mu.Lock()
		runs := t.runs
		t.mu.Unlock()
		one := request{method: r.Method, path: r.URL.RequestURI()}
		api := strings.HasPrefix(r.URL.Path, "/api/v3/") && !strings.HasPrefix(r.URL.Path, "/api/v3/app/") && !strings.HasSuffix(r.URL.Path, "/installation") // those are how an App logs in
		push := strings.HasSuffix(r.URL.Path, "/git-receive-pack")
		if runs && (api || push) {
			one.body, _ = io.ReadAll(r.Body)
			r.Body = io.NopCloser(bytes.NewReader(one.body))
		}
		answered := &answered{ResponseWriter: w, status: http.StatusOK}
		inner.ServeHTTP(answered, r)
		one.status = answered.status
		if push {
			m := movedBranch.FindSubmatch(one.body)
			if m == nil {
				return
			}
			one.pushed = &pushed{strings.TrimSuffix(strings.Trim(r.URL.Path, "/"), ".git/git-receive-pack"), string(m[2]), string(m[1])}
			one.body = nil
		}
		if runs && (api || push) {
			t.mu.Lock()
			defer t.mu.Unlock()
			t.all = append(t.all, one)
		}
	})
}

// answered keeps the status of an answer.
type answered struct {
	http.ResponseWriter
	status int
}

// WriteHeader sends the status.
func (a *answered) WriteHeader(status int) {
	a.status = status
	a.ResponseWriter.WriteHeader(status)
}

// cost is what something took: time, and that of all processors, of this process and of those that it waited for.
type cost struct{ wall, processors time.Duration }

func (c cost) plus(d cost) cost { return cost{c.wall + d.wall, c.processors + d.processors} }

// measured is what f takes.
func measured(f func()) cost {
	began, busy := time.Now(), processors()
	f()
	return cost{time.Since(began), processors() - busy}
}

func processors() (sum time.Duration) {
	for _, who := range []int{syscall.RUSAGE_SELF, syscall.RUSAGE_CHILDREN} {
		var u syscall.Rusage
		if err := syscall.Getrusage(who, &u); err == nil {
			sum += time.Duration(u.Utime.Nano() + u.Stime.Nano())
		}
	}
	return sum
}

// bare makes, in another town without a bot, the requests that a bot made, one after another, each push from a clone with commits that git makes
// from the same differences.
type bare struct {
	testing.TB
	town, from *demo.Town
	host       *github.Host
	clones     string
	// commits are by the bot's.
	commits map[string]string
}

func newBare(tb testing.TB, o demo.Options, from *demo.Town) *bare {
	tb.Helper()
	o.Dir, o.Listen = tb.TempDir(), nil
	town, err := demo.Found(tb.Context(), o)
	if err != nil {
		tb.Fatal(err)
	}
	_ = town.Listener().Close() // nobody is told
	tb.Cleanup(func() { _ = town.Close() })
	host, err := github.New(github.Options{Host: demo.Host, BaseURL: town.API() + "/", App: &github.App{ID: town.App.ID, Key: []byte(town.App.PrivateKey)}, Log: o.Log})
	if err != nil {
		tb.Fatal(err)
	}
	b := &bare{TB: tb, town: town, from: from, host: host, clones: tb.TempDir(), commits: map[string]string{}}
	for _, owner := range demo.Owners() {
		b.clone(owner)
	}
	return b
}

// token is what an owner's App logs in with.
func (b *bare) token(owner string) string {
	b.Helper()
	repo := forge.Repo{Host: demo.Host, Owner: owner, Name: demo.Repository}
	if owner == demo.Rules {
		repo.Name = demo.RulesRepository
	}
	c, err := b.host.Credential(b.Context(), repo)
	if err != nil {
		b.Fatal(err)
	}
	return c.Token
}

// clone makes an owner's clone, which knows the bot's commits too.
func (b *bare) clone(owner string) {
	b.Helper()
	dir := filepath.Join(b.clones, owner)
	at := func(url string) string {
		return strings.Replace(url, "://", "://x-access-token:"+b.token(owner)+"@", 1) + "/" + owner + "/" + demo.Repository + ".git"
	}
	b.git(b.clones, "clone", "--quiet", at(b.town.URL()), dir)
	token, err := b.from.Token("ada")
	if err != nil {
		b.Fatal(err)
	}
	b.git(dir, "remote", "add", "bot", strings.Replace(b.from.URL(), "://", "://ada:"+token+"@", 1)+"/"+owner+"/"+demo.Repository+".git")
	b.git(dir, "fetch", "--quiet", "bot")
}

func (b *bare) git(dir string, args ...string) string {
	b.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_NOSYSTEM=1", "GIT_AUTHOR_NAME=x", "GIT_AUTHOR_EMAIL=x@example.com", "GIT_COMMITTER_NAME=x", "GIT_COMMITTER_EMAIL=x@example.com")
	out, err := cmd.CombinedOutput()
	if err != nil {
		b.Fatalf("git %v: %v\n%s", args[0], err, out)
	}
	return strings.TrimSpace(string(out))
}

// push makes the commits that the bot pushed, and pushes them.
func (b *bare) push(p *pushed) {
	b.Helper()
	owner, _, _ := strings.Cut(p.repository, "/")
	dir := filepath.Join(b.clones, owner)
	b.git(dir, "checkout", "--quiet", "-B", p.branch, "origin/main")
	b.git(dir, "cherry-pick", "bot/main.."+p.commit)
	b.git(dir, "push", "--quiet", "origin", p.branch)
	b.commits[p.commit] = b.git(dir, "rev-parse", "HEAD")
}

// ask makes a request of the API.
func (b *bare) ask(r request) int {
	b.Helper()
	_, rest, _ := strings.Cut(r.path, "/repos/")
	owner, _, _ := strings.Cut(rest, "/")
	if owner == "" {
		owner = demo.Owners()[0]
	}
	path, body := r.path, string(r.body)
	for old, now := range b.commits {
		path, body = strings.ReplaceAll(path, old, now), strings.ReplaceAll(body, old, now)
	}
	ask, err := http.NewRequestWithContext(b.Context(), r.method, b.town.URL()+path, strings.NewReader(body))
	if err != nil {
		b.Fatal(err)
	}
	ask.Header.Set("Authorization", "Bearer "+b.token(owner))
	answer, err := http.DefaultClient.Do(ask)
	if err != nil {
		b.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, answer.Body)
	_ = answer.Body.Close()
	return answer.StatusCode
}

// replay makes all requests. Others are how many were answered otherwise than the bot was; it may have asked whether something has changed.
func (b *bare) replay(all []request) (others int) {
	for _, r := range all {
		if r.pushed != nil {
			b.push(r.pushed)
			continue
		}
		if status := b.ask(r); status/100 != r.status/100 && r.status != http.StatusNotModified {
			others++
			b.Logf("bare: %s %s is answered %d, and was %d", r.method, r.path, status, r.status)
		}
	}
	return others
}

// builds makes so many builds of some products, in the order of the products, as often as need be; none is found in a cache.
func builds(tb testing.TB, root string, n int) {
	tb.Helper()
	for n > 0 {
		cache, err := product.OpenCache(tb.TempDir())
		if err != nil {
			tb.Fatal(err)
		}
		var all []*product.Product
		dirs, err := product.Find(product.Tree{Root: root}, ".")
		if err != nil {
			tb.Fatal(err)
		}
		for _, dir := range dirs {
			p, problems := product.Load(product.Tree{Root: root}, dir)
			if err := problems.Err(); err != nil {
				tb.Fatal(err)
			}
			all = append(all, p)
		}
		side := product.NewSide(&product.Builder{Cache: cache, Threads: 1}, all, nil, time.Now())
		for _, p := range all[:min(n, len(all))] {
			if b, err := side.Build(context.Background(), p.Name(), product.Own); err != nil || !b.OK() {
				tb.Fatal(fmt.Errorf("build %s: %w", p.Name(), err))
			}
			n--
		}
		_ = cache.Close()
	}
}

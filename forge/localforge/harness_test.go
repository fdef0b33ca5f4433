package localforge_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bradleyfalzon/ghinstallation/v2"
	"github.com/google/go-github/v60/github"

	"github.com/codicil-dev/codicil/forge/localforge"
	"github.com/codicil-dev/codicil/forge/localforge/octokit"
)

// town is a forge with an organisation, three people and an app, and a receiver of its webhooks.
type town struct {
	*localforge.Forge
	dir    string
	app    *localforge.App
	tokens map[string]string
	hooks  *receiver
	spoken *octokit.Transcript
	server *httptest.Server
	now    func() time.Time // nil for the real one
}

const secret = "the app's secret"

// appKey is the app's key in all tests, as making one takes long.
var appKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

// receiver keeps the webhooks that are rightly signed.
type receiver struct {
	t    *testing.T
	mu   sync.Mutex
	got  []hook
	fail int // how many to refuse
	came chan struct{}
}

type hook struct {
	guid, event string
	parsed      any
	raw         []byte
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	raw, err := github.ValidatePayload(request, []byte(secret))
	if err != nil {
		r.t.Errorf("a webhook is not rightly signed: %v", err)
	}
	octokit.CheckPayload(r.t, github.WebHookType(request), raw)
	parsed, err := github.ParseWebHook(github.WebHookType(request), raw)
	if err != nil {
		r.t.Errorf("webhook %s: %v", github.WebHookType(request), err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.fail > 0 {
		r.fail--
		http.Error(w, "not now", http.StatusInternalServerError)
		return
	}
	r.got = append(r.got, hook{github.DeliveryID(request), github.WebHookType(request), parsed, raw})
	w.WriteHeader(http.StatusAccepted)
	r.came <- struct{}{}
}

// wait waits for the next n webhooks and returns all of an event so far.
func (r *receiver) wait(n int, event string) (out []hook) {
	r.t.Helper()
	for range n {
		select {
		case <-r.came:
		case <-time.After(20 * time.Second):
			r.t.Fatalf("no webhook came; want %s", event)
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, h := range r.got {
		if h.event == event {
			out = append(out, h)
		}
	}
	return out
}

// build founds a town.
func build(t *testing.T) *town {
	t.Helper()
	return buildAt(t, nil)
}

// buildAt founds a town with a clock of its own.
func buildAt(t *testing.T, now func() time.Time) *town {
	t.Helper()
	w := &town{now: now, dir: t.TempDir(), tokens: map[string]string{}, hooks: &receiver{t: t, came: make(chan struct{}, 100000)}, spoken: octokit.NewTranscript(t)}
	receiving := httptest.NewServer(w.hooks)
	t.Cleanup(receiving.Close)
	w.open(t)
	ctx := t.Context()
	for _, step := range []func() error{
		func() error { return w.AddOrganization("northtrail") },
		func() (err error) { w.tokens["ada"], err = w.AddUser("ada"); return err },
		func() (err error) { w.tokens["bob"], err = w.AddUser("bob"); return err },
		func() (err error) { w.tokens["eve"], err = w.AddUser("eve"); return err },
		func() error { return w.AddRepo(ctx, "northtrail", "shop", true) },
		func() error { return w.Grant("northtrail", "shop", "ada", localforge.Write) },
		func() error { return w.Grant("northtrail", "shop", "bob", localforge.Read) },
		func() (err error) {
			w.app, err = w.AddAppWithKey("codicil", receiving.URL, secret, appKey())
			return err
		},
		func() (err error) { _, err = w.Install(w.app.ID, "northtrail"); return err },
	} {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
	w.hooks.wait(1, "installation")
	return w
}

// open opens the forge in the town's folder, on a server of its own.
func (w *town) open(t *testing.T) {
	t.Helper()
	var handler http.Handler
	w.server = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { handler.ServeHTTP(rw, r) }))
	f, err := localforge.Open(localforge.Options{Dir: w.dir, URL: w.server.URL, Now: w.now})
	if err != nil {
		t.Fatal(err)
	}
	w.Forge, handler = f, w.spoken.Listen(f.Handler())
	t.Cleanup(func() { w.server.Close(); _ = f.Close() })
}

// person is GitHub's client with a person's token; without a name, with none.
func (w *town) person(t *testing.T, login string) *github.Client {
	t.Helper()
	c := github.NewClient(nil)
	if login != "" {
		c = c.WithAuthToken(w.tokens[login])
	}
	return w.enterprise(t, c)
}

func (w *town) enterprise(t *testing.T, c *github.Client) *github.Client {
	t.Helper()
	c, err := c.WithEnterpriseURLs(w.URL(), w.URL())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// itself is the client of the app itself, bot that of its installation.
func (w *town) itself(t *testing.T) *github.Client {
	t.Helper()
	transport, err := ghinstallation.NewAppsTransport(http.DefaultTransport, w.app.ID, []byte(w.app.PrivateKey))
	if err != nil {
		t.Fatal(err)
	}
	transport.BaseURL = w.API()
	return w.enterprise(t, github.NewClient(&http.Client{Transport: transport}))
}

func (w *town) bot(t *testing.T) *github.Client {
	t.Helper()
	i, _, err := w.itself(t).Apps.FindRepositoryInstallation(t.Context(), "northtrail", "shop")
	if err != nil {
		t.Fatal(err)
	}
	return w.installed(t, i.GetID())
}

// installed is the client of an installation.
func (w *town) installed(t *testing.T, id int64) *github.Client {
	t.Helper()
	apps, err := ghinstallation.NewAppsTransport(http.DefaultTransport, w.app.ID, []byte(w.app.PrivateKey))
	if err != nil {
		t.Fatal(err)
	}
	apps.BaseURL = w.API()
	transport := ghinstallation.NewFromAppsTransport(apps, id)
	transport.BaseURL = w.API()
	return w.enterprise(t, github.NewClient(&http.Client{Transport: transport}))
}

// settle waits until all webhooks were sent, and returns the actions of an event's so far, in the order in which they came.
func (w *town) settle(t *testing.T, event string) (actions []string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := w.Settle(ctx); err != nil {
		t.Fatal(err)
	}
	w.hooks.mu.Lock()
	defer w.hooks.mu.Unlock()
	for _, h := range w.hooks.got {
		if h.event == event {
			var said struct{ Action string }
			read(t, h.raw, &said)
			actions = append(actions, said.Action)
		}
	}
	return actions
}

// shop makes the repository's first commit.
func (w *town) shop(t *testing.T) (sha string) {
	t.Helper()
	return w.write(t, "", map[string]string{"README.md": "# Shop\n", "models/a.sql": "select 1\n"})
}

// write has ada write files on a branch of the shop.
func (w *town) write(t *testing.T, branch string, files map[string]string) (sha string) {
	t.Helper()
	sha, err := w.Commit(t.Context(), localforge.Commit{Owner: "northtrail", Name: "shop", Branch: branch, By: "ada", Message: "Write files", Write: files})
	if err != nil {
		t.Fatal(err)
	}
	return sha
}

// clone is a work tree of the shop with a person's token.
func (w *town) clone(t *testing.T, token string) (dir string, git func(args ...string) (string, error)) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "shop")
	address := strings.Replace(w.URL(), "http://", "http://x-access-token:"+token+"@", 1) + "/northtrail/shop.git"
	git = func(args ...string) (string, error) {
		cmd := exec.CommandContext(context.Background(), "git", args...)
		if _, err := os.Stat(dir); err == nil {
			cmd.Dir = dir
		}
		cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1", "GIT_TERMINAL_PROMPT=0", "GIT_AUTHOR_NAME=Ada", "GIT_AUTHOR_EMAIL=ada@example.com",
			"GIT_COMMITTER_NAME=Ada", "GIT_COMMITTER_EMAIL=ada@example.com")
		out, err := cmd.CombinedOutput()
		return strings.TrimSpace(string(out)), err
	}
	if out, err := git("clone", "-q", address, dir); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return dir, git
}

// commit writes a file and pushes it to a branch.
func commit(t *testing.T, dir string, git func(...string) (string, error), branch, name, text string) (sha string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"checkout", "-q", "-B", branch}, {"add", "-A"}, {"commit", "-qm", "write " + name}, {"push", "-q", "origin", branch}} {
		if out, err := git(args...); err != nil {
			t.Fatalf("git %s: %v: %s", args[0], err, out)
		}
	}
	sha, err := git("rev-parse", "HEAD")
	if err != nil {
		t.Fatal(err)
	}
	return sha
}

// newServer serves h and returns its address.
func newServer(t *testing.T, h http.Handler) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

// openForge opens a forge that is closed with the test.
func openForge(t *testing.T, o localforge.Options) *localforge.Forge {
	t.Helper()
	f, err := localforge.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

// clock is a clock that stands still until it is told that time passes.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func newClock() *clock { return &clock{at: time.Now()} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// read reads JSON.
func read(t *testing.T, data []byte, into any) {
	t.Helper()
	if err := json.Unmarshal(data, into); err != nil {
		t.Error(err)
	}
}

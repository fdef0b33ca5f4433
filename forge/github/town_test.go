package github_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	gh "github.com/google/go-github/v60/github"

	"github.com/codicil-dev/codicil/forge"
	"github.com/codicil-dev/codicil/forge/forgetest"
	"github.com/codicil-dev/codicil/forge/github"
	"github.com/codicil-dev/codicil/forge/localforge"
	"github.com/codicil-dev/codicil/forge/localforge/octokit"
)

// town is a localforge with an organisation, three people and an App, what is said to it checked against GitHub's description.
type town struct {
	*localforge.Forge
	t      *testing.T
	app    *localforge.App
	tokens map[string]string
	inst   int64
	repo   forge.Repo
	dir    string
	// before answers a request in the forge's stead if it returns true.
	before func(w http.ResponseWriter, r *http.Request) bool
}

func build(t *testing.T) *town {
	t.Helper()
	return found(t, octokit.NewTranscript(t).Listen)
}

// found is a town whose forge somebody listens to.
func found(t *testing.T, listen func(http.Handler) http.Handler) *town {
	t.Helper()
	w := &town{t: t, tokens: map[string]string{}, before: func(http.ResponseWriter, *http.Request) bool { return false }}
	var handler http.Handler
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if !w.before(rw, r) {
			handler.ServeHTTP(rw, r)
		}
	}))
	f, err := localforge.Open(localforge.Options{Dir: t.TempDir(), URL: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	w.Forge, handler = f, listen(f.Handler())
	t.Cleanup(func() { server.Close(); _ = f.Close() })
	for _, step := range []func() error{
		func() error { return w.AddOrganization("northtrail") },
		func() (err error) { w.tokens["ada"], err = w.AddUser("ada"); return err },
		func() (err error) { w.tokens["bob"], err = w.AddUser("bob"); return err },
		func() (err error) { w.tokens["eve"], err = w.AddUser("eve"); return err },
		func() error { return w.AddRepo(t.Context(), "northtrail", "shop", true) },
		func() error { return w.Grant("northtrail", "shop", "ada", localforge.Write) },
		func() error { return w.Grant("northtrail", "shop", "bob", localforge.Read) },
		func() (err error) { w.app, err = w.AddApp("codicil", "", ""); return err },
		func() (err error) { w.inst, err = w.Install(w.app.ID, "northtrail"); return err },
	} {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
	w.repo = forge.Repo{Host: strings.TrimPrefix(w.URL(), "http://"), Owner: "northtrail", Name: "shop"}
	w.dir = filepath.Join(t.TempDir(), "shop")
	w.git("clone", "-q", strings.Replace(w.URL(), "http://", "http://x-access-token:"+w.tokens["ada"]+"@", 1)+"/northtrail/shop.git", w.dir)
	w.push("main", "README.md", "# Shop\n")
	return w
}

// options are those of the App.
func (w *town) options() github.Options {
	return github.Options{BaseURL: w.API(), App: &github.App{ID: w.app.ID, Key: []byte(w.app.PrivateKey)}}
}

func (w *town) host(o github.Options) *github.Host {
	w.t.Helper()
	h, err := github.New(o)
	if err != nil {
		w.t.Fatal(err)
	}
	return h
}

// person is GitHub's client with a person's token.
func (w *town) person(login string) *gh.Client {
	w.t.Helper()
	c, err := gh.NewClient(nil).WithAuthToken(w.tokens[login]).WithEnterpriseURLs(w.URL(), w.URL())
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

func (w *town) git(args ...string) string {
	w.t.Helper()
	cmd := exec.CommandContext(context.Background(), "git", args...)
	if _, err := os.Stat(w.dir); err == nil {
		cmd.Dir = w.dir
	}
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1", "GIT_TERMINAL_PROMPT=0", "GIT_AUTHOR_NAME=Ada", "GIT_AUTHOR_EMAIL=ada@example.com",
		"GIT_COMMITTER_NAME=Ada", "GIT_COMMITTER_EMAIL=ada@example.com")
	out, err := cmd.CombinedOutput()
	if err != nil {
		w.t.Fatalf("git %s: %v: %s", args[0], err, out)
	}
	return strings.TrimSpace(string(out))
}

func (w *town) push(branch, file, text string) string {
	w.t.Helper()
	if err := os.WriteFile(filepath.Join(w.dir, file), []byte(text), 0o644); err != nil {
		w.t.Fatal(err)
	}
	w.git("checkout", "-q", "-B", branch)
	w.git("add", "-A")
	w.git("commit", "-qm", "write "+file)
	w.git("push", "-q", "origin", branch)
	return w.git("rev-parse", "HEAD")
}

func (w *town) openIssue(as, title, body string) int {
	w.t.Helper()
	i, _, err := w.person(as).Issues.Create(w.t.Context(), "northtrail", "shop", &gh.IssueRequest{Title: &title, Body: &body})
	if err != nil {
		w.t.Fatal(err)
	}
	return i.GetNumber()
}

func (w *town) comment(as string, number int, body string) int64 {
	w.t.Helper()
	c, _, err := w.person(as).Issues.CreateComment(w.t.Context(), "northtrail", "shop", number, &gh.IssueComment{Body: &body})
	if err != nil {
		w.t.Fatal(err)
	}
	return c.GetID()
}

// people are the deeds of a town for the suite.
func (w *town) people(h forgetest.Host) *forgetest.Town {
	return &forgetest.Town{Host: h, Repo: w.repo, Writer: "ada", Reader: "bob", Stranger: "eve", OpenIssue: w.openIssue, Comment: w.comment, Push: w.push,
		Approve: func(as string, number int) {
			if _, _, err := w.person(as).PullRequests.CreateReview(w.t.Context(), "northtrail", "shop", number, &gh.PullRequestReviewRequest{Event: gh.String("APPROVE")}); err != nil {
				w.t.Fatal(err)
			}
		},
		Merge: func(as string, number int) {
			if _, _, err := w.person(as).PullRequests.Merge(w.t.Context(), "northtrail", "shop", number, "", nil); err != nil {
				w.t.Fatal(err)
			}
		}}
}

// TestHost holds the adapter to what all adapters do.
func TestHost(t *testing.T) {
	forgetest.Test(t, func(t *testing.T) *forgetest.Town {
		w := build(t)
		return w.people(w.host(w.options()))
	})
}

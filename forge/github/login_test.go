package github_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/codicil-dev/codicil/forge"
	"github.com/codicil-dev/codicil/forge/github"
)

func TestOptions(t *testing.T) {
	for _, o := range []github.Options{
		{}, {Token: "x", App: &github.App{ID: 1}}, {App: &github.App{ID: 1, Key: []byte("not a key")}}, {Token: "x", BaseURL: "ftp://x"}, {Token: "x", BaseURL: "https://u:p@x/"},
		{Token: "x", GraphQLURL: "nowhere"},
	} {
		if _, err := github.New(o); err == nil || strings.Contains(err.Error(), "u:p") {
			t.Errorf("%+v: %v", o, err)
		}
	}
	for _, c := range [][4]string{ // base, host, GraphQL, git
		{"", "github.com", "https://api.github.com/graphql", "https://github.com/acme/shop.git"},
		{"https://api.github.com", "github.com", "https://api.github.com/graphql", "https://github.com/acme/shop.git"},
		{"https://ghe.example.com/api/v3", "ghe.example.com", "https://ghe.example.com/api/graphql", "https://ghe.example.com/acme/shop.git"},
		{"https://ghe.example.com:8443/github/api/v3/", "ghe.example.com:8443", "https://ghe.example.com:8443/github/api/graphql", "https://ghe.example.com:8443/github/acme/shop.git"},
		{"https://api.octo.ghe.com/", "octo.ghe.com", "https://api.octo.ghe.com/graphql", "https://octo.ghe.com/acme/shop.git"},
	} {
		asked := ""
		w := &wire{answer: func(n int, r *http.Request) (*http.Response, error) {
			asked = r.URL.String()
			return answer(200, `{"data": {}}`)
		}}
		h := overWire(t, w, func(o *github.Options) { o.BaseURL = c[0] })
		repo := forge.Repo{Host: c[1], Owner: "acme", Name: "shop"}
		if err := h.SetDraft(t.Context(), repo, forge.MergeRequest{ID: "PR_1"}, true); err != nil || h.Name() != c[1] || asked != c[2] || h.GitURL(repo) != c[3] {
			t.Errorf("%s: host %s, GraphQL %s, git %s: %v", c[0], h.Name(), asked, h.GitURL(repo), err)
		}
	}
}

// TestToken is the suite's short form for a personal token, which can do all but checks and deliveries.
func TestToken(t *testing.T) {
	w, ctx := build(t), t.Context()
	h := w.host(github.Options{BaseURL: w.API(), Token: w.tokens["ada"], Repositories: []forge.Repo{w.repo, {Host: w.repo.Host, Owner: "northtrail", Name: "none"}}})
	if self, err := h.Self(ctx); err != nil || self.Login != "ada" || self.Bot || self.ID == 0 {
		t.Errorf("self %+v: %v", self, err)
	}
	if all, err := h.Repositories(ctx); err != nil || len(all) != 1 || all[0].Repo != w.repo {
		t.Errorf("repositories %+v: %v", all, err)
	}
	if c, err := h.Credential(ctx, w.repo); err != nil || c.Token != w.tokens["ada"] {
		t.Errorf("credential %v: %v", c, err)
	}
	n := w.openIssue("bob", "x", "")
	if c, err := h.CreateComment(ctx, w.repo, n, "y"); err != nil || c.Author.Login != "ada" {
		t.Errorf("comment %+v: %v", c, err)
	}
	_, err := h.Deliveries(ctx, time.Time{})
	if again := h.Redeliver(ctx, 1); !errors.Is(err, forge.ErrForbidden) || !errors.Is(again, forge.ErrForbidden) {
		t.Errorf("deliveries: %v, redelivery: %v", err, again)
	}
	_, err = w.host(github.Options{BaseURL: w.API(), Token: "ghp_wrong"}).Self(ctx)
	if !errors.Is(err, forge.ErrUnauthorized) {
		t.Errorf("a wrong token: %v", err)
	}
}

func TestSelf(t *testing.T) {
	w := build(t)
	asked := 0
	w.before = func(_ http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == "/api/v3/app" {
			asked++
		}
		return false
	}
	h := w.host(w.options())
	for range 2 {
		if self, err := h.Self(t.Context()); err != nil || self != (forge.User{Login: "codicil[bot]", Bot: true}) {
			t.Errorf("self %+v: %v", self, err)
		}
	}
	if asked != 1 {
		t.Errorf("asked %d times", asked)
	}
}

// TestRenewal takes a token away in the middle of work, and then the installation.
func TestRenewal(t *testing.T) {
	w, ctx := build(t), t.Context()
	n := w.openIssue("bob", "x", "")
	var (
		mu             sync.Mutex
		refuse, gone   bool
		tokens, lookup int
		used           = map[string]bool{}
	)
	w.before = func(rw http.ResponseWriter, r *http.Request) bool {
		mu.Lock()
		defer mu.Unlock()
		switch {
		case strings.HasSuffix(r.URL.Path, "/access_tokens"):
			tokens++
			if gone {
				http.Error(rw, `{"message": "Not Found"}`, http.StatusNotFound)
			}
			return gone
		case strings.HasSuffix(r.URL.Path, "/installation"):
			lookup++
			return false
		case refuse || used[r.Header.Get("Authorization")]:
			refuse = false
			used[r.Header.Get("Authorization")] = true
			http.Error(rw, `{"message": "Bad credentials"}`, http.StatusUnauthorized)
			return true
		}
		return false
	}
	set := func(f func()) { mu.Lock(); defer mu.Unlock(); f() }
	want := func(wantTokens, wantLookups int) {
		t.Helper()
		mu.Lock()
		defer mu.Unlock()
		if tokens != wantTokens || lookup != wantLookups {
			t.Errorf("%d tokens and %d lookups, want %d and %d", tokens, lookup, wantTokens, wantLookups)
		}
	}
	h := w.host(w.options())
	for range 2 {
		if _, err := h.Issue(ctx, w.repo, n); err != nil {
			t.Fatal(err)
		}
	}
	want(1, 1)
	set(func() { refuse = true })
	if c, err := h.CreateComment(ctx, w.repo, n, "in mid-work"); err != nil || c.Body != "in mid-work" {
		t.Fatalf("%+v: %v", c, err)
	}
	want(2, 1)
	set(func() { refuse, gone = true, true })
	if _, err := h.CreateComment(ctx, w.repo, n, "x"); !errors.Is(err, forge.ErrNotFound) {
		t.Errorf("without an installation: %v", err)
	} else if _, unsure, _ := forge.MayRetry(err); unsure {
		t.Errorf("it was not sent: %v", err)
	}
	set(func() { gone = false })
	if _, err := h.Issue(ctx, w.repo, n); err != nil {
		t.Error(err)
	}
	want(4, 3)
	if all, err := h.Comments(ctx, w.repo, n, time.Time{}); err != nil || len(all) != 1 {
		t.Errorf("comments %+v: %v", all, err)
	}
}

func TestDeliveries(t *testing.T) {
	w, ctx := build(t), t.Context()
	h := w.host(w.options())
	w.SetHook(w.app.ID, "http://127.0.0.1:1/nobody", "s")
	w.openIssue("bob", "x", "")
	var all []forge.Delivery
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline) && len(all) == 0; {
		var err error
		if all, err = h.Deliveries(ctx, time.Now().Add(-time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
	if len(all) != 1 || all[0].Event != "issues" || all[0].OK || all[0].GUID == "" || all[0].At.IsZero() {
		t.Fatalf("deliveries %+v", all)
	}
	if err := h.Redeliver(ctx, all[0].ID); err != nil {
		t.Error(err)
	}
	if err := w.Settle(ctx); err != nil { // it is listed once it was tried
		t.Fatal(err)
	}
	if again, err := h.Deliveries(ctx, time.Now().Add(-time.Hour)); err != nil || len(again) != 2 || again[0].GUID != all[0].GUID || again[0].ID == all[0].ID {
		t.Errorf("after the redelivery %+v: %v", again, err)
	}
	if later, err := h.Deliveries(ctx, time.Now().Add(time.Hour)); err != nil || len(later) != 0 {
		t.Errorf("of the next hour %+v: %v", later, err)
	}
	if err := h.Redeliver(ctx, 1); !errors.Is(err, forge.ErrNotFound) {
		t.Errorf("a delivery that is not there: %v", err)
	}
}

// TestSecrets looks for planted secrets in what is logged and in errors.
func TestSecrets(t *testing.T) {
	var log bytes.Buffer
	steps := []func() (*http.Response, error){
		func() (*http.Response, error) { return answer(502, `{"message": "x"}`) },
		func() (*http.Response, error) { return nil, errors.New("connection reset") },
		func() (*http.Response, error) {
			return answer(301, `{}`, "Location", "https://api.github.com/x?access_token="+secret)
		},
		func() (*http.Response, error) { return answer(429, `{}`, "Retry-After", "900") },
	}
	w := &wire{answer: func(n int, r *http.Request) (*http.Response, error) { return steps[(n-1)%len(steps)]() }}
	h := overWire(t, w, func(o *github.Options) {
		o.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	})
	_, err := h.Issue(t.Context(), shop, 3)
	c, _ := h.Credential(t.Context(), shop)
	slog.New(slog.NewTextHandler(&log, nil)).Info("here", "credential", c)
	shown := log.String() + fmt.Sprint(err) + fmt.Sprintf("%v %+v %#v", c, c, c)
	if err == nil || w.count() != 4 || strings.Contains(shown, secret) || !strings.Contains(shown, "moved") {
		t.Errorf("%d requests, shown: %s", w.count(), shown)
	}
}

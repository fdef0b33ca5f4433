package github_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/codicil-dev/codicil/forge"
	"github.com/codicil-dev/codicil/forge/localforge"
)

// TestTrouble has a forge fail in all ways at one write, and counts what came of it.
func TestTrouble(t *testing.T) {
	const comments = "/repos/northtrail/shop/issues/*/comments"
	w, ctx := build(t), t.Context()
	w.SetFaults(localforge.Faults{RetryAfter: time.Second})
	h := w.host(w.options())
	for _, c := range []struct {
		name       string
		fault      localforge.Fault
		ok, unsure bool
		made       int
	}{
		{"no token at first", localforge.Fault{Method: "POST", Path: "/app/installations/*/access_tokens", Kind: localforge.FailBefore}, true, false, 1},
		{"not done", localforge.Fault{Method: "POST", Path: comments, Kind: localforge.FailBefore}, false, true, 0},
		{"done, and status 502", localforge.Fault{Method: "POST", Path: comments, Kind: localforge.FailAfter}, false, true, 1},
		{"done, and no answer", localforge.Fault{Method: "POST", Path: comments, Kind: localforge.DropAfter}, false, true, 1},
		{"too fast, 403", localforge.Fault{Method: "POST", Path: comments, Kind: localforge.Secondary403}, true, false, 1},
		{"too fast, 429, twice", localforge.Fault{Method: "POST", Path: comments, Kind: localforge.Secondary429, Times: 2}, true, false, 1},
		{"reads fail", localforge.Fault{Method: "GET", Kind: localforge.FailBefore, Times: 2}, true, false, 1},
		{"reads are cut", localforge.Fault{Method: "GET", Kind: localforge.DropAfter, Times: 2}, true, false, 1},
	} {
		n := w.openIssue("bob", c.name, "")
		w.Script(c.fault)
		_, err := h.CreateComment(ctx, w.repo, n, "x")
		_, unsure, _ := forge.MayRetry(err)
		if (err == nil) != c.ok || unsure != c.unsure {
			t.Errorf("%s: unsure %v: %v", c.name, unsure, err)
		}
		if all, err := h.Comments(ctx, w.repo, n, time.Time{}); err != nil || len(all) != c.made {
			t.Errorf("%s: %d comments, want %d: %v", c.name, len(all), c.made, err)
		}
	}
}

// TestTokensAreLimitedToo: while GitHub says to wait, no token is asked for.
func TestTokensAreLimitedToo(t *testing.T) {
	w, ctx := build(t), t.Context()
	n := w.openIssue("bob", "x", "")
	tokens := 0
	w.before = func(rw http.ResponseWriter, r *http.Request) bool {
		if !strings.HasSuffix(r.URL.Path, "/access_tokens") {
			return false
		}
		if tokens++; tokens > 1 {
			return false
		}
		rw.Header().Set("Retry-After", "1")
		http.Error(rw, `{"message": "You have exceeded a secondary rate limit."}`, http.StatusForbidden)
		return true
	}
	start := time.Now()
	if _, err := w.host(w.options()).Issue(ctx, w.repo, n); err != nil || tokens != 2 || time.Since(start) < time.Second {
		t.Errorf("%d tokens were asked for within %v: %v", tokens, time.Since(start), err)
	}
}

func TestHourlyLimit(t *testing.T) {
	w, ctx := build(t), t.Context()
	n := w.openIssue("bob", "x", "")
	h := w.host(w.options())
	w.SetFaults(localforge.Faults{HourlyLimit: 3})
	sent := 0
	w.before = func(_ http.ResponseWriter, r *http.Request) bool {
		if strings.Contains(r.URL.Path, "/comments") {
			sent++
		}
		return false
	}
	for try := range 5 {
		_, err := h.CreateComment(ctx, w.repo, n, "x")
		after, unsure, retry := forge.MayRetry(err)
		if try < 3 && err != nil || try >= 3 && (!retry || unsure || time.Until(after) < time.Minute || time.Until(after) > 2*time.Hour) {
			t.Errorf("write %d, again from %v: %v", try, after, err)
		}
	}
	if sent != 3 {
		t.Errorf("%d were sent, want the 3 that are allowed", sent)
	}
}

// TestReinstalled takes the App away and brings it back under another number.
func TestReinstalled(t *testing.T) {
	w, ctx := build(t), t.Context()
	n := w.openIssue("bob", "x", "")
	h := w.host(w.options())
	if _, err := h.Issue(ctx, w.repo, n); err != nil {
		t.Fatal(err)
	}
	if err := w.Uninstall(w.inst); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := h.Issue(ctx, w.repo, n); !errors.Is(err, forge.ErrNotFound) {
			t.Errorf("without an installation: %v", err)
		}
	}
	back, err := w.Install(w.app.ID, "northtrail")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.Issue(ctx, w.repo, n); err != nil {
		t.Error(err)
	}
	// Again, and nobody asked for anything meanwhile.
	if err := w.Uninstall(back); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Install(w.app.ID, "northtrail"); err != nil {
		t.Fatal(err)
	}
	if _, err := h.CreateComment(ctx, w.repo, n, "x"); err != nil {
		t.Errorf("the first write after it was installed again: %v", err)
	}
	if _, err := h.Credential(ctx, w.repo); err != nil {
		t.Error(err)
	}
}

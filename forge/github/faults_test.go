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

// TestCredentialInTrouble has a token come late, and none.
func TestCredentialInTrouble(t *testing.T) {
	w, ctx := build(t), t.Context()
	tokens := localforge.Fault{Method: "POST", Path: "/app/installations/*/access_tokens", Kind: localforge.FailBefore, Times: 2}
	w.Script(tokens)
	if c, err := w.host(w.options()).Credential(ctx, w.repo); err != nil || c.Token == "" {
		t.Errorf("after two failures: %v", err)
	}
	tokens.Times = 5
	w.Script(tokens)
	_, err := w.host(w.options()).Credential(ctx, w.repo)
	if after, unsure, ok := forge.MayRetry(err); !ok || unsure || after.IsZero() {
		t.Errorf("after five: %v", err)
	}
}

// TestAnnotationsComeOnce has batches of annotations fail in all ways, and a check be updated with some of those that it has.
func TestAnnotationsComeOnce(t *testing.T) {
	w, ctx := build(t), t.Context()
	h := w.host(w.options())
	sha := w.push("topic", "models.sql", "select 1\n")
	c := forge.Check{Name: "codicil", SHA: sha, Key: "change 1", Conclusion: forge.Failure}
	for n := range 180 {
		c.Annotations = append(c.Annotations, forge.Annotation{Path: "models.sql", Start: n/2 + 1, End: n/2 + 1, Level: forge.LevelWarning, Message: "look"})
	}
	const patches = "/repos/northtrail/shop/check-runs/*"
	w.Script(localforge.Fault{Method: "PATCH", Path: patches, Kind: localforge.FailAfter}, localforge.Fault{Method: "PATCH", Path: patches, Kind: localforge.FailBefore},
		localforge.Fault{Method: "PATCH", Path: patches, Kind: localforge.DropAfter})
	made, err := h.CreateCheck(ctx, w.repo, c)
	if err != nil {
		t.Fatal(err)
	}
	count := func(want int) {
		t.Helper()
		all, _, err := w.person("ada").Checks.ListCheckRunsForRef(ctx, "northtrail", "shop", sha, nil)
		if err != nil || len(all.CheckRuns) != 1 || all.CheckRuns[0].GetOutput().GetAnnotationsCount() != want {
			t.Errorf("%d checks, the first with %d annotations, want %d: %v", len(all.CheckRuns), all.CheckRuns[0].GetOutput().GetAnnotationsCount(), want, err)
		}
	}
	count(180)
	c.ID, c.Annotations = made.ID, append(c.Annotations[100:], forge.Annotation{Path: "models.sql", Start: 7, End: 7, Level: forge.LevelNotice, Message: "new"})
	w.Script(localforge.Fault{Method: "PATCH", Path: patches, Kind: localforge.FailAfter})
	if _, err := h.UpdateCheck(ctx, w.repo, c); err != nil {
		t.Fatal(err)
	}
	count(181)
}

// TestLabelsAreKnown counts what labels cost that are there.
func TestLabelsAreKnown(t *testing.T) {
	w, ctx := build(t), t.Context()
	o, now := w.options(), time.Now()
	o.Now = func() time.Time { return now }
	h, n := w.host(o), w.openIssue("bob", "x", "")
	var sent []string
	w.before = func(_ http.ResponseWriter, r *http.Request) bool {
		if strings.Contains(r.URL.Path, "/labels") {
			sent = append(sent, r.Method)
		}
		return false
	}
	ensure := func(want string) {
		t.Helper()
		sent = nil
		for _, name := range []string{"codicil", "Codicil", "codicil/red"} {
			if err := h.EnsureLabel(ctx, w.repo, forge.Label{Name: name, Color: "b60205"}); err != nil {
				t.Fatal(err)
			}
		}
		if got := strings.Join(sent, " "); got != want {
			t.Errorf("asked %s, want %s", got, want)
		}
	}
	ensure("GET POST POST")
	ensure("")
	if _, err := w.person("ada").Issues.DeleteLabel(ctx, "northtrail", "shop", "codicil"); err != nil {
		t.Fatal(err)
	}
	ensure("") // nobody told, and GitHub makes those that are missing
	if err := h.AddLabels(ctx, w.repo, n, []string{"codicil"}); err != nil {
		t.Error(err)
	}
	if _, err := w.person("ada").Issues.DeleteLabel(ctx, "northtrail", "shop", "codicil"); err != nil {
		t.Fatal(err)
	}
	now = now.Add(2 * time.Hour)
	ensure("GET POST")
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

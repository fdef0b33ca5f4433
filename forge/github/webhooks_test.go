package github_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	gh "github.com/google/go-github/v60/github"

	"github.com/codicil-dev/codicil/forge"
	"github.com/codicil-dev/codicil/forge/github"
)

// TestWebhooks has things happen on a forge, and reads what it tells of them.
func TestWebhooks(t *testing.T) {
	w, ctx := build(t), t.Context()
	h := w.host(w.options())
	events := make(chan forge.Event, 100)
	receiver := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		payload, err := io.ReadAll(r.Body)
		if err != nil || !github.Signed([][]byte{[]byte("another"), []byte("hook secret")}, payload, r.Header.Get("X-Hub-Signature-256")) {
			t.Errorf("webhook %s is not rightly signed: %v", r.Header.Get("X-GitHub-Event"), err)
		}
		e, err := h.Event(r.Header.Get("X-GitHub-Event"), payload)
		if err != nil {
			t.Error(err)
		}
		events <- e
	}))
	t.Cleanup(receiver.Close)
	w.SetHook(w.app.ID, receiver.URL, "hook secret")
	// next is the next event of a kind and an action.
	next := func(kind forge.EventKind, action string) forge.Event {
		t.Helper()
		for timeout := time.After(20 * time.Second); ; {
			select {
			case e := <-events:
				if e.Kind != kind || e.Action != action {
					continue
				}
				if e.Repository.Repo != w.repo || e.Repository.ID == 0 || e.Repository.DefaultBranch != "main" || e.Installation != w.inst || e.Sender.Login == "" || e.Key() == "" {
					t.Errorf("%s %s of %+v by %+v through %d, key %q", kind, action, e.Repository, e.Sender, e.Installation, e.Key())
				}
				return e
			case <-timeout:
				t.Fatalf("no webhook of %s %s came", kind, action)
			}
		}
	}

	n := w.openIssue("bob", "Count", "Please.")
	if e := next(forge.EventIssue, forge.ActionOpened); e.Issue.Number != n || e.Issue.Author.Login != "bob" || !e.Issue.Open {
		t.Errorf("issue %+v", e.Issue)
	}
	w.comment("bob", n, "/amend count")
	if e := next(forge.EventComment, forge.ActionCreated); e.Comment.Body != "/amend count" || e.Comment.Issue != n || e.Issue.MergeRequest || e.Comment.Edited() {
		t.Errorf("comment %+v", e.Comment)
	}
	sha := w.push("codicil/shop-1", "models.sql", "select 1\n")
	if e := next(forge.EventPush, ""); e.Push.Ref != "refs/heads/codicil/shop-1" || e.Push.After != sha || e.Push.Deleted || len(e.Push.Commits) == 0 || e.Push.Commits[0].SHA != sha {
		t.Errorf("push %+v", e.Push)
	}
	m, err := h.OpenMergeRequest(ctx, w.repo, forge.NewMergeRequest{Title: "Count", Head: "codicil/shop-1", Base: "main"})
	if err != nil {
		t.Fatal(err)
	}
	if e := next(forge.EventMergeRequest, forge.ActionOpened); e.MergeRequest.ID != m.ID || e.MergeRequest.HeadSHA != sha || e.MergeRequest.HeadRepo != w.repo || !e.Sender.Bot {
		t.Errorf("merge request %+v", e.MergeRequest)
	}
	w.people(h).Approve("ada", m.Number)
	if e := next(forge.EventReview, forge.ActionSubmitted); e.Review.State != forge.Approved || e.Review.SHA != sha || e.MergeRequest.Number != m.Number {
		t.Errorf("review %+v", e.Review)
	}
	w.people(h).Merge("ada", m.Number)
	if e := next(forge.EventMergeRequest, forge.ActionClosed); !e.MergeRequest.Merged || e.MergeRequest.ClosedBy.Login != "ada" || e.MergeRequest.MergeSHA == "" {
		t.Errorf("merged %+v", e.MergeRequest)
	}
	if _, _, err := w.person("ada").Issues.Edit(ctx, "northtrail", "shop", n, &gh.IssueRequest{State: gh.String("closed")}); err != nil {
		t.Fatal(err)
	}
	if e := next(forge.EventIssue, forge.ActionClosed); e.Issue.Number != n || e.Issue.Open {
		t.Errorf("closed %+v", e.Issue)
	}
}

// FuzzEvent reads anything as anything: an error is a typed one.
func FuzzEvent(f *testing.F) {
	for kind := range kindOf {
		f.Add(kind, []byte(`{"action": "created", "number": 1, `+envelope+`}`))
	}
	f.Add("check_run", []byte(`{"action": "rerequested", "check_run": {"app": null}}`))
	f.Add("repository", []byte(`{"action": "renamed", "changes": {"repository": {"name": {"from": 1}}}}`))
	h, err := github.New(github.Options{Token: secret})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, kind string, payload []byte) {
		e, err := h.Event(kind, payload)
		if err != nil && !errors.Is(err, forge.ErrPayload) {
			t.Error(err)
		}
		_ = e.Key()
	})
}

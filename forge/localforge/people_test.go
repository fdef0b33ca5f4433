package localforge_test

import (
	"errors"
	"net/http"
	"slices"
	"testing"
	"testing/fstest"

	"github.com/google/go-github/v60/github"

	"github.com/codicil-dev/codicil/forge/localforge"
)

// TestPeople has people do with Go what they do with a browser.
func TestPeople(t *testing.T) {
	w, ctx := build(t), t.Context()
	ada, bob, eve := w.Person("ada"), w.Person("bob"), w.Person("eve")
	files := fstest.MapFS{"README.md": {Data: []byte("# Store\n")}, "run.sh": {Data: []byte("#!/bin/sh\n"), Mode: 0o755}, "a \"b\"/c": {Data: []byte("x")}}
	if err := w.CreateRepository(ctx, "northtrail", "store", false, files, "ada"); err != nil {
		t.Fatal(err)
	}
	if err := w.Grant("northtrail", "store", "ada", localforge.Write); err != nil {
		t.Fatal(err)
	}
	number, err := bob.OpenIssue(ctx, "northtrail", "store", "Count items", "Please.")
	if err != nil || number != 1 {
		t.Fatalf("issue %d: %v", number, err)
	}
	id, err := bob.Comment(ctx, "northtrail", "store", number, "first")
	if err != nil {
		t.Fatal(err)
	}
	if err := bob.EditComment(ctx, "northtrail", "store", id, "second"); err != nil {
		t.Error(err)
	}
	var refused *localforge.Refusal
	if err := eve.EditComment(ctx, "northtrail", "store", id, "mine"); !errors.As(err, &refused) || refused.Status != http.StatusForbidden {
		t.Errorf("eve edits bob's comment: %v", err)
	}
	if err := eve.Close(ctx, "northtrail", "store", number); !errors.As(err, &refused) || refused.Status != http.StatusForbidden {
		t.Errorf("eve closes bob's issue: %v", err)
	}
	if _, err := w.Person("nobody").OpenIssue(ctx, "northtrail", "store", "x", ""); err == nil {
		t.Error("somebody who is not there opened an issue")
	}
	for _, err := range []error{bob.Close(ctx, "northtrail", "store", number), ada.Reopen(ctx, "northtrail", "store", number), ada.Label(ctx, "northtrail", "store", number, "bug"),
		ada.Edit(ctx, "northtrail", "store", number, "Count all items", "Please do.")} {
		if err != nil {
			t.Error(err)
		}
	}

	sha, err := w.Commit(ctx, localforge.Commit{Owner: "northtrail", Name: "store", Branch: "count", By: "ada", Message: "Count", Write: map[string]string{"count.sql": "select 1\n"}, Remove: []string{"run.sh"}})
	if err != nil {
		t.Fatal(err)
	}
	pull, err := ada.OpenPull(ctx, "northtrail", "store", localforge.NewPull{Title: "Count", Body: "Closes #1", Head: "count"})
	if err != nil {
		t.Fatal(err)
	}
	if err := ada.Approve(ctx, "northtrail", "store", pull); !errors.As(err, &refused) || refused.Message != "Unprocessable Entity: Can not approve your own pull request" {
		t.Errorf("ada approves her own: %v", err)
	}
	for _, err := range []error{bob.RequestChanges(ctx, "northtrail", "store", pull, "Why?"), bob.Approve(ctx, "northtrail", "store", pull)} {
		if err != nil {
			t.Error(err)
		}
	}
	if err := bob.Merge(ctx, "northtrail", "store", pull); !errors.As(err, &refused) || refused.Status != http.StatusForbidden {
		t.Errorf("bob merges: %v", err)
	}
	if err := ada.Merge(ctx, "northtrail", "store", pull); err != nil {
		t.Error(err)
	}
	client := w.person(t, "bob")
	got, _, err := client.PullRequests.Get(ctx, "northtrail", "store", pull)
	if err != nil || !got.GetMerged() || got.GetHead().GetSHA() != sha || got.GetChangedFiles() != 2 {
		t.Errorf("pull %+v: %v", got, err)
	}
	if issue, _, err := client.Issues.Get(ctx, "northtrail", "store", number); err != nil || issue.GetState() != "closed" || issue.GetStateReason() != "completed" || issue.GetTitle() != "Count all items" {
		t.Errorf("issue %+v: %v", issue, err)
	}
	want := []string{"opened", "closed", "reopened", "labeled", "edited", "closed"}
	if got := w.settle(t, "issues"); !slices.Equal(got, want) {
		t.Errorf("webhooks of the issue %v, want %v", got, want)
	}
	if got := w.settle(t, "installation_repositories"); !slices.Equal(got, []string{"added"}) {
		t.Errorf("webhooks of the new repository %v", got)
	}
}

// TestFork has somebody without rights bring a change from a fork.
func TestFork(t *testing.T) {
	w, ctx := build(t), t.Context()
	w.shop(t)
	if err := w.Grant("northtrail", "shop", "eve", localforge.Read); err != nil {
		t.Fatal(err)
	}
	if err := w.Fork(ctx, "northtrail", "shop", "eve"); err != nil {
		t.Fatal(err)
	}
	offer := localforge.Commit{Owner: "eve", Name: "shop", Branch: "offer", By: "eve", Message: "Offer", Write: map[string]string{"offer.sql": "select 1\n"}}
	first, err := w.Commit(ctx, offer)
	if err != nil {
		t.Fatal(err)
	}
	number, err := w.Person("eve").OpenPull(ctx, "northtrail", "shop", localforge.NewPull{Title: "Offer", Head: "eve:offer"})
	if err != nil {
		t.Fatal(err)
	}
	bot := w.bot(t)
	pull, _, err := bot.PullRequests.Get(ctx, "northtrail", "shop", number)
	if err != nil || pull.GetHead().GetRepo().GetFullName() != "eve/shop" || !pull.GetHead().GetRepo().GetFork() || pull.GetHead().GetSHA() != first {
		t.Fatalf("pull %+v: %v", pull, err)
	}
	offer.Write = map[string]string{"offer.sql": "select 2\n"}
	second, err := w.Commit(ctx, offer)
	if err != nil {
		t.Fatal(err)
	}
	_, git := w.clone(t, w.tokens["bob"])
	if out, err := git("fetch", "-q", "origin", "refs/pull/1/head"); err != nil {
		t.Fatal(out)
	}
	if at, _ := git("rev-parse", "FETCH_HEAD"); at != second {
		t.Errorf("refs/pull/1/head is %s, want %s", at, second)
	}
	if got := w.settle(t, "pull_request"); !slices.Equal(got, []string{"opened", "synchronize"}) {
		t.Errorf("webhooks %v", got)
	}
	if found, _, err := bot.PullRequests.List(ctx, "northtrail", "shop", &github.PullRequestListOptions{Head: "eve:offer"}); err != nil || len(found) != 1 {
		t.Errorf("%d pull requests: %v", len(found), err)
	}
}

// TestMergeQueue puts a merge request into the queue, and merges it.
func TestMergeQueue(t *testing.T) {
	w, ctx := build(t), t.Context()
	base := w.shop(t)
	w.write(t, "change", map[string]string{"a.sql": "select 1\n"})
	number, err := w.Person("ada").OpenPull(ctx, "northtrail", "shop", localforge.NewPull{Title: "Change", Head: "change"})
	if err != nil {
		t.Fatal(err)
	}
	sha, err := w.Enqueue(ctx, "northtrail", "shop", number, "ada")
	if err != nil {
		t.Fatal(err)
	}
	w.settle(t, "merge_group")
	group := w.hooks.wait(0, "merge_group")[0].parsed.(*github.MergeGroupEvent).GetMergeGroup()
	ref := "heads/gh-readonly-queue/main/pr-1-" + base
	if group.GetHeadSHA() != sha || group.GetHeadRef() != "refs/"+ref || group.GetBaseSHA() != base {
		t.Errorf("merge group %+v", group)
	}
	bot := w.bot(t)
	if got, _, err := bot.Git.GetRef(ctx, "northtrail", "shop", ref); err != nil || got.GetObject().GetSHA() != sha {
		t.Errorf("ref %+v: %v", got, err)
	}
	if _, _, err := bot.Checks.CreateCheckRun(ctx, "northtrail", "shop", github.CreateCheckRunOptions{Name: "codicil", HeadSHA: sha, Status: github.String("completed"), Conclusion: github.String("success")}); err != nil {
		t.Error(err)
	}
	if err := w.Person("ada").Merge(ctx, "northtrail", "shop", number); err != nil {
		t.Fatal(err)
	}
	_, _, err = bot.Git.GetRef(ctx, "northtrail", "shop", ref)
	wantStatus(t, err, http.StatusNotFound, "Not Found")
	if _, err := w.Enqueue(ctx, "northtrail", "shop", number, "ada"); err == nil {
		t.Error("what is merged was queued")
	}
}

// TestStaleApprovals pushes to what was approved.
func TestStaleApprovals(t *testing.T) {
	for _, dismiss := range []bool{false, true} {
		w, ctx := build(t), t.Context()
		w.shop(t)
		w.write(t, "change", map[string]string{"b.sql": "select 1\n"})
		number, err := w.Person("ada").OpenPull(ctx, "northtrail", "shop", localforge.NewPull{Title: "B", Head: "change"})
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Person("bob").Approve(ctx, "northtrail", "shop", number); err != nil {
			t.Fatal(err)
		}
		if err := w.DismissStale("northtrail", "shop", dismiss); err != nil {
			t.Fatal(err)
		}
		w.write(t, "change", map[string]string{"b.sql": "select 2\n"})
		states, events := "APPROVED", []string{"submitted"}
		if dismiss {
			states, events = "DISMISSED", []string{"submitted", "dismissed"}
		}
		if got := must[[]*github.PullRequestReview](t)(w.bot(t).PullRequests.ListReviews(ctx, "northtrail", "shop", number, nil)); len(got) != 1 || got[0].GetState() != states {
			t.Errorf("reviews %v, want one that is %s", got, states)
		}
		if got := w.settle(t, "pull_request_review"); !slices.Equal(got, events) {
			t.Errorf("webhooks %v, want %v", got, events)
		}
	}
}

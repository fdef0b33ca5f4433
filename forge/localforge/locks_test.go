package localforge_test

import (
	"net/http"
	"testing"

	"github.com/google/go-github/v60/github"

	"github.com/codicil-dev/codicil/forge/localforge"
)

// TestLock locks a conversation: only people who may write go on there, and the app is none of them, nor reacts anybody.
func TestLock(t *testing.T) {
	w, ctx := build(t), t.Context()
	ada, bob, bot := w.person(t, "ada"), w.person(t, "bob"), w.bot(t)
	n, err := w.Person("bob").OpenIssue(ctx, "northtrail", "shop", "Count items", "")
	if err != nil {
		t.Fatal(err)
	}
	say := func(c *github.Client) (*github.IssueComment, error) {
		said, _, err := c.Issues.CreateComment(ctx, "northtrail", "shop", n, &github.IssueComment{Body: github.String("So.")})
		return said, err
	}
	mine, err := say(bot)
	if err != nil {
		t.Fatal(err)
	}
	_, err = bob.Issues.Lock(ctx, "northtrail", "shop", n, nil)
	wantStatus(t, err, http.StatusForbidden, "not accessible")
	_, err = ada.Issues.Lock(ctx, "northtrail", "shop", n, &github.LockIssueOptions{LockReason: "because"})
	wantStatus(t, err, http.StatusUnprocessableEntity, "Validation Failed")
	if _, err := ada.Issues.Lock(ctx, "northtrail", "shop", n, &github.LockIssueOptions{LockReason: "too heated"}); err != nil {
		t.Fatal(err)
	}
	if i, _, err := bob.Issues.Get(ctx, "northtrail", "shop", n); err != nil || !i.GetLocked() || i.GetActiveLockReason() != "too heated" {
		t.Errorf("issue %+v: %v", i, err)
	}
	const refused = "Unable to create comment because issue is locked."
	for _, c := range []*github.Client{bob, bot} {
		_, err := say(c)
		wantStatus(t, err, http.StatusForbidden, refused)
	}
	_, _, err = bot.Issues.EditComment(ctx, "northtrail", "shop", mine.GetID(), &github.IssueComment{Body: github.String("Done.")})
	wantStatus(t, err, http.StatusForbidden, refused)
	for _, c := range []*github.Client{ada, bob, bot} {
		_, _, err := c.Reactions.CreateIssueCommentReaction(ctx, "northtrail", "shop", mine.GetID(), "eyes")
		wantStatus(t, err, http.StatusForbidden, refused)
	}
	if _, err := say(ada); err != nil {
		t.Error(err)
	}
	if _, _, err := bot.Issues.Edit(ctx, "northtrail", "shop", n, &github.IssueRequest{State: github.String("closed")}); err != nil {
		t.Errorf("the app can't close a locked issue: %v", err)
	}
	if _, err := ada.Issues.Unlock(ctx, "northtrail", "shop", n); err != nil {
		t.Fatal(err)
	}
	if _, err := say(bot); err != nil {
		t.Error(err)
	}
	for _, action := range w.settle(t, "issues") {
		if action == "unlocked" {
			return
		}
	}
	t.Error("the app is not told of the lock")
}

// TestDeletedFork deletes the repository that a merge request comes from.
func TestDeletedFork(t *testing.T) {
	w, ctx := build(t), t.Context()
	w.shop(t)
	bot := w.bot(t)
	for login, leave := range map[string]bool{"bob": false, "eve": true} {
		if err := w.Grant("northtrail", "shop", login, localforge.Read); err != nil {
			t.Fatal(err)
		}
		if err := w.Fork(ctx, "northtrail", "shop", login); err != nil {
			t.Fatal(err)
		}
		sha, err := w.Commit(ctx, localforge.Commit{Owner: login, Name: "shop", Branch: "mine", By: login, Message: "Mine", Write: map[string]string{"mine.md": login + "\n"}})
		if err != nil {
			t.Fatal(err)
		}
		n, err := w.Person(login).OpenPull(ctx, "northtrail", "shop", localforge.NewPull{Title: "Mine", Head: login + ":mine"})
		if err != nil {
			t.Fatal(err)
		}
		if err := w.DeleteFork(login, "shop", login, leave); err != nil {
			t.Fatal(err)
		}
		pull, _, err := bot.PullRequests.Get(ctx, "northtrail", "shop", n)
		if err != nil || pull.GetHead().Repo != nil || pull.GetHead().GetSHA() != sha || (pull.GetState() == "open") != leave {
			t.Fatalf("pull %+v: %v", pull, err)
		}
		thread, _ := w.Thread("northtrail", "shop", n)
		if thread.Pull.Head != login+":mine" {
			t.Errorf("people see it come from %s", thread.Pull.Head)
		}
		if leave {
			if err := w.Person("ada").Merge(ctx, "northtrail", "shop", n); err != nil {
				t.Error(err)
			}
			continue
		}
		_, _, err = bot.PullRequests.Edit(ctx, "northtrail", "shop", n, &github.PullRequest{State: github.String("open")})
		wantStatus(t, err, http.StatusUnprocessableEntity, "deleted")
	}
	if err := w.DeleteFork("northtrail", "shop", "ada", true); err == nil {
		t.Error("a repository with merge requests of its own was deleted")
	}
	w.settle(t, "pull_request")
}

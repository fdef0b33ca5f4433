package localforge_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-github/v60/github"

	"github.com/codicil-dev/codicil/forge/localforge"
)

// TestDay is a day in the life of a forge, seen by GitHub's own client.
func TestDay(t *testing.T) {
	w, ctx := build(t), t.Context()
	ada, bob, bot := w.person(t, "ada"), w.person(t, "bob"), w.bot(t)

	// A person pushes over HTTP, and the app is told.
	dir, git := w.clone(t, w.tokens["ada"])
	first := commit(t, dir, git, "main", "README.md", "# Shop\n")
	push := w.hooks.wait(1, "push")[0].parsed.(*github.PushEvent)
	if push.GetAfter() != first || push.GetRef() != "refs/heads/main" || !push.GetCreated() || push.GetSender().GetLogin() != "ada" || push.GetInstallation().GetID() == 0 {
		t.Errorf("push %+v", push)
	}

	// Somebody asks for something; the bot reacts and answers.
	issue, _, err := bob.Issues.Create(ctx, "northtrail", "shop", &github.IssueRequest{Title: github.String("Count items"), Body: github.String("Please.")})
	if err != nil {
		t.Fatal(err)
	}
	c, _, err := bob.Issues.CreateComment(ctx, "northtrail", "shop", issue.GetNumber(), &github.IssueComment{Body: github.String("/amend count the items")})
	if err != nil {
		t.Fatal(err)
	}
	said := w.hooks.wait(2, "issue_comment")[0].parsed.(*github.IssueCommentEvent)
	if said.GetComment().GetBody() != "/amend count the items" || said.GetAction() != "created" || said.GetSender().GetLogin() != "bob" {
		t.Errorf("comment %+v", said)
	}
	if _, _, err := bot.Reactions.CreateIssueCommentReaction(ctx, "northtrail", "shop", c.GetID(), "eyes"); err != nil {
		t.Error(err)
	}
	mine, _, err := bot.Issues.CreateComment(ctx, "northtrail", "shop", issue.GetNumber(), &github.IssueComment{Body: github.String("Working on it.")})
	if err != nil || mine.GetUser().GetLogin() != "codicil[bot]" || mine.GetUser().GetType() != "Bot" {
		t.Fatalf("the bot's comment %+v: %v", mine, err)
	}
	if _, _, err := bot.Issues.EditComment(ctx, "northtrail", "shop", mine.GetID(), &github.IssueComment{Body: github.String("Done.")}); err != nil {
		t.Error(err)
	}
	w.hooks.wait(2, "issue_comment")
	if p, _, err := bot.Repositories.GetPermissionLevel(ctx, "northtrail", "shop", "bob"); err != nil || p.GetPermission() != "read" {
		t.Errorf("bob may %s: %v", p.GetPermission(), err)
	}

	// A branch is pushed; the bot opens a merge request for it, once.
	head := commit(t, dir, git, "codicil/shop-1", "models.sql", "select 1\n")
	w.hooks.wait(1, "push")
	request := &github.NewPullRequest{Title: github.String("Count items"), Head: github.String("codicil/shop-1"), Base: github.String("main"), Body: github.String("Closes #1"), Draft: github.Bool(true)}
	pull, _, err := bot.PullRequests.Create(ctx, "northtrail", "shop", request)
	if err != nil || pull.GetHead().GetSHA() != head || !pull.GetDraft() || pull.GetCommits() != 1 || pull.GetAdditions() != 1 {
		t.Fatalf("pull %+v: %v", pull, err)
	}
	w.hooks.wait(1, "pull_request")
	_, _, err = bot.PullRequests.Create(ctx, "northtrail", "shop", request)
	wantStatus(t, err, http.StatusUnprocessableEntity, "already exists for northtrail:codicil/shop-1")
	request.Head = github.String("nowhere")
	_, _, err = bot.PullRequests.Create(ctx, "northtrail", "shop", request)
	wantStatus(t, err, http.StatusUnprocessableEntity, "Validation Failed")
	if found, _, err := bot.PullRequests.List(ctx, "northtrail", "shop", &github.PullRequestListOptions{Head: "northtrail:codicil/shop-1"}); err != nil || len(found) != 1 {
		t.Errorf("%d pull requests: %v", len(found), err)
	}

	// Checks, labels, reviewers.
	run, _, err := bot.Checks.CreateCheckRun(ctx, "northtrail", "shop", github.CreateCheckRunOptions{Name: "codicil", HeadSHA: head, Status: github.String("in_progress")})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err = bot.Checks.UpdateCheckRun(ctx, "northtrail", "shop", run.GetID(), github.UpdateCheckRunOptions{Name: "codicil", Status: github.String("completed"), Conclusion: github.String("success"),
		Output: &github.CheckRunOutput{Title: github.String("Proven"), Summary: github.String("All holds.")}}); err != nil {
		t.Error(err)
	}
	w.hooks.wait(2, "check_run")
	if runs, _, err := ada.Checks.ListCheckRunsForRef(ctx, "northtrail", "shop", head, nil); err != nil || runs.GetTotal() != 1 || runs.CheckRuns[0].GetConclusion() != "success" {
		t.Errorf("check runs %+v: %v", runs, err)
	}
	_, _, err = ada.Checks.CreateCheckRun(ctx, "northtrail", "shop", github.CreateCheckRunOptions{Name: "codicil", HeadSHA: head})
	wantStatus(t, err, http.StatusForbidden, "GitHub App")
	if labels, _, err := bot.Issues.AddLabelsToIssue(ctx, "northtrail", "shop", pull.GetNumber(), []string{"codicil", "codicil/breaking"}); err != nil || len(labels) != 2 {
		t.Errorf("labels %v: %v", labels, err)
	}
	w.hooks.wait(2, "pull_request")
	if _, _, err := bot.PullRequests.RequestReviewers(ctx, "northtrail", "shop", pull.GetNumber(), github.ReviewersRequest{Reviewers: []string{"ada"}}); err != nil {
		t.Error(err)
	}
	w.hooks.wait(1, "pull_request")
	_, _, err = bot.PullRequests.RequestReviewers(ctx, "northtrail", "shop", pull.GetNumber(), github.ReviewersRequest{Reviewers: []string{"eve"}})
	wantStatus(t, err, http.StatusUnprocessableEntity, "not a collaborator")

	// A draft is not merged; a further push moves it.
	_, _, err = ada.PullRequests.Merge(ctx, "northtrail", "shop", pull.GetNumber(), "", nil)
	wantStatus(t, err, http.StatusMethodNotAllowed, "draft")
	if err := w.Ready("northtrail", "shop", pull.GetNumber(), "codicil[bot]"); err != nil {
		t.Fatal(err)
	}
	w.hooks.wait(1, "pull_request")
	commit(t, dir, git, "codicil/shop-1", "models.sql", "select 2\n")
	moved := w.hooks.wait(2, "pull_request")
	if last := moved[len(moved)-1].parsed.(*github.PullRequestEvent); last.GetAction() != "synchronize" || last.GetBefore() != head {
		t.Errorf("event %s of %s", last.GetAction(), last.GetBefore())
	}
	if _, _, err := ada.PullRequests.CreateReview(ctx, "northtrail", "shop", pull.GetNumber(), &github.PullRequestReviewRequest{Event: github.String("APPROVE")}); err != nil {
		t.Error(err)
	}
	w.hooks.wait(1, "pull_request_review")
	if _, _, err := ada.PullRequests.Merge(ctx, "northtrail", "shop", pull.GetNumber(), "", nil); err != nil {
		t.Fatal(err)
	}
	w.hooks.wait(3, "pull_request") // the merge, the push and the issue that it closes
	done, _, err := bob.Issues.Get(ctx, "northtrail", "shop", issue.GetNumber())
	if err != nil || done.GetState() != "closed" {
		t.Errorf("the issue is %s: %v", done.GetState(), err)
	}
	if out, err := git("fetch", "-q", "origin"); err != nil {
		t.Error(out)
	}
	if text, _ := git("show", "origin/main:models.sql"); text != "select 2" {
		t.Errorf("main holds %q", text)
	}

	// All of it is there after a restart.
	before, _, err := ada.Issues.ListByRepo(ctx, "northtrail", "shop", &github.IssueListByRepoOptions{State: "all"})
	if err != nil {
		t.Fatal(err)
	}
	w.server.Close()
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	w.open(t)
	after, _, err := w.person(t, "ada").Issues.ListByRepo(ctx, "northtrail", "shop", &github.IssueListByRepoOptions{State: "all"})
	if err != nil || len(after) != len(before) || len(after) != 2 || after[0].GetUpdatedAt() != before[0].GetUpdatedAt() {
		t.Errorf("after a restart %v, before %v: %v", after, before, err)
	}
}

// wantStatus holds an error to a status and to words of its message.
func wantStatus(t *testing.T, err error, status int, words string) {
	t.Helper()
	var e *github.ErrorResponse
	if !errors.As(err, &e) || e.Response.StatusCode != status {
		t.Errorf("error %v, want status %d", err, status)
		return
	}
	if !strings.Contains(err.Error(), words) {
		t.Errorf("error %v does not say %q", err, words)
	}
}

// TestWhoMay asks as those who may not.
func TestWhoMay(t *testing.T) {
	w, ctx := build(t), t.Context()
	if err := w.AddRepo(ctx, "northtrail", "open", false); err != nil {
		t.Fatal(err)
	}
	dir, git := w.clone(t, w.tokens["ada"])
	commit(t, dir, git, "main", "README.md", "# Shop\n")
	_, _, err := w.person(t, "eve").Repositories.Get(ctx, "northtrail", "shop")
	wantStatus(t, err, http.StatusNotFound, "Not Found")
	_, _, err = w.person(t, "").Repositories.Get(ctx, "northtrail", "shop")
	wantStatus(t, err, http.StatusNotFound, "Not Found")
	if _, _, err := w.person(t, "").Repositories.Get(ctx, "northtrail", "open"); err != nil {
		t.Error(err)
	}
	_, _, err = w.person(t, "").Issues.Create(ctx, "northtrail", "open", &github.IssueRequest{Title: github.String("x")})
	wantStatus(t, err, http.StatusUnauthorized, "Requires authentication")
	bad := w.enterprise(t, github.NewClient(nil).WithAuthToken("ghp_none"))
	_, _, err = bad.Repositories.Get(ctx, "northtrail", "open")
	wantStatus(t, err, http.StatusUnauthorized, "Bad credentials")
	_, _, err = w.person(t, "ada").Apps.Get(ctx, "")
	wantStatus(t, err, http.StatusUnauthorized, "JSON web token")

	// Another's key is no key of the app.
	other, err := w.AddApp("other", "", "")
	if err != nil {
		t.Fatal(err)
	}
	mine := w.app
	w.app = &localforge.App{ID: mine.ID, PrivateKey: other.PrivateKey}
	_, _, err = w.itself(t).Apps.Get(ctx, "")
	wantStatus(t, err, http.StatusUnauthorized, "could not be decoded")
	w.app = mine

	// git: bob may read and not write, eve sees nothing.
	_, bobs := w.clone(t, w.tokens["bob"])
	if out, err := bobs("push", "-q", "origin", "HEAD:refs/heads/bobs"); err == nil || !strings.Contains(out, "403") {
		t.Errorf("bob's push: %v: %s", err, out)
	}
	address := strings.Replace(w.URL(), "http://", "http://x:"+w.tokens["eve"]+"@", 1) + "/northtrail/shop.git"
	if out, err := bobs("ls-remote", address); err == nil || !strings.Contains(out, "not found") {
		t.Errorf("eve: %v: %s", err, out)
	}
}

// TestRedelivery has a webhook refused, and sent again.
func TestRedelivery(t *testing.T) {
	w, ctx := build(t), t.Context()
	w.hooks.fail = 1
	if _, _, err := w.person(t, "bob").Issues.Create(ctx, "northtrail", "shop", &github.IssueRequest{Title: github.String("x")}); err != nil {
		t.Fatal(err)
	}
	if err := w.Settle(ctx); err != nil {
		t.Fatal(err)
	}
	app := w.itself(t)
	all, _, err := app.Apps.ListHookDeliveries(ctx, &github.ListCursorOptions{PerPage: 10})
	if err != nil || len(all) != 2 {
		t.Fatalf("%d deliveries: %v", len(all), err)
	}
	failed := all[0]
	if failed.GetStatusCode() != http.StatusInternalServerError || failed.GetEvent() != "issues" {
		t.Fatalf("delivery %+v", failed)
	}
	if _, _, err := app.Apps.RedeliverHookDelivery(ctx, failed.GetID()); err != nil {
		var accepted *github.AcceptedError
		if !errors.As(err, &accepted) {
			t.Fatal(err)
		}
	}
	if got := w.hooks.wait(1, "issues"); len(got) != 1 || got[0].guid != failed.GetGUID() {
		t.Errorf("redelivered as %+v, want %s", got, failed.GetGUID())
	}
}

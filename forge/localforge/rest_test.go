package localforge_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-github/v60/github"

	"github.com/codicil-dev/codicil/forge/localforge"
)

// must is an answer that there has to be.
func must[T any](t *testing.T) func(v T, _ *github.Response, err error) T {
	return func(v T, _ *github.Response, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// TestUsers asks for people and for a bot.
func TestUsers(t *testing.T) {
	w, ctx := build(t), t.Context()
	ada := w.person(t, "ada")
	if u := must[*github.User](t)(ada.Users.Get(ctx, "")); u.GetLogin() != "ada" || u.GetType() != "User" {
		t.Errorf("user %+v", u)
	}
	if u := must[*github.User](t)(ada.Users.Get(ctx, "codicil[bot]")); u.GetLogin() != "codicil[bot]" || u.GetType() != "Bot" {
		t.Errorf("bot %+v", u)
	}
	_, _, err := ada.Users.Get(ctx, "nobody")
	wantStatus(t, err, http.StatusNotFound, "Not Found")
	for login, want := range map[string]string{"ada": "write", "bob": "read", "eve": "none", "northtrail": "admin"} {
		if p := must[*github.RepositoryPermissionLevel](t)(ada.Repositories.GetPermissionLevel(ctx, "northtrail", "shop", login)); p.GetPermission() != want {
			t.Errorf("%s may %s, want %s", login, p.GetPermission(), want)
		}
	}
}

// TestComments lists, edits and deletes comments of a whole repository.
func TestComments(t *testing.T) {
	clock := newClock()
	w, ctx := buildAt(t, clock.now), t.Context()
	bob, bot := w.Person("bob"), w.bot(t)
	var ids []int64
	for n := range 2 {
		issue, err := bob.OpenIssue(ctx, "northtrail", "shop", fmt.Sprint("issue ", n), "")
		if err != nil {
			t.Fatal(err)
		}
		id, err := bob.Comment(ctx, "northtrail", "shop", issue, fmt.Sprint("comment ", n))
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
		clock.pass(10 * time.Second)
	}
	since := clock.now().Add(-11 * time.Second).Truncate(time.Second).Add(time.Second)
	found := must[[]*github.IssueComment](t)(bot.Issues.ListComments(ctx, "northtrail", "shop", 0, &github.IssueListCommentsOptions{Since: &since}))
	if len(found) != 1 || found[0].GetBody() != "comment 1" {
		t.Errorf("comments %v", found)
	}
	if err := bob.EditComment(ctx, "northtrail", "shop", ids[0], "comment 0, edited"); err != nil {
		t.Fatal(err)
	}
	found = must[[]*github.IssueComment](t)(bot.Issues.ListComments(ctx, "northtrail", "shop", 0, &github.IssueListCommentsOptions{Since: &since, Sort: github.String("updated"), Direction: github.String("desc")}))
	if len(found) != 2 || found[0].GetBody() != "comment 0, edited" {
		t.Errorf("comments %v", found)
	}
	if err := bob.DeleteComment(ctx, "northtrail", "shop", ids[1]); err != nil {
		t.Fatal(err)
	}
	_, _, err := bot.Issues.GetComment(ctx, "northtrail", "shop", ids[1])
	wantStatus(t, err, http.StatusNotFound, "Not Found")
	if got := w.settle(t, "issue_comment"); !slices.Equal(got, []string{"created", "created", "edited", "deleted"}) {
		t.Errorf("webhooks %v", got)
	}
}

// TestReactions has the same reaction made twice.
func TestReactions(t *testing.T) {
	w, ctx := build(t), t.Context()
	issue, err := w.Person("bob").OpenIssue(ctx, "northtrail", "shop", "x", "")
	if err != nil {
		t.Fatal(err)
	}
	bot := w.bot(t)
	for n, status := range []int{http.StatusCreated, http.StatusOK} {
		if _, response, err := bot.Reactions.CreateIssueReaction(ctx, "northtrail", "shop", issue, "eyes"); err != nil || response.StatusCode != status {
			t.Errorf("reaction %d: status %d: %v", n, response.StatusCode, err)
		}
	}
	found := must[[]*github.Reaction](t)(bot.Reactions.ListIssueReactions(ctx, "northtrail", "shop", issue, nil))
	if len(found) != 1 || found[0].GetUser().GetLogin() != "codicil[bot]" {
		t.Fatalf("reactions %v", found)
	}
	if _, err := bot.Reactions.DeleteIssueReaction(ctx, "northtrail", "shop", issue, found[0].GetID()); err != nil {
		t.Error(err)
	}
	if i := must[*github.Issue](t)(bot.Issues.Get(ctx, "northtrail", "shop", issue)); i.GetReactions().GetTotalCount() != 0 {
		t.Errorf("reactions %+v", i.GetReactions())
	}
}

// TestLabels makes labels and puts them on an issue.
func TestLabels(t *testing.T) {
	w, ctx := build(t), t.Context()
	issue, err := w.Person("bob").OpenIssue(ctx, "northtrail", "shop", "x", "")
	if err != nil {
		t.Fatal(err)
	}
	bot := w.bot(t)
	breaking := &github.Label{Name: github.String("codicil/breaking"), Color: github.String("B60205"), Description: github.String("Breaks readers")}
	must[*github.Label](t)(bot.Issues.CreateLabel(ctx, "northtrail", "shop", breaking))
	_, _, err = bot.Issues.CreateLabel(ctx, "northtrail", "shop", breaking)
	wantStatus(t, err, http.StatusUnprocessableEntity, "already_exists")
	if l := must[*github.Label](t)(bot.Issues.GetLabel(ctx, "northtrail", "shop", "codicil/breaking")); l.GetColor() != "b60205" {
		t.Errorf("label %+v", l)
	}
	_, _, err = bot.Issues.GetLabel(ctx, "northtrail", "shop", "none")
	wantStatus(t, err, http.StatusNotFound, "Not Found")
	must[[]*github.Label](t)(bot.Issues.AddLabelsToIssue(ctx, "northtrail", "shop", issue, []string{"codicil", "codicil/breaking"}))
	if _, err := bot.Issues.RemoveLabelForIssue(ctx, "northtrail", "shop", issue, "codicil/breaking"); err != nil {
		t.Error(err)
	}
	_, err = bot.Issues.RemoveLabelForIssue(ctx, "northtrail", "shop", issue, "codicil/breaking")
	wantStatus(t, err, http.StatusNotFound, "Label does not exist")
	must[*github.Issue](t)(bot.Issues.Edit(ctx, "northtrail", "shop", issue, &github.IssueRequest{Labels: &[]string{"other"}, State: github.String("closed"), StateReason: github.String("not_planned")}))
	i := must[*github.Issue](t)(bot.Issues.Get(ctx, "northtrail", "shop", issue))
	if len(i.Labels) != 1 || i.Labels[0].GetName() != "other" || i.GetStateReason() != "not_planned" {
		t.Errorf("issue %+v", i)
	}
	want := []string{"opened", "labeled", "labeled", "unlabeled", "unlabeled", "labeled", "closed"}
	if got := w.settle(t, "issues"); !slices.Equal(got, want) {
		t.Errorf("webhooks %v, want %v", got, want)
	}
}

// TestPulls changes a merge request, and asks for it in all the ways.
func TestPulls(t *testing.T) {
	w, ctx := build(t), t.Context()
	first := w.shop(t)
	head := w.write(t, "codicil/shop-1", map[string]string{"b.sql": "select 1\n"})
	w.write(t, "release", map[string]string{"c.sql": "select 1\n"})
	bot := w.bot(t)
	pull := must[*github.PullRequest](t)(bot.PullRequests.Create(ctx, "northtrail", "shop", &github.NewPullRequest{Title: github.String("B"), Head: github.String("codicil/shop-1"), Base: github.String("main")}))
	number := pull.GetNumber()
	pull = must[*github.PullRequest](t)(bot.PullRequests.Edit(ctx, "northtrail", "shop", number, &github.PullRequest{Title: github.String("Better"), Body: github.String("Because."), Base: &github.PullRequestBranch{Ref: github.String("release")}}))
	if pull.GetTitle() != "Better" || pull.GetBody() != "Because." || pull.GetBase().GetRef() != "release" {
		t.Errorf("pull %+v", pull)
	}
	_, _, err := bot.PullRequests.Edit(ctx, "northtrail", "shop", number, &github.PullRequest{Base: &github.PullRequestBranch{Ref: github.String("nowhere")}})
	wantStatus(t, err, http.StatusUnprocessableEntity, "invalid")
	must[*github.PullRequest](t)(bot.PullRequests.Edit(ctx, "northtrail", "shop", number, &github.PullRequest{Base: &github.PullRequestBranch{Ref: github.String("main")}}))
	for _, state := range []string{"closed", "open"} {
		if pull = must[*github.PullRequest](t)(bot.PullRequests.Edit(ctx, "northtrail", "shop", number, &github.PullRequest{State: &state})); pull.GetState() != state {
			t.Errorf("state %s, want %s", pull.GetState(), state)
		}
	}
	must[*github.PullRequest](t)(bot.PullRequests.RequestReviewers(ctx, "northtrail", "shop", number, github.ReviewersRequest{Reviewers: []string{"ada"}}))
	if asked := must[*github.Reviewers](t)(bot.PullRequests.ListReviewers(ctx, "northtrail", "shop", number, nil)); len(asked.Users) != 1 {
		t.Errorf("reviewers %+v", asked)
	}
	if err := w.Person("ada").Approve(ctx, "northtrail", "shop", number); err != nil {
		t.Fatal(err)
	}
	if asked := must[*github.Reviewers](t)(bot.PullRequests.ListReviewers(ctx, "northtrail", "shop", number, nil)); len(asked.Users) != 0 {
		t.Errorf("reviewers after the review %+v", asked)
	}
	if reviews := must[[]*github.PullRequestReview](t)(bot.PullRequests.ListReviews(ctx, "northtrail", "shop", number, nil)); len(reviews) != 1 || reviews[0].GetState() != "APPROVED" || reviews[0].GetCommitID() != head {
		t.Errorf("reviews %v", reviews)
	}
	if all := must[[]*github.PullRequest](t)(bot.PullRequests.ListPullRequestsWithCommit(ctx, "northtrail", "shop", head, nil)); len(all) != 1 {
		t.Errorf("%d pull requests with %s", len(all), head)
	}
	if all := must[[]*github.PullRequest](t)(bot.PullRequests.ListPullRequestsWithCommit(ctx, "northtrail", "shop", first, nil)); len(all) != 0 {
		t.Errorf("%d pull requests with %s", len(all), first)
	}
	if files := must[[]*github.CommitFile](t)(bot.PullRequests.ListFiles(ctx, "northtrail", "shop", number, nil)); len(files) != 1 || files[0].GetFilename() != "b.sql" {
		t.Errorf("files %v", files)
	}
	if all := must[[]*github.RepositoryCommit](t)(bot.PullRequests.ListCommits(ctx, "northtrail", "shop", number, nil)); len(all) != 1 || all[0].GetSHA() != head {
		t.Errorf("commits %v", all)
	}
	if c := must[*github.RepositoryCommit](t)(bot.Repositories.GetCommit(ctx, "northtrail", "shop", "codicil/shop-1", nil)); c.GetSHA() != head || c.GetCommit().GetMessage() != "Write files" {
		t.Errorf("commit %+v", c)
	}
	_, _, err = bot.Repositories.GetCommit(ctx, "northtrail", "shop", strings.Repeat("1", 40), nil)
	wantStatus(t, err, http.StatusUnprocessableEntity, "No commit found")
	must[*github.PullRequestMergeResult](t)(bot.PullRequests.Merge(ctx, "northtrail", "shop", number, "", &github.PullRequestOptions{MergeMethod: "squash"}))
	if c := must[*github.RepositoryCommit](t)(bot.Repositories.GetCommit(ctx, "northtrail", "shop", "main", nil)); c.GetCommit().GetMessage() != "Better (#1)" || len(c.Parents) != 1 {
		t.Errorf("commit %+v", c)
	}
	_, _, err = bot.PullRequests.Edit(ctx, "northtrail", "shop", number, &github.PullRequest{State: github.String("open")})
	wantStatus(t, err, http.StatusUnprocessableEntity, "cannot be reopened")
}

// TestPushMerges has somebody push what a merge request would bring.
func TestPushMerges(t *testing.T) {
	w, ctx := build(t), t.Context()
	w.shop(t)
	head := w.write(t, "change", map[string]string{"b.sql": "select 1\n"})
	number, err := w.Person("ada").OpenPull(ctx, "northtrail", "shop", localforge.NewPull{Title: "B", Head: "change"})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Push(ctx, "northtrail", "shop", "main", head, "ada"); err != nil {
		t.Fatal(err)
	}
	if pull := must[*github.PullRequest](t)(w.bot(t).PullRequests.Get(ctx, "northtrail", "shop", number)); !pull.GetMerged() || pull.GetMergedBy().GetLogin() != "ada" || pull.GetChangedFiles() != 1 {
		t.Errorf("pull %+v", pull)
	}
}

// TestChecks lists the check runs of a commit.
func TestChecks(t *testing.T) {
	w, ctx := build(t), t.Context()
	sha := w.shop(t)
	bot := w.bot(t)
	for _, name := range []string{"codicil", "codicil", "other"} {
		must[*github.CheckRun](t)(bot.Checks.CreateCheckRun(ctx, "northtrail", "shop", github.CreateCheckRunOptions{Name: name, HeadSHA: sha, Status: github.String("completed"), Conclusion: github.String("failure"),
			Output: &github.CheckRunOutput{Title: github.String("Red"), Summary: github.String("One line."), Annotations: []*github.CheckRunAnnotation{{Path: github.String("README.md"),
				StartLine: github.Int(1), EndLine: github.Int(1), AnnotationLevel: github.String("failure"), Message: github.String("Wrong.")}}}}))
	}
	app, other := w.app.ID, w.app.ID+1
	for _, test := range []struct {
		options github.ListCheckRunsOptions
		want    int
	}{
		{github.ListCheckRunsOptions{}, 2},
		{github.ListCheckRunsOptions{Filter: github.String("all")}, 3},
		{github.ListCheckRunsOptions{CheckName: github.String("codicil"), AppID: &app}, 1},
		{github.ListCheckRunsOptions{AppID: &other}, 0},
		{github.ListCheckRunsOptions{Status: github.String("queued")}, 0},
	} {
		if runs := must[*github.ListCheckRunsResults](t)(bot.Checks.ListCheckRunsForRef(ctx, "northtrail", "shop", "main", &test.options)); runs.GetTotal() != test.want {
			t.Errorf("%d check runs for %+v, want %d", runs.GetTotal(), test.options, test.want)
		}
	}
	runs := must[*github.ListCheckRunsResults](t)(bot.Checks.ListCheckRunsForRef(ctx, "northtrail", "shop", sha, nil))
	if notes := must[[]*github.CheckRunAnnotation](t)(bot.Checks.ListCheckRunAnnotations(ctx, "northtrail", "shop", runs.CheckRuns[0].GetID(), nil)); len(notes) != 1 || notes[0].GetMessage() != "Wrong." {
		t.Errorf("annotations %v", notes)
	}
	if err := w.Person("ada").Rerun(ctx, "northtrail", "shop", runs.CheckRuns[0].GetID()); err != nil {
		t.Error(err)
	}
	if got := w.settle(t, "check_run"); !slices.Equal(got, []string{"created", "created", "created", "rerequested"}) {
		t.Errorf("webhooks %v", got)
	}
}

// Package forgetest is the suite of tests that every adapter of a Git host passes.
package forgetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/codicil-dev/codicil/forge"
)

// Host is what an adapter can do for the bot.
type Host interface {
	Self(ctx context.Context) (forge.User, error)
	Repositories(ctx context.Context) ([]forge.Repository, error)
	Repository(ctx context.Context, repo forge.Repo) (forge.Repository, error)
	Permission(ctx context.Context, repo forge.Repo, login string) (forge.Permission, error)
	Credential(ctx context.Context, repo forge.Repo) (forge.Credential, error)

	Issue(ctx context.Context, repo forge.Repo, number int) (forge.Issue, error)
	Issues(ctx context.Context, repo forge.Repo, since time.Time) ([]forge.Issue, error)
	CloseIssue(ctx context.Context, repo forge.Repo, number int, reason forge.CloseReason) error
	Comment(ctx context.Context, repo forge.Repo, id int64) (forge.Comment, error)
	Comments(ctx context.Context, repo forge.Repo, number int, since time.Time) ([]forge.Comment, error)
	RepositoryComments(ctx context.Context, repo forge.Repo, since time.Time) ([]forge.Comment, error)
	CreateComment(ctx context.Context, repo forge.Repo, number int, body string) (forge.Comment, error)
	EditComment(ctx context.Context, repo forge.Repo, id int64, body string) (forge.Comment, error)
	DeleteComment(ctx context.Context, repo forge.Repo, id int64) error
	React(ctx context.Context, repo forge.Repo, comment int64, r forge.Reaction) error
	ReactToIssue(ctx context.Context, repo forge.Repo, number int, r forge.Reaction) error
	EnsureLabel(ctx context.Context, repo forge.Repo, l forge.Label) error
	AddLabels(ctx context.Context, repo forge.Repo, number int, names []string) error
	RemoveLabel(ctx context.Context, repo forge.Repo, number int, label string) error

	MergeRequest(ctx context.Context, repo forge.Repo, number int) (forge.MergeRequest, error)
	MergeRequests(ctx context.Context, repo forge.Repo, f forge.MergeRequestFilter) ([]forge.MergeRequest, error)
	MergeRequestsOf(ctx context.Context, repo forge.Repo, sha string) ([]forge.MergeRequest, error)
	OpenMergeRequest(ctx context.Context, repo forge.Repo, n forge.NewMergeRequest) (forge.MergeRequest, error)
	EditMergeRequest(ctx context.Context, repo forge.Repo, number int, e forge.MergeRequestEdit) (forge.MergeRequest, error)
	SetDraft(ctx context.Context, repo forge.Repo, m forge.MergeRequest, draft bool) error
	Reviews(ctx context.Context, repo forge.Repo, number int) ([]forge.Review, error)
	RequestReviewers(ctx context.Context, repo forge.Repo, number int, users, teams []string) (refused []string, err error)
	CreateCheck(ctx context.Context, repo forge.Repo, c forge.Check) (forge.Check, error)
	UpdateCheck(ctx context.Context, repo forge.Repo, c forge.Check) (forge.Check, error)
	Checks(ctx context.Context, repo forge.Repo, sha, name string) ([]forge.Check, error)
}

// Town is a host with people. Its deeds fail the test where they don't succeed.
type Town struct {
	Host Host
	// Repo is private, has a branch main with one commit, and no issues. The bot may write to it.
	Repo forge.Repo
	// Who may write, may read, and may nothing in Repo.
	Writer, Reader, Stranger string

	OpenIssue func(as, title, body string) (number int)
	Comment   func(as string, number int, body string) (id int64)
	// Push makes a commit of one file on a branch, from main if the branch is not there, and pushes it as the writer.
	Push    func(branch, file, text string) (sha string)
	Approve func(as string, number int)
	Merge   func(as string, number int)
}

// Test holds an adapter to what package forge says. Build gives a town of its own to each part.
func Test(t *testing.T, build func(t *testing.T) *Town) {
	for _, part := range []struct {
		name string
		run  func(t *testing.T, w *Town)
	}{
		{"places", places}, {"discussion", discussion}, {"comments", comments}, {"labels", labels}, {"merge requests", mergeRequests}, {"drafts", drafts},
		{"reviews", reviews}, {"checks", checks}, {"refusals", refusals},
	} {
		t.Run(part.name, func(t *testing.T) { part.run(t, build(t)) })
	}
}

// done fails the test if err is an error.
func done(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// got is v, unless err is an error.
func got[T any](v T, err error) func(t *testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		done(t, err)
		return v
	}
}

func wantError(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("got %v, want %v", err, want)
	}
}

func places(t *testing.T, w *Town) {
	ctx := t.Context()
	self := got(w.Host.Self(ctx))(t)
	if self.Login == "" {
		t.Error("the bot has no login")
	}
	r := got(w.Host.Repository(ctx, w.Repo))(t)
	if r.Repo != w.Repo || r.ID == 0 || r.DefaultBranch != "main" || !r.Private || r.CloneURL == "" || r.URL == "" {
		t.Errorf("repository %+v", r)
	}
	found := false
	for _, other := range got(w.Host.Repositories(ctx))(t) {
		found = found || other == r
	}
	if !found {
		t.Errorf("%s is not among the repositories", w.Repo)
	}
	for login, want := range map[string]forge.Permission{w.Writer: forge.Write, w.Reader: forge.Read, w.Stranger: forge.None, "nobody-of-this-name": forge.None, "": forge.None} {
		if p := got(w.Host.Permission(ctx, w.Repo, login))(t); p != want {
			t.Errorf("%q may %v, want %v", login, p, want)
		}
	}
	if c := got(w.Host.Credential(ctx, w.Repo))(t); c.User == "" || c.Token == "" {
		t.Errorf("credential %v", c)
	}
}

func discussion(t *testing.T, w *Town) {
	ctx := t.Context()
	first := w.OpenIssue(w.Reader, "Count the items", "Please.")
	second := w.OpenIssue(w.Writer, "Another", "")
	i := got(w.Host.Issue(ctx, w.Repo, first))(t)
	if i.Number != first || i.Title != "Count the items" || i.Body != "Please." || i.Author.Login != w.Reader || !i.Open || i.MergeRequest || i.URL == "" || i.Created.IsZero() {
		t.Errorf("issue %+v", i)
	}
	done(t, w.Host.ReactToIssue(ctx, w.Repo, first, forge.Eyes))
	done(t, w.Host.ReactToIssue(ctx, w.Repo, first, forge.Eyes))
	done(t, w.Host.CloseIssue(ctx, w.Repo, first, forge.Completed))
	done(t, w.Host.CloseIssue(ctx, w.Repo, first, forge.NotPlanned))
	if i := got(w.Host.Issue(ctx, w.Repo, first))(t); i.Open {
		t.Error("the issue is not closed")
	}
	seen := map[int]bool{}
	for _, i := range got(w.Host.Issues(ctx, w.Repo, time.Time{}))(t) {
		seen[i.Number] = true
	}
	if len(seen) != 2 || !seen[first] || !seen[second] {
		t.Errorf("issues %v, want the open and the closed one", seen)
	}
	if later := got(w.Host.Issues(ctx, w.Repo, i.Updated.Add(24*time.Hour)))(t); len(later) != 0 {
		t.Errorf("issues of tomorrow: %v", later)
	}
	_, err := w.Host.Issue(ctx, w.Repo, 1000)
	wantError(t, err, forge.ErrNotFound)
}

func comments(t *testing.T, w *Town) {
	ctx := t.Context()
	self := got(w.Host.Self(ctx))(t)
	n := w.OpenIssue(w.Reader, "Count the items", "Please.")
	asked := w.Comment(w.Reader, n, "/amend count the items")
	done(t, w.Host.React(ctx, w.Repo, asked, forge.Rocket))
	c := got(w.Host.Comment(ctx, w.Repo, asked))(t)
	if c.ID != asked || c.Issue != n || c.Body != "/amend count the items" || c.Author.Login != w.Reader || c.Edited() || c.URL == "" {
		t.Errorf("comment %+v", c)
	}
	mine := got(w.Host.CreateComment(ctx, w.Repo, n, "Working on it."))(t)
	if mine.Author.Login != self.Login || mine.Issue != n || mine.Body != "Working on it." {
		t.Errorf("the bot's comment %+v, want by %s", mine, self.Login)
	}
	if edited := got(w.Host.EditComment(ctx, w.Repo, mine.ID, "Done. ✓ <b>\"quoted\"</b>"))(t); edited.Body != "Done. ✓ <b>\"quoted\"</b>" || edited.ID != mine.ID {
		t.Errorf("edited to %+v", edited)
	}
	if all := got(w.Host.Comments(ctx, w.Repo, n, time.Time{}))(t); len(all) != 2 || all[0].ID != asked || all[1].ID != mine.ID {
		t.Errorf("comments %+v", all)
	}
	if all := got(w.Host.RepositoryComments(ctx, w.Repo, time.Time{}))(t); len(all) != 2 {
		t.Errorf("comments of the repository %+v", all)
	}
	for range 100 { // more than a page
		w.Comment(w.Reader, n, "And?")
	}
	all := got(w.Host.Comments(ctx, w.Repo, n, time.Time{}))(t)
	if len(all) != 102 {
		t.Errorf("%d comments, want 102", len(all))
	}
	done(t, w.Host.DeleteComment(ctx, w.Repo, mine.ID))
	_, err := w.Host.Comment(ctx, w.Repo, mine.ID)
	wantError(t, err, forge.ErrNotFound)
	wantError(t, w.Host.DeleteComment(ctx, w.Repo, mine.ID), forge.ErrNotFound)
}

func labels(t *testing.T, w *Town) {
	ctx := t.Context()
	n := w.OpenIssue(w.Reader, "Count the items", "")
	for range 2 {
		done(t, w.Host.EnsureLabel(ctx, w.Repo, forge.Label{Name: "codicil/breaking", Color: "b60205", Description: "It breaks readers"}))
	}
	done(t, w.Host.AddLabels(ctx, w.Repo, n, []string{"codicil/breaking", "wanted"}))
	done(t, w.Host.RemoveLabel(ctx, w.Repo, n, "codicil/breaking"))
	done(t, w.Host.RemoveLabel(ctx, w.Repo, n, "codicil/breaking"))
	if i := got(w.Host.Issue(ctx, w.Repo, n))(t); len(i.Labels) != 1 || i.Labels[0] != "wanted" {
		t.Errorf("labels %v, want wanted", i.Labels)
	}
}

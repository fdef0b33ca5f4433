package forgetest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/codicil-dev/codicil/forge"
)

const branch = "codicil/shop-1"

// opened is a merge request that the bot opened for a branch that the writer pushed.
func opened(t *testing.T, w *Town, draft bool) (m forge.MergeRequest, sha string) {
	t.Helper()
	sha = w.Push(branch, "models.sql", "select 1\n")
	return got(w.Host.OpenMergeRequest(t.Context(), w.Repo, forge.NewMergeRequest{Title: "Count items", Body: "As asked.", Head: branch, Base: "main", Draft: draft}))(t), sha
}

func mergeRequests(t *testing.T, w *Town) {
	ctx := t.Context()
	self := got(w.Host.Self(ctx))(t)
	m, sha := opened(t, w, false)
	if m.Title != "Count items" || m.Body != "As asked." || m.Head != branch || m.Base != "main" || m.HeadSHA != sha || m.HeadRepo != w.Repo || !m.Open || m.Merged || m.Draft ||
		m.MergeSHA != "" || m.URL == "" || m.Author.Login != self.Login {
		t.Errorf("merge request %+v", m)
	}
	_, err := w.Host.OpenMergeRequest(ctx, w.Repo, forge.NewMergeRequest{Title: "Again", Head: branch, Base: "main"})
	wantError(t, err, forge.ErrExists)
	_, err = w.Host.OpenMergeRequest(ctx, w.Repo, forge.NewMergeRequest{Title: "Nothing", Head: "nowhere", Base: "main"})
	wantError(t, err, forge.ErrInvalid)
	if i := got(w.Host.Issue(ctx, w.Repo, m.Number))(t); !i.MergeRequest {
		t.Error("its discussion is not said to be of a merge request")
	}

	find := func(f forge.MergeRequestFilter, want int) {
		t.Helper()
		if all := got(w.Host.MergeRequests(ctx, w.Repo, f))(t); len(all) != want || want == 1 && all[0].Number != m.Number {
			t.Errorf("%+v finds %+v, want %d", f, all, want)
		}
	}
	find(forge.MergeRequestFilter{}, 1)
	find(forge.MergeRequestFilter{Head: branch, Base: "main"}, 1)
	find(forge.MergeRequestFilter{Head: "other"}, 0)
	find(forge.MergeRequestFilter{State: forge.StateClosed}, 0)
	if of := got(w.Host.MergeRequestsOf(ctx, w.Repo, sha))(t); len(of) != 1 || of[0].Number != m.Number {
		t.Errorf("of the commit %+v", of)
	}

	title, open := "Count the items", false
	if e := got(w.Host.EditMergeRequest(ctx, w.Repo, m.Number, forge.MergeRequestEdit{Title: &title, Open: &open}))(t); e.Title != title || e.Open || e.Body != m.Body {
		t.Errorf("edited to %+v", e)
	}
	find(forge.MergeRequestFilter{}, 0)
	find(forge.MergeRequestFilter{State: forge.StateAll}, 1)
	if closed := got(w.Host.MergeRequest(ctx, w.Repo, m.Number))(t); closed.Open || closed.Merged || closed.ClosedBy.Login != self.Login {
		t.Errorf("closed %+v", closed)
	}
	open = true
	got(w.Host.EditMergeRequest(ctx, w.Repo, m.Number, forge.MergeRequestEdit{Open: &open}))(t)
	w.Merge(w.Writer, m.Number)
	if merged := got(w.Host.MergeRequest(ctx, w.Repo, m.Number))(t); merged.Open || !merged.Merged || merged.MergeSHA == "" || merged.ClosedBy.Login != w.Writer {
		t.Errorf("merged %+v", merged)
	}
}

func drafts(t *testing.T, w *Town) {
	ctx := t.Context()
	m, _ := opened(t, w, true)
	if !m.Draft {
		t.Error("it is no draft")
	}
	for _, draft := range []bool{false, true, true, false} {
		done(t, w.Host.SetDraft(ctx, w.Repo, m, draft))
		if is := got(w.Host.MergeRequest(ctx, w.Repo, m.Number))(t).Draft; is != draft {
			t.Errorf("draft is %v, want %v", is, draft)
		}
	}
}

func reviews(t *testing.T, w *Town) {
	ctx := t.Context()
	m, sha := opened(t, w, false)
	refused := got(w.Host.RequestReviewers(ctx, w.Repo, m.Number, []string{w.Stranger, w.Writer, "nobody-of-this-name"}, nil))(t)
	if strings.Join(refused, " ") != w.Stranger+" nobody-of-this-name" {
		t.Errorf("refused %v", refused)
	}
	if r := got(w.Host.Reviews(ctx, w.Repo, m.Number))(t); len(r) != 0 {
		t.Errorf("reviews before any: %+v", r)
	}
	w.Approve(w.Writer, m.Number)
	if r := got(w.Host.Reviews(ctx, w.Repo, m.Number))(t); len(r) != 1 || r[0].State != forge.Approved || r[0].Author.Login != w.Writer || r[0].SHA != sha || r[0].At.IsZero() {
		t.Errorf("reviews %+v", r)
	}
}

func checks(t *testing.T, w *Town) {
	ctx := t.Context()
	sha := w.Push(branch, "models.sql", "select 1\n")
	c := got(w.Host.CreateCheck(ctx, w.Repo, forge.Check{Name: "codicil", SHA: sha, Key: "change 1"}))(t)
	if c.ID == 0 || c.SHA != sha || c.Conclusion != forge.Pending || c.Key != "change 1" {
		t.Errorf("check %+v", c)
	}
	c.Conclusion, c.Title, c.Summary, c.Text = forge.Success, "All holds", "**12** checks hold.", strings.Repeat("a line of the report\n", 5000)
	for n := range 120 { // more than a host takes at once
		c.Annotations = append(c.Annotations, forge.Annotation{Path: "models.sql", Start: n + 1, End: n + 1, Level: forge.LevelWarning, Title: "Look", Message: fmt.Sprint("line ", n+1)})
	}
	if u := got(w.Host.UpdateCheck(ctx, w.Repo, c))(t); u.ID != c.ID || u.Conclusion != forge.Success || u.Title != "All holds" {
		t.Errorf("updated to %+v", u)
	}
	if all := got(w.Host.Checks(ctx, w.Repo, sha, "codicil"))(t); len(all) != 1 || all[0].ID != c.ID || all[0].Conclusion != forge.Success || all[0].Key != "change 1" || all[0].Summary != c.Summary {
		t.Errorf("checks %+v", all)
	}
	if all := got(w.Host.Checks(ctx, w.Repo, sha, "other"))(t); len(all) != 0 {
		t.Errorf("checks of another name %+v", all)
	}
}

// refusals are what no adapter sends, or a host refuses.
func refusals(t *testing.T, w *Town) {
	ctx := t.Context()
	for _, name := range []string{"..", "a/b", "shop?x=1", ""} {
		repo := w.Repo
		repo.Name = name
		_, err := w.Host.Repository(ctx, repo)
		wantError(t, err, forge.ErrInvalid)
	}
	repo := w.Repo
	repo.Name = "not-here"
	_, err := w.Host.Repository(ctx, repo)
	wantError(t, err, forge.ErrNotFound)
	repo = w.Repo
	repo.Host = "elsewhere.example"
	_, err = w.Host.CreateComment(ctx, repo, 1, "x")
	wantError(t, err, forge.ErrInvalid)
	_, err = w.Host.Checks(ctx, w.Repo, "../../x", "")
	wantError(t, err, forge.ErrInvalid)
	_, err = w.Host.CreateComment(ctx, w.Repo, 1000, "x")
	wantError(t, err, forge.ErrNotFound)
	n := w.OpenIssue(w.Writer, "Empty", "")
	_, err = w.Host.CreateComment(ctx, w.Repo, n, "")
	wantError(t, err, forge.ErrInvalid)
}

package localforge_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-github/v60/github"

	"github.com/codicil-dev/codicil/forge/localforge"
)

// TestLists pages through a list, and asks again for what is known already.
func TestLists(t *testing.T) {
	w, ctx := build(t), t.Context()
	ada := w.person(t, "ada")
	issue, _, err := ada.Issues.Create(ctx, "northtrail", "shop", &github.IssueRequest{Title: github.String("x")})
	if err != nil {
		t.Fatal(err)
	}
	for n := range 35 {
		if _, _, err := ada.Issues.CreateComment(ctx, "northtrail", "shop", issue.GetNumber(), &github.IssueComment{Body: github.String(fmt.Sprint(n))}); err != nil {
			t.Fatal(err)
		}
	}
	var seen []string
	o := &github.IssueListCommentsOptions{ListOptions: github.ListOptions{PerPage: 10}}
	for {
		page, response, err := ada.Issues.ListComments(ctx, "northtrail", "shop", issue.GetNumber(), o)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range page {
			seen = append(seen, c.GetBody())
		}
		if response.NextPage == 0 {
			break
		}
		o.Page = response.NextPage
	}
	if len(seen) != 35 || seen[0] != "0" || seen[34] != "34" {
		t.Errorf("comments %v", seen)
	}

	get := func(tag string) *http.Response {
		t.Helper()
		r, err := ada.NewRequest(http.MethodGet, "repos/northtrail/shop/issues/1", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("If-None-Match", tag)
		response, _ := ada.Do(ctx, r, nil) // 304 is an error to this client
		return response.Response
	}
	tag := get("").Header.Get("ETag")
	if again := get(tag); tag == "" || again.StatusCode != http.StatusNotModified {
		t.Errorf("status %d for the tag %q", again.StatusCode, tag)
	}
	if _, _, err := ada.Issues.Edit(ctx, "northtrail", "shop", 1, &github.IssueRequest{Title: github.String("y")}); err != nil {
		t.Fatal(err)
	}
	if again := get(tag); again.StatusCode != http.StatusOK {
		t.Errorf("status %d after a change", again.StatusCode)
	}
}

// TestRefusals asks for what GitHub refuses.
func TestRefusals(t *testing.T) {
	w, ctx := build(t), t.Context()
	ada, bob, bot := w.person(t, "ada"), w.person(t, "bob"), w.bot(t)
	dir, git := w.clone(t, w.tokens["ada"])
	sha := commit(t, dir, git, "main", "README.md", "# Shop\n")
	if _, _, err := ada.Issues.Create(ctx, "northtrail", "shop", &github.IssueRequest{Title: github.String("x")}); err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("x", 65537)
	for name, test := range map[string]struct {
		do     func() error
		status int
		words  string
	}{
		"an empty comment": {func() error {
			_, _, err := ada.Issues.CreateComment(ctx, "northtrail", "shop", 1, &github.IssueComment{Body: github.String("")})
			return err
		}, 422, "missing_field"},
		"a comment that is too long": {func() error {
			_, _, err := ada.Issues.CreateComment(ctx, "northtrail", "shop", 1, &github.IssueComment{Body: &long})
			return err
		}, 422, "too long"},
		"an issue that is not there": {func() error { _, _, err := ada.Issues.Get(ctx, "northtrail", "shop", 99); return err }, 404, "Not Found"},
		"another's issue closed by a reader": {func() error {
			_, _, err := bob.Issues.Edit(ctx, "northtrail", "shop", 1, &github.IssueRequest{State: github.String("closed")})
			return err
		}, 403, "not accessible"},
		"a reaction that there is not": {func() error {
			_, _, err := ada.Reactions.CreateIssueReaction(ctx, "northtrail", "shop", 1, "shrug")
			return err
		}, 422, "invalid"},
		"a branch with nothing new": {func() error {
			if err := w.Push(ctx, "northtrail", "shop", "same", sha, "ada"); err != nil {
				return err
			}
			_, _, err := ada.PullRequests.Create(ctx, "northtrail", "shop", &github.NewPullRequest{Title: github.String("x"), Head: github.String("same"), Base: github.String("main")})
			return err
		}, 422, "No commits between main and same"},
		"a check on a commit that is not there": {func() error {
			_, _, err := bot.Checks.CreateCheckRun(ctx, "northtrail", "shop", github.CreateCheckRunOptions{Name: "codicil", HeadSHA: strings.Repeat("0", 40)})
			return err
		}, 422, "No commit found"},
		"a check that ends without a verdict": {func() error {
			_, _, err := bot.Checks.CreateCheckRun(ctx, "northtrail", "shop", github.CreateCheckRunOptions{Name: "codicil", HeadSHA: sha, Status: github.String("completed")})
			return err
		}, 422, "missing_field"},
		"an address that there is not": {func() error {
			_, _, err := ada.Issues.ListMilestones(ctx, "northtrail", "shop", nil)
			return err
		}, 404, "Not Found"},
	} {
		t.Run(name, func(t *testing.T) { wantStatus(t, test.do(), test.status, test.words) })
	}
	if err := w.Grant("northtrail", "nowhere", "ada", localforge.Read); err == nil {
		t.Error("a permission was given in a repository that is not there")
	}
}

package localforge_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-github/v60/github"
)

// TestDrafts takes a merge request out of draft and back, by GitHub's other API.
func TestDrafts(t *testing.T) {
	w, ctx := build(t), t.Context()
	w.shop(t)
	w.write(t, "change", map[string]string{"b.sql": "select 1\n"})
	bot := w.bot(t)
	pull := must[*github.PullRequest](t)(bot.PullRequests.Create(ctx, "northtrail", "shop", &github.NewPullRequest{Title: github.String("B"), Head: github.String("change"), Base: github.String("main"), Draft: github.Bool(true)}))
	ask := func(c *http.Client, mutation, id string) (out struct {
		Data   map[string]*struct{ PullRequest struct{ IsDraft bool } }
		Errors []struct{ Type, Message string }
	}) {
		t.Helper()
		body, err := json.Marshal(map[string]any{"query": "mutation($id: ID!) { " + mutation + "(input: {pullRequestId: $id}) { pullRequest { isDraft } } }", "variables": map[string]any{"id": id}})
		if err != nil {
			t.Fatal(err)
		}
		response, err := c.Post(w.URL()+"/api/graphql", "application/json", strings.NewReader(string(body)))
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		if err := json.NewDecoder(response.Body).Decode(&out); err != nil || response.StatusCode != http.StatusOK {
			t.Fatalf("status %d: %v", response.StatusCode, err)
		}
		return out
	}
	for _, test := range []struct {
		mutation string
		draft    bool
	}{{"markPullRequestReadyForReview", false}, {"convertPullRequestToDraft", true}, {"convertPullRequestToDraft", true}} {
		mutation, draft := test.mutation, test.draft
		if out := ask(bot.Client(), mutation, pull.GetNodeID()); out.Data[mutation] == nil || out.Data[mutation].PullRequest.IsDraft != draft || len(out.Errors) > 0 {
			t.Errorf("%s: %+v", mutation, out)
		}
		if got := must[*github.PullRequest](t)(bot.PullRequests.Get(ctx, "northtrail", "shop", pull.GetNumber())); got.GetDraft() != draft {
			t.Errorf("after %s the draft is %v", mutation, got.GetDraft())
		}
	}
	for _, test := range []struct {
		client       *http.Client
		mutation, id string
		want         string
	}{
		{bot.Client(), "closePullRequest", pull.GetNodeID(), ""},
		{bot.Client(), "convertPullRequestToDraft", "PR_1", "NOT_FOUND"},
		{w.person(t, "bob").Client(), "convertPullRequestToDraft", pull.GetNodeID(), "FORBIDDEN"},
		{w.person(t, "eve").Client(), "convertPullRequestToDraft", pull.GetNodeID(), "NOT_FOUND"},
	} {
		if out := ask(test.client, test.mutation, test.id); len(out.Errors) != 1 || out.Errors[0].Type != test.want {
			t.Errorf("%s of %s: %+v, want an error %q", test.mutation, test.id, out, test.want)
		}
	}
	if got := w.settle(t, "pull_request"); !slices.Equal(got, []string{"opened", "ready_for_review", "converted_to_draft"}) {
		t.Errorf("webhooks %v", got)
	}
}

package github

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"

	"github.com/codicil-dev/codicil/forge"
)

// The two requests that GitHub's REST API does not have.
const (
	toDraft = `mutation($id: ID!) { convertPullRequestToDraft(input: {pullRequestId: $id}) { pullRequest { isDraft } } }`
	toReady = `mutation($id: ID!) { markPullRequestReadyForReview(input: {pullRequestId: $id}) { pullRequest { isDraft } } }`
)

// noDrafts is what GitHub says where a repository's plan has no drafts, as that of private ones without a paid plan.
const noDrafts = "Draft pull requests are not supported"

// undraftable says whether a draft was refused because the repository has none.
func (h *Host) undraftable(repo forge.Repo, err error) bool {
	if !errors.Is(err, forge.ErrInvalid) || !strings.Contains(err.Error(), noDrafts) {
		return false
	}
	h.log.Info("a merge request is no draft: the repository has none", slog.String("repository", repo.String()))
	return true
}

// SetDraft makes a draft of a merge request, or takes it out of draft. The merge request is one that this host gave. What is so already stays so,
// and a repository that has no drafts is left as it is.
func (h *Host) SetDraft(ctx context.Context, repo forge.Repo, m forge.MergeRequest, draft bool) error {
	op, query := at(repo, "take out of draft merge request", m.Number), toReady
	if draft {
		op, query = at(repo, "make a draft of merge request", m.Number), toDraft
	}
	if m.ID == "" {
		return fmt.Errorf("%s: its ID is missing: %w", op, forge.ErrInvalid)
	}
	s, err := h.session(ctx, repo)
	if err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	err = h.mutate(ctx, s, op, query, map[string]string{"id": m.ID})
	if other, ok := h.elsewhere(ctx, repo, s, err); ok {
		err = h.mutate(ctx, other, op, query, map[string]string{"id": m.ID})
	}
	if draft && h.undraftable(repo, err) {
		return nil
	}
	return err
}

// mutate posts a request to GitHub's GraphQL API.
func (h *Host) mutate(ctx context.Context, s *session, op, query string, variables map[string]string) error {
	data, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, h.at.graphql.String(), bytes.NewReader(data))
	if err != nil {
		return fmt.Errorf("%s: %w", op, withoutAddress(err))
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := s.http.Do(request)
	if err != nil {
		return fault(ctx, op, true, err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return fmt.Errorf("%s: read the answer: %w", op, err)
	}
	if response.StatusCode != http.StatusOK {
		words := said(response, body)
		return fmt.Errorf("%s: %s: %w", op, words, kind(response.StatusCode, words))
	}
	return refusal(op, body)
}

// refusal is the error that an answer of GraphQL tells of, which has status 200 all the same.
func refusal(op string, body []byte) error {
	var answer struct {
		Data   json.RawMessage
		Errors []struct{ Type, Message string }
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return fmt.Errorf("%s: %w", op, &forge.RetryError{Unsure: true, Err: errors.New("GitHub's answer is no JSON")})
	}
	if len(answer.Errors) == 0 {
		return nil
	}
	var words []string
	for _, e := range answer.Errors {
		words = append(words, e.Message)
	}
	text := cut(strings.Join(words, "; "), longestWords)
	switch answer.Errors[0].Type {
	case "NOT_FOUND":
		return fmt.Errorf("%s: %s: %w", op, text, forge.ErrNotFound)
	case "FORBIDDEN", "INSUFFICIENT_SCOPES":
		return fmt.Errorf("%s: %s: %w", op, text, forge.ErrForbidden)
	case "RATE_LIMITED", "RATE_LIMIT":
		return fmt.Errorf("%s: %w", op, &forge.RetryError{Err: fmt.Errorf("%s: %w", text, errLimit)})
	case "INTERNAL", "SERVICE_UNAVAILABLE":
		return fmt.Errorf("%s: %w", op, &forge.RetryError{Unsure: true, Err: errors.New(text)})
	}
	return fmt.Errorf("%s: %s: %w", op, text, forge.ErrInvalid)
}

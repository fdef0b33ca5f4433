package github_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/codicil-dev/codicil/forge"
)

// TestLongChecks looks at what is sent of a check that is too large for GitHub.
func TestLongChecks(t *testing.T) {
	type sent struct {
		Status, Conclusion string
		Output             struct {
			Title, Summary, Text string
			Annotations          []struct {
				Path           string
				Start          int `json:"start_line"`
				End            int `json:"end_line"`
				Title, Message string
				Level          string `json:"annotation_level"`
			}
		}
	}
	var all []sent
	w := &wire{answer: func(n int, r *http.Request) (*http.Response, error) {
		return answer(200, `{"id": 5, "name": "codicil"}`)
	}}
	h := overWireOf(t, roundTrip(func(r *http.Request) (*http.Response, error) {
		var one sent
		data, err := io.ReadAll(r.Body)
		if err == nil {
			err = json.Unmarshal(data, &one)
		}
		if err != nil {
			t.Error(err)
		}
		all = append(all, one)
		return w.RoundTrip(r)
	}))
	c := forge.Check{Name: "codicil", SHA: "abcdef1", Conclusion: forge.Failure, Title: strings.Repeat("é", 400), Summary: "short",
		Text: "```sql\n" + strings.Repeat("select 'ü';\n", 10_000) + "```\n"}
	for range 130 {
		c.Annotations = append(c.Annotations, forge.Annotation{Path: "a.sql", Level: "odd", Message: strings.Repeat("m", 70<<10)})
	}
	made, err := h.CreateCheck(t.Context(), shop, c)
	if err != nil || made.ID != 5 || len(all) != 3 {
		t.Fatalf("%+v in %d requests: %v", made, len(all), err)
	}
	for n, want := range []int{50, 50, 30} {
		if got := len(all[n].Output.Annotations); got != want || w.sent[n] != []string{"POST /repos/acme/shop/check-runs", "PATCH /repos/acme/shop/check-runs/5"}[min(n, 1)] {
			t.Errorf("request %d: %s with %d annotations, want %d", n, w.sent[n], got, want)
		}
	}
	o := all[0].Output
	if all[0].Status != "completed" || all[0].Conclusion != "failure" || len(o.Title) > 255 || !utf8.ValidString(o.Title) || o.Summary != "short" {
		t.Errorf("sent %+v with title %s", all[0].Status, o.Title)
	}
	if len(o.Text) > 65535 || !utf8.ValidString(o.Text) || strings.Count(o.Text, "```") != 2 || !strings.Contains(o.Text, "select 'ü';\n```\n\n*(The rest is left out") {
		t.Errorf("text of %d bytes ends in %q", len(o.Text), o.Text[len(o.Text)-100:])
	}
	if a := o.Annotations[0]; a.Start != 1 || a.End != 1 || a.Level != "failure" || len(a.Message) != 64<<10 {
		t.Errorf("annotation %s:%d-%d %s", a.Path, a.Start, a.End, a.Level)
	}
}

func TestDraftRefusals(t *testing.T) {
	for _, c := range []struct {
		status int
		body   string
		want   error
		unsure bool
		sent   int
	}{
		{200, `{"data": {"x": null}}`, nil, false, 1},
		{200, `{"errors": [{"type": "NOT_FOUND", "message": "Could not resolve to a node"}]}`, forge.ErrNotFound, false, 1},
		{200, `{"errors": [{"type": "FORBIDDEN", "message": "Resource not accessible by integration"}]}`, forge.ErrForbidden, false, 1},
		{200, `{"errors": [{"type": "UNPROCESSABLE", "message": "Draft pull requests are not supported in this repository."}]}`, nil, false, 1},
		{200, `{"errors": [{"type": "UNPROCESSABLE", "message": "Pull request is closed"}]}`, forge.ErrInvalid, false, 1},
		{200, `{"errors": [{"message": "Something went wrong", "type": "INTERNAL"}]}`, nil, true, 1},
		{200, `oops`, nil, true, 1},
		{502, `oops`, nil, true, 5},
		{401, `{"message": "Bad credentials"}`, forge.ErrUnauthorized, false, 1},
	} {
		w := &wire{answer: func(n int, r *http.Request) (*http.Response, error) { return answer(c.status, c.body) }}
		err := overWire(t, w, nil).SetDraft(t.Context(), shop, forge.MergeRequest{ID: "PR_1", Number: 3}, true)
		_, unsure, _ := forge.MayRetry(err)
		if unsure != c.unsure || c.want != nil && !errors.Is(err, c.want) || c.want == nil && !c.unsure && err != nil || w.count() != c.sent {
			t.Errorf("%d %s: %v", c.status, c.body, err)
		}
	}
}

// TestNoDrafts: private repositories without a paid plan have no drafts, and what is red is to be seen all the same.
func TestNoDrafts(t *testing.T) {
	w := &wire{answer: func(n int, r *http.Request) (*http.Response, error) {
		if n == 1 {
			return answer(422, `{"message": "Draft pull requests are not supported in this repository."}`)
		}
		return answer(201, `{"number": 4, "state": "open"}`)
	}}
	m, err := overWire(t, w, nil).OpenMergeRequest(t.Context(), shop, forge.NewMergeRequest{Title: "t", Head: "h", Base: "b", Draft: true})
	if err != nil || m.Number != 4 || w.count() != 2 {
		t.Errorf("%+v after %d requests: %v", m, w.count(), err)
	}
}

func TestRefusedReviewers(t *testing.T) {
	w := &wire{}
	h := overWireOf(t, roundTrip(func(r *http.Request) (*http.Response, error) {
		data, _ := io.ReadAll(r.Body)
		w.answer = func(n int, r *http.Request) (*http.Response, error) {
			if strings.Contains(string(data), "eve") || strings.Contains(string(data), "ghosts") {
				return answer(422, `{"message": "Reviews may only be requested from collaborators."}`)
			}
			return answer(201, `{}`)
		}
		return w.RoundTrip(r)
	}))
	refused, err := h.RequestReviewers(t.Context(), shop, 3, []string{"ada", "eve", "bob"}, []string{"ghosts", "data"})
	if err != nil || strings.Join(refused, " ") != "eve ghosts" || w.count() != 6 {
		t.Errorf("refused %v after %d requests: %v", refused, w.count(), err)
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

package localforge

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
)

// Person does things on the forge as a person does with a browser: through the same API and with the same rights as everybody, but without a token,
// and spared the faults and limits.
type Person struct {
	forge *Forge
	login string
}

// Person returns the one of a login. That there is none shows when something is done.
func (f *Forge) Person(login string) Person { return Person{f, login} }

// Refusal is the forge's answer to somebody who may not or can't do something.
type Refusal struct {
	Status  int // of HTTP
	Message string
}

// Error is what the forge says, with its status.
func (e *Refusal) Error() string { return fmt.Sprintf("%s (status %d)", e.Message, e.Status) }

// actingKey is the key of a context under which the API finds a caller that needs no credential. Requests from outside have none.
type actingKey struct{}

// do makes a request of the API, and reads its answer into out unless that is nil.
func (p Person) do(ctx context.Context, method, path string, in, out any) error {
	c, err := p.acting()
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	data, err := json.Marshal(in)
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	if in == nil {
		data = nil
	}
	r := httptest.NewRequestWithContext(context.WithValue(ctx, actingKey{}, c), method, path, bytes.NewReader(data))
	got := httptest.NewRecorder()
	p.forge.routes.ServeHTTP(got, r)
	if got.Code >= http.StatusBadRequest {
		return fmt.Errorf("%s %s as %s: %w", method, path, p.login, refusal(got))
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(got.Body.Bytes(), out); err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	return nil
}

// acting is the caller that a person is.
func (p Person) acting() (*caller, error) {
	p.forge.mu.Lock()
	defer p.forge.mu.Unlock()
	u := p.forge.users.rows[fold(p.login)]
	if u == nil || u.Type != typeUser {
		return nil, fmt.Errorf("there is no user %s", p.login)
	}
	return &caller{user: u}, nil
}

// refusal is what an answer of the API says of why.
func refusal(got *httptest.ResponseRecorder) *Refusal {
	var said struct {
		Message string
		Errors  []any
	}
	if json.Unmarshal(got.Body.Bytes(), &said) != nil || said.Message == "" {
		said.Message = http.StatusText(got.Code)
	}
	e := &Refusal{Status: got.Code, Message: said.Message}
	for _, x := range said.Errors {
		if about, ok := x.(map[string]any); ok && about["message"] != nil {
			x = about["message"]
		} else if ok {
			x = fmt.Sprintf("%v is %v", about["field"], about["code"])
		}
		e.Message += fmt.Sprintf(": %v", x)
	}
	return e
}

// OpenIssue opens an issue and returns its number.
func (p Person) OpenIssue(ctx context.Context, owner, name, title, body string) (number int, err error) {
	return p.number(ctx, fmt.Sprintf("/repos/%s/%s/issues", owner, name), object{"title": title, "body": body})
}

func (p Person) number(ctx context.Context, path string, in object) (int, error) {
	var out struct{ Number int }
	err := p.do(ctx, http.MethodPost, path, in, &out)
	return out.Number, err
}

// Comment comments on an issue or merge request, and returns the comment's id.
func (p Person) Comment(ctx context.Context, owner, name string, number int, body string) (id int64, err error) {
	var out struct{ ID int64 }
	err = p.do(ctx, http.MethodPost, fmt.Sprintf("/repos/%s/%s/issues/%d/comments", owner, name, number), object{"body": body}, &out)
	return out.ID, err
}

// EditComment changes a comment.
func (p Person) EditComment(ctx context.Context, owner, name string, id int64, body string) error {
	return p.do(ctx, http.MethodPatch, fmt.Sprintf("/repos/%s/%s/issues/comments/%d", owner, name, id), object{"body": body}, nil)
}

// DeleteComment deletes a comment.
func (p Person) DeleteComment(ctx context.Context, owner, name string, id int64) error {
	return p.do(ctx, http.MethodDelete, fmt.Sprintf("/repos/%s/%s/issues/comments/%d", owner, name, id), nil, nil)
}

// Edit changes the title and the body of an issue or merge request.
func (p Person) Edit(ctx context.Context, owner, name string, number int, title, body string) error {
	return p.edit(ctx, owner, name, number, object{"title": title, "body": body})
}

// Close closes an issue or a merge request.
func (p Person) Close(ctx context.Context, owner, name string, number int) error {
	return p.edit(ctx, owner, name, number, object{"state": "closed"})
}

// Reopen opens an issue again.
func (p Person) Reopen(ctx context.Context, owner, name string, number int) error {
	return p.edit(ctx, owner, name, number, object{"state": "open"})
}

func (p Person) edit(ctx context.Context, owner, name string, number int, in object) error {
	return p.do(ctx, http.MethodPatch, fmt.Sprintf("/repos/%s/%s/issues/%d", owner, name, number), in, nil)
}

// Label puts labels on an issue or merge request.
func (p Person) Label(ctx context.Context, owner, name string, number int, labels ...string) error {
	return p.do(ctx, http.MethodPost, fmt.Sprintf("/repos/%s/%s/issues/%d/labels", owner, name, number), object{"labels": labels}, nil)
}

// NewPull is a merge request to be opened. Head is a branch, or owner:branch of a fork; Base is main if it is empty.
type NewPull struct {
	Title, Body, Head, Base string
	Draft                   bool
}

// OpenPull opens a merge request and returns its number.
func (p Person) OpenPull(ctx context.Context, owner, name string, n NewPull) (number int, err error) {
	if n.Base == "" {
		n.Base = "main"
	}
	return p.number(ctx, fmt.Sprintf("/repos/%s/%s/pulls", owner, name), object{"title": n.Title, "body": n.Body, "head": n.Head, "base": n.Base, "draft": n.Draft})
}

// Approve approves a merge request.
func (p Person) Approve(ctx context.Context, owner, name string, number int) error {
	return p.review(ctx, owner, name, number, "APPROVE", "")
}

// RequestChanges asks for changes of a merge request.
func (p Person) RequestChanges(ctx context.Context, owner, name string, number int, body string) error {
	return p.review(ctx, owner, name, number, "REQUEST_CHANGES", body)
}

func (p Person) review(ctx context.Context, owner, name string, number int, event, body string) error {
	return p.do(ctx, http.MethodPost, fmt.Sprintf("/repos/%s/%s/pulls/%d/reviews", owner, name, number), object{"event": event, "body": body}, nil)
}

// Merge merges a merge request.
func (p Person) Merge(ctx context.Context, owner, name string, number int) error {
	return p.do(ctx, http.MethodPut, fmt.Sprintf("/repos/%s/%s/pulls/%d/merge", owner, name, number), object{}, nil)
}

// Rerun asks the app of a check run to run it again.
func (p Person) Rerun(ctx context.Context, owner, name string, check int64) error {
	return p.do(ctx, http.MethodPost, fmt.Sprintf("/repos/%s/%s/check-runs/%d/rerequest", owner, name, check), nil, nil)
}

package github

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/google/go-github/v60/github"

	"github.com/codicil-dev/codicil/forge"
)

// fault says what went wrong in the words of package forge and GitHub's own: op is what was being done and to what. No address is in it, since
// addresses may hold secrets.
func fault(ctx context.Context, op string, write bool, err error) error {
	var (
		refused *github.ErrorResponse
		retry   *forge.RetryError
		factor  *github.TwoFactorAuthError
	)
	switch {
	case err == nil:
		return nil
	case errors.As(err, &retry):
		return fmt.Errorf("%s: %w", op, retry)
	case ctx.Err() != nil && write: // the client tells of the context only
		return fmt.Errorf("%s: %w", op, &forge.RetryError{Unsure: true, Err: ctx.Err()})
	case ctx.Err() != nil:
		return fmt.Errorf("%s: %w", op, ctx.Err())
	case errors.As(err, &factor):
		refused = (*github.ErrorResponse)(factor)
	case !errors.As(err, &refused):
		return fmt.Errorf("%s: %w", op, withoutAddress(err))
	}
	body, _ := io.ReadAll(refused.Response.Body) // read by the client already, and given back
	words := said(refused.Response, body)
	return fmt.Errorf("%s: %s: %w", op, words, kind(refused.Response.StatusCode, words))
}

// kind is which of the errors of package forge a refusal is.
func kind(status int, words string) error {
	switch status {
	case http.StatusUnauthorized:
		return forge.ErrUnauthorized
	case http.StatusForbidden, http.StatusUnavailableForLegalReasons:
		return forge.ErrForbidden
	case http.StatusNotFound:
		return forge.ErrNotFound
	case http.StatusGone:
		return forge.ErrGone
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return forge.ErrMoved
	}
	switch {
	case strings.Contains(words, "already_exists"), strings.Contains(words, "already exists"):
		return forge.ErrExists
	case strings.Contains(words, "No commit found"):
		return forge.ErrNotFound
	}
	return forge.ErrInvalid
}

// longestWords is how much of GitHub's own words an error repeats, in bytes.
const longestWords = 1000

// said is what an answer says, in GitHub's words: its status, message, and the errors below it.
func said(r *http.Response, body []byte) string {
	words := fmt.Sprintf("%d %s", r.StatusCode, http.StatusText(r.StatusCode))
	var answer struct {
		Message string          `json:"message"`
		Errors  json.RawMessage `json:"errors"`
	}
	if json.Unmarshal(body, &answer) != nil || answer.Message == "" {
		return words
	}
	if answer.Message != http.StatusText(r.StatusCode) {
		words = fmt.Sprintf("%d %s", r.StatusCode, answer.Message)
	}
	if details := details(answer.Errors); details != "" {
		words += " (" + details + ")"
	}
	return cut(strings.Join(strings.Fields(words), " "), longestWords)
}

// details are the errors of an answer. GitHub gives a list of objects or of texts, or a text.
func details(raw json.RawMessage) string {
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) != nil {
		list = []json.RawMessage{raw}
	}
	var all []string
	for _, one := range list {
		var text string
		var object struct{ Resource, Field, Code, Message string }
		switch {
		case json.Unmarshal(one, &text) == nil:
			all = append(all, text)
		case json.Unmarshal(one, &object) == nil && object.Message != "":
			all = append(all, object.Message)
		case json.Unmarshal(one, &object) == nil && object.Code != "":
			all = append(all, strings.Join(strings.Fields(object.Resource+" "+object.Field+" "+object.Code), " "))
		}
	}
	return strings.Join(all, "; ")
}

// withoutAddress takes the request's address out of an error of the HTTP client: nothing says that it holds no secret.
func withoutAddress(err error) error {
	var e *url.Error
	if errors.As(err, &e) {
		return e.Err
	}
	return err
}

// stale says whether an error may come from an installation that is not there any more, or suspended.
func stale(err error) bool {
	var e *github.ErrorResponse
	var u *unsent
	if errors.As(err, &u) {
		return u.stale
	}
	if !errors.As(err, &e) {
		return false
	}
	switch e.Response.StatusCode {
	case http.StatusNotFound, http.StatusUnauthorized:
		return true
	case http.StatusForbidden:
		return strings.Contains(e.Message, "suspended")
	}
	return false
}

// cut is the beginning of a text, of at most n bytes and whole characters.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return string(bytes.ToValidUTF8([]byte(s[:n]), nil))
}

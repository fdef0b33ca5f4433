// Package octokit checks what is said between a client and a GitHub against GitHub's own description of its API, in tests.
package octokit

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
)

// description reads GitHub's own description of its API, once. $OCTOKIT_OPENAPI is the folder of the npm package @octokit/openapi.
var description = sync.OnceValues(func() (routers.Router, error) {
	folder := os.Getenv("OCTOKIT_OPENAPI")
	if folder == "" {
		return nil, nil
	}
	doc, err := openapi3.NewLoader().LoadFromFile(filepath.Join(folder, "generated", "api.github.com.json"))
	if err != nil {
		return nil, err
	}
	// An installation's account is a user or an enterprise, as the description says elsewhere; of this list it says that it is both.
	account := doc.Paths.Value("/app/installations").Get.Responses.Status(200).Value.Content.Get("application/json").Schema.Value.Items.Value.Properties["account"].Value
	account.AnyOf, account.AllOf = account.AllOf, nil
	doc.Servers = openapi3.Servers{{URL: "/api/v3"}}
	return gorillamux.NewRouter(doc)
})

// Transcript checks every request and answer of the API against GitHub's description.
type Transcript struct {
	t      *testing.T
	router routers.Router
}

// NewTranscript reports to t. Without $OCTOKIT_OPENAPI it checks nothing and says so, and fails in CI.
func NewTranscript(t *testing.T) *Transcript {
	t.Helper()
	router, err := description()
	if err != nil {
		t.Fatal(err)
	}
	if router == nil {
		if os.Getenv("CI") != "" {
			t.Fatal("OCTOKIT_OPENAPI is not set: CI must have GitHub's description")
		}
		t.Log("requests and answers are not checked against GitHub's description: set OCTOKIT_OPENAPI to the folder of the npm package @octokit/openapi")
	}
	return &Transcript{t, router}
}

// Listen serves h, and checks what is said below /api/v3/.
func (s *Transcript) Listen(h http.Handler) http.Handler {
	if s.router == nil {
		return h
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.Path, "/api/v3/") {
			h.ServeHTTP(w, r)
			return
		}
		sent, err := io.ReadAll(r.Body)
		if err != nil {
			s.t.Error(err)
		}
		r.Body = io.NopCloser(bytes.NewReader(sent))
		recorded := httptest.NewRecorder()
		h.ServeHTTP(recorded, r)
		s.check(r, sent, recorded)
		for name, values := range recorded.Header() {
			w.Header()[name] = values
		}
		w.WriteHeader(recorded.Code)
		_, _ = w.Write(recorded.Body.Bytes())
	})
}

func (s *Transcript) check(r *http.Request, sent []byte, got *httptest.ResponseRecorder) {
	asked := r.Clone(r.Context())
	asked.URL = &url.URL{Path: oneSegment(r.URL.Path), RawQuery: r.URL.RawQuery}
	asked.Host = ""
	asked.Body = io.NopCloser(bytes.NewReader(sent))
	route, params, err := s.router.FindRoute(asked)
	if err != nil {
		s.t.Errorf("%s %s is not in GitHub's description: %v", r.Method, r.URL.Path, err)
		return
	}
	options := &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, IncludeResponseStatus: true}
	input := &openapi3filter.RequestValidationInput{Request: asked, PathParams: params, Route: route, Options: options}
	// GitHub takes a bare list of labels, which go-github sends, and the description knows only the object.
	bare := strings.HasSuffix(route.Path, "/labels") && len(sent) > 0 && sent[0] == '['
	// It also takes the null that ghinstallation sends where it wants a token for everything.
	bare = bare || strings.HasSuffix(route.Path, "/access_tokens") && strings.TrimSpace(string(sent)) == "null"
	if err := openapi3filter.ValidateRequest(r.Context(), input); err != nil && !bare && got.Code < 400 {
		s.t.Errorf("request %s %s %s: %v", r.Method, r.URL, sent, err)
	}
	if got.Code >= 400 {
		return // the description names few of the errors, and some of them only by number
	}
	response := &openapi3filter.ResponseValidationInput{RequestValidationInput: input, Status: got.Code, Header: got.Header(), Options: options}
	response.SetBodyBytes(got.Body.Bytes())
	// A deleted fork's merge request has no head repository, which the description of one merge request does not know: github/rest-api-description issue 161.
	err = openapi3filter.ValidateResponse(r.Context(), response)
	if err != nil && !strings.Contains(err.Error(), `/head/repo": Value is not nullable`) {
		s.t.Errorf("answer to %s %s: %v", r.Method, r.URL, firstLines(err.Error(), 12))
	}
}

// oneSegment escapes the slashes of a branch or ref in a path, which the description takes for one segment.
func oneSegment(path string) string {
	for _, before := range []string{"/branches/", "/git/ref/", "/git/refs/", "/commits/", "/labels/"} {
		if head, tail, ok := strings.Cut(path, before); ok {
			after := ""
			for _, asked := range []string{"/check-runs", "/pulls"} {
				if cut, found := strings.CutSuffix(tail, asked); found && before == "/commits/" {
					tail, after = cut, asked
				}
			}
			return head + before + strings.ReplaceAll(tail, "/", "%2F") + after
		}
	}
	return path
}

func firstLines(text string, n int) string {
	lines := strings.Split(text, "\n")
	return strings.Join(lines[:min(n, len(lines))], "\n")
}

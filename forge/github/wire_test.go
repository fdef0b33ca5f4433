package github_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/codicil-dev/codicil/forge"
	"github.com/codicil-dev/codicil/forge/github"
)

// wire answers requests as a test says, and keeps what was sent.
type wire struct {
	mu     sync.Mutex
	sent   []string
	answer func(n int, r *http.Request) (*http.Response, error) // n counts from 1
}

func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		_, _ = io.Copy(io.Discard, r.Body)
		_ = r.Body.Close()
	}
	w.mu.Lock()
	w.sent = append(w.sent, r.Method+" "+r.URL.Path)
	n := len(w.sent)
	w.mu.Unlock()
	response, err := w.answer(n, r)
	if response != nil {
		response.Request = r
	}
	return response, err
}

func (w *wire) count() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.sent)
}

func answer(status int, body string, headers ...string) (*http.Response, error) {
	h := http.Header{}
	for n := 0; n < len(headers); n += 2 {
		h.Set(headers[n], headers[n+1])
	}
	return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(strings.NewReader(body))}, nil
}

const (
	anIssue   = `{"id": 7, "number": 3, "title": "Count", "state": "open"}`
	aComment  = `{"id": 9, "body": "Done.", "issue_url": "https://api.github.com/repos/acme/shop/issues/3"}`
	secondary = `{"message": "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.", "documentation_url": "https://docs.github.com/rest/overview/rate-limits-for-the-rest-api#about-secondary-rate-limits"}`
	secret    = "ghp_thesecretofada"
)

var shop = forge.Repo{Host: "github.com", Owner: "acme", Name: "shop"}

func overWire(t *testing.T, w *wire, change func(o *github.Options)) *github.Host {
	t.Helper()
	o := github.Options{Token: secret, Transport: w}
	if change != nil {
		change(&o)
	}
	h, err := github.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func overWireOf(t *testing.T, transport http.RoundTripper) *github.Host {
	t.Helper()
	return overWire(t, nil, func(o *github.Options) { o.Transport = transport })
}

// What GitHub says of its limits is known without asking, by credential and kind; what it told to wait is so until then.
func TestAllowances(t *testing.T) {
	now := time.Date(2026, 11, 26, 9, 0, 0, 0, time.UTC)
	reset := now.Add(30 * time.Minute)
	headers := []string{"X-RateLimit-Limit", "5000", "X-RateLimit-Remaining", "4999", "X-RateLimit-Reset", fmt.Sprint(reset.Unix()), "X-RateLimit-Resource", "core"}
	w := &wire{answer: func(n int, _ *http.Request) (*http.Response, error) {
		if n == 2 {
			return answer(429, "{}", append(slices.Clone(headers), "Retry-After", "600")...)
		}
		return answer(200, anIssue, headers...)
	}}
	h := overWire(t, w, func(o *github.Options) { o.Now = func() time.Time { return now } })
	if got := h.Allowances(); len(got) != 0 {
		t.Errorf("before anything was asked: %+v", got)
	}
	if _, err := h.Issue(t.Context(), shop, 3); err != nil {
		t.Fatal(err)
	}
	want := []forge.Allowance{{Who: "token", Kind: "core", Limit: 5000, Remaining: 4999, Reset: reset}}
	if got := h.Allowances(); !slices.Equal(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
	if _, err := h.Issue(t.Context(), shop, 4); err == nil {
		t.Fatal("a limit is not told")
	}
	want = append([]forge.Allowance{{Who: "token", Until: now.Add(10 * time.Minute)}}, want...)
	if got := h.Allowances(); !slices.Equal(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
	now = now.Add(11 * time.Minute)
	if got := h.Allowances(); !slices.Equal(got, want[1:]) {
		t.Errorf("%+v, want %+v", got, want[1:])
	}
	if w.count() != 2 {
		t.Errorf("%d requests were sent, want those 2", w.count())
	}
}

func TestLimits(t *testing.T) {
	in := func(d time.Duration) string { return fmt.Sprint(time.Now().Add(d).Unix()) }
	ok := func() (*http.Response, error) { return answer(200, anIssue) }
	for _, c := range []struct {
		name   string
		first  func() (*http.Response, error) // the first answer, and the second where twice
		twice  bool
		waited time.Duration
	}{
		{"Retry-After", func() (*http.Response, error) { return answer(403, secondary, "Retry-After", "30") }, false, 30 * time.Second},
		{"Retry-After as a date", func() (*http.Response, error) {
			return answer(429, `{}`, "Retry-After", time.Now().Add(20*time.Second).UTC().Format(http.TimeFormat))
		}, false, 20 * time.Second},
		{"a complaint without a time", func() (*http.Response, error) { return answer(403, secondary) }, false, time.Minute},
		{"a second complaint", func() (*http.Response, error) { return answer(429, secondary) }, true, 3 * time.Minute},
		{"the primary limit", func() (*http.Response, error) {
			return answer(403, `{"message": "API rate limit exceeded for user ID 1."}`, "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", in(40*time.Second))
		}, false, 41 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := &wire{answer: func(n int, r *http.Request) (*http.Response, error) {
					if n == 1 || n == 2 && c.twice {
						return c.first()
					}
					return ok()
				}}
				h := overWire(t, w, func(o *github.Options) { o.MaxWait = time.Hour })
				start := time.Now()
				if _, err := h.Issue(t.Context(), shop, 3); err != nil {
					t.Fatal(err)
				}
				if waited := time.Since(start); waited != c.waited {
					t.Errorf("waited %v, want %v", waited, c.waited)
				}
			})
		})
	}
}

func TestSpentBudgetIsShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &wire{answer: func(n int, r *http.Request) (*http.Response, error) {
			if n == 1 {
				return answer(200, anIssue, "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", fmt.Sprint(time.Now().Add(50*time.Second).Unix()))
			}
			return answer(200, anIssue, "X-RateLimit-Remaining", "4999", "X-RateLimit-Reset", fmt.Sprint(time.Now().Add(time.Hour).Unix()))
		}}
		h := overWire(t, w, nil)
		start := time.Now()
		for range 2 {
			var all sync.WaitGroup
			for range 3 {
				all.Go(func() {
					if w.count() == 0 { // the one that spends it
						return
					}
					if _, err := h.Issue(t.Context(), shop, 3); err != nil {
						t.Error(err)
					}
					if time.Since(start) < 50*time.Second {
						t.Error("a request went out before the limit began anew")
					}
				})
			}
			all.Wait()
			if w.count() == 0 {
				if _, err := h.Issue(t.Context(), shop, 3); err != nil {
					t.Fatal(err)
				}
			}
		}
		if w.count() != 4 {
			t.Errorf("%d requests, want 4", w.count())
		}
	})
}

func TestTooLongAWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &wire{answer: func(int, *http.Request) (*http.Response, error) { return answer(429, `{}`, "Retry-After", "600") }}
		h := overWire(t, w, nil)
		start := time.Now()
		for n := range 2 {
			_, err := h.CreateComment(t.Context(), shop, 3, "x")
			after, unsure, ok := forge.MayRetry(err)
			if !ok || unsure || !after.Equal(start.Add(10*time.Minute)) {
				t.Errorf("attempt %d: %v", n, err)
			}
		}
		if w.count() != 1 || time.Since(start) != 0 {
			t.Errorf("%d requests in %v, want one and no wait", w.count(), time.Since(start))
		}
		h = overWire(t, &wire{answer: func(int, *http.Request) (*http.Response, error) { return answer(429, `{}`, "Retry-After", "60") }}, nil)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		_, err := h.Issue(ctx, shop, 3)
		if after, _, ok := forge.MayRetry(err); !ok || after.IsZero() || ctx.Err() != nil {
			t.Errorf("with a context that ends before: %v", err)
		}
	})
}

func TestReadsAreRepeated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &wire{answer: func(n int, r *http.Request) (*http.Response, error) {
			switch n {
			case 1:
				return answer(502, `<html>`)
			case 2:
				return nil, io.ErrUnexpectedEOF
			case 3:
				return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(io.MultiReader(strings.NewReader(anIssue[:5]), broken{}))}, nil
			}
			return answer(200, anIssue)
		}}
		if i, err := overWire(t, w, nil).Issue(t.Context(), shop, 3); err != nil || i.Title != "Count" || w.count() != 4 {
			t.Errorf("issue %+v after %d requests: %v", i, w.count(), err)
		}
		w = &wire{answer: func(n int, r *http.Request) (*http.Response, error) {
			return answer(503, `{"message": "No server is currently available"}`)
		}}
		_, err := overWire(t, w, nil).Issue(t.Context(), shop, 3)
		if _, unsure, ok := forge.MayRetry(err); !ok || unsure || w.count() != 5 || !strings.Contains(err.Error(), "No server is currently available") {
			t.Errorf("after %d requests: %v", w.count(), err)
		}
		w = &wire{answer: func(n int, r *http.Request) (*http.Response, error) {
			if n == 1 {
				return answer(503, ``, "Retry-After", "40")
			}
			return answer(503, ``, "Retry-After", "400")
		}}
		start := time.Now()
		_, err = overWire(t, w, nil).Issue(t.Context(), shop, 3)
		if after, _, ok := forge.MayRetry(err); !ok || w.count() != 2 || time.Since(start) != 40*time.Second || !after.Equal(start.Add(440*time.Second)) {
			t.Errorf("after %d requests in %v: %v", w.count(), time.Since(start), err)
		}
	})
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New("connection reset") }

func TestWritesAreSentOnce(t *testing.T) {
	lost := func() (*http.Response, error) { return nil, io.ErrUnexpectedEOF }
	refused := func() (*http.Response, error) {
		return nil, &net.OpError{Op: "dial", Err: errors.New("connection refused")}
	}
	for _, c := range []struct {
		name       string
		first      func() (*http.Response, error)
		sent       int
		unsure, ok bool
	}{
		{"502", func() (*http.Response, error) { return answer(502, ``) }, 1, true, false},
		{"a lost connection", lost, 1, true, false},
		{"half an answer", func() (*http.Response, error) {
			return &http.Response{StatusCode: 201, Header: http.Header{}, Body: io.NopCloser(broken{})}, nil
		}, 1, true, false},
		{"no connection", refused, 2, false, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := &wire{answer: func(n int, r *http.Request) (*http.Response, error) {
					if n == 1 {
						return c.first()
					}
					return answer(201, aComment)
				}}
				_, err := overWire(t, w, nil).CreateComment(t.Context(), shop, 3, "x")
				_, unsure, _ := forge.MayRetry(err)
				if w.count() != c.sent || unsure != c.unsure || (err == nil) != c.ok {
					t.Errorf("%d requests, unsure %v: %v", w.count(), unsure, err)
				}
			})
		})
	}
	t.Run("a context that ends", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		w := &wire{answer: func(n int, r *http.Request) (*http.Response, error) { cancel(); return nil, r.Context().Err() }}
		_, err := overWire(t, w, nil).CreateComment(ctx, shop, 3, "x")
		if _, unsure, _ := forge.MayRetry(err); !unsure || !errors.Is(err, context.Canceled) || w.count() != 1 {
			t.Errorf("after %d requests: %v", w.count(), err)
		}
	})
}

// TestAWriteIsToldWhenToComeBack: it may have been made, and is not to be looked after before the server is back.
func TestAWriteIsToldWhenToComeBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &wire{answer: func(n int, r *http.Request) (*http.Response, error) { return answer(503, ``, "Retry-After", "120") }}
		_, err := overWire(t, w, nil).CreateComment(t.Context(), shop, 3, "x")
		if after, unsure, ok := forge.MayRetry(err); !ok || !unsure || time.Until(after) != 2*time.Minute || w.count() != 1 {
			t.Errorf("again from %v, unsure %v, after %d requests: %v", after, unsure, w.count(), err)
		}
	})
}

// TestSettingsAreRepeated has a write fail that comes to the same when it is done twice.
func TestSettingsAreRepeated(t *testing.T) {
	bad := func() (*http.Response, error) { return answer(502, ``) }
	lost := func() (*http.Response, error) { return nil, io.ErrUnexpectedEOF }
	late := func() (*http.Response, error) { return answer(429, `{}`, "Retry-After", "600") }
	gone := func() (*http.Response, error) { return answer(404, `{"message": "Not Found"}`) }
	for _, c := range []struct {
		name       string
		answers    []func() (*http.Response, error) // the last one again and again
		sent       int
		unsure, ok bool
		want       error
	}{
		{"at last it goes through", []func() (*http.Response, error){bad, lost, bad, func() (*http.Response, error) { return answer(200, aComment) }}, 4, false, true, nil},
		{"never", []func() (*http.Response, error){bad}, 5, true, false, nil},
		{"a limit comes between", []func() (*http.Response, error){lost, late}, 2, true, false, nil},
		{"a limit at once", []func() (*http.Response, error){late}, 1, false, false, nil},
		{"refused", []func() (*http.Response, error){gone}, 1, false, false, forge.ErrNotFound},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := &wire{answer: func(n int, r *http.Request) (*http.Response, error) { return c.answers[min(n, len(c.answers))-1]() }}
				_, err := overWire(t, w, nil).EditComment(t.Context(), shop, 9, "x")
				_, unsure, _ := forge.MayRetry(err)
				if w.count() != c.sent || unsure != c.unsure || (err == nil) != c.ok || c.want != nil && !errors.Is(err, c.want) {
					t.Errorf("%d requests, unsure %v: %v", w.count(), unsure, err)
				}
			})
		})
	}
}

func TestPace(t *testing.T) {
	for _, interval := range []time.Duration{0, time.Second} {
		synctest.Test(t, func(t *testing.T) {
			var now, most, writes, mostWrites atomic.Int32
			w := &wire{answer: func(n int, r *http.Request) (*http.Response, error) {
				most.Store(max(most.Load(), now.Add(1)))
				if r.Method == http.MethodPost {
					mostWrites.Store(max(mostWrites.Load(), writes.Add(1)))
					defer writes.Add(-1)
				}
				time.Sleep(10 * time.Millisecond)
				now.Add(-1)
				return answer(200, aComment)
			}}
			h := overWire(t, w, func(o *github.Options) { o.Concurrency, o.WriteInterval = 3, interval })
			start := time.Now()
			var all sync.WaitGroup
			for n := range 20 {
				all.Go(func() {
					var err error
					if n < 5 {
						_, err = h.CreateComment(t.Context(), shop, 3, "x")
					} else {
						_, err = h.Comment(t.Context(), shop, 9)
					}
					if err != nil {
						t.Error(err)
					}
				})
			}
			all.Wait()
			if most.Load() != 3 || mostWrites.Load() != 1 {
				t.Errorf("%d requests at once and %d writes, want 3 and 1", most.Load(), mostWrites.Load())
			}
			if took := time.Since(start); took < 4*interval || took > 4*interval+200*time.Millisecond {
				t.Errorf("five writes took %v, want 4 times %v", took, interval)
			}
		})
	}
}

func TestSlowAfterAComplaint(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &wire{answer: func(n int, r *http.Request) (*http.Response, error) {
			if n == 1 {
				return answer(403, secondary, "Retry-After", "1")
			}
			return answer(201, aComment)
		}}
		h := overWire(t, w, nil)
		start := time.Now()
		for range 4 {
			if _, err := h.CreateComment(t.Context(), shop, 3, "x"); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(start); took != 4*time.Second {
			t.Errorf("took %v, want a second before each", took)
		}
	})
}

func TestConditional(t *testing.T) {
	known := 0
	w := &wire{}
	w.answer = func(n int, r *http.Request) (*http.Response, error) {
		if r.Header.Get("If-None-Match") == `W/"1"` {
			known++
			return answer(304, "", "X-RateLimit-Remaining", "10")
		}
		return answer(200, anIssue, "ETag", `W/"1"`, "Content-Type", "application/json", "Cache-Control", "private, max-age=60")
	}
	h := overWire(t, w, nil)
	for range 3 {
		if i, err := h.Issue(t.Context(), shop, 3); err != nil || i.Title != "Count" {
			t.Fatalf("%+v: %v", i, err)
		}
	}
	if w.count() != 3 || known != 2 {
		t.Errorf("%d requests, %d of them conditional, want 3 and 2", w.count(), known)
	}
	small := overWire(t, w, func(o *github.Options) { o.CacheBytes = 1 })
	known = 0
	for range 2 {
		if _, err := small.Issue(t.Context(), shop, 3); err != nil {
			t.Fatal(err)
		}
	}
	if known != 0 {
		t.Error("more is kept than allowed")
	}
}

func TestRedirects(t *testing.T) {
	for _, c := range []struct {
		name, to string
		status   int
		write    bool
		sent     int
		want     error
	}{
		{"a renamed repository", "https://api.github.com/repositories/1/issues/3", 301, false, 2, nil},
		{"another host", "https://evil.example/x?token=1", 302, false, 2, nil},
		{"without encryption", "http://api.github.com/x", 301, false, 1, nil},
		{"a write that would be a read", "https://api.github.com/repositories/1/issues/3/comments", 301, true, 1, forge.ErrMoved},
		{"a write", "https://api.github.com/repositories/1/issues/3/comments", 307, true, 2, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := &wire{answer: func(n int, r *http.Request) (*http.Response, error) {
				if own := r.URL.Host == "api.github.com"; own != (r.Header.Get("Authorization") == "Bearer "+secret) {
					t.Errorf("%s was sent %q", r.URL.Host, r.Header.Get("Authorization"))
				}
				switch {
				case n == 1:
					return answer(c.status, `{"message": "Moved"}`, "Location", c.to)
				case r.Method == http.MethodPost:
					return answer(201, aComment)
				}
				return answer(200, anIssue)
			}}
			h := overWire(t, w, nil)
			var err error
			if c.write {
				_, err = h.CreateComment(t.Context(), shop, 3, "x")
			} else {
				_, err = h.Issue(t.Context(), shop, 3)
			}
			if w.count() != c.sent || c.want != nil && !errors.Is(err, c.want) || c.want == nil && c.sent == 2 && err != nil {
				t.Errorf("%v: %v", w.sent, err)
			}
		})
	}
}

func TestFaults(t *testing.T) {
	for _, c := range []struct {
		status int
		body   string
		want   error
		words  string
	}{
		{401, `{"message": "Bad credentials"}`, forge.ErrUnauthorized, "Bad credentials"},
		{403, `{"message": "Resource not accessible by integration"}`, forge.ErrForbidden, "not accessible"},
		{404, `{"message": "Not Found"}`, forge.ErrNotFound, "comment on issue 3 of acme/shop"},
		{410, `{"message": "Issues are disabled for this repo"}`, forge.ErrGone, "disabled"},
		{422, `{"message": "Validation Failed", "errors": [{"resource": "PullRequest", "code": "custom", "message": "A pull request already exists for acme:x."}]}`, forge.ErrExists, "already exists for acme:x"},
		{422, `{"message": "Validation Failed", "errors": [{"resource": "Label", "field": "name", "code": "already_exists"}]}`, forge.ErrExists, "Label name already_exists"},
		{422, `{"message": "Unprocessable Entity", "errors": ["Can not approve your own pull request"]}`, forge.ErrInvalid, "your own"},
		{422, `{"message": "Validation Failed", "errors": "body is too long"}`, forge.ErrInvalid, "too long"},
		{422, `{"message": "No commit found for SHA: 123"}`, forge.ErrNotFound, ""},
		{400, `not JSON`, forge.ErrInvalid, "400 Bad Request"},
		{451, `{"message": "Repository access blocked"}`, forge.ErrForbidden, "blocked"},
	} {
		w := &wire{answer: func(int, *http.Request) (*http.Response, error) { return answer(c.status, c.body) }}
		_, err := overWire(t, w, nil).CreateComment(t.Context(), shop, 3, "x")
		if !errors.Is(err, c.want) || !strings.Contains(fmt.Sprint(err), c.words) || strings.Contains(fmt.Sprint(err), "https:") {
			t.Errorf("%d %s: %v", c.status, c.body, err)
		}
	}
}

package model

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

type handlers = []http.HandlerFunc

// TestFailures asks endpoints that misbehave in every way we know.
func TestFailures(t *testing.T) {
	html := "<!DOCTYPE html><html><title>Welcome to nginx</title></html>"
	tests := []struct {
		name     string
		answers  handlers
		kind     Kind   // "" if it ends well
		says     string // part of the error
		requests int
		least    time.Duration // that is waited
		most     time.Duration
	}{
		{"wrong key", handlers{status(401, problem("Incorrect API key provided: secret-key-1", "invalid_api_key"))}, WrongKey, "set key or OPENAI_API_KEY", 1, 0, 0},
		{"forbidden", handlers{status(403, `{"detail":"no access"}`)}, WrongKey, "no access", 1, 0, 0},
		{"unknown model", handlers{status(404, problem("The model `m` does not exist", "model_not_found"))}, UnknownModel, "does not know this model", 1, 0, 0},
		{"unknown model, Ollama", handlers{status(404, `{"error":"model 'm' not found, try pulling it first"}`)}, UnknownModel, "pulling", 1, 0, 0},
		{"unknown model, 400", handlers{status(400, problem("m is not a valid model ID", ""))}, UnknownModel, "valid model", 1, 0, 0},
		{"wrong path", handlers{status(404, "404 page not found")}, NotCompatible, "mostly ends in /v1", 1, 0, 0},
		{"too long", handlers{status(400, problem("This model's maximum context length is 8192 tokens.", "context_length_exceeded"))}, TooLong, "8192", 1, 0, 0},
		{"too long, Anthropic", handlers{status(400, problem("prompt is too long: 210000 tokens > 200000 maximum", ""))}, TooLong, "210000", 1, 0, 0},
		{"too long, Google", handlers{status(400, `[{"error":{"code":400,"message":"The input token count (2) exceeds the maximum number of tokens allowed (1).","status":"INVALID_ARGUMENT"}}]`)}, TooLong, "exceeds", 1, 0, 0},
		{"too long, llama.cpp", handlers{status(400, `{"error":{"code":400,"message":"the request exceeds the available context size","type":"exceed_context_size_error"}}`)}, TooLong, "available", 1, 0, 0},
		{"too long, vLLM", handlers{status(400, `{"object":"error","message":"This model's maximum context length is 4096","code":400}`)}, TooLong, "4096", 1, 0, 0},
		{"too long, proxy", handlers{status(413, "Request Entity Too Large")}, TooLong, "413", 1, 0, 0},
		{"no credit", handlers{status(429, problem("You exceeded your current quota", "insufficient_quota"))}, NoCredit, "no credit", 1, 0, 0},
		{"no credit, 402", handlers{status(402, problem("Insufficient Balance", ""))}, NoCredit, "Balance", 1, 0, 0},
		{"rejected", handlers{status(400, problem("messages[0].role is wrong", ""))}, Rejected, "messages[0].role is wrong", 1, 0, 0},
		{"filtered prompt, Azure", handlers{status(400, problem("The response was filtered", "content_filter"))}, Refused, "filter", 1, 0, 0},
		{"filtered answer", handlers{stream(piece("", "content_filter"), "[DONE]")}, Refused, "content filter", 1, 0, 0},
		{"refusal", handlers{stream(`{"choices":[{"delta":{"refusal":"I cannot "}}]}`, `{"choices":[{"delta":{"refusal":"do that."},"finish_reason":"stop"}]}`)}, Refused, "I cannot do that.", 1, 0, 0},
		{"HTML", handlers{status(200, html)}, NotCompatible, "this is not an OpenAI-compatible endpoint: http://endpoint.test/v1: it answers with HTML", 1, 0, 0},
		{"HTML with an error", handlers{status(403, html)}, NotCompatible, "Welcome to nginx", 1, 0, 0},
		{"HTML as events", handlers{status(200, html, "Content-Type: text/event-stream")}, NotCompatible, "HTML", 1, 0, 0},
		{"text", handlers{status(200, "It works!")}, NotCompatible, "not JSON", 1, 0, 0},
		{"nothing at all", handlers{status(200, "")}, NotCompatible, "answers with nothing", 1, 0, 0},
		{"other JSON", handlers{status(200, `{"hello":"world"}`)}, NotCompatible, "JSON of another kind", 1, 0, 0},
		{"no content", handlers{status(204, "")}, NotCompatible, "nothing", 1, 0, 0},
		{"garbage in a stream", handlers{stream(piece("a", ""), "{oops")}, NotCompatible, "oops", 1, 0, 0},
		{"redirect", handlers{status(301, "", "Location: https://other.test/v1")}, NotCompatible, "https://other.test/v1", 1, 0, 0},
		{"rate limit passes", handlers{status(429, problem("slow down", "")), saying("ok")}, "", "", 2, 700 * time.Millisecond, 1300 * time.Millisecond},
		{"rate limit stays", handlers{status(429, problem("slow down", ""))}, RateLimited, "slow down", 5, 10 * time.Second, 20 * time.Second},
		{"rate limit, seconds", handlers{status(429, "", "Retry-After: 17"), saying("ok")}, "", "", 2, 17 * time.Second, 17 * time.Second},
		{"rate limit, date", handlers{status(429, "", "Retry-After: Sat, 01 Jan 2000 00:00:40 GMT"), saying("ok")}, "", "", 2, 40 * time.Second, 40 * time.Second},
		{"rate limit, milliseconds", handlers{status(429, "", "Retry-After-Ms: 2500"), saying("ok")}, "", "", 2, 2500 * time.Millisecond, 2500 * time.Millisecond},
		{"rate limit, past date", handlers{status(429, "", "Retry-After: Fri, 31 Dec 1999 00:00:40 GMT"), saying("ok")}, "", "", 2, 700 * time.Millisecond, 1300 * time.Millisecond},
		{"rate limit, an hour", handlers{status(429, "", "Retry-After: 3600"), saying("ok")}, RateLimited, "1h0m0s, which is too late", 1, 0, 0},
		{"rate limit, absurd", handlers{status(429, "", "Retry-After: 1e300"), saying("ok")}, RateLimited, "too late", 1, 0, 0},
		{"overloaded", handlers{status(503, "busy", "Retry-After: 5"), status(500, ""), saying("ok")}, "", "", 3, 6 * time.Second, 8 * time.Second},
		{"down", handlers{status(502, html)}, Unavailable, "502", 5, 10 * time.Second, 20 * time.Second},
		{"dropped", handlers{dropping, saying("ok")}, "", "", 2, 700 * time.Millisecond, 1300 * time.Millisecond},
		{"dropped always", handlers{dropping}, Dropped, "ended before the answer did", 5, 10 * time.Second, 20 * time.Second},
		{"dropped in silence", handlers{stream(piece("An ord", "")), saying("ok")}, "", "", 2, 700 * time.Millisecond, 1300 * time.Millisecond},
		{"dropped at once", handlers{func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, saying("ok")}, "", "", 2, 700 * time.Millisecond, 1300 * time.Millisecond},
		{"error in the stream", handlers{stream(piece("An", ""), `{"error":{"message":"overloaded","type":"server_error"}}`), saying("ok")}, "", "", 2, 700 * time.Millisecond, 1300 * time.Millisecond},
		{"error in the stream, hung", handlers{func(w http.ResponseWriter, r *http.Request) {
			stream(`{"error":{"message":"maximum context length","code":400}}`)(w, r)
			hang(w, r)
		}}, TooLong, "maximum", 1, 0, 0},
		{"error beside choices", handlers{stream(`{"id":"x","error":{"message":"rate limit","code":429},"choices":[]}`), saying("ok")}, "", "", 2, 700 * time.Millisecond, 1300 * time.Millisecond},
		{"error with 200", handlers{status(200, problem("context_length_exceeded", ""))}, TooLong, "context_length", 1, 0, 0},
		{"hangs", handlers{hang}, Silent, "no byte came from http://endpoint.test/v1 for 5m0s", 5, 25 * time.Minute, 26 * time.Minute},
		{"hangs in the middle", handlers{func(w http.ResponseWriter, r *http.Request) { stream(piece("a", ""))(w, r); hang(w, r) }, saying("ok")}, "", "", 2, 5 * time.Minute, 5*time.Minute + 2*time.Second},
		{"never ends", handlers{func(w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				after(time.Minute, stream(piece(".", "")))(w, r)
			}
		}}, Timeout, "no whole answer came from http://endpoint.test/v1 within 30m0s", 1, 30 * time.Minute, 30 * time.Minute},
		{"2 MB", handlers{saying(strings.Repeat("0123456789abcdef", 2<<16))}, TooLarge, "larger than the 1024 KiB", 1, 0, 0},
		{"2 MB in small pieces", handlers{func(w http.ResponseWriter, r *http.Request) {
			for range 2 << 10 {
				stream(piece(strings.Repeat("x", 1<<10), ""))(w, r)
			}
		}}, TooLarge, "larger", 1, 0, 0},
		{"2 MB in one piece", handlers{status(200, `{"choices":[{"message":{"content":"`+strings.Repeat("x", 2<<20)+`"}}]}`)}, TooLarge, "larger", 1, 0, 0},
		{"100 MB without a line", handlers{func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/event-stream")
			for range 100 {
				if _, err := w.Write(make([]byte, 1<<20)); err != nil {
					return
				}
			}
		}}, TooLarge, "larger", 1, 0, 0},
		{"empty once", handlers{saying(""), saying("ok")}, "", "", 2, 0, 0},
		{"empty twice", handlers{saying(" \n")}, Empty, "nothing, twice", 2, 0, 0},
		{"only thinking", handlers{finishing("", "length")}, CutOff, "before anything was said", 1, 0, 0},
		{"cut off always", handlers{finishing("and so on ", "length")}, CutOff, "after 5 continuations", 6, 0, 0},
		{"cut off in a call", handlers{stream(`{"choices":[{"delta":{"tool_calls":[{"index":0,"id":"c","function":{"name":"f","arguments":"{\"a"}}]},"finish_reason":"length"}]}`)}, CutOff, "middle of a tool call", 1, 0, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			within(t, test.answers, nil, func(t *testing.T, e *endpoint, c *Client) {
				start := time.Now()
				answer, err := c.Ask(t.Context(), question("implement"))
				if waited := time.Since(start); waited < test.least || waited > test.most {
					t.Errorf("waited %s, not %s to %s", waited, test.least, test.most)
				}
				if n := len(e.requests()); n != test.requests {
					t.Errorf("%d requests, not %d", n, test.requests)
				}
				if test.kind == "" {
					if err != nil || answer.Text != "ok" {
						t.Fatalf("answered %q, %v", answer.Text, err)
					}
					return
				}
				var known *Error
				if !errors.As(err, &known) || !errors.Is(err, test.kind) || known.Kind != test.kind {
					t.Fatalf("error %v is not of kind %q", err, test.kind)
				}
				if !strings.Contains(err.Error(), test.says) || !strings.HasPrefix(err.Error(), "ask m for implement: ") {
					t.Errorf("error does not say %q: %v", test.says, err)
				}
				if strings.Contains(err.Error(), "secret-key-1") {
					t.Errorf("error holds the key: %v", err)
				}
			})
		})
	}
}

// TestCancel holds that a cancelled request ends at once, wherever it stands; the bubble holds that no goroutine is left.
func TestCancel(t *testing.T) {
	for name, h := range map[string]http.HandlerFunc{
		"before the answer":    hang,
		"in the answer":        func(w http.ResponseWriter, r *http.Request) { stream(piece("a", ""))(w, r); hang(w, r) },
		"between two requests": status(503, "", "Retry-After: 100"),
	} {
		t.Run(name, func(t *testing.T) {
			within(t, handlers{h}, nil, func(t *testing.T, _ *endpoint, c *Client) {
				ctx, cancel := context.WithCancel(t.Context())
				stop := time.AfterFunc(3*time.Second, cancel)
				defer stop.Stop()
				start := time.Now()
				_, err := c.Ask(ctx, question("refine"))
				if !errors.Is(err, context.Canceled) || time.Since(start) != 3*time.Second {
					t.Errorf("after %s: %v", time.Since(start), err)
				}
				c.Close()
				synctest.Wait()
			})
		})
	}
}

// TestCancelLeavesNoGoroutine counts them on a real network.
func TestCancelLeavesNoGoroutine(t *testing.T) {
	asked := make(chan struct{}, 10)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		stream(piece("a", ""))(w, r)
		asked <- struct{}{}
		hang(w, r)
	}))
	defer server.Close()
	c, err := NewClient(Config{BaseURL: server.URL, Key: "secret-key-1"})
	if err != nil {
		t.Fatal(err)
	}
	before := runtime.NumGoroutine()
	for range 5 {
		ctx, cancel := context.WithCancel(t.Context())
		go func() { <-asked; cancel() }()
		if _, err := c.Ask(ctx, question("refine")); !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
	}
	c.Close()
	server.CloseClientConnections()
	for range 1000 { // the runtime needs a moment to end them
		if runtime.NumGoroutine() <= before {
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Errorf("%d goroutines, %d before", runtime.NumGoroutine(), before)
}

type failing struct{ err error }

func (f failing) RoundTrip(*http.Request) (*http.Response, error) { return nil, f.err }

func TestUnreachable(t *testing.T) {
	dial := func(err error) error { return &net.OpError{Op: "dial", Net: "tcp", Err: err} }
	for name, test := range map[string]struct {
		err  error
		says string
	}{
		"DNS":     {dial(&net.DNSError{Err: "no such host", Name: "endpoint.test", IsNotFound: true}), "nothing answers at http://endpoint.test/v1; set base_url or OPENAI_BASE_URL"},
		"refused": {dial(syscall.ECONNREFUSED), "nothing answers at http://endpoint.test/v1; set base_url or OPENAI_BASE_URL"},
		"no TLS":  {tls.RecordHeaderError{Msg: "first record does not look like a TLS handshake"}, "does not speak TLS"},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := NewClient(Config{BaseURL: "http://endpoint.test/v1", Transport: failing{test.err}})
			if err != nil {
				t.Fatal(err)
			}
			_, err = c.Ask(t.Context(), question("refine"))
			if !errors.Is(err, Unreachable) || !strings.Contains(err.Error(), test.says) || !errors.Is(err, test.err) {
				t.Errorf("error %v does not say %q", err, test.says)
			}
		})
	}
	t.Run("untrusted certificate", func(t *testing.T) {
		server := httptest.NewUnstartedServer(http.NotFoundHandler())
		server.Config.ErrorLog = log.New(io.Discard, "", 0)
		server.StartTLS()
		defer server.Close()
		c, err := NewClient(Config{BaseURL: server.URL})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if _, err = c.Ask(t.Context(), question("refine")); !errors.Is(err, Unreachable) || !strings.Contains(err.Error(), "certificate") {
			t.Error(err)
		}
	})
}

func TestConfig(t *testing.T) {
	for base, says := range map[string]string{
		"":                          "set OPENAI_API_KEY",
		"localhost:11434":           "not a web address",
		"ftp://host/v1":             "not a web address",
		"https://me:pw@host.test/":  "user name or password",
		"https://host.test/v1?a=b":  "query",
		"https://host.test/%zz bad": "not a web address",
	} {
		if _, err := NewClient(Config{BaseURL: base}); err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "pw") {
			t.Errorf("%q: %v does not say %q", base, err, says)
		}
	}
	if c, err := NewClient(Config{Key: "k"}); err != nil || c.base != openaiURL {
		t.Error(err)
	}
	if c, err := NewClient(Config{BaseURL: "http://h/v1/chat/completions/"}); err != nil || c.base != "http://h/v1" {
		t.Error(c.base, err)
	}
}

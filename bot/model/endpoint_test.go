package model

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// endpoint is a server in memory, for tests in a bubble of testing/synctest: its clock is the bubble's, so that nobody
// waits, and a goroutine that is left over fails the test.
type endpoint struct {
	conns  chan net.Conn
	done   chan struct{}
	once   sync.Once
	server *httptest.Server
	mu     sync.Mutex
	bodies []map[string]any
	at     []time.Time
}

func (e *endpoint) Accept() (net.Conn, error) {
	select {
	case c := <-e.conns:
		return c, nil
	case <-e.done:
		return nil, net.ErrClosed
	}
}
func (e *endpoint) Close() error   { e.once.Do(func() { close(e.done) }); return nil }
func (e *endpoint) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 80} }

// serve starts an endpoint that answers its n-th request with the n-th handler, and further ones with the last.
func serve(t *testing.T, handlers ...http.HandlerFunc) *endpoint {
	t.Helper()
	e := &endpoint{conns: make(chan net.Conn), done: make(chan struct{})}
	e.server = &httptest.Server{Listener: e, Config: &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		raw, _ := io.ReadAll(r.Body)
		body := map[string]any{}
		if err := json.Unmarshal(raw, &body); err != nil {
			t.Errorf("the request is not JSON: %v", err)
		}
		e.mu.Lock()
		n := len(e.bodies)
		e.bodies, e.at = append(e.bodies, body), append(e.at, time.Now())
		e.mu.Unlock()
		if r.URL.Path != "/v1/chat/completions" || r.Header.Get("Authorization") != "Bearer secret-key-1" {
			t.Errorf("asked %s with %q", r.URL.Path, r.Header.Get("Authorization"))
		}
		r.Header.Set("X-Body", string(raw))
		handlers[min(n, len(handlers)-1)](w, r)
	})}}
	e.server.Start()
	return e
}

func (e *endpoint) client(t *testing.T, change func(*Config)) *Client {
	t.Helper()
	config := Config{BaseURL: "http://endpoint.test/v1/", Key: "secret-key-1", Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			here, there := net.Pipe()
			select {
			case e.conns <- there:
				return here, nil
			case <-e.done:
				return nil, net.ErrClosed
			}
		},
	}}
	if change != nil {
		change(&config)
	}
	c, err := NewClient(config)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (e *endpoint) requests() []map[string]any {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.bodies
}

// within runs test in a bubble with an endpoint and a client of it, and takes both down.
func within(t *testing.T, handlers []http.HandlerFunc, change func(*Config), test func(*testing.T, *endpoint, *Client)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		e := serve(t, handlers...)
		c := e.client(t, change)
		defer func() {
			c.Close()
			e.server.CloseClientConnections()
			e.server.Close()
		}()
		test(t, e, c)
	})
}

func question(stage string) Request {
	return Request{Stage: stage, Model: "m", Messages: []Message{{Role: System, Text: "Be brief."}, {Role: User, Text: "What is an order?"}}}
}

// stream answers with events.
func stream(events ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for _, e := range events {
			fmt.Fprintf(w, "data: %s\n\n", e)
			w.(http.Flusher).Flush()
		}
	}
}

// piece is an event with text; finish may be empty.
func piece(text, finish string) string {
	choice := map[string]any{"index": 0, "delta": map[string]any{"content": text}, "finish_reason": nil}
	if finish != "" {
		choice["finish_reason"] = finish
	}
	data, _ := json.Marshal(map[string]any{"object": "chat.completion.chunk", "choices": []any{choice}})
	return string(data)
}

const counted12 = `{"choices":[],"usage":{"prompt_tokens":100,"completion_tokens":20,"prompt_tokens_details":{"cached_tokens":60},"completion_tokens_details":{"reasoning_tokens":5}}}`

// saying streams one whole answer, counted as 100 tokens in and 20 out.
func saying(text string) http.HandlerFunc { return finishing(text, "stop") }

func finishing(text, finish string) http.HandlerFunc {
	half := len(text) / 2
	return stream(piece(text[:half], ""), piece(text[half:], ""), piece("", finish), counted12, "[DONE]")
}

// status answers with an error; header lines are "Name: value".
func status(code int, body string, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		if strings.HasPrefix(body, "{") {
			w.Header().Set("Content-Type", "application/json")
		}
		for _, h := range header {
			name, value, _ := strings.Cut(h, ": ")
			w.Header().Set(name, value)
		}
		w.WriteHeader(code)
		io.WriteString(w, body)
	}
}

func problem(message, code string) string {
	return fmt.Sprintf(`{"error":{"message":%q,"type":"invalid_request_error","param":null,"code":%q}}`, message, code)
}

// hang answers nothing until the client goes away.
func hang(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

// after answers with h once d has passed.
func after(d time.Duration, h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-time.After(d):
			h(w, r)
		case <-r.Context().Done():
		}
	}
}

// dropping begins an answer and ends the connection.
func dropping(w http.ResponseWriter, r *http.Request) {
	stream(piece("An ord", ""))(w, r)
	panic(http.ErrAbortHandler)
}

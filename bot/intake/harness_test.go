package intake

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/codicil-dev/codicil/bot/intake/load"
	"github.com/codicil-dev/codicil/forge"
)

const secret = "a secret of the tests"

// parse reads what these tests need of GitHub's payloads: the comment's number is the event's identity.
func parse(event string, payload []byte) (forge.Event, error) {
	var p struct {
		Action  string
		Comment *struct{ ID int64 }
	}
	if err := json.Unmarshal(payload, &p); err != nil {
		return forge.Event{}, err
	}
	if event == "issue_comment" && p.Comment != nil {
		return forge.Event{Kind: forge.EventComment, Action: p.Action, Comment: &forge.Comment{ID: p.Comment.ID}}, nil
	}
	if event == "ping" {
		return forge.Event{Kind: forge.EventPing}, nil
	}
	return forge.Event{Kind: forge.EventOther}, nil
}

func options(s store) Options {
	return Options{
		Store:    s,
		Host:     "github.com",
		Secrets:  func() [][]byte { return [][]byte{[]byte(secret)} },
		Parse:    parse,
		Concerns: func(e forge.Event) bool { return e.Kind != forge.EventPing },
		Now:      time.Now,
		Log:      slog.New(slog.DiscardHandler),
	}
}

func start(tb testing.TB, o Options) *Receiver {
	tb.Helper()
	r := New(o)
	tb.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		if err := r.Close(ctx); err != nil {
			tb.Errorf("close: %v", err)
		}
	})
	return r
}

func sign(key string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write(body)
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}

func guid(n int) string { return load.GUID(n) }

func comment(n int) []byte {
	return fmt.Appendf(nil, `{"action":"created","comment":{"id":%d,"body":"/amend count the items"}}`, n)
}

// request is a delivery as GitHub sends it.
func request(id string, event string, body []byte) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/webhooks/github", bytes.NewReader(body))
	headersOf(r.Header, id, event, body)
	return r
}

func headersOf(h http.Header, id, event string, body []byte) {
	h.Set("Content-Type", "application/json")
	h.Set("X-GitHub-Delivery", id)
	h.Set("X-GitHub-Event", event)
	h.Set("X-Hub-Signature-256", sign(secret, body))
}

func send(h http.Handler, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func wantStatus(tb testing.TB, w *httptest.ResponseRecorder, status int) {
	tb.Helper()
	if w.Code != status {
		tb.Errorf("answered %d %q, want %d", w.Code, w.Body, status)
	}
}

func newGUID() string { return uuid.NewString() }

// gate is a store whose transactions wait to be let through.
type gate struct {
	store
	began chan int // how many are in the transaction that waits
	let   chan error
}

func newGate(s store) *gate { return &gate{s, make(chan int), make(chan error)} }

func (g *gate) Receive(ctx context.Context, batch []Delivery) (int, error) {
	g.began <- len(batch)
	if err := <-g.let; err != nil {
		return 0, err
	}
	return g.store.Receive(ctx, batch)
}

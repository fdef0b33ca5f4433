package intake

import (
	"context"
	"net/http"
	"strings"
	"testing"
)

type memory map[string]bool

func (m memory) Receive(_ context.Context, batch []Delivery) (fresh int, err error) {
	for _, d := range batch {
		if !m[d.ID] {
			m[d.ID] = true
			fresh++
		}
	}
	return fresh, nil
}

// Whatever comes, the answer is one of those that are known, repeats nothing, and is 202 only for what is signed.
func FuzzReceiver(f *testing.F) {
	f.Add("POST", "application/json", guid(1), "issue_comment", "", comment(1), true)
	f.Add("POST", formType, guid(1), "push", "", []byte("payload=%7B%7D"), true)
	f.Add("POST", "application/json", guid(1), "ping", sign("wrong", comment(1)), comment(1), false)
	f.Add("GET", "", "", "", "", []byte(nil), false)
	f.Add("POST", "application/json; charset=utf-8", guid(1), "push", "sha256=", []byte(`{"a":"\ud800"}`), true)
	known := map[int]bool{202: true, 400: true, 401: true, 405: true, 413: true, 415: true}
	f.Fuzz(func(t *testing.T, method, contentType, id, event, signature string, body []byte, honest bool) {
		o := options(memory{})
		o.MaxBody = 1 << 16
		receiver := start(t, o)
		r := request(id, event, body)
		r.Method = method
		r.Header.Set("Content-Type", contentType)
		if !honest {
			r.Header.Set("X-Hub-Signature-256", signature)
		}
		w := send(receiver, r)
		if !known[w.Code] {
			t.Errorf("answered %d", w.Code)
		}
		if w.Code == http.StatusAccepted && r.Header.Get("X-Hub-Signature-256") != strings.ToLower(sign(secret, body)) &&
			!strings.EqualFold(signature, sign(secret, body)) {
			t.Errorf("taken with signature %q", signature)
		}
		if w.Code != http.StatusAccepted && receiver.Stats().Fresh != 0 {
			t.Error("refused and stored")
		}
		if held := receiver.held.Load(); held != 0 {
			t.Errorf("%d bytes are still held", held)
		}
	})
}

package intake

import (
	"bufio"
	"bytes"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/hex"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func TestRefusals(t *testing.T) {
	body := comment(1)
	set := func(name, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(name, value) }
	}
	drop := func(name string) func(*http.Request) { return func(r *http.Request) { r.Header.Del(name) } }
	signedBody := func(content string) func(*http.Request) {
		return func(r *http.Request) {
			r.Body, r.ContentLength = io.NopCloser(strings.NewReader(content)), int64(len(content))
			r.Header.Set("X-Hub-Signature-256", sign(secret, []byte(content)))
		}
	}
	form := func(content string) func(*http.Request) {
		return func(r *http.Request) {
			signedBody(content)(r)
			r.Header.Set("Content-Type", formType)
		}
	}
	long := strings.Repeat("a", 2000)
	tests := []struct {
		name   string
		change func(*http.Request)
		status int
		reason Reason
	}{
		{"GET", func(r *http.Request) { r.Method = http.MethodGet }, 405, ReasonMethod},
		{"HEAD", func(r *http.Request) { r.Method = http.MethodHead }, 405, ReasonMethod},
		{"PUT", func(r *http.Request) { r.Method = http.MethodPut }, 405, ReasonMethod},
		{"no content type", drop("Content-Type"), 415, ReasonContentType},
		{"text", set("Content-Type", "text/plain"), 415, ReasonContentType},
		{"multipart", set("Content-Type", "multipart/form-data; boundary=x"), 415, ReasonContentType},
		{"broken content type", set("Content-Type", "application/json; ="), 415, ReasonContentType},
		{"another character set", set("Content-Type", "application/json; charset=utf-7"), 415, ReasonContentType},
		{"compressed", set("Content-Encoding", "gzip"), 415, ReasonContentType},
		{"no delivery id", drop("X-GitHub-Delivery"), 400, ReasonHeaders},
		{"delivery id that is no GUID", set("X-GitHub-Delivery", "1234"), 400, ReasonHeaders},
		{"delivery id in braces", set("X-GitHub-Delivery", "{"+guid(1)+"}"), 400, ReasonHeaders},
		{"delivery id of the right length", set("X-GitHub-Delivery", strings.Repeat("-", 36)), 400, ReasonHeaders},
		{"delivery id that does not print", set("X-GitHub-Delivery", guid(1)[:35]+"\x00"), 400, ReasonHeaders},
		{"long delivery id", set("X-GitHub-Delivery", long), 400, ReasonHeaders},
		{"two delivery ids", func(r *http.Request) { r.Header.Add("X-GitHub-Delivery", guid(2)) }, 400, ReasonHeaders},
		{"no event", drop("X-GitHub-Event"), 400, ReasonHeaders},
		{"event of strange characters", set("X-GitHub-Event", "issues\n"), 400, ReasonHeaders},
		{"long event", set("X-GitHub-Event", long), 400, ReasonHeaders},
		{"no signature", drop("X-Hub-Signature-256"), 400, ReasonHeaders},
		{"only SHA-1", func(r *http.Request) {
			mac := hmac.New(sha1.New, []byte(secret))
			mac.Write(body)
			r.Header.Del("X-Hub-Signature-256")
			r.Header.Set("X-Hub-Signature", "sha1="+hex.EncodeToString(mac.Sum(nil)))
		}, 400, ReasonHeaders},
		{"two signatures", func(r *http.Request) { r.Header.Add("X-Hub-Signature-256", sign("wrong", body)) }, 400, ReasonHeaders},
		{"wrong secret", set("X-Hub-Signature-256", sign("wrong", body)), 401, ReasonSignature},
		{"empty secret", set("X-Hub-Signature-256", sign("", body)), 401, ReasonSignature},
		{"SHA-1 where SHA-256 belongs", set("X-Hub-Signature-256", "sha1="+strings.Repeat("a", 40)), 401, ReasonSignature},
		{"signature without its name", set("X-Hub-Signature-256", strings.TrimPrefix(sign(secret, body), "sha256=")), 401, ReasonSignature},
		{"shortened signature", set("X-Hub-Signature-256", sign(secret, body)[:39]), 401, ReasonSignature},
		{"no digits", set("X-Hub-Signature-256", "sha256="), 401, ReasonSignature},
		{"strange digits", set("X-Hub-Signature-256", "sha256="+strings.Repeat("z", 64)), 401, ReasonSignature},
		{"signature of another body", set("X-Hub-Signature-256", sign(secret, comment(2))), 401, ReasonSignature},
		{"form signed by its payload alone", func(r *http.Request) {
			form("payload=" + url.QueryEscape(string(body)))(r)
			r.Header.Set("X-Hub-Signature-256", sign(secret, body))
		}, 401, ReasonSignature},
		{"not JSON and not signed", func(r *http.Request) {
			signedBody("{")(r)
			r.Header.Set("X-Hub-Signature-256", sign("wrong", []byte("{")))
		}, 401, ReasonSignature},
		{"nothing", signedBody(""), 400, ReasonPayload},
		{"half a payload", signedBody(`{"action":`), 400, ReasonPayload},
		{"a list", signedBody(`[]`), 400, ReasonPayload},
		{"null", signedBody(` null`), 400, ReasonPayload},
		{"two objects", signedBody(`{}{}`), 400, ReasonPayload},
		{"not UTF-8", signedBody("{\"action\":\"\xff\"}"), 400, ReasonPayload},
		{"deeply nested", signedBody(strings.Repeat(`{"a":`, 20000) + "1" + strings.Repeat("}", 20000)), 400, ReasonPayload},
		{"what the parser refuses", signedBody(`{"action":1}`), 400, ReasonPayload},
		{"form without a payload", form("other=1"), 400, ReasonPayload},
		{"form with two payloads", form("payload=%7B%7D&payload=%7B%7D"), 400, ReasonPayload},
		{"broken form", form("payload=%7"), 400, ReasonPayload},
		{"form whose payload is not UTF-8", form("payload=%7B%22a%22%3A%22%FF%22%7D"), 400, ReasonPayload},
		{"a byte too many", signedBody(`{"a":"` + strings.Repeat("a", 4096-7) + `"}`), 413, ReasonTooLarge},
		{"too many where the length lies", func(r *http.Request) {
			signedBody(`{"a":"` + strings.Repeat("a", 9000) + `"}`)(r)
			r.ContentLength = 10
		}, 413, ReasonTooLarge},
		{"too many where the length is missing", func(r *http.Request) {
			signedBody(`{"a":"` + strings.Repeat("a", 9000) + `"}`)(r)
			r.ContentLength = -1
		}, 413, ReasonTooLarge},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := newStore(t)
			o := options(s)
			o.MaxBody = 4096
			o.Secrets = func() [][]byte { return [][]byte{nil, {}, []byte(secret)} }
			if test.name == "deeply nested" {
				o.MaxBody = 1 << 20
			}
			receiver := start(t, o)
			r := request(guid(1), "issue_comment", body)
			test.change(r)
			w := send(receiver, r)
			wantStatus(t, w, test.status)
			if got := receiver.Stats().Refused[test.reason]; got != 1 {
				t.Errorf("%d refused by %q, want 1: %v", got, test.reason, receiver.Stats().Refused)
			}
			if allow := w.Header().Get("Allow"); (test.status == 405) != (allow == "POST") {
				t.Errorf("Allow: %q", allow)
			}
			if n := len(s.ids(t)); n != 0 {
				t.Errorf("%d stored", n)
			}
		})
	}
}

func TestAnswersRepeatNothing(t *testing.T) {
	mark := "<script>planted"
	receiver := start(t, options(newStore(t)))
	for _, name := range []string{"Content-Type", "X-GitHub-Delivery", "X-GitHub-Event", "X-Hub-Signature-256", "body"} {
		body := []byte(mark)
		r := request(guid(1), "issue_comment", body)
		if name != "body" {
			r.Header.Set(name, mark)
		}
		w := send(receiver, r)
		if w.Code/100 != 4 || strings.Contains(w.Body.String(), "planted") || len(w.Body.String()) > 120 {
			t.Errorf("%s: answered %d %q", name, w.Code, w.Body)
		}
		for name, values := range w.Header() {
			if strings.Contains(strings.Join(values, " "), "planted") {
				t.Errorf("header %s repeats it", name)
			}
		}
	}
}

func TestLargestBodyIsTaken(t *testing.T) {
	o := options(newStore(t))
	body := []byte(`{"a":"` + strings.Repeat("a", 4096-8) + `"}`)
	o.MaxBody = int64(len(body))
	wantStatus(t, send(start(t, o), request(guid(1), "push", body)), 202)
}

func TestDefaultLimitIs25MB(t *testing.T) {
	receiver := start(t, options(newStore(t)))
	body := make([]byte, 25<<20+1)
	r := request(guid(1), "push", body[1:])
	r.Header.Set("X-Hub-Signature-256", sign("wrong", nil)) // it is read to its end: only then is the signature looked at
	wantStatus(t, send(receiver, r), 401)
	r = request(guid(2), "push", body)
	r.ContentLength = -1
	wantStatus(t, send(receiver, r), 413)
}

func TestSecretsRotate(t *testing.T) {
	secrets := [][]byte{[]byte("new"), []byte("old")}
	o := options(newStore(t))
	o.Secrets = func() [][]byte { return secrets }
	receiver := start(t, o)
	try := func(n int, key string, status int) {
		t.Helper()
		r := request(guid(n), "push", comment(n))
		r.Header.Set("X-Hub-Signature-256", sign(key, comment(n)))
		wantStatus(t, send(receiver, r), status)
	}
	try(1, "new", 202)
	try(2, "old", 202)
	secrets = secrets[:1]
	try(3, "old", 401)
	try(4, "new", 202)
	secrets = nil
	try(5, "new", 401)
	try(6, "", 401)
}

func TestSlowBodyIsCutOff(t *testing.T) {
	o := options(newStore(t))
	o.BodyTimeout = 50 * time.Millisecond
	receiver := start(t, o)
	server := httptest.NewServer(receiver)
	defer server.Close()
	connection, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = connection.Close() }()
	r := request(guid(1), "push", comment(1))
	r.Body = nil
	if _, err := io.WriteString(connection, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 50\r\n"); err != nil {
		t.Fatal(err)
	}
	if err := r.Header.Write(connection); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(connection, "\r\n{"); err != nil {
		t.Fatal(err)
	}
	_ = connection.SetReadDeadline(time.Now().Add(10 * time.Second))
	response, err := http.ReadResponse(bufio.NewReader(connection), nil)
	if err != nil {
		t.Fatal(err)
	}
	if response.StatusCode != http.StatusRequestTimeout || !response.Close {
		t.Errorf("answered %d, close %v", response.StatusCode, response.Close)
	}
	if receiver.Stats().Refused[ReasonSlow] != 1 {
		t.Errorf("counted %v", receiver.Stats().Refused)
	}
}

// A time limit for one body must not cut off what comes later on the same connection.
func TestConnectionOutlivesBodyTimeout(t *testing.T) {
	g := newGate(newStore(t))
	o := options(g)
	o.BodyTimeout = 100 * time.Millisecond
	var connections atomic.Int64
	server := httptest.NewUnstartedServer(start(t, o))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	server.Start()
	defer server.Close()
	for n := range 2 {
		r := request(guid(n), "push", comment(n))
		r.URL, _ = url.Parse(server.URL)
		r.RequestURI = ""
		go func() {
			<-g.began
			time.Sleep(2 * o.BodyTimeout)
			g.let <- nil
		}()
		response, err := server.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, response.Body)
		_ = response.Body.Close()
		if response.StatusCode != 202 {
			t.Errorf("answered %d", response.StatusCode)
		}
	}
	if n := connections.Load(); n != 1 {
		t.Errorf("%d connections, want 1", n)
	}
}

func TestBodiesInMemoryAreLimited(t *testing.T) {
	o := options(newStore(t))
	o.MaxBody = 1000
	receiver := start(t, o)
	receiver.held.Add(8*1000 - 10)
	body := comment(1)
	w := send(receiver, request(guid(1), "push", body))
	wantStatus(t, w, 503)
	if w.Header().Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	receiver.held.Add(-8*1000 + 10)
	wantStatus(t, send(receiver, request(guid(1), "push", body)), 202)
	if held := receiver.held.Load(); held != 0 {
		t.Errorf("%d bytes are still counted", held)
	}
}

func TestRefusalsDoNotFloodTheLog(t *testing.T) {
	var log bytes.Buffer
	now := time.Unix(1e9, 0)
	o := options(newStore(t))
	o.Now = func() time.Time { return now }
	o.Log = slog.New(slog.NewTextHandler(&log, nil))
	receiver := start(t, o)
	wrong := func() {
		r := request(guid(1), "push", comment(1))
		r.Header.Set("X-Hub-Signature-256", sign("wrong", comment(1)))
		wantStatus(t, send(receiver, r), 401)
	}
	for range 100 {
		wrong()
	}
	now = now.Add(logEvery)
	wrong()
	if lines := strings.Count(log.String(), "\n"); lines != 2 || !strings.Contains(log.String(), "so_far=101") {
		t.Errorf("%d lines:\n%s", lines, &log)
	}
}

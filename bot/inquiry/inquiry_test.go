package inquiry_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/codicil-dev/codicil/bot/inquiry"
)

var now = time.Date(2026, 11, 23, 5, 0, 0, 0, time.UTC)

// service is a client of a server that answers with handle; asked counts the requests.
func service(t *testing.T, o inquiry.Options, handle http.HandlerFunc) (*inquiry.Client, *atomic.Int32) {
	t.Helper()
	var asked atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		handle(w, r)
	}))
	t.Cleanup(server.Close)
	o.Name, o.Base, o.FirstWait = "the service", server.URL+"/api/", time.Millisecond
	if o.Now == nil {
		o.Now = func() time.Time { return now }
	}
	c, err := inquiry.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return c, &asked
}

type thing struct{ A, B string }

func TestFailures(t *testing.T) {
	t.Parallel()
	slow := make(chan struct{})
	t.Cleanup(func() { close(slow) })
	for _, c := range []struct {
		name   string
		o      inquiry.Options
		handle http.HandlerFunc
		// tries are how often it is asked, why what the error says.
		tries  int32
		why    string
		status int
		silent bool
	}{
		{"down", inquiry.Options{}, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) }, 4, "it answered 500 Internal Server Error", 500, true},
		{"limited", inquiry.Options{}, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "0")
			w.WriteHeader(429)
		}, 4, "it answered 429 Too Many Requests", 429, true},
		{"limited for long", inquiry.Options{}, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "3600")
			w.WriteHeader(429)
		}, 1, "it answered 429 Too Many Requests, and asks to wait 1h0m0s", 429, true},
		{"limited until a time", inquiry.Options{}, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", now.Add(time.Hour).Format(http.TimeFormat))
			w.WriteHeader(503)
		}, 1, "it answered 503 Service Unavailable, and asks to wait 1h0m0s", 503, true},
		{"unknown", inquiry.Options{}, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(404) }, 1, "it answered 404 Not Found", 404, false},
		{"nothing", inquiry.Options{}, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) }, 1, "it answered 204 No Content", 204, false},
		{"slow", inquiry.Options{Timeout: 20 * time.Millisecond, Tries: 2}, func(_ http.ResponseWriter, r *http.Request) {
			select {
			case <-slow:
			case <-r.Context().Done():
			}
		}, 2, "it gave no answer within 20ms", 0, true},
		{"cut off JSON", inquiry.Options{}, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"A": "b`) }, 4, "no JSON of the expected form", 0, false},
		{"cut off", inquiry.Options{}, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			fmt.Fprint(w, `{"A": "b"}`)
		}, 4, "its answer was cut off", 0, true},
		{"a page", inquiry.Options{}, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<!DOCTYPE html><p>Sign in") }, 1, "a web page instead of JSON", 0, true},
		{"a list", inquiry.Options{}, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "[]") }, 4, "it is no object", 0, false},
		{"two answers", inquiry.Options{}, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "{} {}") }, 4, "no JSON of the expected form", 0, false},
		{"another form", inquiry.Options{}, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"A": 1}`) }, 4, "no JSON of the expected form", 0, false},
		{"huge", inquiry.Options{}, func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprintf(w, `{"A": "%s"}`, strings.Repeat("x", 10<<20))
		}, 1, "its answer is longer than 8388608 bytes", 0, false},
		{"without end", inquiry.Options{Longest: 1000}, func(w http.ResponseWriter, _ *http.Request) {
			for range 100000 {
				if _, err := fmt.Fprint(w, strings.Repeat(" ", 1000)); err != nil {
					return
				}
			}
		}, 1, "its answer is longer than 1000 bytes", 0, false},
		{"sends on", inquiry.Options{}, func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://169.254.169.254/latest", http.StatusFound)
		}, 1, "it sends on to another host", 0, false},
		{"sends on and on", inquiry.Options{}, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/api/x", http.StatusFound) }, 4, "it sends on and on", 0, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			client, asked := service(t, c.o, c.handle)
			into := thing{A: "before"}
			_, err := client.Get(t.Context(), 0, &into, "x")
			var e *inquiry.Error
			if !errors.As(err, &e) || !strings.Contains(e.Why, c.why) || e.Status != c.status || e.Silent != c.silent || asked.Load() != c.tries {
				t.Errorf("after %d tries: %#v", asked.Load(), err)
			}
		})
	}
}

func TestAgain(t *testing.T) {
	t.Parallel()
	var n atomic.Int32
	client, asked := service(t, inquiry.Options{}, func(w http.ResponseWriter, r *http.Request) {
		switch n.Add(1) {
		case 1:
			w.Header().Set("Retry-After", "0")
			w.WriteHeader(http.StatusTooManyRequests)
		case 2:
			fmt.Fprint(w, `{"A": "half`)
		case 3:
			fmt.Fprint(w, `{"B": "`+r.Method+" "+r.URL.EscapedPath()+`"}`)
		}
	})
	into := thing{A: "before"}
	at, err := client.Post(t.Context(), map[string]int{"q": 1}, 0, &into, "a/b", "c?d")
	if err != nil || asked.Load() != 3 || !at.Equal(now) || into != (thing{B: "POST /api/a%2Fb/c%3Fd"}) {
		t.Error(into, at, err, asked.Load())
	}
	if _, err := client.Get(t.Context(), 0, &into, ".."); err == nil {
		t.Error("a path leads out of the service")
	}
}

func TestStopped(t *testing.T) {
	t.Parallel()
	began := make(chan struct{}, 1)
	client, _ := service(t, inquiry.Options{}, func(_ http.ResponseWriter, r *http.Request) {
		began <- struct{}{}
		<-r.Context().Done()
	})
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-began
		cancel()
	}()
	var into thing
	if _, err := client.Get(ctx, 0, &into, "x"); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// TestRest leaves a service alone that does not answer, so that a night over many products does not wait for it again and again.
func TestRest(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		status int
		faults int32
	}{{"limited", 429, 1}, {"in trouble", 502, 3}} {
		t.Run(c.name, func(t *testing.T) {
			clock, up := now, false
			client, asked := service(t, inquiry.Options{Now: func() time.Time { return clock }, Tries: 1}, func(w http.ResponseWriter, r *http.Request) {
				switch {
				case strings.HasSuffix(r.URL.Path, "missing"):
					w.WriteHeader(404)
				case !up && !strings.HasSuffix(r.URL.Path, "well"):
					w.WriteHeader(c.status)
				default:
					fmt.Fprint(w, `{}`)
				}
			})
			var into thing
			get := func(path string, ok bool, want int32) {
				t.Helper()
				if _, err := client.Get(t.Context(), 0, &into, path); (err == nil) != ok || asked.Load() != want {
					t.Errorf("%v after %d", err, asked.Load())
				}
			}
			n := int32(0)
			if c.faults > 1 { // one answer, and all is forgotten
				for _, path := range []string{"x", "y", "well"} {
					n++
					get(path, path == "well", n)
				}
			}
			get("missing", false, n+1)
			for i := range c.faults {
				get(fmt.Sprint(i), false, n+2+i)
			}
			n += 1 + c.faults
			get("x", false, n)
			get("well", false, n)
			clock = clock.Add(5*time.Minute - time.Second)
			get("x", false, n)
			clock, up = clock.Add(time.Second), true
			get("x", true, n+1)
			get("y", true, n+2)
		})
	}
}

func TestCache(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	cache, err := inquiry.OpenCache(folder, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	clock := now
	client, asked := service(t, inquiry.Options{Cache: cache, Now: func() time.Time { return clock }}, func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, `{"A": %q}`, r.URL.Path)
	})
	var into thing
	get := func(age time.Duration, path string, want int32, wantAt time.Time) {
		t.Helper()
		into = thing{B: "before"}
		at, err := client.Get(t.Context(), age, &into, path)
		if err != nil || asked.Load() != want || !at.Equal(wantAt) || into != (thing{A: "/api/" + path}) {
			t.Errorf("%v %v at %s, asked %d times", into, err, at, asked.Load())
		}
	}
	get(time.Hour, "x", 1, now)
	clock = now.Add(time.Hour)
	get(time.Hour, "x", 1, now)
	get(time.Hour, "y", 2, clock)
	clock = clock.Add(time.Second)
	get(-1, "x", 2, now)
	get(time.Hour, "x", 3, clock)
	later := clock
	clock = now.Add(-time.Hour) // a clock that jumps back does not make old answers new
	get(-1, "x", 4, clock)
	clock = later
	files, _ := filepath.Glob(filepath.Join(folder, "*"))
	if len(files) != 2 {
		t.Error(files)
	}
	for _, f := range files {
		if err := os.WriteFile(f, []byte("{"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	get(-1, "x", 5, clock)
	old := time.Now().AddDate(0, 0, -61)
	if err := os.Chtimes(files[0], old, old); err != nil {
		t.Fatal(err)
	}
	if _, err := inquiry.OpenCache(folder, time.Now()); err != nil {
		t.Fatal(err)
	}
	if left, _ := filepath.Glob(filepath.Join(folder, "*")); len(left) != 1 {
		t.Error(left)
	}
	if err := os.RemoveAll(folder); err != nil {
		t.Fatal(err)
	}
	get(-1, "x", 6, clock)
	get(-1, "x", 6, clock)
}

func TestAddress(t *testing.T) {
	for _, base := range []string{"", "api.osv.dev", "ftp://api.osv.dev", "https://me:secret@api.osv.dev", "https://api.osv.dev?x=1", "https://", "/api", "%"} {
		if _, err := inquiry.New(inquiry.Options{Name: "OSV", Base: base}); err == nil {
			t.Errorf("%q is taken", base)
		}
	}
}

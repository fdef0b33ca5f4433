package intake

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

func listen(tb testing.TB) net.Listener {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	return l
}

func TestServeAnswersWhatIsUnderWay(t *testing.T) {
	began, release := make(chan struct{}), make(chan struct{})
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(began)
		<-release
		if r.Context().Err() != nil {
			t.Error("its context ended with the server's")
		}
		_, _ = io.WriteString(w, "done")
	})
	l := listen(t)
	ctx, stop := context.WithCancel(context.Background())
	served, answered := make(chan error, 1), make(chan string, 1)
	go func() { served <- Serve(ctx, l, handler, slog.New(slog.DiscardHandler), time.Minute) }()
	go func() {
		body := ""
		if response, err := http.Get("http://" + l.Addr().String()); err == nil {
			b, _ := io.ReadAll(response.Body)
			body = string(b)
		}
		answered <- body
	}()
	<-began
	stop()
	waitFor(t, func() bool { // until it accepts no more
		c, err := net.Dial("tcp", l.Addr().String())
		if err == nil {
			_ = c.Close()
		}
		return err != nil
	})
	close(release)
	if body := <-answered; body != "done" {
		t.Errorf("answered %q", body)
	}
	if err := <-served; err != nil {
		t.Error(err)
	}
}

func TestServeEndsAtTheDeadline(t *testing.T) {
	began, release := make(chan struct{}), make(chan struct{})
	defer close(release)
	l := listen(t)
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() {
		served <- Serve(ctx, l, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
			close(began)
			<-release
		}), slog.New(slog.DiscardHandler), time.Millisecond)
	}()
	go func() {
		if response, err := http.Get("http://" + l.Addr().String()); err == nil {
			_ = response.Body.Close()
		}
	}()
	<-began
	stop()
	if err := <-served; !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("ended with %v", err)
	}
}

func TestServeTellsOfABrokenListener(t *testing.T) {
	l := listen(t)
	_ = l.Close()
	err := Serve(context.Background(), l, http.NotFoundHandler(), slog.New(slog.DiscardHandler), time.Second)
	if err == nil || !strings.Contains(err.Error(), l.Addr().String()) {
		t.Errorf("ended with %v", err)
	}
}

func TestServeRefusesHugeHeaders(t *testing.T) {
	l := listen(t)
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- Serve(ctx, l, http.NotFoundHandler(), slog.New(slog.DiscardHandler), time.Minute) }()
	r, _ := http.NewRequest(http.MethodGet, "http://"+l.Addr().String(), nil)
	r.Header.Set("X-Long", strings.Repeat("a", 64<<10))
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("answered %d", response.StatusCode)
	}
	stop()
	if err := <-served; err != nil {
		t.Error(err)
	}
}

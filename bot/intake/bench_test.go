package intake

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// body is about as large as GitHub's of a comment.
func body(n int) []byte {
	b := comment(n)
	return append(append(b[:len(b)-1], `,"padding":"`...), append(bytes.Repeat([]byte("x"), 10_000), `"}`...)...)
}

// BenchmarkIntake is what GitHub sees, over HTTP on loopback, with a durable commit: at 300 deliveries a second, sent when they are due
// whatever became of those before; and as many as 32 senders get through. Beside them is the bare cost: the same inserts in a loop, one
// transaction each, and in transactions of the size that the receiver reached.
func BenchmarkIntake(b *testing.B) {
	b.Run("300 a second", func(b *testing.B) {
		url, client := serve(b)
		const rate = 300
		took := make([]time.Duration, b.N)
		var senders sync.WaitGroup
		start := time.Now()
		for n := range b.N {
			due := start.Add(time.Duration(n) * time.Second / rate)
			time.Sleep(time.Until(due))
			senders.Go(func() {
				deliver(b, client, url, n)
				took[n] = time.Since(due)
			})
		}
		senders.Wait()
		report(b, took, start)
	})
	b.Run("most", func(b *testing.B) {
		url, client := serve(b)
		took := make([]time.Duration, b.N)
		var next atomic.Int64
		var senders sync.WaitGroup
		start := time.Now()
		for range 32 {
			senders.Go(func() {
				for n := int(next.Add(1)) - 1; n < b.N; n = int(next.Add(1)) - 1 {
					began := time.Now()
					deliver(b, client, url, n)
					took[n] = time.Since(began)
				}
			})
		}
		senders.Wait()
		report(b, took, start)
	})
	for name, size := range map[string]int{"bare, one each": 1, "bare, 16 each": 16} {
		b.Run(name, func(b *testing.B) { bareLoop(b, size) })
	}
}

func bareLoop(b *testing.B, size int) {
	s := newStore(b)
	took := make([]time.Duration, 0, b.N)
	start := time.Now()
	for n := 0; n < b.N; n += size {
		began := time.Now()
		var batch []Delivery
		for i := n; i < min(n+size, b.N); i++ {
			batch = append(batch, Delivery{ID: guid(i), Event: "issue_comment", Key: guid(i), Payload: body(i), At: began})
		}
		if _, err := s.Receive(context.Background(), batch); err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(began))
	}
	report(b, took, start)
}

func report(b *testing.B, took []time.Duration, start time.Time) {
	b.ReportMetric(float64(b.N)/time.Since(start).Seconds(), "deliveries/s")
	slices.Sort(took)
	at := func(q float64) float64 { return took[int(q*float64(len(took)-1))].Seconds() * 1000 }
	b.ReportMetric(at(0.5), "p50-ms")
	b.ReportMetric(at(0.99), "p99-ms")
	b.ReportMetric(at(1), "max-ms")
	b.ReportMetric(0, "ns/op")
}

func serve(b *testing.B) (url string, client *http.Client) {
	b.Helper()
	receiver := start(b, options(newStore(b)))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- Serve(ctx, l, receiver, slog.New(slog.DiscardHandler), time.Minute) }()
	client = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 256}}
	b.Cleanup(func() {
		client.CloseIdleConnections()
		stop()
		if err := <-ended; err != nil {
			b.Error(err)
		}
	})
	b.ResetTimer()
	return "http://" + l.Addr().String(), client
}

func deliver(b *testing.B, client *http.Client, url string, n int) {
	content := body(n)
	r, _ := http.NewRequest(http.MethodPost, url, bytes.NewReader(content))
	headersOf(r.Header, guid(n), "issue_comment", content)
	response, err := client.Do(r)
	if err != nil {
		b.Error(err)
		return
	}
	_, _ = io.Copy(io.Discard, response.Body)
	_ = response.Body.Close()
	if response.StatusCode != http.StatusAccepted {
		b.Errorf("answered %d", response.StatusCode)
	}
}

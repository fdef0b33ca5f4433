package intake

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"testing"
	"time"

	"github.com/codicil-dev/codicil/bot/intake/load"
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
	b.Run("300 a second", func(b *testing.B) { serve(b).AtRate(b, 300) })
	b.Run("most", func(b *testing.B) { serve(b).AtMost(b, 32) })
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
	load.Report(b, took, start)
}

// serve serves a receiver with a store of its own.
func serve(b *testing.B) *load.Target {
	b.Helper()
	receiver := start(b, options(newStore(b)))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- Serve(ctx, l, receiver, slog.New(slog.DiscardHandler), time.Minute) }()
	b.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			b.Error(err)
		}
	})
	return &load.Target{URL: "http://" + l.Addr().String(), Secret: secret, Body: body}
}

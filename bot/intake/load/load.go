// Package load sends webhooks to a receiver in a benchmark, and reports how long they took.
package load

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Target is a receiver of webhooks.
type Target struct {
	// URL is its address, and Secret what webhooks are signed with.
	URL, Secret string
	// Body is the payload of webhook n, of an issue's comment.
	Body func(n int) []byte
	// Sent counts the webhooks that were sent: none is sent twice.
	Sent atomic.Int64
}

// GUID is the delivery id of webhook n.
func GUID(n int) string { return fmt.Sprintf("00000000-0000-4000-8000-%012x", n) }

// AtRate sends b.N webhooks, so many a second, each when it is due whatever became of those before. The time counts from when it was due.
func (t *Target) AtRate(b *testing.B, rate int) {
	took, client := make([]time.Duration, b.N), keeping(b)
	var all sync.WaitGroup
	start := time.Now()
	for i := range b.N {
		due := start.Add(time.Duration(i) * time.Second / time.Duration(rate))
		time.Sleep(time.Until(due))
		all.Go(func() {
			t.send(b, client)
			took[i] = time.Since(due)
		})
	}
	all.Wait()
	Report(b, took, start)
}

// AtMost sends b.N webhooks from a number of senders, each one after another.
func (t *Target) AtMost(b *testing.B, senders int) {
	took, client := make([]time.Duration, b.N), keeping(b)
	var next atomic.Int64
	var all sync.WaitGroup
	start := time.Now()
	for range senders {
		all.Go(func() {
			for i := int(next.Add(1)) - 1; i < b.N; i = int(next.Add(1)) - 1 {
				began := time.Now()
				t.send(b, client)
				took[i] = time.Since(began)
			}
		})
	}
	all.Wait()
	Report(b, took, start)
}

// keeping is a client that keeps its connections. The benchmark's time begins with it.
func keeping(b *testing.B) *http.Client {
	c := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 256}}
	b.Cleanup(c.CloseIdleConnections)
	b.ResetTimer()
	return c
}

// send sends the next webhook.
func (t *Target) send(b *testing.B, client *http.Client) {
	n := int(t.Sent.Add(1))
	body := t.Body(n)
	r, err := http.NewRequest(http.MethodPost, t.URL, bytes.NewReader(body))
	if err != nil {
		b.Error(err)
		return
	}
	mac := hmac.New(sha256.New, []byte(t.Secret))
	mac.Write(body)
	for name, value := range map[string]string{"Content-Type": "application/json", "X-GitHub-Delivery": GUID(n), "X-GitHub-Event": "issue_comment", "X-Hub-Signature-256": "sha256=" + hex.EncodeToString(mac.Sum(nil))} {
		r.Header.Set(name, value)
	}
	answer, err := client.Do(r)
	if err != nil {
		b.Error(err)
		return
	}
	_, _ = io.Copy(io.Discard, answer.Body)
	_ = answer.Body.Close()
	if answer.StatusCode != http.StatusAccepted {
		b.Errorf("answered %d", answer.StatusCode)
	}
}

// Report reports how many of b.N were done in a second since start, and how long one took.
func Report(b *testing.B, took []time.Duration, start time.Time) {
	b.ReportMetric(float64(b.N)/time.Since(start).Seconds(), "acknowledgements/s")
	slices.Sort(took)
	at := func(q float64) float64 { return took[int(q*float64(len(took)-1))].Seconds() * 1000 }
	b.ReportMetric(at(0.5), "p50-ms")
	b.ReportMetric(at(0.99), "p99-ms")
	b.ReportMetric(at(1), "max-ms")
	b.ReportMetric(0, "ns/op")
}

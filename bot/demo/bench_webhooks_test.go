package demo_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/codicil-dev/codicil/bot/demo"
	"github.com/codicil-dev/codicil/bot/demo/tiny"
	"github.com/codicil-dev/codicil/bot/state"
)

// commented is a webhook of a comment that asks the bot for nothing, about as large as GitHub's.
func commented(n int) []byte {
	text := fmt.Sprintf(`{"action":"created","issue":{"number":%d,"title":"Sizes","state":"open","user":{"login":"lee","id":7,"type":"User"}},"comment":{"id":%d,"body":"I think so too.","author_association":"NONE","user":{"login":"lee","id":7,"type":"User"},"created_at":"2026-11-02T10:00:00Z","updated_at":"2026-11-02T10:00:00Z"},"repository":{"id":1,"name":"data","full_name":"commerce/data","default_branch":"main","owner":{"login":"commerce","id":2,"type":"Organization"}},"sender":{"login":"lee","id":7,"type":"User"},"padding":"`, n%50+1, 1_000_000+n)
	return append(append([]byte(text), bytes.Repeat([]byte("x"), 9_000)...), `"}`...)
}

func guid(n int) string { return fmt.Sprintf("00000000-0000-4000-8000-%012x", n) }

// BenchmarkBotWebhooks is what a forge sees of the whole bot: webhooks of comments over HTTP on loopback, to the service that a town's bot
// is, each answered once it is durably committed to the bot's database; meanwhile triage takes each up, and finds that nothing is to be done. At 300
// a second they are sent when they are due, whatever became of those before, and the time counts from then; at most, 32 senders send one after
// another. Beside them the bare cost: the same inserts into a database like the bot's from a loop, one transaction each, and one for 16.
//
//	acknowledgements/s   answered, or inserted
//	p50-ms, p99-ms       how long one takes; p99 is meant to be below 20 at 300 a second
//
// Run it with -benchtime 3000x, or with as many as are to be sent.
func BenchmarkBotWebhooks(b *testing.B) {
	p := street(b, map[string][]tiny.Product{"commerce": {{Name: "orders"}}}, demo.Options{}, &tiny.Model{})
	sent := new(atomic.Int64) // none is sent twice
	b.Run("300 a second", func(b *testing.B) {
		const rate = 300
		took := make([]time.Duration, b.N)
		client := sender(b)
		var all sync.WaitGroup
		start := time.Now()
		for i := range b.N {
			due := start.Add(time.Duration(i) * time.Second / rate)
			time.Sleep(time.Until(due))
			all.Go(func() {
				deliver(b, client, p.town.Webhook(), int(sent.Add(1)))
				took[i] = time.Since(due)
			})
		}
		all.Wait()
		acknowledged(b, took, start)
	})
	b.Run("most", func(b *testing.B) {
		took := make([]time.Duration, b.N)
		client := sender(b)
		var next atomic.Int64
		var all sync.WaitGroup
		start := time.Now()
		for range 32 {
			all.Go(func() {
				for i := int(next.Add(1)) - 1; i < b.N; i = int(next.Add(1)) - 1 {
					began := time.Now()
					deliver(b, client, p.town.Webhook(), int(sent.Add(1)))
					took[i] = time.Since(began)
				}
			})
		}
		all.Wait()
		acknowledged(b, took, start)
	})
	for _, size := range []int{1, 16} {
		b.Run(fmt.Sprintf("bare, %d each", size), func(b *testing.B) { insert(b, size) })
	}
}

// insert puts deliveries into a database in transactions of a size.
func insert(b *testing.B, size int) {
	db, err := state.Open(b.Context(), filepath.Join(b.TempDir(), "codicil.db"), time.Now)
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	b.ResetTimer()
	took := make([]time.Duration, 0, b.N)
	start := time.Now()
	for i := 0; i < b.N; i += size {
		began := time.Now()
		err := db.Update(context.Background(), func(tx *state.Tx) error {
			for n := i; n < min(i+size, b.N); n++ {
				if _, err := tx.Receive(state.Delivery{Host: demo.Host, GUID: guid(n), Event: "issue_comment", Key: guid(n), Payload: commented(n), Received: began}); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(began))
	}
	acknowledged(b, took, start)
}

func acknowledged(b *testing.B, took []time.Duration, start time.Time) {
	b.ReportMetric(float64(b.N)/time.Since(start).Seconds(), "acknowledgements/s")
	slices.Sort(took)
	at := func(q float64) float64 { return took[int(q*float64(len(took)-1))].Seconds() * 1000 }
	b.ReportMetric(at(0.5), "p50-ms")
	b.ReportMetric(at(0.99), "p99-ms")
	b.ReportMetric(0, "ns/op")
}

// sender is a client that keeps its connections.
func sender(b *testing.B) *http.Client {
	c := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 256}}
	b.Cleanup(c.CloseIdleConnections)
	b.ResetTimer()
	return c
}

// deliver sends webhook n.
func deliver(b *testing.B, client *http.Client, url string, n int) {
	body := commented(n)
	r, _ := http.NewRequest(http.MethodPost, url, bytes.NewReader(body))
	mac := hmac.New(sha256.New, []byte(demo.Secret))
	mac.Write(body)
	for name, value := range map[string]string{"Content-Type": "application/json", "X-GitHub-Delivery": guid(n), "X-GitHub-Event": "issue_comment", "X-Hub-Signature-256": "sha256=" + hex.EncodeToString(mac.Sum(nil))} {
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

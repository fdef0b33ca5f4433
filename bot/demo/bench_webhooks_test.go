package demo_test

import (
	"bytes"
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/codicil-dev/codicil/bot/demo"
	"github.com/codicil-dev/codicil/bot/demo/tiny"
	"github.com/codicil-dev/codicil/bot/intake/load"
	"github.com/codicil-dev/codicil/bot/state"
)

// commented is a webhook of a comment that asks the bot for nothing, about as large as GitHub's.
func commented(n int) []byte {
	text := fmt.Sprintf(`{"action":"created","issue":{"number":%d,"title":"Sizes","state":"open","user":{"login":"lee","id":7,"type":"User"}},"comment":{"id":%d,"body":"I think so too.","author_association":"NONE","user":{"login":"lee","id":7,"type":"User"},"created_at":"2026-11-02T10:00:00Z","updated_at":"2026-11-02T10:00:00Z"},"repository":{"id":1,"name":"data","full_name":"commerce/data","default_branch":"main","owner":{"login":"commerce","id":2,"type":"Organization"}},"sender":{"login":"lee","id":7,"type":"User"},"padding":"`, n%50+1, 1_000_000+n)
	return append(append([]byte(text), bytes.Repeat([]byte("x"), 9_000)...), `"}`...)
}

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
	target := &load.Target{URL: p.town.Webhook(), Secret: demo.Secret, Body: commented}
	b.Run("300 a second", func(b *testing.B) { target.AtRate(b, 300) })
	b.Run("most", func(b *testing.B) { target.AtMost(b, 32) })
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
				if _, err := tx.Receive(state.Delivery{Host: demo.Host, GUID: load.GUID(n), Event: "issue_comment", Key: load.GUID(n), Payload: commented(n), Received: began}); err != nil {
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
	load.Report(b, took, start)
}

// Package intake takes webhooks: authenticated, deduplicated, and stored before they are answered.
package intake

import (
	"context"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/codicil-dev/codicil/forge"
	"github.com/codicil-dev/codicil/forge/github"
)

// What stands for the zero value of a field of Options.
const (
	// DefaultMaxBody is the most that GitHub sends:
	// https://docs.github.com/en/webhooks/webhook-events-and-payloads#payload-cap
	DefaultMaxBody = 25 << 20
	// DefaultQueueLimit is how many deliveries wait for their commit at most.
	DefaultQueueLimit = 1024
	// DefaultBodyTimeout is how long GitHub waits for an answer:
	// https://docs.github.com/en/webhooks/using-webhooks/best-practices-for-using-webhooks#respond-within-10-seconds
	DefaultBodyTimeout = 10 * time.Second
	// DefaultStoreTimeout is how long one transaction may take.
	DefaultStoreTimeout = 10 * time.Second

	maxBatch = 256
	// bodiesHeld is how many of the largest bodies may be in memory at once.
	bodiesHeld = 8
)

// Delivery is one webhook that was authenticated.
type Delivery struct {
	Host string
	// ID is the host's GUID of the delivery, in lower case. The signature does not cover it.
	ID string
	// Event is the host's name for the kind of event, such as issue_comment.
	Event string
	// Key is forge.Event.Key: one key of a host is one event, whatever the ids of its deliveries. Empty where only ID tells events apart.
	Key string
	// Payload is JSON, also where the host sent a form.
	Payload []byte
	At      time.Time
}

// store keeps deliveries. Receive stores all of a batch in one durable transaction, or none of it; deliveries that are known by ID or by
// Key already, from earlier or from the same batch, are left out. Fresh is how many were not. It is not called concurrently.
type store interface {
	Receive(ctx context.Context, batch []Delivery) (fresh int, err error)
}

// Options are what a Receiver needs. Store, Secrets, Parse, Concerns, Now and Log are required.
type Options struct {
	Store store
	// Host is written into each delivery.
	Host string
	// Secrets are asked for with each request; a delivery signed with any of them is taken, so that they can be rotated. Empty ones are
	// left out; without any, nothing is taken.
	Secrets func() [][]byte
	// Parse reads a payload that is authenticated and is valid JSON, but may be anything else. An error refuses the delivery for good.
	Parse func(event string, payload []byte) (forge.Event, error)
	// Concerns says whether the bot has any work with an event. Others are answered 202 and not stored.
	Concerns func(forge.Event) bool
	Now      func() time.Time
	Log      *slog.Logger
	// Woken is called after a commit that brought something fresh. It must return at once. May be nil.
	Woken func()
	// MaxBody is in bytes; 0 is DefaultMaxBody.
	MaxBody int64
	// QueueLimit is how many deliveries may wait for their commit; 0 is DefaultQueueLimit.
	QueueLimit int
	// BodyTimeout is how long a request may take to send its body; 0 is DefaultBodyTimeout.
	BodyTimeout time.Duration
	// StoreTimeout is how long one transaction may take; 0 is DefaultStoreTimeout.
	StoreTimeout time.Duration
}

// Receiver is the http.Handler of POST /webhooks/github. It answers 202 only when the delivery is stored durably, was known already,
// or does not concern the bot. What it answers never repeats anything of the request. It is safe for concurrent use.
type Receiver struct {
	o     Options
	queue *queue
	tally *tally
	held  atomic.Int64 // bytes of bodies in memory
}

// New starts a receiver; Close ends it.
func New(o Options) *Receiver {
	o.MaxBody = orDefault(o.MaxBody, DefaultMaxBody)
	o.QueueLimit = orDefault(o.QueueLimit, DefaultQueueLimit)
	o.BodyTimeout = orDefault(o.BodyTimeout, DefaultBodyTimeout)
	o.StoreTimeout = orDefault(o.StoreTimeout, DefaultStoreTimeout)
	r := &Receiver{o: o, queue: newQueue(o.QueueLimit), tally: newTally(o.Now, o.Log)}
	go r.queue.run(r.commit)
	return r
}

func orDefault[T int | int64 | time.Duration](v, standard T) T {
	if v == 0 {
		return standard
	}
	return v
}

// Close refuses new deliveries, commits and answers those that wait, and returns when that is done or ctx ends. It may be called more
// than once. Whoever serves the receiver stops accepting first: see Serve.
func (r *Receiver) Close(ctx context.Context) error { return r.queue.close(ctx) }

// Stats tells what came and what became of it since New.
func (r *Receiver) Stats() Stats { return r.tally.stats(r.queue.len()) }

// ServeHTTP takes one delivery.
func (r *Receiver) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	err := r.take(w, request)
	if err == nil {
		answer(w, http.StatusAccepted, "accepted")
		return
	}
	r.tally.refuse(err)
	refuse(w, err)
}

// take returns nil when the request may be answered 202.
func (r *Receiver) take(w http.ResponseWriter, request *http.Request) *refusal {
	h, err := readHeaders(request)
	if err != nil {
		return err
	}
	body, size, err := r.readBody(w, request)
	defer r.held.Add(-size)
	if err != nil {
		return err
	}
	if !github.Signed(r.o.Secrets(), body, h.signature) {
		return errSignature
	}
	now := r.o.Now()
	r.tally.receive(now)
	payload, err := payloadOf(body, h.form)
	if err != nil {
		return err
	}
	event, parseErr := r.o.Parse(h.event, payload)
	if parseErr != nil {
		return errPayload
	}
	if !r.o.Concerns(event) {
		r.tally.unconcerned()
		return nil
	}
	// The request's context is left out: a client that went away is no reason to lose what it said.
	return r.queue.put(Delivery{Host: r.o.Host, ID: h.delivery, Event: h.event, Key: event.Key(), Payload: payload, At: now})
}

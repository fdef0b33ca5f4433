package intake

import (
	"context"
	"sync"
)

// queue gathers deliveries for their commit: while one batch is being committed, the next one gathers. A delivery that comes alone is
// committed alone, at once.
type queue struct {
	waiting chan waiting
	ended   chan struct{}

	mu     sync.RWMutex // held to write while waiting is closed, to read while something is put in
	closed bool
}

type waiting struct {
	delivery Delivery
	done     chan<- *refusal // has room for the one answer
}

func newQueue(limit int) *queue {
	return &queue{waiting: make(chan waiting, limit), ended: make(chan struct{})}
}

func (q *queue) len() int { return len(q.waiting) }

// put returns when d is committed, or says why it is not.
func (q *queue) put(d Delivery) *refusal {
	done := make(chan *refusal, 1)
	if err := q.offer(waiting{d, done}); err != nil {
		return err
	}
	return <-done
}

func (q *queue) offer(w waiting) *refusal {
	q.mu.RLock()
	defer q.mu.RUnlock()
	if q.closed {
		return errClosed
	}
	select {
	case q.waiting <- w:
		return nil
	default:
		return errFull
	}
}

// run commits batches until the queue is closed and empty.
func (q *queue) run(commit func([]Delivery) *refusal) {
	defer close(q.ended)
	for first := range q.waiting {
		batch, answers := q.gather(first)
		err := commit(batch)
		for _, done := range answers {
			done <- err
		}
	}
}

// gather takes what waits, without waiting for more.
func (q *queue) gather(first waiting) (batch []Delivery, answers []chan<- *refusal) {
	batch, answers = append(batch, first.delivery), append(answers, first.done)
	for len(batch) < maxBatch {
		select {
		case next, ok := <-q.waiting:
			if !ok {
				return batch, answers
			}
			batch, answers = append(batch, next.delivery), append(answers, next.done)
		default:
			return batch, answers
		}
	}
	return batch, answers
}

func (q *queue) close(ctx context.Context) error {
	q.mu.Lock()
	if !q.closed {
		q.closed = true
		close(q.waiting)
	}
	q.mu.Unlock()
	select {
	case <-q.ended:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// commit stores a batch. Nothing of it is answered 202 unless all of it is durable.
func (r *Receiver) commit(batch []Delivery) *refusal {
	ctx, cancel := context.WithTimeout(context.Background(), r.o.StoreTimeout)
	defer cancel()
	fresh, err := r.o.Store.Receive(ctx, batch)
	if err != nil {
		r.o.Log.Error("webhooks could not be stored", "deliveries", len(batch), "err", err)
		return errStore
	}
	r.tally.commit(len(batch), fresh)
	if fresh > 0 && r.o.Woken != nil {
		r.o.Woken()
	}
	return nil
}

package localforge

import (
	"context"
	"net/http"
	"sync"
	"time"
)

// deliveryTime is how long a receiver may take, as on GitHub.
const deliveryTime = 10 * time.Second

// courier sends webhooks. Each app has a queue with a number of senders; with one sender they arrive in order. What is not sent when the forge is
// closed is not sent later.
type courier struct {
	forge   *Forge
	client  *http.Client
	senders int             // for each app
	ctx     context.Context // ends with the forge
	cancel  context.CancelFunc
	wait    sync.WaitGroup

	mu     sync.Mutex // of all below
	queues map[int64]*queue
	open   int           // how many are queued, held back or under way
	idle   chan struct{} // closed when open becomes 0; nil unless somebody waits
}

// queue holds the deliveries of one app that wait.
type queue struct {
	ids  []int64
	wake chan struct{} // holds a token while ids may not be empty
}

func newCourier(f *Forge, senders int) *courier {
	senders = max(senders, 1)
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = senders
	c := &courier{forge: f, client: &http.Client{Timeout: deliveryTime, Transport: transport}, senders: senders, queues: map[int64]*queue{}}
	c.ctx, c.cancel = context.WithCancel(context.Background())
	return c
}

// stop lets what is under way end, and sends no more.
func (c *courier) stop() {
	c.mu.Lock()
	c.cancel()
	c.mu.Unlock()
	c.wait.Wait()
	c.client.CloseIdleConnections()
}

// send queues a delivery, after a while if it is held back. It never waits.
func (c *courier) send(app, id int64, held time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.open++
	if held > 0 {
		time.AfterFunc(held, func() {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.queue(app, id)
		})
		return
	}
	c.queue(app, id)
}

// queue puts a delivery into its app's queue, unless the forge was closed. The courier's mutex is held.
func (c *courier) queue(app, id int64) {
	if c.ctx.Err() != nil {
		return
	}
	q := c.queues[app]
	if q == nil {
		q = &queue{wake: make(chan struct{}, 1)}
		c.queues[app] = q
		for range c.senders {
			c.wait.Go(func() { c.run(q) })
		}
	}
	q.ids = append(q.ids, id)
	q.signal()
}

func (q *queue) signal() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// run sends what is queued, until the forge is closed.
func (c *courier) run(q *queue) {
	for {
		select {
		case <-c.ctx.Done():
			return
		case <-q.wake:
		}
		for c.ctx.Err() == nil {
			id, ok := c.take(q)
			if !ok {
				break
			}
			c.forge.deliver(context.WithoutCancel(c.ctx), c.client, id) // what is under way ends by itself
			c.done()
		}
	}
}

// take takes the first delivery of a queue, and wakes another sender if there are more.
func (c *courier) take(q *queue) (id int64, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(q.ids) == 0 {
		return 0, false
	}
	id, q.ids = q.ids[0], q.ids[1:]
	if len(q.ids) > 0 {
		q.signal()
	}
	return id, true
}

func (c *courier) done() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.open--; c.open == 0 && c.idle != nil {
		close(c.idle)
		c.idle = nil
	}
}

// Settle waits until no webhook is queued, held back or under way, or until ctx ends, which is an error.
func (f *Forge) Settle(ctx context.Context) error {
	c := f.hooks
	c.mu.Lock()
	if c.open == 0 {
		c.mu.Unlock()
		return nil
	}
	if c.idle == nil {
		c.idle = make(chan struct{})
	}
	idle := c.idle
	c.mu.Unlock()
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-c.ctx.Done():
		return c.ctx.Err()
	}
}

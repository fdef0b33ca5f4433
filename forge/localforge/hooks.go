package localforge

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"
)

// delivery is one webhook, sent or tried.
type delivery struct {
	ID         int64           `json:"id"`
	GUID       string          `json:"guid"`
	App        int64           `json:"app"`
	Event      string          `json:"event"`
	Action     string          `json:"action"`
	Repo       int64           `json:"repo"`
	Install    int64           `json:"install"`
	Payload    json.RawMessage `json:"payload"`
	At         time.Time       `json:"at"`
	Redelivery bool            `json:"redelivery"`
	Status     int             `json:"status"` // 0 while it is under way, or if nobody answered
	Seconds    float64         `json:"seconds"`
	Said       string          `json:"said"` // the receiver's answer, or why there was none
}

// deliveryTime is how long a receiver may take, as on GitHub.
const deliveryTime = 10 * time.Second

// courier sends webhooks, one after the other for each app. What is not sent when the forge is closed is not sent later.
type courier struct {
	forge  *Forge
	client *http.Client
	mu     sync.Mutex
	queues map[int64]*queue
	wait   sync.WaitGroup
	ctx    context.Context // ends with the forge
	cancel context.CancelFunc
}

// queue holds the deliveries of one app that wait.
type queue struct {
	ids  []int64
	wake chan struct{} // holds one token while ids may not be empty
}

func newCourier(f *Forge) *courier {
	c := &courier{forge: f, client: &http.Client{Timeout: deliveryTime}, queues: map[int64]*queue{}}
	c.ctx, c.cancel = context.WithCancel(context.Background())
	return c
}

// stop lets what is under way end, and sends no more.
func (c *courier) stop() {
	c.cancel()
	c.wait.Wait()
}

// send queues a delivery. It never waits.
func (c *courier) send(app, id int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	q := c.queues[app]
	if q == nil {
		q = &queue{wake: make(chan struct{}, 1)}
		c.queues[app] = q
		c.wait.Add(1)
		go c.run(q)
	}
	q.ids = append(q.ids, id)
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// run sends what is queued, until the forge is closed.
func (c *courier) run(q *queue) {
	defer c.wait.Done()
	for {
		select {
		case <-c.ctx.Done():
			return
		case <-q.wake:
		}
		for c.ctx.Err() == nil {
			c.mu.Lock()
			if len(q.ids) == 0 {
				c.mu.Unlock()
				break
			}
			id := q.ids[0]
			q.ids = q.ids[1:]
			c.mu.Unlock()
			c.forge.deliver(c.ctx, c.client, id)
		}
	}
}

// announce sends an event to the apps that are installed on a repository. The forge's mutex is held.
func (f *Forge) announce(event, action string, r *repo, by string, payload object) {
	if action != "" {
		payload["action"] = action
	}
	payload["repository"], payload["sender"] = f.repoJSON(r), f.userJSON(by)
	for _, i := range f.installations.all(func(i *installation) bool { return fold(i.Owner) == fold(r.Owner) }) {
		app := f.apps.rows[i.App]
		if app.HookURL == "" {
			continue
		}
		payload["installation"] = object{"id": i.ID, "node_id": node("I", i.ID)}
		data, err := json.Marshal(payload)
		if err != nil {
			panic(fmt.Sprintf("localforge: announce %s: %v", event, err)) // only this package's own types
		}
		d := &delivery{ID: f.next(), GUID: guid(), App: app.ID, Event: event, Action: action, Repo: r.ID, Install: i.ID, Payload: data, At: f.time()}
		put(f.store, &f.deliveries, d.ID, d)
		f.hooks.send(app.ID, d.ID)
	}
}

// guid is a random UUID.
func guid() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	h := hex.EncodeToString(b[:])
	return strings.Join([]string{h[:8], h[8:12], h[12:16], h[16:20], h[20:]}, "-")
}

// deliver makes one delivery, signed with the app's secret.
func (f *Forge) deliver(ctx context.Context, client *http.Client, id int64) {
	f.mu.Lock()
	d := *f.deliveries.rows[id]
	app := *f.apps.rows[d.App]
	f.mu.Unlock()
	start := f.now()
	status, said := post(ctx, client, app, d)
	f.mu.Lock()
	defer f.mu.Unlock()
	d.Status, d.Said, d.Seconds = status, said, f.now().Sub(start).Seconds()
	put(f.store, &f.deliveries, id, &d)
}

// post sends a delivery, and returns the receiver's answer; status 0 means that there was none.
func post(ctx context.Context, client *http.Client, app App, d delivery) (status int, said string) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, app.HookURL, bytes.NewReader(d.Payload))
	if err != nil {
		return 0, err.Error()
	}
	mac := hmac.New(sha256.New, []byte(app.HookSecret))
	mac.Write(d.Payload)
	for name, value := range map[string]string{"Content-Type": "application/json", "User-Agent": "GitHub-Hookshot/localforge", "X-GitHub-Event": d.Event, "X-GitHub-Delivery": d.GUID,
		"X-GitHub-Hook-ID": fmt.Sprint(d.App), "X-GitHub-Hook-Installation-Target-ID": fmt.Sprint(d.App), "X-GitHub-Hook-Installation-Target-Type": "integration",
		"X-Hub-Signature-256": "sha256=" + hex.EncodeToString(mac.Sum(nil))} {
		request.Header.Set(name, value)
	}
	response, err := client.Do(request)
	if err != nil {
		return 0, err.Error()
	}
	defer response.Body.Close()
	text, _ := io.ReadAll(io.LimitReader(response.Body, 4<<10))
	return response.StatusCode, string(text)
}

// hookRoutes are those with which an app looks at its deliveries and has them made again.
func (f *Forge) hookRoutes(route func(pattern string, h handler)) {
	route("GET /app/hook/deliveries", f.asApp(func(q *query) answer {
		mine := f.deliveries.all(func(d *delivery) bool { return d.App == q.caller.app.ID })
		var out []*delivery
		for n := len(mine) - 1; n >= 0; n-- { // the newest first
			out = append(out, mine[n])
		}
		if len(out) > q.page(len(out)).size {
			out = out[:q.page(len(out)).size]
		}
		return ok(each(out, f.deliveryJSON))
	}))
	route("GET /app/hook/deliveries/{id}", f.asApp(func(q *query) answer {
		d := f.deliveries.rows[q.id("id")]
		if d == nil || d.App != q.caller.app.ID {
			return notFound
		}
		out := f.deliveryJSON(d)
		var payload object
		_ = json.Unmarshal(d.Payload, &payload) // it was marshalled here
		out["request"] = object{"headers": object{"X-GitHub-Delivery": d.GUID, "X-GitHub-Event": d.Event}, "payload": payload}
		out["response"] = object{"headers": object{}, "payload": d.Said}
		out["url"] = q.caller.app.HookURL
		return ok(out)
	}))
	route("POST /app/hook/deliveries/{id}/attempts", f.asApp(func(q *query) answer {
		d := f.deliveries.rows[q.id("id")]
		if d == nil || d.App != q.caller.app.ID {
			return notFound
		}
		again := *d
		again.ID, again.At, again.Redelivery, again.Status, again.Said = f.next(), f.time(), true, 0, ""
		put(f.store, &f.deliveries, again.ID, &again)
		f.hooks.send(again.App, again.ID)
		return answer{status: http.StatusAccepted, body: object{}}
	}))
}

func (f *Forge) deliveryJSON(d *delivery) object {
	status := "OK"
	if d.Status < 200 || d.Status > 299 {
		status = fmt.Sprintf("Invalid HTTP Response: %d", d.Status)
	}
	return object{"id": d.ID, "guid": d.GUID, "delivered_at": stamp(d.At), "redelivery": d.Redelivery, "duration": d.Seconds, "status": status, "status_code": d.Status,
		"event": d.Event, "action": body(d.Action), "installation_id": d.Install, "repository_id": d.Repo}
}

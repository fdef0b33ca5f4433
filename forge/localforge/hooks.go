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
	"net/url"
	"slices"
	"strconv"
	"strings"
)

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
	row := f.deliveries.rows[id]
	if row == nil { // too old to be kept, before it was sent
		f.mu.Unlock()
		return
	}
	d, app := *row, *f.apps.rows[row.App]
	f.mu.Unlock()
	if f.sent != nil {
		f.sent(d.Event, d.Payload)
	}
	start := f.now()
	status, said := post(ctx, client, app, d)
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.deliveries.rows[id] != nil {
		put(f.store, &f.outcomes, id, &outcome{Status: status, Said: said, Seconds: f.now().Sub(start).Seconds()})
	}
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
	route("GET /app/hook/deliveries", f.asApp(f.listDeliveries))
	route("GET /app/hook/deliveries/{id}", f.asApp(func(q *query) answer {
		d := f.deliveries.rows[q.id("id")]
		if d == nil || d.App != q.caller.app.ID {
			return notFound
		}
		out := f.deliveryJSON(d)
		var payload object
		_ = json.Unmarshal(d.Payload, &payload) // it was marshalled here
		out["request"] = object{"headers": object{"X-GitHub-Delivery": d.GUID, "X-GitHub-Event": d.Event}, "payload": payload}
		out["response"] = object{"headers": object{}, "payload": f.outcome(d).Said}
		out["url"] = q.caller.app.HookURL
		return ok(out)
	}))
	route("POST /app/hook/deliveries/{id}/attempts", f.asApp(func(q *query) answer {
		d := f.deliveries.rows[q.id("id")]
		if d == nil || d.App != q.caller.app.ID {
			return notFound
		}
		again := *d
		again.ID, again.At, again.Redelivery = f.next(), f.time(), true
		f.keepDelivery(again)
		f.hooks.send(again.App, again.ID, 0)
		return answer{status: http.StatusAccepted, body: object{}}
	}))
}

// listDeliveries lists the deliveries that were tried, the newest first. A cursor is the id of the last one of the page before.
func (f *Forge) listDeliveries(q *query) answer {
	v := q.r.URL.Query()
	before := int64(1) << 62
	if text := v.Get("cursor"); text != "" {
		id, err := strconv.ParseInt(strings.TrimPrefix(text, "v1_"), 10, 64)
		if err != nil {
			return invalid("WebhookDelivery", "cursor", "invalid", "")
		}
		before = id
	}
	found := f.deliveries.of(q.caller.app.ID, func(d *delivery) bool {
		x := f.outcomes.rows[d.ID]
		return x != nil && d.ID < before && (v.Get("status") == "" || (v.Get("status") == "success") == x.well())
	})
	slices.Reverse(found)
	size := q.page(len(found)).size
	a := ok(each(found[:min(size, len(found))], f.deliveryJSON))
	if len(found) > size {
		next := url.Values{"cursor": {fmt.Sprintf("v1_%d", found[size-1].ID)}, "per_page": {strconv.Itoa(size)}}
		if v.Has("status") {
			next.Set("status", v.Get("status"))
		}
		a.header = http.Header{"Link": {fmt.Sprintf("<%s%s?%s>; rel=\"next\"", q.base, q.r.URL.Path, next.Encode())}}
	}
	return a
}

// outcome is what became of a delivery so far.
func (f *Forge) outcome(d *delivery) outcome {
	if x := f.outcomes.rows[d.ID]; x != nil {
		return *x
	}
	return outcome{}
}

// well says whether the receiver took a delivery.
func (x *outcome) well() bool { return x.Status >= 200 && x.Status <= 299 }

func (f *Forge) deliveryJSON(d *delivery) object {
	x := f.outcome(d)
	status := "OK"
	if x.Status == 0 {
		status = "failed to connect to host"
	} else if !x.well() {
		status = fmt.Sprintf("Invalid HTTP Response: %d", x.Status)
	}
	out := object{"id": d.ID, "guid": d.GUID, "delivered_at": stamp(d.At), "redelivery": d.Redelivery, "duration": x.Seconds, "status": status, "status_code": x.Status,
		"event": d.Event, "action": body(d.Action), "installation_id": d.Install, "repository_id": nil}
	if d.Repo != 0 {
		out["repository_id"] = d.Repo
	}
	return out
}

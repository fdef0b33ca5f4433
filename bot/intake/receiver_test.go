package intake

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestReceiveStoresBeforeAnswering(t *testing.T) {
	s := newStore(t)
	g := newGate(s)
	receiver := start(t, options(g))
	answered := make(chan int)
	go func() { answered <- send(receiver, request(guid(1), "issue_comment", comment(7))).Code }()
	<-g.began
	select {
	case code := <-answered:
		t.Errorf("answered %d before it was stored", code)
	default:
	}
	g.let <- nil
	if code := <-answered; code != 202 {
		t.Errorf("answered %d", code)
	}
	if want := map[string]string{guid(1): "0/comment/7/created"}; !maps.Equal(s.ids(t), want) {
		t.Errorf("stored %v, want %v", s.ids(t), want)
	}
}

func TestReceiveForm(t *testing.T) {
	s := newStore(t)
	body := []byte("payload=" + url.QueryEscape(string(comment(7))))
	r := request(guid(1), "issue_comment", body)
	r.Header.Set("Content-Type", formType+"; charset=UTF-8")
	wantStatus(t, send(start(t, options(s)), r), 202)
	var payload string
	if err := s.db.QueryRow(`select payload from deliveries`).Scan(&payload); err != nil || payload != string(comment(7)) {
		t.Errorf("stored %q, %v", payload, err)
	}
}

func TestReceiveLeavesOutRepeats(t *testing.T) {
	s := newStore(t)
	o := options(s)
	var woken atomic.Int64
	o.Woken = func() { woken.Add(1) }
	at := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	o.Now = func() time.Time { return at }
	receiver := start(t, o)
	deliveries := []struct {
		why, id, event string
		body           []byte
	}{
		{"the first", "AAAAAAAA-0000-4000-8000-000000000001", "issue_comment", comment(1)},
		{"the same again", "AAAAAAAA-0000-4000-8000-000000000001", "issue_comment", comment(1)},
		{"the same id in lower case", "aaaaaaaa-0000-4000-8000-000000000001", "issue_comment", comment(1)},
		{"a replay with another id", guid(2), "issue_comment", comment(1)},
		{"another event with a known id", "aaaaaaaa-0000-4000-8000-000000000001", "issue_comment", comment(2)},
		{"an event without a key", guid(3), "star", []byte(`{"action":"created"}`)},
		{"another event without a key", guid(4), "star", []byte(`{"action":"created"}`)},
		{"what does not concern the bot", guid(5), "ping", []byte(`{}`)},
	}
	for _, d := range deliveries {
		if w := send(receiver, request(d.id, d.event, d.body)); w.Code != 202 {
			t.Errorf("%s: answered %d", d.why, w.Code)
		}
	}
	want := map[string]string{"aaaaaaaa-0000-4000-8000-000000000001": "0/comment/1/created", guid(3): "", guid(4): ""}
	if got := s.ids(t); !maps.Equal(got, want) {
		t.Errorf("stored %v, want %v", got, want)
	}
	st := receiver.Stats()
	if st.Received != 8 || st.Fresh != 3 || st.Repeated != 4 || st.Unconcerned != 1 || len(st.Refused) != 0 || !st.Last.Equal(at) {
		t.Errorf("counted %+v", st)
	}
	if woken.Load() != 3 {
		t.Errorf("woken %d times, want 3", woken.Load())
	}
}

// 1,000 deliveries: a tenth repeated under their own id, some of those events under another id, a tenth out of order, all at once.
func TestReceiveThousandAtOnce(t *testing.T) {
	const events = 900
	s := newStore(t)
	receiver := start(t, options(s))
	random := rand.New(rand.NewPCG(1, 2))
	type sent struct{ id, event int }
	var order []sent
	for n := range events {
		order = append(order, sent{n, n})
	}
	for n := range 100 {
		again := sent{random.IntN(events), 0}
		again.event = again.id
		if n%2 == 1 {
			again.id = events + n
		}
		order = append(order, again)
	}
	for range len(order) / 10 {
		a, b := random.IntN(len(order)), random.IntN(len(order))
		order[a], order[b] = order[b], order[a]
	}
	todo := make(chan sent)
	var workers sync.WaitGroup
	for range 50 {
		workers.Go(func() {
			for d := range todo {
				if w := send(receiver, request(guid(d.id), "issue_comment", comment(d.event))); w.Code != 202 {
					t.Errorf("delivery %d: answered %d", d.id, w.Code)
				}
			}
		})
	}
	for _, d := range order {
		todo <- d
	}
	close(todo)
	workers.Wait()
	keys := map[string]bool{}
	for _, key := range s.ids(t) {
		keys[key] = true
	}
	for n := range events {
		if !keys[fmt.Sprintf("0/comment/%d/created", n)] {
			t.Errorf("event %d is not stored", n)
		}
	}
	if stored := len(s.ids(t)); stored != events {
		t.Errorf("%d stored, want %d", stored, events)
	}
	if st := receiver.Stats(); st.Received != 1000 || st.Fresh != events || st.Repeated != 100 {
		t.Errorf("counted %+v", st)
	}
}

func TestGroupCommit(t *testing.T) {
	s := newStore(t)
	g := newGate(s)
	receiver := start(t, options(g))
	codes := make(chan int, 300)
	deliver := func(n int) {
		go func() { codes <- send(receiver, request(guid(n), "issue_comment", comment(n))).Code }()
	}
	deliver(0)
	if n := <-g.began; n != 1 {
		t.Fatalf("the first batch has %d, want 1 at once", n)
	}
	for n := 1; n < 300; n++ {
		deliver(n)
	}
	waitFor(t, func() bool { return receiver.Stats().Waiting == 299 })
	g.let <- nil
	for _, want := range []int{maxBatch, 299 - maxBatch} {
		if n := <-g.began; n != want {
			t.Errorf("a batch has %d, want %d", n, want)
		}
		g.let <- nil
	}
	for range 300 {
		if code := <-codes; code != 202 {
			t.Errorf("answered %d", code)
		}
	}
}

func TestStoreFailsAndRecovers(t *testing.T) {
	s := newStore(t)
	g := newGate(s)
	o := options(g)
	o.Woken = func() {}
	receiver := start(t, o)
	go func() {
		<-g.began
		g.let <- errors.New("disk full")
		<-g.began
		g.let <- nil
	}()
	w := send(receiver, request(guid(1), "issue_comment", comment(1)))
	wantStatus(t, w, 503)
	if w.Header().Get("Retry-After") == "" || strings.Contains(w.Body.String(), "disk") {
		t.Errorf("answered %q with Retry-After %q", w.Body, w.Header().Get("Retry-After"))
	}
	if len(s.ids(t)) != 0 {
		t.Error("it is stored all the same")
	}
	wantStatus(t, send(receiver, request(guid(1), "issue_comment", comment(1))), 202)
	if st := receiver.Stats(); st.Refused[ReasonStore] != 1 || st.Fresh != 1 || len(s.ids(t)) != 1 {
		t.Errorf("counted %+v", st)
	}
}

func TestHangingStoreIsGivenUp(t *testing.T) {
	o := options(hanging{})
	o.StoreTimeout = time.Millisecond
	wantStatus(t, send(start(t, o), request(guid(1), "push", comment(1))), 503)
}

type hanging struct{}

func (hanging) Receive(ctx context.Context, _ []Delivery) (int, error) {
	<-ctx.Done()
	return 0, ctx.Err()
}

func TestQueueFull(t *testing.T) {
	g := newGate(newStore(t))
	o := options(g)
	o.QueueLimit = 2
	receiver := start(t, o)
	codes := make(chan int, 3)
	deliver := func(n int) { codes <- send(receiver, request(guid(n), "push", comment(n))).Code }
	go deliver(0)
	<-g.began
	go deliver(1)
	go deliver(2)
	waitFor(t, func() bool { return receiver.Stats().Waiting == 2 })
	w := send(receiver, request(guid(3), "push", comment(3)))
	wantStatus(t, w, 503)
	if w.Header().Get("Retry-After") == "" || receiver.Stats().Refused[ReasonFull] != 1 {
		t.Errorf("Retry-After %q, %v", w.Header().Get("Retry-After"), receiver.Stats().Refused)
	}
	g.let <- nil
	<-g.began
	g.let <- nil
	for range 3 {
		if code := <-codes; code != 202 {
			t.Errorf("answered %d", code)
		}
	}
}

func TestClientGoneIsStored(t *testing.T) {
	s := newStore(t)
	g := newGate(s)
	receiver := start(t, options(g))
	ctx, leave := context.WithCancel(context.Background())
	answered := make(chan int)
	go func() { answered <- send(receiver, request(guid(1), "push", comment(1)).WithContext(ctx)).Code }()
	<-g.began
	leave()
	g.let <- nil
	<-answered
	if len(s.ids(t)) != 1 {
		t.Error("it was not stored")
	}
}

func TestCloseCommitsWhatWaits(t *testing.T) {
	s := newStore(t)
	g := newGate(s)
	receiver := New(options(g))
	codes := make(chan int, 20)
	for n := range 20 {
		go func() { codes <- send(receiver, request(guid(n), "push", comment(n))).Code }()
	}
	first := <-g.began
	waitFor(t, func() bool { return receiver.Stats().Waiting == 20-first })
	short, cancel := context.WithCancel(context.Background())
	cancel()
	if err := receiver.Close(short); !errors.Is(err, context.Canceled) {
		t.Errorf("close in mid-batch: %v", err)
	}
	w := send(receiver, request(guid(99), "push", comment(99)))
	wantStatus(t, w, 503)
	if receiver.Stats().Refused[ReasonClosed] != 1 {
		t.Errorf("counted %v", receiver.Stats().Refused)
	}
	go func() {
		g.let <- nil
		if first < 20 {
			<-g.began
			g.let <- nil
		}
	}()
	if err := receiver.Close(context.Background()); err != nil {
		t.Error(err)
	}
	for range 20 {
		if code := <-codes; code != 202 {
			t.Errorf("answered %d", code)
		}
	}
	if n := len(s.ids(t)); n != 20 {
		t.Errorf("%d stored, want 20", n)
	}
}

// While it is closed under load, each delivery is either answered 202 and stored, or neither.
func TestCloseUnderLoad(t *testing.T) {
	s := newStore(t)
	receiver := New(options(s))
	var accepted sync.Map
	var workers sync.WaitGroup
	enough := make(chan struct{}, 1000)
	for worker := range 8 {
		workers.Go(func() {
			for n := range 200 {
				id := guid(worker*1000 + n)
				switch w := send(receiver, request(id, "star", []byte(`{}`))); w.Code {
				case 202:
					accepted.Store(id, true)
					enough <- struct{}{}
				case http.StatusServiceUnavailable:
					return
				default:
					t.Errorf("answered %d", w.Code)
				}
			}
		})
	}
	for range 50 {
		<-enough
	}
	if err := receiver.Close(context.Background()); err != nil {
		t.Error(err)
	}
	go func() {
		for range enough {
		}
	}()
	workers.Wait()
	close(enough)
	stored, answered := s.ids(t), 0
	accepted.Range(func(id, _ any) bool {
		answered++
		if _, ok := stored[id.(string)]; !ok {
			t.Errorf("%s was answered 202 and is not stored", id)
		}
		return true
	})
	if answered != len(stored) {
		t.Errorf("%d answered 202, %d stored", answered, len(stored))
	}
}

func waitFor(tb testing.TB, done func() bool) {
	tb.Helper()
	for deadline := time.Now().Add(20 * time.Second); !done(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			tb.Fatal("waited in vain")
		}
	}
}

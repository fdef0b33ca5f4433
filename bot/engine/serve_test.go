package engine

import (
	"context"
	"io"
	"testing"
	"time"
)

// A cancellation hits the request of its id, whether that runs already or not, and no other.
func TestCancelByID(t *testing.T) {
	requests, toServer := io.Pipe()
	fromServer, replies := io.Pipe()
	s := &server{replies: replies, work: make(chan request, 4)}
	db, err := openDatabase(context.Background(), opening{Dir: t.TempDir(), Spill: t.TempDir(), Memory: 64 << 20, MaxSpill: 1 << 20, Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir()) // where openDatabase went is removed with the test
	defer db.close()
	s.db = db
	go s.read(requests)
	go s.serve()
	send := func(r request) {
		r.Timeout = time.Minute
		if err := writeFrame(toServer, r); err != nil {
			t.Fatal(err)
		}
	}
	receive := func(id uint64) *Error {
		var r reply
		if err := readFrame(fromServer, &r); err != nil {
			t.Fatal(err)
		}
		if r.ID != id {
			t.Fatalf("got the reply to %d, want that to %d", r.ID, id)
		}
		return r.Err
	}
	running := func(id uint64) {
		for {
			s.mu.Lock()
			now := s.running
			s.mu.Unlock()
			if now == id {
				return
			}
			time.Sleep(time.Millisecond)
		}
	}
	const slow = "SELECT count(*) FROM range(30000000) a WHERE hash(a.range) = 1"
	send(request{ID: 1, Op: opQuery, SQL: "SELECT 1", Limit: 1})
	if e := receive(1); e != nil {
		t.Fatal(e)
	}
	send(request{ID: 2, Op: opQuery, SQL: slow, Limit: 1})
	running(2)
	send(request{ID: 1, Op: opCancel}) // too late for 1, and nothing to 2
	if e := receive(2); e != nil {
		t.Errorf("another request was stopped: %v", e)
	}
	send(request{ID: 3, Op: opQuery, SQL: endless, Limit: 1})
	running(3)
	send(request{ID: 3, Op: opCancel})
	if e := receive(3); e == nil || e.Kind != KindCancelled {
		t.Errorf("got %v", e)
	}
	send(request{ID: 4, Op: opQuery, SQL: slow, Limit: 1})
	send(request{ID: 5, Op: opCancel}) // before it begins
	send(request{ID: 5, Op: opQuery, SQL: endless, Limit: 1})
	if e := receive(4); e != nil {
		t.Errorf("another request was stopped: %v", e)
	}
	if e := receive(5); e == nil || e.Kind != KindCancelled {
		t.Errorf("got %v", e)
	}
}

package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"sync"
	"time"

	"github.com/codicil-dev/codicil/bot/sandbox"
)

// init takes over if this process is the child of a Session, and then never returns. It is here and not called by main because a child needs
// nothing of what other packages prepare, which takes longer than DuckDB's own start: packages are initialised in the order of their
// imports, then of their names.
func init() {
	if !sandbox.IsChild(os.Args, marker) {
		return
	}
	go func() { os.Exit(serveChild()) }() // not here: this goroutine is bound to a thread
	select {}
}

// serveChild is the child's whole life; the result is its exit code.
func serveChild() int {
	debug.SetTraceback("single")
	time.Local = time.UTC
	requests, replies, err := sandbox.Enter()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	s := &server{replies: replies, work: make(chan request, 1)}
	go s.read(requests)
	if err := s.serve(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// server is the child's side of a Session.
type server struct {
	replies io.Writer
	work    chan request
	db      *database

	mu      sync.Mutex
	cancel  context.CancelFunc // of the running request; nil if none runs
	running uint64             // its ID
	stopped uint64             // the last request that shall not run on, begun or not
}

// read takes requests until the parent is gone, and then ends the process whatever it is doing.
func (s *server) read(requests io.Reader) {
	for {
		var r request
		if err := readFrame(requests, &r); err != nil {
			os.Exit(0)
		}
		if r.Op != opCancel {
			s.work <- r
			continue
		}
		s.mu.Lock()
		s.stopped = r.ID
		if s.cancel != nil && s.running == r.ID {
			s.cancel()
		}
		s.mu.Unlock()
	}
}

// serve answers requests, one after the other, until opClose.
func (s *server) serve() error {
	for r := range s.work {
		ctx, cancel := context.WithTimeout(context.Background(), r.Timeout)
		s.mu.Lock()
		s.cancel, s.running = cancel, r.ID
		if s.stopped == r.ID {
			cancel()
		}
		s.mu.Unlock()
		p := s.answer(ctx, r)
		p.ID = r.ID
		if p.Err != nil && p.Err.Kind == KindCancelled && errors.Is(ctx.Err(), context.DeadlineExceeded) {
			p.Err.Kind = KindTimeout
		}
		s.mu.Lock()
		s.cancel = nil
		s.mu.Unlock()
		cancel()
		if err := writeFrame(s.replies, p); err != nil {
			return err
		}
		if r.Op == opClose {
			return nil
		}
	}
	return nil
}

// answer does what r asks.
func (s *server) answer(ctx context.Context, r request) (p reply) {
	var err error
	if s.db == nil && r.Op != opOpen && r.Op != opClose {
		return reply{Err: &Error{Kind: KindClosed, Message: "no database is open"}}
	}
	switch r.Op {
	case opOpen:
		s.db, err = openDatabase(ctx, *r.Open)
	case opExec:
		err = s.db.exec(ctx, r.SQL)
	case opLock:
		err = s.db.lock(ctx)
	case opQuery:
		p.Rows, err = s.db.query(ctx, r.SQL, r.Limit)
	case opPlan:
		p.Plan, err = s.db.plan(ctx, r.SQL)
	case opParse:
		p.Trees, err = s.db.parse(ctx, r.Statements)
	case opClose:
		err = s.db.close()
	default:
		err = fmt.Errorf("unknown request %q", r.Op)
	}
	if err != nil {
		return reply{Err: explain(err)}
	}
	return p
}

package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

// answer is a reply, or why there is none.
type answer struct {
	reply reply
	err   error
}

// do sends r and waits for its reply, its time limit or the caller's end.
func (s *Session) do(ctx context.Context, r request) (reply, error) {
	if s.ended != nil {
		return reply{}, &Error{Kind: KindClosed, Message: s.ended.Message, Detail: s.ended.Detail}
	}
	if err := ctx.Err(); err != nil {
		return reply{}, s.givenUp(ctx)
	}
	s.nextID++
	r.ID, r.Timeout = s.nextID, s.options.StatementTimeout
	got := make(chan answer, 1)
	go func() {
		var a answer
		if a.err = s.send(r); a.err == nil {
			a.err = readFrame(s.child.Replies(), &a.reply)
		}
		got <- a
	}()
	limit := time.NewTimer(r.Timeout + grace/2) // the child's own clock should strike first
	defer limit.Stop()
	select {
	case a := <-got:
		return s.judge(r, a)
	case <-limit.C:
		return reply{}, s.stop(r.ID, got, s.timedOut())
	case <-ctx.Done():
		return reply{}, s.stop(r.ID, got, s.givenUp(ctx))
	}
}

// send writes r to the child.
func (s *Session) send(r request) error {
	s.write.Lock()
	defer s.write.Unlock()
	return writeFrame(s.child.Requests(), r)
}

// judge turns an answer into a result.
func (s *Session) judge(r request, a answer) (reply, error) {
	if a.err == nil && a.reply.ID != r.ID {
		a.err = fmt.Errorf("it answered request %d instead of %d", a.reply.ID, r.ID)
	}
	if a.err != nil {
		return reply{}, s.crashed(a.err)
	}
	e := a.reply.Err
	switch {
	case e == nil:
		return a.reply, nil
	case e.Kind == KindCrash:
		s.end(e)
	case e.Kind == KindTimeout:
		return reply{}, s.timedOut()
	}
	return reply{}, e
}

// stop has the child stop the request of that id because of reason. One that does not within the grace is killed, which ends
// the session.
func (s *Session) stop(id uint64, got <-chan answer, reason *Error) error {
	go func() { _ = s.send(request{ID: id, Op: opCancel}) }() // if it does not arrive the child is killed
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case a := <-got:
		if a.err == nil {
			return reason
		}
	case <-timer.C:
	}
	s.child.Kill()
	s.end(&Error{Message: reason.Message + " and did not stop when told to"})
	return reason
}

// timedOut is the error of a request that took too long.
func (s *Session) timedOut() *Error {
	return &Error{Kind: KindTimeout, Message: fmt.Sprintf("the statement ran longer than the %s allowed", s.options.StatementTimeout)}
}

// givenUp is the error of a request whose caller's context ended.
func (s *Session) givenUp(ctx context.Context) *Error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return &Error{Kind: KindTimeout, Message: "the statement was not done when its caller's time was up"}
	}
	return &Error{Kind: KindCancelled, Message: "the statement was stopped by its caller"}
}

// end notes that no further request can be served, and why.
func (s *Session) end(e *Error) {
	s.ended = &Error{Kind: KindClosed, Message: "DuckDB's process is gone since an earlier statement: " + e.Message, Detail: e.Detail}
}

// crashed finds out how a child ended that broke off the conversation with err.
func (s *Session) crashed(err error) error {
	select {
	case <-s.child.Done():
	case <-time.After(grace): // it speaks nonsense, or it closed the pipe and lives on
	}
	alive := false
	select {
	case <-s.child.Done():
	default:
		alive = true
		s.child.Kill()
	}
	exit := s.child.Exit()
	e := &Error{Kind: KindCrash, Detail: exit.Output}
	cause := exit.Signal
	if cause == "" {
		cause = spokenCause(exit.Output)
	}
	switch {
	case alive && !errors.Is(err, io.EOF):
		e.Message = fmt.Sprintf("DuckDB's process was stopped because it spoke nonsense: %v", err)
	case cause == outOfMemory:
		e.Kind, e.Message = KindMemory, "the statement needs more memory than allowed, and DuckDB's process ended by it"
	case cause == "":
		e.Message = fmt.Sprintf("DuckDB's process ended in the middle of the statement (%s)", exit)
	default:
		e.Message = fmt.Sprintf("DuckDB's process crashed in the middle of the statement (%s)", cause)
	}
	s.end(e)
	return e
}

// outOfMemory is the cause of an end for want of memory.
const outOfMemory = "out of memory"

// spokenCause finds in the child's last output why it ended: the Go runtime turns most signals into a message.
func spokenCause(output string) string {
	for _, want := range []string{"out of memory", "cannot allocate memory", "Cannot allocate memory", "std::bad_alloc", "failed to create new OS thread", "pthread_create failed"} {
		if strings.Contains(output, want) {
			return outOfMemory
		}
	}
	for line := range strings.Lines(output) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "SIG") || strings.HasPrefix(line, "panic: ") || strings.HasPrefix(line, "fatal error: ") {
			name, _, _ := strings.Cut(line, ": ")
			if strings.HasPrefix(line, "SIG") {
				return name
			}
			return line
		}
	}
	return ""
}

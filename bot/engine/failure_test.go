package engine

import (
	"context"
	"errors"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

// endless is a query that no machine finishes.
const endless = "SELECT count(*) FROM range(1000000000) a, range(1000000000) b WHERE hash(a.range + b.range) = 1"

func TestTimeout(t *testing.T) {
	s := open(t, Options{StatementTimeout: 300 * time.Millisecond})
	began := time.Now()
	_, err := s.Query(context.Background(), endless, -1)
	e := wantKind(t, err, KindTimeout)
	if !strings.Contains(e.Message, "300ms") {
		t.Errorf("the limit is not told: %s", e.Message)
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("took %s", took)
	}
	if got := text(t, s, "SELECT 1"); got != "1" {
		t.Errorf("after the timeout: got %q", got)
	}
}

func TestCallerGivesUp(t *testing.T) {
	s := open(t, Options{})
	ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
	defer cancel()
	_, err := s.Query(ctx, endless, -1)
	wantKind(t, err, KindTimeout)
	ctx, cancel = context.WithCancel(context.Background())
	time.AfterFunc(200*time.Millisecond, cancel)
	wantKind(t, s.Exec(ctx, endless), KindCancelled)
	wantKind(t, s.Exec(ctx, "SELECT 1"), KindCancelled)
	if got := text(t, s, "SELECT 1"); got != "1" {
		t.Errorf("afterwards: got %q", got)
	}
}

// A request that comes right after one that was stopped is not hit by the same stop.
func TestStopOnlyOne(t *testing.T) {
	s := open(t, Options{})
	for i := range 30 {
		ctx, cancel := context.WithTimeout(context.Background(), time.Duration(i*70)*time.Microsecond)
		_, err := s.Query(ctx, "SELECT count(*) FROM range(1000)", -1)
		cancel()
		if err != nil {
			wantKind(t, err, KindTimeout)
		}
		if got := text(t, s, "SELECT count(*) FROM range(1000)"); got != "1000" {
			t.Fatalf("got %q", got)
		}
	}
}

// A child that does not answer at all is killed.
func TestStuckChild(t *testing.T) {
	s := open(t, Options{StatementTimeout: 200 * time.Millisecond})
	if err := syscall.Kill(s.child.PID(), syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	_, err := s.Query(context.Background(), "SELECT 1", -1)
	wantKind(t, err, KindTimeout)
	_, err = s.Query(context.Background(), "SELECT 1", -1)
	wantKind(t, err, KindClosed)
	if err := s.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
}

func TestOutOfMemory(t *testing.T) {
	s := open(t, Options{Memory: 64 << 20, Threads: 2})
	_, err := s.Query(context.Background(), "SELECT list(range::VARCHAR || 'some text that takes room') FROM range(30000000)", -1)
	wantKind(t, err, KindMemory)
	if got := text(t, s, "SELECT 1"); got != "1" {
		t.Errorf("afterwards: got %q", got)
	}
}

// A file that reaches its limit is an error of the statement, on whichever thread it is written.
func TestFileSize(t *testing.T) {
	s := open(t, Options{WriteDir: t.TempDir(), Database: "x.db", FileSize: 8 << 20, Memory: 64 << 20, Threads: 4})
	for range 3 {
		err := s.Exec(context.Background(), "CREATE TABLE big AS SELECT range AS x, md5(range::VARCHAR) || md5((range + 1)::VARCHAR) AS y FROM range(1500000)")
		wantKind(t, err, KindMemory)
	}
	if got := text(t, s, "SELECT 1"); got != "1" {
		t.Errorf("afterwards: got %q", got)
	}
}

// The limit of the process holds also against what DuckDB does not count.
func TestProcessMemory(t *testing.T) {
	if raceDetector {
		t.Skip("no limit with the race detector")
	}
	s := open(t, Options{Memory: 64 << 20, Threads: 1})
	_, err := s.Query(context.Background(), "SELECT length(repeat('x', 2000000000))", -1)
	e := wantKind(t, err, KindMemory)
	t.Log(e.Message)
}

func TestCrash(t *testing.T) {
	for _, signal := range []syscall.Signal{syscall.SIGKILL, syscall.SIGSEGV, syscall.SIGABRT} {
		t.Run(signal.String(), func(t *testing.T) {
			dir := t.TempDir()
			s := open(t, Options{WriteDir: dir})
			time.AfterFunc(200*time.Millisecond, func() { _ = syscall.Kill(s.child.PID(), signal) })
			_, err := s.Query(context.Background(), endless, -1)
			e := wantKind(t, err, KindCrash)
			name := map[syscall.Signal]string{syscall.SIGKILL: "SIGKILL", syscall.SIGSEGV: "SIGSEGV", syscall.SIGABRT: "SIGABRT"}[signal]
			if !strings.Contains(e.Message, "crashed in the middle of the statement ("+name+")") {
				t.Errorf("got %q, detail %s", e.Message, e.Detail)
			}
			if len(e.Detail) > 8<<10 {
				t.Errorf("detail of %d bytes", len(e.Detail))
			}
			closed := wantKind(t, s.Exec(context.Background(), "SELECT 1"), KindClosed)
			if !strings.Contains(closed.Message, name) {
				t.Errorf("the reason is not told: %s", closed.Message)
			}
			if err := s.Close(); err != nil {
				t.Errorf("Close: %v", err)
			}
			if got := files(t, dir); len(got) > 0 {
				t.Errorf("left behind: %v", got)
			}
		})
	}
}

func TestClosed(t *testing.T) {
	s := open(t, Options{})
	private, pid := s.private, s.child.PID()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	wantKind(t, s.Lock(context.Background()), KindClosed)
	_, err := s.Parse(context.Background(), []string{"SELECT 1"})
	wantKind(t, err, KindClosed)
	if _, err := os.Stat(private); !os.IsNotExist(err) {
		t.Errorf("the session's folder is still there: %v", err)
	}
	if err := syscall.Kill(pid, 0); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("the child is still there: %v", err)
	}
}

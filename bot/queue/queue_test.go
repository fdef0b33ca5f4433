package queue_test

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/codicil-dev/codicil/bot/queue"
	"github.com/codicil-dev/codicil/bot/state"
	"github.com/codicil-dev/codicil/forge"
)

// record notes which jobs ran.
type record struct {
	mu  sync.Mutex
	ran []string
	new chan string
}

func newRecord() *record { return &record{new: make(chan string, 100)} }

func (r *record) note(argument string) (times int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ran = append(r.ran, argument)
	for _, x := range r.ran {
		if x == argument {
			times++
		}
	}
	r.new <- argument
	return times
}

func (r *record) wait(t *testing.T) string {
	t.Helper()
	select {
	case s := <-r.new:
		return s
	case <-time.After(20 * time.Second):
		t.Fatal("no job ran")
		return ""
	}
}

func database(t *testing.T, file string) *state.DB {
	t.Helper()
	db, err := state.Open(t.Context(), file, nil)
	if err != nil {
		t.Fatal(err)
	}
	return db
}

func start(t *testing.T, db *state.DB, h queue.Handler, attempts int) *queue.Queue {
	t.Helper()
	q, err := queue.New(t.Context(), db, map[string]queue.Line{"line": {Handler: h, Workers: 2, Timeout: time.Minute, Attempts: attempts}}, time.Now, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if err := q.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	return q
}

func stop(t *testing.T, q *queue.Queue) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := q.Stop(ctx); err != nil {
		t.Error(err)
	}
}

func add(t *testing.T, db *state.DB, q *queue.Queue, argument string) {
	t.Helper()
	if err := db.Update(t.Context(), func(tx *state.Tx) error { return q.Add(t.Context(), tx, "line", argument) }); err != nil {
		t.Fatal(err)
	}
}

func TestJobsRunAndThoseThatMayAreTriedAgain(t *testing.T) {
	db := database(t, filepath.Join(t.TempDir(), "q.db"))
	defer db.Close()
	r := newRecord()
	q := start(t, db, func(_ context.Context, argument string) error {
		if times := r.note(argument); times > 1 {
			return nil
		}
		switch argument {
		case "later":
			return &queue.LaterError{Until: time.Now().Add(50 * time.Millisecond), Why: "it is not its turn"}
		case "limited":
			return &forge.RetryError{After: time.Now().Add(50 * time.Millisecond), Err: errors.New("too many requests")}
		case "failed":
			return errors.New("the first time it fails")
		case "dead":
			return &queue.DeadError{Err: errors.New("it is no use")}
		}
		return nil
	}, 5)
	defer stop(t, q)
	want := map[string]int{"fine": 1, "later": 2, "limited": 2, "failed": 2, "dead": 1}
	total := 0
	for name, n := range want {
		add(t, db, q, name)
		total += n
	}
	got := map[string]int{}
	for range total {
		got[r.wait(t)]++
	}
	for name, n := range want {
		if got[name] != n {
			t.Errorf("%s ran %d times, want %d", name, got[name], n)
		}
	}
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		dead, err := q.Dead(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if len(dead) == 1 && dead[0].Argument == "dead" && dead[0].Line == "line" {
			if err := db.Update(t.Context(), func(tx *state.Tx) error { return q.Revive(t.Context(), tx, dead[0].ID) }); err != nil {
				t.Fatal(err)
			}
			break
		}
		if time.Now().After(end) {
			t.Fatalf("dead: %+v", dead)
		}
	}
	if again := r.wait(t); again != "dead" {
		t.Errorf("%s ran, and not the one that was revived", again)
	}
}

func TestAJobOfADeadProcessIsTakenUpAtOnce(t *testing.T) {
	file := filepath.Join(t.TempDir(), "q.db")
	db := database(t, file)
	began := newRecord()
	q := start(t, db, func(ctx context.Context, argument string) error {
		began.note(argument)
		<-ctx.Done() // it never ends by itself
		return ctx.Err()
	}, 5)
	add(t, db, q, "long")
	began.wait(t)
	// As if the process had been killed: what River knows stays as it is.
	if err := db.Update(t.Context(), func(tx *state.Tx) error {
		_, err := tx.SQL.Exec(`create table killed as select * from river_job`)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	ended, cancel := context.WithTimeout(context.Background(), time.Millisecond)
	defer cancel()
	_ = q.Stop(ended)
	if err := db.Update(t.Context(), func(tx *state.Tx) error {
		_, err := tx.SQL.Exec(`delete from river_job; insert into river_job select * from killed; drop table killed`)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	db = database(t, file)
	defer db.Close()
	again := newRecord()
	start := time.Now()
	q, err := queue.New(t.Context(), db, map[string]queue.Line{"line": {Handler: func(_ context.Context, argument string) error { again.note(argument); return nil }, Workers: 1, Timeout: time.Minute, Attempts: 5}}, time.Now, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if err := q.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	defer stop(t, q)
	if got := again.wait(t); got != "long" || time.Since(start) > 15*time.Second {
		t.Errorf("%s ran after %v", got, time.Since(start))
	}
}

func TestAJobThatWasNotCommittedIsNone(t *testing.T) {
	db := database(t, filepath.Join(t.TempDir(), "q.db"))
	defer db.Close()
	r := newRecord()
	q := start(t, db, func(_ context.Context, argument string) error { r.note(argument); return nil }, 5)
	defer stop(t, q)
	_ = db.Update(t.Context(), func(tx *state.Tx) error {
		if err := q.Add(t.Context(), tx, "line", "undone"); err != nil {
			t.Error(err)
		}
		return errors.New("no")
	})
	add(t, db, q, "done")
	if got := r.wait(t); got != "done" {
		t.Errorf("%s ran", got)
	}
	if err := db.Update(t.Context(), func(tx *state.Tx) error { return q.Add(t.Context(), tx, "nowhere", "x") }); err == nil {
		t.Error("a line that is not there takes jobs")
	}
}

func TestAnInterruptedJobIsNotTriedTooOften(t *testing.T) {
	db := database(t, filepath.Join(t.TempDir(), "q.db"))
	defer db.Close()
	began := newRecord()
	q := start(t, db, func(ctx context.Context, argument string) error {
		if began.note(argument) > 1 {
			return nil
		}
		<-ctx.Done()
		return ctx.Err()
	}, 1)
	add(t, db, q, "long")
	began.wait(t)
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	if err := q.Stop(ended); err != nil {
		t.Fatal(err)
	}
	q = start(t, db, func(_ context.Context, argument string) error { began.note(argument); return nil }, 1)
	defer stop(t, q)
	if got := began.wait(t); got != "long" {
		t.Errorf("%s ran", got)
	}
	if dead, err := q.Dead(t.Context()); len(dead) != 0 || err != nil {
		t.Errorf("dead: %+v %v", dead, err)
	}
}

// TestAJobThatKillsTheProcessDoesNotDoSoForEver: it is taken back at once a few times, then later, and in the end no more.
func TestAJobThatKillsTheProcessDoesNotDoSoForEver(t *testing.T) {
	for _, c := range []struct {
		deaths, attempt int
		ends            string
		attempts        int
	}{{0, 1, "completed", 1}, {4, 2, "completed", 2}, {5, 2, "retryable", 2}, {9, 5, "discarded", 5}} {
		db := database(t, filepath.Join(t.TempDir(), "q.db"))
		r := newRecord()
		line := queue.Line{Handler: func(_ context.Context, argument string) error { r.note(argument); return nil }, Workers: 1, Timeout: time.Minute, Attempts: 5}
		q, err := queue.New(t.Context(), db, map[string]queue.Line{"line": line}, time.Now, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		add(t, db, q, "deadly")
		row := func() (is string, attempt int) {
			t.Helper()
			if err := db.View(t.Context(), func(tx *state.Tx) error {
				return tx.SQL.QueryRow(`select state, attempt from river_job`).Scan(&is, &attempt)
			}); err != nil {
				t.Fatal(err)
			}
			return is, attempt
		}
		if err := db.Update(t.Context(), func(tx *state.Tx) error {
			_, err := tx.SQL.Exec(`update river_job set state = 'running', attempt = ?, metadata = json_set(metadata, '$.deaths', ?)`, c.attempt, c.deaths)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if err := q.Start(context.Background()); err != nil {
			t.Fatal(err)
		}
		if c.ends == "completed" {
			r.wait(t)
		}
		stop(t, q)
		if is, attempt := row(); is != c.ends || attempt != c.attempts {
			t.Errorf("after %d deaths it is %s at attempt %d, want %s at %d", c.deaths, is, attempt, c.ends, c.attempts)
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}
}

// Package queue runs the bot's jobs: durably, each kind with its own number of workers, again after what may be tried again.
package queue

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"

	"github.com/codicil-dev/codicil/bot/state"
	"github.com/codicil-dev/codicil/forge"
)

// Handler does a job. The job is named by its argument. Of errors, a *LaterError and a *forge.RetryError with a time put the job off; a
// *DeadError ends it; after all others it is tried again, less and less often.
type Handler func(ctx context.Context, argument string) error

// Line is a kind of job.
type Line struct {
	Handler Handler
	// Workers is how many jobs of the kind run at once, Timeout how long one may take, Attempts how often one is tried before it is dead.
	Workers  int
	Timeout  time.Duration
	Attempts int
	// Poll is how often the line looks for jobs, which is how late one may begin; 0 means 100 ms.
	Poll time.Duration
}

// LaterError puts a job off, without counting it as tried.
type LaterError struct {
	Until time.Time
	Why   string
}

// Error says why and until when.
func (e *LaterError) Error() string {
	return fmt.Sprintf("put off until %s: %s", e.Until.UTC().Format(time.RFC3339), e.Why)
}

// DeadError ends a job for good.
type DeadError struct{ Err error }

// Error is the cause.
func (e *DeadError) Error() string { return e.Err.Error() }

// Unwrap is the cause.
func (e *DeadError) Unwrap() error { return e.Err }

// defaultPoll is how often a line looks for jobs. SQLite tells nobody of new ones.
const defaultPoll = 100 * time.Millisecond

// kept is how long jobs that were given up can be looked at, and run again.
const kept = 30 * 24 * time.Hour

// Queue runs jobs that lie in the bot's database.
type Queue struct {
	client *river.Client[*sql.Tx]
	now    func() time.Time
	lines  map[string]Line
	db     *state.DB
}

// task is a job as River keeps it.
type task struct {
	Argument string `json:"argument"`
}

// Kind is the same for all; which line a job is in says what it is.
func (task) Kind() string { return "codicil" }

type worker struct {
	river.WorkerDefaults[task]
	q   *Queue
	log *slog.Logger
}

// New makes a queue of lines by their names. The process must have the database to itself: jobs that are said to be running are taken to
// be those of a process that died.
func New(ctx context.Context, db *state.DB, lines map[string]Line, now func() time.Time, log *slog.Logger) (*Queue, error) {
	driver := riversqlite.New(db.Writer())
	migrator, err := rivermigrate.New(driver, &rivermigrate.Config{Logger: quiet(log)})
	if err != nil {
		return nil, fmt.Errorf("prepare the queue: %w", err)
	}
	if _, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return nil, fmt.Errorf("prepare the queue: %w", err)
	}
	q := &Queue{now: now, lines: lines, db: db}
	workers := river.NewWorkers()
	river.AddWorker(workers, &worker{q: q, log: log})
	queues := map[string]river.QueueConfig{}
	longest := time.Minute
	for name, l := range lines {
		poll := cmp.Or(l.Poll, defaultPoll)
		queues[name] = river.QueueConfig{MaxWorkers: l.Workers, FetchPollInterval: poll, FetchCooldown: poll}
		longest = max(longest, l.Timeout)
	}
	q.client, err = river.NewClient(driver, &river.Config{
		Queues: queues, Workers: workers, Logger: quiet(log), PollOnly: true,
		JobTimeout: longest, RescueStuckJobsAfter: longest + time.Minute,
		// River says discarded of those that were tried too often, and cancelled of those that were ended at once.
		DiscardedJobRetentionPeriod: kept, CancelledJobRetentionPeriod: kept,
	})
	if err != nil {
		return nil, fmt.Errorf("prepare the queue: %w", err)
	}
	return q, nil
}

// quiet keeps River's own talk out of the log.
func quiet(log *slog.Logger) *slog.Logger {
	return slog.New(levelled{log.Handler()})
}

// levelled lets warnings and worse through.
type levelled struct{ slog.Handler }

// Enabled says whether a level is let through.
func (h levelled) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= slog.LevelWarn && h.Handler.Enabled(ctx, l)
}

// WithAttrs stays as quiet.
func (h levelled) WithAttrs(attrs []slog.Attr) slog.Handler {
	return levelled{h.Handler.WithAttrs(attrs)}
}

// WithGroup stays as quiet.
func (h levelled) WithGroup(name string) slog.Handler { return levelled{h.Handler.WithGroup(name)} }

// Start takes back what a dead process left, and begins to run jobs. End it with Stop.
func (q *Queue) Start(ctx context.Context) error {
	if err := q.db.Update(ctx, func(t *state.Tx) error { return takeBack(ctx, t, time.Now()) }); err != nil {
		return fmt.Errorf("take back the jobs of the process before: %w", err)
	}
	return q.client.Start(ctx)
}

// A job that has run in so many processes that died may be why they did. It waits then, so that the others get their turn, and counts as tried.
const (
	mostDeaths = 5
	afterDeath = time.Minute
)

// takeBack has jobs that are said to be running run again; River itself would wait an hour for them.
func takeBack(ctx context.Context, t *state.Tx, now time.Time) error {
	const stamp = "2006-01-02 15:04:05.000" // as River writes times
	_, err := t.SQL.ExecContext(ctx, `update river_job set metadata = json_set(metadata, '$.deaths', deaths + 1),
			state = case when deaths < @most then 'available' when attempt < max_attempts then 'retryable' else 'discarded' end,
			finalized_at = iif(deaths < @most or attempt < max_attempts, null, @now),
			attempt = iif(deaths < @most, max(attempt - 1, 0), attempt),
			scheduled_at = iif(deaths < @most, scheduled_at, @later)
		from (select id as dying, coalesce(json_extract(metadata, '$.deaths'), 0) as deaths from river_job where state = 'running') where id = dying`,
		sql.Named("most", mostDeaths), sql.Named("now", now.UTC().Format(stamp)), sql.Named("later", now.UTC().Add(afterDeath).Format(stamp)))
	return err
}

// Stop lets jobs end; once ctx is over they are interrupted, and taken up again by the next process.
func (q *Queue) Stop(ctx context.Context) error {
	err := q.client.Stop(ctx)
	if err == nil {
		return nil
	}
	hard, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	return q.client.StopAndCancel(hard)
}

// Add puts a job into a line as part of a transaction; it runs at once.
func (q *Queue) Add(ctx context.Context, t *state.Tx, line, argument string) error {
	return q.AddAt(ctx, t, line, argument, time.Time{})
}

// AddAt puts a job into a line as part of a transaction; it runs when it is time.
func (q *Queue) AddAt(ctx context.Context, t *state.Tx, line, argument string, at time.Time) error {
	l, ok := q.lines[line]
	if !ok {
		return fmt.Errorf("add the job %s: there is no line %s", argument, line)
	}
	if !at.IsZero() { // River goes by the machine's clock, whatever ours says
		at = time.Now().Add(at.Sub(q.now()))
	}
	_, err := q.client.InsertTx(ctx, t.SQL, task{Argument: argument}, &river.InsertOpts{Queue: line, MaxAttempts: l.Attempts, ScheduledAt: at})
	if err != nil {
		return fmt.Errorf("add the job %s to %s: %w", argument, line, err)
	}
	return nil
}

// Timeout is that of the job's line.
func (w *worker) Timeout(job *river.Job[task]) time.Duration { return w.q.lines[job.Queue].Timeout }

// NextRetry waits a second after the first attempt, then twice as long each time, five minutes at most.
func (w *worker) NextRetry(job *river.Job[task]) time.Time {
	wait := min(time.Second<<min(job.Attempt-1, 10), 5*time.Minute)
	return time.Now().Add(wait + time.Duration(rand.Int64N(int64(wait)/4)))
}

// Work does a job.
func (w *worker) Work(ctx context.Context, job *river.Job[task]) error {
	l, ok := w.q.lines[job.Queue]
	if !ok {
		return fmt.Errorf("there is no line %s any more", job.Queue)
	}
	err := l.Handler(ctx, job.Args.Argument)
	var later *LaterError
	var dead *DeadError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &later):
		w.log.Debug("job put off", "line", job.Queue, "job", job.Args.Argument, "why", later.Why)
		return river.JobSnooze(max(later.Until.Sub(w.q.now()), 10*time.Millisecond))
	case errors.As(err, &dead):
		w.log.Error("job ended", "line", job.Queue, "job", job.Args.Argument, "error", err)
		return river.JobCancel(err)
	}
	if errors.Is(ctx.Err(), context.Canceled) { // the process ends: that is no fault of the job's
		w.log.Info("job was interrupted", "line", job.Queue, "job", job.Args.Argument, "error", err)
		return river.JobSnooze(0)
	}
	if after, _, ok := forge.MayRetry(err); ok && !after.IsZero() {
		w.log.Info("job waits for the forge", "line", job.Queue, "job", job.Args.Argument, "until", after, "error", err)
		return river.JobSnooze(max(after.Sub(w.q.now()), 10*time.Millisecond))
	}
	w.log.Warn("job is tried again", "line", job.Queue, "job", job.Args.Argument, "attempt", job.Attempt, "error", err)
	return err
}

// IdleIn says whether no job runs, or could run before a time.
func (q *Queue) IdleIn(t *state.Tx, until time.Time) (idle bool, err error) {
	err = t.SQL.QueryRow(`select not exists (select 1 from river_job where state in ('available', 'running', 'pending')
		or state in ('scheduled', 'retryable') and scheduled_at < ?)`, until.UTC().Format("2006-01-02 15:04:05.000")).Scan(&idle)
	return idle, err
}

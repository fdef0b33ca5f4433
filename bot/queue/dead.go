package queue

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/riverqueue/river/rivertype"

	"github.com/codicil-dev/codicil/bot/state"
)

// Job is a job that did not go well.
type Job struct {
	ID             int64
	Line, Argument string
	// Error is what the last attempt ended in.
	Error    string
	Attempts int
	// At is when it was given up, or when it is tried again.
	At time.Time
}

// Dead lists the jobs that were given up in the last month, the newest first, a hundred at most.
func (q *Queue) Dead(ctx context.Context) (dead []Job, err error) {
	err = q.db.View(ctx, func(t *state.Tx) error {
		dead, err = Dead(ctx, t)
		return err
	})
	return dead, err
}

// Dead lists the jobs that were given up in the last month, the newest first, a hundred at most.
func Dead(ctx context.Context, t *state.Tx) ([]Job, error) {
	return jobs(ctx, t, `state in ('discarded', 'cancelled') order by id desc limit 100`)
}

// Troubled lists the jobs that will be tried again after an error, the next one first, a hundred at most.
func Troubled(ctx context.Context, t *state.Tx) ([]Job, error) {
	return jobs(ctx, t, `state = 'retryable' order by scheduled_at limit 100`)
}

// jobs lists jobs of which a condition of this package's own holds. A database in which there was never a queue has none.
func jobs(ctx context.Context, t *state.Tx, condition string) (out []Job, err error) {
	var prepared bool
	if err := t.SQL.QueryRowContext(ctx, `select exists (select 1 from sqlite_master where name = 'river_job')`).Scan(&prepared); err != nil || !prepared {
		return nil, err
	}
	rows, err := t.SQL.QueryContext(ctx, `select id, queue, coalesce(json_extract(cast(args as text), '$.argument'), ''), coalesce(json_extract(cast(errors as text), '$[#-1].error'), ''), attempt,
		finalized_at, scheduled_at from river_job where `+condition)
	if err != nil {
		return nil, fmt.Errorf("list jobs: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var j Job
		var ended sql.NullTime
		var planned time.Time
		if err := rows.Scan(&j.ID, &j.Line, &j.Argument, &j.Error, &j.Attempts, &ended, &planned); err != nil {
			return nil, fmt.Errorf("list jobs: %w", err)
		}
		if j.At = planned.UTC(); ended.Valid {
			j.At = ended.Time.UTC()
		}
		out = append(out, j)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list jobs: %w", err)
	}
	return out, nil
}

// ErrNoJob says that there is no such job, or none that was given up.
var ErrNoJob = errors.New("there is no such job that was given up")

// Revive has a job that was given up run again, as part of a transaction. The error wraps ErrNoJob if there is none.
func (q *Queue) Revive(ctx context.Context, t *state.Tx, id int64) error {
	var dead bool
	err := t.SQL.QueryRowContext(ctx, `select exists (select 1 from river_job where id = ? and state in ('discarded', 'cancelled'))`, id).Scan(&dead)
	if err != nil {
		return fmt.Errorf("run the job %d again: %w", id, err)
	}
	if !dead {
		return fmt.Errorf("run the job %d again: %w", id, ErrNoJob)
	}
	_, err = q.client.JobRetryTx(ctx, t.SQL, id)
	if errors.Is(err, rivertype.ErrNotFound) {
		err = ErrNoJob
	}
	if err != nil {
		return fmt.Errorf("run the job %d again: %w", id, err)
	}
	return nil
}

// Package state keeps what the bot must not forget: deliveries, products, triggers, changes, and what it has to write on a forge.
//
// It is a SQLite database that one process holds at a time. What belongs together is written in one transaction.
package state

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
	"github.com/pressly/goose/v3"
	_ "modernc.org/sqlite" // the driver
)

//go:embed migrations/*.sql
var migrations embed.FS

// DB is the database. It is safe for concurrent use.
type DB struct {
	// write has one connection, so that writers wait for each other in Go, in order, and not in SQLite; read has several.
	write, read *sql.DB
	lock        *flock.Flock
	now         func() time.Time
}

// InUseError says that another process has the database.
type InUseError struct{ File string }

// Error says what to do.
func (e *InUseError) Error() string {
	return fmt.Sprintf("the database %s is in use by another process; SQLite is for one bot: stop the other one, or give this one a database of its own", e.File)
}

// NewerError says that a newer program wrote the database.
type NewerError struct{ Has, Knows int64 }

// Error says what to do.
func (e *NewerError) Error() string {
	return fmt.Sprintf("a newer Codicil wrote it (its tables are version %d, this program knows %d); run the newer one", e.Has, e.Knows)
}

// patience is how long another process may take to let go of the database, such as one that ends or only looks.
const patience = 500 * time.Millisecond

// Open opens the database in a file, makes it if it is not there, and brings its tables up to date. It returns an *InUseError while another
// process has it open. Now tells the time; nil means time.Now.
func Open(ctx context.Context, file string, now func() time.Time) (db *DB, err error) {
	if now == nil {
		now = time.Now
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return nil, fmt.Errorf("make the folder of the database: %w", err)
	}
	d := &DB{lock: flock.New(file + ".lock"), now: now}
	waiting, stop := context.WithTimeout(ctx, patience)
	defer stop()
	held, err := d.lock.TryLockContext(waiting, patience/20)
	if err != nil && (!errors.Is(err, context.DeadlineExceeded) || ctx.Err() != nil) {
		return nil, fmt.Errorf("lock the database %s: %w", file, err)
	}
	if !held {
		return nil, &InUseError{File: file}
	}
	defer func() {
		if err != nil {
			_ = d.Close()
		}
	}()
	// FULL: what is answered to a forge must outlive a power cut.
	common := "&_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)"
	name := "file:" + (&url.URL{Path: file}).EscapedPath()
	if d.write, err = sql.Open("sqlite", name+"?_txlock=immediate"+common); err != nil {
		return nil, fmt.Errorf("open the database %s: %w", file, err)
	}
	d.write.SetMaxOpenConns(1)
	if err := migrate(ctx, d.write); err != nil {
		return nil, fmt.Errorf("open the database %s: %w", file, err)
	}
	if d.read, err = sql.Open("sqlite", name+"?_pragma=query_only(1)"+common); err != nil {
		return nil, fmt.Errorf("open the database %s: %w", file, err)
	}
	d.read.SetMaxOpenConns(4)
	return d, nil
}

// migrate brings the tables up to date. A database that a newer program wrote is refused.
func migrate(ctx context.Context, db *sql.DB) error {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, db, files, goose.WithLogger(goose.NopLogger()))
	if err != nil {
		return err
	}
	has, err := p.GetDBVersion(ctx)
	if err != nil {
		return err
	}
	known, err := newest()
	if err != nil {
		return err
	}
	if has > known {
		return &NewerError{Has: has, Knows: known}
	}
	_, err = p.Up(ctx)
	return err
}

// newest is the version of the tables that this program knows.
func newest() (version int64, err error) {
	files, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return 0, fmt.Errorf("look for the program's tables: %w", err)
	}
	if len(files) == 0 {
		return 0, errors.New("the program brings no tables")
	}
	return goose.NumericComponent(files[len(files)-1])
}

// Close closes the database and lets go of it.
func (d *DB) Close() error {
	var errs []error
	for _, db := range []*sql.DB{d.read, d.write} {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	if d.lock != nil {
		errs = append(errs, d.lock.Unlock())
	}
	return errors.Join(errs...)
}

// Writer is the connection that writes, for the queue, which keeps its jobs in the same file; nil after [OpenReadOnly].
func (d *DB) Writer() *sql.DB { return d.write }

// Now is the present, as it is stored: in UTC and milliseconds.
func (d *DB) Now() time.Time { return d.now().UTC().Truncate(time.Millisecond) }

// Tx is a transaction. Inside one, the database must not be used but through it.
type Tx struct {
	// SQL is the transaction itself, for the queue.
	SQL *sql.Tx
	ctx context.Context
	now time.Time
	// after is done once it is committed.
	after []func()
}

// Now is the time at which the transaction began.
func (t *Tx) Now() time.Time { return t.now }

// After has f called once the transaction is committed.
func (t *Tx) After(f func()) { t.after = append(t.after, f) }

// Update runs f in a transaction that writes, one at a time, and commits it unless f returns an error.
func (d *DB) Update(ctx context.Context, f func(*Tx) error) error {
	if d.write == nil {
		return errReadOnly
	}
	return d.run(ctx, d.write, nil, f)
}

// View runs f in a transaction that reads one state of the database.
func (d *DB) View(ctx context.Context, f func(*Tx) error) error {
	return d.run(ctx, d.read, &sql.TxOptions{ReadOnly: true}, f)
}

func (d *DB) run(ctx context.Context, db *sql.DB, o *sql.TxOptions, f func(*Tx) error) error {
	inner, err := db.BeginTx(ctx, o)
	if err != nil {
		return fmt.Errorf("use the database: %w", err)
	}
	defer inner.Rollback() //nolint:errcheck // after a commit there is nothing to roll back
	t := &Tx{SQL: inner, ctx: ctx, now: d.Now()}
	if err := f(t); err != nil {
		return err
	}
	if err := inner.Commit(); err != nil {
		return fmt.Errorf("write the database: %w", err)
	}
	for _, f := range t.after {
		f()
	}
	return nil
}

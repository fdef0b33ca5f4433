package state

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
)

// errReadOnly says that a database was opened to be read.
var errReadOnly = errors.New("the database was opened to be read only")

// OpenReadOnly opens a database that another process may have, to look at it: View works, Update does not, and nothing is made or brought
// up to date. The error wraps fs.ErrNotExist where there is none. Close it after use.
func OpenReadOnly(ctx context.Context, file string, now func() time.Time) (d *DB, err error) {
	if now == nil {
		now = time.Now
	}
	if _, err := os.Stat(file); err != nil {
		return nil, fmt.Errorf("look at the database: %w", err)
	}
	name := "file:" + (&url.URL{Path: file}).EscapedPath() + "?mode=ro&_pragma=busy_timeout(10000)&_pragma=query_only(1)"
	if alone(file) {
		// SQLite would have to make files beside it to share it, and nobody is there to share it with.
		name += "&immutable=1"
	}
	d = &DB{now: now}
	if d.read, err = sql.Open("sqlite", name); err != nil {
		return nil, fmt.Errorf("look at the database %s: %w", file, err)
	}
	d.read.SetMaxOpenConns(4)
	has, err := d.version(ctx)
	if err == nil {
		err = fits(has)
	}
	if err != nil {
		_ = d.Close()
		return nil, fmt.Errorf("look at the database %s: %w", file, err)
	}
	return d, nil
}

// alone says whether a database lies in a folder where this process may not write, with nothing beside it that is to be written into it.
func alone(file string) bool {
	if _, err := os.Stat(file + "-wal"); !errors.Is(err, fs.ErrNotExist) {
		return false
	}
	f, err := os.CreateTemp(filepath.Dir(file), ".codicil-")
	if err != nil {
		return true
	}
	_ = f.Close()
	_ = os.Remove(f.Name())
	return false
}

// version is that of the tables.
func (d *DB) version(ctx context.Context) (n int64, err error) {
	err = d.View(ctx, func(t *Tx) (err error) {
		n, _, err = one(t, scalar[int64], `select coalesce(max(version_id), 0) from goose_db_version where is_applied`)
		return err
	})
	return n, err
}

// fits says whether tables of a version can be read as they are.
func fits(has int64) error {
	known, err := newest()
	switch {
	case err != nil:
		return err
	case has > known:
		return &NewerError{Has: has, Knows: known}
	case has < known:
		return fmt.Errorf("an older Codicil wrote it (its tables are version %d, this program's are %d); start the bot once with this program, which brings it up to date", has, known)
	}
	return nil
}

// InUse says whether a process has the database in a file open to write.
func InUse(file string) (bool, error) {
	if _, err := os.Stat(file + ".lock"); errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	l := flock.New(file+".lock", flock.SetFlag(os.O_RDONLY))
	free, err := l.TryRLock()
	if err != nil {
		return false, fmt.Errorf("look whether the database %s is in use: %w", file, err)
	}
	return !free, l.Close()
}

// Made is when the database was made.
func (t *Tx) Made() (at time.Time, err error) {
	at, _, err = one(t, instant, `select cast(strftime('%s', min(tstamp)) as integer) * 1000 from goose_db_version`)
	return at, err
}

// EveryProduct are all products, those that are gone among them.
func (t *Tx) EveryProduct() ([]Product, error) {
	return all(t, scanProduct, selectProduct+` order by repository_id, path`)
}

// LatestChanges are the changes in any of some states that were touched last, the newest first, n at most.
func (t *Tx) LatestChanges(n int, states ...ChangeState) ([]Change, error) {
	return all(t, scanChange, selectChange+` where state in (select value from json_each(?)) order by updated_at desc, id desc limit ?`, encoded(states), n)
}

// CountChanges is how many changes in a state each product has, by the product's id; those without are left out.
func (t *Tx) CountChanges(in ChangeState) (map[int64]int, error) {
	type count struct {
		product int64
		changes int
	}
	found, err := all(t, func(s scanner) (c count, err error) {
		err = s.Scan(&c.product, &c.changes)
		return c, err
	}, `select product_id, count(*) from changes where state = ? group by product_id`, in)
	out := make(map[int64]int, len(found))
	for _, c := range found {
		out[c.product] = c.changes
	}
	return out, err
}

// LatestTriggers are the triggers in any of some states that were touched last, the newest first, n at most.
func (t *Tx) LatestTriggers(n int, states ...TriggerState) ([]Trigger, error) {
	return all(t, scanTrigger, selectTrigger+` where state in (select value from json_each(?)) order by updated_at desc, id desc limit ?`, encodedStates(states), n)
}

// Settings are the settings whose names begin with a prefix, by the rest of their names.
func (t *Tx) Settings(prefix string) (map[string]string, error) {
	type setting struct{ name, value string }
	found, err := all(t, func(s scanner) (x setting, err error) {
		err = s.Scan(&x.name, &x.value)
		return x, err
	}, `select substr(name, ?), value from settings where substr(name, 1, ?) = ?`, len(prefix)+1, len(prefix), prefix)
	out := make(map[string]string, len(found))
	for _, x := range found {
		out[x.name] = x.value
	}
	return out, err
}

// KeptAnswer is an answer with what it was kept under.
type KeptAnswer struct{ Change, Answer string }

// AnswersUnder are the answers of all changes that were kept under a key.
func (t *Tx) AnswersUnder(key string) ([]KeptAnswer, error) {
	return all(t, func(s scanner) (a KeptAnswer, err error) {
		err = s.Scan(&a.Change, &a.Answer)
		return a, err
	}, `select change, answer from answers where key = ? order by rowid`, key)
}

// ReviveWrite has a write that was given up tried again, as if it had not been; ok is false if there is none that is dead.
func (t *Tx) ReviveWrite(id int64) (ok bool, err error) {
	n, err := t.exec(`update writes set state = ?, attempts = 0, tried_at = 0, done_at = null where id = ? and state = ?`, WritePending, id, WriteDead)
	return n > 0, err
}

// OpenBeside is OpenReadOnly for a small change of a database that a running bot may have: what is written is there at the bot's next
// transaction, and nothing wakes it.
func OpenBeside(ctx context.Context, file string, now func() time.Time) (*DB, error) {
	d, err := OpenReadOnly(ctx, file, now)
	if err != nil {
		return nil, err
	}
	name := "file:" + (&url.URL{Path: file}).EscapedPath()
	if d.write, err = sql.Open("sqlite", name+"?mode=rw&_txlock=immediate&_pragma=busy_timeout(10000)&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)"); err != nil {
		return nil, errors.Join(fmt.Errorf("open the database %s: %w", file, err), d.Close())
	}
	d.write.SetMaxOpenConns(1)
	return d, nil
}

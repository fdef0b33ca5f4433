package intake

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"testing"

	_ "modernc.org/sqlite"
)

// sqlStore is a store with durable commits, as small as one can be.
type sqlStore struct{ db *sql.DB }

const insert = `insert into deliveries (id, host, event, key, payload, at) values (?, ?, ?, nullif(?, ''), ?, ?) on conflict do nothing`

func openStore(path string) (*sqlStore, error) {
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=journal_mode(wal)&_pragma=synchronous(full)&_pragma=busy_timeout(5000)&_txlock=immediate")
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	db.SetMaxOpenConns(1)
	if _, err := db.Exec(`create table if not exists deliveries (id text primary key, host text not null, event text not null, key text unique,
		payload blob not null, at integer not null)`); err != nil {
		return nil, fmt.Errorf("prepare %s: %w", path, err)
	}
	return &sqlStore{db}, nil
}

func newStore(tb testing.TB) *sqlStore { return reopen(tb, filepath.Join(tb.TempDir(), "codicil.db")) }

func reopen(tb testing.TB, path string) *sqlStore {
	tb.Helper()
	s, err := openStore(path)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = s.db.Close() })
	return s
}

func (s *sqlStore) Receive(ctx context.Context, batch []Delivery) (int, error) {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return 0, fmt.Errorf("begin: %w", err)
	}
	defer func() { _ = tx.Rollback() }()
	statement, err := tx.PrepareContext(ctx, insert)
	if err != nil {
		return 0, fmt.Errorf("prepare: %w", err)
	}
	fresh := int64(0)
	for _, d := range batch {
		result, err := statement.ExecContext(ctx, d.ID, d.Host, d.Event, d.Key, d.Payload, d.At.UnixMilli())
		if err != nil {
			return 0, fmt.Errorf("insert %s: %w", d.ID, err)
		}
		n, err := result.RowsAffected()
		if err != nil {
			return 0, err
		}
		fresh += n
	}
	return int(fresh), tx.Commit()
}

// ids are those stored, each with its key.
func (s *sqlStore) ids(tb testing.TB) map[string]string {
	tb.Helper()
	rows, err := s.db.Query(`select id, coalesce(key, '') from deliveries`)
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	found := map[string]string{}
	for rows.Next() {
		var id, key string
		if err := rows.Scan(&id, &key); err != nil {
			tb.Fatal(err)
		}
		found[id] = key
	}
	if err := rows.Err(); err != nil {
		tb.Fatal(err)
	}
	return found
}

package state

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// scanner is a row.
type scanner interface{ Scan(into ...any) error }

// all reads all rows of a query.
func all[T any](t *Tx, scan func(scanner) (T, error), query string, args ...any) ([]T, error) {
	rows, err := t.SQL.QueryContext(t.ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("read the database: %w", err)
	}
	defer rows.Close()
	var out []T
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, fmt.Errorf("read the database: %w", err)
		}
		out = append(out, v)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read the database: %w", err)
	}
	return out, nil
}

// one reads the first row of a query; ok is false if there is none.
func one[T any](t *Tx, scan func(scanner) (T, error), query string, args ...any) (v T, ok bool, err error) {
	v, err = scan(t.SQL.QueryRowContext(t.ctx, query, args...))
	if errors.Is(err, sql.ErrNoRows) {
		return v, false, nil
	}
	if err != nil {
		return v, false, fmt.Errorf("read the database: %w", err)
	}
	return v, true, nil
}

// scalar reads a row of one value.
func scalar[T any](s scanner) (v T, err error) {
	err = s.Scan(&v)
	return v, err
}

// instant reads a row of one time.
func instant(s scanner) (at time.Time, err error) {
	err = s.Scan(moment{&at})
	return at, err
}

// exec runs a statement, and returns how many rows it touched.
func (t *Tx) exec(query string, args ...any) (int64, error) {
	r, err := t.SQL.ExecContext(t.ctx, query, args...)
	if err != nil {
		return 0, fmt.Errorf("write the database: %w", err)
	}
	return r.RowsAffected()
}

// insert runs an insertion, and returns the new row's id.
func (t *Tx) insert(query string, args ...any) (int64, error) {
	r, err := t.SQL.ExecContext(t.ctx, query, args...)
	if err != nil {
		return 0, fmt.Errorf("write the database: %w", err)
	}
	return r.LastInsertId()
}

// document is a value that is kept as JSON.
type document[T any] struct{ of *T }

// Scan reads JSON.
func (d document[T]) Scan(from any) error {
	switch text := from.(type) {
	case string:
		return json.Unmarshal([]byte(text), d.of)
	case []byte:
		return json.Unmarshal(text, d.of)
	}
	return fmt.Errorf("%T is no JSON text", from)
}

// encoded is v as JSON.
func encoded(v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("state: %v", err)) // only this package's own types, which all can be
	}
	return string(data)
}

// moment reads a time.
type moment struct{ of *time.Time }

// Scan reads milliseconds; NULL and 0 are the zero time.
func (m moment) Scan(from any) error {
	var n sql.NullInt64
	if err := n.Scan(from); err != nil {
		return err
	}
	*m.of = time.Time{}
	if n.Int64 != 0 {
		*m.of = time.UnixMilli(n.Int64).UTC()
	}
	return nil
}

// millis is a time as it is kept; the zero time is 0.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// optional is an id, or NULL for 0.
func optional(id int64) any {
	if id == 0 {
		return nil
	}
	return id
}

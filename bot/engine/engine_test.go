package engine

import (
	"context"
	"errors"
	"strings"
	"testing"
)

// open starts a session that ends with the test.
func open(t testing.TB, o Options) *Session {
	t.Helper()
	s, err := Start(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// mustExec runs trusted SQL.
func mustExec(t testing.TB, s *Session, sql string) {
	t.Helper()
	if err := s.Exec(context.Background(), sql); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

// mustLock ends the trusted setup.
func mustLock(t testing.TB, s *Session) {
	t.Helper()
	if err := s.Lock(context.Background()); err != nil {
		t.Fatal(err)
	}
}

// text runs a query and returns its rows as lines with | between values.
func text(t testing.TB, s *Session, sql string) string {
	t.Helper()
	rows, err := s.Query(context.Background(), sql, -1)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	var lines []string
	for _, row := range rows.Values {
		var cells []string
		for _, v := range row {
			if v == nil {
				cells = append(cells, "NULL")
			} else {
				cells = append(cells, *v)
			}
		}
		lines = append(lines, strings.Join(cells, "|"))
	}
	return strings.Join(lines, "\n")
}

// wantKind checks the kind of an error and returns it.
func wantKind(t testing.TB, err error, kind Kind) *Error {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) {
		t.Fatalf("got error %v, want one of kind %s", err, kind)
	}
	if e.Kind != kind {
		t.Fatalf("got kind %s (%s), want %s\n%s", e.Kind, e.Message, kind, e.Detail)
	}
	return e
}

// BenchmarkStart measures how long it takes until a confined session answers.
func BenchmarkStart(b *testing.B) {
	for b.Loop() {
		s, err := Start(context.Background(), Options{})
		if err != nil {
			b.Fatal(err)
		}
		s.Close()
	}
}

package engine

import (
	"context"
	"os"
	"slices"
	"strings"
	"testing"
)

func TestQuery(t *testing.T) {
	s := open(t, Options{WriteDir: t.TempDir(), Database: "orders.db"})
	mustExec(t, s, `
		CREATE TABLE a AS SELECT range AS n, 'é' AS s FROM range(3);
		CREATE TYPE mood AS ENUM ('sad', 'ok')`)
	mustLock(t, s)
	for _, c := range []struct{ name, sql, types, want string }{
		{"order is kept", "FROM a ORDER BY n DESC", "BIGINT,VARCHAR", "2|é\n1|é\n0|é"},
		{"semicolon and comment at the end", "SELECT n FROM a; -- all ( of them", "BIGINT", "0\n1\n2"},
		{"comment at the end", "SELECT 1 -- one", "INTEGER", "1"},
		{"two columns of one name", "SELECT 1 AS a, 2 AS a", "INTEGER,INTEGER", "1|2"},
		{"null and empty text", "SELECT NULL::VARCHAR, ''", "VARCHAR,VARCHAR", "NULL|"},
		{"numbers", "SELECT 1.50::DECIMAL(10,2), 0.1::DOUBLE, 170141183460469231731687303715884105727::HUGEINT", "DECIMAL(10,2),DOUBLE,HUGEINT", "1.50|0.1|170141183460469231731687303715884105727"},
		{"nested", "SELECT {'a': [1, NULL], 'b': DATE '2026-01-02'}", `STRUCT(a INTEGER[], b DATE)`, "{'a': [1, NULL], 'b': 2026-01-02}"},
		{"enum", "SELECT 'ok'::mood", "ENUM('sad', 'ok')", "ok"},
		{"time zone", "SELECT TIMESTAMPTZ '2026-01-02 03:04:05+01'", "TIMESTAMP WITH TIME ZONE", "2026-01-02 02:04:05+00"},
		{"blob", `SELECT '\xAA'::BLOB`, "BLOB", `\xAA`},
		{"values", "VALUES (1), (2)", "INTEGER", "1\n2"},
		{"show", "SHOW TABLES", "VARCHAR", "a"},
		{"pivot", "PIVOT a ON s USING sum(n)", "HUGEINT", "3"},
		{"no rows", "SELECT 1 WHERE false", "INTEGER", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := text(t, s, c.sql); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
			rows, err := s.Query(context.Background(), c.sql, 1)
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(rows.Types, ","); got != c.types {
				t.Errorf("got types %s, want %s", got, c.types)
			}
		})
	}
}

func TestQueryLimit(t *testing.T) {
	s := open(t, Options{})
	for _, c := range []struct {
		limit, rows int
		more        bool
	}{{-1, 3, false}, {0, 0, true}, {2, 2, true}, {3, 3, false}, {4, 3, false}} {
		got, err := s.Query(context.Background(), "FROM range(3)", c.limit)
		if err != nil {
			t.Fatal(err)
		}
		if len(got.Values) != c.rows || got.More != c.more {
			t.Errorf("limit %d: got %d rows, more %v; want %d, %v", c.limit, len(got.Values), got.More, c.rows, c.more)
		}
	}
	_, err := s.Query(context.Background(), "SELECT repeat('x', 1000000) FROM range(100)", -1)
	wantKind(t, err, KindMemory)
	if got := text(t, s, "SELECT 1"); got != "1" {
		t.Errorf("after a result that was too long: got %q", got)
	}
}

func TestQueryErrors(t *testing.T) {
	s := open(t, Options{})
	mustExec(t, s, "CREATE TABLE a (n INTEGER)")
	for _, c := range []struct {
		name, sql, want string
		line, column    int
	}{
		{"syntax", "SELECT 'ééé' FROM a wher b c", `syntax error at or near "b"`, 1, 26},
		{"unknown column", "SELECT 'ééé',\n  zz FROM a", `Referenced column "zz" not found`, 2, 3},
		{"unknown table", "SELECT 1\nFROM b", "Table with name b does not exist", 2, 6},
		{"at run time", "SELECT 'ééé', 'ééx'::INTEGER", "Could not convert string 'ééx'", 1, 20},
		{"two statements", "SELECT 1; SELECT 2", "this has 2", 0, 0},
		{"none", " -- nothing", "this has 0", 0, 0},
		{"delete", "DELETE FROM a", "this is a DELETE statement", 0, 0},
		{"insert", "insert into a values (1)", "this is an INSERT statement", 0, 0},
		{"create", "/* x */ CREATE TABLE b AS SELECT 1", "this is a CREATE statement", 0, 0},
		{"writing WITH", "WITH x AS (SELECT 1 AS n) INSERT INTO a FROM x", "only statements that read", 0, 0},
		{"set", "SET threads = 1", "this is a SET statement", 0, 0},
		{"end of what is around it", "SELECT 1) t; DROP TABLE a; SELECT * FROM (SELECT 1", "this has 3", 0, 0},
		{"brackets", "SELECT 1) AS t, (SELECT 2", "syntax error", 1, 9},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := s.Query(context.Background(), c.sql, -1)
			e := wantKind(t, err, KindSQL)
			if !strings.Contains(e.Message, c.want) || e.Line != c.line || e.Column != c.column {
				t.Errorf("got %d:%d: %s, want %d:%d: …%s", e.Line, e.Column, e.Message, c.line, c.column, c.want)
			}
			if strings.ContainsAny(e.Message, "\n") {
				t.Errorf("message of several lines: %q", e.Message)
			}
		})
	}
}

func TestDatabaseFileAndFolders(t *testing.T) {
	dir := t.TempDir()
	s := open(t, Options{WriteDir: dir, Database: "orders.db"})
	mustExec(t, s, "CREATE TABLE a AS SELECT 42 AS n")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if got := files(t, dir); !slices.Equal(got, []string{"orders.db"}) {
		t.Errorf("left behind: %v", got)
	}
	if err := s.Close(); err != nil {
		t.Errorf("second Close: %v", err)
	}
	if got := text(t, open(t, Options{WriteDir: dir, Database: dir + "/orders.db"}), "FROM a"); got != "42" {
		t.Errorf("opened again: got %q", got)
	}
	for _, name := range []string{"../x.db", "/tmp/x.db", "a?b.db", "a b.db"} {
		if s, err := Start(context.Background(), Options{WriteDir: dir, Database: name}); err == nil {
			s.Close()
			t.Errorf("database %q was accepted", name)
		}
	}
	if _, err := Start(context.Background(), Options{Database: "x.db"}); err == nil {
		t.Error("a database without a folder was accepted")
	}
}

// files are the names in a folder.
func files(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

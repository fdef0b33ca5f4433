package engine

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/codicil-dev/codicil/bot/sandbox"
)

// escapes are statements that reach for what a session must not touch; SECRET and OUT stand for paths of the host.
var escapes = []struct{ name, sql string }{
	{"read_csv", "SELECT * FROM read_csv('SECRET')"},
	{"read_text", "SELECT * FROM read_text('SECRET')"},
	{"read_blob", "SELECT * FROM read_blob('SECRET')"},
	{"passwd", "SELECT * FROM read_text('/etc/passwd')"},
	{"environment", "SELECT * FROM read_text('/proc/self/environ')"},
	{"parent's environment", "SELECT * FROM read_text('/proc/1/environ')"},
	{"sniff", "SELECT * FROM sniff_csv('SECRET')"},
	{"parquet", "SELECT * FROM read_parquet('SECRET')"},
	{"by name", "SELECT * FROM 'SECRET'"},
	{"copy out", "COPY (SELECT 1) TO 'OUT'"},
	{"copy in", "CREATE TABLE t (x VARCHAR); COPY t FROM 'SECRET'"},
	{"attach", "ATTACH 'OUT' AS other"},
	{"attach for reading", "ATTACH 'SECRET' AS other (READ_ONLY)"},
	{"export", "CREATE TABLE IF NOT EXISTS e AS SELECT 1; EXPORT DATABASE 'OUT'"},
	{"install", "INSTALL httpfs"},
	{"load", "LOAD httpfs"},
	{"load a library", "LOAD 'OUT.duckdb_extension'"},
	{"http", "SELECT * FROM read_csv('http://127.0.0.1:1/x.csv')"},
}

// tryEscapes runs every escape and checks that none succeeds and that nothing appeared.
func tryEscapes(t *testing.T, s *Session) {
	t.Helper()
	secret := filepath.Join(t.TempDir(), "secret.csv")
	if err := os.WriteFile(secret, []byte("password\nhunter2\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	out := t.TempDir()
	for _, e := range escapes {
		t.Run(e.name, func(t *testing.T) {
			sql := strings.NewReplacer("SECRET", secret, "OUT", filepath.Join(out, "out")).Replace(e.sql)
			err := s.Exec(context.Background(), sql)
			if err == nil {
				t.Fatalf("%s: succeeded", sql)
			}
			if strings.Contains(err.Error(), "hunter2") {
				t.Errorf("the error tells the secret: %v", err)
			}
			if got := files(t, out); len(got) > 0 {
				t.Errorf("written: %v", got)
			}
		})
	}
}

func TestEscapesAfterLock(t *testing.T) {
	s := open(t, Options{WriteDir: t.TempDir(), Database: "x.db"})
	mustLock(t, s)
	tryEscapes(t, s)
	err := s.Exec(context.Background(), "SELECT * FROM read_text('/etc/passwd')")
	wantKind(t, err, KindDenied)
}

// Without DuckDB's own lock the files are still out of reach: by Landlock alone, and with the namespaces as well.
func TestEscapesBeforeLock(t *testing.T) {
	for name, without := range map[string][]sandbox.Protection{"Landlock alone": {sandbox.Namespaces}, "both": nil} {
		t.Run(name, func(t *testing.T) {
			s := open(t, Options{WriteDir: t.TempDir(), Without: without})
			if !s.Confinement().Landlock {
				t.Skip("no Landlock here")
			}
			tryEscapes(t, s)
			e := wantKind(t, s.Exec(context.Background(), "SELECT * FROM read_text('/etc/passwd')"), KindDenied)
			if !strings.Contains(e.Message, "Permission denied") {
				t.Errorf("not Landlock's refusal: %s", e.Message)
			}
		})
	}
}

func TestReadOnly(t *testing.T) {
	in := t.TempDir()
	seed := filepath.Join(in, "seed.csv")
	if err := os.WriteFile(seed, []byte("a\n1\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	s := open(t, Options{ReadOnly: []string{in}})
	mustExec(t, s, "CREATE TABLE a AS FROM read_csv("+Literal(seed)+")")
	if err := s.Exec(context.Background(), "COPY a TO "+Literal(seed)); err == nil && s.Confinement().Landlock {
		t.Error("a folder for reading was written")
	}
	mustLock(t, s)
	wantKind(t, s.Exec(context.Background(), "FROM read_csv("+Literal(seed)+")"), KindDenied)
	if got := text(t, s, "FROM a"); got != "1" {
		t.Errorf("got %q", got)
	}
	if _, err := Start(context.Background(), Options{ReadOnly: []string{in + "/none"}}); err == nil {
		t.Error("a folder that does not exist was accepted")
	}
}

func TestLocked(t *testing.T) {
	s := open(t, Options{})
	mustLock(t, s)
	for _, sql := range []string{
		"SET enable_external_access = true", "SET threads = 1", "PRAGMA memory_limit='8GB'", "RESET memory_limit",
		"SET lock_configuration = false", "SET allowed_directories = ['/']", "SET temp_directory = '/tmp'",
		"SET TimeZone = 'CET'", "SET autoload_known_extensions = true",
	} {
		if err := s.Exec(context.Background(), sql); err == nil {
			t.Errorf("%s: succeeded", sql)
		}
	}
	mustExec(t, s, "CREATE TABLE a AS SELECT 1; ATTACH ':memory:' AS other")
}

func TestUnconfined(t *testing.T) {
	none := []sandbox.Protection{sandbox.Namespaces, sandbox.Landlock}
	_, err := Start(context.Background(), Options{Without: none})
	var unconfined *sandbox.UnconfinedError
	if !errors.As(err, &unconfined) || !strings.Contains(err.Error(), "--allow-unconfined") || len(unconfined.Missing) != 2 {
		t.Fatalf("got %v", err)
	}
	s := open(t, Options{Without: none, AllowUnconfined: true})
	if c := s.Confinement(); c.Landlock || c.UserNamespace || len(c.Missing) != 2 {
		t.Errorf("got %+v", c)
	}
	mustLock(t, s)
	wantKind(t, s.Exec(context.Background(), "FROM read_text('/etc/passwd')"), KindDenied)
}

// What does not fit into memory is spilled, after Lock and under Landlock, and gone afterwards.
func TestSpill(t *testing.T) {
	dir := t.TempDir()
	s := open(t, Options{WriteDir: dir, Memory: 100 << 20, Threads: 2})
	mustLock(t, s)
	if got := text(t, s, "SELECT count(*) FROM (SELECT DISTINCT hash(range) AS h FROM range(15000000))"); got != "15000000" {
		t.Errorf("got %s", got)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if got := files(t, dir); len(got) > 0 {
		t.Errorf("left behind: %v", got)
	}
	small := open(t, Options{Memory: 100 << 20, Threads: 2, SpillSize: 1 << 20})
	_, err := small.Query(context.Background(), "SELECT count(*) FROM (SELECT DISTINCT hash(range) AS h FROM range(15000000))", 1)
	wantKind(t, err, KindMemory)
}

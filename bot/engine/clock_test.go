package engine

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"
)

// clockCalls are ways to read the clock.
const clockCalls = `now(), current_timestamp, get_current_timestamp(), transaction_timestamp(), pg_postmaster_start_time(), pg_conf_load_time(),
	current_date, today(), current_time, get_current_time(), localtime, current_localtime(), localtimestamp, current_localtimestamp()`

func TestPinClock(t *testing.T) {
	dir := t.TempDir()
	s := open(t, Options{WriteDir: dir, Database: "x.db"})
	ctx := context.Background()
	types := func() []string {
		rows, err := s.Query(ctx, "SELECT "+clockCalls, 1)
		if err != nil {
			t.Fatal(err)
		}
		return rows.Types
	}
	before := types()
	mustLock(t, s)
	at := time.Date(2026, 1, 2, 3, 4, 5, 678901000, time.FixedZone("CET", 3600))
	if err := s.PinClock(ctx, at); err != nil {
		t.Fatal(err)
	}
	if after := types(); !slices.Equal(before, after) {
		t.Errorf("types changed from %v to %v", before, after)
	}
	const day, clock = "2026-01-02", "02:04:05.678901"
	instant := day + " " + clock + "+00"
	want := strings.Join([]string{instant, instant, instant, instant, instant, instant, day, day, clock + "+00", clock + "+00", clock, clock, day + " " + clock, day + " " + clock}, "|")
	if got := text(t, s, "SELECT "+clockCalls); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	mustExec(t, s, "CREATE SCHEMA other; CREATE TABLE other.x AS SELECT now() AS n, CURRENT_DATE AS d; CREATE VIEW v AS SELECT now() AS n")
	if got := text(t, s, "SELECT n, d, n = (FROM v) FROM other.x"); got != instant+"|"+day+"|true" {
		t.Errorf("in a table: got %s", got)
	}
	if got := text(t, s, "SELECT age(TIMESTAMP '2025-01-02'), age(DATE '2026-01-05', DATE '2026-01-01')"); got != "1 year|4 days" {
		t.Errorf("age: got %s", got)
	}
	if err := s.PinClock(ctx, at.Add(24*time.Hour)); err != nil {
		t.Fatal(err)
	}
	if got := text(t, s, "SELECT today()"); got != "2026-01-03" {
		t.Errorf("pinned again: got %s", got)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	again := open(t, Options{WriteDir: dir, Database: "x.db"})
	if got := text(t, again, "SELECT function_name FROM duckdb_functions() WHERE NOT internal"); got != "" {
		t.Errorf("left in the database: %s", got)
	}
}

// age of one argument counts from the midnight before, with the clock pinned as without.
func TestPinnedAge(t *testing.T) {
	s := open(t, Options{})
	const ask = "SELECT age(TIMESTAMP '2001-05-06 07:08:09'), age(TIMESTAMPTZ '2001-05-06 07:08:09+00'), age(NULL::TIMESTAMP), age(DATE '2001-02-03')"
	for range 3 { // again if midnight passes in between
		free, today := text(t, s, ask), time.Now()
		if err := s.PinClock(context.Background(), today); err != nil {
			t.Fatal(err)
		}
		pinned := text(t, s, ask)
		if free == pinned {
			return
		}
		t.Logf("free %s, pinned %s", free, pinned)
		mustExec(t, s, "DROP MACRO temp.main.age")
	}
	t.Error("pinned ages differ")
}

// The lists of functions name what DuckDB knows, and all that it says is volatile.
func TestVolatileFunctions(t *testing.T) {
	s := open(t, Options{})
	clock, random := ClockFunctions(), RandomFunctions()
	known := strings.Split(text(t, s, "SELECT DISTINCT function_name FROM duckdb_functions()"), "\n")
	keywords := []string{"current_timestamp", "current_time", "localtime", "localtimestamp"} // these have their own syntax
	for _, list := range []map[string]bool{clock, random} {
		for name := range list {
			if !slices.Contains(known, name) && !slices.Contains(keywords, name) {
				t.Errorf("DuckDB has no function %s", name)
			}
		}
	}
	harmless := []string{"error", "setseed", "sleep_ms", "stats", "write_log", "nextval", "currval", "current_database",
		"current_query", "current_schema", "current_schemas", "in_search_path", "getvariable"}
	for _, name := range strings.Split(text(t, s, "SELECT DISTINCT function_name FROM duckdb_functions() WHERE stability IN ('VOLATILE', 'CONSISTENT_WITHIN_QUERY')"), "\n") {
		_, isClock := clock[name]
		_, isRandom := random[name]
		if !isClock && !isRandom && !slices.Contains(harmless, name) {
			t.Errorf("%s is volatile and in no list", name)
		}
	}
}

func TestSeed(t *testing.T) {
	s := open(t, Options{Threads: 1})
	draw := func() string {
		mustExec(t, s, "SELECT setseed(0.5)")
		return text(t, s, "SELECT random(), uuid(), uuidv4(), gen_random_uuid() FROM range(10000)")
	}
	if first, second := draw(), draw(); first != second {
		t.Error("the same seed gives different results")
	}
}

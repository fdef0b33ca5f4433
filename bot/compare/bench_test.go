package compare

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	_ "github.com/duckdb/duckdb-go/v2"

	"github.com/codicil-dev/codicil/bot/engine"
)

// benchRows is the size of the two tables; CODICIL_BENCH_ROWS sets another.
const benchRows = 10_000_000

// byHand are the queries that an engineer would write to compare the two tables.
var byHand = map[string]string{
	"key": `SELECT count(*) FILTER (b.id IS NULL), count(*) FILTER (h.id IS NULL),
		count(*) FILTER (b.customer IS DISTINCT FROM h.customer), count(*) FILTER (b.amount IS DISTINCT FROM h.amount),
		count(*) FILTER (b.day IS DISTINCT FROM h.day), count(*) FILTER (b.status IS DISTINCT FROM h.status)
		FROM base.t b FULL JOIN head.t h ON b.id = h.id`,
	"multiset": `SELECT sum(n) FILTER (n > 0), sum(n) FILTER (n < 0) FROM (SELECT sum(sign) AS n FROM
		(SELECT *, 1 AS sign FROM base.t UNION ALL SELECT *, -1 FROM head.t) GROUP BY id, customer, amount, day, status HAVING sum(sign) <> 0)`,
}

// BenchmarkTables compares two tables of ten million rows and five columns, of which a thousandth changed, with the same
// done by hand in a bare DuckDB session in the same run. It reports the ratio of the times and the peak memory of ours.
//
//	go test ./bot/compare -run '^$' -bench Tables -benchtime 3x
func BenchmarkTables(b *testing.B) {
	rows := benchRows
	if s := os.Getenv("CODICIL_BENCH_ROWS"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil {
			b.Fatal(err)
		}
		rows = n
	}
	dir := b.TempDir()
	makeTables(b, dir, rows)
	for _, way := range []string{"key", "multiset"} {
		b.Run(way, func(b *testing.B) {
			var ours, bare time.Duration
			var peak int64
			for range b.N {
				took, memory := timeOurs(b, dir, way == "key")
				ours += took
				peak = max(peak, memory)
				bare += timeByHand(b, dir, byHand[way])
			}
			b.ReportMetric(ours.Seconds()/bare.Seconds(), "x-by-hand")
			b.ReportMetric(ours.Seconds()/float64(b.N), "s/ours")
			b.ReportMetric(bare.Seconds()/float64(b.N), "s/by-hand")
			b.ReportMetric(float64(peak)/1024, "peak-MiB")
		})
	}
}

func makeTables(b *testing.B, dir string, rows int) {
	b.Helper()
	db, err := sql.Open("duckdb", "")
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	for _, side := range []string{"base", "head"} {
		changed := ""
		if side == "head" {
			changed = "+ CASE WHEN i % 1000 = 0 THEN 1 ELSE 0 END"
		}
		_, err := db.Exec(fmt.Sprintf(`ATTACH '%s' AS %s; CREATE TABLE %[2]s.t AS SELECT i AS id, (i * 7919) %% 100000 AS customer,
			CAST((i * 31 %% 1000000) / 100 %s AS DECIMAL(10,2)) AS amount, DATE '2025-01-01' + CAST(i %% 365 AS INTEGER) AS day, 'status' || (i %% 5) AS status
			FROM range(%d) r(i); DETACH %[2]s`, filepath.Join(dir, side+".duckdb"), side, changed, rows))
		if err != nil {
			b.Fatal(err)
		}
	}
}

// timeOurs compares in a confined session with the default memory limit, and returns the child's peak memory in KiB. The child
// must be the largest that this process had so far, so ours run before anything else could be.
func timeOurs(b *testing.B, dir string, key bool) (time.Duration, int64) {
	b.Helper()
	ctx := context.Background()
	s, err := engine.Start(ctx, engine.Options{ReadOnly: []string{dir}, AllowUnconfined: true})
	if err != nil {
		b.Fatal(err)
	}
	for _, side := range []string{"base", "head"} {
		if err := s.Exec(ctx, fmt.Sprintf("ATTACH '%s' AS %s (READ_ONLY)", filepath.Join(dir, side+".duckdb"), side)); err != nil {
			b.Fatal(err)
		}
	}
	if err := s.Lock(ctx); err != nil {
		b.Fatal(err)
	}
	p := Pair{Base: "base.main.t", Head: "head.main.t", Columns: columns(
		[2]string{"id", "BIGINT"}, [2]string{"customer", "BIGINT"}, [2]string{"amount", "DECIMAL(10,2)"}, [2]string{"day", "DATE"}, [2]string{"status", "VARCHAR"})}
	p.Columns[3].Numeric = false
	if key {
		p.Key = []int{0}
	}
	start := time.Now()
	r, err := Tables(ctx, s, p)
	took := time.Since(start)
	if err != nil {
		b.Fatal(err)
	}
	if len(r.Columns) != 1 || r.Columns[0].Changed != (r.BaseRows+999)/1000 {
		b.Fatalf("wrong result: %s", summary(p, r))
	}
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_CHILDREN, &usage); err != nil {
		b.Fatal(err)
	}
	return took, usage.Maxrss
}

// timeByHand runs one query in a bare session with the same memory limit.
func timeByHand(b *testing.B, dir, query string) time.Duration {
	b.Helper()
	db, err := sql.Open("duckdb", "")
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	if _, err := db.Exec(fmt.Sprintf("SET memory_limit = '%dB'; SET temp_directory = '%s'", engine.DefaultMemory, b.TempDir())); err != nil {
		b.Fatal(err)
	}
	for _, side := range []string{"base", "head"} {
		if _, err := db.Exec(fmt.Sprintf("ATTACH '%s' AS %s (READ_ONLY)", filepath.Join(dir, side+".duckdb"), side)); err != nil {
			b.Fatal(err)
		}
	}
	start := time.Now()
	rows, err := db.Query(query)
	if err != nil {
		b.Fatal(err)
	}
	for rows.Next() {
	}
	if err := rows.Close(); err != nil {
		b.Fatal(err)
	}
	return time.Since(start)
}

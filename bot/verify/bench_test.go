package verify_test

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	_ "github.com/duckdb/duckdb-go/v2"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/product"
	"github.com/codicil-dev/codicil/bot/verify"
)

// benchModels is the number of models of the benchmark's product, benchSeedRows of its seed's rows; a tenth of the
// models are tables of the spec.
const (
	benchModels   = 100
	benchSeedRows = 200_000
)

// BenchmarkVerify verifies a product of a hundred models without any cached build, with the bare builds of base and head
// in the same run: a DuckDB session for each that loads the seed and creates the tables. Where output differs a control
// build is needed, so the bare cost is then three builds. It reports the ratio of the times.
//
//	go test ./bot/verify -run '^$' -bench Verify -benchtime 3x
func BenchmarkVerify(b *testing.B) {
	for _, c := range []struct {
		name   string
		head   string // of the model m050
		builds int
		want   bot.Verdict
	}{
		{"nothing changed", benchModel(50), 2, bot.VerdictPass},
		{"rewritten, same output", benchModel(50) + "\n-- and a comment", 2, bot.VerdictPass},
		{"one model changed", strings.Replace(benchModel(50), "v + 1", "v + 2", 1), 3, bot.VerdictFail},
	} {
		b.Run(c.name, func(b *testing.B) {
			dir := b.TempDir()
			base, head := filepath.Join(dir, "base"), filepath.Join(dir, "head")
			writeBenchProduct(b, base, benchModel(50))
			writeBenchProduct(b, head, c.head)
			var ours, bare time.Duration
			for range b.N {
				ours += timeVerify(b, base, head, c.want)
				build := time.Duration(0)
				for _, side := range []string{base, head, base}[:c.builds] {
					build += timeBareBuild(b, side)
				}
				bare += build
			}
			b.ReportMetric(ours.Seconds()/bare.Seconds(), "x-bare-builds")
			b.ReportMetric(ours.Seconds()/float64(b.N), "s/ours")
			b.ReportMetric(bare.Seconds()/float64(b.N), "s/bare")
		})
	}
}

// benchModel is the i-th model: each reads one or two earlier ones.
func benchModel(i int) string {
	switch {
	case i == 0:
		return "SELECT id, customer, v FROM events"
	case i%10 == 9:
		return fmt.Sprintf("SELECT customer, CAST(count(*) AS BIGINT) AS n, CAST(sum(v) AS BIGINT) AS total FROM m%03d GROUP BY customer", i-1)
	case i%10 == 0:
		return fmt.Sprintf("SELECT a.id, a.customer, v + 1 AS v FROM m%03d a", i-10)
	}
	return fmt.Sprintf("SELECT id, customer, v + %d AS v FROM m%03d WHERE v %% 97 <> %d", i%7, i-1, i)
}

func writeBenchProduct(b *testing.B, root, m050 string) {
	b.Helper()
	files := map[string]string{}
	var tables strings.Builder
	for i := range benchModels {
		text := benchModel(i)
		if i == 50 {
			text = m050
		}
		files[fmt.Sprintf("models/m%03d.sql", i)] = text
		if i%10 == 9 {
			fmt.Fprintf(&tables, "  - name: m%03d\n    description: Events of a customer.\n    why: To be compared.\n    key: [customer]\n    columns:\n", i)
			for _, c := range []string{"customer", "n", "total"} {
				fmt.Fprintf(&tables, "      - {name: %s, type: BIGINT, description: A number., why: To be compared.}\n", c)
			}
		}
	}
	files["spec.yaml"] = "spec: 1\nproduct: bench\nversion: 1.0.0\nowner: {team: bench}\npurpose: To be timed.\ntables:\n" + tables.String()
	files["amendments/0001.yaml"] = "id: 1\nrequirement: Time me\norigin: {kind: bootstrap}\nreading: As it says.\nexpects: [{add_table: m009}]\nchecks:\n  - {name: customers are counted, sql: 'select * from m009 where n < 1'}\nchange: Wrote it.\n"
	var seed strings.Builder
	seed.WriteString("id,customer,v\n")
	for i := range benchSeedRows {
		fmt.Fprintf(&seed, "%d,%d,%d\n", i, i*7919%5000, i*31%100000)
	}
	files["seeds/events.csv"] = seed.String()
	for name, text := range files {
		path := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			b.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			b.Fatal(err)
		}
	}
}

func timeVerify(b *testing.B, base, head string, want bot.Verdict) time.Duration {
	b.Helper()
	start := time.Now()
	cache, err := product.OpenCache("")
	if err != nil {
		b.Fatal(err)
	}
	defer cache.Close()
	v := &verify.Verifier{Builder: &product.Builder{Cache: cache, AllowUnconfined: true}, Log: slog.New(slog.DiscardHandler), Now: time.Now}
	r, err := v.Verify(context.Background(), verify.Input{
		Head: product.Tree{Root: head, Label: "head"}, Under: ".", Base: &product.Tree{Root: base, Label: "base"}})
	if err != nil {
		b.Fatal(err)
	}
	if r.Verdict != want {
		for _, x := range r.Results {
			if x.Status == bot.Fail {
				b.Logf("%s: %s", x.ID, x.Message)
			}
		}
		b.Fatalf("verdict %s, want %s", r.Verdict, want)
	}
	return time.Since(start)
}

// timeBareBuild makes the tables of a product by hand, in the order of their names.
func timeBareBuild(b *testing.B, root string) time.Duration {
	b.Helper()
	start := time.Now()
	db, err := sql.Open("duckdb", filepath.Join(b.TempDir(), "bare.duckdb"))
	if err != nil {
		b.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	if _, err := db.Exec("CREATE TABLE events AS SELECT * FROM read_csv('" + filepath.Join(root, "seeds", "events.csv") + "', sample_size=-1)"); err != nil {
		b.Fatal(err)
	}
	for i := range benchModels {
		text, err := os.ReadFile(filepath.Join(root, "models", fmt.Sprintf("m%03d.sql", i)))
		if err != nil {
			b.Fatal(err)
		}
		if _, err := db.Exec(fmt.Sprintf("CREATE TABLE m%03d AS %s", i, text)); err != nil {
			b.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		b.Fatal(err)
	}
	return time.Since(start)
}

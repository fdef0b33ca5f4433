package author_test

import (
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	_ "github.com/duckdb/duckdb-go/v2"

	"github.com/codicil-dev/codicil/bot/author"
	"github.com/codicil-dev/codicil/bot/product"
)

// benchRows is the size of each of the three seeds of the product that is timed.
const benchRows = 200_000

// BenchmarkAmend takes a product of ten models through a whole change, with a model that answers at once and without any cached
// build, and makes as many bare builds in the same run: a DuckDB session for each that loads the seeds and creates the tables. It
// reports how many builds were made and the ratio of the times.
//
//	go test ./bot/author -run '^$' -bench Amend -benchtime 3x
func BenchmarkAmend(b *testing.B) {
	wrong := unitsDid + strings.Replace(implementsUnits("quantity"), "    net_amount,", "    gross_amount as net_amount,", 1)
	for _, c := range []struct {
		name   string
		script func() *script
	}{
		{"done at once", func() *script { return plannerOf(b) }},
		{"one round of repair", func() *script {
			s := plannerOf(b)
			s.answers[author.StageImplement], s.answers[author.StageRepair] = []string{wrong}, []string{implementsUnits("quantity")}
			return s
		}},
	} {
		b.Run(c.name, func(b *testing.B) {
			job := put(b, newWarehouse(3, benchRows).files())
			job.Requirement = wantUnits
			var ours, bare time.Duration
			var n counted
			for range b.N {
				n = counted{}
				ours += timeAmend(b, c.script(), job, &n)
				for range n.total {
					bare += timeBareBuild(b, job.Tree.Root)
				}
			}
			b.ReportMetric(ours.Seconds()/bare.Seconds(), "x-bare-builds")
			b.ReportMetric(ours.Seconds()/float64(b.N), "s/ours")
			b.ReportMetric(bare.Seconds()/float64(b.N), "s/bare")
			b.ReportMetric(float64(n.total), "builds")
		})
	}
}

// timeAmend takes a job through all stages with a new cache.
func timeAmend(b *testing.B, s *script, job author.Job, n *counted) time.Duration {
	b.Helper()
	start := time.Now()
	own, err := product.OpenCache("")
	if err != nil {
		b.Fatal(err)
	}
	defer own.Close()
	a := newAuthor(s)
	a.Verifier.Builder = &product.Builder{Cache: own, AllowUnconfined: true, Made: n.made}
	o, err := a.Amend(b.Context(), job)
	if err != nil {
		b.Fatal(err)
	}
	if o.Kind != author.Done {
		b.Fatalf("ended as %s: %s\n%s", o.Kind, o.Explanation, strings.Join(o.Faults, "\n"))
	}
	return time.Since(start)
}

// timeBareBuild makes the tables of a warehouse by hand, each after those that it reads.
func timeBareBuild(b *testing.B, root string) time.Duration {
	b.Helper()
	start := time.Now()
	db, err := sql.Open("duckdb", filepath.Join(b.TempDir(), "bare.duckdb"))
	if err != nil {
		b.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	seeds, err := filepath.Glob(filepath.Join(root, "seeds", "*.csv"))
	if err != nil {
		b.Fatal(err)
	}
	create := func(file, query string) {
		name := strings.TrimSuffix(filepath.Base(file), filepath.Ext(file))
		if _, err := db.Exec("CREATE TABLE " + name + " AS " + query); err != nil {
			b.Fatalf("%s: %v", name, err)
		}
	}
	for _, file := range seeds {
		create(file, "SELECT * FROM read_csv('"+file+"', sample_size=-1)")
	}
	for _, pattern := range []string{"staging/*.sql", "intermediate/*.sql", "[^c]*.sql", "c*.sql"} {
		models, err := filepath.Glob(filepath.Join(root, "models", pattern))
		if err != nil {
			b.Fatal(err)
		}
		for _, file := range models {
			text, err := os.ReadFile(file)
			if err != nil {
				b.Fatal(err)
			}
			create(file, string(text))
		}
	}
	if err := db.Close(); err != nil {
		b.Fatal(err)
	}
	return time.Since(start)
}

// BenchmarkPrompts tells how long the first prompt of each stage is for a product of twenty models, and which part of what it has in
// common with those of other products stands at its beginning.
//
//	go test ./bot/author -run '^$' -bench Prompts -benchtime 1x
func BenchmarkPrompts(b *testing.B) {
	for range b.N {
		large := asked(b, newWarehouse(6, 60).files(), repairing(b))
		other := asked(b, renamed(newWarehouse(1, 30).files(), "product: warehouse", "product: books"), repairing(b))
		for _, stage := range stages {
			b.ReportMetric(float64(large[stage].Tokens()), stage+"-tokens")
			shared, could := sharedTokens(b, stage, large[stage], other[stage])
			b.ReportMetric(100*float64(shared)/float64(could), stage+"-%shared")
		}
	}
}

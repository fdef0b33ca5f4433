package demo_test

import (
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/codicil-dev/codicil/bot/config"
	"github.com/codicil-dev/codicil/bot/demo"
	"github.com/codicil-dev/codicil/bot/demo/tiny"
	"github.com/codicil-dev/codicil/bot/state"
	"github.com/codicil-dev/codicil/forge/localforge"
)

// audited is a guideline that no tiny product keeps, until somebody adds a column.
const audited = "---\nid: audited\ntitle: Tables can be audited\napplies_to: 'true'\nchecks:\n  - {name: every table can be audited, cel: 'tables.all(t, t.columns.exists(c, c.name == \"audit\"))'}\n---\n" +
	"# Audits\n\n**Rule.** To each table add a column audit.\n\n**Why.** Auditors ask for it.\n"

var rule = map[string]string{"audited.md": audited}

// products is how many products a benchmark has: CODICIL_BENCH_PRODUCTS, or 10.
func products(b *testing.B) int {
	b.Helper()
	text := os.Getenv("CODICIL_BENCH_PRODUCTS")
	if text == "" {
		return 10
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		b.Fatalf("CODICIL_BENCH_PRODUCTS is %q, which is no number of products", text)
	}
	return n
}

// row are so many products, of which the owners have as many each.
func row(n int) map[string][]tiny.Product {
	owners := map[string][]tiny.Product{}
	for i := range n {
		owner := demo.Owners()[i%len(demo.Owners())]
		owners[owner] = append(owners[owner], tiny.Product{Name: fmt.Sprintf("p%03d", i)})
	}
	return owners
}

// BenchmarkBotMergeRequests has one guideline come to many products, with a model that answers at once, and measures until the last merge request
// is open and all is said of it. Beside it stands the bare cost, in the same run: the requests that the bot made of the forge, in the same order,
// from a plain loop; each push by plain git with the same two commits made by git; and as many builds as the bot made of such products.
//
//	merge-requests/min       of the bot
//	bare-merge-requests/min  of the plain loop and its builds
//	x-bare                   how many times as long as bare the bot takes; 2 is the most that it is meant to
//	cpu-x-bare               the same in time of all processors, children's too, which other work on the machine hardly touches
//	cpu-s/request            what the bot uses of all processors for a merge request, bare-cpu-s/request what bare does
//	builds/request           builds of products that were not found in the cache
//	calls/request            requests of the API, and pushes
//
// CODICIL_BENCH_PRODUCTS is the number of products. The bot works on as many products at once as there are processors, the loop on one.
func BenchmarkBotMergeRequests(b *testing.B) {
	n := products(b)
	owners := row(n)
	recorded := &tape{}
	options := demo.Options{Examples: tiny.Files(owners), Listen: recorded.around, Configure: func(c *config.Config) { c.Limits.Changes = runtime.NumCPU() }}
	for range b.N {
		p := street(b, owners, options, &tiny.Model{})
		house{p, demo.Rules, "", "ada"}.quiet()
		before := p.builds.Load()
		recorded.record()
		var guideline string
		took := measured(func() {
			guideline = p.push(demo.Rules, "ada", "", "Tables can be audited", rule)
			p.wait("all merge requests are open", time.Duration(n)*time.Minute, func() bool { return len(p.opened()) == n })
		})
		asked, built, open := recorded.end(), int(p.builds.Load()-before), p.opened()
		b.Logf("the bot asked the forge: %s", kinds(asked))
		if err := p.stop(); err != nil {
			b.Log(err)
		}
		p.stop = func() error { return nil }
		for _, c := range open {
			if c.Draft {
				b.Fatalf("a merge request is red: %+v", c)
			}
		}
		report(b, n, took, without(b, options, p.town, owners, guideline, asked, built), len(asked), built)
	}
}

// opened are the changes whose merge requests are open.
func (p *play) opened() (open []state.Change) {
	p.Helper()
	p.view(func(tx *state.Tx) (err error) {
		open, err = tx.ChangesIn(state.ChangeOpen)
		return err
	})
	return open
}

// without is what the same costs without a bot.
func without(b *testing.B, o demo.Options, from *demo.Town, owners map[string][]tiny.Product, guideline string, asked []request, built int) cost {
	b.Helper()
	o.Verifier, o.Log, o.Now, o.Version = nil, slog.New(slog.DiscardHandler), time.Now, "test"
	root := b.TempDir()
	if err := os.CopyFS(root, tiny.Files(owners)); err != nil {
		b.Fatal(err)
	}
	plain := newBare(b, o, from)
	sha, err := plain.town.Commit(b.Context(), localforge.Commit{Owner: demo.Rules, Name: demo.RulesRepository, By: "ada", Message: "Tables can be audited", Write: rule})
	if err != nil {
		b.Fatal(err)
	}
	plain.commits[guideline] = sha
	took := measured(func() {
		if others := plain.replay(asked); others > len(asked)/10 {
			b.Fatalf("%d of %d requests that the bot made are answered otherwise when they are made without it", others, len(asked))
		}
	})
	making := measured(func() { builds(b, root, built) })
	b.Logf("bare: %d requests took %v (%v of processors), %d builds %v (%v)", len(asked), took.wall, took.processors, built, making.wall, making.processors)
	return took.plus(making)
}

func report(b *testing.B, n int, bot, bare cost, calls, built int) {
	count := float64(n)
	b.ReportMetric(count/bot.wall.Minutes(), "merge-requests/min")
	b.ReportMetric(count/bare.wall.Minutes(), "bare-merge-requests/min")
	b.ReportMetric(bot.wall.Seconds()/bare.wall.Seconds(), "x-bare")
	b.ReportMetric(bot.processors.Seconds()/bare.processors.Seconds(), "cpu-x-bare")
	b.ReportMetric(bot.processors.Seconds()/count, "cpu-s/request")
	b.ReportMetric(bare.processors.Seconds()/count, "bare-cpu-s/request")
	b.ReportMetric(float64(calls)/count, "calls/request")
	b.ReportMetric(float64(built)/count, "builds/request")
	b.ReportMetric(0, "ns/op")
}

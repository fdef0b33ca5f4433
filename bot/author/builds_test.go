package author_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/codicil-dev/codicil/bot/author"
	"github.com/codicil-dev/codicil/bot/model"
	"github.com/codicil-dev/codicil/bot/product"
)

// plannerOf is a model that brings the units of each order into a warehouse.
func plannerOf(t testing.TB) *script {
	return &script{t: t, answers: map[string][]string{
		author.StageRefine: {clearUnits}, author.StageAmend: {amendsUnits()}, author.StageImplement: {unitsDid + implementsUnits("quantity")}, author.StageReview: {approves},
	}}
}

// counted counts builds that were really made, by what they were made of and under which clock.
type counted struct {
	mu    sync.Mutex
	total int
	// clocks are how many builds were made under each clock: a control build has another than all others.
	clocks map[time.Time]int
}

func (c *counted) made(b *product.Build) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.clocks == nil {
		c.clocks = map[time.Time]int{}
	}
	c.total++
	c.clocks[b.Clock]++
}

// controls are the control builds: their clock runs ahead of the others'.
func (c *counted) controls() (n int) {
	var first time.Time
	for clock := range c.clocks {
		if first.IsZero() || clock.Before(first) {
			first = clock
		}
	}
	for clock, made := range c.clocks {
		if clock != first {
			n += made
		}
	}
	return n
}

// TestBuilds holds the promise that a change costs the base's build, one build of the head a round, the first implementation
// being one, and one control build where something differs; all else that is done with a build finds it in the cache.
func TestBuilds(t *testing.T) {
	t.Parallel()
	half := unitsDid + implementsUnits("quantity / 2")
	breaks := unitsDid + strings.Replace(implementsUnits("quantity"), "    net_amount,", "    gross_amount as net_amount,", 1)
	broken := unitsDid + implementsUnits("no_such_column")
	repaired := implementsUnits("quantity")
	surplus := unitsDid + implementsUnits("quantity") + file("models/surplus.sql", "select 1 as n\n")
	objects := "```sql\nselect * from surplus\n```\n```json\n{\"summary\": \"s\", \"objections\": [{\"promise\": \"orders\", \"says\": \"nobody asked for surplus\"}], \"remarks\": []}\n```\n"
	for _, c := range []struct {
		name                   string
		answers                map[string][]string
		heads, controls, bases int
	}{
		{name: "done at once", bases: 1, heads: 1},
		{name: "one round of repair", answers: map[string][]string{author.StageImplement: {half}, author.StageRepair: {repaired}}, bases: 1, heads: 2},
		{name: "values differ for two rounds", answers: map[string][]string{author.StageImplement: {breaks}, author.StageRepair: {strings.TrimPrefix(strings.Replace(breaks, "cast(quantity as", "cast(quantity + 1 as", 1), unitsDid), repaired}}, bases: 1, heads: 3, controls: 1},
		{name: "what does not build is repaired", answers: map[string][]string{author.StageImplement: {broken}, author.StageRepair: {repaired}}, bases: 1, heads: 2},
		{name: "amendment sent back twice", answers: map[string][]string{author.StageAmend: {"No.", file("amendments/0009.yaml", unitsAmends), amendsUnits()}}, bases: 1, heads: 1},
		{name: "repaired after the review", answers: map[string][]string{author.StageImplement: {surplus}, author.StageReview: {objects}, author.StageRepair: {"DELETE: models/surplus.sql\n"}}, bases: 1, heads: 2},
		{name: "a seed added", answers: map[string][]string{author.StageImplement: {unitsDid + implementsUnits("quantity") + file("seeds/units.csv", "unit\n1\n")}}, bases: 2, heads: 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := plannerOf(t)
			for stage, texts := range c.answers {
				s.answers[stage] = texts
			}
			got, o := amendWarehouse(t, s, "")
			wantKind(t, o, author.Done)
			if got.total != c.bases+c.heads+c.controls || got.controls() != c.controls {
				t.Errorf("%d builds were made, %d of them as controls; want %d of the base, %d of the head and %d as controls", got.total, got.controls(), c.bases, c.heads, c.controls)
			}
			if o.Report == nil || o.Report.Products[0].LeastVersion != "1.5.0" {
				t.Error("the version was not raised, so this says nothing of what that costs")
			}
		})
	}
}

// TestBuildsAreKept holds that a second run over the same cache folder builds nothing.
func TestBuildsAreKept(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	for run, want := range []int{2, 0} {
		got, o := amendWarehouse(t, plannerOf(t), folder)
		wantKind(t, o, author.Done)
		if got.total != want {
			t.Errorf("run %d made %d builds, want %d", run+1, got.total, want)
		}
	}
}

// TestBuildsWhileLooking holds that what a model looks at before it answers costs no build, but that of a head that does not build: such a
// build is not kept, so the first query of it makes it anew.
func TestBuildsWhileLooking(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, first string
		want        int
	}{
		{"half", "quantity / 2", 3},
		{"does not build", "no_such_column", 4},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			counts := []model.ToolCall{query("select count(*) as n from orders", "base"), query("select count(*) as n from stg_orders", "head"), query("select count(*) as m from stg_orders", "head")}
			s := &curious{script: plannerOf(t), made: map[string]int{}, told: map[string][]string{}, calls: map[string][]model.ToolCall{
				author.StageRefine: counts[:1], author.StageAmend: counts[:1], author.StageImplement: counts[:2], author.StageRepair: counts,
			}}
			s.answers[author.StageImplement] = []string{unitsDid + implementsUnits(c.first)}
			s.answers[author.StageRepair] = []string{implementsUnits("quantity")}
			got, o := amendWarehouse(t, s, "")
			wantKind(t, o, author.Done)
			if told := s.told[author.StageRepair]; len(told) != 3 || !strings.Contains(told[2], "40") {
				t.Errorf("the queries were not answered: %q", told)
			}
			if got.total != c.want {
				t.Errorf("%d builds were made, want %d", got.total, c.want)
			}
		})
	}
}

// asker answers requests.
type asker interface {
	Ask(ctx context.Context, r model.Request) (model.Answer, error)
}

// amendWarehouse has a warehouse of ten models amended, with a cache in folder or, without one, of its own.
func amendWarehouse(t *testing.T, s asker, folder string) (*counted, *author.Outcome) {
	t.Helper()
	own, err := product.OpenCache(folder)
	if err != nil {
		t.Fatal(err)
	}
	defer own.Close()
	var n counted
	a := newAuthor(nil)
	a.Asker = s
	a.Verifier.Builder.Cache, a.Verifier.Builder.Made = own, n.made
	job := put(t, newWarehouse(3, 40).files())
	job.Requirement = wantUnits
	o, err := a.Amend(t.Context(), job)
	if err != nil {
		t.Fatal(fmt.Errorf("amend: %w", err))
	}
	return &n, o
}

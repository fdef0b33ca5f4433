package message

import (
	"fmt"
	"strings"
	"testing"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/author"
	"github.com/codicil-dev/codicil/bot/spec"
	"github.com/codicil-dev/codicil/forge"
)

func TestTitles(t *testing.T) {
	with := func(ds ...bot.Difference) Change {
		for i := range ds {
			ds[i].Product = "orders"
		}
		return Change{Product: "orders", Report: &bot.Report{Differences: ds}}
	}
	asked := with()
	asked.Triggers = []Trigger{{Kind: spec.OriginIssue, Requirement: "Count the items. Please."}}
	refreshed := with()
	refreshed.Triggers = []Trigger{{Kind: spec.OriginRefresh, Requirement: "DuckDB 1.5.5 is out."}}
	done := with()
	done.Outcome = &author.Outcome{Amendment: &spec.Amendment{Requirement: "More", Change: "Counts the items; see there."}}
	for _, c := range []struct {
		change Change
		want   string
	}{
		{with(bot.Difference{Kind: bot.ColumnAdded, Table: "orders", Column: "item_count"}), "orders: new item_count"},
		{with(bot.Difference{Kind: bot.MeaningChanged, Column: "a", Field: "deprecated", New: "b"}, bot.Difference{Kind: bot.ColumnRemoved, Column: "x", Breaking: true, Impact: bot.ImpactMajor}), "orders (breaking): drops x; deprecates a"},
		{with(bot.Difference{Kind: bot.ColumnRenamed, Old: "a", New: "b"}, bot.Difference{Kind: bot.TypeChanged, Column: "c", New: "DATE"}, bot.Difference{Kind: bot.ValuesChanged, Column: "d"}), "orders: a is now b; c is now DATE and 1 more"},
		{asked, "orders: count the items"},
		{refreshed, "orders: refresh, DuckDB 1.5.5 is out"},
		{done, "orders: counts the items"},
		{Change{Product: "orders"}, "orders: a change"},
	} {
		if got := c.change.Title(); got != c.want {
			t.Errorf("%q, not %q", got, c.want)
		}
	}
}

func TestLabelsAreAmongAll(t *testing.T) {
	all := map[string]bool{}
	for _, l := range AllLabels() {
		all[l.Name] = true
		if l.Description == "" || len(l.Description) > 100 || len(l.Color) != 6 {
			t.Errorf("%+v is no label", l)
		}
	}
	if len(all) != len(labels) {
		t.Errorf("%d labels of %d", len(all), len(labels))
	}
	for _, kind := range []string{spec.OriginIssue, spec.OriginGuideline, spec.OriginSpec, spec.OriginRefresh} {
		for _, impact := range []bot.Impact{bot.ImpactNone, bot.ImpactPatch, bot.ImpactMinor, bot.ImpactMajor} {
			c := Change{Product: "p", Triggers: []Trigger{{Kind: kind}}, Report: &bot.Report{Verdict: bot.VerdictFail, Products: []bot.ProductReport{{Product: "p", Impact: impact}}}}
			for _, l := range c.Labels() {
				if !all[l.Name] {
					t.Errorf("%q is not among all", l.Name)
				}
			}
		}
	}
}

// TestOnlyWantedIssuesAreClosed looks at the lines that tie a merge request to its issues.
func TestOnlyWantedIssuesAreClosed(t *testing.T) {
	elsewhere := forge.Repo{Host: shop.Host, Owner: "northtrail", Name: "plans"}
	for _, c := range []struct {
		name     string
		triggers []Trigger
		want     string
	}{
		{"one", []Trigger{{Kind: spec.OriginIssue, Issue: 12}}, "\nCloses #12\n"},
		{"twice the same", []Trigger{{Kind: spec.OriginIssue, Issue: 12}, {Kind: spec.OriginIssue, Issue: 12, Repo: forge.Repo{Host: "GitHub.com", Owner: "Northtrail", Name: "shop"}}}, "\nCloses #12\n"},
		{"kept open", []Trigger{{Kind: spec.OriginIssue, Issue: 12, KeepOpen: true}}, "\nFor #12.\n"},
		{"elsewhere", []Trigger{{Kind: spec.OriginIssue, Issue: 3, Repo: elsewhere}}, "\nFor northtrail/plans#3.\n"},
		{"no issue", []Trigger{{Kind: spec.OriginRefresh}}, ""},
		{"a campaign's issue", []Trigger{{Kind: spec.OriginGuideline, Issue: 5}}, "\nFor #5.\n"},
	} {
		change := Change{Repo: shop, Product: "orders", Triggers: c.triggers}
		if got := change.closing(); got != c.want {
			t.Errorf("%s: %q, not %q", c.name, got, c.want)
		}
		if !strings.HasSuffix(change.Body(0), c.want+"\n"+change.Meta().String()) {
			t.Errorf("%s: the body ends otherwise", c.name)
		}
	}
}

func TestPictureGathersWhatIsTooMuch(t *testing.T) {
	p := Picture{Nodes: []Node{{Key: "hub", Name: "hub", Kind: NodeTable, Changed: true}, {Key: "bad", Name: "bad", Kind: NodeProduct, Verdict: bot.VerdictFail}}}
	for i := range 100 {
		key := fmt.Sprint("m", i)
		p.Nodes = append([]Node{{Key: key, Name: key, Kind: NodeModel}}, p.Nodes...)
		if i >= 95 {
			p.Edges = append(p.Edges, Edge{key, "hub"})
		} else {
			p.Edges = append(p.Edges, Edge{key, "m99"})
		}
	}
	got := p.Mermaid()
	for _, want := range []string{`[("hub · changed")]`, `(["bad · fails"])`, `["m95"]`, "and 66 more models"} {
		if !strings.Contains(got, want) {
			t.Errorf("%s is missing:\n%s", want, got)
		}
	}
	if n := strings.Count(got, "\n  n"); n > mostNodes+mostEdges {
		t.Errorf("%d lines", n)
	}
	if one := (Picture{Nodes: p.Nodes[:1]}).Mermaid(); one != "" {
		t.Errorf("a single node is drawn:\n%s", one)
	}
}

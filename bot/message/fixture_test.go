package message

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/author"
	"github.com/codicil-dev/codicil/bot/spec"
	"github.com/codicil-dev/codicil/forge"
)

var update = flag.Bool("update", false, "rewrite golden files")

func golden(t *testing.T, name, got string) {
	t.Helper()
	name = filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s differs; run go test -update and look at the difference:\n%s", name, diff)
	}
}

func read(t testing.TB, name string, into any) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatal(err)
	}
}

// outcome is what a recorded run of the author came to, as it is stored.
func outcome(t testing.TB, name string) *author.Outcome {
	t.Helper()
	var o author.Outcome
	read(t, name, &o)
	return &o
}

var shop = forge.Repo{Host: "github.com", Owner: "northtrail", Name: "shop"}

// renamed is a change that six products read, from a real run.
func renamed(t testing.TB) Change {
	o := outcome(t, "rename.json")
	return Change{
		ID: "c-0191", Product: "orders", Path: "commerce/orders", Repo: shop, Branch: "codicil/orders-1a2b3c4d", BaseSHA: "5f2d1c", HeadSHA: "9ab8c7",
		Triggers: []Trigger{{
			Kind: spec.OriginIssue, Key: "github.com/northtrail/shop/comment/991", Hash: "sha256:11", URL: "https://github.com/northtrail/shop/issues/12#issuecomment-991", Author: "jane",
			Requirement: o.Requirement, Issue: 12,
		}},
		Outcome: o, Report: o.Report, Codicil: "0.4.0",
		Spec: &spec.Spec{Product: "orders", Tables: []spec.Table{{Name: "orders", Columns: []spec.Column{
			{Name: "buyer_id", Description: "Number of whoever placed the order, empty for a guest."}, {Name: "customer_id"}}}}},
		Picture: Picture{
			Nodes: []Node{
				{Key: "stg", Name: "stg_orders", Kind: NodeModel}, {Key: "priced", Name: "int_orders_priced", Kind: NodeModel}, {Key: "lines", Name: "order_lines", Kind: NodeTable},
				{Key: "orders", Name: "orders", Kind: NodeTable, Changed: true},
				{Key: "p1", Name: "attribution", Kind: NodeProduct, Verdict: bot.VerdictPass}, {Key: "p2", Name: "customer_segments", Kind: NodeProduct, Verdict: bot.VerdictPass},
				{Key: "p3", Name: "invoices", Kind: NodeProduct, Verdict: bot.VerdictPass}, {Key: "p4", Name: "payments_reconciliation", Kind: NodeProduct, Verdict: bot.VerdictPass},
				{Key: "p5", Name: "returns", Kind: NodeProduct, Verdict: bot.VerdictPass}, {Key: "p6", Name: "revenue", Kind: NodeProduct, Verdict: bot.VerdictPass},
			},
			Edges: []Edge{{"stg", "priced"}, {"priced", "lines"}, {"priced", "orders"}, {"lines", "orders"}, {"orders", "p1"}, {"orders", "p2"}, {"orders", "p3"}, {"p3", "p4"}, {"orders", "p5"}, {"orders", "p6"}},
		},
	}
}

// segmented is a change that weakens something, asks and answers, and changes seeds, from a real run.
func segmented(t testing.TB) Change {
	o := outcome(t, "segments.json")
	return Change{
		ID: "c-0192", Product: "customer_segments", Path: "marketing/customer_segments", Repo: shop, BaseSHA: "5f2d1c", HeadSHA: "77aa10", Outcome: o, Report: o.Report, Codicil: "0.4.0",
		Triggers: []Trigger{{Kind: spec.OriginIssue, Key: "k2", Hash: "h2", URL: "https://github.com/northtrail/plans/issues/3", Author: "bob", Requirement: o.Requirement, Repo: forge.Repo{Host: "github.com", Owner: "northtrail", Name: "plans"}, Issue: 3}},
	}
}

// guided is a change that a guideline asks for.
func guided(t testing.TB) Change {
	o := outcome(t, "unit.json")
	return Change{
		ID: "c-0193", Product: "email_engagement", Path: "marketing/email_engagement", Repo: shop, BaseSHA: "5f2d1c", HeadSHA: "d00d11", Outcome: o, Report: o.Report, Codicil: "0.4.0",
		Triggers: []Trigger{{Kind: spec.OriginGuideline, Key: "k3", Hash: "h3", Guideline: &Guideline{
			ID: "rates-are-fractions", Title: "Rates are fractions between 0 and 1", Revision: "8c1f2e77aa90", URL: "https://github.com/northtrail/guidelines/blob/8c1f2e/rates.md",
			Rule: "**Rule.** A rate or share is a fraction between 0 and 1, and its unit says of what.\n\n**Why.** People multiply by 100 twice.",
		}}},
	}
}

// reddened is a change that breaks its readers, with a real report.
func reddened(t testing.TB) Change {
	c := renamed(t)
	var r bot.Report
	read(t, "red.json", &r)
	o := *c.Outcome
	o.Kind, o.Report, o.Rounds = author.Failed, &r, 3
	o.Explanation = "After 3 rounds of repair this still fails: order_amount is the sum of its lines."
	c.Outcome, c.Report, c.Draft, c.Spec = &o, &r, true, nil
	for i := range c.Picture.Nodes {
		if c.Picture.Nodes[i].Kind == NodeProduct {
			c.Picture.Nodes[i].Verdict = bot.VerdictFail
		}
	}
	return c
}

// changes are changes of every kind.
func changes(t testing.TB) map[string]Change {
	edited, refreshed := guided(t), guided(t)
	edited.Triggers = []Trigger{{Kind: spec.OriginSpec, Key: "k4", Hash: "h4", URL: "https://github.com/northtrail/shop/pull/9", Author: "bob", Requirement: "People multiply by 100 twice, so there is a fraction now."}}
	refreshed.Triggers = []Trigger{
		{Kind: spec.OriginRefresh, Key: "k5", Hash: "h5", Requirement: "The guideline rates-are-fractions is newer than what was adopted."},
		{Kind: spec.OriginIssue, Key: "k6", Hash: "h6", URL: "https://github.com/northtrail/shop/issues/31", Author: "jane", Issue: 31, KeepOpen: true, Requirement: "And a fraction beside it."},
	}
	fresh := guided(t)
	r := *fresh.Report
	r.Products, r.Differences = append([]bot.ProductReport(nil), r.Products...), nil
	r.Products[0].BaseVersion, r.Products[0].Version = "", "1.0.0"
	fresh.Report, fresh.Triggers = &r, edited.Triggers
	return map[string]Change{"new": fresh, "edited": edited, "refresh": refreshed, "rename": renamed(t), "segments": segmented(t), "guideline": guided(t), "red": reddened(t)}
}

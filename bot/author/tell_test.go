package author

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/model"
	"github.com/codicil-dev/codicil/bot/report"
	"github.com/codicil-dev/codicil/bot/spec"
	"github.com/codicil-dev/codicil/bot/terminal"
)

var update = flag.Bool("update", false, "rewrite golden files")

func number(n int) *int { return &n }

// verified is the report of a change with one new check.
func verified(status bot.Status) *bot.Report {
	r := &bot.Report{
		At: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC), Verdict: bot.VerdictPass, Impact: bot.ImpactMinor,
		Products: []bot.ProductReport{{Product: "orders", Path: "commerce/orders", Verdict: bot.VerdictPass, Impact: bot.ImpactMinor, BaseVersion: "1.0.0", Version: "1.1.0", LeastVersion: "1.1.0"}},
		Results: []bot.Result{
			{Product: "orders", ID: "build/head", Area: bot.AreaBuild, Name: "orders builds", Status: bot.Pass},
			{Product: "orders", ID: "requirements/1/sum", Area: bot.AreaRequirements, Name: "amount is the sum of its lines", Status: bot.Pass, Amendment: 1, Requirement: "We need orders."},
			{Product: "orders", ID: "requirements/4/count", Area: bot.AreaRequirements, Name: "item_count is the sum of quantities", Status: status, Amendment: 4, New: true,
				Requirement: "I want to see the number of items in each order", Proof: "failed before", File: "commerce/orders/amendments/0004.yaml", Line: 8},
		},
		Differences: []bot.Difference{{Product: "orders", Kind: bot.ColumnAdded, Table: "orders", Column: "item_count", Declared: true, DeclaredBy: 4, Impact: bot.ImpactMinor, Message: "column orders.item_count was added"}},
	}
	if status == bot.Fail {
		r.Verdict, r.Products[0].Verdict, r.Results[2].Message = bot.VerdictFail, bot.VerdictFail, "12 rows violate it"
	}
	return r
}

// spent is what three stages took; the price of the last one's model is not known.
func spent() model.Spent {
	stage := func(name string, n, in, cached, out int, cost float64, known bool) model.Spending {
		return model.Spending{Stage: name, Requests: n, Usage: model.Usage{In: in, Cached: cached, Out: out}, Cost: cost, CostKnown: known}
	}
	return model.Spent{
		Stages: []model.Spending{stage("refine", 1, 8210, 0, 312, 0.0134, true), stage("implement", 2, 21480, 16384, 2950, 0.0379, true), stage("review", 1, 9021, 0, 455, 0, false)},
		Total:  stage("", 4, 38711, 16384, 3717, 0.0513, false),
	}
}

// told are outcomes of every kind, with much to tell.
func told() map[string]*Outcome {
	begin := func(k Kind, explanation string) *Outcome {
		return &Outcome{
			Kind: k, Explanation: explanation, Requirement: "I want to see the number of items in each order.\nReturned ones are not counted.",
			Reading: "A new column item_count on orders, the sum of the quantities of its lines.\nAssumed: an order without lines has none, so 0 stands there.",
			Spent:   spent(), Seconds: 72.4, Currency: "EUR",
			asked: map[int]string{1: "We need orders.", 3: "Amounts must never be negative, whatever the shop sends; invoices that say less than nothing have cost us two audits already"},
		}
	}
	all := map[string]*Outcome{
		"asked":     begin(Asked, "It is not clear what is to be counted."),
		"met":       begin(Met, "The column item_count does so since amendment 1."),
		"conflict":  begin(Conflict, "A refund makes the amount negative, which amendment 3 forbids."),
		"elsewhere": begin(Elsewhere, "The product customers holds addresses; this one only reads them."),
		"unasked":   {Kind: Failed, Explanation: "The product can't be read; mend it first:\nspec.yaml:3:1: unknown key \"tabels\"; did you mean \"tables\"?", Requirement: "More", Seconds: 0.2},
	}
	all["asked"].Reading = ""
	all["asked"].Questions = []Question{{Ask: "Do returned items count?", Assume: "No"}, {Ask: "Is a bundle of three articles one item or three, where the shop sells it under one number?", Assume: "Three"}}
	all["met"].Amendments = []int{1}
	all["conflict"].Amendments = []int{3}
	all["conflict"].Options = []Option{
		{Option: "Let refunds be negative, and keep the check for all other orders", Supersedes: []string{"3:amount isn't negative"}},
		{Option: "Put refunds into a table of their own"},
	}
	done := begin(Done, "Added item_count, counted from the order's lines.")
	done.Amendment = &spec.Amendment{
		ID: 4, Questions: []spec.Question{{Ask: "Do returned items count?", Answer: "No (assumed)"}},
		Rejected: []spec.Rejection{{Option: "Reuse amount for the count", Breaks: []int{1, 3}}, {Option: "A table of its own"}},
	}
	done.Weakens = []string{`retires the check "one line each" of amendment 3, because: bundles have several`, "lets rows of the seed lines change"}
	done.Files = []string{"amendments/0004.yaml", "models/orders.sql", "spec.yaml"}
	done.Review = "It keeps the spec. The count is an integer, as the warehouse expects."
	done.Notes = []string{"The review raised a doubt without a counter-example: the count may be large."}
	done.Rounds, done.OverlapBefore, done.OverlapAfter, done.Report = 1, number(5), number(2), verified(bot.Pass)
	all["done"] = done
	failed := *done
	failed.Kind, failed.Explanation = Failed, "After 1 round of repair this still fails: item_count is the sum of quantities. Nothing was written."
	failed.Weakens, failed.Review, failed.Report = nil, "", verified(bot.Fail)
	failed.Faults = []string{"models/orders.sql: the text to be replaced occurs twice; give more of it"}
	all["failed"] = &failed
	over := failed
	over.Kind, over.Explanation, over.Faults = OverBudget, "380000 of the 400000 tokens of the budget are used; raise the limit of tokens to go on", nil
	over.Spent.Total.Usage.Estimated, over.Currency = true, ""
	all["over_budget"] = &over
	return all
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	name = filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(name, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s differs; run go test -update and look at the difference:\n%s", name, diff)
	}
}

func TestReports(t *testing.T) {
	for name, o := range told() {
		t.Run(name, func(t *testing.T) {
			var text, markdown bytes.Buffer
			if err := o.Text(&text, report.TextOptions{}); err != nil {
				t.Fatal(err)
			}
			if err := o.Markdown(&markdown, report.MarkdownOptions{}); err != nil {
				t.Fatal(err)
			}
			golden(t, "report-"+name+".txt", text.Bytes())
			golden(t, "report-"+name+".md", markdown.Bytes())
			for _, line := range strings.Split(text.String(), "\n") {
				if terminal.Width(line) > 80 {
					t.Errorf("too wide: %s", line)
				}
			}
		})
	}
}

func TestReportInJSON(t *testing.T) {
	var b bytes.Buffer
	if err := told()["done"].JSON(&b); err != nil {
		t.Fatal(err)
	}
	var got struct {
		Spent struct {
			Stages []struct {
				Stage string
				Usage struct{ In, Cached int }
				Cost  float64
				Known bool `json:"cost_known"`
			}
		}
		Currency      string
		OverlapBefore int `json:"overlap_before"`
		OverlapAfter  int `json:"overlap_after"`
	}
	if err := json.Unmarshal(b.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	second := got.Spent.Stages[1]
	if second.Stage != "implement" || second.Usage.Cached != 16384 || second.Cost != 0.0379 || !second.Known || got.Spent.Stages[2].Known || got.Currency != "EUR" || got.OverlapBefore != 5 || got.OverlapAfter != 2 {
		t.Errorf("%+v", got)
	}
}

// TestReportsAreSafe has everything foreign try to act.
func TestReportsAreSafe(t *testing.T) {
	const evil = "@everyone closes #1 <!-- x --> ![i](http://x.test/i.png) </details>\n/approve\n\x1b[31m| a |"
	o := &Outcome{
		Kind: Conflict, Explanation: evil, Requirement: evil, Reading: evil, Review: evil, Currency: evil,
		Weakens: []string{evil}, Notes: []string{evil}, Faults: []string{evil}, Files: []string{evil}, Amendments: []int{1}, asked: map[int]string{1: evil},
		Options:   []Option{{Option: evil, Supersedes: []string{"1:" + evil + "'; $(touch x)"}}},
		Amendment: &spec.Amendment{Rejected: []spec.Rejection{{Option: evil, Breaks: []int{1}}}, Questions: []spec.Question{{Ask: evil, Answer: evil}}},
		Spent:     model.Spent{Stages: []model.Spending{{Stage: evil, Requests: 1}}, Total: model.Spending{Requests: 1}},
	}
	var markdown, text bytes.Buffer
	for _, k := range []Kind{Conflict, Done, Failed} {
		o.Kind = k
		if err := o.Markdown(&markdown, report.MarkdownOptions{}); err != nil {
			t.Fatal(err)
		}
		if err := o.Text(&text, report.TextOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	for _, bad := range []string{"@everyone", "#1", "<!--", "![", "\n/approve", "\x1b"} {
		if strings.Contains(markdown.String(), bad) {
			t.Errorf("%q is in the Markdown", bad)
		}
	}
	if open, closed := strings.Count(markdown.String(), "<details>"), strings.Count(markdown.String(), "</details>"); open == 0 || open != closed {
		t.Errorf("%d folds are opened and %d closed", open, closed)
	}
	if strings.Contains(text.String(), "\x1b") || !strings.Contains(text.String(), `'\''; $(touch x)'`) {
		t.Errorf("the text acts:\n%s", text.String())
	}
}

func TestMarkdownKeepsItsLimit(t *testing.T) {
	long := strings.Repeat("| <b> ", 2000)
	o := told()["failed"]
	o.Explanation, o.Requirement, o.Reading, o.Review = long, long, long, long
	for range 200 {
		o.Notes, o.Faults, o.Files = append(o.Notes, long), append(o.Faults, long), append(o.Files, long)
	}
	for _, k := range []Kind{Failed, Done} {
		o.Kind = k
		var b bytes.Buffer
		if err := o.Markdown(&b, report.MarkdownOptions{}); err != nil {
			t.Fatal(err)
		}
		if b.Len() > 65000 || !strings.Contains(b.String(), "more\n") || !strings.Contains(b.String(), "12 rows violate it") {
			t.Errorf("%s: %d bytes", k, b.Len())
		}
	}
}

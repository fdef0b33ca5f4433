package message

import (
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/author"
	"github.com/codicil-dev/codicil/bot/spec"
	"github.com/codicil-dev/codicil/bot/why"
	"github.com/codicil-dev/codicil/forge"
)

var monday = time.Date(2026, 11, 30, 9, 0, 0, 0, time.UTC)

// statuses are statuses of every stage, the ends from real outcomes.
func statuses(t testing.TB) []Status {
	wish := "I want to see the number of items in each order"
	mr := &Reference{Number: 14, URL: "https://github.com/northtrail/shop/pull/14"}
	begin := func(s Stage) Status {
		return Status{Key: "status/991/orders", Product: "orders", Stage: s, Requirement: wish}
	}
	at := func(s Stage, round int) Status {
		x := begin(s)
		x.Round = round
		return x
	}
	ended := func(s Stage, file string) Status {
		o := outcome(t, file)
		return Status{Key: "status/992", Product: o.Product, Stage: s, Requirement: o.Requirement, Outcome: o, Requirements: map[int]string{
			3: "Erased customers and people who said no must not end up on a mailing list.", 4: "Columns that hold personal data say so."}}
	}
	asking := begin(Asking)
	asking.Questions = &Reference{URL: "https://github.com/northtrail/shop/issues/12#issuecomment-7"}
	ready, red := ended(Ready, "rename.json"), ended(Ready, "rename.json")
	ready.MergeRequest, red.MergeRequest, red.Draft = mr, mr, true
	red.Outcome = reddened(t).Outcome
	failed := ended(Failed, "rename.json")
	failed.Outcome = reddened(t).Outcome
	failed.Outcome.Faults = []string{"models/orders.sql: the text to be replaced occurs twice; give more of it"}
	over := ended(OverBudget, "met.json")
	over.Outcome.Explanation = "380,000 of the 400,000 tokens of the budget are used."
	elsewhere := ended(Elsewhere, "met.json")
	elsewhere.Outcome.Explanation = "The addresses of customers belong to the product customers; orders only reads their numbers."
	waiting, declined, merged := begin(Waiting), begin(Declined), begin(Merged)
	waiting.Outcome = &author.Outcome{Explanation: "Together with merge request #14 as it is it can't be proven; this comes after it."}
	untried := begin(Failed)
	untried.Outcome = &author.Outcome{Kind: author.Failed, Explanation: "Something outside the product stood in the way. `/codicil retry` tries again. `/close` does not."}
	waiting.Behind, declined.MergeRequest, merged.MergeRequest = mr, mr, mr
	return []Status{
		begin(Received), begin(Reading), asking, begin(Writing), begin(Implementing), at(Verifying, 1), at(Implementing, 1), at(Verifying, 2), begin(Publishing),
		ready, red, merged, ended(Met, "met.json"), ended(Conflict, "conflict.json"), elsewhere, failed, untried, over, begin(Cancelled), waiting, declined,
	}
}

func joined(comments ...string) string { return strings.Join(comments, "\n---\n\n") }

func TestStatuses(t *testing.T) {
	var all []string
	for _, s := range statuses(t) {
		all = append(all, s.Comment())
	}
	golden(t, "statuses.md", joined(all...))
}

func inquiry() Inquiry {
	return Inquiry{Key: "questions/991/1", Product: "orders", Asker: "jane", Round: 1, Deadline: monday, Questions: []author.Question{
		{Ask: "Does a returned item count?", Assume: "No"}, {Ask: "Is a bundle of three articles one item or three, where the shop sells it under one number?", Assume: "Three"}}}
}

func TestQuestions(t *testing.T) {
	q := inquiry()
	strict := q
	strict.Strict, strict.Round, strict.Questions = true, 2, q.Questions[:1]
	at := Reference{URL: "https://github.com/northtrail/shop/issues/12#issuecomment-7"}
	golden(t, "questions.md", joined(q.Comment(), strict.Comment(), q.Reminder(at), strict.Reminder(Reference{}), q.Expired(), strict.Expired()))
}

// story is what codicil why tells of a small product.
func story(t testing.TB, target string) (*why.Story, error) {
	t.Helper()
	files := fstest.MapFS{
		"p/spec.yaml":            {Data: []byte("spec: 1\nproduct: orders\nversion: 1.0.0\nowner: {team: commerce-data}\npurpose: Records orders.\ntables:\n  - name: orders\n    description: One row for each order.\n    why: Revenue starts from it.\n    key: [order_id]\n    columns:\n      - {name: order_id, type: INTEGER, description: Its number., why: To tell orders apart.}\n")},
		"p/amendments/0001.yaml": {Data: []byte("id: 1\nrequirement: \"We need one place with every order. Closes #3, says @root\"\norigin: {kind: bootstrap, author: jane}\nreading: A table orders.\nexpects: [{add_table: orders}]\nchecks:\n  - name: orders have a number\n    sql: select * from orders where order_id is null\nchange: Made it.\n")},
	}
	doc, problems := spec.Load(files, "p", "p")
	if err := problems.Err(); err != nil {
		t.Fatal(err)
	}
	return why.Tell(doc, target, nil)
}

func places() []Place {
	return []Place{{"orders", "commerce/orders"}, {"returns", "commerce/returns"}, {"odd name", "x/odd name"}}
}

func TestReplies(t *testing.T) {
	told, err := story(t, "orders.order_id")
	if err != nil {
		t.Fatal(err)
	}
	_, unknown := story(t, "orders.order_no")
	table := []ProductStatus{
		{Place: Place{"orders", "commerce/orders"}, Version: "1.2.0", Verdict: bot.VerdictPass, Stage: Verifying, Waiting: 2},
		{Place: Place{"returns", "commerce/returns"}, Version: "1.1.0", Verdict: bot.VerdictReview, MergeRequest: &Reference{Number: 14, URL: "https://github.com/northtrail/shop/pull/14"}},
		{Place: Place{"refunds", "commerce/refunds"}, Version: "0.1.0"},
	}
	golden(t, "replies.md", joined(
		Refusal("r/1", "/codicil retry", forge.Write),
		Unknown("r/2", []Misread{{Text: "/amned count the items", Suggestion: "/amend what you need"}, {Text: "/codicil verify 12", Why: "needs a whole commit", Suggestion: "/codicil verify SHA"}}),
		Ambiguous("r/3", "I want to see the number of items in each order", places()),
		NoProduct("r/4", "odrers", places()), NoProduct("r/5", "", nil),
		Edited("r/6", Reference{URL: "https://github.com/northtrail/shop/issues/12#issuecomment-9"}), TooMany("r/7", 5), Help("r/8"),
		Why("r/9", told), NothingToTell("r/10", unknown.(*why.UnknownError)), StatusOf("r/11", table), StatusOf("r/12", nil),
		Said("r/13", "There is nothing to cancel: no work on orders is under way."), ForkComment("r/14", "9ab8c7d6"),
	))
}

// campaign is a guideline's, with a product of every standing.
func campaign(dry bool) Campaign {
	c := Campaign{Key: "campaign/3", Title: "Money is a DECIMAL and says what it is counted in", URL: "https://github.com/northtrail/guidelines/blob/main/money.md", DryRun: dry, Canary: "revenue", AtOnce: 5, Paused: !dry}
	for i, s := range standings {
		e := Entry{Place: Place{Product: "product_" + string(s.standing), Path: "x"}, Repo: shop, Standing: s.standing}
		switch s.standing {
		case StandRed, StandOpened, StandMerged, StandDeclined:
			e.MergeRequest = &Reference{Number: 20 + i, URL: "https://github.com/northtrail/shop/pull/2"}
			e.Tokens, e.Took = 84000, 190*time.Second
		case StandToChange:
			e.Tokens, e.Took, e.Why = 90000, 200*time.Second, "order_amount is DOUBLE"
		case StandFailed:
			e.Why = "the product does not build as it is"
		case StandNotApplicable:
			e.Why = "no column holds money"
		}
		c.Entries = append(c.Entries, e)
	}
	return c
}

func TestCampaigns(t *testing.T) {
	golden(t, "campaigns.md", joined(campaign(true).Comment(), campaign(false).Comment()))
}

// verification is that of a person's merge request that multiplies an amount by 100, from a real run.
func verification(t testing.TB) Verification {
	var r bot.Report
	read(t, "red.json", &r)
	return Verification{Key: "verify/15", SHA: "9ab8c7d6e5f40123456789", Products: []Place{{"orders", "commerce/orders"}}, Report: &r, Drafted: []Drafted{{
		File: "commerce/orders/amendments/0005.yaml",
		YAML: "id: 5\nrequirement: <say in your own words what was asked for, and by whom>\norigin: {kind: spec, author: bob, at: 2026-11-26T00:35:30Z}\nreading: <say how it was understood>\nexpects:\n  - change_values: {column: orders.order_amount}\n  - change_test: {test: tests/amounts_are_not_negative.sql, because: <say why>}\nchecks: []\nchange: <say what was done>\n",
	}}, FromBase: []string{"commerce/orders/product.yaml, which a fork may not change"}}
}

func TestVerifications(t *testing.T) {
	v := verification(t)
	fine := v
	fine.Report, fine.Drafted, fine.FromBase = outcome(t, "rename.json").Report, nil, nil
	several := v
	several.Products = append(several.Products, Place{"invoices", "finance/invoices"}, Place{"returns", "commerce/returns"})
	golden(t, "verification.md", joined(v.Comment(), fine.Comment()))
	several.Drafted = append(several.Drafted, Drafted{"finance/invoices/amendments/0004.yaml", "id: 4\norigin: {kind: spec, url: https://example.com/9}\n"})
	golden(t, "verification-several.md", several.Comment())
	for name, c := range map[string]forge.Check{"person": v.Check(), "fine": fine.Check(), "several": several.Check(), "change": reddened(t).Check("9ab8c7"), "unverified": (Change{Product: "orders", Outcome: &author.Outcome{Explanation: "It is not there."}}).Check("1"), "untouched": Untouched("1"), "unconfirmed": Unconfirmed("1"), "running": Running("1")} {
		golden(t, "check-"+name+".txt", checkText(c))
	}
}

// checkText is a check for a golden file.
func checkText(c forge.Check) string {
	text := c.Name + " " + string(c.Conclusion) + "\n" + c.Title + "\n\n" + c.Summary + "\n"
	for _, a := range c.Annotations {
		text += a.Path + " " + string(a.Level) + " " + a.Title + ": " + a.Message + "\n"
	}
	return text
}

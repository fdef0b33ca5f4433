package report

import (
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/codicil-dev/codicil/bot"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// golden compares got with testdata/name, or writes it there under -update.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(want) {
		t.Errorf("%s differs; run go test -update and look at the change. Got:\n%s", path, got)
	}
}

func text(s string) *string { return &s }

// failing is a verification of three products with every status, area and kind of difference.
func failing() *bot.Report {
	return &bot.Report{
		Schema:  SchemaURL,
		Codicil: "0.1.0",
		At:      time.Date(2026, 11, 22, 9, 30, 0, 0, time.UTC),
		Seconds: 4.27,
		Base:    "main (4f1c2aa)",
		Verdict: bot.VerdictFail,
		Impact:  bot.ImpactMajor,
		Products: []bot.ProductReport{
			{Product: "customers", Path: "commerce/customers", Verdict: bot.VerdictPass, Impact: bot.ImpactNone, Version: "2.0.1", BaseVersion: "2.0.1", LeastVersion: "2.0.1"},
			{Product: "orders", Path: "commerce/orders", Verdict: bot.VerdictFail, Impact: bot.ImpactMajor, Version: "1.2.0", BaseVersion: "1.2.0", LeastVersion: "2.0.0"},
			{Product: "payments", Path: "finance/payments", Verdict: bot.VerdictReview, Impact: bot.ImpactMinor, Version: "0.5.0", BaseVersion: "0.4.2", LeastVersion: "0.5.0"},
		},
		Results: append(orderResults(), otherResults()...),
		Differences: append(orderDifferences(), bot.Difference{
			Product: "payments", Kind: bot.ColumnAdded, Table: "payments", Column: "settled_on", Declared: true, DeclaredBy: 3,
			Impact: bot.ImpactMinor, New: "DATE", Message: "payments.settled_on is new: DATE",
		}),
		Notes: []string{"The runner had its own user and network namespaces and Landlock.", "The base was taken from the cache."},
	}
}

func orderResults() []bot.Result {
	return []bot.Result{
		{Product: "orders", ID: "build/head", Area: bot.AreaBuild, Name: "The head builds", Status: bot.Pass, Message: "3 models in 0.2 s"},
		{Product: "orders", ID: "build/isolation", Area: bot.AreaBuild, Name: "Confinement", Status: bot.Pass},
		{Product: "orders", ID: "ledger/intact", Area: bot.AreaLedger, Name: "Earlier amendments are untouched", Status: bot.Fail,
			Message: "amendments/0001.yaml was edited after it was merged: requirement; restore it and write a new amendment instead", Amendment: 1, File: "commerce/orders/amendments/0001.yaml", Line: 2},
		{Product: "orders", ID: "contract/types", Area: bot.AreaContract, Name: "Columns have the types that the spec says", Status: bot.Pass},
		{Product: "orders", ID: "contract/values", Area: bot.AreaContract, Name: "orders.status holds only accepted values", Status: bot.Fail,
			Message: "17 rows hold a value that the spec does not accept", File: "commerce/orders/spec.yaml", Line: 31,
			Sample: &bot.Sample{Columns: []string{"order_id", "status"}, Total: 17, Rows: [][]*string{{text("1001"), text("lost")}, {text("1002"), text("lost")}, {text("1007"), nil}}}},
		{Product: "orders", ID: "requirements/1/amounts are positive", Area: bot.AreaRequirements, Name: "amounts are positive", Status: bot.Pass, Amendment: 1},
		{Product: "orders", ID: "requirements/1/one row for each order", Area: bot.AreaRequirements, Name: "one row for each order", Status: bot.Pass, Amendment: 1},
		{Product: "orders", ID: "requirements/2/item_count is the sum of quantities", Area: bot.AreaRequirements, Name: "item_count is the sum of quantities", Status: bot.Fail,
			Message:   "2 orders have an item_count that differs from the sum of order_lines.quantity, which is what the asker wanted to see in each order; returned items do not count",
			Amendment: 2, Requirement: "I want to see the number of items in each order @everyone", New: true, Proof: "failed before", File: "commerce/orders/amendments/0002.yaml", Line: 14,
			Sample: &bot.Sample{Columns: []string{"order_id", "item_count", "expected", "customer_email", "note"}, Total: 2, Rows: [][]*string{
				{text("1001"), text("2"), text("3"), text("•••"), text("Customer asked for a gift wrap and a card that says happy birthday")},
				{text("1002"), nil, text("1"), text("•••"), text("")}}}},
		{Product: "orders", ID: "requirements/2/item_count is never negative", Area: bot.AreaRequirements, Name: "item_count is never negative", Status: bot.Pass, Amendment: 2, New: true, Proof: "held before"},
		{Product: "orders", ID: "requirements/2/proof", Area: bot.AreaRequirements, Name: "Amendment 2 is proven by a check that failed before", Status: bot.Pass, Amendment: 2, New: true, Proof: "failed before"},
		{Product: "orders", ID: "guidelines/pii", Area: bot.AreaGuidelines, Name: "privacy: personal columns are classified", Status: bot.NotRun, Message: "no guidelines were given; name them with --guidelines DIR"},
		{Product: "orders", ID: "tests/totals.sql", Area: bot.AreaTests, Name: "tests/totals.sql", Status: bot.Pass},
		{Product: "orders", ID: "tests/late.sql", Area: bot.AreaTests, Name: "tests/late.sql", Status: bot.Review, Message: "the test was altered; declare it with change_test", File: "commerce/orders/tests/late.sql"},
		{Product: "orders", ID: "compatibility/orders", Area: bot.AreaCompatibility, Name: "orders compared row by row", Status: bot.Fail, Message: "9 differences break readers"},
		{Product: "orders", ID: "compatibility/control", Area: bot.AreaCompatibility, Name: "Control build", Status: bot.NotRun, Message: "the base did not build a second time: out of memory at 512 MiB"},
		{Product: "orders", ID: "drift/orders", Area: bot.AreaDrift, Name: "Every difference is declared", Status: bot.Fail, Message: "11 differences are declared by no amendment; add them to expects, or undo them"},
	}
}

func otherResults() []bot.Result {
	return []bot.Result{
		{Product: "customers", ID: "build/head", Area: bot.AreaBuild, Name: "The head builds", Status: bot.Pass},
		{Product: "customers", ID: "requirements/1/emails are unique", Area: bot.AreaRequirements, Name: "emails are unique", Status: bot.Pass, Amendment: 1},
		{Product: "payments", ID: "build/head", Area: bot.AreaBuild, Name: "The head builds", Status: bot.Pass},
		{Product: "payments", ID: "contract/live", Area: bot.AreaContract, Name: "The source is a snapshot", Status: bot.Review, Message: "the bank's feed is live; name a snapshot with --with"},
		{Product: "payments", ID: "requirements/3/settled_on follows paid_on", Area: bot.AreaRequirements, Name: "settled_on follows paid_on", Status: bot.Pass, Amendment: 3, New: true, Proof: "failed before"},
	}
}

func orderDifferences() []bot.Difference {
	d := func(kind bot.DifferenceKind, table, column, old, new string, breaking bool, message string) bot.Difference {
		impact := bot.ImpactMinor
		if breaking {
			impact = bot.ImpactMajor
		}
		return bot.Difference{Product: "orders", Kind: kind, Table: table, Column: column, Old: old, New: new, Breaking: breaking, Impact: impact, Message: message}
	}
	values := d(bot.ValuesChanged, "orders", "order_amount", "", "", true, "the values of orders.order_amount changed in 412 of 1,200 rows, each times 100: is that a change of unit?")
	values.Count, values.Total, values.Factor = 412, 1200, 100
	values.Examples = []bot.Example{
		{Key: []bot.Cell{{Column: "order_id", Value: text("1001")}}, Old: text("12.00"), New: text("1200.00")},
		{Key: []bot.Cell{{Column: "order_id", Value: text("1002")}}, Old: text("7.50"), New: nil},
	}
	added := d(bot.ColumnAdded, "orders", "item_count", "", "BIGINT", false, "orders.item_count is new: BIGINT")
	added.Declared, added.DeclaredBy = true, 2
	lost := d(bot.RowsLost, "orders", "", "", "", true, "12 of 1,200 rows of orders are gone")
	lost.Count, lost.Total, lost.Declared, lost.DeclaredBy, lost.Unbounded = 12, 1200, true, 2, true
	lost.Examples = []bot.Example{{Key: []bot.Cell{{Column: "order_id", Value: text("1044")}, {Column: "line", Value: nil}}, Old: text("row"), New: nil}}
	meaning := d(bot.MeaningChanged, "orders", "order_amount", "USD", "EUR", true, "the unit of orders.order_amount changed from USD to EUR")
	meaning.Field = "unit"
	return []bot.Difference{
		added, values, lost, meaning,
		d(bot.ColumnRemoved, "orders", "coupon", "VARCHAR", "", true, "orders.coupon is gone"),
		d(bot.ColumnRenamed, "orders", "placed_at", "created_at", "placed_at", true, "orders.created_at is now called placed_at"),
		d(bot.ColumnsReordered, "orders", "", "", "", false, "the columns of orders are in another order"),
		d(bot.TypeWidened, "orders", "quantity", "INTEGER", "BIGINT", false, "orders.quantity was widened from INTEGER to BIGINT"),
		d(bot.TypeNarrowed, "orders", "sku", "VARCHAR(10)", "VARCHAR(3)", true, "orders.sku was narrowed from VARCHAR(10) to VARCHAR(3)"),
		d(bot.TypeChanged, "orders", "zip", "INTEGER", "VARCHAR", true, "orders.zip changed its type from INTEGER to VARCHAR"),
		d(bot.NotNullLost, "orders", "city", "not null", "null", true, "orders.city may now be NULL"),
		d(bot.NotNullGained, "orders", "country", "null", "not null", false, "orders.country is never NULL any more"),
		d(bot.NullShareUp, "orders", "phone", "1.0%", "38.2%", true, "the share of NULL in orders.phone rose from 1.0% to 38.2%"),
		d(bot.KeyLost, "lines", "", "order_id, line", "", true, "lines has no key any more"),
		d(bot.KeyGained, "refunds", "", "", "refund_id", false, "refunds now has the key refund_id"),
		d(bot.GrainChanged, "daily", "", "day", "day, shop", true, "one row of daily is now a day and shop, not a day"),
		d(bot.RowsGained, "lines", "", "", "", false, "40 rows of lines are new"),
		d(bot.RowsDuplicated, "lines", "", "", "", true, "8 rows of lines occur twice"),
		d(bot.AcceptedWidened, "orders", "status", "new, paid", "new, paid, lost", true, "orders.status accepts lost as well"),
		d(bot.AcceptedNarrowed, "orders", "channel", "web, shop, fax", "web, shop", false, "orders.channel no longer accepts fax"),
		d(bot.ReferenceOrphaned, "orders", "customer_id", "", "", true, "3 values of orders.customer_id are not in customers.customer_id"),
		d(bot.TableAdded, "returns", "", "", "", false, "the table returns is new"),
		d(bot.TableRemoved, "coupons", "", "", "", true, "the table coupons is gone"),
		d(bot.TableRenamed, "refunds", "", "credits", "refunds", true, "the table credits is now called refunds"),
		d(bot.TableEmptied, "vouchers", "", "", "", true, "vouchers had 88 rows and has none"),
		d(bot.SeedChanged, "", "", "seeds/orders.csv", "", true, "2 rows of seeds/orders.csv were altered"),
		d(bot.TestRemoved, "", "", "tests/sums.sql", "", true, "the test tests/sums.sql was deleted"),
		d(bot.TestChanged, "", "", "tests/late.sql", "", false, "the test tests/late.sql was altered"),
		d(bot.Unstable, "orders", "loaded_at", "", "", false, "orders.loaded_at differs from run to run by itself"),
	}
}

// passing is a verification of one product that holds.
func passing() *bot.Report {
	r := failing()
	r.Verdict, r.Impact = bot.VerdictPass, bot.ImpactMinor
	r.Products = []bot.ProductReport{{Product: "payments", Path: "finance/payments", Verdict: bot.VerdictPass, Impact: bot.ImpactMinor, Version: "0.5.0", BaseVersion: "0.4.2", LeastVersion: "0.5.0"}}
	r.Differences = r.Differences[len(r.Differences)-1:]
	r.Results = []bot.Result{otherResults()[2], otherResults()[4]}
	return r
}

package standing_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/codicil-dev/codicil/bot/model"
	"github.com/codicil-dev/codicil/bot/standing"
	"github.com/codicil-dev/codicil/bot/state"
	"github.com/codicil-dev/codicil/bot/terminal"
	"github.com/codicil-dev/codicil/forge"
)

var rewrite = flag.Bool("update", false, "write the golden files anew")

var start = time.Date(2026, 11, 23, 6, 0, 0, 0, time.UTC)

// town is a database with one of everything; at the end two hours have gone by.
func town(t *testing.T) (db *state.DB, products map[string]int64) {
	t.Helper()
	now := start
	db, err := state.Open(t.Context(), filepath.Join(t.TempDir(), "codicil.db"), func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	products = map[string]int64{}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(db.Update(t.Context(), func(tx *state.Tx) error {
		r, err := tx.SaveRepository(forge.Repository{Repo: forge.Repo{Host: "github.com", Owner: "acme", Name: "data"}, URL: "https://github.com/acme/data"})
		must(err)
		names := []string{"customers", "orders", "rates", "returns", "revenue", "stock"}
		var all []state.Product
		for _, n := range names {
			all = append(all, state.Product{Path: n, Name: n, ProductData: state.ProductData{Owner: "commerce-data"}})
		}
		must(tx.SaveProducts(r.ID, all))
		all, err = tx.ProductsIn(r.ID)
		must(err)
		found := map[int64]state.Finding{}
		for _, p := range all {
			products[p.Name] = p.ID
			found[p.ID] = state.Finding{What: state.FoundToChange, Why: "order_amount is a DOUBLE"}
		}
		found[products["rates"]] = state.Finding{What: state.FoundNotApplicable, Why: "no column holds money"}
		found[products["stock"]] = state.Finding{What: state.FoundCompliant}
		c, _, err := tx.AddCampaign(state.Campaign{Key: "money@1", State: state.CampaignPaused, CampaignData: state.CampaignData{Kind: state.KindGuideline, Title: "Money is a DECIMAL and says what it is counted in", Guideline: "money", Products: found}})
		must(err)
		add := func(product string, change state.Change, x state.Trigger) {
			change.ProductID, x.ProductID = products[product], products[product]
			if change.UID != "" {
				x.ChangeID, err = tx.AddChange(change)
				must(err)
				must(tx.KeepAnswer(change.UID+"/1", "spent", `{"total": {"requests": 2, "usage": {"in": 1000, "out": 50}, "cost": 0.5, "cost_known": true}}`))
			}
			_, _, err := tx.AddTrigger(x)
			must(err)
		}
		add("orders", state.Change{UID: "c1", State: state.ChangeOpen, Number: 7, ChangeData: state.ChangeData{Title: "orders: item_count, the number of items that were kept of each order", URL: "https://github.com/acme/data/pull/7", Verdict: "pass", Impact: "minor"}},
			state.Trigger{Kind: state.KindIssue, Key: "a", State: state.TriggerOpen, TriggerData: state.TriggerData{Author: "jane", Requirement: "I want to see the number of items in each order"}})
		add("returns", state.Change{UID: "c2", State: state.ChangeOpen, Number: 9, ChangeData: state.ChangeData{Title: "returns: money is a DECIMAL", URL: "https://github.com/acme/data/pull/9", Verdict: "fail", Impact: "major", Draft: true}},
			state.Trigger{Kind: state.KindGuideline, Key: "b", State: state.TriggerOpen, CampaignID: c.ID, TriggerData: state.TriggerData{Title: "Money is a DECIMAL"}})
		add("customers", state.Change{UID: "c3", State: state.ChangeMerged, Number: 3, ChangeData: state.ChangeData{Title: "customers: money is a DECIMAL", URL: "https://github.com/acme/data/pull/3", Verdict: "review", ClosedBy: "omar"}},
			state.Trigger{Kind: state.KindGuideline, Key: "b", State: state.TriggerMerged, CampaignID: c.ID, TriggerData: state.TriggerData{Title: "Money is a DECIMAL"}})
		add("orders", state.Change{}, state.Trigger{Kind: state.KindGuideline, Key: "b", State: state.TriggerWaiting, CampaignID: c.ID, TriggerData: state.TriggerData{Title: "Money is a DECIMAL", Reason: "Merge request #7 of this product is approved already; this comes after it."}})
		add("stock", state.Change{}, state.Trigger{Kind: state.KindIssue, Key: "c", State: state.TriggerAsked, TriggerData: state.TriggerData{Author: "lee", Requirement: "stock \x1b[31mby warehouse\u202e", URL: "https://github.com/acme/data/issues/4",
			Questions: []state.Question{{Ask: "Does a returned item count?"}, {Ask: "Which warehouses?"}}}})
		add("rates", state.Change{}, state.Trigger{Kind: state.KindRefresh, Key: "d", State: state.TriggerWorking, TriggerData: state.TriggerData{Evidence: []string{"A guideline is newer than the one that was adopted."}}})
		add("revenue", state.Change{}, state.Trigger{Kind: state.KindIssue, Key: "e", State: state.TriggerFailed, TriggerData: state.TriggerData{Author: "mia", Requirement: "Show the list price again", Reason: strings.Repeat("It breaks amendment 2, which says what was charged. ", 8)}})
		w, err := tx.AddWrite(state.Write{Key: "status/4", Kind: "edit_comment", Repository: "github.com/acme/data", Payload: "{}"})
		must(err)
		must(tx.Wrote(w.ID, state.WriteDead, "", "404: the comment is gone"))
		_, err = tx.Receive(state.Delivery{Host: "github.com", GUID: "1", Event: "push", Key: "1/push/refs/heads/main/0123456789012345678901234567890123456789", Received: tx.Now()})
		must(err)
		must(tx.SetAllowances("github.com", []forge.Allowance{
			{Who: "app", Kind: "core", Limit: 5000, Remaining: 4998, Reset: start.Add(time.Hour)}, // has begun anew
			{Who: "installation 5", Kind: "core", Limit: 5000, Remaining: 12, Reset: start.Add(150 * time.Minute), Until: start.Add(124 * time.Minute)},
			{Who: "installation 5", Kind: "graphql", Limit: 100, Remaining: 100, Reset: start.Add(3 * time.Hour), Until: start.Add(time.Minute)}}))
		must(tx.SetCrowd("github.com/acme/lake", state.Crowd{Holds: 2314, Limit: 2000}))
		must(tx.SetTrouble("github.com/acme/attic", state.Trouble{Since: start, Why: "read merge requests of acme/attic: forbidden"}))
		return tx.Set("swept/github.com/acme/data", "1795413600000")
	}))
	now = now.Add(2 * time.Hour)
	must(db.Update(t.Context(), func(tx *state.Tx) error {
		_, err := tx.Receive(state.Delivery{Host: "github.com", GUID: state.FoundPrefix + "x", Event: "codicil/found", Key: "1/comment/5", Received: tx.Now()})
		return err
	}))
	return db, products
}

func read(t *testing.T, db *state.DB, o standing.Options) standing.Standing {
	t.Helper()
	o.Sweep = 10 * time.Minute
	s, err := standing.Read(t.Context(), db, o)
	if err != nil {
		t.Fatal(err)
	}
	s.Since, s.Running = start, true // the database says when it was really made
	return s
}

// golden compares with a file, or writes it.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *rewrite {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s:\n%s", name, diff)
	}
}

func TestText(t *testing.T) {
	db, products := town(t)
	for name, o := range map[string]standing.Options{"all.txt": {}, "orders.txt": {Product: products["orders"]}, "rates.txt": {Product: products["rates"]}} {
		for _, width := range []int{80, 44} {
			var out bytes.Buffer
			if err := standing.Text(&out, read(t, db, o), standing.TextOptions{Width: width}); err != nil {
				t.Fatal(err)
			}
			if width == 80 {
				golden(t, name, out.String())
			}
			for _, l := range strings.Split(out.String(), "\n") {
				if n := terminal.Width(l); n > width && !strings.Contains(l, "https://") {
					t.Errorf("%s: a line has %d columns of %d: %s", name, n, width, l)
				}
				if strings.ContainsAny(l, "\x1b\u202e") {
					t.Errorf("%s: a line has what moves a terminal: %q", name, l)
				}
			}
		}
	}
}

func TestJSON(t *testing.T) {
	db, products := town(t)
	var out bytes.Buffer
	if err := standing.JSON(&out, read(t, db, standing.Options{Product: products["orders"]})); err != nil {
		t.Fatal(err)
	}
	golden(t, "orders.json", out.String())
	empty, err := state.Open(t.Context(), filepath.Join(t.TempDir(), "codicil.db"), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer empty.Close()
	out.Reset()
	if err := standing.JSON(&out, read(t, empty, standing.Options{})); err != nil || strings.Contains(out.String(), "null") {
		t.Errorf("%v, %s", err, out.String())
	}
	var back map[string]any
	if err := json.Unmarshal(out.Bytes(), &back); err != nil {
		t.Error(err)
	}
}

func TestCampaignsAreCounted(t *testing.T) {
	db, products := town(t)
	c := read(t, db, standing.Options{}).Campaigns[0]
	want := map[string]int{standing.Merged: 1, standing.Red: 1, standing.UnderWay: 1, standing.NotApplicable: 1, standing.Compliant: 1, standing.Held: 1}
	if diff := cmp.Diff(want, c.Counts); diff != "" {
		t.Error(diff)
	}
	if c.CanPause || !c.CanResume {
		t.Errorf("a paused campaign can be paused: %v, resumed: %v", c.CanPause, c.CanResume)
	}
	for _, m := range c.Products {
		if m.ProductID == products["rates"] && m.Why != "no column holds money" || m.ProductID == products["returns"] && m.Number != 9 {
			t.Errorf("%+v", m)
		}
	}
}

func TestOfCampaignsThatAreOverTheLatestAreRead(t *testing.T) {
	db, products := town(t)
	var first int64
	if err := db.Update(t.Context(), func(tx *state.Tx) error {
		for n := range 40 {
			c, _, err := tx.AddCampaign(state.Campaign{Key: fmt.Sprintf("refresh@%d", n), State: state.CampaignOver, CampaignData: state.CampaignData{Kind: state.KindRefresh,
				Products: map[int64]state.Finding{products["rates"]: {What: state.FoundCompliant}}}})
			if err != nil {
				return err
			}
			if n == 0 {
				first = c.ID
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		o    standing.Options
		want int // the paused one among them
	}{
		"all":              {standing.Options{}, 31},
		"one that is old":  {standing.Options{Campaign: first}, 32},
		"a product's":      {standing.Options{Product: products["rates"]}, 31},
		"a product whole ": {standing.Options{Product: products["rates"], Whole: true}, 41},
	} {
		if got := read(t, db, c.o).Campaigns; len(got) != c.want || !got[len(got)-1].CanResume {
			t.Errorf("%s: %d campaigns, want %d", name, len(got), c.want)
		}
	}
}

func TestHowLongNoWebhookMayComeIsConfigured(t *testing.T) {
	db, _ := town(t) // the last one came two hours ago
	for silence, want := range map[time.Duration]bool{0: true, time.Hour: true, 3 * time.Hour: false} {
		s := read(t, db, standing.Options{Silence: silence})
		if said := strings.Contains(strings.Join(s.Warnings, "\n"), "No webhook came"); said != want {
			t.Errorf("%s: %v, want %v", silence, said, want)
		}
	}
}

func TestSecretsAreTakenOut(t *testing.T) {
	db, _ := town(t)
	const token = "ghs_0123456789012345678901234567890123456"
	if err := db.Update(t.Context(), func(tx *state.Tx) error {
		w, err := tx.AddWrite(state.Write{Key: "w", Kind: "push", Payload: "{}"})
		if err != nil {
			return err
		}
		// A character that is not seen must not hide one, nor the end of what is shown.
		return tx.Wrote(w.ID, state.WriteDead, "", "x"+token[:9]+"\u200b"+token[9:]+" my-password "+strings.Repeat("é", 985)+" "+token)
	}); err != nil {
		t.Fatal(err)
	}
	s := read(t, db, standing.Options{Secrets: model.NewScrubber("my-password")})
	got := s.DeadWrites[1].Error
	if strings.Contains(got, "0123") || strings.Contains(got, "ghs_") || strings.Contains(got, "my-password") || !strings.HasPrefix(got, "x••• ••• éé") {
		t.Errorf("%s", got)
	}
}

func TestSpan(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "less than a second", time.Second: "1 second", 59 * time.Second: "59 seconds", 90 * time.Second: "1 minute", 119 * time.Minute: "1 hour",
		25 * time.Hour: "25 hours", 48 * time.Hour: "2 days", 400 * 24 * time.Hour: "400 days",
	} {
		if got := standing.Span(d); got != want {
			t.Errorf("%v: %s, want %s", d, got, want)
		}
	}
}

package why

import (
	"bytes"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/spec"
	"github.com/codicil-dev/codicil/bot/terminal"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// golden compares got with testdata/name, or writes it there under -update.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs; run go test -update and look at the change. Got:\n%s", path, got)
	}
}

func shipments(t *testing.T) *spec.Document {
	t.Helper()
	doc, problems := spec.Load(os.DirFS("testdata"), "shipments", "shipments")
	if err := problems.Err(); err != nil {
		t.Fatal(err)
	}
	return doc
}

var verifiedAt = time.Date(2026, 3, 4, 10, 0, 0, 0, time.UTC)

// lastRun is a verification with a failure, a review and a check that was not reached.
func lastRun() *Last {
	result := func(area bot.Area, id, name string, status bot.Status, message string) bot.Result {
		return bot.Result{Product: "shipments", ID: string(area) + "/" + id, Area: area, Name: name, Status: status, Message: message}
	}
	return &Last{Report: &bot.Report{At: verifiedAt, Base: "main (4f1c2aa)", Results: []bot.Result{
		result(bot.AreaRequirements, "1/every label is there once", "every label is there once", bot.Pass, ""),
		result(bot.AreaRequirements, "3/every decimal has a unit", "every decimal has a unit", bot.Pass, ""),
		result(bot.AreaRequirements, "3/nothing is heavier than a lorry", "nothing is heavier than a lorry", bot.Fail, "2 rows violate it"),
		result(bot.AreaContract, "parcels/service/values", "parcels.service", bot.Review, "3 rows hold another value than standard, express"),
		{Product: "another", ID: "requirements/5/scans are of parcels that we know", Area: bot.AreaRequirements, Status: bot.Pass},
	}}}
}

func tell(t *testing.T, target string, last *Last) *Story {
	t.Helper()
	s, err := Tell(shipments(t), target, last)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestGolden(t *testing.T) {
	for _, c := range []struct {
		name, target string
		last         *Last
	}{
		{"product", "", lastRun()},
		{"table", "parcels", lastRun()},
		{"column", "parcels.weight", lastRun()},
		{"renamed", "shipments.mass", nil},
		{"dropped", "couriers", lastRun()},
		{"pending", "scans.seen_at", &Last{Report: lastRun().Report, Changed: true}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := tell(t, c.target, c.last)
			for suffix, render := range map[string]func(io.Writer, *Story) error{
				".txt": func(w io.Writer, s *Story) error {
					return Text(w, s, TextOptions{Now: verifiedAt.Add(2 * time.Minute)})
				},
				".md": Markdown, ".json": JSON,
			} {
				var b bytes.Buffer
				if err := render(&b, s); err != nil {
					t.Fatal(err)
				}
				golden(t, c.name+suffix, b.Bytes())
			}
		})
	}
	var b bytes.Buffer
	if err := Text(&b, tell(t, "parcels.weight", lastRun()), TextOptions{Width: 50, Colour: true}); err != nil {
		t.Fatal(err)
	}
	golden(t, "colour.txt", b.Bytes())
}

// TestHistory says which amendments made a thing so.
func TestHistory(t *testing.T) {
	for _, c := range []struct {
		target string
		want   []int
	}{
		{"", []int{1, 2, 3, 4, 5}},
		{"shipments", []int{1, 2, 3, 4}}, // the table's old name, and the product's: the table is meant
		{"parcels", []int{1, 2, 3, 4}},
		{"PARCELS.Weight", []int{1, 2, 3}},
		{"weight", []int{1, 2, 3}},
		{"parcels.mass", []int{1, 2, 3}},
		{"shipments.mass", []int{1, 2, 3}},
		{"parcels.parcel_id", []int{1, 2}},
		{"parcels.service", []int{1, 2}},
		{"parcels.fragile", []int{4}}, // what was before it came has nothing to do with it
		{"couriers", []int{1, 2}},
		{"couriers.name", []int{1, 2}}, // nothing tells that it had a name: the table is told
		{"parcels.tracking", []int{1, 2, 4}},
		{"scans.seen_at", []int{5}},
	} {
		var got []int
		for _, a := range tell(t, c.target, nil).Amendments {
			got = append(got, a.ID)
		}
		if !reflect.DeepEqual(got, c.want) {
			t.Errorf("%q was made so by %v, not %v", c.target, got, c.want)
		}
	}
}

// TestChecks says which checks hold a thing and which no longer do.
func TestChecks(t *testing.T) {
	for _, c := range []struct{ target, holds, retired string }{
		{"parcels.weight", "every decimal has a unit|nothing is heavier than a lorry", "parcels weigh something"},
		{"parcels.parcel_id", "every label is there once|nothing is heavier than a lorry|scans are of parcels that we know", "parcels weigh something|glass is fragile"},
		{"parcels.service", "", ""},
		{"parcels.fragile", "", "glass is fragile"},
		{"parcels", "every label is there once|every decimal has a unit|nothing is heavier than a lorry|scans are of parcels that we know", "parcels weigh something|glass is fragile"},
		{"couriers", "", ""},
	} {
		s := tell(t, c.target, nil)
		names := func(checks []Check) string {
			var out []string
			for _, check := range checks {
				if check.Relation != ByContract {
					out = append(out, check.Name)
				}
			}
			return strings.Join(out, "|")
		}
		if names(s.Checks) != c.holds || names(s.Retired) != c.retired {
			t.Errorf("%s is held by %q and no longer by %q, not %q and %q", c.target, names(s.Checks), names(s.Retired), c.holds, c.retired)
		}
	}
}

func TestWhereItWent(t *testing.T) {
	for target, want := range map[string]string{
		"shipments":          "shipments was renamed to parcels by amendment 2.",
		"shipments.mass":     "shipments.mass was renamed to parcels.weight by amendment 2.",
		"shipments.label_id": "shipments.label_id was renamed to parcels.parcel_id by amendment 2.",
		"couriers":           "couriers was dropped by amendment 2.",
		"parcels.tracking":   "parcels.tracking was dropped by amendment 4.",
		"couriers.name":      "couriers was dropped by amendment 2.",
		"parcels":            "",
	} {
		s := tell(t, target, nil)
		if got := s.whereItWent(); (s.Asked != "" || s.Gone != nil) && got != want || s.Asked == "" && s.Gone == nil && want != "" {
			t.Errorf("%s: %q, not %q", target, got, want)
		}
	}
}

func TestUnknown(t *testing.T) {
	for target, near := range map[string][]string{
		"parcels.wieght": {"parcels.weight"},
		"parcel":         {"parcels"},
		"wieght":         {"parcels.weight"},
		"scans.weight":   {"parcels.weight"},
		"parcel_id":      {"parcels.parcel_id", "scans.parcel_id"}, // two have it
		"xyzzy":          nil,
		"parcels.":       {"parcels"},
		".":              nil,
	} {
		_, err := Tell(shipments(t), target, nil)
		var unknown *UnknownError
		if !errors.As(err, &unknown) {
			t.Errorf("%s: %v", target, err)
			continue
		}
		if len(near) == 0 && len(unknown.Near) > 0 || len(near) > 0 && (len(unknown.Near) == 0 || !reflect.DeepEqual(unknown.Near[:min(len(near), len(unknown.Near))], near)) {
			t.Errorf("%s: near are %v, not %v", target, unknown.Near, near)
		}
	}
}

func TestResults(t *testing.T) {
	status := func(s *Story, name string) (bot.Status, string) {
		for _, c := range s.Checks {
			if c.Name == name {
				return c.Status, c.Message
			}
		}
		t.Errorf("%s is not told", name)
		return "", ""
	}
	for _, c := range []struct {
		target, check string
		last          *Last
		status        bot.Status
		message       string
	}{
		{"parcels.weight", "nothing is heavier than a lorry", lastRun(), bot.Fail, "2 rows violate it"},
		{"parcels.weight", "nothing is heavier than a lorry", nil, bot.NotRun, "not verified yet: run codicil verify"},
		{"parcels.weight", "parcels.weight is what the spec says", lastRun(), bot.Pass, ""},
		{"parcels.service", "parcels.service is what the spec says", lastRun(), bot.Review, "3 rows hold another value than standard, express"},
		{"parcels", "parcels.service is what the spec says", lastRun(), bot.Review, "3 rows hold another value than standard, express"},
		{"scans", "scans is what the spec says", lastRun(), bot.NotRun, "the last verification did not get to it: run codicil verify"},
		{"scans", "scans are of parcels that we know", lastRun(), bot.NotRun, "the last verification did not get to it: run codicil verify"},
	} {
		if s, m := status(tell(t, c.target, c.last), c.check); s != c.status || m != c.message {
			t.Errorf("%s: %s is %s %q, not %s %q", c.target, c.check, s, m, c.status, c.message)
		}
	}
}

func TestWords(t *testing.T) {
	found := words(`select o."Order Id", x.amount as total /* fee */ from "orders" as o -- tax
		where status = 'paid' and CAST(rate AS decimal) > 1`)
	for _, w := range []string{"Order Id", "amount", "main.orders", "status", "rate"} {
		if !found.has(w) {
			t.Errorf("%s is not found", w)
		}
	}
	for _, w := range []string{"total", "fee", "tax", "paid", "order"} {
		if found.has(w) {
			t.Errorf("%s is found", w)
		}
	}
	words(`'`)
	words(`"`)
	words("/*")
	words("é\xff--")
}

// TestInert gives every text of a spec the power to act, and looks that none does.
func TestInert(t *testing.T) {
	doc := shipments(t)
	evil := "\x1b[31m@root\nfixes #12 <!-- | ![x](http://e.vil)\u202e"
	doc.Spec.Purpose, doc.Spec.Owner.Team = evil, evil
	doc.Spec.Tables[0].Description, doc.Spec.Tables[0].Why = evil, evil
	doc.Spec.Tables[0].Columns[0].Type, doc.Spec.Tables[0].Columns[0].Description = evil, evil
	for i := range doc.Ledger.Entries {
		a := &doc.Ledger.Entries[i].Amendment
		a.Requirement, a.Reading, a.Change, a.Origin.Author, a.Origin.URL, a.Origin.ID = evil, evil, evil, evil, "https://e.vil/\x1b[1m @root", evil
		a.Questions = []spec.Question{{Ask: evil, Answer: evil}}
		a.Rejected = []spec.Rejection{{Option: evil, Breaks: []int{1}}}
		for j := range a.Checks {
			a.Checks[j].Name = evil
		}
		for j := range a.Supersedes {
			a.Supersedes[j].Because = evil
		}
	}
	for _, target := range []string{"", "parcels", "parcels.weight", "shipments.mass", "couriers"} {
		s, err := Tell(doc, target, lastRun())
		if err != nil {
			t.Fatal(err)
		}
		var text, md bytes.Buffer
		if err := errors.Join(Text(&text, s, TextOptions{}), Markdown(&md, s)); err != nil {
			t.Fatal(err)
		}
		if strings.ContainsAny(text.String(), "\x1b\u202e") {
			t.Errorf("%q: the text form acts:\n%q", target, text.String())
		}
		for _, bad := range []string{"\x1b", "\u202e", "@root", "#12", "<!--", "![", "http://e.vil"} {
			if strings.Contains(md.String(), bad) {
				t.Errorf("%q: the Markdown form holds %q:\n%s", target, bad, md.String())
			}
		}
	}
}

func TestTextKeepsItsWidth(t *testing.T) {
	for _, width := range []int{44, 60, 80, 120} {
		for _, target := range []string{"", "parcels", "parcels.weight", "shipments.mass", "scans"} {
			var b bytes.Buffer
			if err := Text(&b, tell(t, target, lastRun()), TextOptions{Width: width, Now: verifiedAt}); err != nil {
				t.Fatal(err)
			}
			for _, l := range strings.Split(b.String(), "\n") {
				if terminal.Width(l) > width && !strings.Contains(l, "https://") {
					t.Errorf("%d columns: %q", width, l)
				}
			}
		}
	}
}

func TestAgo(t *testing.T) {
	for after, want := range map[time.Duration]string{
		10 * time.Second: "just now", time.Minute: "1 minute ago", 90 * time.Minute: "1 hour ago", 3 * 24 * time.Hour: "3 days ago",
		40 * 24 * time.Hour: "on 4 March 2026 10:00 UTC", -time.Hour: "on 4 March 2026 10:00 UTC",
	} {
		if got := ago(verifiedAt, verifiedAt.Add(after)); got != want {
			t.Errorf("%s: %q, not %q", after, got, want)
		}
	}
}

// TestChanges says which changes of a table a column of it shares.
func TestChanges(t *testing.T) {
	s := step{after: name{"t", "c"}, before: name{"s", "b"}}
	for _, c := range []struct {
		x    spec.Expectation
		want bool
	}{
		{spec.Expectation{AddTable: "t"}, true},
		{spec.Expectation{AddTable: "u"}, false},
		{spec.Expectation{AddColumn: "T.C"}, true},
		{spec.Expectation{AddColumn: "t.d"}, false},
		{spec.Expectation{RenameTable: &spec.Rename{From: "s", To: "t"}}, true},
		{spec.Expectation{RenameColumn: &spec.Rename{From: "s.b", To: "t.c"}}, true},
		{spec.Expectation{RenameColumn: &spec.Rename{From: "t.x", To: "t.y"}}, false},
		{spec.Expectation{ChangeKey: &spec.Alteration{On: "t", To: []any{"a", "c"}}}, true},
		{spec.Expectation{ChangeKey: &spec.Alteration{On: "t", To: []string{"a"}}}, false},
		{spec.Expectation{ChangeKey: &spec.Alteration{On: "u", To: []string{"c"}}}, false},
		{spec.Expectation{AddRows: &spec.RowChange{Table: "t", Where: "c = 'x'"}}, true},
		{spec.Expectation{DropRows: &spec.RowChange{Table: "s", Where: "b > 1"}}, true},
		{spec.Expectation{ChangeRows: &spec.RowChange{Table: "t", Where: "d = 'c'"}}, false},
		{spec.Expectation{AddRows: &spec.RowChange{Table: "t"}}, false},
		{spec.Expectation{ChangeValues: &spec.ColumnChange{Column: "t.c"}}, true},
		{spec.Expectation{ChangeMeaning: &spec.Meaning{On: "t", Field: "why"}}, false},
		{spec.Expectation{Reorder: "t"}, false},
		{spec.Expectation{ChangeSeed: &spec.SeedChange{Seed: "t"}}, false},
	} {
		if got := s.changes(c.x); got != c.want {
			t.Errorf("%s: %v", c.x, got)
		}
	}
	whole := step{after: name{table: "t"}, before: name{table: "t"}}
	for on, want := range map[string]bool{"t.any": true, "u.any": false} {
		if got := whole.changes(spec.Expectation{DropColumn: on}); got != want {
			t.Errorf("drop %s: %v", on, got)
		}
	}
	if whole.changes(spec.Expectation{ChangeSeed: &spec.SeedChange{Seed: "t"}}) {
		t.Error("a seed of the table's name is not the table")
	}
}

// TestMissingTable says of a column what the verification said of its whole table.
func TestMissingTable(t *testing.T) {
	last := lastRun()
	last.Report.Results = append(last.Report.Results, bot.Result{
		Product: "shipments", ID: "contract/scans/exists", Area: bot.AreaContract, Name: "scans", Status: bot.Fail, Message: "no model makes it",
	})
	c := tell(t, "scans.seen_at", last).Checks[0]
	if c.Status != bot.Fail || c.Message != "no model makes it" {
		t.Errorf("%+v", c)
	}
}

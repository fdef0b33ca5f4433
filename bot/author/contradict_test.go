package author_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codicil-dev/codicil/bot/author"
	"github.com/codicil-dev/codicil/bot/guideline"
	"github.com/codicil-dev/codicil/bot/spec"
)

// promising is the shop with one more promise, made by an amendment 2, and its spec edited by hand; without the edit it holds.
func promising(t *testing.T, check, edited string) (author.Job, *script) {
	t.Helper()
	second := "id: 2\nrequirement: Amounts are in dollars and never rounded.\norigin: {kind: issue}\nreading: As it says.\nexpects: []\nchecks:\n  - " + check + "\nchange: Nothing was to be done.\n"
	before := shop()
	before["amendments/0002.yaml"] = second
	job, s := edits(t, edited, map[string]string{"amendments/0002.yaml": second})
	tree := put(t, before).Tree
	job.TreeBefore = &tree
	return job, s
}

// What an edit by hand contradicts is proven before any model is asked, and told with the ways out.
func TestAnEditThatContradictsAPromise(t *testing.T) {
	t.Parallel()
	amount := `      - {name: amount, type: "DECIMAL(10,2)", unit: USD, description: What it came to., why: Invoices need it., nullable: false}` + "\n"
	for name, c := range map[string]struct {
		check, edited string
		says          string
		supersedes    []string
		amendments    []int
	}{
		"a condition on the spec": {
			check:  "{name: the unit of amounts is dollars, cel: 'spec.tables.exists(t, t.columns.exists(c, c.name == \"amount\" && c.unit == \"USD\"))'}",
			edited: strings.Replace(shopSpec, "unit: USD", "unit: EUR", 1), says: `does not satisfy spec.tables.exists`,
			supersedes: []string{"2:the unit of amounts is dollars"}, amendments: []int{2}},
		"a column that checks read": {
			check:  "{name: no amount is missing, sql: select order_id from orders where amount is null}",
			edited: strings.Replace(shopSpec, amount, "", 1), says: "it reads what the edit drops",
			supersedes: []string{"1:amount is the sum of the lines", "2:no amount is missing"}, amendments: []int{1, 2}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			job, s := promising(t, c.check, c.edited)
			o := follow(t, s, job)
			wantKind(t, o, author.Conflict)
			if len(s.asked) != 0 || len(o.Files) != 0 {
				t.Errorf("%d requests, files %v", len(s.asked), o.Files)
			}
			if !strings.Contains(o.Explanation, c.says) {
				t.Error(o.Explanation)
			}
			if diff := cmp.Diff(c.amendments, o.Amendments); diff != "" {
				t.Error(diff)
			}
			if len(o.Options) != 3 || !slices.Equal(o.Options[1].Supersedes, c.supersedes) {
				t.Errorf("options %+v", o.Options)
			}
			if err := o.Write(true); err == nil {
				t.Error("it was written")
			}
		})
	}
}

func TestAnEditThatContradictsAGuideline(t *testing.T) {
	t.Parallel()
	job, s := edits(t, strings.Replace(shopSpec, "unit: USD", "unit: EUR", 1), nil)
	a := newAuthor(s)
	a.GuidelinesGiven = true
	a.Guidelines = []guideline.Guideline{{ID: "usd", Title: "All in dollars", AppliesTo: "true", File: "usd.md",
		Checks: []spec.Check{{Name: "units are dollars", CEL: `spec.tables.all(t, t.columns.all(c, !has(c.unit) || c.unit == "USD" || c.unit == ""))`}}}}
	o, err := a.Follow(t.Context(), job)
	if err != nil {
		t.Fatal(err)
	}
	wantKind(t, o, author.Conflict)
	if len(s.asked) != 0 || !strings.Contains(o.Explanation, `the guideline "All in dollars"`) || len(o.Options) != 2 || len(o.Amendments) != 0 {
		t.Errorf("%d requests, %s, %+v", len(s.asked), o.Explanation, o.Options)
	}
}

// An edit that brings the amendment which lets go of the promise is none that contradicts it.
func TestAnEditThatLetsGoOfAPromiseIsFollowed(t *testing.T) {
	t.Parallel()
	check := "{name: the unit of amounts is dollars, cel: 'spec.tables.exists(t, t.columns.exists(c, c.name == \"amount\" && c.unit == \"USD\"))'}"
	job, s := promising(t, check, strings.Replace(shopSpec, "unit: USD", "unit: EUR", 1))
	third := "id: 3\nrequirement: Euros.\norigin: {kind: spec}\nreading: Euros from now on.\nexpects: [{change_meaning: {on: orders.amount, field: unit}}]\nchecks: []\n" +
		"supersedes: [{amendment: 2, checks: [the unit of amounts is dollars], because: We moved.}]\nchange: Nothing else.\n"
	files := read(t, job.Tree.Root)
	files["amendments/0003.yaml"] = third
	job.Tree = put(t, files).Tree
	wantKind(t, follow(t, s, job), author.Met)
	if len(s.asked) != 0 {
		t.Error("a model was asked")
	}
}

// What every attempt breaks, when all else holds, is a conflict as well.
func TestWhatEveryAttemptBreaksIsAConflict(t *testing.T) {
	t.Parallel()
	check := "{name: orders are ids and amounts, sql: 'select order_id, amount from orders except select * from orders'}"
	job, s := promising(t, check, newSpec)
	entry := strings.NewReplacer("kind: bootstrap", "kind: spec", "id: 2\n", "id: 3\n").Replace(amendment(itemCheck, ""))
	s.answers[author.StageAmend] = []string{file("amendments/0003.yaml", entry)}
	s.answers[author.StageRepair] = []string{implements(newModel + "order by 1\n"), implements(newModel + "order by 2\n")}
	o := follow(t, s, job)
	wantKind(t, o, author.Conflict)
	if !strings.Contains(o.Explanation, "In each of ") || !slices.Equal(o.Options[1].Supersedes, []string{"2:orders are ids and amounts"}) {
		t.Errorf("%s\n%+v", o.Explanation, o.Options)
	}
}

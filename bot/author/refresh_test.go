package author_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/codicil-dev/codicil/bot/author"
	"github.com/codicil-dev/codicil/bot/spec"
)

// renewed is another implementation of the shop's spec.
const renewed = "-- what each order came to\nselect order_id, cast(sum(quantity * price) as decimal(10,2)) as amount from lines group by all\n"

// refreshes is a shop whose week has turned, with a model that does well.
func refreshes(t *testing.T) (author.Job, *script) {
	t.Helper()
	job, s := put(t, shop()), good(t)
	job.Requirement, job.Origin = "", spec.Origin{}
	job.Evidence = []string{"group by with names is old-fashioned: https://example.com/group-by-all"}
	s.answers[author.StageAmend] = nil
	s.answers[author.StageImplement] = []string{implements(renewed)}
	return job, s
}

func refresh(t *testing.T, s *script, job author.Job) *author.Outcome {
	t.Helper()
	o, err := newAuthor(s).Refresh(t.Context(), job)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func TestRefresh(t *testing.T) {
	t.Parallel()
	job, s := refreshes(t)
	o := refresh(t, s, job)
	wantKind(t, o, author.Done)
	a := o.Amendment
	if a.Origin.Kind != spec.OriginRefresh || len(a.Expects)+len(a.Checks)+len(a.Supersedes) != 0 || !strings.Contains(a.Requirement, "https://example.com/group-by-all") || a.Reading == "" {
		t.Errorf("%+v", a)
	}
	if !slices.Equal(o.Files, []string{"amendments/0002.yaml", "models/orders.sql"}) {
		t.Errorf("files %v", o.Files)
	}
	for _, stage := range []string{author.StageRefine, author.StageImplement} {
		if text := last(s, stage, 0); !strings.Contains(text, "group by with names is old-fashioned") {
			t.Errorf("%s does not see the evidence:\n%s", stage, text)
		}
	}
	if err := o.Write(false); err != nil {
		t.Error(err)
	}
}

func TestRefreshMet(t *testing.T) {
	t.Parallel()
	job, s := refreshes(t)
	s.answers[author.StageRefine] = []string{"```json\n" + `{"verdict": "met", "explanation": "It touches nothing here."}` + "\n```\n"}
	wantKind(t, refresh(t, s, job), author.Met)
	// Nor is there anything to merge if whoever implements leaves all as it is.
	job, s = refreshes(t)
	s.answers[author.StageImplement] = []string{implements(shopModel)}
	o := refresh(t, s, job)
	wantKind(t, o, author.Met)
	if len(o.Files) > 0 || o.Amendment != nil || o.Diff != "" || len(s.of(author.StageReview)) > 0 {
		t.Errorf("files %v, %d reviews", o.Files, len(s.of(author.StageReview)))
	}
}

// A refresh changes nothing that a reader would notice, whatever a model says.
func TestRefreshGuarded(t *testing.T) {
	t.Parallel()
	wider := "id: 2\nrequirement: x\norigin: {kind: refresh}\nreading: x\nexpects: [{change_values: {column: orders.amount}}]\nchecks: []\nchange: x\n"
	for name, answer := range map[string]string{
		"the output changed":           implements(strings.Replace(renewed, "quantity * price", "quantity * price * 2", 1)),
		"a column added":               implements(newModel),
		"what may change widened":      implements(renewed) + file("amendments/0002.yaml", wider),
		"the spec changed":             implements(renewed) + file("spec.yaml", newSpec),
		"a test deleted":               implements(renewed) + "DELETE: tests/positive.sql\n",
		"a complaint of the amendment": "AMENDMENT: expects must allow the amounts to change.",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			job, s := refreshes(t)
			s.answers[author.StageImplement] = []string{answer}
			s.answers[author.StageRepair] = []string{"I was told to stop here."}
			o := refresh(t, s, job)
			wantKind(t, o, author.Failed)
			if len(s.of(author.StageAmend)) > 0 {
				t.Error("the amendment was a model's to write")
			}
			if err := o.Write(false); err == nil {
				t.Error("it was written")
			}
		})
	}
}

// A newer guideline is adopted, with the refresh as its origin.
func TestRefreshGuideline(t *testing.T) {
	t.Parallel()
	job, s := adopts(t, rule("r1"), shop())
	job.Evidence = []string{"the guideline gross is newer than what was adopted"}
	s.answers[author.StageAmend] = []string{file("spec.yaml", grossSpec) + file("amendments/0002.yaml", strings.Replace(grossEntry, "kind: guideline", "kind: refresh", 1))}
	o := refresh(t, s, job)
	wantKind(t, o, author.Done)
	if a := o.Amendment; a.Origin.Kind != spec.OriginRefresh || a.Origin.ID != "gross" || len(a.Checks) != 2 {
		t.Errorf("%+v", a)
	}
	if !strings.Contains(last(s, author.StageAmend, 0), "newer than what was adopted") {
		t.Error("the evidence is not shown")
	}
}

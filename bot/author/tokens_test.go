package author_test

import (
	"os"
	"strings"
	"testing"

	"github.com/codicil-dev/codicil/bot/author"
	"github.com/codicil-dev/codicil/bot/guideline"
	"github.com/codicil-dev/codicil/bot/model"
	"github.com/codicil-dev/codicil/prompts"
)

// maxPrompt is how many tokens a prompt about a product of twenty models may have, sharedLeast which part of what a stage's prompts
// have in common for all products stands at their beginning, where endpoints find it in their caches.
const (
	maxPrompt   = 30_000
	sharedLeast = 0.8
)

// stages are those whose first requests are measured.
var stages = []string{author.StageRefine, author.StageAmend, author.StageImplement, author.StageRepair, author.StageReview}

// examples are the guidelines of the example organisation.
func examples(t testing.TB) []guideline.Guideline {
	t.Helper()
	all, problems := guideline.LoadAll(os.DirFS("../../deploy/examples/guidelines"), "guidelines")
	if err := problems.Err(); err != nil || len(all) == 0 {
		t.Fatalf("%d guidelines: %v", len(all), err)
	}
	return all
}

// repairing is a planner that needs a round of repair, so that every stage is asked.
func repairing(t testing.TB) *script {
	s := plannerOf(t)
	s.answers[author.StageImplement] = []string{unitsDid + implementsUnits("quantity / 2")}
	s.answers[author.StageRepair] = []string{implementsUnits("quantity")}
	return s
}

// TestFocusIsShown holds that of a product too large for its prompt what the requirement speaks of is shown in full.
func TestFocusIsShown(t *testing.T) {
	t.Parallel()
	files := newWarehouse(6, 60).files()
	met := &script{t: t, answers: map[string][]string{author.StageRefine: {"```json\n{\"verdict\": \"met\", \"explanation\": \"e\"}\n```\n"}}}
	a := newAuthor(met)
	a.Portrait.Budget = 13_000
	job := put(t, files)
	job.Requirement = "How many units did each ticket have?"
	if _, err := a.Amend(t.Context(), job); err != nil {
		t.Fatal(err)
	}
	shown := met.asked[0].Messages[2].Text
	if !strings.Contains(shown, "These files are left out") {
		t.Fatal("all fits, so this says nothing")
	}
	for _, name := range []string{"models/tickets.sql", "models/intermediate/int_tickets_priced.sql", "models/staging/stg_tickets.sql", "tests/tickets_refer_to_customers.sql"} {
		if !strings.Contains(shown, files[name]) {
			t.Errorf("%s is not shown in full, and the requirement speaks of it", name)
		}
	}
}

// asked has a product amended under the example guidelines, and returns the first request of each stage.
func asked(t testing.TB, files map[string]string, s *script) map[string]model.Request {
	t.Helper()
	a := newAuthor(s)
	a.Guidelines, a.GuidelinesGiven = examples(t), true
	job := put(t, files)
	job.Requirement = wantUnits
	o, err := a.Amend(t.Context(), job)
	if err != nil {
		t.Fatal(err)
	}
	if o.Kind != author.Done {
		t.Fatalf("ended as %s: %s\n%s", o.Kind, o.Explanation, strings.Join(o.Faults, "\n"))
	}
	first := map[string]model.Request{}
	for _, stage := range stages {
		all := s.of(stage)
		if len(all) == 0 {
			t.Fatalf("%s was not asked", stage)
		}
		first[stage] = all[0]
	}
	return first
}

// TestPromptTokens holds the promise on the length of prompts, and that what the requirement speaks of is shown in them.
func TestPromptTokens(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		more int // lines that each model is longer
	}{{name: "as it is"}, {name: "long models", more: 60}} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			files := newWarehouse(6, 60).files()
			for name := range files {
				if strings.HasPrefix(name, "models/") {
					files[name] += strings.Repeat("-- One of the many remarks that gather below a model over the years.\n", c.more)
				}
			}
			requests := asked(t, files, repairing(t))
			for _, stage := range stages {
				n := requests[stage].Tokens()
				t.Logf("%-10s %6d tokens", stage, n)
				if n >= maxPrompt {
					t.Errorf("%s: %d tokens, %d are too many", stage, n, maxPrompt)
				}
			}
			shown := requests[author.StageImplement].Messages[2].Text
			for _, name := range []string{"models/orders.sql", "models/intermediate/int_orders_priced.sql", "models/staging/stg_orders.sql"} {
				if !strings.Contains(shown, files[name]) {
					t.Errorf("%s is not shown in full, and the requirement speaks of it", name)
				}
			}
		})
	}
}

// TestSharedPrefix holds the promise on caches: of the tokens that the prompts of a stage have in common for all products under the
// same guidelines, most are their beginning, the same to the byte.
func TestSharedPrefix(t *testing.T) {
	t.Parallel()
	one := asked(t, newWarehouse(3, 40).files(), repairing(t))
	other := asked(t, renamed(newWarehouse(1, 30).files(), "product: warehouse", "product: books"), repairing(t))
	for _, stage := range stages {
		shared, could := sharedTokens(t, stage, one[stage], other[stage])
		part := float64(shared) / float64(could)
		t.Logf("%-10s %5d of %5d tokens: %.0f %%", stage, shared, could, 100*part)
		if part < sharedLeast {
			t.Errorf("%s: %.0f %% of what can be shared stands at the beginning, want %.0f %%", stage, 100*part, 100*sharedLeast)
		}
	}
}

// sharedTokens counts what two prompts of a stage begin with alike, and what they could share: the first message, the guidelines, all fixed
// text of the templates of product and task, and the form of the answer.
func sharedTokens(t testing.TB, stage string, one, other model.Request) (shared, could int) {
	t.Helper()
	a, b := joined(one), joined(other)
	n := 0
	for n < min(len(a), len(b)) && a[n] == b[n] {
		n++
	}
	shared = model.EstimateTokens(a[:n])
	for _, text := range fixed(t, stage) {
		could += model.EstimateTokens(text)
	}
	if one.Schema != nil {
		could += model.EstimateTokens(string(one.Schema.JSON))
	}
	return shared, could
}

func joined(r model.Request) string {
	var b strings.Builder
	for _, m := range r.Messages {
		b.WriteString(string(m.Role) + "\n" + m.Text)
	}
	return b.String()
}

// fixed are all texts of a stage that are the same for all products: the templates without any data, and the guidelines.
func fixed(t testing.TB, stage string) []string {
	t.Helper()
	var rules []prompts.Guideline
	for _, g := range examples(t) {
		rules = append(rules, prompts.Guideline{ID: g.ID, Title: g.Title, Text: g.Prose})
	}
	everywhere := []func() (string, error){
		prompts.System,
		func() (string, error) { return prompts.Guidelines(rules) },
		func() (string, error) {
			return prompts.Product(prompts.ProductData{SpecOnly: stage == author.StageReview})
		},
	}
	var out []string
	for _, render := range append(everywhere, map[string][]func() (string, error){
		author.StageRefine: {func() (string, error) { return prompts.Refine(prompts.RefineTask{}) }},
		author.StageAmend:  {func() (string, error) { return prompts.Amend(prompts.AmendTask{}) }},
		author.StageImplement: {
			func() (string, error) { return prompts.Implement(prompts.ImplementTask{}) },
		},
		author.StageRepair: {
			func() (string, error) { return prompts.Implement(prompts.ImplementTask{}) },
			func() (string, error) { return prompts.Repair(prompts.RepairTask{}) },
		},
		author.StageReview: {func() (string, error) { return prompts.Review(prompts.ReviewTask{}) }},
	}[stage]...) {
		text, err := render()
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, text)
	}
	return out
}

// renamed replaces text in the spec.
func renamed(files map[string]string, old, text string) map[string]string {
	files["spec.yaml"] = strings.Replace(files["spec.yaml"], old, text, 1)
	return files
}

package author_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/author"
	"github.com/codicil-dev/codicil/bot/guideline"
	"github.com/codicil-dev/codicil/bot/model"
	"github.com/codicil-dev/codicil/bot/spec"
)

// rule is a guideline that the shop does not keep: amounts must say that they are gross.
func rule(revision string) *guideline.Guideline {
	return &guideline.Guideline{
		ID: "gross", Title: "Amounts say what they include", AppliesTo: "tables.exists(t, t.columns.exists(c, c.unit == 'USD'))", Revision: revision,
		Prose: "# Amounts\n\n**Rule.** A column in `USD` says whether it is gross or net.\n\n**Why.** They were mixed up.",
		Checks: []spec.Check{
			{Name: "amounts say gross or net", CEL: "tables.all(t, t.columns.all(c, c.unit != 'USD' || c.description.matches('[Gg]ross|[Nn]et')))"},
			{Name: "amounts are there", SQL: "select * from orders where amount is null"},
		},
	}
}

// What a good model answers to that.
var (
	grossSpec  = strings.Replace(shopSpec, "What it came to.", "Gross total.", 1)
	grossEntry = "id: 2\nrequirement: x\norigin: {kind: guideline, id: gross}\nreading: The amount says that it is gross.\nexpects: [{change_meaning: {on: orders.amount, field: description}}]\nchecks: []\nchange: <tbd>\n"
)

// adopts is a shop whose job is to adopt a guideline, with a model that does well.
func adopts(t *testing.T, g *guideline.Guideline, files map[string]string) (author.Job, *script) {
	t.Helper()
	job, s := put(t, files), good(t)
	job.Requirement, job.Guideline, job.Origin = "", g, spec.Origin{URL: "https://example.com/gross.md"}
	s.answers[author.StageAmend] = []string{file("spec.yaml", grossSpec) + file("amendments/0002.yaml", grossEntry)}
	s.answers[author.StageImplement] = nil
	return job, s
}

func adopt(t *testing.T, s *script, job author.Job) *author.Outcome {
	t.Helper()
	o, err := newAuthor(s).Adopt(t.Context(), job)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// last is the last thing said in a request.
func last(s *script, stage string, n int) string {
	of := s.of(stage)
	if n >= len(of) {
		return ""
	}
	return of[n].Messages[len(of[n].Messages)-1].Text
}

func TestAdopt(t *testing.T) {
	t.Parallel()
	job, s := adopts(t, rule("r1"), shop())
	o := adopt(t, s, job)
	wantKind(t, o, author.Done)
	if len(s.of(author.StageImplement)) != 0 {
		t.Error("the models were asked for, although only words change")
	}
	reviews := s.of(author.StageReview)
	if len(reviews) != 1 {
		t.Fatal("it was not reviewed")
	}
	if !slices.ContainsFunc(reviews[0].Messages, func(m model.Message) bool { return strings.Contains(m.Text, "The amount says that it is gross.") }) {
		t.Error("the reviewer was not shown the amendment")
	}
	if len(o.Notes) > 0 {
		t.Errorf("notes %q", o.Notes)
	}
	a := o.Amendment
	if a.Requirement != "Amounts say what they include. A column in USD says whether it is gross or net." {
		t.Errorf("requirement %q", a.Requirement)
	}
	if diff := cmp.Diff(spec.Origin{Kind: spec.OriginGuideline, URL: "https://example.com/gross.md", ID: "gross", Revision: "r1"}, a.Origin); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(rule("r1").Checks, a.Checks); diff != "" {
		t.Error(diff)
	}
	if !slices.Equal(o.Files, []string{"amendments/0002.yaml", "spec.yaml"}) || !strings.Contains(o.Diff, "+version: 1.0.1") {
		t.Errorf("files %v\n%s", o.Files, o.Diff)
	}
	for stage, says := range map[string][]string{
		author.StageRefine: {"They were mixed up", "amounts say gross or net: the spec does not satisfy"},
		author.StageAmend:  {"select * from orders where amount is null", "origin {kind: guideline, id: gross}"},
	} {
		for _, words := range says {
			if !strings.Contains(last(s, stage, 0), words) {
				t.Errorf("%s is not told %q:\n%s", stage, words, last(s, stage, 0))
			}
		}
	}
	if !strings.Contains(s.asked[0].Messages[1].Text, "guideline gross") {
		t.Error("the guideline is not among those in force")
	}
	if err := o.Write(false); err != nil {
		t.Error(err)
	}
}

func TestAdoptWithoutModel(t *testing.T) {
	t.Parallel()
	other := rule("r1")
	other.AppliesTo = "'hr' in tags"
	kept := shop()
	kept["spec.yaml"] = grossSpec
	for name, test := range map[string]struct {
		rule  *guideline.Guideline
		files map[string]string
		kind  author.Kind
		says  string
	}{
		"kept":           {rule("r1"), kept, author.Met, "its 2 checks hold"},
		"does not apply": {other, shop(), author.Elsewhere, "does not apply"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			job, s := adopts(t, test.rule, test.files)
			o := adopt(t, s, job)
			wantKind(t, o, test.kind)
			if len(s.asked) > 0 || len(o.Files) > 0 || !strings.Contains(o.Explanation, test.says) {
				t.Errorf("%d requests, files %v, %q", len(s.asked), o.Files, o.Explanation)
			}
		})
	}
}

// A guideline without checks is for the model to judge.
func TestAdoptProse(t *testing.T) {
	t.Parallel()
	prose := rule("r1")
	prose.Checks = nil
	met := "```json\n" + `{"verdict": "met", "explanation": "It says so in its purpose."}` + "\n```\n"
	job, s := adopts(t, prose, shop())
	s.answers[author.StageRefine] = []string{met}
	wantKind(t, adopt(t, s, job), author.Met)
	if !strings.Contains(last(s, author.StageRefine, 0), "no check that a machine could run") {
		t.Error(last(s, author.StageRefine, 0))
	}

	// Of one whose checks fail, it may not say that it is met.
	job, s = adopts(t, rule("r1"), shop())
	s.answers[author.StageRefine] = []string{met, clear}
	wantKind(t, adopt(t, s, job), author.Done)
	if !strings.Contains(last(s, author.StageRefine, 1), "these checks of the guideline fail: amounts say gross") {
		t.Error(last(s, author.StageRefine, 1))
	}
	job, s = adopts(t, rule("r1"), shop())
	s.answers[author.StageRefine] = []string{met, met}
	wantKind(t, adopt(t, s, job), author.Failed)
}

// Nobody is asked: what is unclear is assumed and recorded, and what stays unclear ends the work.
func TestAdoptAsksNobody(t *testing.T) {
	t.Parallel()
	unclear := "```json\n" + `{"verdict": "unclear", "explanation": "Which?", "questions": [{"ask": "Gross or net?", "assume": "Gross"}]}` + "\n```\n"
	job, s := adopts(t, rule("r1"), shop())
	s.answers[author.StageRefine] = []string{unclear, clear}
	o := adopt(t, s, job)
	wantKind(t, o, author.Done)
	if diff := cmp.Diff([]spec.Question{{Ask: "Gross or net?", Answer: "Gross (assumed)"}}, o.Amendment.Questions); diff != "" {
		t.Error(diff)
	}
	s.answers[author.StageRefine] = []string{unclear}
	s.asked = nil
	o = adopt(t, s, job)
	wantKind(t, o, author.Failed)
	if !strings.Contains(o.Explanation, "nobody to ask") || len(s.of(author.StageRefine)) != 3 {
		t.Error(o.Explanation)
	}
}

// adopted is a shop that adopted an earlier revision of the rule, with a check of its own beside it.
func adopted(revision string) map[string]string {
	files := shop()
	files["amendments/0002.yaml"] = "id: 2\nrequirement: Amounts say what they include.\norigin: {kind: guideline, id: gross, revision: " + revision + "}\nreading: As it says.\nexpects: []\nchecks:\n" +
		"  - name: amounts say gross or net\n    cel: tables.all(t, t.columns.all(c, c.unit != 'USD' || c.description != ''))\n  - name: amounts are small\n    sql: select * from orders where amount > 1000\nchange: Nothing.\n"
	return files
}

func TestAdoptEdited(t *testing.T) {
	t.Parallel()
	before := rule("r0")
	before.Prose, before.Checks = "Say something.", []spec.Check{{Name: "amounts say gross or net", CEL: "tables.all(t, t.columns.all(c, c.unit != 'USD' || c.description != ''))"}}
	third := strings.Replace(grossEntry, "id: 2", "id: 3", 1)
	for name, test := range map[string]struct {
		adopted string
		retired []string
	}{
		"the revision before":    {"r0", []string{"amounts say gross or net"}},
		"a revision before that": {"r00", []string{"amounts say gross or net", "amounts are small"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			job, s := adopts(t, rule("r1"), adopted(test.adopted))
			job.GuidelineBefore = before
			s.answers[author.StageAmend] = []string{file("spec.yaml", grossSpec) + file("amendments/0003.yaml", third)}
			o := adopt(t, s, job)
			wantKind(t, o, author.Done)
			want := []spec.Supersession{{Amendment: 2, Checks: test.retired, Because: "The guideline gross is adopted anew, as it is now."}}
			if diff := cmp.Diff(want, o.Amendment.Supersedes); diff != "" {
				t.Error(diff)
			}
			if got := o.Amendment.Checks[0].Name; got != "amounts say gross or net (gross)" {
				t.Errorf("the check that had its name taken is called %q", got)
			}
			if text := last(s, author.StageRefine, 0); !strings.Contains(text, "Say something.") || !strings.Contains(text, "A column in `USD`") {
				t.Errorf("old and new text are not both shown:\n%s", text)
			}
			if text := last(s, author.StageAmend, 0); !strings.Contains(text, "amendment 2: amounts say gross or net") {
				t.Errorf("what ends is not told:\n%s", text)
			}
			if len(o.Weakens) != 1 {
				t.Errorf("weakens %q", o.Weakens)
			}
		})
	}
}

// What a model may not do while a product adopts a guideline.
func TestAdoptGuarded(t *testing.T) {
	t.Parallel()
	spoil := func(pairs ...string) string {
		return file("spec.yaml", grossSpec) + file("amendments/0002.yaml", strings.NewReplacer(pairs...).Replace(grossEntry))
	}
	for name, test := range map[string]struct{ answer, says string }{
		"a check retired":        {spoil("checks: []", "checks: []\nsupersedes: [{amendment: 1, checks: [amount is the sum of the lines], because: In the way.}]"), "does not allow"},
		"another change unseen":  {file("spec.yaml", strings.Replace(grossSpec, "team: shop", "team: other", 1)) + file("amendments/0002.yaml", grossEntry), "owner"},
		"a column without proof": {spoil("expects: [", "expects: [{change_values: {column: orders.amount}}, "), "no check of it failed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			job, s := adopts(t, rule("r1"), shop())
			s.answers[author.StageAmend] = []string{test.answer}
			o := adopt(t, s, job)
			wantKind(t, o, author.Failed)
			if !strings.Contains(strings.Join(o.Faults, "\n"), test.says) {
				t.Errorf("faults %q", o.Faults)
			}
		})
	}
	// A weaker check under the guideline's name gives way to the guideline's own.
	job, s := adopts(t, rule("r1"), shop())
	s.answers[author.StageAmend] = []string{spoil("checks: []", "checks: [{name: amounts say gross or net, cel: 'true'}, {name: more, cel: owner.team != ''}]")}
	o := adopt(t, s, job)
	wantKind(t, o, author.Done)
	if diff := cmp.Diff(append(rule("r1").Checks, spec.Check{Name: "more", CEL: "owner.team != ''"}), o.Amendment.Checks); diff != "" {
		t.Error(diff)
	}
}

// A guideline whose checks read rows is implemented as any other requirement.
func TestAdoptImplements(t *testing.T) {
	t.Parallel()
	g := rule("r1")
	g.Checks = []spec.Check{{Name: "orders say how many items they have", SQL: "select order_id from orders where item_count is null"}, rule("r1").Checks[1]}
	job, s := adopts(t, g, shop())
	s.answers[author.StageAmend] = []string{amends()}
	s.answers[author.StageImplement] = []string{implements(newModel)}
	o := adopt(t, s, job)
	wantKind(t, o, author.Done)
	if len(s.of(author.StageAmend)) != 1 {
		t.Error("the model was asked about a check of the guideline that held before")
	}
	if len(s.of(author.StageImplement)) != 1 || len(o.Amendment.Checks) != 3 {
		t.Errorf("%d requests to implement, checks %v", len(s.of(author.StageImplement)), o.Amendment.Checks)
	}
	for _, r := range o.Report.Results {
		if r.Area == bot.AreaGuidelines && r.Status != bot.Pass {
			t.Errorf("%s: %s", r.Name, r.Message)
		}
	}
}

func TestWithdraw(t *testing.T) {
	t.Parallel()
	g := rule("r0")
	g.Checks = []spec.Check{{Name: "amounts say gross or net", CEL: "tables.all(t, t.columns.all(c, c.unit != 'USD' || c.description != ''))"}}
	job, s := adopts(t, g, adopted("r0"))
	a := newAuthor(s)
	a.Guidelines, a.GuidelinesGiven = []guideline.Guideline{*rule("r1")}, true // which would fail if it still bound
	o, err := a.Withdraw(t.Context(), job)
	if err != nil {
		t.Fatal(err)
	}
	wantKind(t, o, author.Done)
	if len(s.asked) > 0 || !slices.Equal(o.Files, []string{"amendments/0003.yaml"}) {
		t.Errorf("%d requests, files %v", len(s.asked), o.Files)
	}
	want := []spec.Supersession{{Amendment: 2, Checks: []string{"amounts say gross or net"}, Because: "The guideline was withdrawn."}}
	if diff := cmp.Diff(want, o.Amendment.Supersedes); diff != "" {
		t.Error(diff)
	}
	if o.Amendment.Origin.ID != "gross" || o.Amendment.Origin.Kind != spec.OriginGuideline || len(o.Weakens) != 1 {
		t.Errorf("origin %+v, weakens %q", o.Amendment.Origin, o.Weakens)
	}
	if err := o.Write(false); err != nil {
		t.Fatal(err)
	}
	if o, err = a.Withdraw(t.Context(), job); err != nil || o.Kind != author.Met {
		t.Errorf("a second time: %v, %v", o.Kind, err)
	}
	job, _ = adopts(t, g, shop())
	if o, err = a.Withdraw(t.Context(), job); err != nil || o.Kind != author.Met {
		t.Errorf("never adopted: %v, %v", o.Kind, err)
	}
}

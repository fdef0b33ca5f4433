package author_test

import (
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/author"
	"github.com/codicil-dev/codicil/bot/model"
	"github.com/codicil-dev/codicil/bot/portrait"
	"github.com/codicil-dev/codicil/bot/spec"
)

func TestHappyPath(t *testing.T) {
	t.Parallel()
	job, s := put(t, shop()), good(t)
	before := read(t, job.Tree.Root)
	o := amend(t, s, job)
	wantKind(t, o, author.Done)
	if diff := cmp.Diff(before, read(t, job.Tree.Root)); diff != "" {
		t.Fatalf("the work tree was written before Write:\n%s", diff)
	}
	if o.Report.Verdict == bot.VerdictFail || o.Rounds != 0 || o.Review == "" {
		t.Errorf("verdict %s, %d rounds, review %q", o.Report.Verdict, o.Rounds, o.Review)
	}
	if err := o.Write(false); err != nil {
		t.Fatal(err)
	}
	after := read(t, job.Tree.Root)
	names := slices.Sorted(maps.Keys(after))
	if diff := cmp.Diff([]string{"amendments/0001.yaml", "amendments/0002.yaml", "models/orders.sql", "seeds/lines.csv", "spec.yaml", "tests/positive.sql"}, names); diff != "" {
		t.Error(diff)
	}
	a, _, problems := spec.ParseAmendment("0002.yaml", []byte(after["amendments/0002.yaml"]))
	if problems.Err() != nil {
		t.Fatal(problems)
	}
	if a.Requirement != want || a.Origin.Author != "jane" || a.Origin.Kind != spec.OriginIssue || a.Change != "Counted the items from the lines." || a.Base == "" || a.Result == "" {
		t.Errorf("code did not fill in the amendment:\n%s", after["amendments/0002.yaml"])
	}
	if diff := cmp.Diff([]spec.Rejection{{Option: "Reuse amount", Breaks: []int{1}}}, a.Rejected); diff != "" {
		t.Error(diff)
	}
	if !strings.Contains(after["spec.yaml"], "version: 1.1.0") {
		t.Errorf("the version was not raised:\n%s", after["spec.yaml"])
	}
	// The beginning of all conversations but the reviewer's is the same to the byte.
	for _, r := range s.asked[:3] {
		if diff := cmp.Diff(s.asked[0].Messages[:3], r.Messages[:3]); diff != "" {
			t.Errorf("%s begins otherwise: %s", r.Stage, diff)
		}
	}
}

func TestRepaired(t *testing.T) {
	t.Parallel()
	job, s := put(t, shop()), good(t)
	wrong := strings.Replace(newModel, "sum(price * quantity)", "sum(price)", 1)
	s.answers[author.StageImplement] = []string{implements(wrong)}
	s.answers[author.StageRepair] = []string{file("models/orders.sql", newModel)}
	o := amend(t, s, job)
	wantKind(t, o, author.Done)
	if o.Rounds != 1 {
		t.Errorf("%d rounds", o.Rounds)
	}
	told := s.of(author.StageRepair)[0].Messages
	if text := told[len(told)-1].Text; !strings.Contains(text, "amount is the sum of the lines") || !strings.Contains(text, "+select order_id, cast(sum(price)") {
		t.Errorf("the repair was not told what failed, or what it had changed:\n%s", text)
	}
}

func TestNoProgress(t *testing.T) {
	t.Parallel()
	job, s := put(t, shop()), good(t)
	before := read(t, job.Tree.Root)
	wrong := strings.Replace(newModel, "sum(price * quantity)", "sum(price)", 1)
	s.answers[author.StageImplement] = []string{implements(wrong)}
	s.answers[author.StageRepair] = []string{file("models/orders.sql", "-- no better\n"+wrong)}
	o := amend(t, s, job)
	wantKind(t, o, author.Failed)
	if o.Rounds != 1 || len(o.Files) == 0 || o.Report.Verdict != bot.VerdictFail {
		t.Errorf("%d rounds, files %v, verdict %s", o.Rounds, o.Files, o.Report.Verdict)
	}
	if err := o.Write(false); err == nil {
		t.Error("a red change was written")
	}
	if diff := cmp.Diff(before, read(t, job.Tree.Root)); diff != "" {
		t.Error(diff)
	}
	if err := o.Write(true); err != nil {
		t.Error(err)
	}
}

func TestFaultsAreSentBack(t *testing.T) {
	t.Parallel()
	job, s := put(t, shop()), good(t)
	held := file("spec.yaml", newSpec) + file("amendments/0002.yaml", amendment("select 1 where false", ""))
	undeclared := strings.Replace(amends(), "What customers ordered.", "What anyone ordered.", 1)
	s.answers[author.StageAmend] = []string{"I would rather not.", held, undeclared, amends()}
	s.answers[author.StageImplement] = []string{file("models/orders.sql", newModel), implements(newModel)}
	o := amend(t, s, job)
	wantKind(t, o, author.Done)
	asked := s.of(author.StageAmend)
	for i, reason := range []string{"holds no file", "no check of it failed at the base", "purpose of product went"} {
		if text := asked[i+1].Messages[3].Text; !strings.Contains(text, reason) {
			t.Errorf("attempt %d was not told %q:\n%s", i+2, reason, text)
		}
	}
	if again := s.of(author.StageImplement); len(again) != 2 || !strings.Contains(again[1].Messages[5].Text, "lacks the JSON object") {
		t.Error("the implementation without a word of what was done was not sent back")
	}
}

func TestComplaintAboutAmendment(t *testing.T) {
	t.Parallel()
	job, s := put(t, shop()), good(t)
	s.answers[author.StageImplement] = []string{"I looked at it.\n\nAMENDMENT: the check counts the wrong rows.\n", implements(newModel)}
	o := amend(t, s, job)
	wantKind(t, o, author.Done)
	if again := s.of(author.StageAmend); len(again) != 2 || !strings.Contains(again[1].Messages[3].Text, "the check counts the wrong rows") {
		t.Error("the complaint did not go back to the amendment")
	}
}

func TestReviewBlocksOnlyWithProof(t *testing.T) {
	t.Parallel()
	job, s := put(t, shop()), good(t)
	s.answers[author.StageReview] = []string{"```json\n" + `{"summary": "Doubtful.", "objections": [{"promise": "item_count", "says": "too many"}, {"promise": "amount", "says": "it was always so"}, {"promise": "x", "says": "no such column"}, {"promise": "y", "says": "no query"}]}` +
		"\n```\n```sql\nselect order_id, item_count from orders where item_count > 2\n```\n```sql\nselect * exclude (order_id) from lines\n```\n```sql\nselect nothing from orders\n```\n"}
	s.answers[author.StageRepair] = []string{"I see no fault."}
	o := amend(t, s, job)
	wantKind(t, o, author.Failed)
	notes := strings.Join(o.Notes, "\n")
	for _, n := range []string{"before the change as well", "does not run", "without a counter-example"} {
		if !strings.Contains(notes, n) {
			t.Errorf("no note of %q in:\n%s", n, notes)
		}
	}
	told := s.of(author.StageRepair)[0].Messages
	if text := told[len(told)-1].Text; !strings.Contains(text, "1 | 3") || strings.Contains(text, "always so") {
		t.Errorf("the repair was not told the rows alone:\n%s", text)
	}
}

func TestVerdicts(t *testing.T) {
	t.Parallel()
	job := put(t, shop())
	before := read(t, job.Tree.Root)
	for verdict, kind := range map[string]author.Kind{"met": author.Met, "elsewhere": author.Elsewhere, "conflict": author.Conflict, "unclear": author.Asked} {
		s := good(t)
		s.answers[author.StageRefine] = []string{"```json\n" + `{"verdict": "` + verdict + `", "explanation": "Because of amendment 1.", "amendments": [1, 9], "questions": [{"ask": "Which?", "assume": "All"}],
			"options": [{"option": "Retire it", "supersedes": [{"amendment": 1, "checks": ["amount is the sum of the lines"]}, {"amendment": 9}]}]}` + "\n```\n"}
		o := amend(t, s, job)
		wantKind(t, o, kind)
		if o.Explanation != "Because of amendment 1." || !slices.Equal(o.Amendments, []int{1}) {
			t.Errorf("%s: %q %v", verdict, o.Explanation, o.Amendments)
		}
		if kind == author.Conflict && !slices.Equal(o.Options[0].Supersedes, []string{"1:amount is the sum of the lines"}) {
			t.Errorf("options %v", o.Options)
		}
		if kind == author.Asked && len(o.Questions) != 1 {
			t.Errorf("questions %v", o.Questions)
		}
	}
	if diff := cmp.Diff(before, read(t, job.Tree.Root)); diff != "" {
		t.Error(diff)
	}
}

func TestQuestions(t *testing.T) {
	t.Parallel()
	unclear := "```json\n" + `{"verdict": "unclear", "explanation": "Returned items?", "questions": [{"ask": "Do returned items count?", "assume": "No"}]}` + "\n```\n"
	for name, assume := range map[string]bool{"asked": false, "assumed": true} {
		t.Run(name, func(t *testing.T) {
			job, s := put(t, shop()), good(t)
			s.answers[author.StageRefine] = []string{unclear, clear}
			job.AssumeYes = assume
			a := newAuthor(s)
			answer := "Never: they are gone"
			a.Questions = func(context.Context, []author.Question) ([]string, error) { return []string{answer}, nil }
			if assume {
				answer = "No (assumed)"
			}
			o, err := a.Amend(t.Context(), job)
			if err != nil {
				t.Fatal(err)
			}
			wantKind(t, o, author.Done)
			if diff := cmp.Diff([]spec.Question{{Ask: "Do returned items count?", Answer: answer}}, o.Amendment.Questions); diff != "" {
				t.Error(diff)
			}
			if text := s.of(author.StageRefine)[1].Messages[3].Text; !strings.Contains(text, answer) {
				t.Errorf("the answer was not passed on:\n%s", text)
			}
		})
	}
}

func TestBadJobs(t *testing.T) {
	t.Parallel()
	job := put(t, shop())
	for reason, requirement := range map[string]string{"is empty": " \n", "is 150 kB long": strings.Repeat("x", 150_000), "not UTF-8": "caf\xe9"} {
		job.Requirement = requirement
		if _, err := newAuthor(good(t)).Amend(t.Context(), job); err == nil || !strings.Contains(err.Error(), reason) {
			t.Errorf("%v, want %q", err, reason)
		}
	}
	broken := shop()
	broken["models/orders.sql"] = "select order_id, amount from nothing_there\n"
	o := amend(t, good(t), put(t, broken))
	wantKind(t, o, author.Failed)
	if !strings.Contains(o.Explanation, "before anything was changed") {
		t.Error(o.Explanation)
	}
}

func TestInterrupted(t *testing.T) {
	t.Parallel()
	for _, stage := range []string{author.StageRefine, author.StageAmend, author.StageImplement, author.StageReview} {
		job, s := put(t, shop()), good(t)
		before := read(t, job.Tree.Root)
		ctx, cancel := context.WithCancel(t.Context())
		s.then = func(at string) {
			if at == stage {
				cancel()
			}
		}
		if _, err := newAuthor(s).Amend(ctx, job); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", stage, err)
		}
		if diff := cmp.Diff(before, read(t, job.Tree.Root)); diff != "" {
			t.Errorf("%s: %s", stage, diff)
		}
		cancel()
	}
}

func TestChangedMeanwhile(t *testing.T) {
	t.Parallel()
	job := put(t, shop())
	o := amend(t, good(t), job)
	wantKind(t, o, author.Done)
	if err := os.WriteFile(filepath.Join(job.Tree.Root, "models/other.sql"), []byte("select 1 as x"), 0o644); err != nil {
		t.Fatal(err)
	}
	before := read(t, job.Tree.Root)
	if err := o.Write(false); err == nil || !strings.Contains(err.Error(), "models/other.sql was changed") {
		t.Error(err)
	}
	if diff := cmp.Diff(before, read(t, job.Tree.Root)); diff != "" {
		t.Error(diff)
	}
}

func TestAddedTable(t *testing.T) {
	t.Parallel()
	job, s := put(t, shop()), good(t)
	job.Requirement = "I want to see what each article sold"
	table := strings.TrimSuffix(shopSpec, "\n") + `
  - name: articles
    description: One row for each article sold.
    why: Buyers plan with it.
    key: [sku]
    columns:
      - {name: sku, type: VARCHAR, description: The article., why: Names it.}
      - {name: sold, type: BIGINT, description: How many were sold., why: Buyers asked., nullable: false}
`
	entry := "id: 2\nrequirement: x\norigin: {kind: issue}\nreading: A new table.\nexpects: [{add_table: articles}]\nchecks:\n  - name: every article is there\n" +
		"    sql: select sku from lines where sku not in (select sku from articles)\nchange: <tbd>\n"
	s.answers[author.StageAmend] = []string{file("spec.yaml", table) + file("amendments/0002.yaml", entry)}
	s.answers[author.StageImplement] = []string{did + file("models/marts/articles.sql", "select sku, cast(sum(quantity) as bigint) as sold\nfrom lines\ngroup by sku\n")}
	o := amend(t, s, job)
	wantKind(t, o, author.Done)
	if !slices.Equal(o.Files, []string{"amendments/0002.yaml", "models/marts/articles.sql", "spec.yaml"}) {
		t.Error(o.Files)
	}
}

func TestRenamedColumn(t *testing.T) {
	t.Parallel()
	job, s := put(t, shop()), good(t)
	job.Requirement = "amount should be called order_amount"
	entry := "id: 2\nrequirement: x\norigin: {kind: issue}\nreading: A rename.\nexpects: [{rename_column: {from: orders.amount, to: orders.order_amount}}]\nchecks: []\nchange: <tbd>\n"
	s.answers[author.StageAmend] = []string{file("spec.yaml", strings.Replace(shopSpec, "name: amount", "name: order_amount", 1)) + file("amendments/0002.yaml", entry)}
	s.answers[author.StageImplement] = []string{did + file("models/orders.sql", strings.Replace(shopModel, "as amount", "as order_amount", 1))}
	o := amend(t, s, job)
	wantKind(t, o, author.Done)
	if !strings.Contains(o.Diff, "+version: 2.0.0") {
		t.Errorf("the version was not raised:\n%s", o.Diff)
	}
}

func TestBudget(t *testing.T) {
	t.Parallel()
	job, s := put(t, shop()), good(t)
	s.answers[author.StageImplement] = []string{implements("select 1 as order_id\n")}
	s.answers[author.StageRepair] = []string{file("models/orders.sql", strings.Replace(newModel, "price * quantity", "price", 1))}
	a := newAuthor(s)
	a.Account = model.NewAccount(model.Budget{Rounds: 1}, nil, model.Spent{}, time.Now)
	o, err := a.Amend(t.Context(), job)
	if err != nil {
		t.Fatal(err)
	}
	wantKind(t, o, author.OverBudget)
	if len(o.Files) == 0 || !strings.Contains(o.Diff, "sum(price)") || !strings.Contains(o.Explanation, "round") {
		t.Errorf("the best round is not told: %s\n%s", o.Explanation, o.Diff)
	}
	if err := o.Write(false); err == nil {
		t.Error("it was written")
	}
}

func TestNoReview(t *testing.T) {
	t.Parallel()
	job, s := put(t, shop()), good(t)
	a := newAuthor(s)
	a.Asker = refusing{s}
	o, err := a.Amend(t.Context(), job)
	if err != nil {
		t.Fatal(err)
	}
	wantKind(t, o, author.Done)
	if len(o.Notes) != 1 || !strings.Contains(o.Notes[0], "there was no review") {
		t.Errorf("notes %q", o.Notes)
	}
}

// refusing is a model that will not review.
type refusing struct{ *script }

func (r refusing) Ask(ctx context.Context, q model.Request) (model.Answer, error) {
	if q.Stage == author.StageReview {
		return model.Answer{}, &model.Error{Kind: model.Refused, Stage: q.Stage, Message: "it will not"}
	}
	return r.script.Ask(ctx, q)
}

// TestNoValues has a failing check and an objection, and looks for rows in what the model is told.
func TestNoValues(t *testing.T) {
	t.Parallel()
	for name, mode := range map[string]portrait.Mode{"schema": portrait.Schema, "masked": portrait.Masked} {
		t.Run(name, func(t *testing.T) {
			files := shop()
			files["seeds/lines.csv"] = strings.ReplaceAll(shopLines, "2.50", "777.25")
			job, s := put(t, files), good(t)
			s.answers[author.StageImplement] = []string{implements(strings.Replace(newModel, "sum(price * quantity)", "sum(price)", 1))}
			s.answers[author.StageRepair] = []string{file("models/orders.sql", newModel), "No."}
			s.answers[author.StageReview] = []string{"```json\n" + `{"summary": "Doubtful.", "objections": [{"promise": "item_count", "says": "too many"}]}` + "\n```\n```sql\nselect amount, item_count from orders\n```\n"}
			a := newAuthor(s)
			a.Portrait.Data = mode
			o, err := a.Amend(t.Context(), job)
			if err != nil {
				t.Fatal(err)
			}
			wantKind(t, o, author.Failed)
			shown := false
			for _, r := range s.asked {
				for _, m := range r.Messages {
					shown = shown || strings.Contains(m.Text, "777.25") || strings.Contains(m.Text, "1555.50")
				}
			}
			if shown != (mode == portrait.Masked) {
				t.Errorf("values shown: %v", shown)
			}
		})
	}
}

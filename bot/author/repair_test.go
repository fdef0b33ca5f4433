package author_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/author"
	"github.com/codicil-dev/codicil/bot/model"
)

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
		if text := asked[i+1].Messages[5+2*i].Text; !strings.Contains(text, reason) {
			t.Errorf("attempt %d was not told %q:\n%s", i+2, reason, text)
		}
	}
	if again := s.of(author.StageImplement); len(again) != 2 || !strings.Contains(again[1].Messages[5].Text, "lacks the JSON object") {
		t.Error("the implementation without a word of what was done was not sent back")
	}
}

// Checks that hold at the base already are asked about once, and kept if the model means them so.
func TestDoubtsAreKept(t *testing.T) {
	t.Parallel()
	job, s := put(t, shop()), good(t)
	guard := "  - name: amounts stay\n    sql: select * from orders where amount < 0\n"
	s.answers[author.StageAmend] = []string{file("spec.yaml", newSpec) + file("amendments/0002.yaml", amendment(itemCheck, guard)), "They guard the amounts.\n\nKEEP\n"}
	o := amend(t, s, job)
	wantKind(t, o, author.Done)
	if asked := s.of(author.StageAmend); len(asked) != 2 || !strings.Contains(asked[1].Messages[5].Text, "KEEP") {
		t.Fatalf("%d requests", len(asked))
	}
	if len(o.Amendment.Checks) != 2 || len(o.Notes) != 1 || !strings.Contains(o.Notes[0], "amounts stay") {
		t.Errorf("checks %v, notes %q", o.Amendment.Checks, o.Notes)
	}
	// Without a doubt before it, the word is no answer.
	s = good(t)
	s.answers[author.StageAmend] = []string{"KEEP", amends()}
	wantKind(t, amend(t, s, put(t, shop())), author.Done)
	if asked := s.of(author.StageAmend); len(asked) != 2 || !strings.Contains(asked[1].Messages[5].Text, "holds no file") {
		t.Error("KEEP was taken for an answer")
	}
}

// An option is turned down once, whatever reason is given beside it.
func TestRejectedOnce(t *testing.T) {
	t.Parallel()
	job, s := put(t, shop()), good(t)
	s.answers[author.StageAmend] = []string{file("spec.yaml", newSpec) + file("amendments/0002.yaml", amendment(itemCheck, "rejected:\n  - {option: \"Reuse amount, whose name would be wrong\", breaks: [1]}\n"))}
	o := amend(t, s, job)
	wantKind(t, o, author.Done)
	if len(o.Amendment.Rejected) != 1 {
		t.Errorf("rejected %+v", o.Amendment.Rejected)
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

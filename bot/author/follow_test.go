package author_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/author"
	"github.com/codicil-dev/codicil/bot/product"
	"github.com/codicil-dev/codicil/bot/spec"
	"github.com/codicil-dev/codicil/bot/verify"
)

// edits is a shop whose spec was edited by hand, with a model that does well.
func edits(t *testing.T, edited string, more map[string]string) (author.Job, *script) {
	t.Helper()
	before := put(t, shop()).Tree
	files := shop()
	files["spec.yaml"] = edited
	for name, text := range more {
		files[name] = text
	}
	job, s := put(t, files), good(t)
	job.TreeBefore = &product.Tree{Root: before.Root, Label: "before"}
	job.Requirement, job.Origin = "Show how many items there are", spec.Origin{Author: "jane"}
	s.answers[author.StageRefine] = nil
	entry := strings.NewReplacer("kind: bootstrap", "kind: spec", "expects: [{add_column: orders.item_count}]", "expects: []").Replace(amendment(itemCheck, ""))
	s.answers[author.StageAmend] = []string{file("amendments/0002.yaml", entry)}
	return job, s
}

func follow(t *testing.T, s *script, job author.Job) *author.Outcome {
	t.Helper()
	o, err := newAuthor(s).Follow(t.Context(), job)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func TestFollow(t *testing.T) {
	t.Parallel()
	// Whoever edited the spec added a model as well.
	job, s := edits(t, newSpec, map[string]string{"models/notes.sql": "select 1 as note\n"})
	before := read(t, job.Tree.Root)
	o := follow(t, s, job)
	wantKind(t, o, author.Done)
	a := o.Amendment
	if a.Requirement != "Show how many items there are" || a.Origin.Kind != spec.OriginSpec || a.Origin.Author != "jane" || a.Reading != "A new column." {
		t.Errorf("%+v", a)
	}
	if diff := cmp.Diff([]spec.Expectation{{AddColumn: "orders.item_count"}}, a.Expects); diff != "" {
		t.Error("what the model left out of the edit was not declared:", diff)
	}
	// The edit itself is there already, so that only the version is new in the spec.
	if !slices.Equal(o.Files, []string{"amendments/0002.yaml", "models/orders.sql", "spec.yaml"}) || strings.Contains(o.Diff, "+      - {name: item_count") || !strings.Contains(o.Diff, "+version: 1.1.0") {
		t.Errorf("files %v\n%s", o.Files, o.Diff)
	}
	for stage, words := range map[string]string{author.StageAmend: "+      - {name: item_count", author.StageImplement: "+      - {name: item_count"} {
		if !strings.Contains(last(s, stage, 0), words) {
			t.Errorf("%s does not see the edit:\n%s", stage, last(s, stage, 0))
		}
	}
	if !strings.Contains(last(s, author.StageReview, 0), "models/notes.sql") {
		t.Error("the reviewer does not see what else came with the edit")
	}
	if strings.Contains(s.asked[0].Messages[2].Text, "item_count") {
		t.Error("the product is not shown as it was before the edit")
	}
	proven := slices.ContainsFunc(o.Report.Results, func(r bot.Result) bool { return r.Proof == "failed before" })
	if !proven {
		t.Error("the new column was not proven against the time before the edit")
	}
	if err := o.Write(false); err != nil {
		t.Fatal(err)
	}
	after := read(t, job.Tree.Root)
	if after["seeds/lines.csv"] != before["seeds/lines.csv"] || !strings.Contains(after["spec.yaml"], "item_count") {
		t.Error("written wrong")
	}
	// Merged into the edited tree, it is in order without any more words.
	job.TreeBefore = &product.Tree{Root: put(t, before).Tree.Root, Label: "the default branch"}
	r, err := newAuthor(s).Verifier.Verify(t.Context(), verify.Input{Head: job.Tree, Under: ".", Base: job.TreeBefore})
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range r.Results {
		if x.Status == bot.Fail || x.Status == bot.Review && x.Area != bot.AreaGuidelines {
			t.Errorf("%s, on the way to the default branch: %s: %s", x.Status, x.Name, x.Message)
		}
	}
	o = follow(t, &script{t: t}, job)
	wantKind(t, o, author.Met)
}

// Where the product is as the edited spec says, the edit is declared and no model is asked.
func TestFollowWords(t *testing.T) {
	t.Parallel()
	for name, edited := range map[string]string{
		"words":                strings.Replace(shopSpec, "What it came to.", "What it came to in all.", 1),
		"a promise that holds": strings.Replace(shopSpec, "why: Names the order.", "why: Names the order., unique: true", 1),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			job, s := edits(t, edited, nil)
			job.Requirement = ""
			o := follow(t, s, job)
			wantKind(t, o, author.Done)
			if len(s.asked) > 0 || o.Amendment.Requirement != "The spec was edited by hand." || len(o.Amendment.Expects) != 1 || !strings.Contains(o.Reading, "orders.") {
				t.Errorf("%d requests, %+v", len(s.asked), o.Amendment)
			}
			if err := o.Write(false); err != nil {
				t.Error(err)
			}
		})
	}
}

// What a model may not do while it follows an edit.
func TestFollowGuarded(t *testing.T) {
	t.Parallel()
	entry := strings.NewReplacer("kind: bootstrap", "kind: spec").Replace(amendment(itemCheck, ""))
	for name, test := range map[string]struct {
		stage, answer, says string
	}{
		"the spec changed":               {author.StageAmend, file("spec.yaml", newSpec) + file("amendments/0002.yaml", entry), "spec.yaml"},
		"the edit taken back":            {author.StageAmend, file("spec.yaml", shopSpec) + file("amendments/0002.yaml", entry), "spec.yaml"},
		"a check retired":                {author.StageAmend, file("amendments/0002.yaml", strings.Replace(entry, "change: I", "supersedes: [{amendment: 1, because: Told.}]\nchange: I", 1)), "does not allow"},
		"nothing proven":                 {author.StageAmend, file("amendments/0002.yaml", strings.Replace(entry, itemCheck, "select 1 where false", 1)), "no check of it failed"},
		"the spec while implementing":    {author.StageImplement, implements(newModel) + file("spec.yaml", shopSpec), "spec.yaml"},
		"another change while at it":     {author.StageImplement, implements(strings.Replace(newModel, "price * quantity", "price * quantity + 1", 1)), ""},
		"a seed's rows while at it":      {author.StageImplement, implements(newModel) + file("seeds/lines.csv", "order_id,sku,price,quantity\n1,a,2.50,2\n"), ""},
		"the edit is not followed":       {author.StageImplement, implements(shopModel), ""},
		"another declared than was made": {author.StageAmend, file("amendments/0002.yaml", strings.Replace(entry, "add_column: orders.item_count", "drop_column: orders.amount", 1)), "the spec still has it"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			job, s := edits(t, newSpec, nil)
			s.answers[test.stage] = []string{test.answer}
			s.answers[author.StageRepair] = []string{"I was told to stop here."}
			o := follow(t, s, job)
			wantKind(t, o, author.Failed)
			if !strings.Contains(strings.Join(o.Faults, "\n"), test.says) {
				t.Errorf("faults %q", o.Faults)
			}
			if err := o.Write(false); err == nil {
				t.Error("it was written")
			}
		})
	}
}

// A column that was renamed by hand is declared as a rename if the model sees it.
func TestFollowRename(t *testing.T) {
	t.Parallel()
	job, s := edits(t, strings.Replace(shopSpec, "name: amount", "name: order_total", 1), nil)
	entry := "id: 2\nrequirement: x\norigin: {kind: spec}\nreading: A rename.\nexpects: [{rename_column: {from: orders.amount, to: orders.order_total}}]\nchecks: []\nchange: <tbd>\n"
	s.answers[author.StageAmend] = []string{file("amendments/0002.yaml", entry)}
	s.answers[author.StageImplement] = []string{implements(strings.Replace(shopModel, "as amount", "as order_total", 1))}
	o := follow(t, s, job)
	wantKind(t, o, author.Done)
	if len(o.Amendment.Expects) != 1 {
		t.Errorf("expects %v", o.Amendment.Expects)
	}
	if draft := last(s, author.StageAmend, 0); !strings.Contains(draft, "drop_column: orders.amount") {
		t.Errorf("the draft is not shown:\n%s", draft)
	}
}

func TestFollowBadEdits(t *testing.T) {
	t.Parallel()
	job, s := edits(t, "spec: 1\nproduct: orders\n", nil)
	o := follow(t, s, job)
	wantKind(t, o, author.Failed)
	if !strings.Contains(o.Explanation, "errors as it was edited") {
		t.Error(o.Explanation)
	}
	job, s = edits(t, strings.Replace(shopSpec, "product: orders", "product: others", 1), nil)
	o = follow(t, s, job)
	wantKind(t, o, author.Failed)
	if !strings.Contains(o.Explanation, "no readable product others before") {
		t.Error(o.Explanation)
	}
	job, s = edits(t, shopSpec, nil)
	wantKind(t, follow(t, s, job), author.Met)
	job.TreeBefore = nil
	if _, err := newAuthor(s).Follow(t.Context(), job); err == nil {
		t.Error("no error without the tree before")
	}
	// The product moved to another folder in the same commit.
	job, s = edits(t, newSpec, nil)
	moved := t.TempDir()
	if err := os.CopyFS(filepath.Join(moved, "deep", "orders"), os.DirFS(job.Tree.Root)); err != nil {
		t.Fatal(err)
	}
	job.Tree, job.Path = product.Tree{Root: moved, Label: "moved"}, "deep/orders"
	o = follow(t, s, job)
	wantKind(t, o, author.Done)
	if err := o.Write(false); err != nil {
		t.Error(err)
	}
}

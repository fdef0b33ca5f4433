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

	"github.com/google/go-cmp/cmp"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/author"
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

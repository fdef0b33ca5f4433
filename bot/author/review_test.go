package author_test

import (
	"context"
	"strings"
	"testing"

	"github.com/codicil-dev/codicil/bot/author"
	"github.com/codicil-dev/codicil/bot/model"
	"github.com/codicil-dev/codicil/bot/portrait"
)

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

// What a change begins to read may be confidential, too: a counter-example that reads it is shown without values.
func TestNewInputIsWithheld(t *testing.T) {
	t.Parallel()
	files := map[string]string{
		"customers/spec.yaml": "spec: 1\nproduct: customers\nversion: 1.0.0\nowner: {team: shop}\npurpose: Who buys.\ntables:\n  - name: customers\n    description: One row each.\n    why: Orders name them.\n    key: [id]\n    columns:\n" +
			"      - {name: id, type: INTEGER, description: Number., why: Names it.}\n      - {name: email, type: VARCHAR, description: Mail., why: We write., classification: pii}\n",
		"customers/amendments/0001.yaml": "id: 1\nrequirement: Who buys?\norigin: {kind: bootstrap}\nreading: A table.\nexpects: [{add_table: customers}]\nchecks: [{name: they are there, sql: select 1 from customers having count(*) = 0}]\nchange: Made it.\n",
		"customers/models/customers.sql": "select 1 as id, 'mia@example.com' as email\n",
	}
	for name, text := range shop() {
		files["orders/"+name] = text
	}
	job, s := put(t, files), good(t)
	job.Path = "orders"
	s.answers[author.StageAmend] = []string{file("spec.yaml", strings.Replace(newSpec, "tables:\n", "inputs: [{product: customers, table: customers, version: ^1.0}]\ntables:\n", 1)) +
		file("amendments/0002.yaml", strings.Replace(amendment(itemCheck, ""), "expects: [", "expects: [{change_meaning: {on: product, field: inputs}}, ", 1))}
	s.answers[author.StageImplement] = []string{implements(newModel + "having (select count(*) from customers) > 0\n")}
	s.answers[author.StageReview] = []string{strings.Replace(objects, "select order_id, item_count from", "select order_id, (select max(email) from customers) as note from", 1)}
	s.answers[author.StageRepair] = []string{"I leave it."}
	amend(t, s, job)
	text := last(s, author.StageRepair, 0)
	if !strings.Contains(text, "values are withheld") || strings.Contains(text, "mia@") {
		t.Errorf("the repair is told:\n%s", text)
	}
}

package author_test

import (
	"context"
	"strings"
	"testing"

	"github.com/codicil-dev/codicil/bot/author"
	"github.com/codicil-dev/codicil/bot/model"
)

// dying is a model whose endpoint goes away at a stage.
type dying struct {
	*script
	at string
}

func (d dying) Ask(ctx context.Context, q model.Request) (model.Answer, error) {
	if q.Stage == d.at {
		return model.Answer{}, &model.Error{Kind: model.Dropped, Stage: q.Stage, Message: "the endpoint is gone"}
	}
	return d.script.Ask(ctx, q)
}

// An endpoint that goes away in a repair leaves the best round to look at, and one that never answered leaves its error.
func TestEndpointGoesAway(t *testing.T) {
	t.Parallel()
	job, s := put(t, shop()), good(t)
	s.answers[author.StageImplement] = []string{implements(strings.Replace(newModel, "sum(price * quantity)", "sum(price)", 1))}
	a := newAuthor(s)
	a.Asker = dying{s, author.StageRepair}
	o, err := a.Amend(t.Context(), job)
	if err != nil {
		t.Fatal(err)
	}
	wantKind(t, o, author.Failed)
	if len(o.Files) == 0 || o.Report == nil || !strings.Contains(o.Explanation, "the endpoint is gone") {
		t.Errorf("files %v, explanation %q", o.Files, o.Explanation)
	}
	a.Asker = dying{s, author.StageImplement}
	if _, err := a.Amend(t.Context(), job); err == nil || !strings.Contains(err.Error(), "the endpoint is gone") {
		t.Errorf("error %v", err)
	}
}

const objects = "```sql\nselect order_id, item_count from orders where item_count > 2\n```\n```json\n" + `{"summary": "Doubtful.", "objections": [{"promise": "item_count", "says": "too many"}], "remarks": []}` + "\n```\n"

// What a repair after the review brings is reviewed as well.
func TestSecondReview(t *testing.T) {
	t.Parallel()
	mended := "-- mended\n" + newModel
	for name, test := range map[string]struct {
		second string
		want   author.Kind
	}{
		"finds nothing": {approves, author.Done},
		"finds more":    {strings.ReplaceAll(objects, "item_count > 2", "item_count > 0"), author.Failed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			job, s := put(t, shop()), good(t)
			// The first objection stands until a table seal is there.
			first := strings.ReplaceAll(objects, "where item_count > 2", "where not exists (select 1 from duckdb_columns() where table_name = 'seal')")
			s.answers[author.StageReview] = []string{first, test.second}
			s.answers[author.StageRepair] = []string{file("models/seal.sql", "select 1 as sealed\n") + file("models/orders.sql", mended)}
			o := amend(t, s, job)
			wantKind(t, o, test.want)
			if n := len(s.of(author.StageReview)); n != 2 {
				t.Errorf("%d reviews", n)
			}
		})
	}
}

// Of product.yaml, only what is said of new seeds may change.
func TestProductFileGuarded(t *testing.T) {
	t.Parallel()
	codes := file("seeds/codes.csv", "code\n007\n")
	for name, test := range map[string]struct {
		product, answer, want string
	}{
		"a new seed":          {"", "seeds: {codes: {types: {code: VARCHAR}}}\n", ""},
		"beside another":      {"seeds: {lines: {types: {sku: VARCHAR}}}\n", "seeds: {lines: {types: {sku: VARCHAR}}, codes: {types: {code: VARCHAR}}}\n", ""},
		"an old seed":         {"", "seeds: {lines: {types: {price: DOUBLE}}}\n", "the seed lines was there before"},
		"an old declaration":  {"seeds: {lines: {types: {sku: VARCHAR}}}\n", "seeds: {lines: {types: {sku: VARCHAR, price: DOUBLE}}}\n", "the types of the seed lines stay"},
		"a declaration taken": {"seeds: {lines: {types: {sku: VARCHAR}}}\n", "seeds: {codes: {types: {code: VARCHAR}}}\n", "the types of the seed lines stay"},
		"not readable":        {"", "seed: {}\n", "unknown key"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files := shop()
			if test.product != "" {
				files["product.yaml"] = test.product
			}
			job, s := put(t, files), good(t)
			s.answers[author.StageImplement] = []string{implements(newModel) + codes + file("product.yaml", test.answer), implements(newModel)}
			o := amend(t, s, job)
			wantKind(t, o, author.Done)
			again := s.of(author.StageImplement)
			if test.want == "" {
				if len(again) != 1 || !strings.Contains(o.Diff, "+++ b/product.yaml") {
					t.Errorf("it was refused: %d requests, diff\n%s", len(again), o.Diff)
				}
				return
			}
			if len(again) != 2 || !strings.Contains(again[1].Messages[5].Text, test.want) {
				t.Fatalf("it was not refused with %q: %d requests", test.want, len(again))
			}
			if strings.Contains(o.Diff, "codes.csv") || strings.Contains(o.Diff, "product.yaml") {
				t.Errorf("a refused answer was applied in part:\n%s", o.Diff)
			}
		})
	}
}

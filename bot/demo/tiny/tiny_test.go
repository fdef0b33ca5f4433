package tiny_test

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/codicil-dev/codicil/bot/author"
	"github.com/codicil-dev/codicil/bot/demo/tiny"
	"github.com/codicil-dev/codicil/bot/guideline"
	"github.com/codicil-dev/codicil/bot/product"
	"github.com/codicil-dev/codicil/bot/spec"
	"github.com/codicil-dev/codicil/bot/verify"
)

func TestMain(m *testing.M) {
	os.Exit(m.Run())
}

// shop writes a tiny product that another reads to a folder.
func shop(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	if err := os.CopyFS(root, tiny.Files(map[string][]tiny.Product{"shop": {{Name: "orders"}, {Name: "bills", Reads: "orders"}, {Name: "loose", Bare: true}}})); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(root, "shop")
}

func newAuthor(t *testing.T) *author.Author {
	t.Helper()
	cache, err := product.OpenCache(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cache.Close() })
	return &author.Author{Asker: &tiny.Model{}, Models: map[string]string{"": "tiny"},
		Verifier: &verify.Verifier{Builder: &product.Builder{Cache: cache, Threads: 1, AllowUnconfined: true}, Log: slog.New(slog.DiscardHandler), Now: time.Now, Version: "test"}}
}

func TestModelKeepsToItsPhrases(t *testing.T) {
	for _, x := range []struct {
		product, requirement string
		answers              int
		supersede            []author.Supersede
		want                 author.Kind
		rounds               int
	}{
		{product: "orders", requirement: "Please add a column size.", want: author.Done},
		{product: "bills", requirement: "add a column size, sloppily", want: author.Done, rounds: 1},
		{product: "bills", requirement: "add a column size instead of seen", want: author.Failed, rounds: 1},
		{product: "orders", requirement: "add a column size, I am unsure", want: author.Asked},
		{product: "orders", requirement: "add a column size, I am very unsure", answers: 2, want: author.Asked},
		{product: "orders", requirement: "is there a column cents?", want: author.Met},
		{product: "orders", requirement: "tell me the weather", want: author.Elsewhere},
		{product: "orders", requirement: "drop the column cents", want: author.Conflict},
	} {
		t.Run(x.requirement, func(t *testing.T) {
			t.Parallel()
			a := newAuthor(t)
			left := x.answers
			a.Questions = func(_ context.Context, q []author.Question) ([]string, error) {
				if left < len(q) {
					return nil, author.ErrNoAnswer
				}
				left -= len(q)
				return []string{"Yes", "Yes", "Yes"}[:len(q)], nil
			}
			o, err := a.Amend(t.Context(), author.Job{Tree: product.Tree{Root: shop(t)}, Path: x.product, Requirement: x.requirement, Supersede: x.supersede})
			if err != nil {
				t.Fatal(err)
			}
			if o.Kind != x.want || o.Rounds != x.rounds {
				t.Errorf("%s after %d rounds, want %s after %d: %s %v", o.Kind, o.Rounds, x.want, x.rounds, o.Explanation, o.Faults)
			}
		})
	}
}

// What one person adds by hand, another may have dropped; a bare product gets a spec.
func TestPeoplesFilesHold(t *testing.T) {
	root := shop(t)
	p := tiny.Product{Name: "orders"}
	changed, err := p.Changed(p.Files(), "size")
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range changed {
		if err := os.WriteFile(filepath.Join(root, "orders", filepath.FromSlash(name)), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.RemoveAll(filepath.Join(root, "bills")); err != nil { // its reader would be broken
		t.Fatal(err)
	}
	a := newAuthor(t)
	o, err := a.Amend(t.Context(), author.Job{Tree: product.Tree{Root: root}, Path: "orders", Requirement: "drop the column size", Supersede: []author.Supersede{{Amendment: 2, Check: "size follows from the number"}}})
	if err != nil {
		t.Fatal(err)
	}
	if o.Kind != author.Done || !strings.Contains(strings.Join(o.Files, " "), spec.EntryFile(3)) {
		t.Errorf("%s: %s %v", o.Kind, o.Explanation, o.Faults)
	}
	if o, err = a.Draft(t.Context(), author.Newcomer{Job: author.Job{Tree: product.Tree{Root: root}, Path: "loose"}}, true); err != nil {
		t.Fatal(err)
	}
	if o.Kind != author.Drafted {
		t.Errorf("%s: %s %v", o.Kind, o.Explanation, o.Faults)
	}
}

// A guideline's prose is a requirement too.
func TestModelKeepsGuidelines(t *testing.T) {
	t.Parallel()
	a := newAuthor(t)
	g := guideline.Guideline{ID: "audited", Title: "Tables can be audited", Revision: "1", AppliesTo: "true", Prose: "**Rule.** To each table add a column audit.\n",
		Checks: []spec.Check{{Name: "every table can be audited", CEL: `tables.all(t, t.columns.exists(c, c.name == "audit"))`}}}
	o, err := a.Adopt(t.Context(), author.Job{Tree: product.Tree{Root: shop(t)}, Path: "bills", Guideline: &g})
	if err != nil {
		t.Fatal(err)
	}
	if o.Kind != author.Done {
		t.Errorf("%s: %s %v", o.Kind, o.Explanation, o.Faults)
	}
}

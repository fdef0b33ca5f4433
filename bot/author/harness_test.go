package author_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/codicil-dev/codicil/bot/author"
	"github.com/codicil-dev/codicil/bot/author/authortest"
	"github.com/codicil-dev/codicil/bot/model"
	"github.com/codicil-dev/codicil/bot/product"
	"github.com/codicil-dev/codicil/bot/spec"
	"github.com/codicil-dev/codicil/bot/verify"
)

var cache *product.Cache

func TestMain(m *testing.M) {
	var err error
	if cache, err = product.OpenCache(""); err != nil {
		panic(err)
	}
	code := m.Run()
	_ = cache.Close()
	os.Exit(code)
}

// The shop is the product of most tests.
const (
	shopSpec      = authortest.Spec
	shopBootstrap = authortest.First
	shopModel     = authortest.Model
	shopLines     = authortest.Lines
	shopTest      = "select * from orders where amount < 0\n"
)

func shop() map[string]string {
	return map[string]string{
		"spec.yaml": shopSpec, "amendments/0001.yaml": shopBootstrap, "models/orders.sql": shopModel,
		"seeds/lines.csv": shopLines, "tests/positive.sql": shopTest,
	}
}

// What a good model answers when asked for the number of items.
const (
	want      = "I want to see the number of items in each order"
	clear     = "It is clear.\n```json\n" + `{"verdict": "clear", "explanation": "A new column.", "reading": "A new column item_count, the sum of quantities."}` + "\n```\n"
	itemCheck = authortest.CountedCheck
	newModel  = authortest.CountedModel
	did       = "```json\n{\"change\": \"Counted the items from the lines.\", \"rejected\": [{\"option\": \"Reuse amount\", \"breaks\": [1, 77]}]}\n```\n"
	approves  = "```json\n{\"summary\": \"It keeps the spec.\", \"objections\": [], \"remarks\": []}\n```\n"
)

const newSpec = authortest.CountedSpec

func file(name, text string) string { return "FILE: " + name + "\n````\n" + text + "````\n\n" }

// amendment is what a model writes as amendment 2.
func amendment(check string, more string) string {
	return "id: 2\nrequirement: something else entirely\norigin: {kind: bootstrap}\nreading: A new column.\nexpects: [{add_column: orders.item_count}]\n" +
		"checks:\n  - name: item_count is the sum of quantities\n    sql: " + check + "\n" + more + "change: I did it all already.\n"
}

func amends() string {
	return file("spec.yaml", newSpec) + file("amendments/0002.yaml", amendment(itemCheck, ""))
}

func implements(model string) string { return did + file("models/orders.sql", model) }

// script answers each stage with its texts in order; the last one again and again.
type script struct {
	t       testing.TB
	answers map[string][]string
	asked   []model.Request
	// then is called before each answer; it may be nil.
	then func(stage string)
}

func (s *script) Ask(ctx context.Context, r model.Request) (model.Answer, error) {
	n := 0
	for _, a := range s.asked {
		if a.Stage == r.Stage {
			n++
		}
	}
	s.asked = append(s.asked, r)
	if s.then != nil {
		s.then(r.Stage)
	}
	if err := ctx.Err(); err != nil {
		return model.Answer{}, err
	}
	texts := s.answers[r.Stage]
	if len(texts) == 0 {
		s.t.Errorf("nothing is scripted for the stage %s, asked:\n%s", r.Stage, r.Messages[len(r.Messages)-1].Text)
		return model.Answer{}, fmt.Errorf("no answer")
	}
	return model.Answer{Text: texts[min(n, len(texts)-1)], Usage: model.Usage{In: 10, Out: 5}}, nil
}

// of are the requests of a stage.
func (s *script) of(stage string) (out []model.Request) {
	for _, r := range s.asked {
		if r.Stage == stage {
			out = append(out, r)
		}
	}
	return out
}

// good is a model that does well.
func good(t *testing.T) *script {
	return &script{t: t, answers: map[string][]string{
		author.StageRefine: {clear}, author.StageAmend: {amends()}, author.StageImplement: {implements(newModel)}, author.StageReview: {approves},
	}}
}

func newAuthor(s *script) *author.Author {
	return &author.Author{
		Asker: s, Models: map[string]string{"": "scripted"}, Rounds: 2,
		Verifier: &verify.Verifier{
			Builder: &product.Builder{Cache: cache, AllowUnconfined: true, StatementTimeout: 20 * time.Second, Threads: 2},
			Log:     slog.New(slog.DiscardHandler), Now: time.Now, Version: "test",
		},
	}
}

// put writes files to a folder and returns it as a job.
func put(t testing.TB, files map[string]string) author.Job {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		full := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return author.Job{Tree: product.Tree{Root: root, Label: "shop"}, Path: ".", Requirement: want, Origin: spec.Origin{Kind: spec.OriginIssue, Author: "jane"}}
}

// read returns all files below a folder.
func read(t *testing.T, root string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(root, func(name string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(name)
		rel, _ := filepath.Rel(root, name)
		out[filepath.ToSlash(rel)] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func amend(t *testing.T, s *script, job author.Job) *author.Outcome {
	t.Helper()
	o, err := newAuthor(s).Amend(t.Context(), job)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func wantKind(t *testing.T, o *author.Outcome, k author.Kind) {
	t.Helper()
	if o.Kind != k {
		t.Fatalf("ended as %s, want %s: %s\nfaults: %s\nnotes: %s", o.Kind, k, o.Explanation, strings.Join(o.Faults, "\n"), strings.Join(o.Notes, "\n"))
	}
}

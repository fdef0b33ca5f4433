package apart_test

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/codicil-dev/codicil/bot/apart"
	"github.com/codicil-dev/codicil/bot/author"
	"github.com/codicil-dev/codicil/bot/model"
	"github.com/codicil-dev/codicil/bot/product"
	"github.com/codicil-dev/codicil/bot/spec"
	"github.com/codicil-dev/codicil/bot/verify"
)

func TestMain(m *testing.M) {
	apart.ServeIfChild(func(_ apart.Setup, spent model.Spent) *model.Account {
		return model.NewAccount(model.Budget{}, nil, spent, time.Now)
	}, makeAuthor)
	os.Exit(m.Run())
}

// spy answers for the model in the author's process, and tells what the process knows.
type spy struct{}

// Ask asks a question the first time, and says then that nothing is to be done, with all that is in the environment.
func (spy) Ask(_ context.Context, r model.Request) (model.Answer, error) {
	last := r.Messages[len(r.Messages)-1].Text
	if !strings.Contains(last, "question:") {
		return model.Answer{Text: "```json\n" + `{"verdict":"unclear","explanation":"It is not clear.","reading":"","assumptions":[],"facts":[],"questions":[{"ask":"Which?","assume":"This one."}],"amendments":[],"options":[]}` + "\n```"}, nil
	}
	environment := strings.Join(os.Environ(), " ")
	return model.Answer{Text: "```json\n" + `{"verdict":"met","explanation":"` + strings.ReplaceAll(environment, `"`, "'") + `","reading":"","assumptions":[],"facts":[],"questions":[],"amendments":[],"options":[]}` + "\n```"}, nil
}

func makeAuthor(_ context.Context, s apart.Setup, account *model.Account, memory apart.Memory) (*author.Author, func(), error) {
	if s.Key == "crash" {
		panic("the author's process breaks down")
	}
	cache, err := product.OpenCache(s.Cache)
	if err != nil {
		return nil, nil, err
	}
	return &author.Author{Asker: model.NewRemembering(spy{}, memory, account), Account: account, Models: map[string]string{"": "spy"},
		Verifier: &verify.Verifier{Builder: &product.Builder{Cache: cache, Threads: 1}, Log: slog.New(slog.DiscardHandler), Now: time.Now}}, func() { cache.Close() }, nil
}

// notes keeps answers as the bot does.
type notes struct {
	mu      sync.Mutex
	answers map[string]model.Answer
	spent   model.Spent
}

func (n *notes) Spent(context.Context) (model.Spent, error) { return n.spent, nil }
func (n *notes) Answer(_ context.Context, key string) (model.Answer, bool, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	a, ok := n.answers[key]
	return a, ok, nil
}
func (n *notes) Keep(_ context.Context, key string, a model.Answer, s model.Spent) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.answers[key], n.spent = a, s
	return nil
}
func (n *notes) Spend(_ context.Context, s model.Spent) error { return nil }

func job(t *testing.T) author.Job {
	root := t.TempDir()
	if err := os.CopyFS(root, os.DirFS("../../deploy/examples/commerce")); err != nil {
		t.Fatal(err)
	}
	return author.Job{Tree: product.Tree{Root: root, Label: "main"}, Path: "customers", Requirement: "I need more."}
}

// TestTheAuthorsProcessHoldsNoCredentials: what talks to the model has nothing of the bot's environment.
func TestTheAuthorsProcessHoldsNoCredentials(t *testing.T) {
	t.Setenv("GITHUB_TOKEN", "planted-secret")
	t.Setenv("WEBHOOK_SECRET", "planted-secret")
	t.Setenv("https_proxy", "http://proxy.example:3128")
	n := &notes{answers: map[string]model.Answer{}}
	var said []string
	a := &apart.Author{Setup: apart.Setup{Cache: t.TempDir()}, Memory: n, Say: func(text string) { said = append(said, text) }}
	j := job(t)
	j.Answers = []spec.Question{{Ask: "Which?", Answer: "That one."}}
	o, err := a.Amend(t.Context(), j)
	if err != nil {
		t.Fatal(err)
	}
	if o.Kind != author.Met || len(said) == 0 || o.Product != "customers" {
		t.Errorf("it came to %s of %q, and said %q: %s", o.Kind, o.Product, said, o.Explanation)
	}
	if strings.Contains(o.Explanation, "planted-secret") || !strings.Contains(o.Explanation, "PATH=") {
		t.Errorf("the process knows: %s", o.Explanation)
	}
	if !strings.Contains(o.Explanation, "https_proxy=http://proxy.example:3128") {
		t.Errorf("the process can't reach the model: %s", o.Explanation)
	}
	if len(n.answers) != 1 {
		t.Errorf("%d answers are kept", len(n.answers))
	}
}

func TestQuestionsComeBack(t *testing.T) {
	a := &apart.Author{Setup: apart.Setup{Cache: t.TempDir()}, Memory: &notes{answers: map[string]model.Answer{}}}
	o, err := a.Amend(t.Context(), job(t))
	if err != nil || o.Kind != author.Asked || len(o.Questions) != 1 {
		t.Errorf("%+v %v", o, err)
	}
}

func TestAProcessThatBreaksDownIsAnErrorAndNothingElse(t *testing.T) {
	a := &apart.Author{Setup: apart.Setup{Cache: t.TempDir(), Key: "crash"}, Memory: &notes{answers: map[string]model.Answer{}}}
	if _, err := a.Amend(t.Context(), job(t)); err == nil || !strings.Contains(err.Error(), "breaks down") {
		t.Errorf("%v", err)
	}
}

func TestWorkEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	a := &apart.Author{Setup: apart.Setup{Cache: t.TempDir()}, Memory: &notes{answers: map[string]model.Answer{}}, Say: func(string) { cancel() }}
	start := time.Now()
	if _, err := a.Amend(ctx, job(t)); !errors.Is(err, context.Canceled) || time.Since(start) > time.Minute {
		t.Errorf("after %v: %v", time.Since(start), err)
	}
}

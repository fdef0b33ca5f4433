package demo_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/codicil-dev/codicil/bot/author"
	"github.com/codicil-dev/codicil/bot/config"
	"github.com/codicil-dev/codicil/bot/demo"
	"github.com/codicil-dev/codicil/bot/model"
	"github.com/codicil-dev/codicil/bot/product"
	"github.com/codicil-dev/codicil/bot/programs"
	"github.com/codicil-dev/codicil/bot/service"
	"github.com/codicil-dev/codicil/bot/state"
	"github.com/codicil-dev/codicil/bot/verify"
	"github.com/codicil-dev/codicil/bot/work"
	"github.com/codicil-dev/codicil/deploy"
	"github.com/codicil-dev/codicil/forge/localforge/octokit"
)

func TestMain(m *testing.M) {
	os.Exit(m.Run())
}

// play is a town with a bot that runs.
type play struct {
	testing.TB
	town *demo.Town
	*stage
	said *transcript
	// builds counts the builds that were made, and not found in the cache.
	builds *atomic.Int64
}

// transcript is what the bot logged.
type transcript struct {
	mu   sync.Mutex
	text strings.Builder
}

func (t *transcript) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.text.Write(p)
}

// has says whether a text was logged.
func (t *transcript) has(text string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.Contains(t.text.String(), text)
}

// last are the last lines that tell of more than a request.
func (t *transcript) last(n int) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	lines := slices.DeleteFunc(strings.Split(t.text.String(), "\n"), func(l string) bool { return strings.Contains(l, "path=") || strings.Contains(l, "msg=delivery") })
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}

// stage is what the parts of a play share.
type stage struct {
	bot  *service.Service
	stop func() error
}

// asker answers as model.Client does.
type asker interface {
	Ask(ctx context.Context, r model.Request) (model.Answer, error)
}

// begin founds a town with the examples and lets the bot run in it. Ask makes what answers for the model in one order.
func begin(t *testing.T, ask func(*model.Account) asker, configure func(*config.Config)) *play {
	t.Helper()
	return settle(t, demo.Options{Examples: deploy.Examples(), Configure: configure}, 10, ask)
}

// settle founds a town that has so many products, and lets the bot run in it.
func settle(t testing.TB, o demo.Options, products int, ask func(*model.Account) asker) *play {
	t.Helper()
	said := &transcript{}
	var out io.Writer = said
	if os.Getenv("CODICIL_TEST_LOG") != "" {
		out = io.MultiWriter(said, os.Stderr)
	}
	log := slog.New(slog.NewTextHandler(out, &slog.HandlerOptions{Level: slog.LevelDebug}))
	cache, err := product.OpenCache(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	builds := new(atomic.Int64)
	verifier := &verify.Verifier{Builder: &product.Builder{Cache: cache, Threads: 1, Programs: &programs.Runner{}, Made: func(*product.Build) { builds.Add(1) }}, Log: log, Now: time.Now, Version: "test"}
	o.Dir, o.Verifier, o.Log, o.Version = t.TempDir(), verifier, log, "test"
	if o.Now == nil {
		o.Now = time.Now
	}
	o.Authors = func(ctx context.Context, order work.Order, answers *service.Answers) (work.Author, func(), error) {
		spent, err := answers.Spent(ctx)
		if err != nil {
			return nil, nil, err
		}
		account := model.NewAccount(model.Budget{}, nil, spent, time.Now)
		return work.Here{Author: &author.Author{Asker: model.NewRemembering(ask(account), answers, account), Account: account, Verifier: verifier, Say: order.Say, Models: map[string]string{"": "recorded"}, Guidelines: order.Guidelines, GuidelinesGiven: order.Given}}, func() {}, nil
	}
	if test, ok := t.(*testing.T); ok { // benchmarks measure no checks
		o.Listen = octokit.NewTranscript(test).Listen // all that the bot says to GitHub, and all that it is answered
		o.Sent = func(event string, payload []byte) { octokit.CheckOnce(test, event, payload) }
	}
	town, err := demo.Found(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	p := &play{TB: t, town: town, stage: &stage{}, said: said, builds: builds}
	p.start(town.Listener())
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the bot said last:\n%s", said.last(100))
		}
		if err := p.stop(); err != nil && !errors.Is(err, context.Canceled) {
			t.Logf("the bot ended with %v", err)
		}
		if err := town.Close(); err != nil {
			t.Error(err)
		}
		cache.Close()
	})
	p.wait("the repositories are looked at", 30*time.Second, func() bool {
		var n int
		p.view(func(tx *state.Tx) error {
			all, err := tx.Products()
			n = len(all)
			return err
		})
		return n == products
	})
	return p
}

// start lets the bot run.
func (p *play) start(listener net.Listener) {
	p.Helper()
	bot, err := p.town.Bot(context.Background())
	if err != nil {
		p.Fatal(err)
	}
	p.bot = bot
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- bot.Run(ctx, listener) }()
	p.stop = func() error {
		cancel()
		err := <-ended
		ended <- err
		return errors.Join(err, bot.Close())
	}
}

// restart ends the bot and lets another begin where it was, at the same address.
func (p *play) restart() {
	p.Helper()
	if err := p.stop(); err != nil && !errors.Is(err, context.Canceled) {
		p.Logf("the bot ended with %v", err)
	}
	listener, err := net.Listen("tcp", p.town.Listener().Addr().String())
	if err != nil {
		p.Fatal(err)
	}
	p.start(listener)
}

// in is the play as a part of the test sees it.
func (p *play) in(t *testing.T) *play {
	return &play{TB: t, town: p.town, stage: p.stage, said: p.said, builds: p.builds}
}

func (p *play) view(f func(*state.Tx) error) {
	p.Helper()
	if err := p.bot.DB().View(context.Background(), f); err != nil {
		p.Fatal(err)
	}
}

// wait waits for something to become true.
func (p *play) wait(what string, most time.Duration, is func() bool) {
	p.Helper()
	for end := time.Now().Add(most); !is(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			p.Fatalf("%s: not within %v", what, most)
		}
	}
}

// trigger is the only trigger of a product in any of some states.
func (p *play) triggers(product string, states ...state.TriggerState) (found []state.Trigger) {
	p.view(func(tx *state.Tx) error {
		all, err := tx.Products()
		for _, x := range all {
			if x.Name == product {
				found, err = tx.TriggersOf(x.ID, states...)
			}
		}
		return err
	})
	return found
}

// change is the newest change of a product.
func (p *play) change(product string) (c state.Change) {
	p.view(func(tx *state.Tx) error {
		all, err := tx.Products()
		for _, x := range all {
			if x.Name != product {
				continue
			}
			of, err := tx.ChangesOf(x.ID)
			if err != nil {
				return err
			}
			if len(of) > 0 {
				c = of[len(of)-1]
			}
		}
		return err
	})
	return c
}

// recordings answers from the recordings in some folders.
func recordings(t *testing.T, dirs ...string) func(*model.Account) asker {
	t.Helper()
	root := t.TempDir()
	for _, d := range dirs {
		if err := os.CopyFS(root+"/"+strings.ReplaceAll(strings.Trim(d, "./"), "/", "_"), os.DirFS(d)); err != nil {
			t.Fatal(err)
		}
	}
	shelf, err := model.OpenShelf("recordings", os.DirFS(root))
	if err != nil {
		t.Fatal(err)
	}
	return func(a *model.Account) asker { return shelf.Reader(nil, a) }
}

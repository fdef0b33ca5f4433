package main

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/codicil-dev/codicil/bot/apart"
	"github.com/codicil-dev/codicil/bot/author"
	"github.com/codicil-dev/codicil/bot/config"
	"github.com/codicil-dev/codicil/bot/model"
	"github.com/codicil-dev/codicil/bot/product"
	"github.com/codicil-dev/codicil/bot/programs"
	"github.com/codicil-dev/codicil/bot/service"
	"github.com/codicil-dev/codicil/bot/uv"
	"github.com/codicil-dev/codicil/bot/verify"
	"github.com/codicil-dev/codicil/bot/work"
	"github.com/codicil-dev/codicil/deploy"
)

// authors has each change made by an author in a process of its own.
func authors(s apart.Setup, log *slog.Logger) func(context.Context, work.Order, *service.Answers) (work.Author, func(), error) {
	return func(_ context.Context, o work.Order, answers *service.Answers) (work.Author, func(), error) {
		return &apart.Author{Setup: s, Memory: answers, Say: o.Say, Guidelines: o.Guidelines, Given: o.Given, Log: log}, func() {}, nil
	}
}

// setup is what authors' processes are made from, for the model that is configured. The key is read once.
func (c *cli) setup(ctx context.Context, m config.Model, building buildFlags) (s apart.Setup, err error) {
	if m.Name == "" {
		return s, errors.New("no model is named; set OPENAI_MODEL, or write model.name into the configuration")
	}
	if err := priced(m, slices.Collect(maps.Values(m.Names()))); err != nil {
		return s, err
	}
	s = apart.Setup{Model: m, Key: c.getenv("OPENAI_API_KEY"), Threads: building.threads, Timeout: building.timeout, Unconfined: building.allowUnconfined, Version: version()}
	if !m.Key.IsZero() {
		if s.Key, err = m.Key.Read(ctx, c.getenv); err != nil {
			return s, err
		}
	}
	if s.Memory, err = bytesOf(building.memory); err != nil {
		return s, err
	}
	s.Cache, err = c.buildsFolder(building)
	return s, err
}

// account is that of an author's process.
func account(s apart.Setup, spent model.Spent) *model.Account {
	return model.NewAccount(s.Model.Budget.Account(), s.Model.Prices, spent, time.Now)
}

// makeAuthor makes the author that a process is for.
func makeAuthor(_ context.Context, s apart.Setup, account *model.Account, memory apart.Memory) (*author.Author, func(), error) {
	cache, err := product.OpenCache(s.Cache)
	if err != nil {
		return nil, nil, err
	}
	a, release, err := authorOf(s, account, memory, cache)
	if err != nil {
		return nil, nil, errors.Join(err, cache.Close())
	}
	return a, func() { release(); _ = cache.Close() }, nil
}

func authorOf(s apart.Setup, account *model.Account, memory apart.Memory, cache *product.Cache) (a *author.Author, release func(), err error) {
	answers, release, err := asked(s, account)
	if err != nil {
		return nil, nil, err
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	builder := &product.Builder{Cache: cache, Memory: s.Memory, Threads: s.Threads, StatementTimeout: s.Timeout, AllowUnconfined: s.Unconfined}
	if s.Cache != "" {
		builder.Programs = &programs.Runner{UV: uv.Options{Cache: filepath.Join(filepath.Dir(s.Cache), "python")}}
	}
	a = &author.Author{Asker: model.NewRemembering(answers, memory, account), Account: account, Currency: s.Model.Currency, Models: s.Model.Names(), Rounds: s.Model.Rounds,
		Verifier: &verify.Verifier{Builder: builder, Log: log, Now: time.Now, Version: s.Version}}
	if s.Model.Rounds == 0 {
		a.Rounds = -1
	}
	if a.Portrait.Data, err = modeOf(s.Model.Data); err != nil {
		release()
		return nil, nil, err
	}
	return a, release, nil
}

// asker answers requests to the model.
type asker interface {
	Ask(ctx context.Context, r model.Request) (model.Answer, error)
}

// asked is what answers for the model: the endpoint, or the demonstration's recordings.
func asked(s apart.Setup, account *model.Account) (a asker, release func(), err error) {
	if s.Recorded {
		shelf, err := model.OpenShelf("the demonstration's recordings", deploy.Demo(), replays)
		if err != nil {
			return nil, nil, err
		}
		return shelf.Reader(nil, account), func() {}, nil
	}
	client, err := model.NewClient(model.Config{BaseURL: s.Model.BaseURL, Key: s.Key, Account: account, Limits: s.Model.Timeouts.Limits()})
	if err != nil {
		return nil, nil, err
	}
	return client, client.Close, nil
}

package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"time"

	"github.com/codicil-dev/codicil/bot/author"
	"github.com/codicil-dev/codicil/bot/config"
	"github.com/codicil-dev/codicil/bot/model"
	"github.com/codicil-dev/codicil/bot/product"
	"github.com/codicil-dev/codicil/bot/verify"
)

// author makes an author by the flags; release it after use.
func (c *cli) author(ctx context.Context, f modelFlags, building buildFlags, bar *progress) (a *author.Author, release func(), err error) {
	var undo []func()
	undoAll := func() {
		for i := len(undo) - 1; i >= 0; i-- {
			undo[i]()
		}
	}
	defer func() {
		if err != nil {
			undoAll()
		}
	}()
	m, err := c.settings(f)
	if err != nil {
		return nil, nil, err
	}
	builder, closeCache, err := c.builder(building, bar)
	if err != nil {
		return nil, nil, err
	}
	undo = append(undo, closeCache)
	a = &author.Author{
		Account: model.NewAccount(m.Budget.Account(), m.Prices, model.Spent{}, time.Now), Currency: m.Currency,
		Say: bar.say, Rounds: m.Rounds, Models: m.Names(),
		Verifier: &verify.Verifier{Builder: builder, Log: c.log(), Now: time.Now, Version: version()},
		Progress: func(p model.Progress) { bar.say(fmt.Sprintf("%s: %d tokens so far %s", p.Stage, p.Tokens, p.Problem)) },
	}
	if m.Rounds == 0 {
		a.Rounds = -1
	}
	if a.Portrait.Data, err = modeOf(m.Data); err != nil {
		return nil, nil, err
	}
	if a.Questions, err = c.questions(f.answers, bar); err != nil {
		return nil, nil, err
	}
	for _, w := range f.with {
		folder, err := existingFolder(w)
		if err != nil {
			return nil, nil, fmt.Errorf("--with: %w", err)
		}
		a.With = append(a.With, product.Tree{Root: folder, Label: w})
	}
	if f.guidelines != "" {
		a.GuidelinesGiven = true
		a.Guidelines, err = loadGuidelines(ctx, f.guidelines, func() (string, error) {
			folder, err := os.MkdirTemp("", "codicil-")
			undo = append(undo, func() { _ = os.RemoveAll(folder) })
			return folder, err
		})
		if err != nil {
			return nil, nil, err
		}
	}
	disconnect, err := c.connect(ctx, a, f, m)
	if err != nil {
		return nil, nil, err
	}
	undo = append(undo, disconnect)
	return a, undoAll, nil
}

// connect gives the author its model: an endpoint, or a recording.
func (c *cli) connect(ctx context.Context, a *author.Author, f modelFlags, m config.Model) (disconnect func(), err error) {
	if f.none {
		return func() {}, nil
	}
	if f.replay != "" {
		if f.record != "" {
			return nil, errors.New("--record and --replay do not go together; leave one out")
		}
		// The key is not fetched, since nobody is asked.
		player, err := model.NewPlayer(f.replay, model.NewScrubber(c.getenv("OPENAI_API_KEY")), a.Account)
		if err != nil {
			return nil, fmt.Errorf("--replay: %w", err)
		}
		a.Asker = player
		return func() {}, priced(m, player.Models())
	}
	if m.Name == "" {
		return nil, errors.New("no model is named; use --model, set OPENAI_MODEL, or write model.name into the configuration")
	}
	if err := priced(m, slices.Collect(maps.Values(a.Models))); err != nil {
		return nil, err
	}
	key := c.getenv("OPENAI_API_KEY")
	if !m.Key.IsZero() {
		if key, err = m.Key.Read(ctx, c.getenv); err != nil {
			return nil, err
		}
	}
	client, err := model.NewClient(model.Config{BaseURL: m.BaseURL, Key: key, Account: a.Account, Limits: m.Timeouts.Limits()})
	if err != nil {
		return nil, err
	}
	a.Asker = client
	if f.record == "" {
		return client.Close, nil
	}
	recorder, err := model.NewRecorder(f.record, client, model.NewScrubber(key))
	if err != nil {
		client.Close()
		return nil, fmt.Errorf("--record: %w", err)
	}
	a.Asker = recorder
	return client.Close, nil
}

// priced says whether a limit of cost can be kept: only if each model has its price.
func priced(m config.Model, models []string) error {
	if m.Budget.Cost <= 0 {
		return nil
	}
	slices.Sort(models)
	for _, name := range slices.Compact(models) {
		if _, ok := m.Prices[name]; !ok {
			return fmt.Errorf("a limit of cost is set, but the price of the model %s is not known; add it below model.prices in the configuration, or take the limit away (--max-cost, model.budget.cost)", name)
		}
	}
	return nil
}

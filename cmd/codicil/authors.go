package main

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/codicil-dev/codicil/bot/author"
	"github.com/codicil-dev/codicil/bot/config"
	"github.com/codicil-dev/codicil/bot/model"
	"github.com/codicil-dev/codicil/bot/service"
	"github.com/codicil-dev/codicil/bot/verify"
	"github.com/codicil-dev/codicil/bot/work"
)

// asker answers requests to the model.
type asker interface {
	Ask(ctx context.Context, r model.Request) (model.Answer, error)
}

// opener opens what answers for the model in one order, which spends from an account.
type opener func(*model.Account) (a asker, release func(), err error)

// authors makes authors for a bot, each of which goes on where the work on its order was.
func authors(m config.Model, verifier *verify.Verifier, open opener) func(context.Context, work.Order, *service.Answers) (*author.Author, func(), error) {
	return func(ctx context.Context, o work.Order, answers *service.Answers) (*author.Author, func(), error) {
		spent, err := answers.Spent(ctx)
		if err != nil {
			return nil, nil, err
		}
		account := model.NewAccount(m.Budget.Account(), m.Prices, spent, time.Now)
		a, release, err := open(account)
		if err != nil {
			return nil, nil, err
		}
		out := &author.Author{Asker: model.NewRemembering(a, answers, account), Account: account, Currency: m.Currency, Verifier: verifier, Models: m.Names(),
			Rounds: m.Rounds, Say: o.Say}
		if m.Rounds == 0 {
			out.Rounds = -1
		}
		if out.Portrait.Data, err = modeOf(m.Data); err != nil {
			release()
			return nil, nil, err
		}
		return out, release, nil
	}
}

// endpoint opens clients of the configured model. The key is read once.
func (c *cli) endpoint(ctx context.Context, m config.Model) (opener, error) {
	if m.Name == "" {
		return nil, errors.New("no model is named; set OPENAI_MODEL, or write model.name into the configuration")
	}
	if err := priced(m, slices.Collect(maps.Values(m.Names()))); err != nil {
		return nil, err
	}
	key := c.getenv("OPENAI_API_KEY")
	if !m.Key.IsZero() {
		var err error
		if key, err = m.Key.Read(ctx, c.getenv); err != nil {
			return nil, err
		}
	}
	return func(account *model.Account) (asker, func(), error) {
		client, err := model.NewClient(model.Config{BaseURL: m.BaseURL, Key: key, Account: account, Limits: m.Timeouts.Limits()})
		if err != nil {
			return nil, nil, err
		}
		return client, client.Close, nil
	}, nil
}

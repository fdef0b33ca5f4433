package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/codicil-dev/codicil/bot/author"
	"github.com/codicil-dev/codicil/bot/model"
	"github.com/codicil-dev/codicil/bot/portrait"
	"github.com/codicil-dev/codicil/bot/product"
	"github.com/codicil-dev/codicil/bot/verify"
)

// modelFlags are the flags of commands that have a model work. The values in add are the defaults.
type modelFlags struct {
	record, replay, model, data string
	rounds, maxTokens           int
	maxMinutes                  float64
	answers, guidelines         string
	with                        []string
	none                        bool // no model is asked
}

func (f *modelFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.answers, "answers", "", "file with answers to questions, one a line")
	cmd.Flags().StringVar(&f.record, "record", "", "folder to record the exchanges with the model in")
	cmd.Flags().StringVar(&f.replay, "replay", "", "folder with a recording to answer from, without a network")
	cmd.Flags().StringVar(&f.model, "model", "", "name of the model; default $OPENAI_MODEL")
	cmd.Flags().StringVar(&f.data, "data", "masked", "values that the model may see: schema (none), masked (none that is classified or looks personal) or all")
	cmd.Flags().IntVar(&f.rounds, "rounds", author.DefaultRounds, "rounds of repair")
	cmd.Flags().IntVar(&f.maxTokens, "max-tokens", 0, "most tokens to spend, in and out together; 0 for no limit")
	cmd.Flags().Float64Var(&f.maxMinutes, "max-minutes", 0, "most minutes to spend; 0 for no limit")
	cmd.Flags().StringVar(&f.guidelines, "guidelines", "", "folder or git URL of the organisation's guidelines")
	cmd.Flags().StringArrayVar(&f.with, "with", nil, "folder with products that inputs may come from (may be repeated)")
}

// mode is how much of the data the model may see.
func (f *modelFlags) mode() (portrait.Mode, error) {
	mode, ok := map[string]portrait.Mode{"masked": portrait.Masked, "schema": portrait.Schema, "all": portrait.All}[f.data]
	if !ok {
		return mode, fmt.Errorf("--data is schema, masked or all, not %q", f.data)
	}
	return mode, nil
}

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
	mode, err := f.mode()
	if err != nil {
		return nil, nil, err
	}
	builder, closeCache, err := c.builder(building, bar)
	if err != nil {
		return nil, nil, err
	}
	undo = append(undo, closeCache)
	account := model.NewAccount(model.Budget{Tokens: f.maxTokens, Duration: time.Duration(f.maxMinutes * float64(time.Minute))}, nil, model.Spent{}, time.Now)
	a = &author.Author{
		Account: account, Say: bar.say, Rounds: f.rounds, Models: map[string]string{"": c.modelName(f)},
		Verifier: &verify.Verifier{Builder: builder, Log: c.log(), Now: time.Now, Version: version()},
		Progress: func(p model.Progress) { bar.say(fmt.Sprintf("%s: %d tokens so far %s", p.Stage, p.Tokens, p.Problem)) },
	}
	a.Portrait.Data = mode
	if f.rounds == 0 {
		a.Rounds = -1
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
	disconnect, err := c.connect(a, f)
	if err != nil {
		return nil, nil, err
	}
	undo = append(undo, disconnect)
	return a, undoAll, nil
}

// modelName is the name of the model; a recording answers under any.
func (c *cli) modelName(f modelFlags) string {
	switch {
	case f.model != "":
		return f.model
	case c.getenv("OPENAI_MODEL") != "":
		return c.getenv("OPENAI_MODEL")
	case f.replay != "":
		return "recorded"
	}
	return ""
}

// connect gives the author its model: an endpoint, or a recording.
func (c *cli) connect(a *author.Author, f modelFlags) (disconnect func(), err error) {
	if f.none {
		return func() {}, nil
	}
	scrub := model.NewScrubber(c.getenv("OPENAI_API_KEY"))
	if f.replay != "" {
		if f.record != "" {
			return nil, errors.New("--record and --replay do not go together; leave one out")
		}
		player, err := model.NewPlayer(f.replay, scrub, a.Account)
		if err != nil {
			return nil, fmt.Errorf("--replay: %w", err)
		}
		a.Asker = player
		return func() {}, nil
	}
	if a.Models[""] == "" {
		return nil, errors.New("no model is named; use --model, or set OPENAI_MODEL")
	}
	client, err := model.NewClient(model.Config{BaseURL: c.getenv("OPENAI_BASE_URL"), Key: c.getenv("OPENAI_API_KEY"), Account: a.Account})
	if err != nil {
		return nil, err
	}
	a.Asker = client
	if f.record == "" {
		return client.Close, nil
	}
	recorder, err := model.NewRecorder(f.record, client, scrub)
	if err != nil {
		client.Close()
		return nil, fmt.Errorf("--record: %w", err)
	}
	a.Asker = recorder
	return client.Close, nil
}

package service

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/codicil-dev/codicil/bot/fault"
	"github.com/codicil-dev/codicil/bot/intake"
	"github.com/codicil-dev/codicil/bot/model"
	"github.com/codicil-dev/codicil/bot/state"
)

// deliveries keeps what the intake receives.
type deliveries struct{ db *state.DB }

// Receive keeps a batch in one transaction.
func (d deliveries) Receive(ctx context.Context, batch []intake.Delivery) (fresh int, err error) {
	err = d.db.Update(ctx, func(tx *state.Tx) error {
		fresh = 0
		for _, x := range batch {
			ok, err := tx.Receive(state.Delivery{Host: x.Host, GUID: x.ID, Event: x.Event, Key: x.Key, Payload: x.Payload, Received: x.At})
			if err != nil {
				return err
			}
			if ok {
				fresh++
			}
		}
		return nil
	})
	fault.Point("deliveries kept")
	return fresh, err
}

// Answers keeps a model's answers in the work on one change, and what they cost.
type Answers struct {
	db     *state.DB
	change string
}

// spentKey is under which it is kept what a change has spent.
const spentKey = "spent"

// Spent is what the change has spent before.
func (a *Answers) Spent(ctx context.Context) (spent model.Spent, err error) {
	text, ok, err := a.get(ctx, spentKey)
	if err != nil || !ok {
		return spent, err
	}
	err = json.Unmarshal([]byte(text), &spent)
	return spent, err
}

// Answer is an answer that was kept.
func (a *Answers) Answer(ctx context.Context, key string) (answer model.Answer, ok bool, err error) {
	text, ok, err := a.get(ctx, "answer/"+key)
	if err != nil || !ok {
		return answer, false, err
	}
	err = json.Unmarshal([]byte(text), &answer)
	return answer, err == nil, err
}

func (a *Answers) get(ctx context.Context, key string) (text string, ok bool, err error) {
	err = a.db.View(ctx, func(tx *state.Tx) error {
		text, ok, err = tx.Answer(a.change, key)
		return err
	})
	return text, ok, err
}

// Keep keeps an answer and what was spent so far.
func (a *Answers) Keep(ctx context.Context, key string, answer model.Answer, spent model.Spent) error {
	return a.put(ctx, map[string]any{"answer/" + key: answer, spentKey: spent})
}

// Spend keeps what was spent so far.
func (a *Answers) Spend(ctx context.Context, spent model.Spent) error {
	return a.put(ctx, map[string]any{spentKey: spent})
}

func (a *Answers) put(ctx context.Context, all map[string]any) error {
	fault.Point("answer came")
	defer fault.Point("answer kept")
	return a.db.Update(ctx, func(tx *state.Tx) error {
		for key, v := range all {
			text, err := json.Marshal(v)
			if err != nil {
				return fmt.Errorf("keep %s of %s: %w", key, a.change, err)
			}
			if err := tx.KeepAnswer(a.change, key, string(text)); err != nil {
				return err
			}
		}
		return nil
	})
}

package model

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// drawer is a store in memory, which keeps what a database would: text.
type drawer struct {
	answers map[string]string
	spent   Spent
	broken  error
}

func (d *drawer) Answer(_ context.Context, key string) (a Answer, ok bool, err error) {
	text, ok := d.answers[key]
	if ok {
		err = json.Unmarshal([]byte(text), &a)
	}
	return a, ok, err
}

func (d *drawer) Keep(ctx context.Context, key string, a Answer, spent Spent) error {
	text, err := json.Marshal(a)
	d.answers[key], d.spent = string(text), spent
	return errors.Join(ctx.Err(), err, d.broken)
}

func (d *drawer) Spend(ctx context.Context, spent Spent) error {
	d.spent = spent
	return errors.Join(ctx.Err(), d.broken)
}

// paying answers in order, and books what that costs.
type paying struct {
	script
	account *Account
}

func (p *paying) Ask(ctx context.Context, r Request) (Answer, error) {
	settle, err := p.account.reserve(r.Stage, r.Model, 1)
	if err != nil {
		return Answer{}, err
	}
	a, err := p.script.Ask(ctx, r)
	settle(a.Usage)
	return a, err
}

func TestRemembering(t *testing.T) {
	d := &drawer{answers: map[string]string{}}
	run := func(answers []any, requests ...Request) (got []Answer, asked int, account *Account, err error) {
		account = NewAccount(Budget{}, Prices{}, d.spent, time.Now)
		to := &paying{script{answers: answers}, account}
		m := NewRemembering(to, d, account)
		for _, r := range requests {
			var a Answer
			if a, err = m.Ask(t.Context(), r); err == nil {
				got = append(got, a)
			}
		}
		return got, to.at, account, err
	}
	call := example().Answer
	call.JSON, call.Text, call.ToolCalls = nil, "Größe", []ToolCall{{"c", "query", `{"sql": "select 1"}`}}
	chosen := Answer{Text: "```json\n[1]\n```", JSON: json.RawMessage("[1]"), Usage: Usage{In: 7}}
	otherModel := ask("refine", "same")
	otherModel.Model = "other"
	requests := []Request{ask("refine", "same"), ask("refine", "same"), ask("amend", "same"), otherModel}
	first, asked, account, err := run([]any{call, chosen, Answer{Text: "3"}, Answer{Text: "4"}}, requests...)
	if err != nil || asked != 4 {
		t.Fatal(asked, err)
	}
	before := account.Spent().Total
	again, asked, account, err := run([]any{Answer{Text: "new"}}, append(requests, ask("refine", "same"))...)
	if err != nil || asked != 1 || again[4].Text != "new" {
		t.Fatal(asked, err, again)
	}
	if diff := cmp.Diff(first, again[:4]); diff != "" {
		t.Error(diff)
	}
	if after := account.Spent().Total; after.Requests != before.Requests+1 || after.Usage.In != before.Usage.In {
		t.Errorf("what was answered before was counted again: %+v, then %+v", before, after)
	}

	// What brought no answer was paid for all the same, and is asked again.
	if _, _, _, err := run([]any{fault(Dropped, "gone")}, ask("review", "x")); err == nil {
		t.Fatal("no error")
	}
	if d.spent.Total.Requests != 6 || len(d.answers) != 5 {
		t.Errorf("%+v, %d answers", d.spent, len(d.answers))
	}
	d.broken = errors.New("the disk is full")
	if _, _, _, err := run([]any{Answer{Text: "x"}}, ask("review", "y")); !errors.Is(err, d.broken) {
		t.Error(err)
	}
	if _, _, _, err := run([]any{fault(Dropped, "gone")}, ask("review", "z")); !errors.Is(err, d.broken) || !errors.Is(err, Dropped) {
		t.Error(err)
	}
}

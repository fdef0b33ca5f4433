package sweep

import (
	"context"
	"fmt"

	"github.com/codicil-dev/codicil/bot/author"
	"github.com/codicil-dev/codicil/bot/message"
	"github.com/codicil-dev/codicil/bot/outbox"
	"github.com/codicil-dev/codicil/bot/state"
)

// questions reminds of questions that wait, and goes on without answers where they waited too long.
func (s *Sweeper) questions(ctx context.Context) error {
	return s.DB.Update(ctx, func(tx *state.Tx) error {
		waiting, err := tx.TriggersIn(state.TriggerAsked)
		if err != nil {
			return err
		}
		for _, x := range waiting {
			switch waited := tx.Now().Sub(x.AskedAt); {
			case waited >= s.Wait:
				err = s.expire(ctx, tx, x)
			case waited >= s.Remind && !x.Reminded:
				err = s.remind(ctx, tx, x)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// inquiry is what was asked, as it is told again.
func (s *Sweeper) inquiry(tx *state.Tx, x state.Trigger, what string) (q message.Inquiry, op outbox.Operation, err error) {
	p, ok, err := tx.Product(x.ProductID)
	if err != nil || !ok {
		return q, op, err
	}
	r, ok, err := tx.RepositoryOf(p.RepositoryID)
	if err != nil || !ok {
		return q, op, err
	}
	q = message.Inquiry{Key: fmt.Sprintf("trigger/%d/%s/%d.%d", x.ID, what, x.Again, x.Round), Product: p.Name, Asker: x.Author, Round: x.Round, Deadline: x.AskedAt.Add(s.Wait)}
	for _, one := range x.Questions {
		q.Questions = append(q.Questions, author.Question{Ask: one.Ask, Assume: one.Assume})
	}
	return q, outbox.Operation{Kind: outbox.Comment, Repo: r.Repo, Number: x.Issue}, nil
}

func (s *Sweeper) remind(ctx context.Context, tx *state.Tx, x state.Trigger) error {
	q, op, err := s.inquiry(tx, x, "reminder")
	if err != nil || q.Key == "" {
		return err
	}
	x.Reminded = true
	if err := tx.SaveTrigger(x); err != nil {
		return err
	}
	op.Body = q.Reminder(message.Reference{Number: x.Issue})
	return s.Outbox.Later(ctx, tx, q.Key, op)
}

// expire takes what would be assumed.
func (s *Sweeper) expire(ctx context.Context, tx *state.Tx, x state.Trigger) error {
	q, op, err := s.inquiry(tx, x, "expired")
	if err != nil || q.Key == "" {
		return err
	}
	for _, one := range x.Questions {
		x.Answers = append(x.Answers, one.Assumed())
	}
	x.State, x.Questions = state.TriggerWaiting, nil
	if err := tx.SaveTrigger(x); err != nil {
		return err
	}
	if _, err := tx.Want(x.ProductID); err != nil {
		return err
	}
	if err := s.Queue.Add(ctx, tx, s.Products, fmt.Sprint(x.ProductID)); err != nil {
		return err
	}
	op.Body = q.Expired()
	return s.Outbox.Later(ctx, tx, q.Key, op)
}

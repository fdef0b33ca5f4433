package triage

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strings"
	"time"

	"github.com/codicil-dev/codicil/bot/author"
	"github.com/codicil-dev/codicil/bot/command"
	"github.com/codicil-dev/codicil/bot/message"
	"github.com/codicil-dev/codicil/bot/spec"
	"github.com/codicil-dev/codicil/bot/state"
	"github.com/codicil-dev/codicil/bot/work"
	"github.com/codicil-dev/codicil/bot/workspace"
	"github.com/codicil-dev/codicil/forge"
)

// amend has a requirement worked on.
func (t *Triage) amend(ctx context.Context, k talk, c command.Command, key string, all *writes) (string, error) {
	p, request, outcome := t.aim(ctx, k, c, key, all)
	if outcome != "" {
		return outcome, nil
	}
	text := request.Text
	atRequest := k.Issue != nil && k.Issue.MergeRequest || k.change != nil
	if text == "" && atRequest {
		t.sentence(ctx, k, key, all, "Say behind `/amend` what is needed.")
		return "a requirement without words", nil
	}
	if text == "" { // the issue itself says what is needed
		issue, err := k.host.Issue(ctx, k.repository.Repo, k.issue)
		if err != nil {
			return "", err
		}
		text = strings.TrimSpace(issue.Title + "\n\n" + strings.TrimSpace(issue.Body))
	}
	if len(text) > author.MaxRequirement {
		all.add(func(tx *state.Tx) error {
			return t.say(ctx, tx, k, key, message.Said(key, fmt.Sprintf("That is %d kB of text, and %d kB are read at most. Say the essence, and put long lists into a seed.", len(text)/1000, author.MaxRequirement/1000)))
		})
		return "a requirement that is too long", nil
	}
	x := state.Trigger{Kind: state.KindIssue, Key: key, Hash: hashOf("issue", text, t.specHash(ctx, k, p)), Issue: k.issue, TriggerData: state.TriggerData{
		Author: k.Comment.Author.Login, Requirement: text, URL: k.Comment.URL, Comment: k.Comment.ID, At: k.Comment.Created,
		AssumeYes: request.Yes, KeepOpen: atRequest, Refines: k.change != nil && k.change.ProductID == p.ID && (k.change.State == state.ChangeOpen || k.change.State == state.ChangeReady)}}
	for _, s := range request.Supersede {
		x.Supersede = append(x.Supersede, author.Supersede{Amendment: s.Amendment, Check: s.Check}.String())
	}
	all.add(func(tx *state.Tx) error {
		x := x
		x.ProductID, x.State = p.ID, state.TriggerWaiting
		id, fresh, err := tx.AddTrigger(x)
		if err != nil || !fresh {
			return err
		}
		x.ID = id
		if err := t.react(ctx, tx, k, forge.Eyes); err != nil {
			return err
		}
		if err := t.Outbox.Later(ctx, tx, work.StatusKey(x), work.StatusComment(t.Seal, k.repository.Repository, p.Name, x)); err != nil {
			return err
		}
		return t.rouse(ctx, tx, p.ID)
	})
	return "a requirement of " + p.Name, nil
}

// aim finds the product that a requirement is for. If it can't be told, the answer is added to all, and outcome says so.
func (t *Triage) aim(ctx context.Context, k talk, c command.Command, key string, all *writes) (p state.Product, r command.Request, outcome string) {
	if c.Target != "" {
		if p, ok := named(k.products, c.Target); ok {
			return p, c.Aimed, ""
		}
	}
	if k.change != nil {
		return k.changed, c.Whole, ""
	}
	if len(k.products) == 1 {
		return k.products[0], c.Whole, ""
	}
	body := message.Ambiguous(key, c.Whole.Text, places(k.products))
	if looksLikeProduct(c.Target) {
		body = message.NoProduct(key, c.Target, places(k.products))
	}
	if len(k.products) == 0 {
		body = message.NoProduct(key, "", nil)
	}
	all.add(func(tx *state.Tx) error { return t.say(ctx, tx, k, key, body) })
	return p, r, "for which product it is can't be told"
}

// looksLikeProduct says whether the word before a colon was probably meant as a product: it has no capital letter, or it has a slash.
func looksLikeProduct(target string) bool {
	return target != "" && (strings.Contains(target, "/") || strings.ToLower(target) == target)
}

// named is the product of a name, or in a folder.
func named(products []state.Product, name string) (state.Product, bool) {
	clean := path.Clean(strings.TrimSuffix(name, "/"))
	for _, p := range products {
		if strings.EqualFold(p.Name, name) || p.Path == clean {
			return p, true
		}
	}
	return state.Product{}, false
}

func places(products []state.Product) (out []message.Place) {
	for _, p := range products {
		out = append(out, message.Place{Product: p.Name, Path: p.Path})
	}
	return out
}

// specHash is the hash of a product's spec as it was last looked at; empty if it can't be read.
func (t *Triage) specHash(ctx context.Context, k talk, p state.Product) string {
	s, _, err := workspace.SpecAt(ctx, t.Library.Mirror(k.repository.Repository), k.repository.Looked, p.Path)
	if err != nil || s == nil {
		return ""
	}
	return spec.Hash(s)
}

// answer takes answers to questions that were asked where a talk is.
func (t *Triage) answer(ctx context.Context, k talk, replies []command.Reply, key string, all *writes) (string, error) {
	x, ok := asked(k.triggers)
	if !ok {
		if err := t.asking(ctx, k); err != nil {
			return "", err
		}
		all.add(func(tx *state.Tx) error {
			return t.say(ctx, tx, k, key, message.Said(key, "No question waits for an answer here."))
		})
		return "an answer without a question", nil
	}
	t.settle(ctx, k, x, replies, all)
	return "an answer", nil
}

// asked is the trigger whose questions wait for answers.
func asked(triggers []state.Trigger) (x state.Trigger, ok bool) {
	for _, x := range triggers {
		if x.State == state.TriggerAsked {
			return x, true
		}
	}
	return x, false
}

// asking puts off an answer to questions that are on the forge already, while the work that asks them has not yet noted that it waits.
func (t *Triage) asking(ctx context.Context, k talk) error {
	return t.DB.View(ctx, func(tx *state.Tx) error {
		for _, x := range k.triggers {
			if x.State != state.TriggerWorking {
				continue
			}
			if _, ok, err := tx.Write(work.QuestionsKey(x, x.Round+1)); err != nil || ok {
				return errors.Join(err, &forge.RetryError{After: tx.Now().Add(time.Second), Err: errors.New("the questions are being asked just now")})
			}
		}
		return nil
	})
}

// settle takes the answers to a trigger's questions; those that nobody answered are as it was said that they would be.
func (t *Triage) settle(ctx context.Context, k talk, x state.Trigger, replies []command.Reply, all *writes) {
	all.add(func(tx *state.Tx) error {
		x, ok, err := tx.Trigger(x.ID)
		if err != nil || !ok || x.State != state.TriggerAsked {
			return err
		}
		answers := make([]state.Answer, len(x.Questions))
		for i, q := range x.Questions {
			answers[i] = q.Assumed()
		}
		for _, r := range replies {
			if r.Number >= 1 && r.Number <= len(answers) {
				answers[r.Number-1] = state.Answer{Ask: x.Questions[r.Number-1].Ask, Answer: r.Text}
			}
		}
		x.Answers = append(x.Answers, answers...)
		x.State, x.Questions = state.TriggerWaiting, nil
		if err := tx.SaveTrigger(x); err != nil {
			return err
		}
		if err := t.react(ctx, tx, k, forge.Eyes); err != nil {
			return err
		}
		return t.rouse(ctx, tx, x.ProductID)
	})
}

// reply takes a comment without a command for an answer, if there are questions and it has numbered lines. The asker and maintainers may answer.
func (t *Triage) reply(ctx context.Context, k talk, found bool) (end, error) {
	x, ok := asked(k.triggers)
	if !ok {
		if err := t.asking(ctx, k); err != nil {
			return end{}, err
		}
		return nothing("talk")
	}
	replies := command.Answers(k.Comment.Body, len(x.Questions))
	if len(replies) == 0 {
		return nothing("talk")
	}
	if found && k.Comment.Edited() {
		return nothing("an answer that was edited before it was read")
	}
	if !strings.EqualFold(k.Comment.Author.Login, x.Author) {
		may, err := k.host.Permission(ctx, k.repository.Repo, k.Comment.Author.Login)
		if err != nil {
			return end{}, err
		}
		if may < forge.Write {
			return nothing("an answer of somebody who neither asked nor may write")
		}
	}
	var all writes
	t.settle(ctx, k, x, replies, &all)
	return end{outcome: "an answer", do: all.do}, nil
}

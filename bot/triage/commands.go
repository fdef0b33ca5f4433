package triage

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/command"
	"github.com/codicil-dev/codicil/bot/message"
	"github.com/codicil-dev/codicil/bot/state"
	"github.com/codicil-dev/codicil/bot/why"
	"github.com/codicil-dev/codicil/bot/work"
	"github.com/codicil-dev/codicil/bot/workspace"
	"github.com/codicil-dev/codicil/forge"
)

// sentence adds an answer in a sentence.
func (t *Triage) sentence(ctx context.Context, k talk, key string, all *writes, text string) {
	all.add(func(tx *state.Tx) error { return t.say(ctx, tx, k, key, message.Said(key, text)) })
}

// why tells why a product, table or column is as it is. Without a target it is the only product, or that of the merge request.
func (t *Triage) why(ctx context.Context, k talk, c command.Command, key string, all *writes) (string, error) {
	name, _, _ := strings.Cut(c.Argument, ".")
	var fit []state.Product
	for _, p := range k.products {
		if c.Argument == "" || strings.EqualFold(p.Name, name) || p.Path == c.Argument || k.change != nil && k.change.ProductID == p.ID {
			fit = append(fit, p)
		}
	}
	if len(fit) == 0 { // the name may be a table's
		fit = k.products
	}
	m := t.Library.Mirror(k.repository.Repository)
	var last *why.UnknownError
	for _, p := range fit {
		if k.change != nil && k.change.ProductID != p.ID && c.Argument == "" {
			continue
		}
		doc, err := workspace.DocumentAt(ctx, m, k.repository.Looked, p.Path)
		if err != nil {
			t.sentence(ctx, k, key, all, fmt.Sprintf("The spec or ledger of %s can't be read: %v", p.Name, err))
			return "why", nil
		}
		target := c.Argument
		if strings.EqualFold(target, p.Name) || target == p.Path {
			target = ""
		}
		story, err := why.Tell(doc, target, nil)
		if errors.As(err, &last) {
			continue
		}
		if err != nil {
			return "", err
		}
		all.add(func(tx *state.Tx) error { return t.say(ctx, tx, k, key, message.Why(key, story)) })
		return "why", nil
	}
	body := message.NoProduct(key, c.Argument, places(k.products))
	if last != nil {
		body = message.NothingToTell(key, last)
	}
	all.add(func(tx *state.Tx) error { return t.say(ctx, tx, k, key, body) })
	return "why, of nothing known", nil
}

// statusOf lists the products of the repository and what is under way.
func (t *Triage) statusOf(ctx context.Context, k talk, key string, all *writes) (string, error) {
	m := t.Library.Mirror(k.repository.Repository)
	versions := map[int64]string{}
	for _, p := range k.products {
		s, _, err := workspace.SpecAt(ctx, m, k.repository.Looked, p.Path)
		if err != nil {
			return "", err
		}
		if s != nil {
			versions[p.ID] = s.Version
		}
	}
	all.add(func(tx *state.Tx) error {
		var rows []message.ProductStatus
		for _, p := range k.products {
			row := message.ProductStatus{Place: message.Place{Product: p.Name, Path: p.Path}, Version: versions[p.ID]}
			c, ok, err := tx.CurrentChange(p.ID)
			if err != nil {
				return err
			}
			if ok {
				row.Verdict = bot.Verdict(c.Verdict)
				if row.Stage = message.Implementing; c.Number != 0 {
					row.Stage, row.MergeRequest = message.Ready, &message.Reference{Number: c.Number, URL: c.URL}
				}
			}
			waiting, err := tx.TriggersOf(p.ID, state.TriggerWaiting, state.TriggerAsked)
			if err != nil {
				return err
			}
			row.Waiting = len(waiting)
			rows = append(rows, row)
		}
		return t.say(ctx, tx, k, key, message.StatusOf(key, rows))
	})
	return "status", nil
}

// rebase has a merge request of the bot's made anew on the default branch.
func (t *Triage) rebase(ctx context.Context, k talk, key string, all *writes) (string, error) {
	if k.change == nil || k.change.State != state.ChangeOpen {
		t.sentence(ctx, k, key, all, "That is for an open merge request of the bot.")
		return "nothing to rebase", nil
	}
	all.add(func(tx *state.Tx) error {
		p, ok, err := tx.Product(k.change.ProductID)
		if err != nil || !ok {
			return err
		}
		if err := t.react(ctx, tx, k, forge.Eyes); err != nil {
			return err
		}
		_, err = t.want(ctx, tx, p, redo(k, key, *k.change))
		return err
	})
	return "rebase", nil
}

// refresh asks now what the week's turn would ask.
func (t *Triage) refresh(ctx context.Context, k talk, c command.Command, key string, all *writes) (string, error) {
	products := k.products
	if c.Argument != "" {
		p, ok := named(k.products, c.Argument)
		if !ok {
			body := message.NoProduct(key, c.Argument, places(k.products))
			all.add(func(tx *state.Tx) error { return t.say(ctx, tx, k, key, body) })
			return "refresh of nothing known", nil
		}
		products = []state.Product{p}
	}
	all.add(func(tx *state.Tx) error {
		if err := t.react(ctx, tx, k, forge.Eyes); err != nil {
			return err
		}
		for _, p := range products {
			if err := t.Queue.Add(ctx, tx, t.Lines.Refresh, RefreshOrder{Product: p.ID, Issue: k.issue, Key: key}.String()); err != nil {
				return err
			}
		}
		return nil
	})
	return fmt.Sprintf("refresh of %d products", len(products)), nil
}

// verify has a fork's commit verified, now that somebody with write access says so.
func (t *Triage) verify(ctx context.Context, k talk, c command.Command, key string, all *writes) (string, error) {
	if k.Issue == nil || !k.Issue.MergeRequest {
		t.sentence(ctx, k, key, all, "That is for a merge request.")
		return "nothing to verify", nil
	}
	mr, err := k.host.MergeRequest(ctx, k.repository.Repo, k.issue)
	if err != nil {
		return "", err
	}
	if mr.HeadSHA != c.Argument {
		t.sentence(ctx, k, key, all, fmt.Sprintf("The merge request is at %s now. Look at it, and say `/codicil verify %s` if that may run.", mr.HeadSHA[:8], mr.HeadSHA))
		return "another commit", nil
	}
	all.add(func(tx *state.Tx) error {
		if err := t.react(ctx, tx, k, forge.Eyes); err != nil {
			return err
		}
		mr.HeadRepo = headRepo(mr, k.Event)
		text := fmt.Sprintf("It is verified at %s once more.", mr.HeadSHA[:12])
		if fromFork(mr) {
			text += " What it brings may run for this commit, without secrets and without network; how it is built and what it may reach is still said by the product.yaml of the target branch. A later commit has to be let run again."
		}
		if err := t.say(ctx, tx, k, key, message.Said(key, text)); err != nil {
			return err
		}
		if err := tx.Set(AllowedKey(k.repository.Repo, mr.HeadSHA), "1"); err != nil { // whoever verifies it again need not ask again
			return err
		}
		p := Proof{Repository: k.repository.ID, Number: mr.Number, Head: mr.HeadSHA, Base: mr.Base, Fork: fromFork(mr), Allowed: true, Again: fmt.Sprint(k.Comment.ID)}
		return t.Queue.Add(ctx, tx, t.Lines.Verify, p.String())
	})
	return "a commit may run", nil
}

// init has the spec of a folder drafted.
func (t *Triage) init(ctx context.Context, k talk, c command.Command, key string, all *writes) (string, error) {
	dir := path.Clean(strings.TrimSuffix(c.Argument, "/"))
	if strings.HasPrefix(dir, "/") || dir == ".." || strings.HasPrefix(dir, "../") {
		t.sentence(ctx, k, key, all, "That is no folder of this repository.")
		return "no folder", nil
	}
	if p, ok := named(k.products, dir); ok {
		t.sentence(ctx, k, key, all, fmt.Sprintf("%s has a spec already.", p.Name))
		return "has a spec", nil
	}
	all.add(func(tx *state.Tx) error {
		if err := t.react(ctx, tx, k, forge.Eyes); err != nil {
			return err
		}
		p, err := tx.Promise(k.repository.ID, dir)
		if err != nil {
			return err
		}
		x := state.Trigger{ProductID: p.ID, Kind: state.KindInit, State: state.TriggerWaiting, Key: key, Hash: hashOf("init", dir), Issue: k.issue,
			TriggerData: state.TriggerData{Author: k.Comment.Author.Login, Requirement: "Draft the spec of " + dir, URL: k.Comment.URL, Comment: k.Comment.ID, At: k.Comment.Created}}
		id, fresh, err := tx.AddTrigger(x)
		if err != nil || !fresh {
			return err
		}
		x.ID = id
		if err := t.Outbox.Later(ctx, tx, work.StatusKey(x), work.StatusComment(t.Seal, k.repository.Repository, dir, x)); err != nil {
			return err
		}
		return t.rouse(ctx, tx, p.ID)
	})
	return "init", nil
}

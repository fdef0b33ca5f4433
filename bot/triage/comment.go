package triage

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/codicil-dev/codicil/bot/command"
	"github.com/codicil-dev/codicil/bot/message"
	"github.com/codicil-dev/codicil/bot/outbox"
	"github.com/codicil-dev/codicil/bot/state"
	"github.com/codicil-dev/codicil/forge"
)

// talk is a comment with all that is known of where it stands.
type talk struct {
	forge.Event
	host       Host
	repository state.Repository
	products   []state.Product
	// triggers are those that are discussed there; change is the bot's own merge request, nil if it is none, and changed its product, which the
	// default branch need not have.
	triggers []state.Trigger
	change   *state.Change
	changed  state.Product
	issue    int
	// key begins the keys of all that is written in answer.
	key string
}

// writes are parts of the transaction that ends a delivery.
type writes []func(*state.Tx) error

func (w *writes) add(f func(*state.Tx) error) { *w = append(*w, f) }

func (w writes) do(tx *state.Tx) error {
	for _, f := range w {
		if err := f(tx); err != nil {
			return err
		}
	}
	return nil
}

// comment looks for commands and answers in a comment as it is told of, which is how it was when it was written. One that was found is as it is
// now, so it is obeyed only if nobody edited it.
func (t *Triage) comment(ctx context.Context, host Host, e forge.Event, found bool) (end, error) {
	self, err := host.Self(ctx)
	if err != nil {
		return end{}, err
	}
	author := e.Comment.Author
	if author.Bot || strings.EqualFold(author.Login, self.Login) {
		return nothing("a comment of a program")
	}
	commands, unknown := command.Parse(e.Comment.Body, command.Options{BotLogin: self.Login})
	k, known, err := t.talk(ctx, host, e)
	if err != nil {
		return end{}, err
	}
	if !known {
		return nothing("the repository is not looked after yet")
	}
	if len(commands)+len(unknown) == 0 {
		return t.reply(ctx, k, found)
	}
	if found && e.Comment.Edited() {
		key := k.key + "/edited"
		return end{outcome: "a command was edited before it was read", do: func(tx *state.Tx) error {
			return t.say(ctx, tx, k, key, message.Edited(key, message.Reference{Number: k.issue, URL: e.Comment.URL}))
		}}, nil
	}
	may, err := host.Permission(ctx, e.Repository.Repo, author.Login)
	if err != nil {
		return end{}, err
	}
	if may < forge.Write && !answersOwn(k, commands, unknown) {
		// One answer to each person at each place: whoever may not command the bot shall not have it talk.
		key := fmt.Sprintf("refusal/%s/%d/%s", k.repository.Key(), k.issue, strings.ToLower(author.Login))
		asked := "`/codicil`"
		if len(commands) > 0 {
			asked = wording(commands[0])
		}
		return end{outcome: "a command of somebody without write access", do: func(tx *state.Tx) error {
			return t.say(ctx, tx, k, key, message.Refusal(key, asked, forge.Write))
		}}, nil
	}
	return t.obey(ctx, k, commands, unknown)
}

// answersOwn says whether all that a comment does is to answer questions that its author's own wish raised.
func answersOwn(k talk, commands []command.Command, unknown []command.Unknown) bool {
	x, ok := asked(k.triggers)
	return ok && len(unknown) == 0 && strings.EqualFold(k.Comment.Author.Login, x.Author) &&
		!slices.ContainsFunc(commands, func(c command.Command) bool { return c.Kind != command.Answer })
}

// wording is how a command is called.
func wording(c command.Command) string {
	if c.Kind == command.Amend || c.Kind == command.Answer {
		return "/" + string(c.Kind)
	}
	return "/codicil " + string(c.Kind)
}

// talk gathers what is known of where a comment stands; known is false for a repository that is not looked after.
func (t *Triage) talk(ctx context.Context, host Host, e forge.Event) (k talk, known bool, err error) {
	k = talk{Event: e, host: host, issue: e.Comment.Issue}
	if k.issue == 0 && e.Issue != nil {
		k.issue = e.Issue.Number
	}
	k.key = fmt.Sprintf("comment/%s/%d", e.Repository.Key(), e.Comment.ID)
	err = t.DB.View(ctx, func(tx *state.Tx) error {
		var err error
		if k.repository, known, err = tx.Repository(e.Repository.Key()); err != nil || !known {
			return err
		}
		if k.products, err = tx.ProductsIn(k.repository.ID); err != nil {
			return err
		}
		if k.triggers, err = tx.TriggersAt(k.repository.ID, k.issue); err != nil {
			return err
		}
		c, ok, err := tx.ChangeAt(k.repository.ID, k.issue)
		if err != nil || !ok {
			return err
		}
		k.change = &c
		k.changed, _, err = tx.Product(c.ProductID)
		return err
	})
	return k, known, err
}

// say has a comment written where a talk is.
func (t *Triage) say(ctx context.Context, tx *state.Tx, k talk, key, body string) error {
	return t.Outbox.Later(ctx, tx, key, outbox.Operation{Kind: outbox.Comment, Repo: k.repository.Repo, Number: k.issue, Body: body})
}

// react has a sign put to the comment.
func (t *Triage) react(ctx context.Context, tx *state.Tx, k talk, r forge.Reaction) error {
	return t.Outbox.Later(ctx, tx, k.key+"/"+string(r), outbox.Operation{Kind: outbox.React, Repo: k.repository.Repo, Number: k.issue, CommentID: k.Comment.ID, Reaction: r})
}

// obey carries out the commands of a comment.
func (t *Triage) obey(ctx context.Context, k talk, commands []command.Command, unknown []command.Unknown) (end, error) {
	var all writes
	var outcomes []string
	for i, c := range commands {
		outcome, err := t.command(ctx, k, c, fmt.Sprintf("%s/%d", k.key, i), &all)
		if err != nil {
			return end{}, err
		}
		outcomes = append(outcomes, outcome)
	}
	if len(unknown) > 0 {
		key := k.key + "/unknown"
		body := misread(key, unknown)
		all.add(func(tx *state.Tx) error { return t.say(ctx, tx, k, key, body) })
		outcomes = append(outcomes, fmt.Sprintf("%d lines were not understood", len(unknown)))
	}
	return end{outcome: strings.Join(outcomes, "; "), do: all.do}, nil
}

// misread answers lines that were not understood.
func misread(key string, unknown []command.Unknown) string {
	var lines []message.Misread
	tooMany := true
	for _, u := range unknown {
		tooMany = tooMany && u.Reason == command.TooMany
		why := map[command.Reason]string{
			command.Misplaced: "stands where hosts show it as a part of something else",
			command.Malformed: "is not complete, or has too much",
			command.TooMany:   fmt.Sprintf("comes after the first %d commands", command.Limit),
			command.TooLong:   "stands in a comment that is too long to be read",
		}[u.Reason]
		lines = append(lines, message.Misread{Text: u.Text, Why: why, Suggestion: u.Suggestion})
	}
	if tooMany {
		return message.TooMany(key, command.Limit)
	}
	return message.Unknown(key, lines)
}

// command carries out one command: what is to be written is added to all.
func (t *Triage) command(ctx context.Context, k talk, c command.Command, key string, all *writes) (outcome string, err error) {
	switch c.Kind {
	case command.Amend:
		return t.amend(ctx, k, c, key, all)
	case command.Answer:
		return t.answer(ctx, k, c.Answers, key, all)
	case command.Help:
		all.add(func(tx *state.Tx) error { return t.say(ctx, tx, k, key, message.Help(key)) })
		return "help", nil
	case command.Why:
		return t.why(ctx, k, c, key, all)
	case command.Status:
		return t.statusOf(ctx, k, key, all)
	case command.Retry:
		return t.retry(ctx, k, key, all)
	case command.Cancel:
		return t.cancel(ctx, k, key, all)
	case command.Rebase:
		return t.rebase(ctx, k, key, all)
	case command.Refresh:
		return t.refresh(ctx, k, c, key, all)
	case command.Verify:
		return t.verify(ctx, k, c, key, all)
	case command.Init:
		return t.init(ctx, k, c, key, all)
	case command.Pause, command.Resume:
		return t.pause(ctx, k, c, key, all)
	}
	return "an unknown command", nil
}

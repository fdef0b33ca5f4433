package model

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// talk is one Ask under way.
type talk struct {
	client  *Client
	request Request
	want    *shape // nil for free text
	answer  Answer
}

// complete adds to err whose it is.
func (t *talk) complete(err error) error {
	var e *Error
	if !errors.As(err, &e) {
		return err
	}
	e.Stage, e.Model, e.Endpoint = t.request.Stage, t.request.Model, t.client.base
	e.Message = t.client.scrub.Text(e.Message)
	return e
}

// run asks until the answer fits the schema.
func (t *talk) run(ctx context.Context) error {
	for wrong := 0; ; {
		if err := t.whole(ctx); err != nil {
			return err
		}
		if t.want == nil || len(t.answer.ToolCalls) > 0 {
			return nil
		}
		json, problem := t.want.read(t.answer.Text)
		if problem == "" {
			t.answer.JSON = json
			return nil
		}
		wrong++
		if wrong > t.client.limits.Corrections {
			e := fault(WrongSchema, "%d answers in a row did not fit the schema %q; the last one: %s", wrong, t.want.name, problem)
			e.Text = t.answer.Text
			return e
		}
		t.aside(t.answer.Text, wrongSchemaPrompt(problem))
	}
}

// aside adds what was said and the reply to it to the conversation.
func (t *talk) aside(said, reply string) {
	t.answer.Asides = append(t.answer.Asides, Message{Role: Assistant, Text: said}, Message{Role: User, Text: reply})
}

// whole asks for one answer to the conversation so far: again if it is empty, in pieces if it is cut off.
func (t *talk) whole(ctx context.Context) error {
	got, err := t.exchange(ctx, false)
	if err == nil && got.empty() && got.finish != finishLength {
		got, err = t.exchange(ctx, false)
	}
	if err != nil {
		return err
	}
	if got.empty() && got.finish != finishLength {
		return fault(Empty, "the model answered nothing, twice; ask in other words or use another model")
	}
	text := got.text
	for n := 0; got.finish == finishLength; n++ {
		if err := t.mayContinue(got, text, n); err != nil {
			return err
		}
		t.aside(got.text, continuePrompt(anchor(text)))
		if got, err = t.exchange(ctx, true); err != nil {
			return err
		}
		text = join(text, got.text)
	}
	t.answer.Text, t.answer.Finish, t.answer.ToolCalls = text, got.finish, got.calls
	t.answer.Thinking += got.thinking
	return nil
}

// mayContinue reports why an answer that was cut off n continuations later cannot be continued.
func (t *talk) mayContinue(got reply, text string, n int) error {
	var e *Error
	switch {
	case len(got.calls) > 0:
		e = fault(CutOff, "the answer was cut off in the middle of a tool call; raise the limit of tokens for one answer")
	case strings.TrimSpace(got.text) == "":
		e = fault(CutOff, "the limit of tokens for one answer was used up before anything was said; raise it")
	case n >= t.client.limits.Continuations:
		e = fault(CutOff, "the answer was still not whole after %d continuations; raise the limit of tokens for one answer or ask for less", n)
	case len(text) > t.client.limits.AnswerBytes:
		e = tooLarge(t.client.limits.AnswerBytes)
	default:
		return nil
	}
	e.Text = text
	return e
}

// conversation returns the request's messages, what has been said since, and the plea for a fenced block if one is needed.
func (t *talk) conversation(fenced bool) []Message {
	out := append([]Message(nil), t.request.Messages...)
	if fenced {
		plea := schemaPrompt(t.request.Schema)
		// It stands with the last thing that was said to the model, also when results of tools follow, so that a conversation only grows.
		i := len(out) - 1
		for i >= 0 && out[i].Role != User {
			i--
		}
		if i < 0 {
			out = append(out, Message{Role: User, Text: plea})
		} else {
			out[i].Text = strings.TrimRight(out[i].Text, "\n") + "\n\n" + plea
		}
	}
	return append(out, t.answer.Asides...)
}

// exchange makes one request, again if that may help. plain leaves out the schema: a continuation is no whole JSON text.
func (t *talk) exchange(ctx context.Context, plain bool) (reply, error) {
	c := t.client
	wait := newWaits(c.limits)
	for try := 1; ; {
		sent := t.encode(plain)
		got, err := t.once(ctx, sent)
		if err == nil {
			return got, refusal(got)
		}
		if over := context.Cause(ctx); over != nil {
			return reply{}, t.stopped(over)
		}
		var e *Error
		if !errors.As(err, &e) {
			return reply{}, err
		}
		if c.habits.learn(t.request, sent, e) {
			continue
		}
		if try++; !e.retry || try > c.limits.Tries {
			return reply{}, e
		}
		pause, ok := wait.next(e)
		if deadline, limited := ctx.Deadline(); !ok || limited && time.Until(deadline) < pause {
			e.Message += fmt.Sprintf("; the next try would be in %s, which is too late", pause.Round(time.Second))
			return reply{}, e
		}
		t.progress(Progress{Wait: pause, Problem: c.scrub.Text(e.Message)})
		if err := sleep(ctx, pause); err != nil {
			return reply{}, t.stopped(err)
		}
	}
}

// stopped is the error for a request that ended because its context did.
func (t *talk) stopped(cause error) error {
	if e, ok := cause.(*Error); ok {
		return e
	}
	return fmt.Errorf("ask %s for %s: %w", t.request.Model, t.request.Stage, cause)
}

// once makes one request within the budget.
func (t *talk) once(ctx context.Context, sent sending) (reply, error) {
	settle := func(Usage) {}
	if a := t.client.account; a != nil {
		var err error
		if settle, err = a.reserve(t.request.Stage, t.request.Model, sent.tokens); err != nil {
			return reply{}, err
		}
	}
	got, err := t.client.send(ctx, sent, func(tokens int) { t.progress(Progress{Tokens: tokens}) })
	used := got.spent(sent.tokens, err)
	settle(used)
	t.answer.Usage = t.answer.Usage.Add(used)
	return got, err
}

func (t *talk) progress(p Progress) {
	if t.request.Progress == nil {
		return
	}
	p.Stage, p.Model = t.request.Stage, t.request.Model
	t.request.Progress(p)
}

// refusal is the error for an answer that is a refusal, or nil.
func refusal(got reply) error {
	if got.refusal == "" && got.finish != finishFiltered {
		return nil
	}
	e := fault(Refused, "the model will not answer: %s", excerpt(got.refusal))
	if got.refusal == "" {
		e = fault(Refused, "a content filter of the endpoint stopped the answer")
	}
	e.Text = got.refusal
	return e
}

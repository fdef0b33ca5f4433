package author

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/codicil-dev/codicil/bot/model"
	"github.com/codicil-dev/codicil/bot/portrait"
	"github.com/codicil-dev/codicil/bot/product"
	"github.com/codicil-dev/codicil/prompts"
)

// What a model may look at before it answers: so many calls of tools, and so many turns that ask for more after that.
const (
	maxCalls     = 24
	maxInsisting = 3
)

// consult asks the model of a stage, which may look at files and query tables before it answers. between are the turns in which it did.
func (c *change) consult(ctx context.Context, stage string, messages []model.Message, schema *model.Schema) (a model.Answer, between []model.Message, err error) {
	tools, err := prompts.Tools()
	if err != nil {
		return a, nil, err
	}
	calls, insists := 0, 0
	for {
		a, err = c.ask(ctx, stage, append(messages[:len(messages):len(messages)], between...), schema, tools)
		if err != nil || len(a.ToolCalls) == 0 {
			return a, between, err
		}
		if calls >= maxCalls {
			insists++
		}
		if insists > maxInsisting {
			return a, between, c.end(Failed, "The model asks for more and more to look at, and never answered the stage %s.", stage)
		}
		between = append(between, model.Message{Role: model.Assistant, Text: cut(a.Text, maxShown), ToolCalls: a.ToolCalls})
		for _, call := range a.ToolCalls {
			calls++
			text, err := c.called(ctx, call, calls <= maxCalls)
			if err != nil {
				return a, between, err
			}
			between = append(between, model.Message{Role: model.ToolRole, CallID: call.ID, Text: text})
		}
	}
}

// called runs one call, unless there were enough, and returns what the model is told.
func (c *change) called(ctx context.Context, call model.ToolCall, allowed bool) (string, error) {
	if !allowed {
		return prompts.NoMoreCalls()
	}
	what, result, err := c.look(ctx, call)
	if err != nil {
		return "", err
	}
	return prompts.ToolResult(what, result)
}

// look runs one call. What is wrong with it is told to the model; the error is for what stood in the way of running any.
func (c *change) look(ctx context.Context, call model.ToolCall) (what, result string, err error) {
	var args struct{ Path, SQL, Of string }
	if err := json.Unmarshal([]byte(call.Arguments), &args); err != nil {
		return "error", "The arguments are not the JSON object that the tool takes: " + err.Error(), nil
	}
	switch call.Name {
	case prompts.ToolReadFile:
		c.say("the model reads %s", cut(args.Path, 60))
		d, why, err := c.desk(ctx, c.implementing)
		if err != nil || why != "" {
			return "error", why, err
		}
		result, err = d.File(args.Path)
		return "file " + cut(args.Path, 200), result, err
	case prompts.ToolQuery:
		c.say("the model queries the tables")
		if args.Of == "head" && !c.implementing {
			return "error", "Nothing was changed yet; query the base.", nil
		}
		d, why, err := c.desk(ctx, args.Of == "head")
		if err != nil || why != "" {
			return "error", why, err
		}
		result, err = d.Query(ctx, args.SQL)
		return "rows", result, err
	}
	return "error", fmt.Sprintf("There is no tool %q.", cut(call.Name, 60)), nil
}

// desk is where questions about the base or the head are answered; why says why there is none.
func (c *change) desk(ctx context.Context, ofHead bool) (d *portrait.Desk, why string, err error) {
	if d := c.desks[ofHead]; d != nil {
		return d, "", nil
	}
	p, b := c.product, c.build
	options, err := c.portraitOptions()
	if err != nil {
		return nil, "", err
	}
	if ofHead {
		now, problems := product.Load(c.head.tree, c.job.Path)
		if err := problems.Err(); err != nil {
			return nil, "The changed product can't be read: " + c.clean(err.Error()), nil
		}
		options.Also = append(options.Also, p) // what was classified stays so
		p = now
		if b, err = c.builds(ctx, c.head); err != nil {
			return nil, "", err
		}
	}
	if d, err = portrait.OpenDesk(ctx, p, b, c.author.Verifier.Builder, options); err != nil {
		return nil, "", err
	}
	c.desks[ofHead] = d
	return d, "", nil
}

// headChanged forgets what was known of the head's files and tables.
func (c *change) headChanged() { c.closeDesk(true) }

func (c *change) closeDesk(ofHead bool) {
	if d := c.desks[ofHead]; d != nil {
		_ = d.Close() // it only reads
		delete(c.desks, ofHead)
	}
}

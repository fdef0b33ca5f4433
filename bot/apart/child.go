package apart

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/rpc"
	"net/rpc/jsonrpc"
	"os"
	"os/signal"
	"syscall"

	"github.com/codicil-dev/codicil/bot/author"
	"github.com/codicil-dev/codicil/bot/model"
)

// Maker makes the author that a process is for, which spends from an account and keeps its answers with the bot.
type Maker func(ctx context.Context, s Setup, account *model.Account, memory Memory) (a *author.Author, release func(), err error)

// Accounts opens an account; see [model.NewAccount].
type Accounts func(s Setup, spent model.Spent) *model.Account

// ServeIfChild does an author's work and ends the program, if the program was started for that. Call it before anything else.
func ServeIfChild(accounts Accounts, make Maker) {
	if os.Getenv(childKey) == "" {
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ear, mouth := os.NewFile(3, "ear"), os.NewFile(4, "mouth")
	asks := jsonrpc.NewClient(pipe{ear, mouth, mouth.Close})
	server := rpc.NewServer()
	if err := server.RegisterName("Child", &child{ctx: ctx, asks: asks, accounts: accounts, make: make}); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	server.ServeCodec(jsonrpc.NewServerCodec(pipe{os.Stdin, os.Stdout, os.Stdin.Close})) // until the bot has nothing more to ask
	os.Exit(0)
}

// child is an author's process as the bot sees it.
type child struct {
	ctx      context.Context // of the process
	asks     *rpc.Client
	accounts Accounts
	make     Maker
}

// Do does one piece of work.
func (c *child) Do(o Order, r *Result) error {
	account := c.accounts(o.Setup, o.Spent)
	a, release, err := c.make(c.ctx, o.Setup, account, memory{c.asks, o.Spent})
	if err != nil {
		r.Failure = err.Error()
		return nil
	}
	defer release()
	a.Guidelines, a.GuidelinesGiven = o.Rules, o.Ruled
	a.Say = func(text string) { _ = c.asks.Call("Bot.Say", text, new(bool)) } // that it is not heard is no reason to stop
	out, err := work(c.ctx, a, o)
	if err != nil {
		var unfit *author.UnfitError
		r.Failure, r.Unfit = err.Error(), errors.As(err, &unfit)
	}
	if out == nil {
		return nil
	}
	r.Rest = out.Rest()
	var text bytes.Buffer
	if err := json.NewEncoder(&text).Encode(out); err != nil {
		return fmt.Errorf("write down what it came to: %w", err)
	}
	r.Outcome = text.Bytes()
	return nil
}

// work does what an order says.
func work(ctx context.Context, a *author.Author, o Order) (*author.Outcome, error) {
	switch o.Do {
	case doAmend:
		return a.Amend(ctx, o.Job)
	case doAdopt:
		return a.Adopt(ctx, o.Job)
	case doWithdraw:
		return a.Withdraw(ctx, o.Job)
	case doFollow:
		return a.Follow(ctx, o.Job)
	case doRefresh:
		return a.Refresh(ctx, o.Job)
	case doDraft:
		return a.Draft(ctx, o.Newcomer, true)
	}
	return nil, fmt.Errorf("an author does not know how to %q", o.Do)
}

// memory keeps answers with the bot.
type memory struct {
	asks  *rpc.Client
	spent model.Spent
}

// Spent is what was spent before this process began.
func (m memory) Spent(context.Context) (model.Spent, error) { return m.spent, nil }

// Answer looks for a kept answer.
func (m memory) Answer(_ context.Context, key string) (a model.Answer, ok bool, err error) {
	var k Kept
	err = m.asks.Call("Bot.Answer", key, &k)
	return k.Answer, k.OK, err
}

// Keep keeps an answer.
func (m memory) Keep(_ context.Context, key string, a model.Answer, spent model.Spent) error {
	return m.asks.Call("Bot.Keep", Kept{Key: key, Answer: a, Spent: spent}, new(bool))
}

// Spend keeps what was spent.
func (m memory) Spend(_ context.Context, spent model.Spent) error {
	return m.asks.Call("Bot.Spend", spent, new(bool))
}

// Package apart has an author work in a process of its own. The process talks to the model, and reads what a model wrote; so it is given no
// credential of a forge, nothing of the bot's environment, and no other way to the bot than the few questions in this file.
package apart

import (
	"context"
	"encoding/json"
	"io"
	"time"

	"github.com/codicil-dev/codicil/bot/author"
	"github.com/codicil-dev/codicil/bot/config"
	"github.com/codicil-dev/codicil/bot/guideline"
	"github.com/codicil-dev/codicil/bot/model"
)

// Setup is what an author's process is made from.
type Setup struct {
	// Model is the configured model, and Key its key. Recorded says that recordings answer instead.
	Model    config.Model
	Key      string
	Recorded bool
	// Cache is the folder of builds; Memory in bytes, Threads, Timeout of a statement and Unconfined are a builder's.
	Cache      string
	Memory     int64
	Threads    int
	Timeout    time.Duration
	Unconfined bool
	Version    string
}

// The kinds of work, by the author's methods.
const (
	doAmend    = "amend"
	doAdopt    = "adopt"
	doWithdraw = "withdraw"
	doFollow   = "follow"
	doRefresh  = "refresh"
	doDraft    = "draft"
)

// Order is one piece of work.
type Order struct {
	Setup Setup
	Do    string
	Job   author.Job
	// Newcomer is what a draft is for.
	Newcomer author.Newcomer
	Spent    model.Spent
	Rules    []guideline.Guideline
	Ruled    bool
}

// Result is what came of it. The outcome is JSON, with what its JSON form leaves out beside it.
type Result struct {
	Outcome json.RawMessage
	Rest    author.Rest
	// Failure is the author's error; empty for none. Unfit says that it is a *author.UnfitError.
	Failure string
	Unfit   bool
}

// Kept is a model's answer that the bot keeps.
type Kept struct {
	Key    string
	Answer model.Answer
	Spent  model.Spent
	OK     bool
}

// Memory keeps the model's answers; see [model.NewRemembering].
type Memory interface {
	Spent(ctx context.Context) (model.Spent, error)
	Answer(ctx context.Context, key string) (a model.Answer, ok bool, err error)
	Keep(ctx context.Context, key string, a model.Answer, spent model.Spent) error
	Spend(ctx context.Context, spent model.Spent) error
}

// pipe is a connection of two one-way pipes.
type pipe struct {
	io.Reader
	io.Writer
	close func() error
}

// Close closes both.
func (p pipe) Close() error { return p.close() }

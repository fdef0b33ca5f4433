// Package author takes a product and a requirement to a proven change: it amends the spec, has it implemented, proves it, and has failures repaired.
//
// What a model answers is applied in a scratch copy, under rules that code holds it to. The work tree is written only by
// [Outcome.Write], after everything is proven, all at once or not at all.
package author

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"unicode/utf8"

	"github.com/codicil-dev/codicil/bot/engine"
	"github.com/codicil-dev/codicil/bot/guideline"
	"github.com/codicil-dev/codicil/bot/model"
	"github.com/codicil-dev/codicil/bot/portrait"
	"github.com/codicil-dev/codicil/bot/product"
	"github.com/codicil-dev/codicil/bot/proposal"
	"github.com/codicil-dev/codicil/bot/spec"
	"github.com/codicil-dev/codicil/bot/verify"
	"github.com/codicil-dev/codicil/prompts"
)

// The stages, as requests to the model and what was spent are named.
const (
	StageRefine    = "refine"
	StageAmend     = "amend"
	StageImplement = "implement"
	StageRepair    = "repair"
	StageReview    = "review"
	StageMend      = "mend"
)

// DefaultRounds is how often failures are repaired unless said otherwise.
const DefaultRounds = 3

// MaxRequirement is how long a requirement may be, in bytes.
const MaxRequirement = 100_000

// asker answers a request: a model's Client, Recorder or Player.
type asker interface {
	Ask(ctx context.Context, r model.Request) (model.Answer, error)
}

// Author does the work on changes, one after the other or several at once. Asker and Verifier are needed.
type Author struct {
	Asker asker
	// Models names the model of each stage; the one under "" serves all others.
	Models map[string]string
	// Account counts rounds, and tells what was spent; it may be nil. Currency is that of its prices.
	Account  *model.Account
	Currency string
	Verifier *verify.Verifier
	// Guidelines are shown to the model and verified; GuidelinesGiven tells none from not given.
	Guidelines      []guideline.Guideline
	GuidelinesGiven bool
	// With are trees that inputs may come from besides the job's own.
	With []product.Tree
	// Portrait says what the model may know of a product, its data above all. The products in With are added to it.
	Portrait portrait.Options
	// Questions asks a person and returns one answer for each; nil ends the work with the questions asked.
	Questions func(context.Context, []Question) ([]string, error)
	// Rounds is how often failures may be repaired; 0 means DefaultRounds, less than 0 never.
	Rounds int
	// Say is told in a few words what is being done; it may be nil.
	Say func(string)
	// Progress is told how far an answer has come; it may be nil.
	Progress func(model.Progress)
}

// Question is something that is unclear, with the answer that would be assumed.
type Question struct {
	Ask    string `json:"ask"`
	Assume string `json:"assume"`
}

// Job is one requirement of one product. Which fields count beside the first three depends on where it comes from: see [Author.Amend],
// [Author.Adopt], [Author.Withdraw], [Author.Follow] and [Author.Refresh].
type Job struct {
	// Tree holds the product in its folder Path, slash-separated, "." for the root itself.
	Tree product.Tree
	Path string
	// Requirement is in the asker's own words.
	Requirement string
	Origin      spec.Origin
	// Supersede are the earlier checks that the asker allows to be retired.
	Supersede []Supersede
	// Answers are what was asked about the requirement before, and answered: it is not asked again.
	Answers []spec.Question
	// AssumeYes takes the answers that would be assumed, and records them.
	AssumeYes bool
	// Guideline is a rule of the organisation, and GuidelineBefore the revision of it that was in force before; nil if there was none.
	Guideline, GuidelineBefore *guideline.Guideline
	// TreeBefore holds the products as they were before a spec in Tree was edited by hand.
	TreeBefore *product.Tree
	// Evidence is what is known to be out of date, a line each, with links.
	Evidence []string
}

// Supersede is an earlier check that may be retired; without Check, all of the amendment may.
type Supersede struct {
	Amendment int
	Check     string
}

// String is the form in which people write it: 1:name of the check.
func (s Supersede) String() string {
	if s.Check == "" {
		return fmt.Sprint(s.Amendment)
	}
	return fmt.Sprintf("%d:%s", s.Amendment, s.Check)
}

// check says what is wrong with a job; the error is an *UnfitError.
func (j Job) check() error { return unfit(j.wrong()) }

func (j Job) wrong() error {
	switch {
	case strings.TrimSpace(j.Requirement) == "":
		return errors.New("the requirement is empty; say in a sentence or two what is needed")
	case len(j.Requirement) > MaxRequirement:
		return fmt.Errorf("the requirement is %d kB long, and %d kB are read at most; say the essence, and put long lists into a seed", len(j.Requirement)/1000, MaxRequirement/1000)
	case !utf8.ValidString(j.Requirement):
		return errors.New("the requirement is not UTF-8 text; convert it")
	}
	return nil
}

// errEnded says that the outcome is known.
var errEnded = errors.New("the outcome is known")

// Amend works on a job until its outcome is known. Nothing in the job's tree is written; see [Outcome.Write]. The error is for
// what stood in the way of working at all (no such product, no model, interrupted); the outcome is there beside it, as far as it came.
func (a *Author) Amend(ctx context.Context, job Job) (*Outcome, error) {
	if err := job.check(); err != nil {
		return nil, err
	}
	job.TreeBefore, job.Guideline = nil, nil
	return a.work(ctx, job, (*change).run)
}

// work does one kind of work on a job in a scratch folder.
func (a *Author) work(ctx context.Context, job Job, run func(c *change, ctx context.Context, folder string) error) (*Outcome, error) {
	start := a.Verifier.Now()
	folder, err := os.MkdirTemp("", "codicil-author-")
	if err != nil {
		return nil, fmt.Errorf("make a scratch folder: %w", err)
	}
	defer os.RemoveAll(folder)
	job.Requirement = proposal.Visible(job.Requirement) // it goes into a file, which people read to judge what was asked
	c := &change{author: a, job: job, guidelines: a.Guidelines, guidelinesGiven: a.GuidelinesGiven, out: &Outcome{Requirement: job.Requirement, Currency: a.Currency, job: job}, desks: map[bool]*portrait.Desk{}, failedBefore: map[string]bool{}, redBefore: map[string]bool{}}
	for _, q := range job.Answers {
		c.answers = append(c.answers, prompts.Answered{Ask: proposal.Visible(q.Ask), Answer: proposal.Visible(q.Answer)})
	}
	defer func() { c.closeDesk(false); c.closeDesk(true) }()
	ctx, done := engine.Keep(ctx)
	defer done()
	err = run(c, ctx, folder)
	c.out.Seconds = a.Verifier.Now().Sub(start).Seconds()
	if a.Account != nil {
		c.out.Spent = a.Account.Spent()
	}
	return c.out, c.ended(err)
}

// ended turns what ended the work into an outcome, if it is one.
func (c *change) ended(err error) error {
	var budget *model.BudgetError
	var failure *model.Error
	switch {
	case errors.Is(err, errEnded):
		return nil
	case errors.As(err, &budget):
		c.keepBest()
		c.out.Kind, c.out.Explanation = OverBudget, budget.Error()
		return nil
	case errors.As(err, &failure) && c.best != nil:
		// What was reached is worth more than the error alone.
		c.keepBest()
		c.out.Kind, c.out.Explanation = Failed, fmt.Sprintf("The model can't be asked any more: %v. What follows is the best that there was.", failure)
		return nil
	}
	return err
}

// change is the work on one job.
type change struct {
	author *Author
	job    Job
	out    *Outcome

	// base is what a change is proven against, head the change. start is what the head begins as, and what will be written over; nil if
	// that is the base.
	base, head, start *scratch
	// product and build are the base's.
	product *product.Product
	build   *product.Build
	// prefix is what every conversation begins with.
	prefix []model.Message
	// reading is how the requirement was understood, answers what was asked for that.
	reading string
	answers []prompts.Answered
	// facts are what was found in the data when the requirement was read.
	facts []string
	// amendment is the new one, best the best round so far.
	amendment *spec.Amendment
	best      *round
	// desks answer what a model asks about the head (true) and the base; implementing says that the head is there to be asked about.
	desks        map[bool]*portrait.Desk
	implementing bool
	// failedBefore are results of the products that read this one which failed before anything was changed, redBefore those of its own.
	failedBefore, redBefore map[string]bool
	// unspecified says that no spec tells yet what of the product is open; fresh that the product does not exist yet at all.
	unspecified, fresh bool
	// guidelines are those in force; given tells none from not given.
	guidelines      []guideline.Guideline
	guidelinesGiven bool
	// adopting is the guideline that the product is to keep, edited the product with its spec edited by hand; nil for other work.
	// refreshing says that the spec stays as it is.
	adopting   *adoption
	edited     *product.Product
	refreshing bool
	// attempts is how often an edit by hand was implemented, and broken are the earlier promises that alone stood in the way each time.
	attempts int
	broken   []promise
	// unattended says that nobody is asked anything.
	unattended bool
	// complaint is what the implementer says against the amendment; complained that it was heard once.
	complaint  string
	complained bool
}

// run goes through the stages.
func (c *change) run(ctx context.Context, folder string) error {
	for _, step := range []func(context.Context) error{
		func(ctx context.Context) error { return c.open(ctx, folder) },
		c.inOrder, c.baseBuilds, c.greet, c.refine,
	} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return c.carryOut(ctx)
}

// carryOut amends the spec and has it implemented.
func (c *change) carryOut(ctx context.Context) error {
	for {
		amend := c.amend
		if c.refreshing {
			amend = c.amendUnchanged
		}
		if err := amend(ctx); err != nil {
			return err
		}
		err := c.implement(ctx)
		if !errors.Is(err, errComplaint) {
			if err != nil {
				return err
			}
			break
		}
	}
	return c.conclude()
}

// from is what the head begins as.
func (c *change) from() *scratch {
	if c.start != nil {
		return c.start
	}
	return c.base
}

// nextID is the id of the new amendment.
func (c *change) nextID() int {
	ledger := c.product.Document.Ledger
	if c.edited != nil {
		ledger = c.edited.Document.Ledger
	}
	ids := ledger.IDs()
	if len(ids) == 0 {
		return 1
	}
	return ids[len(ids)-1] + 1
}

// end sets the outcome.
func (c *change) end(k Kind, format string, args ...any) error {
	c.out.Kind, c.out.Explanation = k, fmt.Sprintf(format, args...)
	return errEnded
}

func (c *change) say(format string, args ...any) {
	if c.author.Say != nil {
		c.author.Say(fmt.Sprintf(format, args...))
	}
}

// rounds is how often failures may be repaired.
func (c *change) rounds() int {
	switch {
	case c.author.Rounds == 0:
		return DefaultRounds
	case c.author.Rounds < 0:
		return 0
	}
	return c.author.Rounds
}

// ask asks the model of a stage.
func (c *change) ask(ctx context.Context, stage string, messages []model.Message, schema *model.Schema, tools []model.Tool) (model.Answer, error) {
	name, ok := c.author.Models[stage]
	if !ok {
		name = c.author.Models[""]
	}
	request := model.Request{Stage: stage, Model: name, Messages: messages, Schema: schema, Tools: tools, Progress: c.author.Progress}
	c.out.Prompts = append(c.out.Prompts, Prompt{Stage: stage, Tokens: request.Tokens()})
	return c.author.Asker.Ask(ctx, request)
}

func user(text string) model.Message { return model.Message{Role: model.User, Text: text} }

func assistant(text string) model.Message { return model.Message{Role: model.Assistant, Text: text} }

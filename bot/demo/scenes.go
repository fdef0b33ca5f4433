package demo

import (
	"context"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/codicil-dev/codicil/bot/service"
	"github.com/codicil-dev/codicil/bot/state"
	"github.com/codicil-dev/codicil/forge"
	"github.com/codicil-dev/codicil/forge/localforge"
)

// Play plays what people do in a town, and tells what becomes of it.
type Play struct {
	Town *Town
	Bot  *service.Service
	// Script is the file system of [deploy.Demo]: new guidelines, and specs edited by hand.
	Script fs.FS
	// Say is told what happens, a sentence each.
	Say func(string)
	// Patience is how long a scene may take; 0 means ten minutes.
	Patience time.Duration

	pull int // the person's pull request
}

// Expected is what a play must come to: a merge request of a product and origin with one of some verdicts, or an answer.
type Expected struct {
	Product, Origin string
	Verdicts        []string
	// Answer says that no merge request is to come, but an answer.
	Answer bool
}

// Expects is what all scenes must come to.
func Expects() []Expected {
	good := []string{"pass", "review"}
	return []Expected{
		{Product: "email_engagement", Origin: "issue", Verdicts: good},
		{Product: "customer_segments", Origin: "issue", Verdicts: good},
		{Product: "orders", Origin: "issue", Answer: true},
		{Product: "customers", Origin: "guideline", Verdicts: good},
		{Product: "inventory", Origin: "guideline", Verdicts: good},
		{Product: "returns", Origin: "guideline", Verdicts: good},
		{Product: "payments_reconciliation", Origin: "spec", Verdicts: good},
		{Product: "attribution", Origin: "refresh", Verdicts: good},
		{Product: "orders", Origin: originPerson, Verdicts: []string{"fail"}},
	}
}

// originPerson is the origin of what a person brings.
const originPerson = "person"

// Run plays all scenes. The error is for what stood in the way of playing; what it came to is in Results.
func (p *Play) Run(ctx context.Context) error {
	if err := p.wait(ctx, "the bot to look at the repositories", p.settledIn); err != nil {
		return err
	}
	for _, scene := range []func(context.Context) error{p.wishes, p.rule, p.person, p.edit, p.week} {
		if err := scene(ctx); err != nil {
			return err
		}
	}
	return p.wait(ctx, "all work to end", p.idle)
}

// settledIn says whether the bot has seen the whole town.
func (p *Play) settledIn(tx *state.Tx) (bool, error) {
	all, err := tx.Repositories()
	if err != nil || len(all) != len(owners)+1 {
		return false, err
	}
	for _, r := range all {
		if r.Looked == "" {
			return false, nil
		}
	}
	return true, nil
}

// wish is a requirement that somebody has.
type wish struct {
	by, owner, title, body, text string
	product                      string
	// answers are given to the questions that are asked, in their order.
	answers []string
}

var wishes = []wish{
	{by: "mia", owner: "marketing", product: "email_engagement", title: "Open rates as fractions", body: "People multiply our percentages by 100 twice.",
		text: "/amend email_engagement: Give the open rate as a fraction between 0 and 1 instead of percent. All our other tools use fractions and people multiply by 100 twice."},
	{by: "mia", owner: "marketing", product: "customer_segments", title: "Smarter segments", body: "Our mails could fit better.",
		text: "/amend customer_segments: The segments should be smarter.",
		answers: []string{"People who bought once get the same mails as regulars. They need other messages.",
			"Put them into one new segment first_time: active customers with exactly one order. All others stay where they are.",
			"No, nothing besides what the rules look at today."}},
	{by: "jane", owner: "commerce", product: "orders", title: "List prices again", body: "The catalogue and the orders never fit.",
		text: "/amend orders: Please show the list price in order_amount again instead of what was charged. Our buyers compare it with the catalogue every week and it never fits."},
}

// wishes has people ask for changes, and answer what they are asked.
func (p *Play) wishes(ctx context.Context) error {
	for _, w := range wishes {
		person := p.Town.Person(w.by)
		issue, err := person.OpenIssue(ctx, w.owner, Repository, w.title, w.body)
		if err != nil {
			return err
		}
		if _, err := person.Comment(ctx, w.owner, Repository, issue, w.text); err != nil {
			return err
		}
		p.say("%s asks on %s/%s#%d: %s", w.by, w.owner, Repository, issue, w.text)
	}
	left := map[string][]string{}
	for _, w := range wishes {
		left[w.product] = w.answers
	}
	answered := map[string]bool{}
	return p.wait(ctx, "the wishes to be met or answered", func(tx *state.Tx) (bool, error) {
		asked, err := tx.TriggersIn(state.TriggerAsked)
		if err != nil {
			return false, err
		}
		for _, x := range asked {
			product, _, err := tx.Product(x.ProductID)
			if err != nil {
				return false, err
			}
			round := fmt.Sprint(x.ID, "/", x.Round)
			if answered[round] {
				continue
			}
			answered[round] = true
			n := len(x.Questions)
			if len(left[product.Name]) < n {
				return false, fmt.Errorf("%s is asked %d questions, and there are %d answers left", product.Name, n, len(left[product.Name]))
			}
			if err := p.reply(ctx, x, left[product.Name][:n]); err != nil {
				return false, err
			}
			left[product.Name] = left[product.Name][n:]
		}
		all, err := tx.TriggersIn(state.TriggerAsked, state.TriggerWaiting, state.TriggerWorking)
		if err != nil || len(all) > 0 {
			return false, err
		}
		return p.idle(tx)
	})
}

// reply answers questions in numbered lines.
func (p *Play) reply(ctx context.Context, x state.Trigger, answers []string) error {
	var lines []string
	for i, a := range answers {
		lines = append(lines, fmt.Sprintf("%d. %s", i+1, a))
	}
	for _, w := range wishes {
		if strings.Contains(w.text, x.Requirement) {
			p.say("the bot asks %s, and %s answers: %s", counted(len(answers), "question", "questions"), w.by, strings.Join(lines, " "))
			_, err := p.Town.Person(w.by).Comment(ctx, w.owner, Repository, x.Issue, strings.Join(lines, "\n"))
			return err
		}
	}
	return fmt.Errorf("nobody asked for %q", x.Requirement)
}

// rule has a new guideline come into force.
func (p *Play) rule(ctx context.Context) error {
	files := map[string]string{}
	err := fs.WalkDir(p.Script, "guidelines", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		text, err := fs.ReadFile(p.Script, name)
		files[strings.TrimPrefix(name, "guidelines/")] = string(text)
		return err
	})
	if err != nil {
		return err
	}
	if _, err := p.Town.Commit(ctx, localforge.Commit{Owner: Rules, Name: RulesRepository, By: "ada", Message: "A table with a point in time has its day as well", Write: files}); err != nil {
		return err
	}
	p.say("ada pushes a new guideline to %s/%s", Rules, RulesRepository)
	return p.wait(ctx, "the guideline to reach all products", func(tx *state.Tx) (bool, error) {
		all, err := tx.Campaigns()
		if err != nil || len(all) == 0 || len(all[0].Products) == 0 {
			return false, err
		}
		return p.idle(tx)
	})
}

// person has somebody bring a change of their own, which says less than it does.
func (p *Play) person(ctx context.Context) error {
	const file = "commerce/orders/models/orders.sql"
	text, err := fs.ReadFile(p.Town.o.Examples, file)
	if err != nil {
		return err
	}
	changed := strings.Replace(string(text), "sum(line_amount)", "100 * sum(line_amount)", 1)
	if changed == string(text) {
		return fmt.Errorf("%s is not as the demonstration expects it", file)
	}
	sha, err := p.Town.Commit(ctx, localforge.Commit{Owner: "commerce", Name: Repository, Branch: "tidy-orders", By: "jane", Message: "Tidy the orders model", Write: map[string]string{file: changed}})
	if err != nil {
		return err
	}
	p.pull, err = p.Town.Person("jane").OpenPull(ctx, "commerce", Repository, localforge.NewPull{Title: "Tidy the orders model", Body: "No functional change.", Head: "tidy-orders", Base: "main"})
	if err != nil {
		return err
	}
	p.say("jane opens commerce/%s#%d, “Tidy the orders model”, which multiplies an amount by 100", Repository, p.pull)
	repo := forge.Repo{Host: Host, Owner: "commerce", Name: Repository}
	return p.wait(ctx, "the pull request to be verified", func(tx *state.Tx) (bool, error) { return tx.Verified(repo.Key(), sha) })
}

// edit has somebody edit a spec by hand.
func (p *Play) edit(ctx context.Context) error {
	const file = "finance/payments_reconciliation/spec.yaml"
	text, err := fs.ReadFile(p.Script, "edits/"+file)
	if err != nil {
		return err
	}
	message := "Add part_count to the reconciliation\n\nCollections want to tell those who pay in parts from those who never paid. I only wrote the spec; I don't know my way about the models.\n"
	if _, err := p.Town.Commit(ctx, localforge.Commit{Owner: "finance", Name: Repository, By: "omar", Message: message, Write: map[string]string{file: string(text)}}); err != nil {
		return err
	}
	p.say("omar adds a column to %s by hand, and pushes it to main", file)
	return p.wait(ctx, "the spec to be followed", func(tx *state.Tx) (bool, error) {
		found, err := p.any(tx, state.KindSpec)
		if err != nil || !found {
			return false, err
		}
		return p.idle(tx)
	})
}

// week turns the week.
func (p *Play) week(ctx context.Context) error {
	if err := p.Bot.Refresh(ctx, "demonstration"); err != nil {
		return err
	}
	p.say("the week turns: is each product still the best that it can be?")
	return p.wait(ctx, "the week to turn", p.idle)
}

// any says whether there is a trigger of a kind.
func (p *Play) any(tx *state.Tx, kind state.Kind) (bool, error) {
	products, err := tx.Products()
	if err != nil {
		return false, err
	}
	for _, one := range products {
		of, err := tx.TriggersOf(one.ID)
		if err != nil {
			return false, err
		}
		for _, x := range of {
			if x.Kind == kind {
				return true, nil
			}
		}
	}
	return false, nil
}

// idle says whether the bot has nothing to do.
func (p *Play) idle(tx *state.Tx) (bool, error) {
	n, err := tx.Unlooked()
	if err != nil || n > 0 {
		return false, err
	}
	return p.Bot.Queue().IdleIn(tx, tx.Now().Add(time.Minute))
}

// wait waits until something is true twice in a row: what is under way between two looks shows at the second.
func (p *Play) wait(ctx context.Context, what string, is func(*state.Tx) (bool, error)) error {
	most := p.Patience
	if most == 0 {
		most = 10 * time.Minute
	}
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	for times := 0; times < 2; {
		var ok bool
		if err := p.Bot.DB().View(ctx, func(tx *state.Tx) (err error) {
			ok, err = is(tx)
			return err
		}); err != nil && ctx.Err() == nil {
			return fmt.Errorf("wait for %s: %w", what, err)
		}
		if times++; !ok {
			times = 0
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for %s: %w", what, ctx.Err())
		case <-time.After(300 * time.Millisecond):
		}
	}
	return nil
}

func (p *Play) say(format string, args ...any) {
	if p.Say != nil {
		p.Say(fmt.Sprintf(format, args...))
	}
}

func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

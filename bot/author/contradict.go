package author

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/engine"
	"github.com/codicil-dev/codicil/bot/product"
	"github.com/codicil-dev/codicil/bot/spec"
)

// promise is an earlier check that a hand edit can't be reconciled with, and why.
type promise struct {
	amendment  int
	check, why string
	// rule is the guideline that it is of, where it is of no amendment.
	rule string
}

// String names it.
func (p promise) String() string {
	if p.rule != "" {
		return fmt.Sprintf("the guideline %q (%s)", p.rule, p.check)
	}
	return fmt.Sprintf("amendment %d (%s)", p.amendment, p.check)
}

// contradicted ends the work on a hand edit that an earlier promise forbids whatever is implemented. Only what can be proven counts: a check over the
// spec that held before the edit and does not hold after it, and a check that can't be run any more without a column that the edit drops. No
// model is asked.
func (c *change) contradicted(ctx context.Context) error {
	broken := c.brokenRules()
	gone := dropped(c.product.Spec(), c.edited.Spec())
	for _, a := range c.edited.Document.Ledger.Active() {
		if _, early := c.product.Document.Ledger.Entry(a.Amendment); !early || a.Pending {
			continue
		}
		p := promise{amendment: a.Amendment, check: a.Check.Name}
		switch {
		case a.Check.CEL != "" && c.breaks(a.Check.CEL):
			p.why = "the spec as it was edited does not satisfy " + strings.Join(strings.Fields(a.Check.CEL), " ")
		case a.Check.SQL != "" && len(gone) > 0:
			why, err := c.without(ctx, a.Check.SQL, gone)
			if err != nil {
				return err
			}
			p.why = why
		}
		if p.why != "" {
			broken = append(broken, p)
		}
	}
	if len(broken) == 0 {
		return nil
	}
	return c.forbidden(broken, "The spec was edited to say what was promised otherwise, so that no implementation can meet both.")
}

// breaks says whether a condition on the spec held before the edit, and does not hold any more.
func (c *change) breaks(condition string) bool {
	x, err := spec.CompileCEL(condition)
	if err != nil {
		return false
	}
	before, err := x.True(c.product.Spec())
	if err != nil || !before {
		return false
	}
	after, err := x.True(c.edited.Spec())
	return err == nil && !after
}

// brokenRules are the conditions on the spec of guidelines that hold for the product and that the edit breaks.
func (c *change) brokenRules() (broken []promise) {
	for _, g := range c.guidelines {
		if binds, err := g.Applies(c.edited.Spec()); err != nil || !binds {
			continue
		}
		for _, check := range g.Checks {
			if check.CEL != "" && c.breaks(check.CEL) {
				broken = append(broken, promise{rule: g.Title, check: check.Name, why: "the spec as it was edited does not satisfy " + strings.Join(strings.Fields(check.CEL), " ")})
			}
		}
	}
	return broken
}

// dropped are the columns that a spec has not any more, by their tables. A table that goes may stay as an internal one, and a column that goes while
// another comes may have another name from now on: neither is among them.
func dropped(before, after *spec.Spec) map[string][]string {
	gone := map[string][]string{}
	for _, t := range before.Tables {
		now, ok := after.Table(t.Name)
		if !ok {
			continue
		}
		isNew := func(col spec.Column) bool { _, was := t.Column(col.Name); return !was }
		if slices.ContainsFunc(now.Columns, isNew) {
			continue
		}
		for _, col := range t.Columns {
			if _, still := now.Column(col.Name); !still {
				gone[product.TableKey(t.Name)] = append(gone[product.TableKey(t.Name)], col.Name)
			}
		}
	}
	return gone
}

// without says why a check that can be run on the base can't be run without some columns; empty if it can, or can't be run with them either.
func (c *change) without(ctx context.Context, sql string, columns map[string][]string) (why string, err error) {
	for _, hidden := range []map[string][]string{nil, columns} {
		session, err := c.sessionWith(ctx, c.build, func(t product.Table) string {
			if gone := present(t, hidden[product.TableKey(t.FullName())]); len(gone) > 0 {
				return "SELECT * EXCLUDE (" + strings.Join(gone, ", ") + ") FROM " + builtTable(t)
			}
			return "SELECT * FROM " + builtTable(t)
		})
		if err != nil {
			return "", err
		}
		_, failure := session.Query(ctx, sql, 1)
		_ = session.Close()
		var fault *engine.Error
		switch {
		case ctx.Err() != nil:
			return "", ctx.Err()
		case failure == nil:
		case hidden != nil && errors.As(failure, &fault) && fault.Kind == engine.KindSQL:
			return "it reads what the edit drops: " + fault.Message, nil
		default:
			return "", nil
		}
	}
	return "", nil
}

// present are those of some columns that a table has, as SQL names them.
func present(t product.Table, columns []string) (quoted []string) {
	for _, name := range columns {
		if slices.ContainsFunc(t.Columns, func(x product.Column) bool { return strings.EqualFold(x.Name, name) }) {
			quoted = append(quoted, engine.Ident(name))
		}
	}
	return quoted
}

// attempted keeps which earlier promises each attempt at a hand edit broke, and nothing else: those that all attempts broke are left.
func (c *change) attempted(r *round) {
	if c.edited == nil || !c.implementing {
		return
	}
	var broken []promise
	for _, x := range r.report.Results {
		if x.Product != c.product.Name() || x.Status != bot.Fail {
			continue
		}
		if x.Area != bot.AreaRequirements || x.New || c.redBefore[x.ID] {
			broken = nil
			break
		}
		broken = append(broken, promise{amendment: x.Amendment, check: x.Name, why: x.Message})
	}
	c.attempts++
	if c.attempts > 1 {
		broken = slices.DeleteFunc(broken, func(p promise) bool {
			return !slices.ContainsFunc(c.broken, func(was promise) bool { return was.amendment == p.amendment && was.check == p.check })
		})
	}
	c.broken = broken
}

// leastAttempts is how many attempts have to break a promise before it is taken to contradict what was asked.
const leastAttempts = 2

// forbidden ends the work on a hand edit as a conflict with earlier promises, and names the ways out.
func (c *change) forbidden(broken []promise, because string) error {
	var says []string
	back := Option{Option: "Take the edit of the spec back: then all holds that was promised."}
	let := Option{Option: "Take the edit back, and ask for it in an issue, letting go of what was promised before."}
	own := "Declare it yourself, in a merge request: codicil verify --declare drafts the amendment; add to it which checks it supersedes, and because of what."
	rules := false
	for _, p := range broken {
		says = append(says, fmt.Sprintf("%s: %s.", p, strings.TrimSuffix(p.why, ".")))
		if p.rule != "" {
			rules = true
			continue
		}
		if !slices.Contains(c.out.Amendments, p.amendment) {
			c.out.Amendments = append(c.out.Amendments, p.amendment)
		}
		let.Supersedes = append(let.Supersedes, Supersede{p.amendment, p.check}.String())
	}
	c.out.Options = []Option{back}
	if rules {
		c.out.Options = append(c.out.Options, Option{Option: "Have the guideline changed, where the guidelines are kept, and edit the spec again."})
	} else {
		c.out.Options = append(c.out.Options, let, Option{Option: own})
	}
	return c.end(Conflict, "%s It contradicts %s", because, strings.Join(says, " And "))
}

package verify

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/compare"
	"github.com/codicil-dev/codicil/bot/engine"
	"github.com/codicil-dev/codicil/bot/lineage"
	"github.com/codicil-dev/codicil/bot/spec"
)

// checkPredicates makes sure that each where of a new amendment is one expression over a row, before it becomes part of a
// statement. One that is not is a failure, and allows nothing.
func (c *comparison) checkPredicates(ctx context.Context) error {
	var err error
	c.each(func(x expectation, id int) {
		where := whereOf(x)
		if err != nil || strings.TrimSpace(where) == "" || c.unusable[where] {
			return
		}
		var why error
		if why, err = notExpression(ctx, c.session, where); why != nil {
			c.refuse(where, id, why)
		}
	})
	return err
}

// refuse records that a where can't be used.
func (c *comparison) refuse(where string, id int, why error) {
	if c.unusable[where] {
		return
	}
	c.unusable[where] = true
	if len(c.mask.classified) > 0 {
		why = errors.New(c.mask.text(why.Error()))
	}
	r := c.add(bot.AreaDrift, bot.Fail, fmt.Sprintf("amendment %d's where can be read", id), fmt.Sprintf("where: %s: %v", strings.TrimSpace(where), why), "where", fmt.Sprint(len(c.unusable)))
	r.Amendment = id
	if e, ok := c.head.Document.Ledger.Entry(id); ok {
		r.File = e.File
	}
}

// whereOf is the where of an expectation, if its kind has one.
func whereOf(x expectation) string {
	for _, c := range []*spec.RowChange{x.ChangeRows, x.AddRows, x.DropRows} {
		if c != nil {
			return c.Where
		}
	}
	switch {
	case x.ChangeValues != nil:
		return x.ChangeValues.Where
	case x.ChangeSeed != nil:
		return x.ChangeSeed.Where
	}
	return ""
}

// notExpression says why a text is not one expression over the columns of a row; nil if it is.
func notExpression(ctx context.Context, session *engine.Session, where string) (why, err error) {
	bare, bracketed := lineage.ExpressionStatements(where)
	trees, err := session.Parse(ctx, []string{bare, bracketed})
	if err != nil {
		return nil, err
	}
	for _, t := range trees {
		if t.Err != nil {
			return fmt.Errorf("it is not an SQL expression: %s", t.Err.Message), nil
		}
	}
	if _, why = lineage.IsExpression(trees[0].JSON, trees[1].JSON); why != nil {
		return why, nil
	}
	use, err := lineage.Of(trees[0].JSON)
	if err != nil {
		return err, nil
	}
	random, clock := engine.RandomFunctions(), engine.ClockFunctions()
	for _, f := range use.Functions {
		_, isRandom := random[f]
		if _, readsClock := clock[f]; isRandom || readsClock {
			return fmt.Errorf("it calls %s(), which says something else each time; write a condition on the row alone", f), nil
		}
	}
	return nil, nil
}

// usable keeps the predicates of a permission that can be evaluated over a relation. The others are refused.
func (c *comparison) usable(ctx context.Context, p permission, relation string) compare.Allowance {
	out := compare.Allowance{Any: p.Any}
	for _, where := range p.Where {
		if c.unusable[where] {
			continue
		}
		rows, err := c.session.Query(ctx, "SELECT count(*) FILTER (NOT coalesce(CAST((\n"+where+"\n) AS BOOLEAN), false)), count(*) FROM "+relation, 1)
		if err != nil {
			c.refuse(where, p.by, c.whyUnusable(ctx, where, relation, err))
			continue
		}
		if excluded, all := rows.Values[0][0], rows.Values[0][1]; *excluded == "0" && *all != "0" {
			out.Any = true // it selects every row, so it is no bound
		}
		out.Where = append(out.Where, where)
	}
	return out
}

// whyUnusable is why a where can't be evaluated over a relation. One that only fails on the rows may quote any of them: error() says
// whatever it is told.
func (c *comparison) whyUnusable(ctx context.Context, where, relation string, err error) error {
	if len(c.mask.classified) == 0 {
		return err
	}
	_, bare := c.session.Query(ctx, "SELECT CAST((\n"+where+"\n) AS BOOLEAN) FROM "+relation+" LIMIT 0", 1)
	if bare != nil {
		return bare
	}
	return errors.New(withheldFault)
}

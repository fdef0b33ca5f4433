package author

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/engine"
	"github.com/codicil-dev/codicil/bot/product"
	"github.com/codicil-dev/codicil/bot/spec"
)

// proveFresh adds to a report what a comparison with a base would tell of another product: that there are rows, and that a check would
// notice if there were none. Without a base, checks that say nothing would pass unseen.
func (c *change) proveFresh(ctx context.Context, r *bot.Report) error {
	if !c.fresh {
		return nil
	}
	b, err := c.builds(ctx, c.head)
	if err != nil || !b.OK() {
		return err
	}
	text, err := os.ReadFile(c.head.name(spec.SpecFile))
	if err != nil {
		return err
	}
	s, _, _ := spec.ParseSpec(spec.SpecFile, text)
	if s == nil {
		return nil
	}
	add := func(id, name, message string) {
		r.Results = append(r.Results, bot.Result{Product: c.product.Name(), ID: "requirements/" + id, Area: bot.AreaRequirements, Name: name, Status: bot.Fail, Message: message})
		r.Verdict = bot.VerdictFail
		for i := range r.Products {
			if r.Products[i].Product == c.product.Name() {
				r.Products[i].Verdict = bot.VerdictFail
			}
		}
	}
	var names []string
	for _, t := range s.Tables {
		names = append(names, t.Name)
		if _, ok := b.Table(t.Name); !ok {
			return nil // the contract says so
		}
		empty, err := c.isEmptyTable(ctx, b, t.Name)
		if err != nil {
			return err
		}
		if empty {
			add("rows/"+t.Name, t.Name+" has rows", "the table is empty, so nothing shows that it is right; add rows to the seeds that reach it")
		}
	}
	noticed, err := c.noticesEmptiness(ctx, b, names)
	if err == nil && !noticed {
		add("proof", "a check would notice if the tables were empty", "no check of the amendment returns rows while the tables are empty, so nothing proves the requirement; the amendment needs a check that finds what is lacking")
	}
	return err
}

// isEmptyTable says whether a table has no row.
func (c *change) isEmptyTable(ctx context.Context, b *product.Build, name string) (bool, error) {
	schema, table := product.SplitName(name)
	f, why, err := c.query(ctx, b, "SELECT 1 FROM "+engine.Relation(schema, table)+" LIMIT 1")
	return err == nil && why == nil && f.total == 0, err
}

// noticesEmptiness says whether a check of the amendment returns rows while the named tables are empty.
func (c *change) noticesEmptiness(ctx context.Context, b *product.Build, names []string) (bool, error) {
	session, err := c.session(ctx, b, names...)
	if err != nil {
		return false, err
	}
	defer session.Close()
	for _, check := range c.amendment.Checks {
		if strings.TrimSpace(check.SQL) == "" {
			continue
		}
		rows, err := session.Query(ctx, check.SQL, 1)
		if ctx.Err() != nil {
			return false, ctx.Err()
		}
		if err == nil && len(rows.Values) > 0 {
			return true, nil
		}
	}
	return false, nil
}

// makeFolder makes the folder of a product that is new. unmake takes back what was made, if nothing was put there.
func (o *Outcome) makeFolder() (unmake func(), err error) {
	dir := filepath.Join(o.job.Tree.Root, filepath.FromSlash(o.job.Path))
	if empty, err := isEmpty(dir); err != nil || !empty {
		return nil, errors.Join(err, fmt.Errorf("%s is not empty any more", dir))
	}
	var made []string
	for at := dir; ; at = filepath.Dir(at) {
		if _, err := os.Lstat(at); err == nil {
			break
		}
		made = append(made, at)
	}
	unmake = func() {
		for _, at := range made { // from the innermost; a folder that holds something stays
			_ = os.Remove(at)
		}
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		unmake()
		return nil, err
	}
	return unmake, nil
}

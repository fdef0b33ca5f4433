package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/product"
	"github.com/codicil-dev/codicil/bot/repo"
	"github.com/codicil-dev/codicil/bot/spec"
	"github.com/codicil-dev/codicil/bot/verify"
)

// declare writes, for each product with undeclared differences, a draft of the amendment that it lacks.
func (c *cli) declare(ctx context.Context, in verify.Input, r *bot.Report) error {
	author := ""
	if repository, err := repo.Open(ctx, in.Head.Root); err == nil {
		author, _ = repository.User(ctx)
	}
	shown := c.shownFrom(in.Head.Root)
	for _, p := range r.Products {
		head, problems := product.Load(in.Head, p.Path)
		if head == nil || problems.Err() != nil {
			continue // the report says what is wrong with it
		}
		base, err := baseOf(in, head.Name())
		if err != nil {
			return err
		}
		draft, ok := verify.Draft(base, head, r, time.Now(), author)
		if !ok {
			fmt.Fprintf(c.stderr, "%s: there is nothing to declare\n", head.Name())
			continue
		}
		text, err := spec.MarshalAmendment(draft)
		if err != nil {
			return fmt.Errorf("draft the amendment of %s: %w", head.Name(), err)
		}
		file := filepath.Join(head.Dir(), filepath.FromSlash(spec.EntryFile(draft.ID)))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return err
		}
		f, err := os.OpenFile(file, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
		if err != nil {
			return fmt.Errorf("draft the amendment of %s: %w", head.Name(), err)
		}
		if _, err = f.Write(text); err == nil {
			err = f.Close()
		}
		if err != nil {
			return fmt.Errorf("draft the amendment of %s: %w", head.Name(), err)
		}
		rel, err := filepath.Rel(in.Head.Root, file)
		if err != nil {
			return err
		}
		fmt.Fprintf(c.stderr, "drafted %s: replace what stands in <angle brackets>, add checks where data changed, narrow each change with a where, then verify again\n", shown(filepath.ToSlash(rel)))
	}
	return nil
}

// baseOf finds a product in the base; nil if there is none.
func baseOf(in verify.Input, name string) (*product.Product, error) {
	if in.Base == nil {
		return nil, nil
	}
	dirs, err := product.Find(*in.Base, ".")
	if err != nil {
		return nil, err
	}
	for _, dir := range dirs {
		if p, problems := product.Load(*in.Base, dir); p != nil && problems.Err() == nil && p.Name() == name {
			return p, nil
		}
	}
	return nil, nil
}

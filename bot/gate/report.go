package gate

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/message"
	"github.com/codicil-dev/codicil/bot/product"
	"github.com/codicil-dev/codicil/bot/spec"
	"github.com/codicil-dev/codicil/bot/verify"
	"github.com/codicil-dev/codicil/bot/workspace"
)

// report verifies each product that is touched, with its readers, and puts all into one report. A product that two of them concern is in it
// once.
func (g *Gate) report(ctx context.Context, in verify.Input, at workspace.Layout, touched []string) (all *bot.Report, err error) {
	for _, dir := range touched {
		in.Under = at.Path(dir)
		if _, err := os.Stat(filepath.Join(in.Head.Root, filepath.FromSlash(in.Under), product.SpecFile)); errors.Is(err, fs.ErrNotExist) {
			in.Under = "." // it went: only the whole tree can tell whether it moved or vanished
		}
		r, err := g.Verifier.VerifyChange(ctx, in)
		if err != nil {
			return nil, err
		}
		if all == nil {
			all = r
			continue
		}
		join(all, r)
	}
	all.Verdict = bot.VerdictOf(all.Results)
	return all, nil
}

// join adds a report's products to another one, those that are not in it.
func join(all, r *bot.Report) {
	known := map[string]bool{}
	for _, p := range all.Products {
		known[p.Product] = true
	}
	for _, p := range r.Products {
		if !known[p.Product] {
			all.Products = append(all.Products, p)
			all.Impact = all.Impact.Max(p.Impact)
		}
	}
	for _, x := range r.Results {
		if !known[x.Product] {
			all.Results = append(all.Results, x)
		}
	}
	for _, d := range r.Differences {
		if !known[d.Product] {
			all.Differences = append(all.Differences, d)
		}
	}
	for _, n := range r.Notes {
		if !slices.Contains(all.Notes, n) {
			all.Notes = append(all.Notes, n)
		}
	}
	all.Seconds += r.Seconds
}

// describe adds the names of the products, and drafts of the amendments that the differences lack.
func (g *Gate) describe(in verify.Input, at workspace.Layout, c matter, v *message.Verification) {
	for _, dir := range c.touched {
		head, _ := product.Load(in.Head, at.Path(dir))
		base, _ := product.Load(*in.Base, at.Path(dir))
		switch {
		case head != nil:
			v.Products = append(v.Products, message.Place{Product: head.Name(), Path: dir})
		case base != nil:
			v.Products = append(v.Products, message.Place{Product: base.Name(), Path: dir})
		default:
			v.Products = append(v.Products, message.Place{Product: dir, Path: dir})
		}
		if head == nil {
			continue
		}
		a, ok := verify.Draft(base, head, v.Report, g.Verifier.Now(), "")
		if !ok {
			continue
		}
		text, err := spec.MarshalAmendment(a)
		if err != nil {
			continue // a draft that can't be written is none
		}
		v.Drafted = append(v.Drafted, message.Drafted{File: path.Join(dir, spec.EntryFile(a.ID)), YAML: string(text)})
	}
}

// neighbours are the other repositories whose products are needed for those that are touched.
func (g *Gate) neighbours(ctx context.Context, c matter) (members []workspace.Member, err error) {
	var ids []int64
	for _, p := range c.products {
		if slices.Contains(c.touched, p.Path) {
			ids = append(ids, p.ID)
		}
	}
	return g.Library.Around(ctx, g.DB, g.DB.Now(), ids...)
}

// fromBase puts the base's product.yaml in the place of the head's: how a product is built and what it may reach is not for a fork to say.
func fromBase(base, head string) (taken []string, err error) {
	dirs, err := product.Find(product.Tree{Root: head}, ".")
	if err != nil {
		return nil, err
	}
	for _, dir := range dirs {
		name := filepath.Join(filepath.FromSlash(dir), product.ConfigFile)
		was, errBase := os.ReadFile(filepath.Join(base, name))
		is, errHead := os.ReadFile(filepath.Join(head, name))
		absent := errors.Is(errBase, fs.ErrNotExist)
		switch {
		case errBase != nil && !absent:
			return nil, errBase
		case errHead != nil && !errors.Is(errHead, fs.ErrNotExist):
			return nil, errHead
		case absent == errors.Is(errHead, fs.ErrNotExist) && string(was) == string(is):
			continue
		case absent:
			err = os.Remove(filepath.Join(head, name))
		default:
			err = os.WriteFile(filepath.Join(head, name), was, 0o600)
		}
		if err != nil {
			return nil, err
		}
		taken = append(taken, filepath.ToSlash(name))
	}
	return taken, nil
}

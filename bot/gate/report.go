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
func report(ctx context.Context, verifier *verify.Verifier, in verify.Input, at workspace.Layout, touched []string) (all *bot.Report, err error) {
	for _, dir := range touched {
		in.Under = at.Path(dir)
		if _, err := os.Stat(filepath.Join(in.Head.Root, filepath.FromSlash(in.Under), product.SpecFile)); errors.Is(err, fs.ErrNotExist) {
			in.Under = "." // it went: only the whole tree can tell whether it moved or vanished
		}
		r, err := verifier.VerifyChange(ctx, in)
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

// notForForks are the files of a product that say how it is built, with which packages, and what it may reach.
var notForForks = []string{product.ConfigFile, "requirements.txt", "requirements.in", "pyproject.toml", "uv.lock", "packages.yml", "dependencies.yml", "profiles.yml"}

// fromBase puts the base's files in the place of the head's where a fork has no say; taken are those that differ.
func fromBase(base, head string) (taken []string, err error) {
	dirs, err := product.Find(product.Tree{Root: head}, ".")
	if err != nil {
		return nil, err
	}
	for _, dir := range dirs {
		for _, file := range notForForks {
			name := filepath.Join(filepath.FromSlash(dir), file)
			changed, err := restore(filepath.Join(base, name), filepath.Join(head, name))
			if err != nil {
				return nil, err
			}
			if changed {
				taken = append(taken, filepath.ToSlash(name))
			}
		}
	}
	return taken, nil
}

// restore makes a file of the head what it is in the base, and says whether it was something else.
func restore(base, head string) (changed bool, err error) {
	was, errBase := os.ReadFile(base)
	is, errHead := os.ReadFile(head)
	absent := errors.Is(errBase, fs.ErrNotExist)
	switch {
	case errBase != nil && !absent:
		return false, errBase
	case errHead != nil && !errors.Is(errHead, fs.ErrNotExist):
		return false, errHead
	case absent == errors.Is(errHead, fs.ErrNotExist) && string(was) == string(is):
		return false, nil
	case absent:
		return true, os.Remove(head)
	}
	return true, os.WriteFile(head, was, 0o600)
}

// runs says whether some products are made by programs, which verifying them would run.
func runs(at workspace.Layout, touched []string) bool {
	return slices.ContainsFunc(touched, func(dir string) bool {
		p, _ := product.Load(at.Tree, at.Path(dir))
		return p != nil && p.Runner() != product.RunnerSQL
	})
}

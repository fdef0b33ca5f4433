package service

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/codicil-dev/codicil/bot/campaign"
	"github.com/codicil-dev/codicil/bot/guideline"
	"github.com/codicil-dev/codicil/bot/message"
	"github.com/codicil-dev/codicil/bot/mirror"
	"github.com/codicil-dev/codicil/bot/rulebook"
	"github.com/codicil-dev/codicil/bot/state"
	"github.com/codicil-dev/codicil/bot/workspace"
	"github.com/codicil-dev/codicil/forge"
)

// Preview finds out what campaigns guidelines would start if they came to the default branch of a source: those whose texts are in force there
// already start none, and are left out. It works beside a bot that runs, with copies of its own in o.Data, and writes nothing on the forge. Of the options, Config, Host,
// Verifier, Data, Log, Now and AllowFile count.
func Preview(ctx context.Context, o Options, source forge.Repo, rules []guideline.Guideline) (all []message.Campaign, err error) {
	db, err := state.Open(ctx, filepath.Join(o.Data, "preview.db"), o.Now)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	git, err := mirror.Open(filepath.Join(o.Data, "git"), mirror.Options{Log: o.Log, Now: o.Now, Author: mirror.Person{Name: o.Config.Commits.Name, Email: o.Config.Commits.Email}, AllowFile: o.AllowFile})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, git.Close()) }()
	library := workspace.Library{Cache: git, Credential: o.Host.Credential}
	r := &campaign.Runner{DB: db, Library: library, Book: rulebook.New(sources(o.Config.Guidelines, o.Host.Name()), db, library, o.Log), Verifier: o.Verifier, Log: o.Log, MostOpen: o.Config.Limits.OpenPerOwner, Scratch: o.Data}
	if !r.Book.Holds(source) {
		return nil, fmt.Errorf("%s is not configured as a repository of guidelines", source)
	}
	inForce, err := scan(ctx, o, db, library, r.Book, source)
	if err != nil {
		return nil, err
	}
	for _, g := range rules {
		if inForce[g.ID] == g.Revision {
			continue
		}
		m, err := r.Preview(ctx, source, g)
		if err != nil {
			return nil, fmt.Errorf("preview the guideline %s: %w", g.ID, err)
		}
		all = append(all, m)
	}
	return all, nil
}

// scan finds the products of all repositories, and returns the revisions of the guidelines that are in force in a source, by their ids.
func scan(ctx context.Context, o Options, db *state.DB, library workspace.Library, book *rulebook.Book, source forge.Repo) (map[string]string, error) {
	repositories, err := o.Host.Repositories(ctx)
	if err != nil {
		return nil, err
	}
	inForce := map[string]string{}
	for _, r := range repositories {
		own := r.Key() == source.Key()
		if !own && (r.Archived || !book.Governs(source, r.Repo) && !o.Config.GitHub.Serves(r.Owner, r.Name)) {
			continue
		}
		m := library.Mirror(r)
		if err := m.Fetch(ctx); err != nil {
			return nil, err
		}
		head, ok, err := m.Resolve(ctx, r.DefaultBranch)
		if err != nil {
			return nil, err
		}
		if !ok {
			continue
		}
		if own {
			all, _, err := book.At(ctx, r, head)
			if err != nil {
				return nil, err
			}
			for _, g := range all {
				inForce[g.ID] = g.Revision
			}
		}
		products, holds, err := workspace.Scan(ctx, m, head, o.Config.Limits.Products, nil)
		if err != nil {
			return nil, fmt.Errorf("look for products in %s: %w", r, err)
		}
		if holds > len(products) {
			o.Log.Warn("a repository holds more products than are looked after", "repository", r.String(), "products", holds, "limit", o.Config.Limits.Products)
		}
		if err := db.Update(ctx, func(tx *state.Tx) error {
			known, err := tx.SaveRepository(r)
			if err != nil {
				return err
			}
			return tx.SaveProducts(known.ID, products)
		}); err != nil {
			return nil, err
		}
	}
	return inForce, nil
}

package triage

import (
	"context"
	"fmt"
	"path"

	"github.com/codicil-dev/codicil/bot/spec"
	"github.com/codicil-dev/codicil/bot/state"
	"github.com/codicil-dev/codicil/bot/workspace"
	"github.com/codicil-dev/codicil/forge"
)

// mostEdits is how many edits of one spec are looked back over.
const mostEdits = 100

// Undeclared has those specs of a repository's default branch followed that were edited by hand since their last amendment, unless that is under way or
// was declined: for a database that was rebuilt, which does not know up to where the branch was looked at. Untold says of which it can't be told
// how they were before.
func (t *Triage) Undeclared(ctx context.Context, r forge.Repository) (followed int, untold []string, err error) {
	t.looking.Lock()
	defer t.looking.Unlock()
	var known state.Repository
	var products []state.Product
	if err := t.DB.View(ctx, func(tx *state.Tx) (err error) {
		if known, _, err = tx.Repository(r.Key()); err != nil || known.ID == 0 {
			return err
		}
		products, err = tx.ProductsIn(known.ID)
		return err
	}); err != nil || known.Looked == "" {
		return 0, nil, err
	}
	m := t.Library.Mirror(r)
	byPath := map[string]state.Product{}
	var dirs []string
	for _, p := range products {
		if p.Unreadable == "" {
			byPath[p.Path] = p
			dirs = append(dirs, p.Path)
		}
	}
	documents, err := workspace.DocumentsAt(ctx, m, known.Looked, dirs)
	if err != nil {
		return 0, nil, err
	}
	silent := 0
	for _, dir := range dirs {
		doc := documents[dir].Document
		if doc == nil {
			continue
		}
		if entries := doc.Ledger.Entries; len(entries) > 0 && entries[len(entries)-1].Amendment.Result == "" {
			silent++
		}
		if !workspace.HandEdited(nil, doc) {
			continue
		}
		n := news{repository: r, mirror: m, after: known.Looked}
		if n.before, err = n.left(ctx, dir, doc); err != nil {
			return followed, untold, err
		}
		if n.before == "" {
			untold = append(untold, fmt.Sprintf("how the spec of %s in %s was before it was edited by hand: no commit has it as its last amendment left it, so the edit is not followed", byPath[dir].Name, r))
			continue
		}
		fresh, err := t.follow(ctx, n, byPath[dir], doc)
		if err != nil {
			return followed, untold, err
		}
		if fresh {
			followed++
		}
	}
	if silent > 0 {
		untold = append(untold, fmt.Sprintf("which specs of %s were edited by hand, among the %d whose last amendment does not say which spec it left (its result)", r, silent))
	}
	return followed, untold, nil
}

// left is the newest commit of the default branch in which a product's spec is as its last amendment left it; empty if there is none among the last edits.
func (n news) left(ctx context.Context, dir string, doc *spec.Document) (commit string, err error) {
	edits, err := n.mirror.Touching(ctx, n.after, path.Join(dir, spec.SpecFile), mostEdits)
	if err != nil {
		return "", err
	}
	entries := doc.Ledger.Entries
	want := entries[len(entries)-1].Amendment.Result
	for _, c := range edits {
		if len(c.Parents) == 0 {
			break
		}
		s, _, err := workspace.SpecAt(ctx, n.mirror, c.Parents[0], dir)
		if err != nil {
			return "", err
		}
		if s != nil && spec.Hash(s) == want {
			return c.Parents[0], nil
		}
	}
	return "", nil
}

// follow has one edit followed; fresh says that this was not so before.
func (t *Triage) follow(ctx context.Context, n news, p state.Product, doc *spec.Document) (fresh bool, err error) {
	history, err := n.history(ctx)
	if err != nil {
		return false, err
	}
	e, err := t.edited(ctx, n, p.Path, doc, history)
	if err != nil {
		return false, err
	}
	err = t.DB.Update(ctx, func(tx *state.Tx) error {
		before, err := tx.TriggersOf(p.ID)
		if err != nil {
			return err
		}
		if err := t.keepEdit(ctx, tx, n, p, e); err != nil {
			return err
		}
		after, err := tx.TriggersOf(p.ID)
		fresh = len(after) > len(before)
		return err
	})
	return fresh, err
}

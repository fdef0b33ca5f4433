package campaign

import (
	"context"
	"fmt"
	"path"
	"strings"
	"time"

	"github.com/codicil-dev/codicil/bot/guideline"
	"github.com/codicil-dev/codicil/bot/message"
	"github.com/codicil-dev/codicil/bot/mirror"
	"github.com/codicil-dev/codicil/bot/portrait"
	"github.com/codicil-dev/codicil/bot/spec"
	"github.com/codicil-dev/codicil/bot/state"
	"github.com/codicil-dev/codicil/forge"
)

// What a change is taken to cost: a model is asked requests times, one of them to repair, each time with instructions and the guideline beside
// the product's own texts, and answers at some length and speed. Of seeds a request shows a few rows.
const (
	requests     = 5
	instructions = 2500 // tokens of each request that are the same for every product
	answer       = 1500 // tokens
	speed        = 40   // tokens of an answer in a second
	letters      = 4    // bytes of a token, about
)

// Basis says in a sentence what the estimates of [Runner.Preview] rest on.
var Basis = fmt.Sprintf("Estimated, not measured: %d requests for each product that is to change (refine, amend, implement, review, and one repair), each with its spec, ledger, models and tests as they are now, up to %d tokens, and %d tokens of instructions; answers of %d tokens at %d a second; and the time that looking took here for each time that it is built.",
	requests, portrait.DefaultBudget, instructions, answer, speed)

// Preview finds out how all products that a source governs stand to a guideline, and what it would take to change those that don't keep it.
// Nothing is begun or kept.
func (r *Runner) Preview(ctx context.Context, source forge.Repo, g guideline.Guideline) (message.Campaign, error) {
	m := message.Campaign{Title: g.Title, DryRun: true, AtOnce: r.MostOpen}
	var groups []group
	if err := r.DB.View(ctx, func(tx *state.Tx) (err error) {
		groups, err = r.governed(tx, source, nil)
		return err
	}); err != nil {
		return m, err
	}
	for _, of := range groups {
		begun := time.Now()
		found, err := r.look(ctx, state.Campaign{}, g, of)
		if err != nil {
			return m, fmt.Errorf("look at the products of %s: %w", of.repository, err)
		}
		each := time.Since(begun) / time.Duration(len(of.products))
		for _, p := range of.products {
			e := message.Entry{Place: message.Place{Product: p.Name, Path: p.Path}, Repo: of.repository.Repo, Why: found[p.ID].Why, Standing: standings[found[p.ID].What]}
			if e.Standing == message.StandToChange {
				if e.Tokens, err = r.tokens(ctx, of.repository, p); err != nil {
					return m, err
				}
				e.Took = (requests*answer/speed*time.Second + requests*each).Round(time.Second)
			}
			m.Entries = append(m.Entries, e)
		}
	}
	return m, nil
}

// standings are how products stand before anything is begun.
var standings = map[string]message.Standing{state.FoundCompliant: message.StandCompliant, state.FoundNotApplicable: message.StandNotApplicable, state.FoundToChange: message.StandToChange, state.FoundUnknown: message.StandFailed}

// tokens are those of a change of a product, estimated from the size of its texts.
func (r *Runner) tokens(ctx context.Context, in state.Repository, p state.Product) (int, error) {
	m := r.Library.Mirror(in.Repository)
	head, ok, err := m.Resolve(ctx, in.DefaultBranch)
	if err != nil || !ok {
		return 0, err
	}
	size, err := sizeOf(ctx, m, head, p.Path)
	if err != nil {
		return 0, fmt.Errorf("measure %s of %s: %w", p.Name, in, err)
	}
	return requests * (min(size/letters, portrait.DefaultBudget) + instructions + answer), nil
}

// sizeOf is how many bytes a product's spec, ledger, models and tests have.
func sizeOf(ctx context.Context, m *mirror.Mirror, commit, dir string) (size int, err error) {
	for e, err := range m.Files(ctx, commit) {
		if err != nil {
			return 0, err
		}
		rel, ok := strings.CutPrefix(e.Path, strings.TrimPrefix(dir+"/", "./"))
		if !ok || !e.Regular() || rel != spec.SpecFile && path.Dir(rel) != spec.LedgerFolder && path.Ext(rel) != ".sql" {
			continue
		}
		data, _, err := m.ReadFile(ctx, commit, e.Path)
		if err != nil {
			return 0, err
		}
		size += len(data)
	}
	return size, nil
}

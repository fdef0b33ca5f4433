// Package campaign carries one revision of a guideline to all the products that it binds.
package campaign

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	"os"
	"strconv"
	"strings"

	"github.com/codicil-dev/codicil/bot/fault"
	"github.com/codicil-dev/codicil/bot/guideline"
	"github.com/codicil-dev/codicil/bot/mirror"
	"github.com/codicil-dev/codicil/bot/outbox"
	"github.com/codicil-dev/codicil/bot/queue"
	"github.com/codicil-dev/codicil/bot/rulebook"
	"github.com/codicil-dev/codicil/bot/spec"
	"github.com/codicil-dev/codicil/bot/state"
	"github.com/codicil-dev/codicil/bot/verify"
	"github.com/codicil-dev/codicil/bot/workspace"
	"github.com/codicil-dev/codicil/forge"
)

// Line is the queue's line of campaigns: a job's argument is the campaign's id.
const Line = "campaign"

// Runner runs campaigns. Its fields are needed unless said otherwise.
type Runner struct {
	DB       *state.DB
	Queue    *queue.Queue
	Outbox   *outbox.Outbox
	Library  workspace.Library
	Book     *rulebook.Book
	Verifier *verify.Verifier
	Log      *slog.Logger
	// Products is the queue's line that works on products.
	Products string
	// MostOpen is how many merge requests of campaigns an owner may have open at once; 0 does not limit.
	MostOpen int
	// Seal hides what the database knows of a campaign in its comment.
	Seal *state.Seal
	// Scratch is the folder for trees; empty for the system's.
	Scratch string
}

// Run does a job of Line: it finds out what has not been found yet, and starts as much work as may be under way at once.
func (r *Runner) Run(ctx context.Context, argument string) error {
	id, err := strconv.ParseInt(argument, 10, 64)
	if err != nil {
		return &queue.DeadError{Err: fmt.Errorf("%q is no campaign", argument)}
	}
	var c state.Campaign
	var ok bool
	if err := r.DB.View(ctx, func(tx *state.Tx) (err error) {
		c, ok, err = tx.Campaign(id)
		return err
	}); err != nil {
		return err
	}
	switch {
	case !ok:
		return nil
	case c.State == state.CampaignOver:
		return r.tell(ctx, c.ID)
	case c.Kind != state.KindGuideline:
		return r.DB.Update(ctx, func(tx *state.Tx) error { return r.start(ctx, tx, c.ID, texts{}) })
	}
	g, err := r.guideline(ctx, c)
	if err != nil {
		return err
	}
	groups, err := r.bound(ctx, c)
	if err != nil {
		return err
	}
	for _, group := range groups {
		found, err := r.look(ctx, c, g.now, group)
		if err != nil {
			return err
		}
		if err := r.DB.Update(ctx, func(tx *state.Tx) error { return note(tx, c.ID, found) }); err != nil {
			return err
		}
		fault.Point("finding kept")
	}
	if err := r.DB.Update(ctx, func(tx *state.Tx) error { return r.start(ctx, tx, c.ID, g) }); err != nil {
		return err
	}
	return r.tell(ctx, c.ID)
}

// texts are what a guideline says now, or last said if it was withdrawn, and what it said before, empty if it is new.
type texts struct {
	now    guideline.Guideline
	before string
}

func (r *Runner) guideline(ctx context.Context, c state.Campaign) (t texts, err error) {
	before, had, err := r.Book.Get(ctx, c.Source, c.Before, c.Guideline)
	if err != nil {
		return t, err
	}
	if had {
		t.before = prose(before)
	}
	if t.now = before; !c.Withdrawn {
		if t.now, had, err = r.Book.Get(ctx, c.Source, c.Commit, c.Guideline); err != nil {
			return t, err
		}
	}
	if !had {
		return t, &queue.DeadError{Err: fmt.Errorf("the guideline %s is not in %s at %s", c.Guideline, c.Source, c.Commit)}
	}
	return t, nil
}

// prose is what a guideline says, without the heading that repeats its title.
func prose(g guideline.Guideline) string {
	first, rest, _ := strings.Cut(g.Prose, "\n")
	if strings.HasPrefix(first, "# ") && strings.TrimSpace(rest) != "" {
		return strings.TrimSpace(rest)
	}
	return g.Prose
}

// group are products of one repository.
type group struct {
	repository state.Repository
	products   []state.Product
}

// bound are the products that a campaign's source governs, and that were not looked at yet.
func (r *Runner) bound(ctx context.Context, c state.Campaign) (groups []group, err error) {
	err = r.DB.View(ctx, func(tx *state.Tx) error {
		source, ok, err := tx.Repository(c.Source)
		if err != nil || !ok {
			return err
		}
		groups, err = r.governed(tx, source.Repo, c.Products)
		return err
	})
	return groups, err
}

// governed are the products that a source governs, but for those that were looked at.
func (r *Runner) governed(tx *state.Tx, source forge.Repo, looked map[int64]state.Finding) (groups []group, err error) {
	all, err := tx.Repositories()
	if err != nil {
		return nil, err
	}
	for _, one := range all {
		if !r.Book.Governs(source, one.Repo) {
			continue
		}
		products, err := tx.ProductsIn(one.ID)
		if err != nil {
			return nil, err
		}
		g := group{repository: one}
		for _, p := range products {
			if _, found := looked[p.ID]; !found {
				g.products = append(g.products, p)
			}
		}
		if len(g.products) > 0 {
			groups = append(groups, g)
		}
	}
	return groups, nil
}

// note keeps what was found.
func note(tx *state.Tx, id int64, found map[int64]state.Finding) error {
	c, ok, err := tx.Campaign(id)
	if err != nil || !ok {
		return err
	}
	if c.Products == nil {
		c.Products = map[int64]state.Finding{}
	}
	for p, f := range found {
		c.Products[p] = f
	}
	return tx.SaveCampaign(c)
}

// look finds out how the products of a repository stand to a guideline.
func (r *Runner) look(ctx context.Context, c state.Campaign, g guideline.Guideline, of group) (map[int64]state.Finding, error) {
	found := map[int64]state.Finding{}
	m := r.Library.Mirror(of.repository.Repository)
	if err := m.Fetch(ctx); err != nil {
		return nil, err
	}
	head, ok, err := m.Resolve(ctx, of.repository.DefaultBranch)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, fmt.Errorf("%s has no branch %s", of.repository, of.repository.DefaultBranch)
	}
	if c.Withdrawn {
		for _, p := range of.products {
			if found[p.ID], err = adopted(ctx, m, head, p, g); err != nil {
				return nil, err
			}
		}
		return found, nil
	}
	dir, err := os.MkdirTemp(r.Scratch, "codicil-campaign-")
	if err != nil {
		return nil, fmt.Errorf("make a scratch folder: %w", err)
	}
	defer os.RemoveAll(dir)
	var ids []int64
	for _, p := range of.products {
		ids = append(ids, p.ID)
	}
	others, err := r.Library.Around(ctx, r.DB, r.DB.Now(), ids...)
	if err != nil {
		return nil, err
	}
	at, err := r.Library.Lay(ctx, dir, of.repository.DefaultBranch, workspace.Member{Repository: of.repository.Repository, Commit: head}, others)
	if err != nil {
		return nil, err
	}
	for _, p := range of.products {
		compliance, err := r.Verifier.Complies(ctx, verify.Input{Head: at.Tree, Under: at.Path(p.Path)}, g)
		switch {
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case err != nil:
			found[p.ID] = state.Finding{What: state.FoundUnknown, Why: err.Error()}
		case !compliance.Applies:
			found[p.ID] = state.Finding{What: state.FoundNotApplicable, Why: compliance.Why}
		case compliance.Complies:
			found[p.ID] = state.Finding{What: state.FoundCompliant}
		default:
			found[p.ID] = state.Finding{What: state.FoundToChange, Why: compliance.Why}
		}
	}
	return found, nil
}

// adopted finds out whether a product adopted a guideline that was withdrawn.
func adopted(ctx context.Context, m *mirror.Mirror, commit string, p state.Product, g guideline.Guideline) (state.Finding, error) {
	doc, err := workspace.DocumentAt(ctx, m, commit, p.Path)
	if err != nil {
		if ctx.Err() != nil {
			return state.Finding{}, ctx.Err()
		}
		return state.Finding{What: state.FoundUnknown, Why: err.Error()}, nil
	}
	for _, active := range doc.Ledger.Active() {
		e, ok := doc.Ledger.Entry(active.Amendment)
		if ok && e.Amendment.Origin.Kind == spec.OriginGuideline && e.Amendment.Origin.ID == g.ID {
			return state.Finding{What: state.FoundToChange, Why: fmt.Sprintf("amendment %d adopted it", active.Amendment)}, nil
		}
	}
	return state.Finding{What: state.FoundNotApplicable, Why: "it was never adopted"}, nil
}

// Hash is what declining a campaign's merge request declines: this text of a guideline for the product, whatever else changes.
func Hash(id, revision string, withdrawn bool) string {
	sum := sha256.Sum256([]byte(strings.Join([]string{"guideline", id, revision, fmt.Sprint(withdrawn)}, "\x00")))
	return "sha256:" + hex.EncodeToString(sum[:])
}

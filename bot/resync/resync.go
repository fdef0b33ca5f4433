// Package resync rebuilds a lost database from what the bot itself wrote on the forge.
//
// The bodies of its merge requests and its comments hide what the database knew when they were written (see [state.Memo]). Only what the bot
// is the author of counts.
package resync

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/codicil-dev/codicil/bot/outbox"
	"github.com/codicil-dev/codicil/bot/state"
	"github.com/codicil-dev/codicil/bot/sweep"
	"github.com/codicil-dev/codicil/forge"
)

// Host is what is asked of a forge.
type Host interface {
	Name() string
	Self(ctx context.Context) (forge.User, error)
	Repositories(ctx context.Context) ([]forge.Repository, error)
	RepositoryComments(ctx context.Context, repo forge.Repo, since time.Time) ([]forge.Comment, error)
	MergeRequests(ctx context.Context, repo forge.Repo, f forge.MergeRequestFilter) ([]forge.MergeRequest, error)
	Reviews(ctx context.Context, repo forge.Repo, number int) ([]forge.Review, error)
}

// Resync rebuilds. Its fields are needed.
type Resync struct {
	DB   *state.DB
	Host Host
	// Serves says whether a repository is looked after; Look looks at its default branch, so that its products are known.
	Serves func(repo forge.Repo) bool
	Look   func(ctx context.Context, r forge.Repository) error
	// Seal knows what the bot hid from what others changed.
	Seal *state.Seal
	// Edits has specs followed that were edited by hand and that no amendment declares, and says how many there are, and of which nothing can be told.
	Edits func(ctx context.Context, r forge.Repository) (followed int, untold []string, err error)
	// Canary is how many merge requests of a campaign have to be merged before the others are opened; 0 opens all at once.
	Canary int
	Log    *slog.Logger
}

// Result counts what was found.
type Result struct {
	Repositories, Open, Merged, Declined, Waiting, Asked, Ended, Comments int
	// Unbelieved are what the bot wrote and was not taken into account, each with where it is and why.
	Unbelieved []string
	// Edits are specs edited by hand that are followed, Campaigns are those that were found.
	Edits, Campaigns int
	// Untold is what the forge does not tell, a sentence each.
	Untold []string
}

// ErrNotNew says that the database holds work already.
var ErrNotNew = errors.New("the database holds work already, and only a new one is rebuilt; move it away first")

// epoch is before anything on any forge.
var epoch = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// Run rebuilds a database in which nothing was asked yet; it is ErrNotNew for others. What was under way is waiting again afterwards, and what
// people said after the bot's last word in a repository is looked at by the next sweep.
func (s *Resync) Run(ctx context.Context) (r Result, err error) {
	var fresh bool
	if err := s.DB.View(ctx, func(tx *state.Tx) (err error) {
		fresh, err = tx.IsNew()
		return err
	}); err != nil {
		return r, err
	}
	if !fresh {
		return r, ErrNotNew
	}
	self, err := s.Host.Self(ctx)
	if err != nil {
		return r, err
	}
	all, err := s.Host.Repositories(ctx)
	if err != nil {
		return r, err
	}
	var found []*place
	for _, repository := range all {
		if !s.Serves(repository.Repo) || repository.Archived {
			continue
		}
		p, err := s.read(ctx, repository, self)
		if err != nil {
			return r, fmt.Errorf("rebuild what is known of %s: %w", repository, err)
		}
		found = append(found, p)
	}
	for _, p := range found { // after all was read, so that what can't be read leaves the database as it was
		if err := s.Look(ctx, p.repository); err != nil {
			return r, fmt.Errorf("look at %s: %w", p.repository, err)
		}
	}
	r.Repositories = len(found)
	err = s.DB.Update(ctx, func(tx *state.Tx) error {
		told := map[int64]bool{} // campaigns
		for _, p := range found {
			if err := s.keep(tx, p, told, &r); err != nil {
				return fmt.Errorf("rebuild what is known of %s: %w", p.repository, err)
			}
		}
		return campaigns(tx, told, &r)
	})
	if err != nil {
		return r, err
	}
	for _, p := range found { // after what is under way for them is known
		n, untold, err := s.Edits(ctx, p.repository)
		if err != nil {
			return r, fmt.Errorf("look for edited specs in %s: %w", p.repository, err)
		}
		r.Edits += n
		r.Untold = append(r.Untold, untold...)
	}
	return r, nil
}

// campaigns counts those that were found, and says of which it is not known whether somebody paused them.
func campaigns(tx *state.Tx, told map[int64]bool, r *Result) error {
	all, err := tx.Campaigns()
	if err != nil {
		return err
	}
	r.Campaigns = len(all)
	for _, c := range all {
		if !told[c.ID] {
			r.Untold = append(r.Untold, fmt.Sprintf("whether campaign %d, “%s”, was paused: it goes on unless it is paused again, with codicil campaign pause %d", c.ID, c.Title, c.ID))
		}
	}
	return nil
}

// place is what was found of a repository.
type place struct {
	repository forge.Repository
	requests   []request
	comments   []comment
	unbelieved []string
	// last is when the bot said something last; the zero time if it never did.
	last time.Time
}

// request is a merge request of the bot's.
type request struct {
	forge.MergeRequest
	memo     state.Memo
	approved bool
}

// comment is a comment of the bot's; memo is nil if it hides none.
type comment struct {
	forge.Comment
	memo *state.Memo
}

// read reads what the bot wrote in a repository.
func (s *Resync) read(ctx context.Context, r forge.Repository, self forge.User) (*place, error) {
	p := &place{repository: r}
	own := func(by forge.User, at time.Time) bool {
		if !strings.EqualFold(by.Login, self.Login) {
			return false
		}
		if at.After(p.last) {
			p.last = at
		}
		return true
	}
	requests, err := s.Host.MergeRequests(ctx, r.Repo, forge.MergeRequestFilter{State: forge.StateAll})
	if err != nil {
		return nil, err
	}
	for _, mr := range requests {
		if !own(mr.Author, mr.Created) {
			continue
		}
		memo, ok, err := s.Seal.Find(mr.Body)
		if why := doubt(memo, ok, err, r, func() bool { return memo.Change != nil && memo.Change.Branch == mr.Head }); why != "" {
			s.doubted(p, fmt.Sprintf("merge request #%d", mr.Number), why)
			continue
		}
		q := request{MergeRequest: mr, memo: memo}
		if mr.Open {
			if q.approved, err = s.approved(ctx, r, mr); err != nil {
				return nil, err
			}
		}
		p.requests = append(p.requests, q)
	}
	comments, err := s.Host.RepositoryComments(ctx, r.Repo, epoch)
	if err != nil {
		return nil, err
	}
	for _, c := range comments {
		if !own(c.Author, c.Updated) {
			continue
		}
		one := comment{Comment: c}
		memo, ok, err := s.Seal.Find(c.Body)
		why := doubt(memo, ok, err, r, func() bool {
			return memo.Change == nil && (memo.Campaign == nil || memo.Campaign.Source == r.Key() && memo.Campaign.Request == c.Issue) && !slices.ContainsFunc(memo.Triggers, func(x state.Trigger) bool { return x.Issue != c.Issue })
		})
		switch {
		case why == "":
			one.memo = &memo
		case ok || err != nil: // others hide nothing
			s.doubted(p, fmt.Sprintf("comment %d at #%d", c.ID, c.Issue), why)
		}
		p.comments = append(p.comments, one)
	}
	// What was said last counts.
	slices.SortStableFunc(p.comments, func(a, b comment) int { return b.Updated.Compare(a.Updated) })
	return p, nil
}

// doubt says why a memo is not believed: it may be none, be changed, or be copied from elsewhere; here says whether it is where it was hidden. Empty if it
// is believed.
func doubt(m state.Memo, ok bool, err error, r forge.Repository, here func() bool) string {
	switch {
	case err != nil:
		return err.Error()
	case !ok:
		return "it tells nothing of itself"
	case m.Repository != r.ID || !here():
		return "what it hides was hidden elsewhere"
	}
	return ""
}

// doubted notes what is not believed.
func (s *Resync) doubted(p *place, what, why string) {
	s.Log.Warn("what the bot once wrote is not believed", "repository", p.repository.String(), "what", what, "why", why)
	p.unbelieved = append(p.unbelieved, fmt.Sprintf("%s, %s: %s", p.repository, what, why))
}

// approved says whether somebody approves a merge request as it is.
func (s *Resync) approved(ctx context.Context, r forge.Repository, mr forge.MergeRequest) (bool, error) {
	reviews, err := s.Host.Reviews(ctx, r.Repo, mr.Number)
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(reviews, func(v forge.Review) bool { return v.State == forge.Approved && v.SHA == mr.HeadSHA }), nil
}

// keep writes what was found of a repository.
func (s *Resync) keep(tx *state.Tx, p *place, told map[int64]bool, r *Result) error {
	known, ok, err := tx.Repository(p.repository.Key())
	if err != nil || !ok {
		return err // it has no default branch yet
	}
	k := keeper{tx: tx, repository: known, log: s.Log, result: r, canary: s.Canary, told: told, kept: map[int64]bool{}}
	for _, q := range p.requests {
		if err := k.request(q); err != nil {
			return err
		}
	}
	for _, c := range p.comments {
		if err := k.remember(c); err != nil {
			return err
		}
	}
	for _, c := range p.comments { // after all triggers are known
		if err := k.comment(c); err != nil {
			return err
		}
	}
	r.Unbelieved = append(r.Unbelieved, p.unbelieved...)
	if p.last.IsZero() {
		return nil
	}
	// What people said after the bot's last word was perhaps not heard. The sweep itself looks back a while further.
	return tx.Set(sweep.SweptKey(p.repository.Repo), strconv.FormatInt(p.last.Add(sweep.Overlap).UnixMilli(), 10))
}

// written notes that a write was made.
func (k *keeper) written(key string, kind outbox.Kind, number int, made outbox.Result) error {
	return outbox.Restore(k.tx, key, outbox.Operation{Kind: kind, Repo: k.repository.Repo, Number: number}, made)
}

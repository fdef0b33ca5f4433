// Package sweep looks through the forge for what no webhook told, so that a lost one is only a delay.
package sweep

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/codicil-dev/codicil/bot/fault"
	"github.com/codicil-dev/codicil/bot/mirror"
	"github.com/codicil-dev/codicil/bot/outbox"
	"github.com/codicil-dev/codicil/bot/queue"
	"github.com/codicil-dev/codicil/bot/state"
	"github.com/codicil-dev/codicil/bot/triage"
	"github.com/codicil-dev/codicil/forge"
)

// Host is what a sweep asks of a forge.
type Host interface {
	Name() string
	Self(ctx context.Context) (forge.User, error)
	Repositories(ctx context.Context) ([]forge.Repository, error)
	RepositoryComments(ctx context.Context, repo forge.Repo, since time.Time) ([]forge.Comment, error)
	Issue(ctx context.Context, repo forge.Repo, number int) (forge.Issue, error)
	MergeRequests(ctx context.Context, repo forge.Repo, f forge.MergeRequestFilter) ([]forge.MergeRequest, error)
	MergeRequest(ctx context.Context, repo forge.Repo, number int) (forge.MergeRequest, error)
	Deliveries(ctx context.Context, since time.Time) ([]forge.Delivery, error)
	Redeliver(ctx context.Context, id int64) error
}

// Sweeper sweeps. Its fields are needed.
type Sweeper struct {
	DB     *state.DB
	Triage *triage.Triage
	Queue  *queue.Queue
	Outbox *outbox.Outbox
	Hosts  []Host
	Log    *slog.Logger
	// Campaigns and Products are the queue's lines of those.
	Campaigns, Products string
	// Silence is how long no webhook may come while there are events before it is said.
	Silence time.Duration
	// Wait and Remind are how long questions wait for answers, and after which time the asker is reminded.
	Wait, Remind time.Duration
}

// Overlap is how far a sweep looks back behind the last one: forges list late, and clocks differ.
const Overlap = 10 * time.Minute

// kept is how long what was delivered is remembered, to know repetitions by.
const kept = 30 * 24 * time.Hour

// Sweep looks through all hosts. What fails at one is told, and does not keep the others from being looked at.
func (s *Sweeper) Sweep(ctx context.Context) error {
	var errs []error
	for _, h := range s.Hosts {
		if err := s.host(ctx, h); err != nil {
			errs = append(errs, fmt.Errorf("sweep %s: %w", h.Name(), err))
		}
	}
	errs = append(errs, s.questions(ctx), s.tidy(ctx))
	s.Triage.Wake()
	return errors.Join(errs...)
}

func (s *Sweeper) host(ctx context.Context, h Host) error {
	start := s.DB.Now()
	repositories, err := h.Repositories(ctx)
	if err != nil {
		return err
	}
	found := 0
	var errs []error
	troubles := map[string]error{}
	for _, r := range repositories {
		if !s.Triage.Serves(r.Repo) || r.Archived {
			continue
		}
		n, err := s.repository(ctx, h, r, start)
		if found += n; err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", r, err))
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		troubles[r.Key()] = err
	}
	errs = append(errs, s.note(ctx, h, troubles))
	errs = append(errs, s.deliveries(ctx, h, start), s.quiet(ctx, h, found))
	return errors.Join(errs...)
}

// note keeps which repositories of a host could not be looked through, and why, by their keys. Others have nothing to be told of any more.
func (s *Sweeper) note(ctx context.Context, h Host, found map[string]error) error {
	var known map[string]state.Trouble
	if err := s.DB.View(ctx, func(tx *state.Tx) (err error) {
		known, err = tx.Troubles()
		return err
	}); err != nil {
		return err
	}
	news := map[string]state.Trouble{}
	for key := range known {
		if strings.HasPrefix(key, strings.ToLower(h.Name()+"/")) && found[key] == nil {
			news[key] = state.Trouble{}
		}
	}
	for key, err := range found {
		if err != nil && known[key].Why != err.Error() {
			news[key] = state.Trouble{Since: known[key].Since, Why: err.Error()}
		}
	}
	if len(news) == 0 {
		return nil
	}
	return s.DB.Update(ctx, func(tx *state.Tx) error {
		for key, x := range news {
			if x.Why != "" && x.Since.IsZero() {
				x.Since = tx.Now()
			}
			if err := tx.SetTrouble(key, x); err != nil {
				return err
			}
		}
		return nil
	})
}

// repository looks at one repository: its default branch, the comments since the last sweep, and the merge requests that matter. It returns how
// many events it found that nobody had told.
func (s *Sweeper) repository(ctx context.Context, h Host, r forge.Repository, start time.Time) (found int, err error) {
	if err := s.Triage.Look(ctx, r); err != nil {
		return 0, err
	}
	since, first, err := s.since(ctx, r.Repo)
	if err != nil {
		return 0, err
	}
	var events []forge.Event
	if !first { // what was said before the bot came is not for it
		comments, err := h.RepositoryComments(ctx, r.Repo, since.Add(-Overlap))
		if err != nil {
			return 0, err
		}
		for _, c := range comments {
			e, ok, err := s.said(ctx, h, r, c, since)
			if err != nil {
				return 0, err
			}
			if ok {
				events = append(events, e)
			}
		}
	}
	requests, err := s.requests(ctx, h, r)
	if err != nil {
		return 0, err
	}
	found, err = s.receive(ctx, h, append(events, requests...))
	fault.Point("found kept")
	if err != nil {
		return found, err
	}
	return found, s.DB.Update(ctx, func(tx *state.Tx) error { return tx.Set(SweptKey(r.Repo), strconv.FormatInt(start.UnixMilli(), 10)) })
}

// SweptKey names the setting that says up to when a repository was swept, in milliseconds since 1970.
func SweptKey(r forge.Repo) string { return "swept/" + r.Key() }

// since is when a repository was last swept; first says that it never was.
func (s *Sweeper) since(ctx context.Context, r forge.Repo) (at time.Time, first bool, err error) {
	err = s.DB.View(ctx, func(tx *state.Tx) error {
		text, ok, err := tx.Setting(SweptKey(r))
		n, bad := strconv.ParseInt(text, 10, 64)
		at, first = time.UnixMilli(n), !ok || bad != nil
		return err
	})
	return at, first, err
}

// said is the event of a comment, which is one only if it was written since the last sweep.
func (s *Sweeper) said(ctx context.Context, h Host, r forge.Repository, c forge.Comment, since time.Time) (e forge.Event, ok bool, err error) {
	self, err := h.Self(ctx)
	if err != nil || c.Author.Bot || c.Author.Login == self.Login || c.Created.Before(since.Add(-Overlap)) {
		return e, false, err
	}
	e = forge.Event{Kind: forge.EventComment, Action: forge.ActionCreated, Repository: r, Sender: c.Author, Comment: &c}
	known, err := s.known(ctx, h, e)
	if err != nil || known {
		return e, false, err
	}
	issue, err := h.Issue(ctx, r.Repo, c.Issue)
	if errors.Is(err, forge.ErrNotFound) {
		return e, false, nil
	}
	e.Issue = &issue
	return e, err == nil, err
}

// known says whether an event was told already.
func (s *Sweeper) known(ctx context.Context, h Host, e forge.Event) (known bool, err error) {
	err = s.DB.View(ctx, func(tx *state.Tx) error {
		known, err = tx.Knows(h.Name(), e.Key())
		return err
	})
	return known, err
}

// requests are the events of merge requests: of the bot's own that are not open any more or that somebody else pushed to, and of people's whose head
// was not verified.
func (s *Sweeper) requests(ctx context.Context, h Host, r forge.Repository) (events []forge.Event, err error) {
	self, err := h.Self(ctx)
	if err != nil {
		return nil, err
	}
	open, err := h.MergeRequests(ctx, r.Repo, forge.MergeRequestFilter{State: forge.StateOpen})
	if err != nil {
		return nil, err
	}
	own := map[int]state.Change{}
	seen := map[string]bool{}
	if err := s.DB.View(ctx, func(tx *state.Tx) error {
		known, ok, err := tx.Repository(r.Key())
		if err != nil || !ok {
			return err
		}
		changes, err := tx.OpenIn(known.ID)
		for _, c := range changes {
			own[c.Number] = c
		}
		for _, mr := range open {
			found, bad := verifiedOrTold(tx, h, r, mr)
			seen[mr.HeadSHA], err = found, errors.Join(err, bad)
		}
		return err
	}); err != nil {
		return nil, err
	}
	isOpen := map[int]bool{}
	for _, mr := range open {
		isOpen[mr.Number] = true
		c, known := own[mr.Number]
		news := !seen[mr.HeadSHA]
		switch {
		case known:
			news = c.State == state.ChangeOpen && (mr.HeadSHA != c.Head || c.Foreign != "") && mr.HeadSHA != c.Foreign
		case strings.EqualFold(mr.Author.Login, self.Login) && strings.HasPrefix(mr.Head, mirror.BranchPrefix):
			news = false
		}
		if news {
			events = append(events, forge.Event{Kind: forge.EventMergeRequest, Action: forge.ActionSynchronize, Repository: r, Sender: mr.Author, MergeRequest: &mr})
		}
	}
	ended, err := s.ended(ctx, h, r, own, isOpen)
	return append(events, ended...), err
}

// ended are the events of merge requests of the bot's that are not open any more.
func (s *Sweeper) ended(ctx context.Context, h Host, r forge.Repository, own map[int]state.Change, isOpen map[int]bool) (events []forge.Event, err error) {
	for _, number := range slices.Sorted(maps.Keys(own)) {
		if isOpen[number] {
			continue
		}
		mr, err := h.MergeRequest(ctx, r.Repo, number)
		if err != nil {
			return nil, err
		}
		if !mr.Open {
			// Told already or not, the bot has it otherwise: it is looked at, as often as it is found so.
			events = append(events, forge.Event{Kind: forge.EventMergeRequest, Action: forge.ActionClosed, Repository: r, Sender: mr.ClosedBy, MergeRequest: &mr,
				Stamp: "found " + s.DB.Now().UTC().Format(time.RFC3339Nano)})
		}
	}
	return events, nil
}

// lately is how long ago an event may have been told whose work is not done yet.
const lately = time.Hour

// verifiedOrTold says whether the head of a merge request was verified, or is to be, because an event told of it lately.
func verifiedOrTold(tx *state.Tx, h Host, r forge.Repository, mr forge.MergeRequest) (bool, error) {
	if verified, err := tx.Verified(r.Key(), mr.HeadSHA); err != nil || verified {
		return verified, err
	}
	for _, action := range triage.Verifying {
		e := forge.Event{Action: action, Repository: r, MergeRequest: &mr}
		if told, err := tx.KnowsLike(h.Name(), e.HeadKey(), tx.Now().Add(-lately)); err != nil || told {
			return told, err
		}
	}
	return false, nil
}

// receive keeps events as if they had been delivered; known ones fall away.
func (s *Sweeper) receive(ctx context.Context, h Host, events []forge.Event) (fresh int, err error) {
	err = s.DB.Update(ctx, func(tx *state.Tx) error {
		for _, e := range events {
			payload, err := json.Marshal(e)
			if err != nil {
				return err
			}
			ok, err := tx.Receive(state.Delivery{Host: h.Name(), GUID: state.FoundPrefix + e.Key(), Event: triage.FoundEvent, Key: e.Key(), Payload: payload, Received: tx.Now()})
			if err != nil {
				return err
			}
			if ok {
				fresh++
				s.Log.Info("an event was found that no webhook told", "host", h.Name(), "event", e.Key())
			}
		}
		return nil
	})
	return fresh, err
}

// deliveries has those made again that did not get through. Not every login has a list of them.
func (s *Sweeper) deliveries(ctx context.Context, h Host, start time.Time) error {
	recent, err := h.Deliveries(ctx, start.Add(-time.Hour))
	if errors.Is(err, forge.ErrForbidden) {
		return nil
	}
	if err != nil {
		return err
	}
	through := map[string]bool{}
	for _, d := range recent {
		through[d.GUID] = through[d.GUID] || d.OK
	}
	for _, d := range recent {
		if through[d.GUID] {
			continue
		}
		through[d.GUID] = true
		if err := h.Redeliver(ctx, d.ID); err != nil {
			return err
		}
	}
	return nil
}

// quiet says so when events are found that no webhook told, and none has come for long.
func (s *Sweeper) quiet(ctx context.Context, h Host, found int) error {
	var last time.Time
	err := s.DB.View(ctx, func(tx *state.Tx) (err error) {
		last, err = tx.LastReceived(h.Name())
		return err
	})
	if err != nil || found == 0 || s.DB.Now().Sub(last) < s.Silence {
		return err
	}
	when := "ever"
	if !last.IsZero() {
		when = "since " + last.Format(time.RFC3339)
	}
	s.Log.Warn("no webhook came; look at its address and secret in the settings of the App: until then everything is late by a sweep", "host", h.Name(), "no webhook", when, "found by looking", found)
	return nil
}

// tidy forgets old deliveries, and has campaigns go on.
func (s *Sweeper) tidy(ctx context.Context) error {
	return s.DB.Update(ctx, func(tx *state.Tx) error {
		if _, err := tx.Forget(tx.Now().Add(-kept)); err != nil {
			return err
		}
		all, err := tx.Campaigns()
		if err != nil {
			return err
		}
		for _, c := range all {
			if c.State == state.CampaignOver {
				continue
			}
			if err := s.Queue.Add(ctx, tx, s.Campaigns, fmt.Sprint(c.ID)); err != nil {
				return err
			}
		}
		return nil
	})
}

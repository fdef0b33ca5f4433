// Package service runs the bot: all that has to run together, started and stopped in order.
package service

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/robfig/cron/v3"

	"github.com/codicil-dev/codicil/bot/campaign"
	"github.com/codicil-dev/codicil/bot/config"
	"github.com/codicil-dev/codicil/bot/gate"
	"github.com/codicil-dev/codicil/bot/intake"
	"github.com/codicil-dev/codicil/bot/mirror"
	"github.com/codicil-dev/codicil/bot/outbox"
	"github.com/codicil-dev/codicil/bot/queue"
	"github.com/codicil-dev/codicil/bot/refresh"
	"github.com/codicil-dev/codicil/bot/resync"
	"github.com/codicil-dev/codicil/bot/rulebook"
	"github.com/codicil-dev/codicil/bot/state"
	"github.com/codicil-dev/codicil/bot/sweep"
	"github.com/codicil-dev/codicil/bot/triage"
	"github.com/codicil-dev/codicil/bot/verify"
	"github.com/codicil-dev/codicil/bot/web"
	"github.com/codicil-dev/codicil/bot/work"
	"github.com/codicil-dev/codicil/bot/workspace"
	"github.com/codicil-dev/codicil/forge"
)

// Host is all that the bot asks of a forge.
type Host interface {
	outbox.Host
	triage.Host
	sweep.Host
	gate.Host
	work.Host
	resync.Host
	// Allowances are what the forge allows, as far as it said; it is not asked.
	Allowances() []forge.Allowance
	Credential(ctx context.Context, repo forge.Repo) (forge.Credential, error)
}

// Options say how a bot is to be. Fields are needed unless said otherwise.
type Options struct {
	Config config.Config
	Host   Host
	// Secrets are those of webhooks.
	Secrets [][]byte
	// Authors makes an author for one order, whose model's answers are kept in the store.
	Authors  func(ctx context.Context, o work.Order, answers *Answers) (a work.Author, release func(), err error)
	Verifier *verify.Verifier
	// Data is the folder of the database and of the copies of repositories.
	Data string
	Log  *slog.Logger
	Now  func() time.Time
	// Version is the program's.
	Version string
	// Pages is where the bot's own pages are served while it runs; nil for nowhere. Account is what they ask for.
	Pages   net.Listener
	Account web.Account
	// AllowFile lets git fetch from this machine's files, for tests.
	AllowFile bool
}

// Service is a bot.
type Service struct {
	o        Options
	db       *state.DB
	git      *mirror.Cache
	queue    *queue.Queue
	outbox   *outbox.Outbox
	triage   *triage.Triage
	receiver *intake.Receiver
	sweeper  *sweep.Sweeper
	refresh  *refresh.Refresher
	book     *rulebook.Book
	seal     *state.Seal
	campaign *campaign.Runner
	pages    http.Handler
}

// How long jobs of each line may take, and how often they are tried.
const (
	changeTimeout = 4 * time.Hour
	proofTimeout  = time.Hour
	writeTimeout  = 15 * time.Minute
	manyAttempts  = 50
)

// Database is the name of the database's file in the folder of the bot's data.
const Database = "codicil.db"

// New opens a bot. Run runs it; Close it after use.
func New(ctx context.Context, o Options) (*Service, error) {
	s := &Service{o: o}
	if err := s.open(ctx); err != nil {
		_ = s.Close() // what was opened before
		return nil, err
	}
	return s, nil
}

// open opens and puts together all parts.
func (s *Service) open(ctx context.Context) (err error) {
	o := s.o
	if s.db, err = state.Open(ctx, filepath.Join(o.Data, Database), o.Now); err != nil {
		return err
	}
	c := o.Config
	person := mirror.Person{Name: c.Commits.Name, Email: c.Commits.Email}
	if s.git, err = mirror.Open(filepath.Join(o.Data, "git"), mirror.Options{Log: o.Log, Now: o.Now, Author: person, SignOff: c.Commits.SignOff, AllowFile: o.AllowFile}); err != nil {
		return err
	}
	seal, err := state.NewSeal(o.Secrets...)
	if err != nil {
		return err
	}
	s.seal = seal
	library := workspace.Library{Cache: s.git, Credential: o.Host.Credential}
	scratch := filepath.Join(o.Data, "scratch")
	if err := errors.Join(os.RemoveAll(scratch), os.MkdirAll(scratch, 0o700)); err != nil {
		return fmt.Errorf("make the scratch folder: %w", err)
	}
	s.book = rulebook.New(sources(c.Guidelines, o.Host.Name()), s.db, library, o.Log)
	s.outbox = &outbox.Outbox{Hosts: only[outbox.Host](o.Host, o.Host.Name()), Git: work.Pusher{DB: s.db, Library: library}, DB: s.db, Log: o.Log, Visibility: config.Duration(c.Server.Visibility)}
	worker := &work.Worker{
		DB: s.db, Outbox: s.outbox, Library: library, Hosts: only[work.Host](o.Host, o.Host.Name()), Rules: s.book.InForce, RuleAt: s.book.Get, Verifier: o.Verifier, Log: o.Log,
		Version: o.Version, Committer: c.Commits.Email, Process: fmt.Sprintf("%d", os.Getpid()), Patience: config.Duration(c.Questions.Wait), Scratch: scratch, Campaigns: campaign.Line, Seal: seal,
		Authors: func(ctx context.Context, order work.Order) (work.Author, func(), error) {
			return o.Authors(ctx, order, &Answers{db: s.db, change: order.Name})
		},
	}
	proofs := &gate.Gate{Guidelines: s.book.Holds, RulesAt: s.book.At, DB: s.db, Outbox: s.outbox, Library: library, Hosts: only[gate.Host](o.Host, o.Host.Name()), Rules: s.book.InForce, Verifier: o.Verifier, Log: o.Log, Scratch: scratch}
	s.campaign = &campaign.Runner{DB: s.db, Outbox: s.outbox, Library: library, Book: s.book, Verifier: o.Verifier, Log: o.Log, Seal: seal, Products: work.Line, MostOpen: c.Limits.OpenPerOwner, Scratch: scratch}
	s.refresh = &refresh.Refresher{DB: s.db, Outbox: s.outbox, Library: library, Book: s.book, Verifier: o.Verifier, Log: o.Log, Products: work.Line, Scratch: scratch}
	s.queue, err = queue.New(ctx, s.db, map[string]queue.Line{
		work.Line:     {Handler: worker.Product, Workers: c.Limits.Changes, Timeout: changeTimeout, Attempts: manyAttempts},
		outbox.Line:   {Handler: s.outbox.Perform, Workers: c.Limits.Requests, Timeout: writeTimeout, Attempts: manyAttempts},
		gate.Line:     {Handler: proofs.Verify, Workers: c.Limits.Proofs, Timeout: proofTimeout, Attempts: manyAttempts, Poll: 300 * time.Millisecond},
		campaign.Line: {Handler: s.campaign.Run, Workers: 1, Timeout: changeTimeout, Attempts: manyAttempts, Poll: 300 * time.Millisecond},
		refresh.Line:  {Handler: s.refresh.Run, Workers: 1, Timeout: proofTimeout, Attempts: manyAttempts, Poll: 300 * time.Millisecond},
	}, o.Now, o.Log)
	if err != nil {
		return err
	}
	worker.Queue, s.outbox.Queue, s.campaign.Queue, s.refresh.Queue = s.queue, s.queue, s.queue, s.queue
	s.triage = triage.New(&triage.Triage{DB: s.db, Outbox: s.outbox, Queue: s.queue, Library: library, Hosts: only[triage.Host](o.Host, o.Host.Name()), Log: o.Log,
		Lines:  triage.Lines{Product: work.Line, Verify: gate.Line, Campaign: campaign.Line, Refresh: refresh.Line},
		Serves: func(r forge.Repo) bool { return c.GitHub.Serves(r.Owner, r.Name) || s.book.Holds(r) }, Guidelines: s.book.Holds, MostProducts: c.Limits.Products, Canary: c.Limits.Canary,
		RulesAt: s.book.At, Seal: seal})
	s.sweeper = &sweep.Sweeper{DB: s.db, Triage: s.triage, Queue: s.queue, Outbox: s.outbox, Hosts: []sweep.Host{o.Host}, Log: o.Log, Campaigns: campaign.Line, Products: work.Line,
		Silence: config.Duration(c.Server.Silence), Wait: config.Duration(c.Questions.Wait), Remind: config.Duration(c.Questions.Remind)}
	s.receiver = intake.New(intake.Options{Store: deliveries{s.db}, Host: o.Host.Name(), Secrets: func() [][]byte { return o.Secrets }, Parse: o.Host.Event, Concerns: concerns, Now: o.Now, Log: o.Log, Woken: s.triage.Wake})
	s.pages, err = s.site()
	return err
}

// Close closes a bot that does not run.
func (s *Service) Close() error {
	var errs []error
	if s.git != nil {
		errs = append(errs, s.git.Close())
	}
	if s.db != nil {
		errs = append(errs, s.db.Close())
	}
	return errors.Join(errs...)
}

// Handler takes webhooks at /webhooks/github.
func (s *Service) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/webhooks/github", s.receiver)
	return mux
}

// grace is how long work may take to end once the bot is to stop. What does not end is taken up at the next start.
const grace = 20 * time.Second

// Run runs the bot until the context is over, or until it can't be reached any more. Webhooks come in at the listener.
func (s *Service) Run(ctx context.Context, webhooks net.Listener) error {
	ctx, end := context.WithCancel(ctx)
	defer end()
	if err := s.takeUp(ctx); err != nil {
		return err
	}
	inner, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	if err := s.queue.Start(inner); err != nil {
		return fmt.Errorf("start the queue: %w", err)
	}
	triaged := make(chan struct{})
	go func() { defer close(triaged); s.triage.Run(inner) }()
	swept := make(chan struct{})
	go func() { defer close(swept); s.sweepNowAndThen(ctx) }()
	kept := make(chan struct{})
	go func() { defer close(kept); s.keepAllowances(ctx) }()
	timer, err := s.timer(ctx)
	if err != nil {
		return err
	}
	shown := make(chan error, 1)
	go func() { defer end(); shown <- s.show(ctx) }()
	err = intake.Serve(ctx, webhooks, s.Handler(), s.o.Log, grace)
	end()
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	err = errors.Join(err, <-shown, s.receiver.Close(last))
	<-timer.Stop().Done()
	<-swept
	<-kept
	err = errors.Join(err, s.queue.Stop(last))
	stop()
	<-triaged
	return err
}

// takeUp begins where the process before ended. The database is this process's alone, so whoever held a lease is dead.
func (s *Service) takeUp(ctx context.Context) error {
	return s.db.Update(ctx, func(tx *state.Tx) error {
		if err := tx.FreeAll(); err != nil {
			return err
		}
		behind, err := tx.Behind()
		if err != nil {
			return err
		}
		for _, p := range behind {
			if err := s.queue.Add(ctx, tx, work.Line, fmt.Sprint(p.ID)); err != nil {
				return err
			}
		}
		return nil
	})
}

// sweepNowAndThen sweeps at the start, and then as often as is configured; sooner, and less and less so, after one that failed.
func (s *Service) sweepNowAndThen(ctx context.Context) {
	usual := config.Duration(s.o.Config.Server.Sweep)
	soon := time.Second
	for {
		wait := usual
		if err := s.sweeper.Sweep(ctx); err != nil && ctx.Err() == nil {
			wait = min(soon, usual)
			soon = min(2*soon, usual)
			s.o.Log.Warn("not all was swept; it is tried again", "in", wait, "error", err)
		} else {
			soon = time.Second
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
	}
}

// allowancesEvery is how often it is kept what the forge allows, if that is something else than before.
const allowancesEvery = 10 * time.Second

// keepAllowances keeps what the forge allows where the pages and codicil status find it, until the context is over.
func (s *Service) keepAllowances(ctx context.Context) {
	tick := time.NewTicker(allowancesEvery)
	defer tick.Stop()
	var last []forge.Allowance
	for ended := false; !ended; {
		select {
		case <-ctx.Done():
			ended = true // what was learnt last is kept all the same
		case <-tick.C:
		}
		now := s.o.Host.Allowances()
		if slices.Equal(now, last) {
			continue
		}
		last = now
		if err := s.db.Update(context.WithoutCancel(ctx), func(tx *state.Tx) error { return tx.SetAllowances(s.o.Host.Name(), now) }); err != nil {
			s.o.Log.Warn("what the forge allows is not kept", "error", err)
		}
	}
}

// timer turns the week.
func (s *Service) timer(ctx context.Context) (*cron.Cron, error) {
	zone, err := time.LoadLocation(s.o.Config.Refresh.Zone)
	if err != nil {
		return nil, fmt.Errorf("refresh: %w", err)
	}
	c := cron.New(cron.WithLocation(zone))
	if line := s.o.Config.Refresh.Schedule; line != "off" {
		turn := func(begin func(night string) error) {
			if err := begin(s.db.Now().In(zone).Format(time.DateOnly)); err != nil {
				s.o.Log.Error("the turn of the week was not begun", "error", err)
			}
		}
		id, err := c.AddFunc(line, func() { turn(func(night string) error { return s.Refresh(ctx, night) }) })
		if err != nil {
			return nil, fmt.Errorf("refresh: %w", err)
		}
		next := func(t time.Time) time.Time { return c.Entry(id).Schedule.Next(t.In(zone)) }
		turn(func(night string) error { return s.refresh.CatchUp(ctx, night, next) })
	}
	c.Start()
	return c, nil
}

// Refresh turns the week now. Night names the turn: each comes once.
func (s *Service) Refresh(ctx context.Context, night string) error { return s.refresh.Turn(ctx, night) }

// Sweep looks through the forge now.
func (s *Service) Sweep(ctx context.Context) error { return s.sweeper.Sweep(ctx) }

// Resync rebuilds a database that was lost, before Run; see [resync.Resync.Run].
func (s *Service) Resync(ctx context.Context) (resync.Result, error) {
	r := &resync.Resync{DB: s.db, Host: s.o.Host, Serves: s.triage.Serves, Look: s.triage.Look, Edits: s.triage.Undeclared, Canary: s.o.Config.Limits.Canary, Seal: s.seal, Log: s.o.Log}
	return r.Run(ctx)
}

// DB is the bot's database, to be looked at.
func (s *Service) DB() *state.DB { return s.db }

// Queue are the bot's jobs, to be looked at.
func (s *Service) Queue() *queue.Queue { return s.queue }

// sources are the configured guideline repositories.
func sources(all []config.Guidelines, host string) (out []rulebook.Source) {
	for _, g := range all {
		repo, err := forge.ParseRepo(g.Repository, host)
		if err != nil {
			continue // checked when the configuration was read
		}
		governs := g.Governs
		if len(governs) == 0 {
			governs = []string{repo.Owner}
		}
		out = append(out, rulebook.Source{Repo: repo, Governs: governs})
	}
	return out
}

// only finds the one host.
func only[T any](h T, name string) func(string) (T, bool) {
	return func(host string) (T, bool) { return h, host == name }
}

// concerns says whether an event is one that the bot could act on.
func concerns(e forge.Event) bool {
	return e.Kind != forge.EventOther && e.Kind != forge.EventPing || !e.From.IsZero()
}

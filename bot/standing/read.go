package standing

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/codicil-dev/codicil/bot/markup"
	"github.com/codicil-dev/codicil/bot/model"
	"github.com/codicil-dev/codicil/bot/queue"
	"github.com/codicil-dev/codicil/bot/state"
)

// Options say what to read.
type Options struct {
	// Product leaves out all but this product's; 0 leaves out nothing.
	Product int64
	// Sweep is how often the bot looks through the forge; 0 if that is not known.
	Sweep time.Duration
	// Secrets are taken out of all texts, besides what looks like one.
	Secrets *model.Scrubber
	// Whole has all changes, triggers and campaigns of the product read, however old; without a product, the changes that spent something.
	Whole bool
	// Campaign is one that is read however long it is over; 0 is none.
	Campaign int64
	// Silence is how long no webhook may come while there are events before it is said; 0 means an hour.
	Silence time.Duration
}

// recent is how many things that are over are read, and mostText how many bytes of one text.
const (
	recent   = 30
	mostText = 2000
)

// Read reads how things stand.
func Read(ctx context.Context, db *state.DB, o Options) (s Standing, err error) {
	if o.Secrets == nil {
		o.Secrets = model.NewScrubber()
	}
	o.Silence = cmp.Or(o.Silence, time.Hour)
	s = Standing{Warnings: []string{}, Products: []Product{}, Working: []Trigger{}, Waiting: []Trigger{}, Open: []Change{}, Ended: []Change{}, NotDone: []Trigger{},
		Campaigns: []Campaign{}, DeadJobs: []Job{}, DeadWrites: []Write{}, Troubled: []Job{}, Hosts: []Host{}, Troubles: []Trouble{}, Events: []Event{}}
	err = db.View(ctx, func(tx *state.Tx) error {
		r := &reader{Tx: tx, o: o, now: db.Now()}
		for _, step := range []func(*Standing) error{r.names, r.spending, r.products, r.triggers, r.changes, r.spenders, r.campaigns, r.events, r.hosts, r.troubles} {
			if err := step(&s); err != nil {
				return err
			}
		}
		return r.failures(ctx, &s)
	})
	if err != nil {
		return s, fmt.Errorf("read how things stand: %w", err)
	}
	s.At = db.Now()
	s.warn(o)
	return s, nil
}

// reader reads in one transaction.
type reader struct {
	*state.Tx
	o            Options
	now          time.Time
	known        map[int64]state.Product
	repositories map[int64]state.Repository
	spent        map[string]Spent // by the change's UID
}

// names reads what others are named by.
func (r *reader) names(s *Standing) (err error) {
	r.known, r.repositories = map[int64]state.Product{}, map[int64]state.Repository{}
	products, err := r.EveryProduct()
	if err != nil {
		return err
	}
	for _, p := range products {
		r.known[p.ID] = p
	}
	repositories, err := r.Repositories()
	for _, x := range repositories {
		r.repositories[x.ID] = x
	}
	if err == nil {
		s.Since, err = r.Made()
	}
	return err
}

// spending adds up what each change spent.
func (r *reader) spending(s *Standing) error {
	r.spent = map[string]Spent{}
	kept, err := r.AnswersUnder("spent")
	for _, a := range kept {
		var spent model.Spent
		if json.Unmarshal([]byte(a.Answer), &spent) != nil {
			continue // of another version: it is only counted
		}
		uid, _, _ := strings.Cut(a.Change, "/")
		t := spent.Total
		one := Spent{Requests: t.Requests, In: t.Usage.In, Out: t.Usage.Out, Cost: t.Cost, CostKnown: t.CostKnown}
		r.spent[uid] = r.spent[uid].add(one)
		s.Spent = s.Spent.add(one)
	}
	return err
}

// mostSpenders is how many changes that spent something are read.
const mostSpenders = 200

// spenders reads the changes that spent something.
func (r *reader) spenders(s *Standing) error {
	if !r.o.Whole || r.o.Product != 0 {
		return nil
	}
	all, err := r.LatestChanges(10*mostSpenders, state.ChangeWorking, state.ChangeReady, state.ChangeOpen, state.ChangeMerged, state.ChangeDeclined, state.ChangeAbandoned)
	if err != nil {
		return err
	}
	for _, c := range all {
		if r.spent[c.UID].Requests == 0 {
			continue
		}
		if err := r.change(&s.Spenders, c); err != nil || len(s.Spenders) == mostSpenders {
			return err
		}
	}
	return nil
}

// add adds up. What costs an unknown amount makes the sum unknown.
func (a Spent) add(b Spent) Spent {
	known := b.CostKnown
	if a.Requests > 0 && b.Requests > 0 {
		known = a.CostKnown && b.CostKnown
	} else if a.Requests > 0 {
		known = a.CostKnown
	}
	return Spent{Requests: a.Requests + b.Requests, In: a.In + b.In, Out: a.Out + b.Out, Cost: a.Cost + b.Cost, CostKnown: known}
}

// text is what others wrote, fit to be shown as one line.
func (r *reader) text(t string) string {
	// Plain comes first: it takes out what can't be seen, which would keep a secret from being known.
	t = r.o.Secrets.Text(markup.Plain(t))
	if len(t) > mostText {
		t = t[:mostText]
		for !utf8.ValidString(t) && len(t) > mostText-utf8.UTFMax {
			t = t[:len(t)-1]
		}
		t += "…"
	}
	return t
}

// link is an address that a page may lead to; empty if it is none, or has more in it than an address.
func (r *reader) link(t string) string {
	u, err := url.Parse(t)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || len(t) > mostText {
		return ""
	}
	return r.o.Secrets.Text(u.String())
}

// in is the name of the repository of a product.
func (r *reader) in(p state.Product) string {
	x, ok := r.repositories[p.RepositoryID]
	if !ok {
		return ""
	}
	return r.text(x.String())
}

// wanted says whether a product is to be read.
func (r *reader) wanted(product int64) bool { return r.o.Product == 0 || r.o.Product == product }

// failures reads what went wrong.
func (r *reader) failures(ctx context.Context, s *Standing) error {
	writes, err := r.WritesIn(state.WriteDead)
	if err != nil {
		return err
	}
	buried := map[string]bool{}
	for _, w := range writes {
		buried[fmt.Sprintf("write/%d", w.ID)] = true
		if r.o.Product != 0 {
			continue
		}
		s.DeadWrites = append(s.DeadWrites, Write{ID: w.ID, Kind: strings.ReplaceAll(w.Kind, "_", " "), Key: r.text(w.Key), Repository: r.text(w.Repository), Error: r.text(w.Error), Attempts: w.Attempts, Created: w.Created})
	}
	dead, err := queue.Dead(ctx, r.Tx)
	if err != nil {
		return err
	}
	for _, j := range dead {
		if !buried[j.Argument] && r.concerns(j) { // else it is shown as the write
			s.DeadJobs = append(s.DeadJobs, r.job(j))
		}
	}
	troubled, err := queue.Troubled(ctx, r.Tx)
	for _, j := range troubled {
		if r.concerns(j) {
			s.Troubled = append(s.Troubled, r.job(j))
		}
	}
	return err
}

// concerns says whether a job is about the product that is wanted. Of a write that can't be told.
func (r *reader) concerns(j queue.Job) bool {
	return r.o.Product == 0 || j.Line == "product" && j.Argument == strconv.FormatInt(r.o.Product, 10)
}

// job is a job in words.
func (r *reader) job(j queue.Job) Job {
	out := Job{ID: j.ID, Line: j.Line, Argument: r.text(j.Argument), Error: r.text(j.Error), Attempts: j.Attempts, At: j.At, What: j.Line + " " + r.text(j.Argument)}
	id, err := strconv.ParseInt(j.Argument, 10, 64)
	switch {
	case err != nil && j.Line == "refresh":
		out.What = "Look what is out of date"
	case err != nil && strings.HasPrefix(j.Argument, "write/"):
		out.What = "Write on the forge"
	case err != nil:
	case j.Line == "product":
		if p, ok := r.known[id]; ok {
			out.What = "Work on " + r.text(p.Name) + " in " + r.in(p)
		}
	case j.Line == "campaign":
		out.What = fmt.Sprintf("Carry campaign %d on", id)
	}
	return out
}

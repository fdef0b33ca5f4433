// Package refresh asks of each product, when the week turns, whether it is still the best that it can be: what is known to be out of date
// becomes a trigger, and where nothing has changed since it was last asked, nothing happens and no model is asked.
package refresh

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"sort"
	"strings"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/engine"
	"github.com/codicil-dev/codicil/bot/guideline"
	"github.com/codicil-dev/codicil/bot/lint"
	"github.com/codicil-dev/codicil/bot/message"
	"github.com/codicil-dev/codicil/bot/mirror"
	"github.com/codicil-dev/codicil/bot/outbox"
	"github.com/codicil-dev/codicil/bot/queue"
	"github.com/codicil-dev/codicil/bot/rulebook"
	"github.com/codicil-dev/codicil/bot/spec"
	"github.com/codicil-dev/codicil/bot/state"
	"github.com/codicil-dev/codicil/bot/triage"
	"github.com/codicil-dev/codicil/bot/verify"
	"github.com/codicil-dev/codicil/bot/workspace"
)

// Line is the queue's line of refreshes: a job's argument is a [triage.RefreshOrder].
const Line = "refresh"

// Refresher finds out what is out of date. Its fields are needed unless said otherwise.
type Refresher struct {
	DB       *state.DB
	Queue    *queue.Queue
	Outbox   *outbox.Outbox
	Library  workspace.Library
	Book     *rulebook.Book
	Verifier *verify.Verifier
	Log      *slog.Logger
	// Products is the queue's line that works on products.
	Products string
	// Scratch is the folder for trees; empty for the system's.
	Scratch string
}

// Turn has all products asked; night names the turn, such as its date: each product is asked once a night.
func (r *Refresher) Turn(ctx context.Context, night string) error {
	return r.DB.Update(ctx, func(tx *state.Tx) error {
		c, fresh, err := tx.AddCampaign(state.Campaign{Key: "refresh/" + night, State: state.CampaignRunning, CampaignData: state.CampaignData{Kind: state.KindRefresh, Title: "The turn of the week, " + night}})
		if err != nil || !fresh {
			return err
		}
		products, err := tx.Products()
		if err != nil {
			return err
		}
		for _, p := range products {
			if err := r.Queue.Add(ctx, tx, Line, triage.RefreshOrder{Product: p.ID, Campaign: c.ID}.String()); err != nil {
				return err
			}
		}
		return nil
	})
}

// findings are what is out of date at a product.
type findings struct {
	evidence []string
	// rule is a guideline newer than the one adopted; nil if there is none.
	rule *guideline.Guideline
	// source and commit are where it is.
	source, commit string
	fingerprint    string
}

// Run does a job of Line.
func (r *Refresher) Run(ctx context.Context, argument string) error {
	var o triage.RefreshOrder
	if err := json.Unmarshal([]byte(argument), &o); err != nil {
		return &queue.DeadError{Err: fmt.Errorf("refresh %q: %w", argument, err)}
	}
	var p state.Product
	var in state.Repository
	var ok bool
	if err := r.DB.View(ctx, func(tx *state.Tx) (err error) {
		if p, ok, err = tx.Product(o.Product); err != nil || !ok {
			return err
		}
		in, ok, err = tx.RepositoryOf(p.RepositoryID)
		return err
	}); err != nil || !ok || p.Gone {
		return err
	}
	f, err := r.look(ctx, p, in)
	if err != nil {
		return fmt.Errorf("refresh %s in %s: %w", p.Name, in, err)
	}
	return r.DB.Update(ctx, func(tx *state.Tx) error { return r.keep(ctx, tx, o, p.ID, in, f) })
}

// look finds out what is out of date.
func (r *Refresher) look(ctx context.Context, p state.Product, in state.Repository) (f findings, err error) {
	m := r.Library.Mirror(in.Repository)
	if err := m.Fetch(ctx); err != nil {
		return f, err
	}
	head, ok, err := m.Resolve(ctx, in.DefaultBranch)
	if err != nil {
		return f, err
	}
	if !ok {
		return f, fmt.Errorf("there is no branch %s", in.DefaultBranch)
	}
	doc, err := workspace.DocumentAt(ctx, m, head, p.Path)
	if err != nil {
		f.evidence = []string{"The spec or ledger can't be read: " + err.Error()}
		f.fingerprint = sum(f.evidence)
		return f, nil
	}
	rules, _, err := r.Book.InForce(ctx, in.Repo)
	if err != nil {
		return f, err
	}
	if err := r.newer(ctx, &f, doc, rules, in); err != nil {
		return f, err
	}
	warnings, err := r.warnings(ctx, m, head, p)
	if err != nil {
		return f, err
	}
	f.evidence = append(f.evidence, warnings...)
	inputs := []string{spec.Fingerprint(doc.Spec, doc.Ledger.IDs()), "engine " + engine.Version()}
	for _, g := range rules {
		inputs = append(inputs, g.ID+"@"+g.Revision)
	}
	f.fingerprint = sum(append(inputs, f.evidence...))
	return f, nil
}

// newer finds guidelines that were adopted in an earlier revision than the one in force.
func (r *Refresher) newer(ctx context.Context, f *findings, doc *spec.Document, rules []guideline.Guideline, in state.Repository) error {
	adopted := map[string]string{}
	for _, e := range doc.Ledger.Entries {
		if e.Amendment.Origin.Kind == spec.OriginGuideline || e.Amendment.Origin.ID != "" {
			adopted[e.Amendment.Origin.ID] = e.Amendment.Origin.Revision
		}
	}
	for _, g := range rules {
		was, ok := adopted[g.ID]
		if !ok || was == g.Revision {
			continue
		}
		f.evidence = append(f.evidence, fmt.Sprintf("The guideline %q was adopted in revision %s; revision %s is in force.", g.Title, was, g.Revision))
		if f.rule != nil {
			continue
		}
		source, commit, err := r.Book.Where(ctx, in.Repo, g.ID)
		if err != nil {
			return err
		}
		f.rule, f.source, f.commit = &g, source, commit
	}
	return nil
}

// warnings are what lint finds worth a second look.
func (r *Refresher) warnings(ctx context.Context, m *mirror.Mirror, head string, p state.Product) (out []string, err error) {
	dir, err := os.MkdirTemp(r.Scratch, "codicil-refresh-")
	if err != nil {
		return nil, fmt.Errorf("make a scratch folder: %w", err)
	}
	defer os.RemoveAll(dir)
	if _, err := m.Export(ctx, head, spec.SpecFile, dir); err != nil {
		return nil, err
	}
	session, err := engine.Start(ctx, r.Verifier.Builder.Options())
	if err != nil {
		return nil, err
	}
	defer session.Close()
	if err := session.Lock(ctx); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	_, problems, err := lint.Lint(ctx, root.FS(), []string{p.Path}, session)
	if err != nil {
		return nil, err
	}
	for _, x := range problems {
		if x.Severity == bot.SeverityWarning {
			out = append(out, x.String())
		}
	}
	sort.Strings(out)
	return slices.Compact(out), nil
}

// keep writes what was found, and has the product worked on if there is anything to do.
func (r *Refresher) keep(ctx context.Context, tx *state.Tx, o triage.RefreshOrder, product int64, in state.Repository, f findings) error {
	p, ok, err := tx.Product(product)
	if err != nil || !ok {
		return err
	}
	say := func(text string) error {
		r.Log.Info("refresh", "product", p.Name, "repository", in.String(), "outcome", text)
		if o.Issue == 0 {
			return nil
		}
		key := o.Key + "/" + p.Name
		return r.Outbox.Later(ctx, tx, key, outbox.Operation{Kind: outbox.Comment, Repo: in.Repo, Number: o.Issue, Body: message.Said(key, p.Name+": "+text)})
	}
	hash := "refresh/" + f.fingerprint
	declined, err := tx.WasDeclined(p.ID, hash)
	if err != nil {
		return err
	}
	asked := o.Issue != 0
	unchanged := p.Refreshed == f.fingerprint
	p.Refreshed = f.fingerprint
	if err := tx.SaveProduct(p); err != nil {
		return err
	}
	switch {
	case unchanged && !asked:
		return say("nothing changed since it was last asked")
	case len(f.evidence) == 0:
		return say("nothing is known to be out of date")
	case declined && !asked:
		return say("the same was declined before")
	}
	x := state.Trigger{ProductID: p.ID, Kind: state.KindRefresh, Key: hash, Hash: hash, State: state.TriggerWaiting, CampaignID: o.Campaign, Issue: 0,
		TriggerData: state.TriggerData{Requirement: "Out of date:\n" + strings.Join(f.evidence, "\n"), Evidence: f.evidence, At: tx.Now()}}
	if f.rule != nil {
		x.Guideline, x.Revision, x.Title, x.Source, x.Commit = f.rule.ID, f.rule.Revision, f.rule.Title, f.source, f.commit
	}
	if asked {
		x.Key = o.Key + "/refresh"
	}
	_, fresh, err := tx.AddTrigger(x)
	if err != nil || !fresh {
		return err
	}
	if _, err := tx.Want(p.ID); err != nil {
		return err
	}
	if err := r.Queue.Add(ctx, tx, r.Products, fmt.Sprint(p.ID)); err != nil {
		return err
	}
	return say(fmt.Sprintf("%d things are out of date; it is being looked into", len(f.evidence)))
}

func sum(texts []string) string {
	s := sha256.Sum256([]byte(strings.Join(texts, "\x00")))
	return hex.EncodeToString(s[:12])
}

// Package gate verifies what people bring, without a model: it makes the check of a merge request or of a queue's commit, and one comment.
package gate

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/guideline"
	"github.com/codicil-dev/codicil/bot/message"
	"github.com/codicil-dev/codicil/bot/mirror"
	"github.com/codicil-dev/codicil/bot/outbox"
	"github.com/codicil-dev/codicil/bot/queue"
	"github.com/codicil-dev/codicil/bot/state"
	"github.com/codicil-dev/codicil/bot/triage"
	"github.com/codicil-dev/codicil/bot/verify"
	"github.com/codicil-dev/codicil/bot/workspace"
	"github.com/codicil-dev/codicil/forge"
)

// Line is the queue's line of what is to be verified: a job's argument is a [triage.Proof].
const Line = "verify"

// Host is what the gate asks of a forge besides what it writes.
type Host interface {
	MergeRequest(ctx context.Context, repo forge.Repo, number int) (forge.MergeRequest, error)
	// RequestRef is the ref under which a merge request's head can be fetched, also from a fork.
	RequestRef(number int) string
}

// Gate verifies what people bring. Its fields are needed.
type Gate struct {
	DB      *state.DB
	Outbox  *outbox.Outbox
	Library workspace.Library
	Hosts   func(host string) (Host, bool)
	Rules   func(ctx context.Context, repo forge.Repo, since time.Time) (rules []guideline.Guideline, given bool, err error)
	// Guidelines says whether a repository holds guidelines, and RulesAt reads them at a commit.
	Guidelines func(repo forge.Repo) bool
	RulesAt    func(ctx context.Context, r forge.Repository, commit string) ([]guideline.Guideline, bot.Problems, error)
	Verifier   *verify.Verifier
	Log        *slog.Logger
	// Scratch is the folder for trees; empty for the system's.
	Scratch string
}

// matter is one thing to verify.
type matter struct {
	triage.Proof
	repository state.Repository
	mirror     *mirror.Mirror
	base       string // a commit
	folder     string
	products   []state.Product // of the default branch
	touched    []string        // paths of products
}

// errUnconfirmed says that verifying would run a stranger's code, which nobody has let run.
var errUnconfirmed = errors.New("nobody has let this commit run")

// Verify does a job of Line.
func (g *Gate) Verify(ctx context.Context, argument string) error {
	var c matter
	if err := json.Unmarshal([]byte(argument), &c.Proof); err != nil {
		return &queue.DeadError{Err: fmt.Errorf("verify %q: %w", argument, err)}
	}
	var ok bool
	if err := g.DB.View(ctx, func(tx *state.Tx) (err error) {
		c.repository, ok, err = tx.RepositoryOf(c.Repository)
		if err != nil || !ok {
			return err
		}
		if !c.Allowed {
			if _, c.Allowed, err = tx.Setting(triage.AllowedKey(c.repository.Repo, c.Head)); err != nil {
				return err
			}
		}
		c.products, err = tx.ProductsIn(c.repository.ID)
		return err
	}); err != nil || !ok {
		return err
	}
	c.mirror = g.Library.Mirror(c.repository.Repository)
	err := g.fetch(ctx, &c)
	if errors.Is(err, mirror.ErrNotFound) {
		g.Log.Info("what was to be verified is gone", "repository", c.repository.String(), "number", c.Number, "commit", c.Head)
		return nil
	}
	if err != nil {
		return err
	}
	if err := g.touched(ctx, &c); err != nil {
		return err
	}
	if len(c.touched) == 0 {
		return g.untouched(ctx, c)
	}
	if c.folder, err = os.MkdirTemp(g.Scratch, "codicil-gate-"); err != nil {
		return fmt.Errorf("make a scratch folder: %w", err)
	}
	defer os.RemoveAll(c.folder)
	v, err := g.prove(ctx, c)
	if errors.Is(err, errUnconfirmed) {
		return g.unconfirmed(ctx, c)
	}
	if err != nil {
		return err
	}
	return g.tell(ctx, c, v)
}

// fetch brings the commits here, and finds what the head is compared with.
func (g *Gate) fetch(ctx context.Context, c *matter) error {
	if err := c.mirror.Fetch(ctx); err != nil {
		return err
	}
	if _, there, err := c.mirror.Resolve(ctx, c.Head); err != nil {
		return err
	} else if !there {
		host, ok := g.Hosts(c.repository.Host)
		if !ok {
			return fmt.Errorf("the host %s is not configured any more", c.repository.Host)
		}
		refs := []string{c.Head}
		if c.Number != 0 {
			refs = []string{host.RequestRef(c.Number)}
		}
		if err := c.mirror.Fetch(ctx, refs...); err != nil {
			return err
		}
		if _, there, err = c.mirror.Resolve(ctx, c.Head); err != nil {
			return err
		} else if !there {
			return fmt.Errorf("%w: %s has %.8s no more", mirror.ErrNotFound, c.repository, c.Head)
		}
	}
	base := c.Base
	if c.Number != 0 {
		base = "refs/heads/" + c.Base
	}
	base, ok, err := c.mirror.Resolve(ctx, base)
	if err != nil {
		return err
	}
	if !ok {
		return fmt.Errorf("%w: %s has no %s", mirror.ErrNotFound, c.repository, c.Base)
	}
	if c.base, ok, err = c.mirror.MergeBase(ctx, base, c.Head); err != nil || ok {
		return err
	}
	c.base = base // no common history: all is new
	return nil
}

// prove verifies the products that are touched, with those that read them.
func (g *Gate) prove(ctx context.Context, c matter) (v message.Verification, err error) {
	rules, given, err := g.Rules(ctx, c.repository.Repo, g.DB.Now())
	if err != nil {
		return v, err
	}
	others, err := g.neighbours(ctx, c)
	if err != nil {
		return v, err
	}
	sides := map[string]workspace.Member{"base": {Repository: c.repository.Repository, Commit: c.base}, "head": {Repository: c.repository.Repository, Commit: c.Head}}
	var head workspace.Layout
	in := verify.Input{Readers: true, Guidelines: rules, GuidelinesGiven: given}
	for name, m := range sides {
		dir := filepath.Join(c.folder, name)
		if err := os.Mkdir(dir, 0o700); err != nil {
			return v, fmt.Errorf("make a scratch folder: %w", err)
		}
		at, err := g.Library.Lay(ctx, dir, name+" ("+m.Commit[:8]+")", m, others)
		if err != nil {
			return v, err
		}
		if name == "base" {
			in.Base = &at.Tree
		} else {
			in.Head, head = at.Tree, at
		}
	}
	verifier := g.Verifier
	if c.Fork {
		if v.FromBase, err = fromBase(in.Base.Root, in.Head.Root); err != nil {
			return v, err
		}
		if !c.Allowed && runs(head, c.touched) {
			return v, errUnconfirmed
		}
		verifier = &verify.Verifier{Builder: g.Verifier.Builder.Offline(), Log: g.Verifier.Log, Now: g.Verifier.Now, Version: g.Verifier.Version}
	}
	v.SHA = c.Head
	v.Report, err = report(ctx, verifier, in, head, c.touched)
	if err != nil {
		return v, err
	}
	g.describe(in, head, c, &v)
	head.Home(v.Report)
	return v, nil
}

package verify

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/engine"
	"github.com/codicil-dev/codicil/bot/product"
	"github.com/codicil-dev/codicil/bot/spec"
)

// compatibility finds what a reader of the output would notice, and whether it was declared.
func (w *work) compatibility(ctx context.Context) error {
	if why := w.incomparable(); why != "" {
		w.notRun(bot.AreaCompatibility, why)
		w.specDifferences()
		return nil
	}
	c := &comparison{work: w}
	if err := c.open(ctx); err != nil {
		return err
	}
	defer c.close()
	if err := c.tables(ctx); err != nil {
		return err
	}
	if err := c.headAlone(ctx); err != nil {
		return err
	}
	if err := c.internalTables(ctx); err != nil {
		return err
	}
	if err := c.seeds(ctx); err != nil {
		return err
	}
	if err := c.ownData(ctx); err != nil {
		return err
	}
	w.specDifferences()
	w.compatibilityResults(c)
	return nil
}

// incomparable says why there is nothing to compare; empty if there is.
func (w *work) incomparable() string {
	if w.base == nil {
		if why, broken := w.brokenBase(); broken {
			return "the base's spec can't be read: " + why
		}
		if w.set.in.Base == nil {
			return cmp.Or(w.set.in.NoBase, "no base was given")
		}
		return "the base has no product " + w.name + ", so it has no readers yet"
	}
	if w.own == nil {
		return "the head does not build"
	}
	if w.baseSame == nil && w.baseBuilds {
		return "the head does not build on the base's data"
	}
	if w.baseSame == nil {
		return "the base does not build"
	}
	return ""
}

// comparison compares the tables of two builds in a session that reads both.
type comparison struct {
	*work
	session *engine.Session
	// done ends the use of the session; nil if it is over.
	done func()
	// control is the base built a second time under other circumstances, made when something differs.
	control *product.Build
	// headControl is the head built a second time, made where a changed model may give other results from run to run.
	headControl *product.Build
	pairs       []*tablePair
	// unusable are predicates of amendments that can't be used, so that they allow nothing.
	unusable map[string]bool
}

// Aliases of the databases in a comparison.
const (
	baseAlias        = "base"
	headAlias        = "head"
	ownAlias         = "own"
	controlAlias     = "control"
	headControlAlias = "headcontrol"
)

// open starts the session and checks the predicates of all amendments before anything may use them.
func (c *comparison) open(ctx context.Context) error {
	builds := map[string]*product.Build{baseAlias: c.baseSame, headAlias: c.headSame}
	if c.own.Key != c.headSame.Key {
		builds[ownAlias] = c.own
	}
	if c.control != nil {
		builds[controlAlias] = c.control
	}
	if c.headControl != nil {
		builds[headControlAlias] = c.headControl
	}
	if err := c.attach(ctx, builds); err != nil {
		return err
	}
	if c.unusable == nil {
		c.unusable = map[string]bool{}
		return c.checkPredicates(ctx)
	}
	return nil
}

// attach has the session of the comparison read some builds.
func (c *comparison) attach(ctx context.Context, builds map[string]*product.Build) (err error) {
	var readOnly []string
	var attach strings.Builder
	for _, alias := range sortedKeys(builds) {
		readOnly = append(readOnly, filepath.Dir(builds[alias].Database()))
		fmt.Fprintf(&attach, "ATTACH %s AS %s (READ_ONLY);\n", engine.Literal(builds[alias].Database()), engine.Ident(alias))
	}
	c.session, c.done, err = engine.Kept(ctx, fmt.Sprintf("comparison at %s\n%s", c.baseSame.Clock.UTC(), &attach), func() (*engine.Session, error) {
		session, err := engine.Start(ctx, c.v.Builder.Options(readOnly...))
		if err != nil {
			return nil, err
		}
		if err = session.Exec(ctx, attach.String()); err == nil {
			err = session.PinClock(ctx, c.baseSame.Clock)
		}
		if err == nil {
			err = session.Lock(ctx)
		}
		if err != nil {
			_ = session.Close()
			return nil, err
		}
		return session, nil
	})
	return err
}

func (c *comparison) close() {
	if c.done != nil {
		c.done()
		c.done = nil
	}
}

// tables pairs the tables of both sides and compares each pair.
func (c *comparison) tables(ctx context.Context) error {
	if err := c.pairTables(ctx); err != nil {
		return err
	}
	for _, p := range c.pairs {
		c.v.Builder.Say("%s: comparing %s", c.name, p.head.FullName())
		if err := p.compare(ctx); err != nil {
			return fmt.Errorf("compare %s: %w", p.head.FullName(), err)
		}
	}
	if c.anyData() {
		if err := c.excludeUnstable(ctx); err != nil {
			return err
		}
	}
	for _, p := range c.pairs {
		if err := p.report(ctx); err != nil {
			return fmt.Errorf("compare %s: %w", p.head.FullName(), err)
		}
	}
	return nil
}

// anyData says whether any rows or values differ.
func (c *comparison) anyData() bool {
	for _, p := range c.pairs {
		if !p.result.Same() {
			return true
		}
	}
	return false
}

// exposed are the tables that a spec names and that were built: what readers can see.
func exposed(s *spec.Spec, b *product.Build) []*product.Table {
	var out []*product.Table
	for _, t := range s.Tables {
		if built, ok := b.Table(t.Name); ok {
			out = append(out, built)
		}
	}
	return out
}

// difference records a difference and returns it to be filled in.
func (w *work) difference(kind bot.DifferenceKind, table, column string, impact bot.Impact, breaking bool, message string) *bot.Difference {
	w.differences = append(w.differences, bot.Difference{Product: w.name, Kind: kind, Table: table, Column: column, Impact: impact, Breaking: breaking, Message: message})
	return &w.differences[len(w.differences)-1]
}

// declare marks a difference as declared if a new amendment expects the change.
func (w *work) declare(d *bot.Difference, c spec.Change) *bot.Difference {
	if id, ok := w.declaredBy(c); ok {
		d.Declared, d.DeclaredBy = true, id
	}
	return d
}

// declareBoth marks a rename as declared where amendments expect the old name to go and the new one to come.
func (w *work) declareBoth(d *bot.Difference, drop, add spec.Change) {
	if d.Declared {
		return
	}
	_, goes := w.declaredBy(drop)
	if id, comes := w.declaredBy(add); goes && comes {
		d.Declared, d.DeclaredBy = true, id
	}
}

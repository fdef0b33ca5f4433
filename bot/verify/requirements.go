package verify

import (
	"context"
	"errors"
	"fmt"
	"path"
	"sort"
	"strings"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/engine"
	"github.com/codicil-dev/codicil/bot/spec"
)

// requirements runs every check of every amendment that still binds, proves that new ones say something, and shows what
// was retired.
func (w *work) requirements(ctx context.Context) error {
	if w.own == nil {
		w.notRun(bot.AreaRequirements, "the head does not build")
		return nil
	}
	if err := w.runChecks(ctx); err != nil {
		return err
	}
	if err := w.prove(ctx); err != nil {
		return err
	}
	return w.retired(ctx)
}

// isFresh says whether an amendment is one that this change brings or implements.
func (w *work) isFresh(id int) bool {
	if w.base == nil {
		return false
	}
	for _, e := range w.fresh {
		if e.Amendment.ID == id {
			return true
		}
	}
	return false
}

// runChecks runs the active checks on the head. Each finds what was renamed after it under the old names as well.
func (w *work) runChecks(ctx context.Context) error {
	active := w.head.Document.Ledger.Active()
	for _, a := range active {
		fresh := w.isFresh(a.Amendment)
		r := bot.Result{
			Product: w.name, Area: bot.AreaRequirements, Name: a.Check.Name, Status: bot.Pass, Amendment: a.Amendment, New: fresh,
			ID: fmt.Sprintf("%s/%d/%s", bot.AreaRequirements, a.Amendment, a.Check.Name),
		}
		if e, ok := w.head.Document.Ledger.Entry(a.Amendment); ok {
			r.File, r.Requirement = e.File, e.Amendment.Requirement
			r.Line = checkLine(e, a.Check.Name)
		}
		if err := w.decide(ctx, a.Check, &r, func() (*world, error) { return w.worlds.of(ctx, a.Amendment) }); err != nil {
			return err
		}
		if a.Pending && r.Status == bot.Fail {
			r.Status = bot.Review
			r.Message += " (the amendment is not implemented yet)"
		}
		w.results = append(w.results, r)
	}
	if len(active) == 0 {
		w.add(bot.AreaRequirements, bot.Review, "there are checks", "no amendment has a check, so nothing proves that requirements hold", "none")
	}
	return nil
}

// decide runs one check on the head and sets the result's status, message and sample.
func (w *work) decide(ctx context.Context, c spec.Check, r *bot.Result, open func() (*world, error)) error {
	if c.CEL != "" {
		r.Status, r.Message = decideCEL(c.CEL, w.head.Spec())
		return nil
	}
	x, err := open()
	if err != nil {
		return err
	}
	out := x.run(ctx, c.SQL)
	if out.err != nil {
		r.Status, r.Message = bot.Fail, "it can't be run: "+w.mask.fault(out)
		return ctx.Err()
	}
	if out.total > 0 {
		r.Status, r.Message = bot.Fail, violations(out.total)
		r.Sample = w.mask.sample(out.rows, out.total, out.exposes)
	}
	return nil
}

// decideCEL evaluates a check over a spec.
func decideCEL(expression string, s *spec.Spec) (bot.Status, string) {
	compiled, err := spec.CompileCEL(expression)
	if err != nil {
		return bot.Fail, "it can't be evaluated: " + err.Error()
	}
	holds, err := compiled.True(s)
	switch {
	case err != nil:
		return bot.Fail, "it can't be evaluated: " + err.Error()
	case !holds:
		return bot.Fail, "the spec does not satisfy " + strings.Join(strings.Fields(expression), " ")
	}
	return bot.Pass, ""
}

// violations says how many rows a check returned.
func violations(n int64) string {
	if n == 1 {
		return "1 row violates it"
	}
	return fmt.Sprintf("%d rows violate it", n)
}

// checkLine is the line of a check in its amendment's file; 0 if unknown.
func checkLine(e *spec.Entry, name string) int {
	for i, c := range e.Amendment.Checks {
		if c.Name == name {
			line, _ := e.Source.At(fmt.Sprintf("/checks/%d/name", i))
			return line
		}
	}
	return 0
}

// worlds opens the head's worlds when they are first needed, and again after one ended with a crash. Worlds with the same
// names in them are one.
type worlds struct {
	work *work
	open map[string]*world
}

// head is the world with the head's own names alone.
func (ws *worlds) head(ctx context.Context) (*world, error) { return ws.with(ctx, nil) }

// of is the world in which the checks of an amendment were written.
func (ws *worlds) of(ctx context.Context, amendment int) (*world, error) {
	return ws.with(ctx, ws.work.namesOf(amendment, ws.work.own))
}

func (ws *worlds) with(ctx context.Context, overlays []relation) (*world, error) {
	sort.Slice(overlays, func(i, j int) bool { return overlays[i].name < overlays[j].name })
	key := fmt.Sprint(overlays)
	if x, ok := ws.open[key]; ok {
		if x.alive(ctx) {
			return x, nil
		}
		x.close()
	}
	x, err := ws.work.openWorld(ctx, ws.work.own, overlays)
	if err != nil {
		return nil, err
	}
	if ws.open == nil {
		ws.open = map[string]*world{}
	}
	ws.open[key] = x
	return x, nil
}

func (ws *worlds) close() {
	for _, x := range ws.open {
		x.close()
	}
}

// alive says whether the session still answers; a check that crashed it must not take the others along.
func (x *world) alive(ctx context.Context) bool {
	_, err := x.session.Query(ctx, "SELECT 1", 1)
	var gone *engine.Error
	return !errors.As(err, &gone) || gone.Kind != engine.KindClosed && gone.Kind != engine.KindCrash
}

// file is a path of the product in its tree.
func (w *work) file(name string) string { return path.Join(w.head.Path, name) }

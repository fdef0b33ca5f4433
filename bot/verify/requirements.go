package verify

import (
	"context"
	"errors"
	"fmt"
	"path"
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

// runChecks runs the active checks on the head. Earlier ones see declared renames under the old names as well.
func (w *work) runChecks(ctx context.Context) error {
	worlds := worlds{work: w}
	defer worlds.close()
	active := w.head.Document.Ledger.Active()
	for _, a := range active {
		fresh := w.isFresh(a.Amendment)
		r := bot.Result{
			Product: w.name, Area: bot.AreaRequirements, Name: a.Check.Name, Status: bot.Pass, Amendment: a.Amendment, New: fresh,
			ID: fmt.Sprintf("%s/%d/%s", bot.AreaRequirements, a.Amendment, a.Check.Name),
		}
		if e, ok := w.head.Document.Ledger.Entry(a.Amendment); ok {
			r.File = e.File
			r.Line = checkLine(e, a.Check.Name)
		}
		if err := w.decide(ctx, a.Check, &r, func() (*world, error) { return worlds.head(ctx, !fresh) }); err != nil {
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
		r.Status, r.Message = bot.Fail, w.mask.text("it can't be run: "+out.err.Error())
		return ctx.Err()
	}
	if out.total > 0 {
		r.Status, r.Message = bot.Fail, violations(out.total)
		r.Sample = w.mask.sample(out.rows, out.total, out.columns)
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

// worlds opens the head's worlds when they are first needed, and again after one ended with a crash.
type worlds struct {
	work  *work
	plain *world
	named *world // with old names
}

func (ws *worlds) head(ctx context.Context, oldNames bool) (*world, error) {
	slot, overlays := &ws.plain, []relation(nil)
	if oldNames && ws.work.base != nil {
		if o := ws.work.oldNames(ws.work.own); len(o) > 0 {
			slot, overlays = &ws.named, o
		}
	}
	if *slot != nil && (*slot).alive(ctx) {
		return *slot, nil
	}
	opened, err := ws.work.openWorld(ctx, ws.work.own, overlays)
	if err != nil {
		return nil, err
	}
	*slot = opened
	return opened, nil
}

func (ws *worlds) close() {
	for _, x := range []*world{ws.plain, ws.named} {
		if x != nil {
			x.close()
		}
	}
}

// alive says whether the session still answers; a check that crashed it must not take the others along.
func (x *world) alive(ctx context.Context) bool {
	_, err := x.session.Query(ctx, "SELECT 1", 1)
	var gone *engine.Error
	return !errors.As(err, &gone) || gone.Kind != engine.KindClosed && gone.Kind != engine.KindCrash
}

// retired shows checks that new amendments retire. Without a new check that reads the same, that is for people to decide.
func (w *work) retired(ctx context.Context) error {
	if w.base == nil {
		return nil
	}
	for _, r := range w.head.Document.Ledger.Retired() {
		if !w.isFresh(r.By) {
			continue
		}
		by, ok := w.head.Document.Ledger.Entry(r.By)
		if !ok {
			continue
		}
		restated, err := w.restated(ctx, r.Check, by.Amendment)
		if err != nil {
			return err
		}
		status, message := bot.Review, fmt.Sprintf("amendment %d retires it and states nothing in its place, because: %s", r.By, r.Because)
		if restated != "" {
			status, message = bot.Pass, fmt.Sprintf("amendment %d restates it as %q, because: %s", r.By, restated, r.Because)
		}
		result := w.add(bot.AreaRequirements, status, r.Check.Name+" (retired)", message, fmt.Sprint(r.Amendment), r.Check.Name, "retired")
		result.Amendment, result.File = r.Amendment, by.File
	}
	return nil
}

// restated is the name of a check of the amendment that reads one of the tables that the retired check reads; for CEL, any
// CEL check. Empty if there is none.
func (w *work) restated(ctx context.Context, old spec.Check, by spec.Amendment) (string, error) {
	if old.CEL != "" {
		for _, c := range by.Checks {
			if c.CEL != "" {
				return c.Name, nil
			}
		}
		return "", nil
	}
	texts := []string{old.SQL}
	var names []string
	for _, c := range by.Checks {
		if c.SQL != "" {
			texts = append(texts, c.SQL)
			names = append(names, c.Name)
		}
	}
	reads, err := w.reads(ctx, texts)
	if err != nil {
		return "", err
	}
	for i, name := range names {
		for table := range reads[i+1] {
			if reads[0][table] {
				return name, nil
			}
		}
	}
	return "", nil
}

// file is a path of the product in its tree.
func (w *work) file(name string) string { return path.Join(w.head.Path, name) }

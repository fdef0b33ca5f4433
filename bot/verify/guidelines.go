package verify

import (
	"context"
	"fmt"
	"strings"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/guideline"
	"github.com/codicil-dev/codicil/bot/spec"
)

// guidelines runs the checks of every guideline that applies to the product at the base or at the head: one that applied at
// the base can't be escaped by taking away what it applies to.
func (w *work) guidelines(ctx context.Context) error {
	if !w.set.in.GuidelinesGiven {
		w.notRun(bot.AreaGuidelines, w.adoptedOnly())
		return nil
	}
	applied := 0
	for _, g := range w.set.in.Guidelines {
		head, base, err := w.applies(g)
		if err != nil {
			w.add(bot.AreaGuidelines, bot.Fail, g.Title, "whether it applies can't be told: "+err.Error(), g.ID, "applies").File = g.File
			continue
		}
		if !head && !base {
			continue
		}
		applied++
		if err := w.guideline(ctx, g, !head, w.worlds); err != nil {
			return err
		}
	}
	if applied == 0 {
		w.add(bot.AreaGuidelines, bot.Pass, "guidelines", fmt.Sprintf("none of the %d given applies", len(w.set.in.Guidelines)), "none")
	}
	return nil
}

// adoptedOnly says what was not checked, and what was.
func (w *work) adoptedOnly() string {
	var adopted []string
	for _, e := range w.head.Document.Ledger.Entries {
		if e.Amendment.Origin.Kind == spec.OriginGuideline && e.Amendment.Origin.ID != "" {
			adopted = append(adopted, e.Amendment.Origin.ID)
		}
	}
	if len(adopted) == 0 {
		return "no guidelines were given; name their folder with --guidelines"
	}
	return fmt.Sprintf("only those adopted (%s) were checked, as requirements; for the rest name their folder with --guidelines", strings.Join(adopted, ", "))
}

// applies says whether a guideline applies at the head and at the base.
func (w *work) applies(g guideline.Guideline) (head, base bool, err error) {
	if head, err = g.Applies(w.head.Spec()); err != nil {
		return false, false, err
	}
	if w.base != nil {
		if base, err = g.Applies(w.base.Spec()); err != nil {
			base = false // the guideline may speak of fields that only the head has
		}
	}
	return head, base, nil
}

// guideline runs one guideline's checks.
func (w *work) guideline(ctx context.Context, g guideline.Guideline, escaped bool, worlds *worlds) error {
	note := ""
	if escaped {
		note = " (it applied at the base, and still does until the guideline itself says otherwise)"
	}
	if len(g.Checks) == 0 {
		w.add(bot.AreaGuidelines, bot.Review, g.Title, "it applies and has no checks, so people must judge"+note, g.ID, "none").File = g.File
	}
	for _, c := range g.Checks {
		r := bot.Result{Product: w.name, ID: fmt.Sprintf("%s/%s/%s", bot.AreaGuidelines, g.ID, c.Name), Area: bot.AreaGuidelines, Name: g.Title + ": " + c.Name, Status: bot.Pass, File: g.File}
		if w.own == nil && c.SQL != "" {
			r.Status, r.Message = bot.NotRun, "the head does not build"
		} else if err := w.decide(ctx, c, &r, func() (*world, error) { return worlds.head(ctx) }); err != nil {
			return err
		}
		r.Message = strings.TrimSpace(r.Message + note)
		w.results = append(w.results, r)
	}
	return nil
}

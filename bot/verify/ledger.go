package verify

import (
	"bytes"
	"fmt"
	"path"
	"reflect"
	"strings"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/product"
	"github.com/codicil-dev/codicil/bot/spec"
)

// ledger checks that the history of why is intact and complete.
func (w *work) ledger() {
	if why, broken := w.brokenBase(); broken {
		w.add(bot.AreaLedger, bot.Review, "earlier amendments are untouched", "the base's spec or ledger can't be read, so nothing was compared: "+why, "untouched")
		return
	}
	if w.base == nil {
		w.add(bot.AreaLedger, bot.Pass, "ids are in order", fmt.Sprintf("%d amendments, no base to compare with", len(w.head.Document.Ledger.Entries)), "order")
		w.result()
		return
	}
	w.untouched()
	w.happened()
	w.pending()
	w.stale()
	w.result()
	w.declaredSpec()
}

// untouched compares the base's amendments with the head's, byte by byte.
func (w *work) untouched() {
	ok := true
	for _, old := range w.base.Document.Ledger.Entries {
		id := fmt.Sprint(old.Amendment.ID)
		name := fmt.Sprintf("amendment %s is untouched", id)
		now, there := w.head.Document.Ledger.Entry(old.Amendment.ID)
		switch {
		case !there:
			w.add(bot.AreaLedger, bot.Fail, name, fmt.Sprintf("it was deleted; bring %s back: only `supersedes` in a new amendment may retire its checks", spec.EntryFile(old.Amendment.ID)), "untouched", id).File = old.File
			ok = false
		case !bytes.Equal(old.Data, now.Data) && !onlyImplemented(old.Amendment, now.Amendment):
			w.add(bot.AreaLedger, bot.Fail, name, "it was edited after it was merged ("+whatDiffers(old.Amendment, now.Amendment)+"); restore it and say what is new in a new amendment", "untouched", id).File = now.File
			ok = false
		}
	}
	if ok {
		w.add(bot.AreaLedger, bot.Pass, "earlier amendments are untouched", fmt.Sprintf("%d earlier, %d new", len(w.head.Document.Ledger.Entries)-len(w.fresh), len(w.fresh)), "untouched")
	}
}

// pending asks people to look at amendments that say they are not implemented yet.
func (w *work) pending() {
	for _, e := range w.fresh {
		if e.Amendment.Pending() {
			r := w.add(bot.AreaLedger, bot.Review, fmt.Sprintf("amendment %d is implemented", e.Amendment.ID), "its change is <tbd>; the change that implements it says there what was done", "pending", fmt.Sprint(e.Amendment.ID))
			r.Amendment, r.File = e.Amendment.ID, e.File
		}
	}
}

// onlyImplemented says whether the only difference is that `change: <tbd>` was filled in, with the spec's hash if that was open too.
func onlyImplemented(old, now spec.Amendment) bool {
	if !old.Pending() {
		return false
	}
	now.Change = old.Change
	if old.Result == "" {
		now.Result = ""
	}
	return reflect.DeepEqual(old, now)
}

// whatDiffers names the fields that differ.
func whatDiffers(old, now spec.Amendment) string {
	var fields []string
	a, b := reflect.ValueOf(old), reflect.ValueOf(now)
	for i := range a.NumField() {
		if !reflect.DeepEqual(a.Field(i).Interface(), b.Field(i).Interface()) {
			name, _, _ := strings.Cut(a.Type().Field(i).Tag.Get("yaml"), ",")
			fields = append(fields, name)
		}
	}
	if len(fields) == 0 {
		return "only its layout or comments differ"
	}
	return strings.Join(fields, ", ")
}

// stale checks that the first new amendment was written against the base as it is now.
func (w *work) stale() {
	for _, e := range w.fresh {
		if _, old := w.base.Document.Ledger.Entry(e.Amendment.ID); old || e.Amendment.Base == "" {
			continue
		}
		want := spec.Fingerprint(w.base.Spec(), w.base.Document.Ledger.IDs())
		if e.Amendment.Base != want && !w.writtenAfterEdit(e.Amendment) {
			w.add(bot.AreaLedger, bot.Fail, fmt.Sprintf("amendment %d fits the base", e.Amendment.ID),
				"it is stale: the spec or the ledger changed after it was written; read it again against the present spec, then set base to "+want, "base", fmt.Sprint(e.Amendment.ID)).File = e.File
		}
		return // later ones are written against the one before
	}
}

// writtenAfterEdit says whether an amendment declares a hand edit of the spec and was written against the spec as edited: whoever
// proves the edit compares with the time before it, whoever merges the amendment finds the edited spec there already.
func (w *work) writtenAfterEdit(a spec.Amendment) bool {
	return a.Origin.Kind == spec.OriginSpec && a.Base == spec.Fingerprint(w.head.Spec(), w.base.Document.Ledger.IDs())
}

// result compares the spec with what the last amendment left.
func (w *work) result() {
	entries := w.head.Document.Ledger.Entries
	if len(entries) == 0 {
		w.add(bot.AreaLedger, bot.Review, "the spec has a history", "there is no amendment; `codicil verify --declare` drafts the first", "result").File = path.Join(w.head.Path, product.SpecFile)
		return
	}
	last := entries[len(entries)-1]
	if last.Amendment.Result == "" {
		if w.set.in.Base == nil { // with one, each difference is held to it
			w.add(bot.AreaLedger, bot.Review, "the spec is what the last amendment left",
				fmt.Sprintf("amendment %d does not say which spec it left, so an edit by hand of spec.yaml can't be told, nor what it lets go of: compare with a base, and see that the next amendment has its result (codicil verify --declare writes it)", last.Amendment.ID), "result").File = last.File
		}
		return
	}
	if last.Amendment.Result == spec.Hash(w.head.Spec()) {
		w.add(bot.AreaLedger, bot.Pass, "the spec is what the last amendment left", "", "result")
		return
	}
	r := w.add(bot.AreaLedger, bot.Review, "the spec is what the last amendment left",
		fmt.Sprintf("spec.yaml was edited by hand after amendment %d; `codicil verify --declare` drafts the amendment that says why", last.Amendment.ID), "result")
	r.File = path.Join(w.head.Path, product.SpecFile)
}

// declaredSpec checks that a new amendment declares each difference between the two specs.
func (w *work) declaredSpec() {
	bad := 0
	for i, c := range w.changes {
		if _, ok := w.declaredBy(c); ok {
			continue
		}
		bad++
		status, advice := bot.Fail, "declare it in a new amendment's expects, or take it back; `codicil verify --declare` drafts one"
		if w.specOnly {
			status, advice = bot.Review, "a hand edit that awaits its amendment; `codicil verify --declare` drafts it"
		}
		r := w.add(bot.AreaLedger, status, "the spec's change is declared", describeChange(c)+": "+advice, "declared", fmt.Sprint(i+1))
		r.File = path.Join(w.head.Path, product.SpecFile)
	}
	if bad == 0 {
		message := "the spec did not change"
		if len(w.changes) > 0 {
			message = count(len(w.changes), "difference", "differences") + ", all declared"
		}
		w.add(bot.AreaLedger, bot.Pass, "every change of the spec is declared", message, "declared")
	}
}

// describeChange is a change of the spec in a few words.
func describeChange(c spec.Change) string {
	switch c.Kind {
	case spec.AddTable:
		return "table " + c.On + " was added to the spec"
	case spec.DropTable:
		return "table " + c.On + " was taken out of the spec"
	case spec.AddColumn:
		return "column " + c.On + " was added to the spec"
	case spec.DropColumn:
		return "column " + c.On + " was taken out of the spec"
	case spec.RenameTable, spec.RenameColumn:
		return c.On + " was renamed to " + c.To + " in the spec"
	case spec.ChangeType:
		return fmt.Sprintf("the type of %s went from %s to %s", c.On, c.Old, c.New)
	case spec.ChangeNull:
		return fmt.Sprintf("nullable of %s went from %s to %s", c.On, c.Old, c.New)
	case spec.ChangeKey:
		return fmt.Sprintf("the key of %s went from %s to %s", c.On, c.Old, c.New)
	case spec.Reorder:
		return "the columns of " + c.On + " were reordered in the spec"
	}
	return fmt.Sprintf("%s of %s went from %q to %q", c.Field, c.On, c.Old, c.New)
}

package verify

import (
	"fmt"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/spec"
)

// unobserved asks people to look at new amendments that claim a change of shape or meaning which nothing shows. Values, rows, seeds
// and tests only may change, so an allowance that is not used is no claim.
func (w *work) unobserved() {
	if w.headSame == nil || w.ledgerFails() {
		return // what is wrong with the ledger is told already, and explains what is not seen
	}
	for _, e := range w.fresh {
		if _, before := w.base.Document.Ledger.Entry(e.Amendment.ID); before || e.Amendment.Pending() {
			continue
		}
		if len(w.changes) == 0 && w.writtenAfterEdit(e.Amendment) {
			continue // the base holds the hand edit already, so that only what implements it is seen here
		}
		for i, x := range e.Amendment.Expects {
			if !claims(x) || w.observed(x, e.Amendment.ID) {
				continue
			}
			r := w.add(bot.AreaDrift, bot.Review, fmt.Sprintf("amendment %d's claims are seen", e.Amendment.ID),
				"it expects to "+x.String()+", and nothing of the kind changed; take it out, or do it", "unobserved", fmt.Sprint(e.Amendment.ID), fmt.Sprint(i+1))
			r.Amendment, r.File = e.Amendment.ID, e.File
			r.Line, _ = e.Source.At(fmt.Sprintf("/expects/%d", i))
		}
	}
}

// ledgerFails says whether a result about the ledger failed.
func (w *work) ledgerFails() bool {
	for _, r := range w.results {
		if r.Area == bot.AreaLedger && r.Status == bot.Fail {
			return true
		}
	}
	return false
}

// claims says whether an expectation is of shape or meaning.
func claims(x expectation) bool {
	switch x.Kind() {
	case spec.ChangeValues, spec.ChangeRows, spec.AddRows, spec.DropRows, spec.ChangeSeed, spec.ChangeTest:
		return false
	}
	return true
}

// observed says whether the specs or the tables show what an expectation claims.
func (w *work) observed(x expectation, amendment int) bool {
	for _, c := range w.changes {
		if c.DeclaredBy(x) {
			return true
		}
	}
	names := names{x.On()}
	for _, r := range []*spec.Rename{x.RenameTable, x.RenameColumn} {
		if r != nil {
			names = append(names, r.To)
		}
	}
	for _, d := range w.differences {
		if d.Declared && d.DeclaredBy == amendment && (names.are(place(d)) || names.are(d.Table)) {
			return true
		}
	}
	return false
}

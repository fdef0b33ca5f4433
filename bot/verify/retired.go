package verify

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/spec"
)

// retired shows checks that new amendments retire. Unless a new check says the very same, that is for people to decide.
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
		restated, err := w.restated(ctx, r, by.Amendment)
		if err != nil {
			return err
		}
		status, message := bot.Review, fmt.Sprintf("amendment %d retires it and states nothing in its place, because: %s", r.By, r.Because)
		if names := checkNames(by.Amendment); names != "" {
			message = fmt.Sprintf("amendment %d retires it, because: %s; if it is restated in other words, compare it with %s", r.By, r.Because, names)
		}
		if restated != "" {
			status, message = bot.Pass, fmt.Sprintf("amendment %d restates it as %q, because: %s", r.By, restated, r.Because)
		}
		result := w.add(bot.AreaRequirements, status, r.Check.Name+" (retired)", message, fmt.Sprint(r.Amendment), r.Check.Name, "retired")
		result.Amendment, result.File = r.Amendment, by.File
	}
	return nil
}

// checkNames lists the names of an amendment's checks in quotes; empty if it has none.
func checkNames(a spec.Amendment) string {
	var names []string
	for _, c := range a.Checks {
		names = append(names, strconv.Quote(c.Name))
	}
	return strings.Join(names, ", ")
}

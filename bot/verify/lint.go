package verify

import (
	"context"
	"fmt"
	"os"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/lint"
)

// lintSpecs checks the specs and ledgers of the products to verify as codicil lint does, so that a change which only verify
// sees can't claim what is not so. The result is errors by the product's folder.
func (v *Verifier) lintSpecs(ctx context.Context, s *set) (map[string]bot.Problems, error) {
	byFolder := map[string]bot.Problems{}
	var folders []string
	for _, name := range s.wanted {
		if p, ok := s.head.Product(name); ok {
			folders = append(folders, p.Path)
		}
	}
	if len(folders) == 0 {
		return byFolder, nil
	}
	root, err := os.OpenRoot(s.in.Head.Root)
	if err != nil {
		return nil, fmt.Errorf("lint: %w", err)
	}
	defer root.Close()
	problems, err := lint.Specs(ctx, root.FS(), folders, v.Builder)
	if err != nil {
		return nil, err
	}
	for _, p := range problems {
		for _, folder := range folders {
			if p.Severity != bot.SeverityWarning && isBelow(p.File, folder) {
				byFolder[folder] = append(byFolder[folder], p)
			}
		}
	}
	return byFolder, nil
}

// linted records what lint found, one result each. Where something fails already, lint mostly says the same in other words,
// so it is only pointed to.
func (w *work) linted(problems bot.Problems) {
	if len(problems) > 0 && bot.VerdictOf(w.results) == bot.VerdictFail {
		w.notes = append(w.notes, fmt.Sprintf("codicil lint finds %s in the spec and ledger of %s, which may be the cause", count(len(problems), "error", "errors"), w.name))
		return
	}
	for i, p := range problems {
		r := w.add(bot.AreaLedger, bot.Fail, "the spec and its ledger make sense", p.Message, "lint", fmt.Sprint(i+1))
		r.File, r.Line = p.File, p.Line
	}
}

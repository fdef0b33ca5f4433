// Package why tells the story of a product, a table or a column from its spec and ledger.
package why

import (
	"fmt"
	"strings"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/spec"
)

// Last is the last verification of a product.
type Last struct {
	Report *bot.Report
	// Changed says that the product changed since.
	Changed bool
}

// Tell tells the story of a table or table.column of the product, or of the product itself if target is empty or its
// name. A target that was renamed or dropped is told from the ledger. last may be nil. The error is an *UnknownError.
func Tell(doc *spec.Document, target string, last *Last) (*Story, error) {
	s := doc.Spec
	st := &Story{Product: s.Product, Version: s.Version, Owner: Owner{s.Owner.Team, s.Owner.Contact}}
	t := &teller{doc: doc, story: st, results: map[string]bot.Result{}}
	t.recall(last)
	target = strings.TrimSpace(target)
	found, err := t.find(target)
	if err != nil {
		return nil, err
	}
	st.Kind, st.Name = found.kind(), found.name.String()
	if st.Kind == KindProduct {
		st.Name = s.Product
	} else if !strings.EqualFold(st.Name, target) && !strings.EqualFold(found.name.column, target) {
		st.Asked = target
	}
	st.Gone = found.gone
	steps := trail(found.entries, found.name)
	st.Renames = renames(steps, found.gone)
	t.describe(found)
	t.amendments(found, steps)
	t.checks(found, steps)
	st.forget()
	st.fill()
	return st, nil
}

// teller writes one story.
type teller struct {
	doc     *spec.Document
	story   *Story
	results map[string]bot.Result
	// contract are the results about what the spec itself promises.
	contract []bot.Result
}

// recall takes the results that concern the product out of the last report.
func (t *teller) recall(last *Last) {
	if last == nil || last.Report == nil {
		return
	}
	t.story.Verified = &Verified{At: last.Report.At, Base: last.Report.Base, Changed: last.Changed}
	for _, r := range last.Report.Results {
		if r.Product != t.doc.Spec.Product {
			continue
		}
		t.results[r.ID] = r
		if r.Area == bot.AreaContract {
			t.contract = append(t.contract, r)
		}
	}
}

// UnknownError says that a product has and had nothing of a name.
type UnknownError struct {
	Product, Target string
	// Near are names of the product that are close to it, the closest first.
	Near []string
}

// Error names the closest names, or where to look for them.
func (e *UnknownError) Error() string {
	if len(e.Near) == 0 {
		return fmt.Sprintf("%s is no table or column of %s; codicil why without a table lists what there is", e.Target, e.Product)
	}
	return fmt.Sprintf("%s is no table or column of %s; did you mean %s?", e.Target, e.Product, either(e.Near))
}

// either is "a, b or c".
func either(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:len(names)-1], ", ") + " or " + names[len(names)-1]
}

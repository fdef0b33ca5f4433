// Package message writes what the bot says on a forge: the merge request, its check, comments on issues.
//
// All of it is text made from data, without input or output. Whatever is not the bot's own word goes through package markup, so
// that it shows and does not act. Lists that come from outside may be of any length and texts of any size: what is returned
// keeps the host's limits.
package message

import (
	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/author"
	"github.com/codicil-dev/codicil/bot/spec"
	"github.com/codicil-dev/codicil/forge"
)

// Limit is the greatest size in bytes of what a body or a comment may hold. GitHub takes 65,536 characters.
const Limit = 65000

// Change is the work on one product, from what asked for it to the merge request.
type Change struct {
	// ID is the bot's own name for the change.
	ID            string
	Product, Path string
	// Repo is where the merge request is; Branch the bot's branch, and BaseSHA and HeadSHA the commits that it is between.
	Repo                     forge.Repo
	Branch, BaseSHA, HeadSHA string
	// Triggers are what asked for it, oldest first.
	Triggers []Trigger
	// Outcome is that of the newest work; nil for none. It may have been stored and read again.
	Outcome *author.Outcome
	// Earlier are the amendments that the change had before its newest work, the oldest first.
	Earlier []*spec.Amendment
	// Report is the whole change against the default branch; nil where none could be had.
	Report *bot.Report
	// Spec is the product's spec after the change, for the words of new columns; nil if it is not to be had.
	Spec *spec.Spec
	// Picture are the models and what reads them.
	Picture Picture
	// Draft says that the merge request must not be merged as it is.
	Draft bool
	// Codicil is the version of the bot.
	Codicil string
}

// Trigger is something that asked for a change.
type Trigger struct {
	// Kind is that of an amendment's origin: issue, guideline, refresh or spec.
	Kind string
	// Key is the bot's own name for it, Hash the fingerprint by which it is declined.
	Key, Hash string
	URL       string
	// Author is the login of who asked; empty if nobody did.
	Author string
	// Requirement is in the asker's words.
	Requirement string
	// Repo and Issue are where it was asked; a zero Repo is the change's own, 0 means no issue.
	Repo  forge.Repo
	Issue int
	// KeepOpen leaves the issue open when the change is merged: it asks for more than this change brings.
	KeepOpen bool
	// Guideline is what a trigger of that kind is about.
	Guideline *Guideline
}

// Guideline names a guideline at a revision.
type Guideline struct {
	ID, Title, Revision, URL string
	// Rule is its prose, or the part of it that says what is asked.
	Rule string
	// Before is what it said before it was edited; empty if it is new.
	Before string
}

// product is what the report says of the change's own product; ok is false if it says nothing.
func (c Change) product() (p bot.ProductReport, ok bool) {
	if c.Report == nil {
		return p, false
	}
	return productOf(c.Report, c.Product)
}

func productOf(r *bot.Report, name string) (p bot.ProductReport, ok bool) {
	for _, p := range r.Products {
		if p.Product == name {
			return p, true
		}
	}
	return p, false
}

// results are the results of the change's own product.
func (c Change) results() []bot.Result {
	if c.Report == nil {
		return nil
	}
	return resultsOf(c.Report, c.Product)
}

func resultsOf(r *bot.Report, product string) (out []bot.Result) {
	for _, x := range r.Results {
		if x.Product == product {
			out = append(out, x)
		}
	}
	return out
}

// differences are those of the change's own product.
func (c Change) differences() []bot.Difference {
	if c.Report == nil {
		return nil
	}
	return differencesOf(c.Report, c.Product)
}

func differencesOf(r *bot.Report, product string) (out []bot.Difference) {
	for _, d := range r.Differences {
		if d.Product == product {
			out = append(out, d)
		}
	}
	return out
}

// red says that something fails, in the product or in what reads it.
func (c Change) red() bool { return c.Report == nil || verdict(c.Report) == bot.VerdictFail }

// verdict is that of a report, or what its results come to where that is worse.
func verdict(r *bot.Report) bot.Verdict {
	of := bot.VerdictOf(r.Results)
	if of == bot.VerdictFail || r.Verdict != bot.VerdictFail && of == bot.VerdictReview {
		return of
	}
	return r.Verdict
}

// impact is what the change means for the readers of the product.
func (c Change) impact() bot.Impact {
	p, _ := c.product()
	impact := p.Impact
	for _, d := range c.differences() {
		impact = impact.Max(d.Impact)
	}
	if impact == "" {
		return bot.ImpactNone
	}
	return impact
}

// amendment is the newest amendment, or nil.
func (c Change) amendment() *spec.Amendment {
	if c.Outcome == nil {
		return nil
	}
	return c.Outcome.Amendment
}

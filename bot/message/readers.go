package message

import (
	"fmt"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/markup"
)

// readersHold says how many products that read this one hold; empty if there are none.
func (c Change) readersHold() string {
	others, failed := 0, 0
	for _, p := range c.Report.Products {
		if p.Product == c.Product {
			continue
		}
		others++
		if p.Verdict == bot.VerdictFail {
			failed++
		}
	}
	switch {
	case others == 0:
		return ""
	case failed > 0:
		return fmt.Sprintf("%d of %s %s", failed, counted(others, "product that reads it", "products that read it"), map[bool]string{true: "fails", false: "fail"}[failed == 1])
	case others == 1:
		return "the product that reads it holds"
	}
	return fmt.Sprintf("the %d products that read it hold", others)
}

// readers are the products that read this one with their verdicts, and the picture.
func (c Change) readers(p *markup.Page) {
	var units []string
	if c.Report != nil {
		for _, x := range c.Report.Products {
			if x.Product == c.Product {
				continue
			}
			units = append(units, "- "+sign(x.Verdict)+" "+cell(x.Product)+": "+readerOf(c.Report, x)+"\n")
		}
	}
	title := "Built on the new output: " + counted(len(units), "product that reads it", "products that read it")
	if c.red() {
		p.Add(importanceReaders, "products", "**"+title+"**\n\n", "", units...)
	} else {
		p.Fold(importanceReaders, "products", title, units)
	}
	if m := c.Picture.Mermaid(); m != "" {
		p.Add(importancePicture, "", "**What it touches**\n\n"+m, "")
	}
}

// failureOf is the gravest failure among results, in a few words.
func failureOf(results []bot.Result) string {
	var failures []bot.Result
	for _, r := range results {
		if r.Status == bot.Fail {
			failures = append(failures, r)
		}
	}
	if len(failures) == 0 {
		return "its report says why"
	}
	return gravest(failures)
}

// readerOf says what became of a product that reads the changed one.
func readerOf(r *bot.Report, x bot.ProductReport) string {
	n := len(differencesOf(r, x.Product))
	switch {
	case x.Verdict == bot.VerdictFail:
		return "fails: " + failureOf(resultsOf(r, x.Product))
	case x.Verdict == bot.VerdictReview:
		return "to review, with " + counted(n, "difference", "differences")
	case n > 0:
		return "holds, with " + counted(n, "difference", "differences")
	}
	return "holds, and nothing changes for its own readers"
}

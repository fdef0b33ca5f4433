package message

import (
	"fmt"
	"strings"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/author"
	"github.com/codicil-dev/codicil/bot/markup"
)

// failures says what fails, in red.
func (c Change) failures(p *markup.Page) {
	if !c.red() {
		return
	}
	head := "> [!CAUTION]\n> **Not to be merged as it is.**"
	if c.Draft {
		head = "> [!CAUTION]\n> **A draft, not to be merged as it is.**"
	}
	if c.Outcome != nil && c.Outcome.Kind != author.Done {
		head += " " + line(c.Outcome.Explanation)
	}
	var units []string
	if c.Report != nil {
		units = failing(c.Report, c.Product)
	}
	if len(units) == 0 {
		p.Add(importanceFailures, "", head+"\n", "")
		return
	}
	p.Add(importanceFailures, "failures", head+"\n>\n", "", units...)
}

// failing are the first results that fail, one item of a quoted list each for the product itself, how many more there are, and one
// for all that read it.
func failing(r *bot.Report, product string) []string {
	var own, others []string
	seen := map[string]bool{product: true}
	left := 0
	for _, x := range r.Results {
		if x.Status != bot.Fail {
			continue
		}
		switch {
		case x.Product == product && len(own) == openFailures:
			left++
		case x.Product == product:
			own = append(own, "> - "+failure(x)+"\n")
		case !seen[x.Product]:
			others = append(others, cell(x.Product))
		}
		seen[x.Product] = true
	}
	if left > 0 {
		own = append(own, "> - … and "+counted(left, "more failure", "more failures")+", in the full report\n")
	}
	if n := len(others); n > 0 {
		names := few(others, 8)
		own = append(own, fmt.Sprintf("> - **%s**, built on the new output: %s\n", counted(n, "product that reads it fails", "products that read it fail"), list(names, "and")))
	}
	return own
}

// failure is what fails and why, and where to look.
func failure(x bot.Result) string {
	text := line(x.Name)
	switch {
	case x.Area == bot.AreaDrift && x.Message != "":
		text = "**not declared**: " + line(strings.TrimSuffix(x.Message, "; no new amendment declares it"))
	case x.Message != "":
		text = "**" + text + "**: " + line(x.Message)
	}
	if x.File != "" {
		text += " (" + place(x) + ")"
	}
	return text
}

// gravest is the first of several failures that says something of the data, and how many more there are.
func gravest(failures []bot.Result) string {
	worst := failures[0]
	for _, x := range failures {
		if x.Area != bot.AreaCompatibility {
			worst = x
			break
		}
	}
	text := failure(worst)
	if n := len(failures) - 1; n > 0 {
		text += ", and " + counted(n, "more failure", "more failures")
	}
	return text
}

// place is file:line in code.
func place(r bot.Result) string {
	at := clip(r.File, 200)
	if r.Line > 0 {
		at += fmt.Sprintf(":%d", r.Line)
	}
	return markup.Code(at)
}

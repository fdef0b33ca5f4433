package message

import (
	"fmt"
	"strings"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/markup"
	"github.com/codicil-dev/codicil/forge"
)

// Drafted is an amendment that was drafted for a person: the text of a file that is still to be written.
type Drafted struct{ File, YAML string }

// Verification is what is said of a person's merge request: it was verified, and no model was asked.
type Verification struct {
	Key string
	// SHA is the commit that was verified.
	SHA string
	// Products are those that it touches.
	Products []Place
	// Report is all of it together, never nil.
	Report *bot.Report
	// Drafted are the amendments that its undeclared differences lack.
	Drafted []Drafted
	// FromBase lists which parts of it were taken from the target branch instead, such as what a fork may not change.
	FromBase []string
}

// CheckKey is the key of the check of a commit that the bot did not make.
func CheckKey(repo forge.Repo, sha string) string { return fmt.Sprintf("gate/%s/%s", repo.Key(), sha) }

// paths are the folders of the products touched.
func (v Verification) paths() map[string]string {
	out := map[string]string{}
	for _, x := range v.Products {
		out[x.Product] = x.Path
	}
	return out
}

// title is the verdict in one line of plain text.
func (v Verification) title() string {
	paths := v.paths()
	fails, reviews, readers := 0, 0, map[string]bool{}
	for _, x := range v.Report.Results {
		_, own := paths[x.Product]
		switch {
		case x.Status == bot.Fail && own:
			fails++
		case x.Status == bot.Fail:
			readers[x.Product] = true
		case x.Status == bot.Review && own:
			reviews++
		}
	}
	var parts []string
	if fails > 0 {
		parts = append(parts, counted(fails, "result fails", "results fail"))
	}
	if len(readers) > 0 {
		parts = append(parts, counted(len(readers), "product that reads it fails", "products that read it fail"))
	}
	if len(parts) == 0 && reviews > 0 {
		parts = append(parts, "everything holds, "+counted(reviews, "thing needs", "things need")+" a person's eye")
	}
	if len(parts) == 0 {
		parts = append(parts, "everything holds")
	}
	return list(parts, "and")
}

// Check is the check of the commit.
func (v Verification) Check() forge.Check {
	about := counted(len(v.Products), "product", "products")
	if len(v.Products) == 1 {
		about = clip(v.Products[0].Product, 50)
	}
	check := checked(forge.Check{Name: CheckName, SHA: v.SHA, Key: v.Key}, v.Report, about+": "+v.title(), v.paths())
	if len(v.FromBase) > 0 && check.Conclusion == forge.Success {
		check.Conclusion = forge.Neutral // what was not taken from it was not proven
	}
	return check
}

// named is the verdict with what it is about, in Markdown.
func (v Verification) named() string {
	if len(v.Products) == 1 {
		return cell(v.Products[0].Product) + ": " + v.title()
	}
	return counted(len(v.Products), "product", "products") + ": " + v.title()
}

// Comment is the one comment on the merge request.
func (v Verification) Comment() string {
	p := &markup.Page{}
	say(p, fmt.Sprintf("## %s %s\n", sign(verdict(v.Report)), v.named()))
	if len(v.Products) > 1 {
		p.Add(importanceFirst, "products", "| product | version | result |\n|---|---|---|\n", "", v.rows()...)
	}
	for _, x := range v.Products {
		v.product(p, x)
	}
	v.read(p)
	var fromBase []string
	for _, u := range v.FromBase {
		fromBase = append(fromBase, "- "+line(u)+"\n")
	}
	p.Add(importanceFirst, "remarks", "**Taken from the target branch**\n\n", "", fromBase...)
	v.offered(p)
	last := fmt.Sprintf("\n*Verified at %s, without a model. This comment is kept up to date.*\n", markup.Code(clip(v.SHA, 12)))
	room := Limit - len(keyed(v.Key, "")) - len(last)
	text, err := p.Fit(room)
	if err != nil {
		text = "## " + sign(verdict(v.Report)) + " The report is too long to be shown here.\n"
	}
	return keyed(v.Key, text+fullReport(v.Report, room-len(text))+last)
}

// rows are the products touched, one row each.
func (v Verification) rows() (out []string) {
	for _, x := range v.Products {
		r, ok := productOf(v.Report, x.Product)
		if !ok {
			continue
		}
		out = append(out, row(bold(x.Product), cell(versions(r)), sign(r.Verdict)+" "+standing(resultsOf(v.Report, x.Product))))
	}
	return out
}

// product tells what fails, what drifts, and what readers will notice.
func (v Verification) product(p *markup.Page, x Place) {
	results, differences := resultsOf(v.Report, x.Product), differencesOf(v.Report, x.Product)
	r, known := productOf(v.Report, x.Product)
	if len(v.Products) > 1 {
		if known && r.Verdict == bot.VerdictPass && len(differences) == 0 {
			return
		}
		p.Add(importanceFirst, "", "### "+cell(x.Product)+"\n", "")
	} else if known {
		facts := []string{standing(results)}
		if from := versions(r); from != "" {
			facts = []string{cell(from), standing(results)}
		}
		if r.BaseVersion != "" {
			facts = append(facts, meaning(r.Impact))
		}
		say(p, strings.Join(facts, " · ")+"\n")
	}
	var fails []string
	drift := false
	for _, y := range results {
		if y.Status == bot.Fail {
			fails = append(fails, "> - "+failure(y)+"\n")
			drift = drift || y.Area == bot.AreaDrift
		}
	}
	advice := ""
	if drift {
		advice = ">\n> What is not declared: undo it, or add an amendment that says why it changes.\n"
	}
	p.Add(importanceFailures, "failures", "> [!CAUTION]\n> **What fails**\n>\n", advice, fails...)
	p.Add(importanceFirst, "remarks", "> [!IMPORTANT]\n> **To look at**\n>\n", "", remarks(results, differences)...)
	compatibility(p, differences, r.BaseVersion != "")
	samples(p, differences)
}

// read tells of the products that read those touched.
func (v Verification) read(p *markup.Page) {
	paths := v.paths()
	var units []string
	for _, x := range v.Report.Products {
		if _, own := paths[x.Product]; own {
			continue
		}
		units = append(units, "- "+sign(x.Verdict)+" "+cell(x.Product)+": "+readerOf(v.Report, x)+"\n")
	}
	title := "Built on the new output: " + counted(len(units), "product that reads it", "products that read it")
	if verdict(v.Report) == bot.VerdictFail {
		p.Add(importanceReaders, "products", "**"+title+"**\n\n", "", units...)
		return
	}
	p.Fold(importanceReaders, "products", title, units)
}

// offered are the drafted amendments, to be copied.
func (v Verification) offered(p *markup.Page) {
	var units []string
	for _, d := range v.Drafted {
		text := markup.Block("yaml", d.YAML)
		if strings.Contains(text, gap) {
			text += "\nTo keep it from acting here, a character without width stands in it: rather take what `codicil verify --declare` writes.\n"
		}
		if len(text) > Limit/4 {
			text = "It is too long to be shown here; `codicil verify --declare` writes it.\n"
		}
		units = append(units, "Save this as "+markup.Code(clip(d.File, 200))+":\n\n"+text+"\n")
	}
	p.Add(importanceCompatibility, "drafts", "**A drafted amendment**, for what is not declared yet. Replace what is in angle brackets with your own words, and push it to this branch; `codicil verify --declare` writes the same.\n\n", "", units...)
}

// ForkComment asks a maintainer to let a fork's commit be verified.
func ForkComment(key, sha string) string { return keyed(key, unconfirmed(sha)) }

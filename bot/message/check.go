package message

import (
	"bytes"
	"fmt"
	"path"
	"strings"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/markup"
	"github.com/codicil-dev/codicil/bot/report"
	"github.com/codicil-dev/codicil/forge"
)

// CheckName is what all checks of the bot are called: a branch may require it, and so every commit has to get it under this name.
const CheckName = "codicil"

// mostAnnotations is how many annotations a check has; GitHub takes so many with one request.
const mostAnnotations = 50

// mostFindings is how many results a summary lists.
const mostFindings = 100

// Check is the merge request's check at a commit: the same report as in the body, with annotations at the lines to look at.
func (c Change) Check(sha string) forge.Check {
	check := forge.Check{Name: CheckName, SHA: sha, Key: c.ID, Conclusion: forge.Failure, Title: markup.Title(clip(c.Product, 50)+": nothing could be verified", 250), Summary: "Nothing could be verified.\n"}
	if c.Report == nil {
		if c.Outcome != nil && c.Outcome.Explanation != "" {
			check.Summary = paragraphs("", c.Outcome.Explanation, mostText)
		}
		return check
	}
	title := clip(c.Product, 50) + ": " + standing(c.results())
	if s := c.readersHold(); s != "" {
		title += ", " + s
	}
	return checked(check, c.Report, title, map[string]string{c.Product: c.Path})
}

// checked fills a check from a report. Only the files of the products in paths, which names their folders, are annotated.
func checked(check forge.Check, r *bot.Report, title string, paths map[string]string) forge.Check {
	check.Title = markup.Title(title, 250)
	check.Conclusion = conclusion(verdict(r))
	p := &markup.Page{}
	p.Add(importanceHeadline, "", sign(verdict(r))+" "+markup.Escape(check.Title)+"\n", "")
	var fails, reviews []string
	more := 0
	for _, x := range r.Results {
		lead := "- " + mark(x.Status) + " "
		if len(paths) > 1 {
			lead += cell(x.Product) + ": "
		}
		if _, own := paths[x.Product]; !own {
			continue
		}
		switch {
		case (x.Status == bot.Fail || x.Status == bot.Review) && len(fails)+len(reviews) == mostFindings:
			more++
		case x.Status == bot.Fail:
			fails = append(fails, lead+failure(x)+"\n")
		case x.Status == bot.Review:
			reviews = append(reviews, lead+failure(x)+"\n")
		}
	}
	for _, x := range r.Products {
		if _, own := paths[x.Product]; !own && x.Verdict == bot.VerdictFail {
			fails = append(fails, "- ✗ "+cell(x.Product)+", which reads it, "+readerOf(r, x)+"\n")
		}
	}
	p.Add(importanceFailures, "failures", "", "", fails...)
	p.Add(importanceFirst, "remarks", "", "", reviews...)
	if more > 0 {
		p.Add(importanceFirst, "", "*"+counted(more, "more result", "more results")+" to look at, in the report.*\n", "")
	}
	var left int
	check.Annotations, left = annotations(r, paths)
	if left > 0 {
		p.Add(importanceFirst, "", "*"+counted(left, "more line", "more lines")+" to look at, in the report.*\n", "")
	}
	summary, err := p.Fit(Limit / 2)
	if err == nil {
		check.Summary = summary
	}
	var full bytes.Buffer
	if err := report.Markdown(&full, r, report.MarkdownOptions{Limit: Limit}); err == nil {
		check.Text = full.String()
	}
	return check
}

// conclusion is how a check with a verdict ends: what a person has to look at does not stop a merge.
func conclusion(v bot.Verdict) forge.Conclusion {
	switch v {
	case bot.VerdictFail:
		return forge.Failure
	case bot.VerdictReview:
		return forge.Neutral
	}
	return forge.Success
}

// annotations are the results to look at that have a place, failures first, and how many were left out.
func annotations(r *bot.Report, paths map[string]string) (out []forge.Annotation, left int) {
	for _, status := range []bot.Status{bot.Fail, bot.Review} {
		for _, x := range r.Results {
			folder, own := paths[x.Product]
			if x.Status != status || !own {
				continue
			}
			file, start := annotated(x, folder)
			if file == "" {
				continue
			}
			if len(out) == mostAnnotations {
				left++
				continue
			}
			a := forge.Annotation{Path: file, Start: start, End: start, Level: forge.LevelFailure, Title: markup.Title(clip(x.Name, 200), 200), Message: markup.Title(x.Message, 1000)}
			if status == bot.Review {
				a.Level = forge.LevelWarning
			}
			if a.Message == "" {
				a.Message = string(x.Area)
			}
			out = append(out, a)
		}
	}
	return out, left
}

// annotated is the file, from the repository's root, and the line at which a result is shown. What lies outside the product, as
// a guideline does, is shown at the head of its spec; what has no place is not shown.
func annotated(x bot.Result, folder string) (file string, line int) {
	if x.File == "" {
		return "", 0
	}
	file = path.Clean(x.File)
	inside := folder == "" || folder == "." || strings.HasPrefix(file, folder+"/")
	if x.Area == bot.AreaGuidelines || !inside || path.IsAbs(file) || strings.HasPrefix(file, "../") || strings.ContainsAny(file, "\n\r\x00") {
		return path.Join(folder, "spec.yaml"), 1
	}
	return file, max(x.Line, 1)
}

// Untouched is the check of a commit that touches no product.
func Untouched(sha string) forge.Check {
	return forge.Check{Name: CheckName, SHA: sha, Key: "untouched", Conclusion: forge.Success, Title: "No data product is touched", Summary: "Nothing here belongs to a data product, so there was nothing to verify.\n"}
}

// Unconfirmed is the check of a commit whose code is not run before somebody who may write says so.
func Unconfirmed(sha string) forge.Check {
	return forge.Check{
		Name: CheckName, SHA: sha, Key: "unconfirmed", Conclusion: forge.ActionRequired, Title: "Waits for a maintainer to let it run",
		Summary: unconfirmed(sha),
	}
}

func unconfirmed(sha string) string {
	return fmt.Sprintf("This comes from a fork, and verifying it runs the code that it brings. Nothing was run. After a look at the change, somebody who may write here can start it for this commit:\n\n```\n/codicil verify %s\n```\n\nA later commit has to be let run again.\n", trailer(sha))
}

// Running is the check of a commit that is being verified.
func Running(sha string) forge.Check {
	return forge.Check{Name: CheckName, SHA: sha, Key: "running", Conclusion: forge.Pending, Title: "Verifying", Summary: "The products that this touches are being built and verified.\n"}
}

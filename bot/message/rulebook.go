package message

import (
	"fmt"
	"strings"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/guideline"
	"github.com/codicil-dev/codicil/bot/markup"
	"github.com/codicil-dev/codicil/forge"
)

// Rulebook is the check of a commit of a guideline repository: which guidelines it holds, and what is wrong with files that can't be read. Those
// bind nobody; the others do all the same. Files of guidelines and problems begin with the repository's name.
func Rulebook(repo forge.Repo, sha string, guidelines []guideline.Guideline, problems bot.Problems) forge.Check {
	check := forge.Check{Name: CheckName, SHA: sha, Key: "guidelines", Conclusion: forge.Success, Title: counted(len(guidelines), "guideline can", "guidelines can") + " be read"}
	p := &markup.Page{}
	var units []string
	for _, x := range problems.Sorted() {
		file := strings.TrimPrefix(x.File, repo.String()+"/")
		level := forge.LevelWarning
		if x.Severity != bot.SeverityWarning {
			check.Conclusion, level = forge.Failure, forge.LevelFailure
		}
		at := x
		at.File = file
		units = append(units, "- "+line(at.String())+"\n")
		if len(check.Annotations) < mostAnnotations {
			n := max(x.Line, 1)
			check.Annotations = append(check.Annotations, forge.Annotation{Path: file, Start: n, End: n, Level: level, Title: "guideline", Message: clip(x.Message, mostText)})
		}
	}
	if check.Conclusion == forge.Failure {
		check.Title = counted(len(problems), "problem", "problems") + " in files of guidelines"
		say(p, "A guideline whose file can't be read binds nobody until it is mended. "+counted(len(guidelines), "other is", "others are")+" in force.\n")
	}
	p.Add(importanceFirst, "problems", "**To mend**\n\n", "", units...)
	units = nil
	for _, g := range guidelines {
		units = append(units, fmt.Sprintf("- %s (%s, at revision %s)\n", bold(g.Title), markup.Code(clip(g.ID, 100)), markup.Code(clip(g.Revision, 12))))
	}
	p.Fold(importanceEarlier, "guidelines", counted(len(guidelines), "guideline", "guidelines")+" in force", units)
	text, err := p.Fit(Limit)
	if err != nil {
		text = "The list is too long to be shown.\n"
	}
	check.Summary = text
	return check
}

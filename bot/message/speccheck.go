package message

import (
	"github.com/codicil-dev/codicil/bot/author"
	"github.com/codicil-dev/codicil/bot/markup"
	"github.com/codicil-dev/codicil/forge"
)

// SpecCheck tells at the commit that edited a spec by hand what comes of it. Neutral is a merge request. A conflict is told with the ways out.
func SpecCheck(product, sha string, o *author.Outcome, how forge.Conclusion) forge.Check {
	title := "the product is as its spec says"
	if o.Kind == author.Conflict {
		title = "the edit of the spec contradicts what was promised before"
		return forge.Check{Name: CheckName, SHA: sha, Conclusion: how, Title: markup.Title(product+": "+title, 200), Summary: editConflict(product, o)}
	}
	switch how {
	case forge.Failure:
		title = "the product could not be made to meet its spec as it was edited"
	case forge.Neutral:
		title = "a merge request makes the product meet its spec as it was edited"
	case forge.Pending:
		title = "the edit of the spec waits"
	}
	return forge.Check{Name: CheckName, SHA: sha, Conclusion: how, Title: markup.Title(product+": "+title, 200), Summary: markup.Escape(clip(o.Explanation, 4*mostText))}
}

// editConflict tells what forbids an edit, and the ways out; one that retires something with the line to be written in an issue.
func editConflict(product string, o *author.Outcome) string {
	p := &markup.Page{}
	s := Status{Product: product, Requirement: o.Requirement, Outcome: o, Requirements: o.Asked()}
	say(p, paragraphs("", o.Explanation, mostText))
	s.earlier(p, "What was promised")
	s.ways(p)
	text, err := p.Fit(Limit)
	if err != nil {
		text = "There is more to say than fits here.\n"
	}
	return text
}

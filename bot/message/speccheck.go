package message

import (
	"github.com/codicil-dev/codicil/bot/author"
	"github.com/codicil-dev/codicil/bot/markup"
	"github.com/codicil-dev/codicil/forge"
)

// SpecCheck tells at the commit that edited a spec by hand what comes of it. Neutral is a merge request.
func SpecCheck(product, sha string, o *author.Outcome, how forge.Conclusion) forge.Check {
	title := "the product is as its spec says"
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

package message

import (
	"github.com/codicil-dev/codicil/bot/author"
	"github.com/codicil-dev/codicil/bot/markup"
	"github.com/codicil-dev/codicil/forge"
)

// SpecCheck tells at the commit that edited a spec by hand what came of it, where that is no merge request.
func SpecCheck(product, sha string, o *author.Outcome, how forge.Conclusion) forge.Check {
	title := "the product is as its spec says"
	if how == forge.Failure {
		title = "the product could not be made to meet its spec as it was edited"
	}
	return forge.Check{Name: CheckName, SHA: sha, Conclusion: how, Title: markup.Title(product+": "+title, 200), Summary: markup.Escape(clip(o.Explanation, 4*mostText))}
}

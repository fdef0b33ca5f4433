package message

import (
	"fmt"

	"github.com/codicil-dev/codicil/bot/markup"
	"github.com/codicil-dev/codicil/forge"
)

// Reference names an issue or a merge request.
type Reference struct {
	Number int
	// URL is its page; without one the number is written, which the host links.
	URL string
	// Repo is zero for the repository where the text stands.
	Repo forge.Repo
}

// text is the reference in a sentence, with the noun before it.
func (r Reference) text(noun string) string {
	shown := fmt.Sprintf("%s %d", noun, r.Number)
	if !r.Repo.IsZero() {
		shown += " of " + clip(r.Repo.String(), mostCell)
	}
	if r.URL == "" && r.Repo.IsZero() {
		return fmt.Sprintf("%s #%d", noun, r.Number)
	}
	return markup.Link(shown, r.URL)
}

// comment is a page with its hidden key, within the host's limit.
func comment(key string, p *markup.Page) string {
	text, err := p.Fit(Limit - len(keyed(key, "")))
	if err != nil {
		text = "There is more to say than fits here."
	}
	return keyed(key, text)
}

// say adds what always stands.
func say(p *markup.Page, text string) { p.Add(importanceHeadline, "", text, "") }

// sayFew adds a list, of which the last entries are left out where it is too long.
func sayFew(p *markup.Page, what, head string, units ...string) {
	p.Add(importanceEarlier, what, head, "", units...)
}

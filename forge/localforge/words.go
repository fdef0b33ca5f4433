package localforge

import (
	"bytes"
	"io"
	"regexp"
	"strconv"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/renderer/html"
	nethtml "golang.org/x/net/html"
)

// Mention is somebody who was told of a text, because it names them behind an @.
type Mention struct {
	Where string `json:"where"` // the address of the text
	By    string `json:"by"`
	Who   string `json:"who"`
}

// Mentions lists who was mentioned so far, in the order in which it happened: once for each text, and only users that there are.
func (f *Forge) Mentions() []Mention {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []Mention
	for _, m := range f.mentions.all(nil) {
		out = append(out, *m)
	}
	return out
}

// markdown is GitHub's, with raw HTML passed through as that is looked at too.
var markdown = goldmark.New(goldmark.WithExtensions(extension.GFM), goldmark.WithRendererOptions(html.WithUnsafe()))

// seen is what readers see of a Markdown text outside code: with the text of links, and without it.
func seen(text string) (all, outsideLinks string) {
	var page bytes.Buffer
	if err := markdown.Convert([]byte(text), &page); err != nil {
		return text, text // what can't be rendered is taken as it stands
	}
	var whole, bare strings.Builder
	inCode, inLink := 0, 0
	tokens := nethtml.NewTokenizer(&page)
	for {
		kind := tokens.Next()
		if kind == nethtml.ErrorToken {
			if tokens.Err() != io.EOF {
				return text, text
			}
			return whole.String(), bare.String()
		}
		token := tokens.Token()
		step := map[nethtml.TokenType]int{nethtml.StartTagToken: 1, nethtml.EndTagToken: -1}[kind]
		switch token.Data {
		case "code", "pre", "tt", "script", "style":
			inCode = max(0, inCode+step)
		case "a":
			inLink = max(0, inLink+step)
		}
		if kind != nethtml.TextToken || inCode > 0 {
			whole.WriteString("\x00") // what stands apart is not read as one word
			bare.WriteString("\x00")
			continue
		}
		whole.WriteString(token.Data)
		if inLink == 0 {
			bare.WriteString(token.Data)
		}
	}
}

// naming is a user's or team's name behind an @ that is no part of a word or of an address.
var naming = regexp.MustCompile(`(?:^|[^\w@/.+-])@([A-Za-z0-9](?:[A-Za-z0-9]|-[A-Za-z0-9])*)`)

// mentioned records whom a text names. Those who were named by it before are left out.
func (f *Forge) mentioned(where, by, text string) {
	if !strings.Contains(text, "@") && !strings.Contains(text, "&") {
		return
	}
	_, text = seen(text)
	told := map[string]bool{}
	for _, m := range f.mentions.of(where, nil) {
		told[fold(m.Who)] = true
	}
	for _, found := range naming.FindAllStringSubmatch(text, -1) {
		u := f.users.rows[fold(found[1])]
		if u == nil || told[fold(u.Login)] {
			continue
		}
		told[fold(u.Login)] = true
		put(f.store, &f.mentions, f.next(), &Mention{Where: where, By: by, Who: u.Login})
	}
}

// closing is a closing keyword with an issue: of the same repository, of another, or by its address.
var closing = regexp.MustCompile(`(?i)\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?):?\s+(?:(?:([\w.-]+)/([\w.-]+))?#(\d+)|gh-(\d+)|https?://[^\s/]+/([\w.-]+)/([\w.-]+)/issues/(\d+))`)

// closeNamed closes the issues that a text names behind a closing keyword, as far as the one who merged or pushed it may.
func (f *Forge) closeNamed(r *repo, text, by string) {
	text, _ = seen(text)
	for _, m := range closing.FindAllStringSubmatch(text, -1) {
		in := r
		if owner := m[1] + m[5]; owner != "" {
			in = f.find(owner, m[2]+m[6])
		}
		number, _ := strconv.Atoi(m[3] + m[4] + m[7]) // the pattern has digits only; one too long is no issue's
		if in == nil || f.standing(by, in).rank() < Write.rank() {
			continue
		}
		if i := f.issue(in, number); i != nil && i.Pull == nil && i.open() {
			i.Reason = "completed"
			f.setState(in, i, false, by)
		}
	}
}

// standing is what a login may do in a repository: by itself, or as the bot of an app that is installed there.
func (f *Forge) standing(login string, r *repo) Permission {
	for _, i := range f.installations.all(func(i *installation) bool { return i.covers(r) }) {
		if strings.EqualFold(f.apps.rows[i.App].bot(), login) {
			return Write
		}
	}
	return f.permission(login, r)
}

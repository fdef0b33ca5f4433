package pages

import (
	"bytes"
	"fmt"
	"html/template"
	"regexp"
	"strings"
	"time"

	"github.com/microcosm-cc/bluemonday"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/renderer/html"
	nethtml "golang.org/x/net/html"

	"github.com/codicil-dev/codicil/forge/localforge"
)

// markdown is GitHub's. Raw HTML passes it, and then only what allowed lets through.
var markdown = goldmark.New(
	goldmark.WithExtensions(extension.Linkify, extension.Strikethrough, extension.TaskList, extension.NewTable(extension.WithTableCellAlignMethod(extension.TableCellAlignAttribute))),
	goldmark.WithRendererOptions(html.WithUnsafe()),
)

// allowed are the elements that a page shows of what others wrote: no images, no styles, no scripts.
var allowed = func() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	p.AllowElements("p", "br", "hr", "h1", "h2", "h3", "h4", "h5", "h6", "strong", "b", "em", "i", "del", "s", "code", "pre", "blockquote", "ul", "ol", "li", "details", "summary", "sub", "sup", "kbd",
		"table", "thead", "tbody", "tr", "th", "td")
	p.AllowAttrs("class").Matching(regexp.MustCompile(`^language-[A-Za-z0-9_+-]+$`)).OnElements("code")
	p.AllowAttrs("align").Matching(regexp.MustCompile(`^(left|right|center)$`)).OnElements("th", "td")
	p.AllowAttrs("start").Matching(bluemonday.Integer).OnElements("ol")
	p.AllowAttrs("open").Matching(regexp.MustCompile(`^(|open)$`)).OnElements("details")
	p.AllowAttrs("type").Matching(regexp.MustCompile(`^checkbox$`)).OnElements("input")
	p.AllowAttrs("checked", "disabled").Matching(regexp.MustCompile(`^$`)).OnElements("input")
	p.AllowAttrs("href").OnElements("a")
	p.AllowURLSchemes("http", "https", "mailto")
	p.AllowRelativeURLs(true)
	p.RequireParseableURLs(true)
	p.RequireNoFollowOnLinks(true)
	return p
}()

// functions are what the templates call.
var functions = template.FuncMap{"markdown": render, "when": when, "initial": initial, "machine": machine, "emoji": emoji, "short": short, "readable": readable, "pair": pair, "ran": ran}

// render is a Markdown text of a repository as HTML.
func render(repo *localforge.Repository, text string) (template.HTML, error) {
	var out bytes.Buffer
	if err := markdown.Convert([]byte(text), &out); err != nil {
		return "", fmt.Errorf("render Markdown: %w", err)
	}
	return template.HTML(referring(allowed.SanitizeBytes(out.Bytes()), repo.Owner+"/"+repo.Name)), nil
}

// referring adds links to issues and marks names behind an @, outside links and code, in HTML that is harmless.
func referring(page []byte, repo string) string {
	var out strings.Builder
	deep := 0 // in how many links and pieces of code
	tokens := nethtml.NewTokenizer(bytes.NewReader(page))
	for tokens.Next() != nethtml.ErrorToken {
		raw := string(tokens.Raw()) // before Token, which changes it
		token := tokens.Token()
		step := map[nethtml.TokenType]int{nethtml.StartTagToken: 1, nethtml.EndTagToken: -1}[token.Type]
		if token.Data == "a" || token.Data == "code" || token.Data == "pre" {
			deep += step
		}
		if token.Type == nethtml.TextToken && deep == 0 {
			raw = reference.ReplaceAllStringFunc(raw, func(found string) string { return refer(found, repo) })
			raw = name.ReplaceAllString(raw, `$1<span class="mention">$2</span>`)
		}
		out.WriteString(raw)
	}
	return out.String()
}

var (
	// reference is a reference, or a character that is written as a number, which is none.
	reference = regexp.MustCompile(`&#[0-9]+;|(?:\b[A-Za-z0-9][\w-]*/[\w.-]+)?#[0-9]+\b`)
	name      = regexp.MustCompile(`(^|[\s(])(@[A-Za-z0-9][A-Za-z0-9-]*)`)
)

// refer is a link to what #12 or owner/name#12 names.
func refer(found, repo string) string {
	if strings.HasPrefix(found, "&") {
		return found
	}
	in, number, _ := strings.Cut(found, "#")
	if in == "" {
		in = repo
	}
	return fmt.Sprintf(`<a href="/%s/issues/%s">%s</a>`, in, number, found)
}

// when is a time as people read it.
func when(t time.Time) string { return t.UTC().Format("2 Jan 2006, 15:04 UTC") }

// initial is the first letter of a login.
func initial(login string) string {
	for _, r := range strings.ToUpper(login) {
		return string(r)
	}
	return "?"
}

// machine says whether a login is a bot's.
func machine(login string) bool { return strings.HasSuffix(login, "[bot]") }

// emoji is a reaction as people see it.
func emoji(reaction string) string {
	return map[string]string{"+1": "👍", "-1": "👎", "laugh": "😄", "hooray": "🎉", "confused": "😕", "heart": "❤️", "rocket": "🚀", "eyes": "👀"}[reaction]
}

// short is a commit's hash as people write it.
func short(sha string) string { return sha[:min(8, len(sha))] }

// readable is one of the API's words for people.
func readable(word string) string { return strings.ToLower(strings.ReplaceAll(word, "_", " ")) }

// listing is what the template of a list shows.
type listing struct {
	Repo *localforge.Repository
	List []localforge.Issue
}

func pair(repo *localforge.Repository, list []localforge.Issue) listing { return listing{repo, list} }

// run is what the template of a check run shows, with buttons or without.
type run struct {
	Repo    *localforge.Repository
	Check   localforge.Check
	Buttons bool
}

func ran(repo *localforge.Repository, c localforge.Check, buttons bool) run {
	return run{repo, c, buttons}
}

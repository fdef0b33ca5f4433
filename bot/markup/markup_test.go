package markup

import (
	"bytes"
	"regexp"
	"strings"
	"testing"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/renderer/html"
)

// corpus is text that acts, in as many ways as came to mind.
func corpus() []string {
	return []string{
		"", " ", "plain words", "item_count", "_emphasis_ *more* **bold** ~~gone~~ ~gone~", "a|b|c", `a\|b`, `ends with \`, `\\`,
		"@root please", "mail bob@example.com", "@org/team", "x@", "fixes #12", "Closes: #3", "resolve owner/repo#4", "fix GH-12", "close JIRA-7",
		"closes https://github.com/o/r/issues/1", "implements issue #9", "!12 and &3 and ~bug and %v1 and $9 and ^alert#1",
		"<script>alert(1)</script>", "<img src=x onerror=y>", "<!-- hidden -->", "<!--", "-->", "<a href=http://e.vil>x</a>", "<https://e.vil>", "<b@e.vil>",
		"<details>", "</details></td></table>", "&lt;b&gt; &amp; &#64;root &commat;root", "<?php", "<![CDATA[x]]>",
		"![x](http://e.vil/a.png)", "[click](javascript:alert(1))", "[a][b]\n\n[b]: http://e.vil", "[^1]", "[x]: http://e.vil", "https://e.vil", "www.e.vil", "_www.e.vil", "0https://e.vil", "ftp://e.vil", "mailto:a@e.vil", "xmpp:a@e.vil",
		"# head", "## head", "head\n===", "head\n---", "---", "***", "___", "===", "- item", "+ item", "* item", "1. item", "1) item", "> quote", "    code", "\tcode", "```\ncode", "~~~", "`code`", "``a`b``", "`", "``````",
		"/close", "/assign @me", " /label ~bug", "\n/approve", "line\n/close\nline", "\r/close", "\u2028/close", "| a | b |\n|---|---|\n| 1 | 2 |", ":---", ":tada:", "$x^2$", "$$y$$", "{+ added +}", "[- gone -]", "- [ ] task", "{: .class}",
		"\u202eevil\u202c", "\u2066x\u2069", "a\u200b@root", "@\u200broot", "\ufeff/close", "\x1b[31mred\x00", "\xff\xfe broken", "tag\U000e0041\U000e0042", "line\u0085next", "é ü 漢字 🙂 👩‍👩‍👧",
		"[skip ci] x", "[CI Skip]", "[no ci]", "[skip actions]", "***NO_CI***", "\u00ad@root", "#\u2060" + "12", strings.Repeat("*", 50), strings.Repeat("[", 200), strings.Repeat("`a", 20),
	}
}

// render is what a host makes of Markdown, raw HTML and all.
func render(t *testing.T, md string) string {
	t.Helper()
	var b bytes.Buffer
	if err := goldmark.New(goldmark.WithExtensions(extension.GFM, extension.Footnote), goldmark.WithRendererOptions(html.WithUnsafe())).Convert([]byte(md), &b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

var tag = regexp.MustCompile(`<[^>]*>`)

// words takes the tags away and puts characters back, to compare what is shown with what was given.
func words(page string) string {
	page = tag.ReplaceAllString(page, "")
	return strings.NewReplacer("&lt;", "<", "&gt;", ">", "&quot;", `"`, "&amp;", "&", gap, "", "\n", "").Replace(page)
}

func TestEscapeShowsTheTextAndNothingElse(t *testing.T) {
	for _, s := range corpus() {
		want := strings.ReplaceAll(Plain(s), gap, "")
		for place, c := range map[string]struct{ before, after, open, close string }{
			"paragraph": {"", "", "<p>", "</p>\n"},
			"heading":   {"## ", "", "<h2>", "</h2>\n"},
			"item":      {"- ", "", "<ul>\n<li>", "</li>\n</ul>\n"},
			"bold":      {"x **a", "b** y", "<p>x <strong>a", "b</strong> y</p>\n"},
			"cell": {"| h | i |\n|---|---|\n| ", " | z |", "<table>\n<thead>\n<tr>\n<th>h</th>\n<th>i</th>\n</tr>\n</thead>\n<tbody>\n<tr>\n<td>",
				"</td>\n<td>z</td>\n</tr>\n</tbody>\n</table>\n"},
		} {
			got := render(t, c.before+Escape(s)+c.after+"\n")
			if want == "" {
				continue
			}
			inner, ok := strings.CutPrefix(got, c.open)
			inner, ok2 := strings.CutSuffix(inner, c.close)
			if !ok || !ok2 {
				t.Errorf("%s: %q became %q", place, s, got)
				continue
			}
			if tag.MatchString(inner) {
				t.Errorf("%s: %q brought in %s", place, s, tag.FindString(inner))
			}
			if words(inner) != want {
				t.Errorf("%s: %q is shown as %q, not %q", place, s, words(inner), want)
			}
		}
	}
}

func TestCodeShowsTheTextAndNothingElse(t *testing.T) {
	for _, s := range corpus() {
		want := strings.ReplaceAll(Plain(s), gap, "")
		if want == "" {
			continue
		}
		for _, c := range []struct{ before, after string }{{"", ""}, {"| h | i |\n|---|---|\n| ", " | z |"}} {
			got := render(t, c.before+Code(s)+c.after+"\n")
			for _, bad := range []string{"<a", "<img", "<em", "<strong", "<h1", "<pre", "<ul", "<del", "<script", "<!--"} {
				if strings.Contains(got, bad) {
					t.Errorf("%q became %q", s, got)
				}
			}
			if !strings.Contains(words(got), want) {
				t.Errorf("%q is shown as %q", s, words(got))
			}
			if c.before != "" && strings.Count(got, "<td>") != 2 {
				t.Errorf("%q broke the table: %q", s, got)
			}
		}
	}
}

func TestBlockHoldsTheText(t *testing.T) {
	for _, s := range corpus() {
		got := render(t, Block("sql", s)+"\nafter\n")
		if !strings.HasPrefix(got, `<pre><code class="language-sql">`) || !strings.HasSuffix(got, "</code></pre>\n<p>after</p>\n") {
			t.Errorf("%q became %q", s, got)
		}
	}
}

// acts are what hosts and bots look for in the bare text.
var acts = regexp.MustCompile(`(?im)@[a-z0-9]|#[0-9]|(^|\s)![0-9]|^\s*/[a-z]|https?://|www\.|<!--|\b(close[sd]?|fix(e[sd])?|resolve[sd]?):? +\S*#\S|\bGH-[0-9]`)

func TestNothingActsInTheBareText(t *testing.T) {
	for _, s := range corpus() {
		for name, got := range map[string]string{"Escape": Escape(s), "Code": Code(s), "Block": Block("", s), "Title": strings.ReplaceAll(Title(s, 0), "<!--", "")} {
			if m := acts.FindString(got); m != "" {
				t.Errorf("%s(%q) = %q still has %q", name, s, got, m)
			}
			for _, r := range got {
				if r != '\n' && harmful(r) && r != '\uFFFD' {
					t.Errorf("%s(%q) still has %U", name, s, r)
				}
			}
		}
		if strings.Contains(Escape(s)+Code(s)+Title(s, 0), "\n") {
			t.Errorf("%q gave more than one line", s)
		}
	}
}

func TestLink(t *testing.T) {
	for _, c := range []struct{ text, target, want string }{
		{"the issue", "https://example.com/i/1", "[the issue](https://example.com/i/1)"},
		{"the issue", "javascript:alert(1)", "the issue"},
		{"the issue", "https://user:pass@example.com/", "the issue"},
		{"the issue", "https://example.com/a)b|c", "[the issue](https://example.com/a%29b%7Cc)"},
		{"x", "https://example.com/?q= fixes #12 @root", "[x](https://example.com/?q=%20fixes%20#12%20%40root)"},
		{"x", "https://example.com/?q= \"a title\"", "[x](https://example.com/?q=%20%22a%20title%22)"},
		{"bank.com", "https://e.vil/", "[bank.com (e.vil)](https://e.vil/)"},
		{"a]b", "https://example.com", `[a\]b](https://example.com)`},
		{"x", "not a url\x7f", "x"},
		{"x", "https://e.vil&sol;.bank.com/", "[x](https://e.vil&amp;sol;.bank.com/)"},
		{"x", "https://b\u0430nk.com/", "x"},
		{"bank\u200b.com", "https://e.vil/", "[bank.com (e.vil)](https://e.vil/)"},
		{"bank\uff0ecom", "https://e.vil/", "[bank\uff0ecom (e.vil)](https://e.vil/)"},
	} {
		if got := Link(c.text, c.target); got != c.want {
			t.Errorf("Link(%q, %q) = %q, not %q", c.text, c.target, got, c.want)
		}
	}
}

func TestCut(t *testing.T) {
	for _, c := range []struct {
		s     string
		limit int
		want  string
	}{{"abc", 3, "abc"}, {"abcd", 3, "ab…"}, {"äöüß", 3, "äö…"}, {"abc", 0, "abc"}, {"a bcd", 3, "a…"}} {
		if got := Cut(c.s, c.limit); got != c.want {
			t.Errorf("Cut(%q, %d) = %q, not %q", c.s, c.limit, got, c.want)
		}
	}
}

func TestHTML(t *testing.T) {
	if got := HTML("<b>\"x\"\u202e&"); got != "&lt;b&gt;&#34;x&#34;\uFFFD&amp;" {
		t.Error(got)
	}
}

func FuzzEscape(f *testing.F) {
	for _, s := range corpus() {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if Plain(s) == "" {
			return
		}
		got := strings.TrimSuffix(strings.TrimPrefix(render(t, Escape(s)+"\n"), "<p>"), "</p>\n")
		if tag.MatchString(got) {
			t.Errorf("%q brought in %q", s, got)
		}
		if want := Plain(s); words(got) != want {
			t.Errorf("%q is shown as %q, not %q", s, words(got), want)
		}
		cells := render(t, "| h | i |\n|---|---|\n| "+Code(s)+" | z |\n")
		if strings.Count(cells, "<td>") != 2 || strings.Contains(cells, "<a") {
			t.Errorf("%q broke the table: %q", s, cells)
		}
	})
}

package pages_test

import (
	"fmt"
	"html"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/bradleyfalzon/ghinstallation/v2"
	"github.com/google/go-github/v60/github"

	"github.com/codicil-dev/codicil/forge/localforge"
	"github.com/codicil-dev/codicil/forge/localforge/pages"
)

// site is a forge with a repository, an issue and a merge request, behind its pages.
type site struct {
	*localforge.Forge
	url string
}

func build(t *testing.T) *site {
	t.Helper()
	var handler http.Handler
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler.ServeHTTP(w, r) }))
	f, err := localforge.Open(localforge.Options{Dir: t.TempDir(), URL: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close(); _ = f.Close() })
	if handler, err = pages.Handler(f, slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	ada := f.Person("ada")
	for _, step := range []func() error{
		func() error { return f.AddOrganization("northtrail") },
		func() (err error) { _, err = f.AddUser("ada"); return err },
		func() (err error) { _, err = f.AddUser("bob"); return err },
		func() error { return f.AddRepo(ctx, "northtrail", "shop", false) },
		func() error { return f.Grant("northtrail", "shop", "ada", localforge.Write) },
		func() (err error) {
			_, err = f.Commit(ctx, localforge.Commit{Owner: "northtrail", Name: "shop", By: "ada", Message: "First", Write: map[string]string{"README.md": "# Shop & more\n", "a.sql": "select 1\n"}})
			return err
		},
		func() (err error) {
			_, err = f.Commit(ctx, localforge.Commit{Owner: "northtrail", Name: "shop", Branch: "count", By: "ada", Message: "Count", Write: map[string]string{"a.sql": "select 2 as \"<b>\"\n"}})
			return err
		},
		func() (err error) {
			_, err = ada.OpenIssue(ctx, "northtrail", "shop", "Count <items>", "**Please**, @bob")
			return err
		},
		func() (err error) {
			_, err = ada.OpenPull(ctx, "northtrail", "shop", localforge.NewPull{Title: "Counted", Body: "Closes #1", Head: "count"})
			return err
		},
	} {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
	return &site{f, server.URL}
}

// get returns a page's status and text.
func (s *site) get(t *testing.T, path string) (int, string) {
	t.Helper()
	response, err := http.Get(s.url + path)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(text)
}

// post sends a form, as a browser does from a page of a site.
func (s *site) post(t *testing.T, path, from string, form url.Values) (int, string) {
	t.Helper()
	r, err := http.NewRequest(http.MethodPost, s.url+path, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", from)
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(text)
}

func TestPages(t *testing.T) {
	s := build(t)
	for path, test := range map[string]struct {
		status int
		words  []string
	}{
		"/":                                    {200, []string{"northtrail/shop", "1 open issue ·", "1 open merge request"}},
		"/northtrail/shop":                     {200, []string{"Count &lt;items&gt;", "Counted", "a.sql", `<h1>Shop &amp; more</h1>`}},
		"/northtrail/shop/issues/1":            {200, []string{"Count &lt;items&gt;", "<strong>Please</strong>", `<span class="mention">@bob</span>`, "Close"}},
		"/northtrail/shop/pull/2":              {200, []string{`<span class="del">-select 1</span>`, `<span class="add">&#43;select 2 as &#34;&lt;b&gt;&#34;</span>`, "No check ran", `<a href="/northtrail/shop/issues/1">#1</a>`, "Merge"}},
		"/northtrail/shop/blob/main/a.sql":     {200, []string{"select 1"}},
		"/northtrail/shop/blob/main/README.md": {200, []string{"<h1>Shop &amp; more</h1>"}},
		"/style.css":                           {200, []string{"prefers-color-scheme"}},
		"/northtrail/nowhere":                  {404, []string{"nothing here"}},
		"/northtrail/shop/issues/9":            {404, []string{"nothing here"}},
		"/northtrail/shop/issues/x":            {404, []string{"nothing here"}},
		"/northtrail/shop/blob/main/none":      {404, []string{"nothing here"}},
		"/northtrail/shop/commit/" + strings.Repeat("1", 40):     {404, []string{"nothing here"}},
		"/northtrail/shop/runs/7":                                {404, []string{"nothing here"}},
		"/api/v3/repos/northtrail/shop":                          {200, []string{`"full_name":"northtrail/shop"`}},
		"/northtrail/shop.git/info/refs?service=git-upload-pack": {200, []string{"refs/heads/main"}},
	} {
		status, text := s.get(t, path)
		if status != test.status {
			t.Errorf("%s: status %d, want %d", path, status, test.status)
		}
		for _, words := range test.words {
			if !strings.Contains(text, words) {
				t.Errorf("%s does not show %q:\n%s", path, words, text)
			}
		}
	}
	thread, _ := s.Thread("northtrail", "shop", 2)
	if status, text := s.get(t, "/northtrail/shop/commit/"+thread.Pull.HeadSHA); status != 200 || !strings.Contains(text, "<h1>Count</h1>") || !strings.Contains(text, "select 2") {
		t.Errorf("the commit: status %d:\n%s", status, text)
	}
}

// TestChecks shows a check run on the page of its merge request and on its own, and has it run again.
func TestChecks(t *testing.T) {
	s := build(t)
	app, err := s.AddApp("codicil", "", "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Install(app.ID, "northtrail"); err != nil {
		t.Fatal(err)
	}
	apps, err := ghinstallation.NewAppsTransport(http.DefaultTransport, app.ID, []byte(app.PrivateKey))
	if err != nil {
		t.Fatal(err)
	}
	apps.BaseURL = s.API()
	itself, err := github.NewClient(&http.Client{Transport: apps}).WithEnterpriseURLs(s.url, s.url)
	if err != nil {
		t.Fatal(err)
	}
	installed, _, err := itself.Apps.FindRepositoryInstallation(t.Context(), "northtrail", "shop")
	if err != nil {
		t.Fatal(err)
	}
	transport := ghinstallation.NewFromAppsTransport(apps, installed.GetID())
	transport.BaseURL = s.API()
	bot, err := github.NewClient(&http.Client{Transport: transport}).WithEnterpriseURLs(s.url, s.url)
	if err != nil {
		t.Fatal(err)
	}
	thread, _ := s.Thread("northtrail", "shop", 2)
	run, _, err := bot.Checks.CreateCheckRun(t.Context(), "northtrail", "shop", github.CreateCheckRunOptions{Name: "proof", HeadSHA: thread.Pull.HeadSHA, Status: github.String("completed"), Conclusion: github.String("failure"),
		Output: &github.CheckRunOutput{Title: github.String("1 promise is broken"), Summary: github.String("**a** is gone"), Annotations: []*github.CheckRunAnnotation{{Path: github.String("a.sql"), StartLine: github.Int(7),
			EndLine: github.Int(7), AnnotationLevel: github.String("failure"), Message: github.String("a <was> here")}}}})
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/northtrail/shop/pull/2", strings.TrimPrefix(run.GetHTMLURL(), s.url)} {
		status, text := s.get(t, path)
		for _, words := range []string{`<span class="badge failure">failure</span>`, "1 promise is broken", "<strong>a</strong> is gone", "a.sql:7", "a &lt;was&gt; here"} {
			if status != 200 || !strings.Contains(text, words) {
				t.Errorf("%s: status %d without %q:\n%s", path, status, words, text)
			}
		}
	}
	if status, text := s.post(t, "/northtrail/shop/issues/2", "same-origin", url.Values{"do": {fmt.Sprint("rerun ", run.GetID())}, "as": {"ada"}}); status != 200 {
		t.Errorf("run again: status %d:\n%s", status, text)
	}
}

// TestHarmless shows what a page lets through of what others write.
func TestHarmless(t *testing.T) {
	s := build(t)
	for text, want := range map[string]string{
		"<details><summary>More</summary>\n\n*x*<br>y<sub>2</sub>\n\n</details>": "<details><summary>More</summary>\n<p><em>x</em><br>y<sub>2</sub></p>\n</details>",
		"a <script>alert(1)</script> b":                                          "<p>a  b</p>",
		"<img src=x onerror=alert(1)>":                                           "",
		"![x](https://example.com/x.png)":                                        "<p></p>",
		"<b onclick=alert(1)>x</b>":                                              "<p><b>x</b></p>",
		"[x](javascript:alert(1))":                                               "<p>x</p>",
		"[x](https://example.com/)":                                              `<p><a href="https://example.com/" rel="nofollow">x</a></p>`,
		"<style>*{display:none}</style>x":                                        "x",
		"<form action=/x><button>x</button></form>":                              "x",
		"<!-- hidden -->":                                                        "",
		"```mermaid\ngraph LR\n```":                                              "<pre><code class=\"language-mermaid\">graph LR\n</code></pre>",
		"| a |\n|--:|\n| 1 |":                                                    "<table>\n<thead>\n<tr>\n<th align=\"right\">a</th>\n</tr>\n</thead>\n<tbody>\n<tr>\n<td align=\"right\">1</td>\n</tr>\n</tbody>\n</table>",
		"see #7, `#8` and northtrail/other#9":                                    `<p>see <a href="/northtrail/shop/issues/7">#7</a>, <code>#8</code> and <a href="/northtrail/other/issues/9">northtrail/other#9</a></p>`,
		"<a href=\"x\" style=\"color:red\">#1</a>":                               `<p><a href="x" rel="nofollow">#1</a></p>`,
		"- [x] done": "<ul>\n<li><input checked=\"\" disabled=\"\" type=\"checkbox\"> done</li>\n</ul>",
		"<input type=\"password\" name=\"p\"> &lt;b": "&lt;b",
	} {
		if _, err := s.Person("ada").Comment(t.Context(), "northtrail", "shop", 1, text); err != nil {
			t.Fatal(err)
		}
		_, page := s.get(t, "/northtrail/shop/issues/1")
		_, last, _ := strings.Cut(page[strings.LastIndex(page, "<article"):], `<div class="prose">`)
		got, _, _ := strings.Cut(last, "</div>\n")
		if strings.TrimSpace(got) != want && !strings.Contains(got, want) || want == "" && strings.TrimSpace(got) != "" {
			t.Errorf("%q is shown as %q, want %q", text, got, want)
		}
		for _, never := range []string{"onerror", "onclick", "alert", "<style", "<img", "<form", "password", "color:red"} {
			if strings.Contains(got, never) {
				t.Errorf("%q is shown as %q", text, got)
			}
		}
	}
}

// TestActing presses the buttons.
func TestActing(t *testing.T) {
	s := build(t)
	for _, test := range []struct {
		path   string
		form   url.Values
		status int
		words  string // of the page that is shown then
	}{
		{"/northtrail/shop/issues/1", url.Values{"do": {"comment"}, "as": {"bob"}, "body": {"Me too\r\nplease"}}, 200, "Me too\nplease"},
		{"/northtrail/shop/issues/1", url.Values{"do": {"comment"}, "as": {"bob"}, "body": {""}}, 422, "body is missing_field"},
		{"/northtrail/shop/issues/1", url.Values{"do": {"close"}, "as": {"bob"}}, 403, "Resource not accessible"},
		{"/northtrail/shop/issues/1", url.Values{"do": {"close"}, "as": {"nobody"}}, 400, "no user nobody"},
		{"/northtrail/shop/issues/1", url.Values{"do": {"explode"}, "as": {"ada"}}, 400, "no button"},
		{"/northtrail/shop/issues", url.Values{"as": {"bob"}, "title": {"Another"}, "body": {"one"}}, 200, "Another"},
		{"/northtrail/shop/issues", url.Values{"as": {"bob"}, "title": {" "}}, 422, "title is missing_field"},
		{"/northtrail/shop/issues/2", url.Values{"do": {"approve"}, "as": {"ada"}}, 422, "Can not approve your own"},
		{"/northtrail/shop/issues/2", url.Values{"do": {"changes"}, "as": {"bob"}, "body": {"No."}}, 200, "changes requested"},
		{"/northtrail/shop/issues/2", url.Values{"do": {"approve"}, "as": {"bob"}, "body": {"Now yes."}}, 200, "Now yes."},
		{"/northtrail/shop/issues/2", url.Values{"do": {"merge"}, "as": {"ada"}}, 200, `<span class="badge merged">merged</span>`},
	} {
		status, text := s.post(t, test.path, "same-origin", test.form)
		if status != test.status || !strings.Contains(html.UnescapeString(text), test.words) {
			t.Errorf("%s %v: status %d, want %d with %q:\n%s", test.path, test.form, status, test.status, test.words, text)
		}
	}
	if thread, _ := s.Thread("northtrail", "shop", 1); thread.State != "closed" || len(thread.Remarks) != 1 {
		t.Errorf("the issue after the merge: %+v", thread)
	}
}

// TestElsewhere is asked from elsewhere.
func TestElsewhere(t *testing.T) {
	s := build(t)
	form := url.Values{"do": {"close"}, "as": {"ada"}}
	if status, _ := s.post(t, "/northtrail/shop/issues/1", "cross-site", form); status != http.StatusForbidden {
		t.Errorf("a form of another site: status %d", status)
	}
	if thread, _ := s.Thread("northtrail", "shop", 1); thread.State != "open" {
		t.Error("another site closed the issue")
	}
	for host, want := range map[string]int{"": 200, "localhost:80": 200, "[::1]:80": 200, "127.0.0.1": 200, "evil.example": 403, "127.0.0.1.evil.example": 403} {
		r, err := http.NewRequest(http.MethodGet, s.url+"/", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Host = host
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != want {
			t.Errorf("host %q: status %d, want %d", host, response.StatusCode, want)
		}
		if policy := response.Header.Get("Content-Security-Policy"); want == 200 && !strings.HasPrefix(policy, "default-src 'none'") {
			t.Errorf("the policy is %q", policy)
		}
	}
}

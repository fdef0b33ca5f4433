package localforge_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-github/v60/github"

	"github.com/codicil-dev/codicil/forge/localforge"
)

// TestMentions finds those whom a text names, and nobody whom it only seems to.
func TestMentions(t *testing.T) {
	w, ctx := build(t), t.Context()
	for text, want := range map[string]string{
		"@eve, look":                      "eve",
		"ask @ada and @Bob and @ada":      "ada bob",
		"(@eve) **@bob**":                 "eve bob",
		"&#64;eve":                        "eve",
		`\@eve`:                           "eve",
		"`@eve`":                          "",
		"```\n@eve\n```":                  "",
		"    @eve":                        "",
		"eve@example.com and x@eve":       "",
		"[@eve](https://example.com/)":    "",
		"@evening and @nobody and @eve-x": "",
		"@\u200beve":                      "",
		"<b>@eve</b> <!-- @bob -->":       "eve",
		"@codicil[bot]":                   "",
		"https://example.com/@eve":        "",
		"@northtrail/data":                "northtrail",
		"> @eve said so":                  "eve",
		"| a |\n|---|\n| @bob |":          "bob",
		"a\n@eve\nb":                      "eve",
		"<details><summary>@eve</summary></details>": "eve",
	} {
		before := len(w.Mentions())
		issue, err := w.Person("bob").OpenIssue(ctx, "northtrail", "shop", "x", text)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, m := range w.Mentions()[before:] {
			got = append(got, m.Who)
			if m.By != "bob" || m.Where != fmt.Sprintf("%s/northtrail/shop/issues/%d", w.URL(), issue) {
				t.Errorf("mention %+v", m)
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%q mentions %q, want %q", text, got, want)
		}
	}
}

// TestMentionsInCommits looks at what is pushed.
func TestMentionsInCommits(t *testing.T) {
	w := build(t)
	w.shop(t)
	if _, err := w.Commit(t.Context(), localforge.Commit{Owner: "northtrail", Name: "shop", By: "ada", Message: "As @eve asked", Write: map[string]string{"x": "y"}}); err != nil {
		t.Fatal(err)
	}
	if got := w.Mentions(); len(got) != 1 || got[0].Who != "eve" || !strings.Contains(got[0].Where, "/commit/") {
		t.Errorf("mentions %+v", got)
	}
}

// TestQuickActions has lines of texts do what they say, if their author may.
func TestQuickActions(t *testing.T) {
	for name, test := range map[string]struct {
		by, text string
		done     bool
		state    string
		labels   int
		assigned int
	}{
		"a writer closes":             {"ada", "Enough.\n/close", true, "closed", 0, 0},
		"a reader does not":           {"eve", "/close", false, "open", 0, 0},
		"its author does":             {"bob", "/close\r\nbye", true, "closed", 0, 0},
		"labels":                      {"ada", "/label bug later", true, "open", 2, 0},
		"a reader's label":            {"eve", "/label bug", false, "open", 0, 0},
		"assigns":                     {"ada", "/assign @bob @eve", true, "open", 0, 2},
		"in a code block":             {"ada", "```\n/close\n```", true, "closed", 0, 0},
		"an issue can't be merged":    {"ada", "/merge", false, "open", 0, 0},
		"and not be approved":         {"ada", "/approve", false, "open", 0, 0},
		"by the bot, quoting badly":   {"codicil[bot]", "You said:\n/close", true, "closed", 0, 0},
		"by the bot, quoting rightly": {"codicil[bot]", "You said:\n> /close", false, "open", 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			w, ctx := build(t), t.Context()
			if err := w.Grant("northtrail", "shop", "eve", localforge.Read); err != nil {
				t.Fatal(err)
			}
			number, err := w.Person("bob").OpenIssue(ctx, "northtrail", "shop", "x", "")
			if err != nil {
				t.Fatal(err)
			}
			client := w.bot(t)
			if test.by != "codicil[bot]" {
				client = w.person(t, test.by)
			}
			must[*github.IssueComment](t)(client.Issues.CreateComment(ctx, "northtrail", "shop", number, &github.IssueComment{Body: &test.text}))
			actions := w.Actions()
			if done := len(actions) > 0 && actions[0].Done; done != test.done {
				t.Errorf("actions %+v", actions)
			}
			i := must[*github.Issue](t)(client.Issues.Get(ctx, "northtrail", "shop", number))
			if i.GetState() != test.state || len(i.Labels) != test.labels || len(i.Assignees) != test.assigned {
				t.Errorf("issue %+v", i)
			}
			w.settle(t, "issues")
		})
	}
}

// TestQuickActionsOnPulls approves and merges by lines, once.
func TestQuickActionsOnPulls(t *testing.T) {
	w, ctx := build(t), t.Context()
	w.shop(t)
	w.write(t, "change", map[string]string{"b.sql": "select 1\n"})
	number, err := w.Person("ada").OpenPull(ctx, "northtrail", "shop", localforge.NewPull{Title: "B", Head: "change"})
	if err != nil {
		t.Fatal(err)
	}
	id, err := w.Person("bob").Comment(ctx, "northtrail", "shop", number, "/approve\n/merge")
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Person("bob").EditComment(ctx, "northtrail", "shop", id, "/approve\n/merge\nplease"); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Person("ada").Comment(ctx, "northtrail", "shop", number, "/merge"); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, a := range w.Actions() {
		got = append(got, fmt.Sprint(a.By, " ", a.Line, " ", a.Done))
	}
	if want := []string{"bob /approve true", "bob /merge false", "ada /merge true"}; !slices.Equal(got, want) {
		t.Errorf("actions %v, want %v", got, want)
	}
	if pull := must[*github.PullRequest](t)(w.bot(t).PullRequests.Get(ctx, "northtrail", "shop", number)); !pull.GetMerged() {
		t.Errorf("pull %+v", pull)
	}
}

// TestClosingKeywords closes issues by what is merged and pushed.
func TestClosingKeywords(t *testing.T) {
	w, ctx := build(t), t.Context()
	if err := w.AddRepo(ctx, "northtrail", "other", true); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"shop", "other"} {
		if err := w.Grant("northtrail", name, "bob", localforge.Read); err != nil {
			t.Fatal(err)
		}
	}
	w.shop(t)
	for name, test := range map[string]struct {
		text   string // # stands for the issue's number
		in     string
		commit bool
		closed bool
	}{
		"a body":                   {"Fixes #N.", "shop", false, true},
		"a commit":                 {"Count\n\nresolves: #N", "shop", true, true},
		"a body's code":            {"`fixes #N`", "shop", false, false},
		"a mere reference":         {"See #N", "shop", false, false},
		"no keyword":               {"prefixes #N", "shop", false, false},
		"another repository":       {"closes northtrail/other#N", "other", false, false},
		"an address":               {"Closes URL/northtrail/shop/issues/N", "shop", false, true},
		"another form":             {"closed GH-N", "shop", false, true},
		"a keyword that is broken": {"Fixes #\u2060N", "shop", false, false},
	} {
		t.Run(name, func(t *testing.T) {
			number, err := w.Person("bob").OpenIssue(ctx, "northtrail", test.in, "x", "")
			if err != nil {
				t.Fatal(err)
			}
			text := strings.NewReplacer("N", fmt.Sprint(number), "URL", w.URL()).Replace(test.text)
			branch := strings.ReplaceAll(name, " ", "-")
			c := localforge.Commit{Owner: "northtrail", Name: "shop", Branch: branch, By: "ada", Message: "Change", Write: map[string]string{branch: "x"}}
			if test.commit {
				c.Message, text = text, ""
			}
			if _, err := w.Commit(ctx, c); err != nil {
				t.Fatal(err)
			}
			pull, err := w.Person("ada").OpenPull(ctx, "northtrail", "shop", localforge.NewPull{Title: "B", Head: branch, Body: text})
			if err != nil {
				t.Fatal(err)
			}
			if err := w.Person("ada").Merge(ctx, "northtrail", "shop", pull); err != nil {
				t.Fatal(err)
			}
			i := must[*github.Issue](t)(w.person(t, "bob").Issues.Get(ctx, "northtrail", test.in, number))
			if closed := i.GetState() == "closed"; closed != test.closed {
				t.Errorf("after %q the issue is %s", text+c.Message, i.GetState())
			}
		})
	}
}

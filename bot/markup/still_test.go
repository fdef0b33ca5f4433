package markup

import (
	"bytes"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

// orders are lines that a host, a bot, git or a release tool would act on.
func orders() []string {
	return []string{
		"/close", "/merge", "/approve cancel", "/lgtm", "  /hold", "\u200b/close", "\u00a0/close", "!merge", "!build all", "@dependabot merge", "@bors r+", "bors r+", "Bors try", "homu r=me", "r+", "r? @root", "recheck", "retest this please", "jenkins, test this please",
		"please test this please", "ok to test", "add to whitelist", "LGTM", "rultor merge", "Change-Type: major", "Signed-off-by: Root <root@example.com>", "signed-off-by : x", "Co-authored-by: a <a@b.c>", "Codicil-Change: 1", "Codicil-Amendment: 2", "Change-Id: I0123", "Release-As: 9.0.0",
		"Reviewed-by: x", "Depends-On: I1", "BREAKING CHANGE: all", "BREAKING-CHANGE: all", "feat!: x", "fix(core): x", "[skip ci]", "a [ci skip] b", "[no ci]", "[skip actions]", "[SKIP NETLIFY]", "[skip-ci]", "[skipci]", "***NO_CI***", "skip-checks: true", "+semver: major", "(cherry picked from commit 0123456)",
		"---", "--- a/x", "diff --git a/x b/x", "Index: x", "From 0123456789 Mon Sep", "# comment", "#12", "fixup! x", "squash! x", "amend! x", "Draft: x", "[WIP] x", "WIP x", "(Draft) x", "fixes\n#12", "closes\nhttps://github.com/o/r/issues/1", "Closes: x", "x\n\nSigned-off-by: a <a@b.c>\nCo-authored-by: b <b@c.d>",
		"a\n\nAcked-by: x\n (cherry picked from commit 0123456)\n\n", strings.Repeat("x ", 35) + "/close now", strings.Repeat("x", 71) + "/close", strings.Repeat("y ", 36) + "Signed-off-by: z", "rebase! x",
	}
}

// obeyed is what those who read the bare text of a Markdown body look for, line by line; inMessages is what git and those
// who read commit messages and titles do.
var (
	obeyed     = regexp.MustCompile(`(?im)^[\s>]*(?:/[a-z]|![a-z]|bors\b|homu\b|rultor\b|jenkins\b|recheck\b|retest\b|lgtm\b|r[+?]|breaking[ -]change|[a-z-]+-by\s*:|change-[a-z]+:|codicil-[a-z]+:|release-as:|skip-checks:)|\[\s*(?:skip|no)[ _-]?ci|\[ci skip|\[skip|no_ci|\+semver:|@[a-z]|#[0-9]|test\W+this\W+please|ok\W+to\W+test`)
	inTitles   = regexp.MustCompile(`(?im)^(?:---|diff -|#|from [0-9a-f]|\(cherry|fixup!|squash!|amend!|draft|wip|\[wip|\(draft)|https?://`)
	inMessages = regexp.MustCompile(inTitles.String() + `|\n[a-zA-Z0-9-]+(?:\([^)]*\))?!?\s*:`)
)

func TestNothingIsObeyed(t *testing.T) {
	for _, s := range append(corpus(), orders()...) {
		for name, got := range map[string]string{"Escape": Escape(s), "Block": Block("", s), "Title": Title(s, 0), "HTML": HTML(s), "Commit": Commit(s, s), "Code": Code(s)} {
			if m := obeyed.FindString(got); m != "" && !(name == "HTML" && m[0] == '#') { // &#34; is no reference
				t.Errorf("%s(%q) = %q still has %q", name, s, got, m)
			}
			m := ""
			switch name {
			case "Title":
				m = inTitles.FindString(got)
			case "Commit":
				m = inMessages.FindString(got)
			}
			if m != "" {
				t.Errorf("%s(%q) = %q still has %q", name, s, got, m)
			}
		}
	}
}

func TestOrdinaryTextStaysAsItIs(t *testing.T) {
	for _, s := range []string{"orders: new item_count", "orders.item_count", "a/b/c.sql", "Sum of lines: all", "Note: returned items don't count", "Drafts are left out", "testing", "border", "regex [cd]+", "semver: 1.2", "2/3", "version: 2", "- a dash", "we skip this [sic]"} {
		for name, got := range map[string]string{"Escape": Escape(s), "Block": Block("", s), "Title": Title(s, 0)} {
			if strings.Contains(got, gap) {
				t.Errorf("%s(%q) = %q", name, s, got)
			}
		}
	}
}

func TestCommit(t *testing.T) {
	for _, c := range []struct{ subject, body, want string }{
		{"", "", "(no subject)\n"},
		{"Show\nthe items", "  Why:\r\n\r\n\r\nbecause\tof\u202e it\n\n", "Show the items\n\nW" + gap + "hy:\n\nbecause of\uFFFD it\n"},
		{strings.Repeat("ä", 80), "", strings.Repeat("ä", 71) + "…\n"},
		{"x", strings.Repeat("word ", 20), "x\n\n" + strings.TrimSpace(strings.Repeat("word ", 14)) + "\n" + strings.TrimSpace(strings.Repeat("word ", 6)) + "\n"},
		{"x", strings.Repeat("ä", 100), "x\n\n" + strings.Repeat("ä", 71) + "\n" + strings.Repeat("ä", 29) + "\n"},
		{"x", strings.Repeat("l\n", 150), "x\n\n" + strings.Repeat("l\n", 100) + "…\n"},
		{"x", strings.Repeat("l\n", 100), "x\n\n" + strings.Repeat("l\n", 100)},
	} {
		if got := Commit(c.subject, c.body); got != c.want {
			t.Errorf("Commit(%q, %q) = %q, not %q", c.subject, c.body, got, c.want)
		}
	}
}

// trailers is what git itself finds in a message.
func trailers(t *testing.T, message string) string {
	t.Helper()
	cmd := exec.Command("git", "interpret-trailers", "--parse")
	cmd.Env = []string{"GIT_CONFIG_NOSYSTEM=1", "HOME=/nonexistent"}
	cmd.Stdin = strings.NewReader(message)
	var out, complaint bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaint
	if err := cmd.Run(); err != nil {
		t.Fatalf("git interpret-trailers: %v: %s", err, complaint.String())
	}
	return out.String()
}

func TestGitFindsNoTrailersButOurs(t *testing.T) {
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not installed")
	}
	if got := trailers(t, "x\n\nSigned-off-by: a <a@b.c>\n"); got == "" {
		t.Fatal("git finds no trailer at all")
	}
	for _, s := range append(corpus(), orders()...) {
		if got := trailers(t, Commit(s, s)); got != "" {
			t.Errorf("%q holds %q", s, got)
		}
		if got := trailers(t, Commit(s, s)+"\nCodicil-Change: 7\n"); got != "Codicil-Change: 7\n" {
			t.Errorf("with our own trailer, %q holds %q", s, got)
		}
	}
}

func TestSeen(t *testing.T) {
	if got, want := Seen("a\t b\r\n\u200bc\u206a\u202e\U000e0041 \U000e0100d\ufe01🙂\ufe0f\x1b\xff"), "a\t b\r\nc\uFFFD\uFFFD d🙂\ufe0f\uFFFD\uFFFD"; got != want {
		t.Errorf("%q, not %q", got, want)
	}
}

func FuzzForeignText(f *testing.F) {
	for _, s := range append(corpus(), orders()...) {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		message := Commit(s, s)
		for i, l := range strings.Split(message, "\n") {
			if n := utf8.RuneCountInString(l); n > column {
				t.Errorf("line %d of %d characters: %q", i+1, n, l)
			}
		}
		if m := inMessages.FindString(message); m != "" {
			t.Errorf("Commit(%q) = %q still has %q", s, message, m)
		}
		for name, got := range map[string]string{"Escape": Escape(s), "Block": Block("", s), "Commit": message} {
			if m := obeyed.FindString(got); m != "" {
				t.Errorf("%s(%q) = %q still has %q", name, s, got, m)
			}
			if m := acts.FindString(got); m != "" && name != "Commit" { // a commit message is no HTML: <!-- is text in it
				t.Errorf("%s(%q) = %q still has %q", name, s, got, m)
			}
		}
		if page := render(t, Block("sql", s)+"\nafter\n"); !strings.HasPrefix(page, `<pre><code class="language-sql">`) || !strings.HasSuffix(page, "</code></pre>\n<p>after</p>\n") {
			t.Errorf("%q left its block: %q", s, page)
		}
	})
}

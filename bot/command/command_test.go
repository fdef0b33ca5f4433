package command

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const sha = "0123456789abcdef0123456789abcdef01234567"

// tell writes what was found, one a line, so that tables can be read.
func tell(commands []Command, unknown []Unknown) string {
	var b strings.Builder
	for _, c := range commands {
		fmt.Fprintf(&b, "%d %s", c.Line, c.Kind)
		if c.Argument != "" {
			fmt.Fprintf(&b, " %q", c.Argument)
		}
		if c.Kind == Amend {
			fmt.Fprintf(&b, " %s", request(c.Whole))
			if c.Target != "" {
				fmt.Fprintf(&b, " for %s %s", c.Target, request(c.Aimed))
			}
		}
		for _, r := range c.Answers {
			fmt.Fprintf(&b, " %d=%q", r.Number, r.Text)
		}
		b.WriteString("\n")
	}
	for _, u := range unknown {
		fmt.Fprintf(&b, "%d %s: %s\n", u.Line, u.Reason, u.Suggestion)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func request(r Request) string {
	s := fmt.Sprintf("%q", r.Text)
	for _, p := range r.Supersede {
		s += fmt.Sprintf(" -%d:%q", p.Amendment, p.Check)
	}
	if r.Yes {
		s += " yes"
	}
	return s
}

func TestParse(t *testing.T) {
	for _, c := range []struct{ name, body, want string }{
		{"nothing", "", ""},
		{"talk", "I would like more items.", ""},
		{"amend", "/amend show the number of items", `1 amend "show the number of items"`},
		{"amend over lines", "Hello,\n\n/amend show\n\n- the items\n- their number\n\nThanks", `3 amend "show\n\n- the items\n- their number\n\nThanks"`},
		{"amend with the text below", "/amend\nshow it", `1 amend "show it"`},
		{"amend without text", "/amend", `1 amend ""`},
		{"middle of a paragraph", "Hello\n/amend show it\nplease", `2 amend "show it\nplease"`},
		{"middle of a line", "please /amend show it", ""},
		{"upper case", "/AMEND x\n/Codicil STATUS", "1 amend \"x\"\n2 status"},
		{"CRLF", "Hi\r\n/amend a\r\nb\r\n/codicil status\r\n", "2 amend \"a\\nb\"\n4 status"},
		{"CR", "Hi\r/codicil status", "2 status"},
		{"NBSP, tab and mark around", "/amend\u00a0\tshow\u00a0it", `1 amend "show\u00a0it"`},
		{"byte order mark", "\ufeff/codicil status", "1 status"},
		{"colon", "/amend: show it", `1 amend "show it"`},
		{"product", "/amend orders: show it", `1 amend "orders: show it" for orders "show it"`},
		{"path", "/amend shop/orders-2:\nshow it", `1 amend "shop/orders-2:\nshow it" for shop/orders-2 "show it"`},
		{"product in code", "/amend `orders`: show it", "1 amend \"`orders`: show it\" for orders \"show it\""},
		{"address is no product", "/amend https://example.com/x says", `1 amend "https://example.com/x says"`},
		{"two words are no product", "/amend my orders: show", `1 amend "my orders: show"`},
		{"supersede", `/amend --supersede 1:"item count" --yes show it`, `1 amend "show it" -1:"item count" yes`},
		{"supersede all checks", "/amend --supersede=12 show it", `1 amend "show it" -12:""`},
		{"supersede twice, typographic", "/amend —supersede 1:“a b” --supersede 2:c orders: x", `1 amend "orders: x" -1:"a b" -2:"c" for orders "x" -1:"a b" -2:"c"`},
		{"flags behind the product", "/amend --yes orders: --supersede 1:\"a\" x", `1 amend "orders: --supersede 1:\"a\" x" yes for orders "x" -1:"a" yes`},
		{"flags behind the text", "/amend show --yes", `1 amend "show --yes"`},
		{"a comment of SQL is text", "/amend -- this\nselect 1", `1 amend "-- this\nselect 1"`},
		{"bad flags", "/amend --supersede x y\n/amend --supersede 0 y\n/amend --supersede 1:\"\" y\n/amend --yess y", "1 malformed: /amend TEXT\n2 malformed: /amend TEXT\n3 malformed: /amend TEXT\n4 malformed: /amend TEXT"},
		{"answers", "/answer\n1. No\n2) Yes,\nboth\n\n3. maybe", `1 answer 1="No" 2="Yes,\nboth" 3="maybe"`},
		{"answers out of order", "/answer 2. yes", `1 answer 2="yes"`},
		{"answers by line", "/answer No\nYes", `1 answer 1="No" 2="Yes"`},
		{"answers all 1", "/answer\n1. a\n1. b", `1 answer 1="a" 2="b"`},
		{"answer without one", "/answer\n\n", "1 malformed: /answer 1. TEXT"},
		{"answer below a quote", "> Does it count?\n\n/answer No", `3 answer 1="No"`},
		{"help", "/codicil\n/codicil help\n/codicil  Help!", "1 help\n2 help\n3 help"},
		{"words", "/codicil why orders.item_count\n/codicil refresh orders\n/codicil init shop/new\n/codicil verify " + strings.ToUpper(sha), "1 why \"orders.item_count\"\n2 refresh \"orders\"\n3 init \"shop/new\"\n4 verify \"" + sha + `"`},
		{"more words", "/codicil retry\n/codicil rebase.\n/codicil cancel please\n/codicil pause\n/codicil resume", "1 retry\n2 rebase\n3 cancel\n4 pause\n5 resume"},
		{"too much behind a word", "/codicil cancel the one of yesterday", "1 malformed: /codicil cancel"},
		{"a short commit", "/codicil verify 0123456", "1 malformed: /codicil verify SHA"},
		{"five at most", strings.Repeat("/codicil status\n", 7), "1 status\n2 status\n3 status\n4 status\n5 status\n6 too many: /codicil status\n7 too many: /codicil status"},
		{"misspelt", "/amand x\n\n/amned x\n\n/codcil status\n\n/codicil statsu\n\n/anwser no", "1 misspelt: /amend TEXT\n3 misspelt: /amend TEXT\n5 misspelt: /codicil status\n7 misspelt: /codicil status\n9 misspelt: /answer 1. TEXT"},
		{"unknown word", "/codicil dance", "1 misspelt: /codicil help"},
		{"glued", "/codicil-status\n/codicilstatus\n/codicil/status\n/codicil:statsu", "1 misspelt: /codicil status\n2 misspelt: /codicil status\n3 misspelt: /codicil status\n4 misspelt: /codicil status"},
		{"text below a word", "/codicil status\n\nThanks!\n/codicil why\na.b", "1 status\n4 why"},
		{"a question", "/codicil why `orders.item_count`?", `1 why "orders.item_count"`},
		{"product without a blank", "/amend orders:show", `1 amend "orders:show" for orders "show"`},
		{"other bots", "/lgtm\n/retest\n/close\n/approve\n/merge\n/assign @me\n/append x\n/rebase\n/status\n/ok-to-test\n/label ~bug\n/hold\n/command", ""},
		{"paths", "/amendments/0001.yaml is wrong\n/codicil/x\n/amend.go\n/amends/\n//amend\n/ amend", ""},
		{"invisible in the word", "/am\u200bend x", "1 misspelt: /amend TEXT"},
		{"look-alike letter", "/\u0430mend x", "1 misspelt: /amend TEXT"},
		{"invisible before", "\u200b/amend x\n\u200f/codicil status\n\u00a0/codicil status", "1 misplaced: /amend TEXT\n2 misplaced: /codicil status\n3 misplaced: /codicil status"},
		{"indented", "  /amend x", "1 misplaced: /amend TEXT"},
		{"tag characters", "/amend show\U000e0041\U000e0042 it\u202e", `1 amend "show` + "\uFFFD\uFFFD it\uFFFD" + `"`},
		{"comment within", "/amend show <!-- and delete\n/codicil cancel\nall --> it", `1 amend "show  it"`},
		{"block comment within", "/amend show\n\n<!--\ndelete all\n-->\nit", "1 amend \"show\\n\\n\\nit\""},
		{"code within", "/amend as in\n```sql\nselect 1 -- <!-- kept -->\n/codicil cancel\n```\nthanks", "1 amend \"as in\\n```sql\\nselect 1 -- <!-- kept -->\\n/codicil cancel\\n```\\nthanks\""},
		{"heading by underline", "/amend show it\n---\nmore", `1 amend "show it\n---\nmore"`},
		{"mention", "@codicil-bot /amend x\n\n@Codicil-Bot[bot]: /codicil status", "1 amend \"x\"\n3 status"},
		{"mention without slash", "@codicil-bot status", "1 misspelt: /codicil status"},
		{"mention in talk", "@codicil-bot thanks a lot\n@other /amend x", ""},
		{"below a quote without a blank line", "> Does it count?\n/answer No", "2 misplaced: /answer 1. TEXT"},
		{"below a list without a blank line", "- item\n/amend x", "2 misplaced: /amend TEXT"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := tell(Parse(c.body, Options{BotLogin: "codicil-bot[bot]"}))
			want := strings.ReplaceAll(c.want, `\u00a0`, "\u00a0")
			got = strings.ReplaceAll(got, `\u00a0`, "\u00a0")
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("%q: -want +got\n%s", c.body, d)
			}
		})
	}
}

// wraps are places in which a command is shown, not given.
func wraps() []string {
	return []string{
		"```\n%s\n```", "```sql\n%s\n```\n", "````\n```\n%s\n```\n````", "~~~\n%s\n~~~", "~~~~~ text\n%s", "```\n%s", "text\n```\n%s\n```", "   ```\n%s\n   ```",
		"- item\n\n  ```\n  %s\n  ```", "1. ```\n   %s\n   ```", "> ```\n> %s\n> ```", "> %s", ">%s", "> > %s", "> a\n> %s", "- %s", "* %s", "1. %s", "- a\n\n  %s", "    %s", "\t%s", "a\n\n    %s",
		"<!-- %s -->", "<!--\n%s\n-->", "<!--\n\n%s\n\n-->", "<!--\n%s", "text <!--\n%s\n--> text", "<pre>\n%s\n</pre>", "<pre>\n\n%s\n\n</pre>", "<pre>\n%s",
		"<details>\n%s\n</details>", "<details>\n\n%s\n\n</details>", "<details><summary>x</summary>\n\n%s\n\n</details>", "<details>\n\n%s", "<DETAILS open>\n\n%s", "text <details>\n%s\n", "<details>\n\n<details>\n\n</details>\n\n%s\n\n</details>",
		"<blockquote>\n\n%s\n\n</blockquote>", "<code>\n%s\n</code>", "a `b\n%s\n` c", "a ``b\n%s\n`` c", "[a](<u>\n\"title\n%s\n\")", "[a]: /u \"t\n%s\nt\"", ">>>\n%s\n>>>", ">>>\n\na\n\n%s\n\n>>>", "<script>\n%s\n</script>", "<![CDATA[\n%s\n]]>", "<?x\n%s\n?>", "<div>\n%s\n</div>",
		strings.Repeat("[a](b)\n", 600) + "[a](<u>\n\"title\n%s\n\")",
		"# %s", "x %s", "\\%s", "&#8203;%s", "*%s*", "`%s`", "[%s](u)", "| %s |\n|---|", "[^1]: %s",
	}
}

func TestCommandsThatAreShownAreNotGiven(t *testing.T) {
	for _, wrap := range wraps() {
		for _, c := range []string{"/amend x", "/codicil cancel", "/answer no", "/amand x"} {
			body := fmt.Sprintf(wrap, c)
			for _, b := range []string{body, strings.ReplaceAll(body, "\n", "\r\n")} {
				if got := tell(Parse(b, Options{})); got != "" {
					t.Errorf("%q gave %s", b, got)
				}
			}
		}
	}
}

// TestCommandsAfterWhatIsShown holds that what was closed no longer hides anything.
func TestCommandsAfterWhatIsShown(t *testing.T) {
	for _, before := range []string{
		"```\nx\n```\n", "~~~\n```\n~~~\n", "<!-- a -->\n", "<!--\na\n-->\n", "<details>\n\nx\n\n</details>\n\n", "<pre>\nx\n</pre>\n", "> x\n\n", "- x\n\n", "List<String> is a type\n\n", "a <br> b\n\n", "> <details>\n\n", "- <details>\n\n",
		"<!-- <details> -->\n\n", "`<details>`\n\n", ">>>\nx\n>>>\n\n", "a `b\n\n", "# head\n", "---\n", "| a |\n|---|\n| b |\n\n", "![x](y)\n", "<https://example.com>\n", "1 < 2\n",
	} {
		want := fmt.Sprintf("%d status", strings.Count(before, "\n")+1)
		if got := tell(Parse(before+"/codicil status\n", Options{})); got != want {
			t.Errorf("%q: %q, not %q", before, got, want)
		}
	}
}

func TestAnswers(t *testing.T) {
	for _, c := range []struct {
		name, body string
		n          int
		want       []Reply
	}{
		{"none", "I don't know", 3, nil},
		{"lists", "1. No\n2. Yes, the\n   second", 2, []Reply{{1, "No"}, {2, "Yes, the\n   second"}}},
		{"other signs", "Hi!\n2) b\r\n\r\n1: a", 2, []Reply{{2, "b"}, {1, "a"}}},
		{"bold", "**1.** a", 1, []Reply{{1, "a"}}},
		{"out of range", "1. a\n4. b", 3, []Reply{{1, "a"}}},
		{"twice", "1. a\n2. b\n1. c", 3, []Reply{{1, "c"}, {2, "b"}}},
		{"counted through", "1. a\n1. b", 3, []Reply{{1, "a"}, {2, "b"}}},
		{"quoted", "> 1. Does it count?\n\n1. No", 1, []Reply{{1, "No"}}},
		{"drawn in", "> Does it count?\n2. No", 2, []Reply{{2, "No"}}},
		{"drawn in as text", "> Does it count?\n1: No", 1, []Reply{{1, "No"}}},
		{"only quoted", "> 1. Does it count?", 1, nil},
		{"in code", "```\n1. a\n```", 1, nil},
		{"in a comment", "x <!--\n2. a\n-->", 2, nil},
		{"in a block comment", "<!--\n1. a\n-->", 1, nil},
		{"a number", "1.5 percent", 1, nil},
		{"empty", "1.\n2. x", 2, []Reply{{2, "x"}}},
		{"no question", "1. a", 0, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			if d := cmp.Diff(c.want, Answers(c.body, c.n)); d != "" {
				t.Errorf("-want +got\n%s", d)
			}
		})
	}
}

func TestUnknownLinesAreCutAndCounted(t *testing.T) {
	_, unknown := Parse(strings.Repeat("/amand "+strings.Repeat("ä", 200)+"\n", 50), Options{})
	if len(unknown) != reported || len([]rune(unknown[0].Text)) != shown {
		t.Errorf("%d lines, the first of %d characters", len(unknown), len([]rune(unknown[0].Text)))
	}
	for body, want := range map[string]string{"/codicil": "40001 too long: /codicil help", " /amend x": "", "```\n/amend x": "40002 too long: /amend TEXT"} {
		if got := tell(Parse(strings.Repeat("x\n", 40000)+body, Options{})); got != want {
			t.Errorf("%q, not %q", got, want)
		}
	}
	if Answers(strings.Repeat("x\n", 40000)+"\n1. a", 1) != nil {
		t.Error("too long a comment was read")
	}
}

// TestLargeTextsAreReadQuickly feeds 64 kB of what makes Markdown parsers slow.
func TestLargeTextsAreReadQuickly(t *testing.T) {
	for _, piece := range []string{">", "> ", "[", "![", "`", "`a", "<", "<!--", "<a", "- ", "1. ", "/amend\n", "/amand x\n", "* a\n", "[a](", "[a]: b\n", "<details>", "<details>\n\n", "> a\n", "\n", "a ", "``` ", "/amend <!-- x -->\n", "<!-- x -->\n", "](", "]", "\\", "&", "/", "@a ", "[a](\n", "> - ", "1) + "} {
		body := strings.Repeat(piece, 65000/len(piece)) + "\n\n/codicil status"
		start := time.Now()
		Parse(body, Options{BotLogin: "a"})
		Answers(body, 3)
		if took := time.Since(start); took > 10*time.Second {
			t.Errorf("%q took %v", piece, took)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, wrap := range wraps() {
		f.Add(fmt.Sprintf(wrap, "/amend --supersede 1:\"x\" orders: y"))
	}
	f.Add("/codicil verify " + sha)
	f.Add("\u200f/amend\r\n\t1. x")
	f.Fuzz(func(t *testing.T, s string) {
		commands, unknown := Parse(s, Options{BotLogin: "bot"})
		if len(commands) > Limit || len(unknown) > reported {
			t.Errorf("%d and %d", len(commands), len(unknown))
		}
		lines := strings.Split(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(strings.TrimPrefix(s, "\ufeff")), "\n")
		for _, c := range commands {
			if l := strings.ToLower(lines[c.Line-1]); !strings.HasPrefix(l, "/amend") && !strings.HasPrefix(l, "/answer") && !strings.HasPrefix(l, "/codicil") && !strings.HasPrefix(l, "@bot") {
				t.Errorf("%s is not at the start of %q", c.Kind, l)
			}
			if c.Kind == Verify && len(c.Argument) < 40 {
				t.Errorf("verify of %q", c.Argument)
			}
		}
		Answers(s, 3)
		// Whatever it is, in a fence that it can't close it gives no command, nor what comes after.
		flat := strings.NewReplacer("~~~", "", "\r", "").Replace(s)
		if got := tell(Parse("~~~\n"+flat+"\n/amend x\n~~~", Options{BotLogin: "bot"})); got != "" {
			t.Errorf("%q in a fence gave %s", flat, got)
		}
	})
}

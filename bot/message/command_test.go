package message

import (
	"regexp"
	"strings"
	"testing"

	"github.com/codicil-dev/codicil/bot/author"
	"github.com/codicil-dev/codicil/bot/command"
)

var fenced = regexp.MustCompile("(?m)^ *`{3,}\n *(/[^\n]*)\n *`{3,}$")

// TestLinesToCopyAreCommands gives what people are told to copy to what reads commands.
func TestLinesToCopyAreCommands(t *testing.T) {
	s := Status{Product: "orders", Stage: Conflict, Requirement: "Show the list price @ 50% of #3,\nplease: it is \"better\".", Outcome: &author.Outcome{Options: []author.Option{
		{Option: "one", Supersedes: []string{"3:amount isn't negative", "4"}}, {Option: "two", Supersedes: []string{`12:it's "the" sum of 50% #1`}}, {Option: "nothing to retire"}}}}
	want := [][]command.Supersede{{{Amendment: 3, Check: "amount isn't negative"}, {Amendment: 4}}, {{Amendment: 12, Check: `it's "the" sum of 50% #1`}}}
	lines := fenced.FindAllStringSubmatch(s.Comment(), -1)
	if len(lines) != len(want) {
		t.Fatalf("%d lines to copy: %q", len(lines), lines)
	}
	for i, m := range lines {
		got, unknown := command.Parse(m[1], command.Options{})
		if len(got) != 1 || len(unknown) != 0 || got[0].Kind != command.Amend || got[0].Target != "orders" || got[0].Aimed.Text != `Show the list price @ 50% of #3, please: it is "better".` {
			t.Errorf("%q is read as %+v, %+v", m[1], got, unknown)
			continue
		}
		for j, x := range got[0].Aimed.Supersede {
			if j >= len(want[i]) || x != want[i][j] {
				t.Errorf("%q retires %+v", m[1], got[0].Aimed.Supersede)
			}
		}
	}
	for _, text := range []string{Ambiguous("k", "count the items", []Place{{"orders", "a/orders"}, {"bad name", "x"}}), ForkComment("k", strings.Repeat("a1", 20))} {
		for _, m := range fenced.FindAllStringSubmatch(text, -1) {
			if got, unknown := command.Parse(m[1], command.Options{}); len(got) != 1 || len(unknown) != 0 {
				t.Errorf("%q is read as %+v, %+v", m[1], got, unknown)
			}
		}
	}
}

var helped = regexp.MustCompile("`(/[^`]+)`")

// TestHelpNamesEveryCommand gives the table's commands to what reads commands.
func TestHelpNamesEveryCommand(t *testing.T) {
	seen := map[command.Kind]bool{}
	text := Help("k")
	for _, m := range helped.FindAllStringSubmatch(text, -1) {
		line := strings.NewReplacer("SHA", strings.Repeat("a1", 20), "PATH", "a/b").Replace(m[1])
		got, unknown := command.Parse(line, command.Options{})
		if len(got) != 1 || len(unknown) != 0 {
			t.Errorf("%q is read as %+v, %+v", line, got, unknown)
			continue
		}
		seen[got[0].Kind] = true
	}
	for _, k := range []command.Kind{command.Amend, command.Answer, command.Help, command.Why, command.Status, command.Retry, command.Refresh, command.Rebase, command.Cancel, command.Init, command.Verify, command.Pause, command.Resume} {
		if !seen[k] {
			t.Errorf("%s is not told", k)
		}
	}
}

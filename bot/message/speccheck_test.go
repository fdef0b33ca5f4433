package message

import (
	"strings"
	"testing"

	"github.com/codicil-dev/codicil/bot/author"
	"github.com/codicil-dev/codicil/forge"
)

// An edit that contradicts a promise is told with the ways out, and with the line that takes the one that lets go of it.
func TestAnEditThatContradictsAPromiseIsToldWithTheWaysOut(t *testing.T) {
	o := &author.Outcome{Kind: author.Conflict, Requirement: "Amounts in euros\n\n@everyone", Explanation: "It contradicts amendment 2 (<b>dollars</b>).", Amendments: []int{2},
		Options: []author.Option{{Option: "Take it back."}, {Option: "Ask for it in an issue.", Supersedes: []string{"2:the unit is dollars"}}}}
	c := SpecCheck("orders", "abc", o, forge.Failure)
	if c.Conclusion != forge.Failure || !strings.Contains(c.Title, "contradicts") {
		t.Errorf("%s: %s", c.Conclusion, c.Title)
	}
	for _, want := range []string{"amendment 2", "1. Take it back", "2. Ask for it in an issue", `/amend --supersede 2:"the unit is dollars" orders: Amounts in euros`} {
		if !strings.Contains(c.Summary, want) {
			t.Errorf("%q is not said:\n%s", want, c.Summary)
		}
	}
	for _, bad := range []string{"<b>", "@everyone"} {
		if strings.Contains(c.Summary, bad) {
			t.Errorf("%q gets through:\n%s", bad, c.Summary)
		}
	}
}

package demo_test

import (
	"testing"
	"time"

	"github.com/codicil-dev/codicil/bot/state"
)

const replays = "../../cmd/codicil/testdata/replay/"

func TestAnAmendBecomesAMergeRequest(t *testing.T) {
	p := begin(t, recordings(t, replays+"unit/recording"), nil)
	mia := p.town.Person("mia")
	issue, err := mia.OpenIssue(t.Context(), "marketing", "data", "Open rates as fractions", "People multiply by 100 twice.")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := mia.Comment(t.Context(), "marketing", "data", issue, "/amend email_engagement: Give the open rate as a fraction between 0 and 1 instead of percent. All our other tools use fractions and people multiply by 100 twice."); err != nil {
		t.Fatal(err)
	}
	p.wait("a merge request is open", 2*time.Minute, func() bool { return p.change("email_engagement").State == state.ChangeOpen })
	c := p.change("email_engagement")
	if c.Draft || c.Verdict == "fail" {
		t.Errorf("the change is red: %+v", c)
	}
}

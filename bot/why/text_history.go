package why

import (
	"fmt"
	"strings"

	"github.com/codicil-dev/codicil/bot/markup"
)

// history is every amendment that made the thing so, in order.
func (t *texter) history(s *Story) {
	t.heading("How it came about", "")
	if len(s.Amendments) == 0 {
		t.hang("  ", 2, s.untold(), t.Faint)
		return
	}
	number := 1
	for _, a := range s.Amendments {
		number = max(number, len(fmt.Sprint(a.ID)))
	}
	for i, a := range s.Amendments {
		if i > 0 {
			t.line()
		}
		t.amendment(s, a, number)
	}
}

// label is the width of the labels beside an amendment's parts.
const label = 10

// amendment is one amendment: who asked what and when, what was done, and what was not.
func (t *texter) amendment(s *Story, a Amendment, number int) {
	in := number + 4
	lead := "  " + t.Bold(fmt.Sprintf("%*d", number, a.ID)) + "  "
	t.hang(lead, in, a.asker(), t.Faint)
	if mark := a.mark(); mark != "" {
		t.hang(strings.Repeat(" ", in), in, mark, t.Warn)
	}
	if a.URL != "" {
		t.line(strings.Repeat(" ", in), t.Faint(strings.Join(strings.Fields(markup.Plain(a.URL)), "%20")))
	}
	t.hang(strings.Repeat(" ", in), in, a.words(), plain)
	if s.Kind != KindProduct {
		t.labelled(in, label, "read as", a.Reading, plain)
		for _, q := range a.Questions {
			t.labelled(in, label, "asked", q.Ask, plain)
			t.labelled(in, label, "answered", q.Answer, plain)
		}
		t.labelled(in, label, "expected", strings.Join(a.Expects, "; "), plain)
	}
	if !a.Pending {
		t.labelled(in, label, "done", a.Change, plain)
	}
	for _, r := range a.Rejected {
		if s.Kind == KindProduct {
			break
		}
		t.labelled(in, label, "not done", r.Option, plain)
		t.hang(strings.Repeat(" ", in+label), in+label, s.broke(r), t.Faint)
	}
	for _, r := range a.Retires {
		t.labelled(in, label, "retires", r.retiresText(), plain)
	}
	for _, r := range a.Superseded {
		t.labelled(in, label, "since", s.since(r), t.Warn)
	}
}

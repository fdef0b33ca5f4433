package demo_test

import (
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/codicil-dev/codicil/bot/demo"
	"github.com/codicil-dev/codicil/bot/demo/tiny"
	"github.com/codicil-dev/codicil/bot/state"
)

// passing is a clock on which time can be let pass.
type passing struct{ by atomic.Int64 }

func (p *passing) now() time.Time       { return time.Now().Add(time.Duration(p.by.Load())) }
func (p *passing) pass(d time.Duration) { p.by.Add(int64(d)) }

// Questions outlive the bot; who does not answer is reminded once, and then what was said to be assumed is taken.
func TestNobodyAnswers(t *testing.T) {
	clock := &passing{}
	p := street(t, map[string][]tiny.Product{"commerce": {{Name: "orders"}}, "finance": {{Name: "bills"}}, "marketing": {{Name: "mails"}}}, demo.Options{Clock: clock.now}, &tiny.Model{})
	// An answer that comes while the bot is away is found when it is back.
	other := p.house("finance", "bills")
	issue := other.asks("omar", "add a column size, I am unsure")
	other.hears(issue, "2 things are unclear")
	other.quiet()
	if err := p.stop(); err != nil {
		t.Logf("the bot ended with %v", err)
	}
	other.says("omar", issue, "1. Only for some\n2. No")
	p.restart()
	c := other.opened(0)
	if ledger := other.file(c.Branch, "amendments/0002.yaml"); !strings.Contains(ledger, "Only for some") {
		t.Errorf("the answer was not taken:\n%s", ledger)
	}
	if n := len(p.triggers("bills", state.TriggerOpen)); n != 1 {
		t.Errorf("%d wishes are open", n)
	}
	h := p.house("commerce", "orders")
	issue = h.asks("jane", "add a column size, I am unsure")
	h.hears(issue, "2 things are unclear", "Without an answer by")
	h.quiet()
	p.restart()
	sweep := func() {
		t.Helper()
		if err := p.bot.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		h.quiet()
	}
	said := func(words string) (n int) {
		for _, c := range h.bots(issue) {
			n += strings.Count(c, words)
		}
		return n
	}
	sweep()
	if said("A reminder") != 0 {
		t.Error("the asker is reminded at once")
	}
	clock.pass(73 * time.Hour)
	sweep()
	sweep()
	if n := said("A reminder: 2 questions"); n != 1 {
		t.Errorf("the asker was reminded %d times:\n%s", n, strings.Join(h.bots(issue), "\n---\n"))
	}
	clock.pass(96 * time.Hour)
	sweep()
	c = h.opened(0)
	if n := said("Nobody answered in time"); n != 1 {
		t.Errorf("it was told %d times that nobody answered", n)
	}
	if ledger := h.file(c.Branch, "amendments/0002.yaml"); strings.Count(ledger, "(assumed)") != 2 {
		t.Errorf("the ledger does not tell what was assumed:\n%s", ledger)
	}
	h.show(issue)
	// Each status comment is edited once for each stage that lasts, and not for each request to the model.
	h.quiet()
	var edits int
	p.view(func(tx *state.Tx) error {
		return tx.SQL.QueryRow(`select count(*) from deliveries where outcome = 'comment edited'`).Scan(&edits)
	})
	if edits < 4 || edits > 20 {
		t.Errorf("the two status comments were edited %d times", edits)
	}
}

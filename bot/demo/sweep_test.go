package demo_test

import (
	"testing"
	"time"

	"github.com/codicil-dev/codicil/bot/config"
	"github.com/codicil-dev/codicil/bot/demo"
	"github.com/codicil-dev/codicil/bot/message"
	"github.com/codicil-dev/codicil/bot/state"
	"github.com/codicil-dev/codicil/forge/localforge"
)

// When no webhook gets through, all comes a sweep later.
func TestNoWebhookGetsThrough(t *testing.T) {
	t.Parallel()
	m := newPen(t)
	m.describes("orders", "Net total.", 2)
	m.describes("revenue", "Net sales.", 2)
	m.describes("items", "Net price.", 3)
	p := settleShops(t, m, func(c *config.Config) { c.Server.Silence = "1ms" })
	p.idle()
	p.town.SetFaults(localforge.Faults{Hooks: localforge.HookFaults{Lost: 1}})
	jane := p.town.Person("jane")
	plain, err := jane.OpenIssue(t.Context(), "commerce", demo.Repository, "How is it?", "")
	p.do(err)
	_, err = jane.Comment(t.Context(), "commerce", demo.Repository, plain, "/codicil status")
	p.do(err)
	edited, err := jane.OpenIssue(t.Context(), "commerce", demo.Repository, "How are we?", "")
	p.do(err)
	id, err := jane.Comment(t.Context(), "commerce", demo.Repository, edited, "/codicil help")
	p.do(err)
	time.Sleep(1100 * time.Millisecond) // the forge tells the time by the second, and only a later one is an edit
	p.do(jane.EditComment(t.Context(), "commerce", demo.Repository, id, "/codicil status"))
	sha := p.push("commerce", "jane", "mine", "Mine", map[string]string{ordersModel: "-- mine\n" + shopOf("orders").model()})
	p.pull("jane", "mine")
	p.push("commerce", "jane", "", "Say more", map[string]string{"commerce/items/spec.yaml": shopOf("items").spec("Gross price of it.")})

	p.do(p.bot.Sweep(t.Context()))
	p.wait("the status is told", long, func() bool { return len(p.remarks(plain)) == 1 })
	p.wait("the edit is noticed", long, func() bool { return len(p.remarks(edited)) == 1 })
	p.says(p.remarks(plain)[0], "orders")
	p.says(p.remarks(edited)[0], "edited")
	items := p.open("items")
	if !p.said.has("no webhook came") {
		t.Error("it is not said that no webhook came")
	}
	p.do(jane.Merge(t.Context(), "commerce", demo.Repository, items.Number))
	p.push(demo.Rules, "ada", "", "Amounts say what they include", map[string]string{"gross.md": gross("Net")})
	p.do(p.bot.Sweep(t.Context()))
	p.wait("the merge is noted", long, func() bool {
		return len(p.triggers("items", state.TriggerMerged)) == 1 && len(p.campaigns()) == 1
	})
	orders := p.open("orders")
	text, _ := p.town.File(t.Context(), "commerce", demo.Repository, orders.Branch, ordersModel)
	sha = p.push("commerce", "jane", orders.Branch, "A note", map[string]string{ordersModel: "-- noted\n" + text})
	p.do(p.bot.Sweep(t.Context()))
	p.wait("the commit is noticed", long, func() bool { return p.change("orders").Foreign == sha })
	p.wait("it is verified", long, func() bool { return p.checks("commerce", sha)[message.CheckName].Conclusion != "" })
	p.do(jane.Close(t.Context(), "commerce", demo.Repository, orders.Number))

	// One that the forge knows of is asked for again.
	p.idle()
	p.town.SetFaults(localforge.Faults{Hooks: localforge.HookFaults{Failed: 1}})
	p.push("marketing", "mia", "", "Nothing of a product", map[string]string{"README.md": "# Letters\n"})
	p.do(p.town.Settle(t.Context()))
	p.town.SetFaults(localforge.Faults{})
	var before int
	p.view(func(tx *state.Tx) (err error) { before, err = p.received(tx); return err })
	p.do(p.bot.Sweep(t.Context()))
	p.wait("it is delivered again", long, func() (more bool) {
		p.view(func(tx *state.Tx) error {
			n, err := p.received(tx)
			more = n > before
			return err
		})
		return more
	})
	p.wait("the close is noticed", long, func() bool { return p.change("orders").State == state.ChangeDeclined })
}

// received says when a webhook came last, in milliseconds.
func (p *play) received(tx *state.Tx) (int, error) {
	last, err := tx.LastReceived(demo.Host)
	return int(last.UnixMilli()), err
}

package demo_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/codicil-dev/codicil/bot/demo"
	"github.com/codicil-dev/codicil/bot/message"
	"github.com/codicil-dev/codicil/bot/queue"
	"github.com/codicil-dev/codicil/bot/state"
	"github.com/codicil-dev/codicil/forge/localforge"
)

const ordersModel = "commerce/orders/models/orders.sql"

// pull opens a merge request from a branch of commerce's, or from a fork's.
func (p *play) pull(by, head string) int {
	p.Helper()
	number, err := p.town.Person(by).OpenPull(p.Context(), "commerce", demo.Repository, localforge.NewPull{Title: "A change of " + by + "'s", Head: head})
	p.do(err)
	return number
}

// remarks are the comments at a merge request of commerce's that begin as the bot's do of what it verified.
func (p *play) remarks(number int) (out []string) {
	p.Helper()
	thread, _ := p.town.Thread("commerce", demo.Repository, number)
	for _, r := range thread.Remarks {
		if strings.HasPrefix(r.Author, "codicil") {
			out = append(out, r.Body)
		}
	}
	return out
}

// remark waits until there is one comment at a merge request, which says something.
func (p *play) remark(number int, says string) string {
	p.Helper()
	p.wait(fmt.Sprintf("#%d is told %q, and has one comment", number, says), long, func() bool {
		all := p.remarks(number)
		return len(all) == 1 && strings.Contains(all[0], says)
	})
	return p.remarks(number)[0]
}

// What people bring gets one check, and one comment that is kept current; a model is never asked.
func TestPeoplesMergeRequests(t *testing.T) {
	t.Parallel()
	m := newPen(t)
	p := settleShops(t, m, nil)
	orders := shopOf("orders")

	// Nothing of a product is touched, among 5,000 files.
	many := map[string]string{"README.md": "# Read me\n"}
	for i := range 5000 {
		many[fmt.Sprintf("docs/%d.md", i)] = "x\n"
	}
	sha := p.push("commerce", "jane", "docs", "Docs", many)
	docs := p.pull("jane", "docs")
	p.says(p.check("commerce", sha, message.CheckName, "success").Output.Title, "No data product is touched")

	// Drift is red, with the amendment drafted that it lacks.
	sha = p.push("commerce", "jane", "drift", "Twice", map[string]string{ordersModel: strings.Replace(orders.model(), "quantity", "quantity * 2", 1)})
	drift := p.pull("jane", "drift")
	p.check("commerce", sha, message.CheckName, "failure")
	p.says(p.remark(drift, "What fails"), "A drafted amendment", "commerce/orders/amendments/0002.yaml", "change_values", "revenue")
	sha = p.push("commerce", "jane", "drift", "Not twice", map[string]string{ordersModel: "-- what each came to\n" + orders.model()})
	p.check("commerce", sha, message.CheckName, "success")
	p.remark(drift, "everything holds")
	if n := len(p.remarks(docs)); n != 0 {
		t.Errorf("there are %d comments where no product is touched", n)
	}

	// In a merge queue.
	queued, err := p.town.Enqueue(t.Context(), "commerce", demo.Repository, drift, "jane")
	p.do(err)
	p.check("commerce", queued, message.CheckName, "success")

	// An edit of the spec alone is to be looked at.
	sha = p.push("commerce", "jane", "words", "Words", map[string]string{"commerce/orders/spec.yaml": orders.spec("Gross total.")})
	words := p.pull("jane", "words")
	p.check("commerce", sha, message.CheckName, "neutral")
	p.says(p.remark(words, "a person's eye"), "A drafted amendment", "change_meaning: {on: orders.amount, field: description}")

	// What another owner's product reads breaks there.
	sha = p.push("commerce", "jane", "drop", "No amount", map[string]string{ordersModel: "select id from raw_orders\n"})
	drop := p.pull("jane", "drop")
	p.check("commerce", sha, message.CheckName, "failure")
	p.says(p.remark(drop, "What fails"), "1 product that reads it fails", "revenue")

	// Two products, of which one vanishes.
	sha = p.push("commerce", "jane", "two", "No items", map[string]string{ordersModel: "-- as before\n" + orders.model()},
		"commerce/items/spec.yaml", "commerce/items/amendments/0001.yaml", "commerce/items/models/items.sql", "commerce/items/tests/positive.sql", "commerce/items/seeds/raw_items.csv")
	two := p.pull("jane", "two")
	p.check("commerce", sha, message.CheckName, "failure")
	p.says(p.remark(two, "2 products"), "items", "orders")

	// Closed and opened again, and asked for once more.
	jane := p.town.Person("jane")
	p.do(jane.Close(t.Context(), "commerce", demo.Repository, words))
	p.do(jane.Reopen(t.Context(), "commerce", demo.Repository, words))
	p.idle()
	thread, _ := p.town.Thread("commerce", demo.Repository, words)
	p.do(jane.Rerun(t.Context(), "commerce", demo.Repository, thread.Checks[0].ID))
	p.wait("the check was run again", long, func() bool {
		now, _ := p.town.Thread("commerce", demo.Repository, words)
		return now.Checks[0].Conclusion == "neutral" && now.Checks[0].Completed.After(thread.Checks[0].Completed)
	})
	p.remark(words, "a person's eye")
	for _, s := range shops {
		if m.count(s.name) != 0 {
			t.Errorf("a model was asked about %s", s.name)
		}
	}
}

// A fork does not say how a product is built, and whoever may not write does not say what may run.
func TestForks(t *testing.T) {
	t.Parallel()
	p := settleShops(t, newPen(t), nil)
	p.do(p.town.Fork(t.Context(), "commerce", demo.Repository, "lee"))
	sha, err := p.town.Commit(t.Context(), localforge.Commit{Owner: "lee", Name: demo.Repository, Branch: "mine", By: "lee", Message: "Mine",
		Write: map[string]string{"commerce/orders/product.yaml": "seeds: {raw_orders: {types: {id: VARCHAR}}}\n", ordersModel: "-- mine\n" + shopOf("orders").model()}})
	p.do(err)
	number := p.pull("lee", "lee:mine")
	p.check("commerce", sha, message.CheckName, "neutral")
	p.says(p.remark(number, "Taken from the target branch"), "commerce/orders/product.yaml")

	say := func(who, text, answer string) {
		t.Helper()
		_, err := p.town.Person(who).Comment(t.Context(), "commerce", demo.Repository, number, text)
		p.do(err)
		p.wait("it is answered", long, func() bool { all := p.remarks(number); return strings.Contains(all[len(all)-1], answer) })
	}
	say("lee", "/codicil verify "+sha, "write access")
	say("jane", "/codicil verify "+strings.Repeat("0123456789", 4), "is at "+sha[:8])
	say("jane", "/codicil verify "+sha, "may run for this commit")
	p.idle()
	p.check("commerce", sha, message.CheckName, "neutral")
	if n := len(p.remarks(number)); n != 4 {
		t.Errorf("there are %d comments, want the one of the verification and three answers", n)
	}

	// The fork is deleted and the merge request stays: what it brought can still be verified, queued, and found by a sweep.
	p.town.SetFaults(localforge.Faults{Hooks: localforge.HookFaults{Lost: 1}})
	last, err := p.town.Commit(t.Context(), localforge.Commit{Owner: "lee", Name: demo.Repository, Branch: "mine", By: "lee", Message: "The last word",
		Write: map[string]string{ordersModel: "-- mine, to the last\n" + shopOf("orders").model()}, Remove: []string{"commerce/orders/product.yaml"}})
	p.do(err)
	p.do(p.town.DeleteFork("lee", demo.Repository, "lee", true))
	p.do(p.bot.Sweep(t.Context()))
	p.check("commerce", last, message.CheckName, "success")
	p.town.SetFaults(localforge.Faults{})
	thread, _ := p.town.Thread("commerce", demo.Repository, number)
	p.do(p.town.Person("jane").Rerun(t.Context(), "commerce", demo.Repository, thread.Checks[0].ID))
	p.wait("the check was run again", long, func() bool {
		now, _ := p.town.Thread("commerce", demo.Repository, number)
		return now.Checks[0].Conclusion == "success" && now.Checks[0].Completed.After(thread.Checks[0].Completed)
	})
	p.told("jane", "commerce", number, "/codicil verify "+last, "may run for this commit")
	queued, err := p.town.Enqueue(t.Context(), "commerce", demo.Repository, number, "jane")
	p.do(err)
	p.check("commerce", queued, message.CheckName, "success")
	p.do(p.bot.Sweep(t.Context()))
	p.do(p.town.Person("jane").Merge(t.Context(), "commerce", demo.Repository, number))
	p.idle()
	p.nothingLeft()
}

// nothingLeft fails if something waits to be tried again, or was given up.
func (p *play) nothingLeft() {
	p.Helper()
	p.view(func(tx *state.Tx) error {
		for _, s := range []state.WriteState{state.WritePending, state.WriteDead} {
			writes, err := tx.WritesIn(s)
			if err != nil {
				return err
			}
			for _, w := range writes {
				p.Errorf("the write %s is %s: %s", w.Key, w.State, w.Error)
			}
		}
		dead, err := queue.Dead(p.Context(), tx)
		for _, j := range dead {
			p.Errorf("the job %s %s was given up: %s", j.Line, j.Argument, j.Error)
		}
		return err
	})
}

package demo_test

import (
	"strings"
	"testing"

	"github.com/codicil-dev/codicil/bot/author"
	"github.com/codicil-dev/codicil/bot/demo"
	"github.com/codicil-dev/codicil/bot/message"
	"github.com/codicil-dev/codicil/bot/state"
	"github.com/codicil-dev/codicil/forge/localforge"
)

// A spec that somebody edits by hand on the default branch becomes an amendment in their words, and the product is made to meet it.
func TestSpecsEditedByHand(t *testing.T) {
	t.Parallel()
	m := newPen(t)
	p := settleShops(t, m, nil)
	orders, items, revenue := shopOf("orders"), shopOf("items"), shopOf("revenue")

	// Only words: no model is asked.
	first := p.push("commerce", "jane", "", "Say that it is gross\n\nSales asked twice.", map[string]string{"commerce/orders/spec.yaml": orders.spec("Gross total.")})
	// A column, brought by a pull request.
	stock := "{name: stock, type: BIGINT, unit: count, description: How many there are., why: The warehouse plans with it., nullable: false}"
	entry := "id: 2\nrequirement: x\norigin: {kind: spec}\nreading: A new column.\nexpects: [{add_column: items.stock}]\nchecks:\n  - name: stock is the quantity\n    sql: select id from items join raw_items using (id) where stock is distinct from quantity\nchange: <tbd>\n"
	m.on("items", author.StageAmend, asFile("amendments/0002.yaml", entry))
	m.on("items", author.StageImplement, changed+asFile("models/items.sql", items.model("cast(quantity as bigint) as stock")))
	p.push("commerce", "jane", "stock", "Stock", map[string]string{"commerce/items/spec.yaml": items.spec(items.says, stock)})
	jane := p.town.Person("jane")
	number, err := jane.OpenPull(t.Context(), "commerce", demo.Repository, localforge.NewPull{Title: "Items have a stock", Body: "The warehouse can't plan.", Head: "stock"})
	p.do(err)
	p.do(jane.Merge(t.Context(), "commerce", demo.Repository, number))
	// One that no model can meet.
	m.on("revenue", author.StageAmend, "I don't know.")
	failing := p.push("finance", "omar", "", "Count the days", map[string]string{"finance/revenue/spec.yaml": revenue.spec(revenue.says, "{name: days, type: BIGINT, description: Days., why: None.}")})

	// One that a guideline forbids, whatever is implemented: no model is asked.
	letters := shopOf("letters")
	forbidden := p.push("marketing", "mia", "", "Letters need no key", map[string]string{"marketing/letters/spec.yaml": strings.Replace(letters.spec(letters.says), "    key: [id]\n", "", 1)})

	change := p.open("orders")
	p.says(p.body("commerce", change.Number), "Say that it is gross", "Sales asked twice.", "amendment 2")
	p.says(p.check("commerce", first, message.CheckName, "neutral").Output.Title, "orders: a merge request makes")
	if m.count("orders") != 0 {
		t.Error("a model was asked, although only words changed")
	}
	p.says(p.body("commerce", p.open("items").Number), "Items have a stock", "The warehouse can't plan.", "stock is the quantity")
	p.says(p.check("finance", failing, message.CheckName, "failure").Output.Title, "revenue: the product could not be made to meet its spec")

	told := p.check("marketing", forbidden, message.CheckName, "failure").Output
	p.says(told.Title, "letters: the edit of the spec contradicts what was promised before")
	p.says(told.Summary, "every table has a key", "Ways out", "Take the edit of the spec back", "Have the guideline changed")
	if n := len(p.triggers("letters", state.TriggerFailed)); n != 1 || m.count("letters") != 0 {
		t.Errorf("%d edits of letters are not followed, and the model was asked %d times", n, m.count("letters"))
	}

	// A second edit while the merge request is open: it is made anew on it, and declares both.
	second := p.push("commerce", "jane", "", "In dollars", map[string]string{"commerce/orders/spec.yaml": orders.spec("Gross total in dollars.")})
	p.check("commerce", second, message.CheckName, "")
	p.wait("the merge request is made anew", long, func() bool {
		c := p.change("orders")
		return c.State == state.ChangeOpen && c.Head != change.Head
	})
	p.merged("commerce", "jane", "orders")
	p.check("commerce", second, message.CheckName, "success")
	p.merged("commerce", "jane", "items")
	p.idle()
	spec, _ := p.town.File(t.Context(), "commerce", demo.Repository, "main", "commerce/orders/spec.yaml")
	ledger, _ := p.town.File(t.Context(), "commerce", demo.Repository, "main", "commerce/orders/amendments/0002.yaml")
	p.says(spec, "Gross total in dollars.", "version: 1.0.1")
	p.says(ledger, "kind: spec", "Say that it is gross", "author: jane")
	// What the bot's own merges bring is no edit by hand.
	for product, want := range map[string]int{"orders": 2, "items": 1} {
		n := 0
		for _, x := range p.triggers(product) {
			if x.Kind == state.KindSpec {
				n++
			}
		}
		if n != want {
			t.Errorf("%d edits of %s were seen, want %d", n, product, want)
		}
	}
	if strings.Contains(ledger, "tbd") {
		t.Error("the amendment is not filled in")
	}
}

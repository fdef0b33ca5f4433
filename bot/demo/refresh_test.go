package demo_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/codicil-dev/codicil/bot/config"
	"github.com/codicil-dev/codicil/bot/demo"
	"github.com/codicil-dev/codicil/bot/state"
)

// The week turns by its schedule: what is known to be out of date becomes a merge request, once.
func TestWhatTheWeekFindsIsOfferedOnce(t *testing.T) {
	t.Parallel()
	m := newPen(t)
	m.describes("orders", "Net total.", 3)
	m.describes("items", "Net price.", 2) // they never adopted what was there before the bot
	m.describes("revenue", "Net sales.", 2)
	town := village(map[string]string{"keys.md": keys, "gross.md": gross("Net")})
	orders := shopOf("orders")
	for name, text := range map[string]string{
		"spec.yaml":            orders.spec("Gross total."),
		"amendments/0002.yaml": "id: 2\nrequirement: Say gross.\norigin: {kind: guideline, id: gross, revision: \"000000000000\"}\nreading: As it says.\nexpects: [{change_meaning: {on: orders.amount, field: description}}]\nchecks:\n  - name: amounts say Gross\n    cel: tables.all(t, t.columns.all(c, c.unit != 'USD' || c.description.matches('Gross')))\nchange: Did so.\n",
	} {
		town["commerce/orders/"+name] = &fstest.MapFile{Data: []byte(text)}
	}
	p := settle(t, demo.Options{Examples: town, Configure: func(c *config.Config) { c.Refresh.Schedule, c.Refresh.Zone = "@every 1s", "Europe/Berlin" }}, len(shops), m.account)
	c := p.open("orders")
	p.idle()
	text := p.body("commerce", c.Number)
	p.says(text, "was adopted in revision 000000000000", "Amounts say what they include")
	asked := m.count("orders")
	if all := p.campaigns(); len(all) != 1 || all[0].Kind != state.KindRefresh || m.count("letters") != 0 {
		t.Errorf("campaigns %+v", all)
	}

	night := func(name string) {
		t.Helper()
		p.do(p.bot.Refresh(t.Context(), name))
		p.idle()
	}
	quiet := func(when string) {
		t.Helper()
		if n := len(p.triggers("orders")); n != 1 || m.count("orders") != asked {
			t.Errorf("%s: %d triggers and %d requests to a model", when, n, m.count("orders")-asked)
		}
	}
	night("the next")
	quiet("nothing changed")
	jane := p.town.Person("jane")
	p.do(jane.Close(t.Context(), "commerce", demo.Repository, c.Number))
	p.wait("it is declined", long, func() bool { return p.change("orders").State == state.ChangeDeclined })
	p.push(demo.Rules, "ada", "", "Another word", map[string]string{"keys.md": strings.Replace(keys, "Every table has a key.", "Each table has a key.", 1)})
	p.idle()
	night("the one after")
	quiet("it was declined")

	// Whoever asks gets it all the same.
	issue, err := jane.OpenIssue(t.Context(), "commerce", demo.Repository, "Is all well?", "")
	p.do(err)
	_, err = jane.Comment(t.Context(), "commerce", demo.Repository, issue, "/codicil refresh orders")
	p.do(err)
	p.wait("it is offered again", long, func() bool { return p.change("orders").State == state.ChangeOpen })
	p.says(p.remarks(issue)[0], "it is being looked into")
	p.merged("commerce", "jane", "orders")
	ledger, _ := p.town.File(t.Context(), "commerce", demo.Repository, "main", "commerce/orders/amendments/0003.yaml")
	p.says(ledger, "kind: refresh", "id: gross", "supersedes:")
}

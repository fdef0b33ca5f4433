package report

import (
	"strings"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/markup"
	"github.com/codicil-dev/codicil/bot/terminal"
)

// notRunTogether lists once, for all products that pass, what could not be had.
func (t *texter) notRunTogether(passing []*section) {
	n := 0
	for _, s := range passing {
		n += count(s.results, bot.NotRun)
	}
	if n == 0 {
		return
	}
	t.line()
	t.line(t.Bold("Not run"))
	t.notRun(passing, len(passing) > 1)
}

// notRun lists what could not be had, and why. What several products lack for one reason is one entry, which names them.
func (t *texter) notRun(sections []*section, named bool) {
	var order []string
	products := map[string][]string{}
	for _, s := range sections {
		for _, r := range s.with(bot.NotRun) {
			why := markup.Plain(r.Message)
			if why == "" {
				why = "no reason was given"
			}
			entry := markup.Plain(string(r.Area)+": "+r.Name) + ": " + why
			if _, ok := products[entry]; !ok {
				order = append(order, entry)
			}
			products[entry] = append(products[entry], markup.Plain(s.Product))
		}
	}
	for _, entry := range order {
		if named {
			entry += " (" + strings.Join(products[entry], ", ") + ")"
		}
		for i, l := range terminal.Wrap(entry, t.width-4) {
			lead := "  - "
			if i > 0 {
				lead = "    "
			}
			t.line(lead, l)
		}
	}
}

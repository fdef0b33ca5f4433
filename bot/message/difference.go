package message

import (
	"strings"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/markup"
	"github.com/codicil-dev/codicil/bot/report"
)

// compatibility is the table of what a reader would notice.
func compatibility(p *markup.Page, differences []bot.Difference, known bool) {
	if len(differences) == 0 {
		if known {
			p.Add(importanceCompatibility, "", "**For readers** nothing changes: no table, column, type or value differs.\n", "")
		}
		return
	}
	head, rows := report.DifferenceTable(differences)
	open := rows[:min(len(rows), openDifferences)]
	head = "**What readers will notice**\n\n" + head
	p.Add(importanceCompatibility, "differences", head, "", open...)
	if rest := rows[len(open):]; len(rest) > 0 {
		_, plain, _ := strings.Cut(head, "\n\n")
		p.Fold(importanceCompatibility, "differences", counted(len(rest), "more difference", "more differences"), rest, plain)
	}
}

// samples are changed rows.
func samples(p *markup.Page, differences []bot.Difference) {
	var units []string
	for _, d := range differences {
		if table := report.ExampleTable(d); table != "" {
			units = append(units, table)
		}
	}
	p.Fold(importanceSamples, "samples", "Changed values and rows, before and after", units)
}

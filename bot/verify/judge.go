package verify

import (
	"fmt"
	"strings"

	"github.com/codicil-dev/codicil/bot"
)

// compatibilityResults sums up what differs, one result a table, and what the spec itself says differently.
func (w *work) compatibilityResults(c *comparison) {
	byTable := map[string][]bot.Difference{}
	var order []string
	for _, p := range c.pairs {
		order = append(order, p.head.FullName())
	}
	for _, d := range w.differences {
		if d.Table == "" {
			continue
		}
		if _, ok := byTable[d.Table]; !ok && !containsString(order, d.Table) {
			order = append(order, d.Table)
		}
		byTable[d.Table] = append(byTable[d.Table], d)
	}
	for _, table := range order {
		status, message := judgeTable(byTable[table])
		w.add(bot.AreaCompatibility, status, table, message, table)
	}
}

// judgeTable says what a reader of one table faces. What is undeclared fails in the area of drift; here it is review at most,
// but for a table that lost all its rows.
func judgeTable(differences []bot.Difference) (bot.Status, string) {
	if len(differences) == 0 {
		return bot.Pass, "nothing that a reader would notice"
	}
	status := bot.Pass
	breaking := 0
	var unstable []string
	for _, d := range differences {
		switch {
		case d.Kind == bot.TableEmptied:
			return bot.Fail, d.Message
		case d.Kind == bot.Unstable:
			status = bot.Review
			unstable = append(unstable, d.Message)
		case d.Breaking:
			status = bot.Review
			breaking++
		case d.Unbounded:
			status = bot.Review
		}
	}
	parts := []string{count(len(differences)-len(unstable), "difference", "differences")}
	if breaking > 0 {
		parts = append(parts, fmt.Sprintf("%d of them may break readers", breaking))
	}
	return status, strings.Join(append(parts, unstable...), "; ")
}

// count is a number with its noun.
func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

package author

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/codicil-dev/codicil/bot/markup"
	"github.com/codicil-dev/codicil/bot/model"
)

// spendingHead are the columns of the table of what was spent; the last one gets the currency.
var spendingHead = [...]string{"stage", "requests", "tokens in", "cached", "out", "cost"}

// spendingGrid is what each stage spent, with a head and the total; nil if nothing was asked of a model.
func (o *Outcome) spendingGrid() [][]string {
	if o.Spent.Total.Requests == 0 {
		return nil
	}
	head := append([]string(nil), spendingHead[:]...)
	if o.Currency != "" {
		head[len(head)-1] += " in " + markup.Plain(o.Currency)
	}
	grid := [][]string{head}
	rows := append([]model.Spending(nil), o.Spent.Stages...)
	if len(rows) != 1 {
		total := o.Spent.Total
		total.Stage = "total"
		rows = append(rows, total)
	}
	for _, s := range rows {
		about := ""
		if s.Usage.Estimated {
			about = "≈"
		}
		grid = append(grid, []string{markup.Plain(s.Stage), grouped(s.Requests), about + grouped(s.Usage.In), grouped(s.Usage.Cached), about + grouped(s.Usage.Out), o.cost(s)})
	}
	return grid
}

// cost is what a stage cost, as far as that is known. All are written with as many decimals as the total needs.
func (o *Outcome) cost(s model.Spending) string {
	decimals := 4
	if o.Spent.Total.Cost >= 1 {
		decimals = 2
	}
	text := strconv.FormatFloat(s.Cost, 'f', decimals, 64)
	switch {
	case s.CostKnown:
		return text
	case s.Cost > 0:
		return "over " + text
	}
	return "unknown"
}

// sum is what was spent in all, in a few words.
func (o *Outcome) sum() string {
	t := o.Spent.Total
	text := fmt.Sprintf("%s, %s tokens", counted(t.Requests, "request", "requests"), grouped(t.Usage.Total()))
	if t.CostKnown || t.Cost > 0 {
		text += strings.TrimRight(", "+o.cost(t)+" "+o.Currency, " ")
	}
	return text + ", " + o.took()
}

// took is how long the work took, and how often it was repaired.
func (o *Outcome) took() string {
	switch {
	case o.Spent.Total.Requests == 0:
		return o.duration() + ", and no model was asked"
	case o.Amendment != nil:
		return o.duration() + " with " + counted(o.Rounds, "round", "rounds") + " of repair"
	}
	return o.duration()
}

// duration is how long the work took.
func (o *Outcome) duration() string {
	d := time.Duration(o.Seconds * float64(time.Second))
	if d < 10*time.Second {
		return d.Round(100 * time.Millisecond).String()
	}
	return d.Round(time.Second).String()
}

// estimates says what the sign for an estimate means, where it is used.
func (o *Outcome) estimates() string {
	if o.Spent.Total.Usage.Estimated {
		return "≈ is an estimate, since the endpoint did not count the tokens."
	}
	return ""
}

// repetition says how far models repeat each other, if they do.
func (o *Outcome) repetition() string {
	before, after := o.OverlapBefore, o.OverlapAfter
	if before == nil || after == nil || *before+*after == 0 {
		return ""
	}
	return fmt.Sprintf("Repeated sub-trees between models: %d before, %d after.", *before, *after)
}

// counted is a number with its noun.
func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return grouped(n) + " " + many
}

// grouped is a number with commas between its thousands.
func grouped(n int) string {
	text := strconv.Itoa(n)
	for i := len(text) - 3; i > 0 && text[i-1] != '-'; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

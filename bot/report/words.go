package report

import (
	"fmt"
	"strings"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/markup"
)

// summary is the verdict of a whole report in one sentence, with what to do next.
func summary(r *bot.Report, all []*section, noAdvice bool) string {
	var b strings.Builder
	switch r.Verdict {
	case bot.VerdictFail:
		fmt.Fprintf(&b, "Fail: %s", counted(all, bot.Fail))
		if n := total(all, bot.Review); n > 0 {
			fmt.Fprintf(&b, ", %d to review", n)
		}
		b.WriteString(".")
	case bot.VerdictReview:
		fmt.Fprintf(&b, "Review: nothing fails, %s.", counted(all, bot.Review))
	default:
		fmt.Fprintf(&b, "Pass: %s, %s.", plural(len(all), "product", "products"), plural(total(all, bot.Pass), "result holds", "results hold"))
	}
	if n := total(all, bot.NotRun); n > 0 {
		fmt.Fprintf(&b, " %d not run.", n)
	}
	if next := next(r, all); next != "" && !noAdvice {
		b.WriteString(" " + next)
	}
	return b.String()
}

// counted says how many results of a status there are, and in how many products.
func counted(all []*section, status bot.Status) string {
	products := 0
	for _, s := range all {
		if count(s.results, status) > 0 {
			products++
		}
	}
	what := plural(total(all, status), "result fails", "results fail")
	if status == bot.Review {
		what = plural(total(all, status), "result needs a person's eye", "results need a person's eye")
	}
	if len(all) == 1 {
		return what
	}
	return fmt.Sprintf("%s in %d of %d products", what, products, len(all))
}

func total(all []*section, status bot.Status) int {
	n := 0
	for _, s := range all {
		n += count(s.results, status)
	}
	return n
}

// next says what the reader should do now.
func next(r *bot.Report, all []*section) string {
	undeclared, low := 0, ""
	for _, s := range all {
		for _, d := range s.differences {
			if d.Undeclared() {
				undeclared++
			}
		}
		if low == "" && s.low() {
			low = fmt.Sprintf("set the version of %s to %s or more", s.Product, s.LeastVersion)
		}
	}
	var steps []string
	if r.Verdict == bot.VerdictFail {
		steps = append(steps, "mend what is marked ✗")
	}
	if r.Verdict == bot.VerdictFail && undeclared > 0 {
		steps = append(steps, fmt.Sprintf("undo or declare %s (codicil verify --declare drafts the amendment)", plural(undeclared, "difference", "differences")))
	}
	if low != "" {
		steps = append(steps, low)
	}
	if len(steps) == 0 && r.Verdict == bot.VerdictReview {
		return "Read what is marked ! and decide."
	}
	if len(steps) == 0 {
		return ""
	}
	return "Next: " + markup.Plain(strings.Join(steps, "; ")) + "."
}

// tally says how many differences are breaking and how many undeclared.
func tally(ds []bot.Difference) string {
	breaking, undeclared := 0, 0
	for _, d := range ds {
		if d.Breaking {
			breaking++
		}
		if d.Undeclared() {
			undeclared++
		}
	}
	return fmt.Sprintf("%d, of which %d breaking, %d undeclared", len(ds), breaking, undeclared)
}

// example is a row of a difference in one line: its key, and the value before and after. Of a row that only one side
// has, that side alone is shown.
func example(d bot.Difference, e bot.Example) string {
	keys := make([]string, len(e.Key))
	for i, c := range e.Key {
		keys[i] = markup.Plain(c.Column) + " " + value(c.Value)
	}
	change := value(e.Old) + " → " + value(e.New)
	switch d.Kind {
	case bot.RowsLost, bot.ReferenceOrphaned, bot.RowsGained, bot.RowsDuplicated, bot.TableEmptied, bot.SeedChanged:
		change = oneSide(e)
	}
	return strings.Trim(strings.Join(keys, ", ")+": "+change, ": ")
}

func oneSide(e bot.Example) string {
	switch {
	case e.Old != nil && e.New != nil:
		return value(e.Old) + " → " + value(e.New)
	case e.Old != nil:
		return value(e.Old)
	case e.New != nil:
		return value(e.New)
	}
	return ""
}

// value shows a value in one line; NULL and the empty text are told apart.
func value(v *string) string {
	switch {
	case v == nil:
		return "NULL"
	case *v == "":
		return "''"
	}
	return markup.Plain(*v)
}

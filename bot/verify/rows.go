package verify

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/compare"
	"github.com/codicil-dev/codicil/bot/engine"
	"github.com/codicil-dev/codicil/bot/spec"
)

// compare compares the rows of the pair, within what new amendments allow.
func (p *tablePair) compare(ctx context.Context) (err error) {
	if p.columns == nil {
		_, renamed := p.renames()
		p.match(renamed)
		if err := p.recognise(ctx); err != nil {
			return err
		}
	}
	p.pair = p.comparePair(ctx)
	p.allow(ctx)
	p.result, err = compare.Tables(ctx, p.session, p.pair)
	var failed *engine.Error
	if errors.As(err, &failed) && failed.Kind == engine.KindSQL && !p.asText {
		p.asText = true // a value that a cast can't hold, such as a date beyond the range of TIMESTAMP_NS
		return p.compare(ctx)
	}
	return err
}

// allow fills in what new amendments permit. Without a key a changed value shows as a row that went and one that came, so what
// permits rows to change permits that as well.
func (p *tablePair) allow(ctx context.Context) {
	table := names{p.base.FullName(), p.head.FullName()}
	p.lostBy, p.gainedBy = p.lost(table), p.gained(table)
	p.pair.Lost = p.usable(ctx, p.lostBy, p.baseRelation())
	p.pair.Gained = p.usable(ctx, p.gainedBy, p.headRelation())
	if p.pair.Gained.Any && !p.gainedBy.Any && p.isEmpty(ctx, p.baseRelation()) {
		p.pair.Gained.Any = false // all rows are new, so it is no wonder that the where selects all
	}
	p.changedBy = make([]permission, len(p.pair.Columns))
	for i := range p.pair.Columns {
		c := &p.pair.Columns[i]
		permitted := p.values(names{p.base.FullName() + "." + c.Base, p.head.FullName() + "." + c.Head, p.head.FullName() + "." + c.Base})
		if len(p.pair.Key) == 0 {
			for _, e := range p.fresh {
				for _, x := range e.Amendment.Expects {
					if x.ChangeRows != nil && table.are(x.ChangeRows.Table) {
						permitted.allow(x.ChangeRows.Where, e.Amendment.ID)
					}
				}
			}
		}
		p.changedBy[i] = permitted
		c.Changes = p.usable(ctx, permitted, p.baseRelation())
	}
}

// isEmpty says whether a relation has no rows.
func (p *tablePair) isEmpty(ctx context.Context, relation string) bool {
	rows, err := p.session.Query(ctx, "SELECT 1 FROM "+relation+" LIMIT 1", 1)
	return err == nil && len(rows.Values) == 0
}

// report records everything that differs in the pair.
func (p *tablePair) report(ctx context.Context) error {
	p.reportColumns()
	if p.reportEmptied() {
		return nil
	}
	p.reportUnstable()
	p.reportRows()
	p.reportValues()
	if p.result.Same() && len(p.unstable) == 0 && !p.rowsUnstable {
		if p.anyData() || p.otherInputs() {
			return p.reportPromises(ctx) // rows may have lost what they refer to
		}
		return nil
	}
	if err := p.reportNulls(ctx); err != nil {
		return err
	}
	if err := p.reportKey(ctx); err != nil {
		return err
	}
	return p.reportPromises(ctx)
}

// reportEmptied records a table that lost all its rows; nothing can declare that.
func (p *tablePair) reportEmptied() bool {
	r := p.result
	if r.BaseRows == 0 || r.HeadRows > 0 {
		return false
	}
	d := p.difference(bot.TableEmptied, p.head.FullName(), "", bot.ImpactMajor, true, fmt.Sprintf("all %d rows of %s are gone", r.BaseRows, p.head.FullName()))
	d.Count, d.Total = r.BaseRows, r.BaseRows
	return true
}

// reportUnstable records what differs from run to run by itself.
func (p *tablePair) reportUnstable() {
	for _, c := range p.columns {
		if p.unstable[spec.FoldName(c.base.Name)] {
			p.difference(bot.Unstable, p.head.FullName(), c.head.Name, bot.ImpactNone, false,
				fmt.Sprintf("values of %s.%s differ from run to run by themselves, so only its type, NULLs and rows were compared", p.head.FullName(), c.head.Name)).Declared = true
		}
	}
	if p.rowsUnstable {
		p.difference(bot.Unstable, p.head.FullName(), "", bot.ImpactNone, false,
			fmt.Sprintf("which rows %s holds differs from run to run by itself, so only their number was compared", p.head.FullName())).Declared = true
	}
}

// reportRows records rows that went, came or were doubled.
func (p *tablePair) reportRows() {
	r := p.result
	if p.rowsUnstable {
		p.reportRowCount()
		return
	}
	table := p.head.FullName()
	if r.Lost.Count > 0 {
		d := p.difference(bot.RowsLost, table, "", bot.ImpactMinor, false, fmt.Sprintf("%s of %s are gone", portion(r.Lost.Count, r.BaseRows, "rows"), table))
		d.Count, d.Total, d.Examples = r.Lost.Count, r.BaseRows, r.Lost.Examples
		settle(d, p.lostBy, p.pair.Lost, r.Lost.Outside)
	}
	gained := r.Gained.Count - r.Duplicated.Count
	if gained > 0 {
		d := p.difference(bot.RowsGained, table, "", bot.ImpactMinor, false, fmt.Sprintf("%s rows came to the %d of %s", number(gained), r.BaseRows, table))
		d.Count, d.Total, d.Examples = gained, r.HeadRows, r.Gained.Examples
		settle(d, p.gainedBy, p.pair.Gained, r.Gained.Outside)
	}
	if r.Duplicated.Count > 0 {
		d := p.difference(bot.RowsDuplicated, table, "", bot.ImpactMajor, true, fmt.Sprintf("%s of %s are there once more than before", count(int(r.Duplicated.Count), "row", "rows"), table))
		d.Count, d.Total, d.Examples = r.Duplicated.Count, r.HeadRows, r.Duplicated.Examples
		settle(d, p.gainedBy, p.pair.Gained, r.Gained.Outside)
	}
}

// reportRowCount compares no more than the number of rows.
func (p *tablePair) reportRowCount() {
	r := p.result
	table := p.head.FullName()
	switch {
	case r.HeadRows < r.BaseRows:
		d := p.difference(bot.RowsLost, table, "", bot.ImpactMinor, false, fmt.Sprintf("%s has %d rows instead of %d", table, r.HeadRows, r.BaseRows))
		d.Count, d.Total = r.BaseRows-r.HeadRows, r.BaseRows
		settle(d, p.lostBy, compare.Allowance{Any: p.pair.Lost.Any}, boolCount(!p.pair.Lost.Any))
	case r.HeadRows > r.BaseRows:
		d := p.difference(bot.RowsGained, table, "", bot.ImpactMinor, false, fmt.Sprintf("%s has %d rows instead of %d", table, r.HeadRows, r.BaseRows))
		d.Count, d.Total = r.HeadRows-r.BaseRows, r.HeadRows
		settle(d, p.gainedBy, compare.Allowance{Any: p.pair.Gained.Any}, boolCount(!p.pair.Gained.Any))
	}
}

func boolCount(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// settle marks a difference as declared if no row lies outside what is allowed, and says how many do otherwise.
func settle(d *bot.Difference, by permission, allowed compare.Allowance, outside int64) {
	switch {
	case by.by == 0:
	case outside == 0:
		d.Declared, d.DeclaredBy, d.Unbounded = true, by.by, allowed.Any
	default:
		d.Message += fmt.Sprintf(" (amendment %d allows only some: %s outside its where)", by.by, count(int(outside), "row is", "rows are"))
	}
}

// reportValues records columns whose values changed.
func (p *tablePair) reportValues() {
	if p.rowsUnstable {
		return
	}
	for _, r := range p.result.Columns {
		c := p.pair.Columns[r.Index]
		table := p.head.FullName()
		message := fmt.Sprintf("%s of %s.%s changed", portion(r.Changed, p.result.BaseRows, "values"), table, c.Head)
		impact, breaking := bot.ImpactMinor, false
		if r.Factor != 0 {
			message += fmt.Sprintf(", each times %g", r.Factor)
		}
		if likelyUnit(r.Factor, r.Changed, p.result.BaseRows) {
			impact, breaking = bot.ImpactMajor, true
			message += ", as a change of unit would"
		}
		if p.narrowed(c) {
			impact, breaking = bot.ImpactMajor, true
			message += ", since the narrower type does not hold them"
		}
		d := p.difference(bot.ValuesChanged, table, c.Head, impact, breaking, message)
		d.Count, d.Total, d.Factor, d.Examples = r.Changed, p.result.BaseRows, r.Factor, r.Examples
		settle(d, p.changedBy[r.Index], c.Changes, r.Outside)
	}
}

// likelyUnit says whether a factor looks like a change of unit and not like a rise in price: nearly every value changed by it, or it is a
// power of ten.
func likelyUnit(factor float64, changed, rows int64) bool {
	if factor == 0 {
		return false
	}
	digits := math.Log10(math.Abs(factor))
	return math.Abs(digits-math.Round(digits)) < 1e-9 && factor != -1 || 10*changed >= 9*rows
}

// portion is a number of things out of all there are, with its percentage.
func portion(n, of int64, things string) string {
	if n == of {
		return fmt.Sprintf("all %d %s", n, things)
	}
	return fmt.Sprintf("%s of %d %s", share(n, of), of, things)
}

// share is a number of rows with its percentage.
func share(n, of int64) string {
	if of == 0 || n == 0 {
		return number(n)
	}
	percent := 100 * float64(n) / float64(of)
	switch {
	case n == of:
		return fmt.Sprintf("all %d", n)
	case percent < 0.1:
		return fmt.Sprintf("%d (under 0.1 %%)", n)
	case percent > 99.9:
		return fmt.Sprintf("%d (over 99.9 %%)", n)
	}
	return fmt.Sprintf("%d (%.1f %%)", n, percent)
}

func number(n int64) string { return strconv.FormatInt(n, 10) }

package verify

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/engine"
	"github.com/codicil-dev/codicil/bot/spec"
)

// reportNulls records columns that have a greater share of NULLs than before.
func (p *tablePair) reportNulls(ctx context.Context) error {
	base, err := p.nullCounts(ctx, p.baseRelation(), func(c columnPair) string { return c.base.Name })
	if err != nil {
		return err
	}
	head, err := p.nullCounts(ctx, p.headRelation(), func(c columnPair) string { return c.head.Name })
	if err != nil {
		return err
	}
	for i, c := range p.columns {
		b, h := base[i], head[i]
		if h == 0 || float64(h)*float64(p.result.BaseRows) <= float64(b)*float64(p.result.HeadRows) {
			continue
		}
		gained, allowed, by := p.nullsGained(c)
		if b > 0 && gained == 0 && 100*(float64(h)/float64(p.result.HeadRows)-float64(b)/float64(p.result.BaseRows)) < 1 {
			continue // rows came or went, and the share moved by less than a percentage point
		}
		impact, breaking := bot.ImpactMinor, false
		if b == 0 {
			impact, breaking = bot.ImpactMajor, true
		}
		d := p.difference(bot.NullShareUp, p.head.FullName(), c.head.Name, impact, breaking,
			fmt.Sprintf("%s.%s is NULL in %s rows, before in %s", p.head.FullName(), c.head.Name, share(h, p.result.HeadRows), share(b, p.result.BaseRows)))
		d.Old, d.New, d.Count, d.Total = number(b), number(h), h-b, p.result.HeadRows
		p.declare(d, spec.Change{Kind: spec.ChangeNull, On: p.head.FullName() + "." + c.head.Name, Old: notNull, New: nullable})
		if !d.Declared && allowed {
			d.Declared, d.DeclaredBy = true, by
		}
	}
	return nil
}

// nullsGained is how many values of a column became NULL, and whether amendments allow what made the share rise: the changed
// values, or the rows that came and went.
func (p *tablePair) nullsGained(c columnPair) (gained int64, allowed bool, by int) {
	for _, r := range p.result.Columns {
		if p.pair.Columns[r.Index].Base == c.base.Name && r.NullsGained > 0 {
			return r.NullsGained, r.Outside == 0, p.changedBy[r.Index].by
		}
	}
	rows := p.result.Lost.Count+p.result.Gained.Count > 0 && p.result.Lost.Outside+p.result.Gained.Outside == 0
	if p.gainedBy.by != 0 {
		return 0, rows, p.gainedBy.by
	}
	return 0, rows, p.lostBy.by
}

func (p *tablePair) nullCounts(ctx context.Context, relation string, name func(columnPair) string) ([]int64, error) {
	parts := make([]string, len(p.columns))
	for i, c := range p.columns {
		parts[i] = "count(*) - count(" + engine.Ident(name(c)) + ")"
	}
	if len(parts) == 0 {
		return nil, nil
	}
	rows, err := p.session.Query(ctx, "SELECT "+strings.Join(parts, ", ")+" FROM "+relation, 1)
	if err != nil {
		return nil, err
	}
	out := make([]int64, len(parts))
	for i, v := range rows.Values[0] {
		if out[i], err = strconv.ParseInt(*v, 10, 64); err != nil {
			return nil, err
		}
	}
	return out, nil
}

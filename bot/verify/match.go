package verify

import (
	"context"
	"strings"

	"github.com/agnivade/levenshtein"

	"github.com/codicil-dev/codicil/bot/compare"
	"github.com/codicil-dev/codicil/bot/engine"
	"github.com/codicil-dev/codicil/bot/product"
)

// match pairs columns by name, then by declared renames.
func (p *tablePair) match(renames []rename) {
	p.columns = nil
	for i := range p.base.Columns {
		b := &p.base.Columns[i]
		name := b.Name
		for _, r := range renames {
			if sameName(r.baseTable, p.base.FullName()) && sameName(r.baseColumn, b.Name) {
				name = r.headColumn
			}
		}
		h, ok := columnNamed(p.head, name)
		if !ok {
			h, ok = columnNamed(p.head, b.Name)
		}
		if ok && !p.matched(h) {
			p.columns = append(p.columns, columnPair{b, h})
		}
	}
}

func (p *tablePair) matched(head *product.Column) bool {
	for _, c := range p.columns {
		if c.head == head {
			return true
		}
	}
	return false
}

// onlyBase and onlyHead are the columns that no other was matched with.
func (p *tablePair) onlyBase() []*product.Column {
	var out []*product.Column
	for i := range p.base.Columns {
		found := false
		for _, c := range p.columns {
			found = found || c.base == &p.base.Columns[i]
		}
		if !found {
			out = append(out, &p.base.Columns[i])
		}
	}
	return out
}

func (p *tablePair) onlyHead() []*product.Column {
	var out []*product.Column
	for i := range p.head.Columns {
		if !p.matched(&p.head.Columns[i]) {
			out = append(out, &p.head.Columns[i])
		}
	}
	return out
}

// recognise pairs columns that only one side has and that hold the same values: they were renamed. Where several could be meant, the
// closest name wins.
func (p *tablePair) recognise(ctx context.Context) error {
	for _, b := range p.onlyBase() {
		var best *product.Column
		for _, h := range p.onlyHead() {
			if b.Type != h.Type {
				continue
			}
			same, err := p.sameValues(ctx, b, h)
			if err != nil {
				return err
			}
			if same && (best == nil || distance(b.Name, h.Name) < distance(b.Name, best.Name)) {
				best = h
			}
		}
		if best != nil {
			p.columns = append(p.columns, columnPair{b, best})
		}
	}
	return nil
}

// distance is how many letters two names lie apart, whatever their case.
func distance(a, b string) int {
	return levenshtein.ComputeDistance(strings.ToLower(a), strings.ToLower(b))
}

// sameValues says whether two columns hold the same values in the same rows, rows being told apart by the columns that both sides have.
// Columns without any value do not count as the same.
func (p *tablePair) sameValues(ctx context.Context, b, h *product.Column) (bool, error) {
	q := *p
	q.columns = append(append([]columnPair(nil), p.columns...), columnPair{b, h})
	pair := q.comparePair(ctx)
	r, err := compare.Tables(ctx, p.session, pair)
	if err != nil {
		return false, err
	}
	for _, c := range r.Columns {
		if c.Index == len(pair.Columns)-1 {
			return false, nil
		}
	}
	if r.Lost.Count+r.Gained.Count > 0 && !r.ByKey {
		return false, nil
	}
	rows, err := p.session.Query(ctx, "SELECT count("+engine.Ident(b.Name)+") > 0 FROM "+p.baseRelation(), 1)
	if err != nil {
		return false, err
	}
	return rows.Values[0][0] != nil && *rows.Values[0][0] == "true", nil
}

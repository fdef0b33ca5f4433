package compare

import (
	"context"
	"fmt"
	"strconv"

	"github.com/codicil-dev/codicil/bot"
)

// numbers runs a query of one row and reads its values as whole numbers, NULL as 0.
func numbers(ctx context.Context, s session, sql string) ([]int64, error) {
	rows, err := s.Query(ctx, sql, 1)
	if err != nil {
		return nil, err
	}
	if len(rows.Values) != 1 {
		return nil, fmt.Errorf("query returned %d rows instead of one", len(rows.Values))
	}
	out := make([]int64, len(rows.Values[0]))
	for i, v := range rows.Values[0] {
		if v == nil {
			continue
		}
		if out[i], err = strconv.ParseInt(*v, 10, 64); err != nil {
			return nil, fmt.Errorf("read %s: %w", rows.Columns[i], err)
		}
	}
	return out, nil
}

// withheld stands for a value that must not be shown.
const withheld = "•••"

// show is a value for people; NULL stays NULL also where values are withheld, since its share is reported anyway.
func (c *Column) show(v *string) *string {
	if v == nil || !c.Hidden {
		return v
	}
	w := withheld
	return &w
}

// showHead is the head's value of column i for people.
func (p *Pair) showHead(i int, v *string) *string {
	if v == nil || !p.HideHead {
		return p.Columns[i].show(v)
	}
	w := withheld
	return &w
}

// cells are the columns of a row of the base that name it.
func (p *Pair) cells(indices []int, values []*string) []bot.Cell {
	out := make([]bot.Cell, len(indices))
	for i, k := range indices {
		out[i] = bot.Cell{Column: p.Columns[k].Head, Value: p.Columns[k].show(values[i])}
	}
	return out
}

// cellsOfHead are the columns of a row that only the head has.
func (p *Pair) cellsOfHead(indices []int, values []*string) []bot.Cell {
	out := p.cells(indices, values)
	for i, k := range indices {
		out[i].Value = p.showHead(k, values[i])
	}
	return out
}

// naming are the columns that name a row: the key, or the first few.
func (p *Pair) naming() []int {
	if len(p.Key) > 0 {
		return p.Key
	}
	n := min(len(p.Columns), 4)
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

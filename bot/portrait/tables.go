package portrait

import (
	"context"
	"encoding/json"
	"fmt"
	"sort"
	"strconv"
	"strings"

	"github.com/codicil-dev/codicil/bot/engine"
)

// profile says what a table holds, in full and in short.
type profile struct {
	sheet       *sheet
	full, short string
}

// fewRows is up to how many rows distinct values are counted by their hashes, which takes DuckDB the least time, and
// manyRows from how many on they are only estimated.
const (
	fewRows  = 50_000
	manyRows = 2_000_000
)

// lowCardinality is up to how many distinct values the most frequent ones are told, and mostFrequent how many of them.
const (
	lowCardinality = 12
	mostFrequent   = 5
)

// profiles looks at every table. One that can't be looked at is described by its columns alone.
func (k *knowledge) profiles(ctx context.Context) ([]profile, error) {
	if k.build == nil || len(k.sheets) == 0 {
		return nil, nil
	}
	session, err := k.open(ctx)
	if err != nil {
		return nil, err
	}
	defer session.Close()
	out := make([]profile, len(k.sheets))
	for i, s := range k.sheets {
		out[i] = profile{sheet: s, short: s.columnList()}
		look := look{session: session, sheet: s, values: k.options.Data != Schema}
		text, err := look.text(ctx)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err != nil {
			text = "It can't be looked at; its columns are " + out[i].short // what DuckDB says may quote values
		}
		out[i].full = text
	}
	return out, nil
}

// columnList names the columns with their types.
func (s *sheet) columnList() string {
	list := make([]string, len(s.columns))
	for i, c := range s.columns {
		list[i] = c.Name + " " + s.shownType(i)
	}
	return strings.Join(list, ", ")
}

// look is one look at a table.
type look struct {
	session *engine.Session
	sheet   *sheet
	values  bool
	rows    int64
}

// column is what a look tells of a column.
type column struct {
	filled, distinct int64
	least, greatest  *string
	frequent         []string
}

// text describes the table, one line a column.
func (l *look) text(ctx context.Context) (string, error) {
	count, err := l.session.Query(ctx, "SELECT count(*) FROM "+l.sheet.from, 1)
	if err != nil {
		return "", err
	}
	if l.rows, err = strconv.ParseInt(*count.Values[0][0], 10, 64); err != nil {
		return "", err
	}
	columns, err := l.columns(ctx)
	if err != nil {
		return "", err
	}
	if err := l.frequent(ctx, columns); err != nil {
		return "", err
	}
	lines := []string{fmt.Sprintf("%d rows", l.rows)}
	if l.rows == 1 {
		lines[0] = "1 row"
	}
	for i := range l.sheet.columns {
		lines = append(lines, l.line(i, columns[i]))
	}
	return strings.Join(lines, "\n"), nil
}

// shows says whether values of a column may be asked for.
func (l *look) shows(i int) bool {
	return l.values && !l.sheet.hidden[strings.ToLower(l.sheet.columns[i].Name)]
}

// columns counts. Of a column that is withheld nothing but counts is asked for.
func (l *look) columns(ctx context.Context) ([]column, error) {
	distinct := "count(DISTINCT %s)"
	switch {
	case l.rows <= fewRows:
		distinct = "coalesce(cardinality(histogram(CASE WHEN %[1]s IS NOT NULL THEN hash(%[1]s) END)), 0)"
	case l.rows > manyRows:
		distinct = "approx_count_distinct(%s)"
	}
	var list []string
	for i, c := range l.sheet.columns {
		name := engine.Ident(c.Name)
		least, greatest := "NULL", "NULL"
		if l.shows(i) && isOrdered(c.Type) {
			least, greatest = "min("+name+")", "max("+name+")"
		}
		list = append(list, "count("+name+")", fmt.Sprintf(distinct, name), least, greatest)
	}
	rows, err := l.session.Query(ctx, "SELECT "+strings.Join(list, ", ")+" FROM "+l.sheet.from, 1)
	if err != nil {
		return nil, err
	}
	out := make([]column, len(l.sheet.columns))
	for i := range out {
		v := rows.Values[0][4*i:]
		if out[i].filled, err = strconv.ParseInt(*v[0], 10, 64); err != nil {
			return nil, err
		}
		if out[i].distinct, err = strconv.ParseInt(*v[1], 10, 64); err != nil {
			return nil, err
		}
		out[i].least, out[i].greatest = v[2], v[3]
	}
	return out, nil
}

// frequent asks for the most frequent values of columns that hold few different ones.
func (l *look) frequent(ctx context.Context, columns []column) error {
	var at []int
	var parts []string
	for i, c := range l.sheet.columns {
		n := columns[i].distinct
		single := n == columns[i].filled // no value is more frequent than another
		if !l.shows(i) || n == 0 || n > lowCardinality || isNested(c.Type) || single && (n > mostFrequent || isOrdered(c.Type)) {
			continue
		}
		at = append(at, i)
		parts = append(parts, "to_json(map_entries(histogram(CAST("+engine.Ident(c.Name)+" AS VARCHAR))))")
	}
	if len(parts) == 0 {
		return nil
	}
	rows, err := l.session.Query(ctx, "SELECT "+strings.Join(parts, ", ")+" FROM "+l.sheet.from, 1)
	if err != nil {
		return err
	}
	for n, i := range at {
		if v := rows.Values[0][n]; v != nil {
			if columns[i].frequent, err = mostOf(*v, columns[i].distinct < columns[i].filled); err != nil {
				return err
			}
		}
	}
	return nil
}

// mostOf lists the most frequent values of a histogram, and how frequent they are.
func mostOf(histogram string, counted bool) ([]string, error) {
	var entries []struct {
		Key   string `json:"key"`
		Value int64  `json:"value"`
	}
	if err := json.Unmarshal([]byte(histogram), &entries); err != nil {
		return nil, err
	}
	sort.SliceStable(entries, func(i, j int) bool {
		if entries[i].Value != entries[j].Value {
			return entries[i].Value > entries[j].Value
		}
		return entries[i].Key < entries[j].Key
	})
	var out []string
	for _, e := range entries[:min(len(entries), mostFrequent)] {
		value := shown(e.Key)
		if counted {
			value += fmt.Sprintf(" %d×", e.Value)
		}
		out = append(out, value)
	}
	return out, nil
}

// line describes one column.
func (l *look) line(i int, c column) string {
	parts := []string{l.sheet.columns[i].Name + " " + l.sheet.shownType(i)}
	if l.rows > 0 {
		parts = append(parts, nulls(l.rows, c.filled))
	}
	if c.filled > 0 {
		parts = append(parts, fmt.Sprintf("%d distinct", c.distinct))
	}
	switch {
	case l.values && l.sheet.hidden[strings.ToLower(l.sheet.columns[i].Name)]:
		parts = append(parts, "values withheld")
	case len(c.frequent) > 0:
		rest := ""
		if c.distinct > int64(len(c.frequent)) {
			rest = " …"
		}
		parts[len(parts)-1] += ": " + strings.Join(c.frequent, ", ") + rest
	case c.least != nil && c.greatest != nil:
		parts = append(parts, shown(*c.least)+" to "+shown(*c.greatest))
	}
	return strings.Join(parts, "; ")
}

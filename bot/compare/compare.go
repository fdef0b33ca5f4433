// Package compare finds what differs between the rows of two tables, whatever their size.
package compare

import (
	"context"
	"fmt"
	"strings"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/engine"
)

// Tolerance is the relative difference up to which two FLOAT or DOUBLE values count as equal: sums of them differ
// between runs in their last bits, by the order in which threads add.
const Tolerance = 1e-9

// examples is how many examples of each difference are fetched.
const examples = 3

// Pair is a table at the base and at the head, with the columns that both have.
type Pair struct {
	// Base and Head are quoted relations that the session can read.
	Base, Head string
	Columns    []Column
	// Key are indices into Columns; empty where rows have no key, or another one at the head than at the base.
	Key []int
	// Lost and Gained are the predicates of rows that may go and come.
	Lost, Gained Allowance
	// HideHead says that no value of the head must be shown, whatever its column.
	HideHead bool
}

// Column is a column that both tables have.
type Column struct {
	// Base and Head are its names on the two sides.
	Base, Head string
	// Type is the DuckDB type in which values are compared: that of both sides, or the least that holds both.
	Type string
	// BaseType and HeadType are what the two sides have.
	BaseType, HeadType string
	// Float says that values are equal within Tolerance, Numeric that a constant factor may be looked for.
	Float, Numeric bool
	// Hidden says that values must not be shown.
	Hidden bool
	// Changes are the predicates of rows whose value may change, read on the base row.
	Changes Allowance
}

// Allowance says which rows may differ. The zero value allows none.
type Allowance struct {
	// Any allows every row.
	Any bool
	// Where are SQL expressions, each parsed before as a single expression; a row is allowed if one of them is true.
	Where []string
}

// predicate is the allowance as SQL over one row.
func (a Allowance) predicate() string {
	if a.Any {
		return "true"
	}
	if len(a.Where) == 0 {
		return "false"
	}
	parts := make([]string, len(a.Where))
	for i, w := range a.Where {
		parts[i] = "coalesce((\n" + w + "\n), false)" // the newline ends a trailing comment
	}
	return "(" + strings.Join(parts, " OR ") + ")"
}

// Result is what differs between the two tables of a Pair.
type Result struct {
	BaseRows, HeadRows int64
	// ByKey says that rows were paired by their key; otherwise they were compared as multisets.
	ByKey bool
	// KeyFault says why a given key could not pair rows: it has NULLs or duplicates. Empty if it could.
	KeyFault string
	// Lost are rows of the base that the head lacks, Gained the reverse. Duplicated are those of Gained of which the
	// base has an equal row already (multisets only).
	Lost, Gained, Duplicated Rows
	// Columns holds, in the order of the Pair's columns, those whose values changed.
	Columns []ColumnResult
}

// Rows are rows of one side.
type Rows struct {
	Count int64
	// Outside is how many of them no allowance covers.
	Outside  int64
	Examples []bot.Example
}

// ColumnResult is a column whose values changed in rows that both sides have.
type ColumnResult struct {
	// Index is the column's index in the Pair.
	Index int
	// Changed is the number of rows whose value changed, and Outside how many of them no allowance covers.
	Changed, Outside int64
	// NullsGained is how many values became NULL, NullsLost how many ceased to be.
	NullsGained, NullsLost int64
	// Factor is the constant by which all changed values were multiplied; 0 if there is none.
	Factor   float64
	Examples []bot.Example
}

// Same says that no row differs.
func (r *Result) Same() bool {
	return r.Lost.Count == 0 && r.Gained.Count == 0 && len(r.Columns) == 0
}

// session is what Tables needs of an engine session. Temporary tables are made and dropped in it.
type session interface {
	Exec(ctx context.Context, sql string) error
	Query(ctx context.Context, sql string, limit int) (*engine.Rows, error)
}

// Tables compares the two tables of a pair. Equal tables in equal order are recognised in one pass without a join;
// else rows are paired by key once the key is proved unique and not null on both sides, and otherwise compared as multisets. NULL
// equals NULL. With no common column nothing but the row counts is compared.
func Tables(ctx context.Context, s session, p Pair) (*Result, error) {
	r := &Result{}
	counts, err := numbers(ctx, s, "SELECT (SELECT count(*) FROM "+p.Base+"), (SELECT count(*) FROM "+p.Head+")")
	if err != nil {
		return nil, err
	}
	r.BaseRows, r.HeadRows = counts[0], counts[1]
	if len(p.Columns) == 0 {
		r.Lost.Count = max(0, r.BaseRows-r.HeadRows)
		r.Gained.Count = max(0, r.HeadRows-r.BaseRows)
		r.Lost.Outside, r.Gained.Outside = r.Lost.Count, r.Gained.Count
		return r, nil
	}
	if r.BaseRows == r.HeadRows {
		same, err := p.samePositions(ctx, s)
		if err != nil || same {
			r.ByKey = len(p.Key) > 0 && same
			return r, err
		}
	}
	if p.pairable() {
		done, err := p.byKey(ctx, s, r)
		if err != nil || done {
			return r, err
		}
	}
	return r, p.asMultisets(ctx, s, r)
}

// pairable says whether the key can pair rows exactly.
func (p *Pair) pairable() bool {
	for _, k := range p.Key {
		if p.Columns[k].Float {
			return false
		}
	}
	return len(p.Key) > 0
}

// samePositions compares row by row in the order in which they are stored.
func (p *Pair) samePositions(ctx context.Context, s session) (bool, error) {
	var differs []string
	for i := range p.Columns {
		differs = append(differs, p.differs(i, fmt.Sprintf("b.c%d", i), fmt.Sprintf("h.c%d", i)))
	}
	// The limit ends the scan at the first difference.
	n, err := numbers(ctx, s, "SELECT count(*) FROM (SELECT 1 FROM "+p.side(true, "")+" b POSITIONAL JOIN "+p.side(false, "")+" h WHERE "+strings.Join(differs, " OR ")+" LIMIT 1)")
	if err != nil {
		return false, err
	}
	return n[0] == 0, nil
}

// side is one side's columns as c0, c1, … in their common types, with further columns if extra is not empty.
func (p *Pair) side(base bool, extra string) string {
	exprs := make([]string, len(p.Columns))
	for i, c := range p.Columns {
		exprs[i] = c.expression(base) + fmt.Sprintf(" AS c%d", i)
	}
	if extra != "" {
		exprs = append(exprs, extra)
	}
	relation := p.Head
	if base {
		relation = p.Base
	}
	return "(SELECT " + strings.Join(exprs, ", ") + " FROM " + relation + ")"
}

// expression is the column's value on one side, in the common type.
func (c *Column) expression(base bool) string {
	name, typ := c.Head, c.HeadType
	if base {
		name, typ = c.Base, c.BaseType
	}
	value := engine.Ident(name)
	if typ != c.Type {
		value = "CAST(" + value + " AS " + c.Type + ")"
	}
	if c.Type == "VARCHAR" {
		value = "(" + value + ` COLLATE "binary")` // byte by byte, whatever collation the column has
	}
	return value
}

// differs is the condition that two values of column i are not the same.
func (p *Pair) differs(i int, base, head string) string {
	if p.Columns[i].Float {
		return "NOT " + close(base, head)
	}
	return base + " IS DISTINCT FROM " + head
}

// close is the condition that two floating-point values are the same within Tolerance.
func close(a, b string) string {
	return fmt.Sprintf("(%[1]s IS NOT DISTINCT FROM %[2]s OR coalesce(isfinite(%[1]s) AND isfinite(%[2]s) AND abs(%[1]s - %[2]s) <= %[3]g * greatest(abs(%[1]s), abs(%[2]s)), false))", a, b, Tolerance)
}

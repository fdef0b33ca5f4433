package engine

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"strings"

	duckdb "github.com/duckdb/duckdb-go/v2"
)

// query runs one statement that reads.
func (d *database) query(ctx context.Context, text string, limit int) (*Rows, error) {
	statements := split(text)
	if len(statements) != 1 {
		return nil, &Error{Kind: KindSQL, Message: fmt.Sprintf("one statement is wanted here, this has %d", len(statements))}
	}
	text = statements[0].text
	rows, err := d.describe(ctx, text)
	if err != nil {
		return nil, err
	}
	if len(rows.Columns) == 0 {
		return rows, nil
	}
	// DuckDB itself turns each value into text. The statement was parsed alone above, so that it cannot end early
	// what is put around it.
	var b strings.Builder
	b.WriteString("SELECT ")
	for i := range rows.Columns {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "CAST(#%d AS VARCHAR)", i+1)
	}
	b.WriteString(" FROM (\n")
	before := b.Len()
	b.WriteString(text)
	b.WriteString("\n)")
	if limit >= 0 && limit < math.MaxInt {
		fmt.Fprintf(&b, " LIMIT %d", limit+1)
	}
	result, err := d.conn.QueryContext(ctx, b.String())
	if err != nil {
		return nil, at(err, text, before)
	}
	defer result.Close()
	return rows, rows.fill(result, limit)
}

// describe names the columns and types of a statement that reads; another is an error.
func (d *database) describe(ctx context.Context, text string) (*Rows, error) {
	if err := d.mustRead(text); err != nil {
		return nil, err
	}
	const before = "DESCRIBE FROM (\n"
	result, err := d.conn.QueryContext(ctx, before+text+"\n)")
	if err != nil {
		return nil, at(err, text, len(before))
	}
	defer result.Close()
	rows := &Rows{Columns: []string{}, Types: []string{}, Values: [][]*string{}}
	for result.Next() {
		var name, kind string
		var null, key, def, extra any
		if err := result.Scan(&name, &kind, &null, &key, &def, &extra); err != nil {
			return nil, err
		}
		rows.Columns, rows.Types = append(rows.Columns, name), append(rows.Types, kind)
	}
	return rows, at(result.Err(), text, len(before))
}

// mustRead returns an error unless text, on its own, is a statement that only reads.
func (d *database) mustRead(text string) error {
	var kind duckdb.StmtType
	err := d.conn.Raw(func(c any) error {
		stmt, err := c.(*duckdb.Conn).PrepareContext(context.Background(), text)
		if err != nil {
			return err
		}
		defer stmt.Close()
		kind, err = stmt.(*duckdb.Stmt).StatementType()
		return err
	})
	if err != nil {
		return at(err, text, 0)
	}
	if kind != duckdb.STATEMENT_TYPE_SELECT {
		return &Error{Kind: KindSQL, Message: "only statements that read are allowed here; this is " + article(keyword(text))}
	}
	return nil
}

// fill reads result into r, up to limit rows and MaxResult bytes.
func (r *Rows) fill(result *sql.Rows, limit int) error {
	size := 0
	for result.Next() {
		if limit >= 0 && len(r.Values) == limit {
			r.More = true
			return nil
		}
		row := make([]*string, len(r.Columns))
		into := make([]any, len(row))
		for i := range row {
			into[i] = &row[i]
		}
		if err := result.Scan(into...); err != nil {
			return err
		}
		for _, v := range row {
			size += 8
			if v != nil {
				size += len(*v)
			}
		}
		if size > MaxResult {
			return &Error{Kind: KindMemory, Message: fmt.Sprintf("the result is longer than the %d MiB that may be fetched; ask for fewer rows or columns", MaxResult>>20)}
		}
		r.Values = append(r.Values, row)
	}
	if err := result.Err(); err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	return nil
}

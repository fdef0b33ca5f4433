package verify

import (
	"context"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/codicil-dev/codicil/bot/engine"
	"github.com/codicil-dev/codicil/bot/lineage"
	"github.com/codicil-dev/codicil/bot/product"
)

// world is a session in which checks and tests read a build's tables under plain names. It can change nothing.
type world struct {
	session *engine.Session
}

// relation is what a name in a world stands for: a table of the build, with columns added, or a table made of columns.
type relation struct {
	schema, name string
	// from is the table of the build; empty for a table without rows that is made of added.
	from string
	// added are further columns, as select expressions over from.
	added []string
}

// buildAlias is the name under which a build's database is attached.
const buildAlias = "built"

// openWorld makes a world of a build, with overlays in place of the tables of the same names.
func (w *work) openWorld(ctx context.Context, b *product.Build, overlays []relation) (*world, error) {
	readOnly := []string{filepath.Dir(b.Database())}
	for _, before := range b.Before {
		readOnly = append(readOnly, filepath.Dir(before.Database()))
	}
	session, err := engine.Start(ctx, w.v.Builder.Options(readOnly...))
	if err != nil {
		return nil, err
	}
	x := &world{session: session}
	if err := x.furnish(ctx, b, overlays); err != nil {
		_ = session.Close()
		return nil, err
	}
	return x, nil
}

func (x *world) furnish(ctx context.Context, b *product.Build, overlays []relation) error {
	if err := x.session.Exec(ctx, "ATTACH "+engine.Literal(b.Database())+" AS "+engine.Ident(buildAlias)+" (READ_ONLY)"); err != nil {
		return err
	}
	if err := product.AttachInputs(ctx, x.session, b.Inputs, b.Before); err != nil {
		return err
	}
	var sql strings.Builder
	taken := map[string]bool{}
	for _, o := range overlays {
		taken[strings.ToLower(o.schema+"."+o.name)] = true
		writeView(&sql, o)
	}
	for _, t := range b.Tables {
		if !taken[strings.ToLower(t.Schema+"."+t.Name)] {
			writeView(&sql, relation{schema: t.Schema, name: t.Name, from: engine.Relation(buildAlias, t.Schema, t.Name)})
		}
	}
	if sql.Len() > 0 {
		if err := x.session.Exec(ctx, sql.String()); err != nil {
			return err
		}
	}
	if err := x.session.PinClock(ctx, b.Clock); err != nil {
		return err
	}
	return x.session.Lock(ctx)
}

func writeView(sql *strings.Builder, r relation) {
	if !strings.EqualFold(r.schema, "main") {
		fmt.Fprintf(sql, "CREATE SCHEMA IF NOT EXISTS %s;\n", engine.Ident(r.schema))
	}
	columns := r.added
	from := " WHERE false"
	if r.from != "" {
		columns = append([]string{"*"}, r.added...)
		from = " FROM " + r.from
	}
	fmt.Fprintf(sql, "CREATE VIEW %s AS SELECT %s%s;\n", engine.Relation(r.schema, r.name), strings.Join(columns, ", "), from)
}

func (x *world) close() { _ = x.session.Close() }

// shownRows is how many failing rows are kept of a check.
const shownRows = 5

// outcome is what a query whose rows are violations returned.
type outcome struct {
	rows    *engine.Rows
	total   int64
	columns []string // that the query names anywhere
	err     error    // why it could not be run, for people
}

// run runs a query that an author wrote. The error is for what makes it useless to go on: the session is gone.
func (x *world) run(ctx context.Context, sql string) outcome {
	trees, err := x.session.Parse(ctx, []string{sql})
	if err != nil {
		return outcome{err: err}
	}
	if trees[0].Err != nil {
		return outcome{err: trees[0].Err}
	}
	if trees[0].Statements != 1 {
		return outcome{err: fmt.Errorf("it holds %d statements; write one SELECT", trees[0].Statements)}
	}
	columns, err := lineage.Columns(trees[0].JSON)
	if err != nil {
		return outcome{err: err}
	}
	rows, err := x.session.Query(ctx, sql, shownRows)
	if err != nil {
		return outcome{err: err}
	}
	out := outcome{rows: rows, total: int64(len(rows.Values)), columns: columns}
	if rows.More {
		out.total = x.count(ctx, sql, out.total)
	}
	return out
}

// count counts all rows of a query; if that fails, what is known already will do.
func (x *world) count(ctx context.Context, sql string, known int64) int64 {
	rows, err := x.session.Query(ctx, "SELECT count(*) FROM (\n"+strings.TrimRight(strings.TrimSpace(sql), ";")+"\n)", 1)
	if err != nil || len(rows.Values) != 1 || rows.Values[0][0] == nil {
		return known
	}
	n, err := strconv.ParseInt(*rows.Values[0][0], 10, 64)
	if err != nil {
		return known
	}
	return n
}

// oldNames are overlays that offer, on the head, the names that tables and columns had at the base: so earlier checks and
// tests still find what was renamed in the open.
func (w *work) oldNames(b *product.Build) []relation {
	tables, columns := w.renames()
	return overlaysFor(b, tables, columns, false)
}

// newNames are overlays that offer, on the base, the names that things have at the head.
func (w *work) newNames(b *product.Build) []relation {
	tables, columns := w.renames()
	return overlaysFor(b, tables, columns, true)
}

// rename is a declared rename of a table (column names empty) or of a column of a table, by head's table name.
type rename struct {
	baseTable, headTable   string
	baseColumn, headColumn string
}

// renames are the declared renames, tables and columns apart.
func (w *work) renames() (tables, columns []rename) {
	headTable := func(base string) string {
		for _, t := range tables {
			if strings.EqualFold(t.baseTable, base) {
				return t.headTable
			}
		}
		return base
	}
	for _, r := range declaredRenames(w.fresh) {
		if fromTable, from, ok := splitColumn(r.From); ok && w.isColumnRename(r.From) {
			_, to, _ := splitColumn(r.To)
			columns = append(columns, rename{baseTable: fromTable, headTable: headTable(fromTable), baseColumn: from, headColumn: to})
			continue
		}
		tables = append(tables, rename{baseTable: r.From, headTable: r.To})
	}
	for i, c := range columns { // a table's rename may be declared after its columns'
		columns[i].headTable = headTable(c.baseTable)
		for _, t := range tables {
			if strings.EqualFold(t.headTable, c.baseTable) { // the column's rename was given with the new table name
				columns[i].baseTable, columns[i].headTable = t.baseTable, t.headTable
			}
		}
	}
	return tables, columns
}

// isColumnRename tells a column's rename from that of a table in a schema.
func (w *work) isColumnRename(from string) bool {
	yes := false
	w.each(func(x expectation, _ int) {
		if x.RenameColumn != nil && x.RenameColumn.From == from {
			yes = true
		}
	})
	return yes
}

// overlaysFor builds the views for one side: forward offers head's names on a build of the base, else the reverse.
func overlaysFor(b *product.Build, tables, columns []rename, forward bool) []relation {
	byName := map[string]*relation{}
	get := func(actual, offered string) *relation {
		schema, name := product.SplitName(offered)
		key := strings.ToLower(schema + "." + name)
		if r, ok := byName[key]; ok {
			return r
		}
		t, ok := b.Table(actual)
		if !ok {
			return nil
		}
		r := &relation{schema: schema, name: name, from: engine.Relation(buildAlias, t.Schema, t.Name)}
		byName[key] = r
		return r
	}
	for _, t := range tables {
		if forward {
			get(t.baseTable, t.headTable)
		} else {
			get(t.headTable, t.baseTable)
		}
	}
	for _, c := range columns {
		actual, have, want := c.headTable, c.headColumn, c.baseColumn
		if forward {
			actual, have, want = c.baseTable, c.baseColumn, c.headColumn
		}
		for _, offered := range compactFold(c.headTable, c.baseTable) {
			r := get(actual, offered)
			if r == nil {
				continue
			}
			if t, _ := b.Table(actual); t != nil {
				_, has := t.Column(have)
				_, clash := t.Column(want)
				if has && !clash {
					r.added = append(r.added, engine.Ident(have)+" AS "+engine.Ident(want))
				}
			}
		}
	}
	var out []relation
	for _, r := range byName {
		out = append(out, *r)
	}
	return out
}

// compactFold returns a and b, or only one of them if they are the same name.
func compactFold(a, b string) []string {
	if strings.EqualFold(a, b) {
		return []string{a}
	}
	return []string{a, b}
}

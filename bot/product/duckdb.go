package product

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/engine"
)

// run carries the plan out in an engine session: inputs, seeds, then models, with everything untrusted after the lock.
func (pl *plan) run(ctx context.Context, session *engine.Session, progress func(string)) (*Build, error) {
	build := &Build{Product: pl.Product, Path: pl.path, Inputs: pl.Inputs, Clock: pl.Clock, Confinement: session.Confinement()}
	if err := AttachInputs(ctx, session, pl.Inputs, pl.before); err != nil {
		return nil, err
	}
	for _, s := range pl.Seeds {
		progress("loading " + s.Path)
		if err := pl.load(ctx, session, s); err != nil {
			if fatal(err) {
				return nil, err
			}
			build.Problems = append(build.Problems, pl.problem(s.Path, err))
		}
	}
	if err := session.PinClock(ctx, pl.Clock); err != nil {
		return nil, err
	}
	if err := session.Lock(ctx); err != nil {
		return nil, err
	}
	models, problems := pl.arrange(ctx, session)
	build.Problems = append(build.Problems, problems...)
	unbuilt := map[string]string{}
	for _, m := range models {
		build.Models = append(build.Models, m.Model)
		if on, ok := firstUnbuilt(m, unbuilt); ok {
			unbuilt[strings.ToLower(m.Table)] = on
			build.Problems = append(build.Problems, bot.Problem{File: path.Join(pl.path, m.SQLFile.Path), Message: "was not built, since " + on + " was not"})
			continue
		}
		progress("building " + m.Table)
		if err := pl.make(ctx, session, m); err != nil {
			unbuilt[strings.ToLower(m.Table)] = m.SQLFile.Path
			build.Problems = append(build.Problems, pl.problem(m.SQLFile.Path, err))
			if fatal(err) {
				return build, nil // the session is gone, and with it the tables
			}
		}
	}
	var err error
	build.Tables, err = tables(ctx, session)
	if err != nil {
		return nil, err
	}
	return build, session.Exec(ctx, "CHECKPOINT")
}

func firstUnbuilt(m parsed, unbuilt map[string]string) (string, bool) {
	for _, r := range m.Reads {
		if on, ok := unbuilt[r]; ok {
			return on, true
		}
	}
	return "", false
}

// fatal says whether the session ended with the error.
func fatal(err error) bool {
	var e *engine.Error
	return errors.As(err, &e) && (e.Kind == engine.KindCrash || e.Kind == engine.KindClosed)
}

// problem places an engine's error in a file of the product.
func (pl *plan) problem(name string, err error) bot.Problem {
	p := bot.Problem{File: path.Join(pl.path, name), Message: err.Error()}
	var e *engine.Error
	if errors.As(err, &e) {
		p.Message = e.Message
		if e.Line > 1 {
			p.Line, p.Column = e.Line-1, e.Column // the model's text begins on the statement's second line
		}
	}
	return p
}

// make builds one model's table.
func (pl *plan) make(ctx context.Context, session *engine.Session, m parsed) error {
	schema, table := SplitName(m.Table)
	if schema != mainSchema {
		if err := session.Exec(ctx, "CREATE SCHEMA IF NOT EXISTS "+engine.Ident(schema)); err != nil {
			return err
		}
	}
	if len(m.Random) > 0 {
		seed := "0.25"
		if pl.Control {
			seed = "0.75"
		}
		if _, err := session.Query(ctx, "SELECT setseed("+seed+")", 1); err != nil {
			return err
		}
	}
	// The text was parsed as exactly one SELECT, so it can't end the statement and begin another.
	return session.Exec(ctx, "CREATE TABLE "+engine.Relation(schema, table)+" AS\n"+m.Text)
}

// load makes a seed's table.
func (pl *plan) load(ctx context.Context, session *engine.Session, s Seed) error {
	table := engine.Relation(mainSchema, s.Table)
	from, err := seedRelation(ctx, session, s)
	if err != nil {
		return err
	}
	if s.NewColumns == nil && !pl.Control {
		return session.Exec(ctx, "CREATE TABLE "+table+" AS SELECT * FROM "+from)
	}
	raw := engine.Relation("temp", mainSchema, "seed "+s.Table)
	if err := session.Exec(ctx, "CREATE TEMP TABLE "+raw+" AS SELECT * FROM "+from); err != nil {
		return err
	}
	query := "SELECT * FROM " + raw
	if s.NewColumns != nil {
		if query, err = pl.withNewColumns(ctx, session, s, raw); err != nil {
			return err
		}
	}
	if pl.Control { // another order of rows shows what depends on it
		query = "SELECT * FROM (" + query + ") ORDER BY row_number() OVER () DESC"
	}
	return session.Exec(ctx, "CREATE TABLE "+table+" AS "+query+"; DROP TABLE "+raw)
}

// seedRelation is the table function that reads a seed's file, with declared types and the rest inferred from all rows.
func seedRelation(ctx context.Context, session *engine.Session, s Seed) (string, error) {
	file := engine.Literal(s.File)
	plain := "read_parquet(" + file + ")"
	if strings.EqualFold(path.Ext(s.Path), ".csv") {
		plain = "read_csv(" + file + ", header=true, delim=',', quote='\"', escape='\"', comment='', strict_mode=true, null_padding=false, sample_size=-1, all_varchar=true)"
	}
	columns, err := session.Query(ctx, "SELECT column_name FROM (DESCRIBE SELECT * FROM "+plain+")", -1)
	if err != nil {
		return "", err
	}
	var types, casts []string
	for _, row := range columns.Values {
		if row[0] == nil {
			continue
		}
		if typ, ok := s.Types[strings.ToLower(*row[0])]; ok {
			types = append(types, engine.Literal(*row[0])+": "+engine.Literal(typ))
			casts = append(casts, "CAST("+engine.Ident(*row[0])+" AS "+typ+") AS "+engine.Ident(*row[0]))
		}
	}
	if strings.HasPrefix(plain, "read_csv") {
		typed := strings.Replace(plain, "all_varchar=true", "all_varchar=false", 1)
		if len(types) > 0 {
			typed = strings.TrimSuffix(typed, ")") + ", types={" + strings.Join(types, ", ") + "})"
		}
		return typed, nil
	}
	if len(casts) == 0 {
		return plain, nil
	}
	return "(SELECT * REPLACE (" + strings.Join(casts, ", ") + ") FROM " + plain + ")", nil
}

// withNewColumns joins the columns that only the later version of a seed has to the rows of this one. Rows are matched
// by all columns that both have, equal rows in their order; a row that the later version lacks gets NULLs.
func (pl *plan) withNewColumns(ctx context.Context, session *engine.Session, s Seed, raw string) (string, error) {
	from, err := seedRelation(ctx, session, *s.NewColumns)
	if err != nil {
		return "", err
	}
	later := engine.Relation("temp", mainSchema, "later "+s.Table)
	if err := session.Exec(ctx, "CREATE TEMP TABLE "+later+" AS SELECT * FROM "+from); err != nil {
		return "", err
	}
	old, err := columnNames(ctx, session, raw)
	if err != nil {
		return "", err
	}
	new, err := columnNames(ctx, session, later)
	if err != nil {
		return "", err
	}
	var common, added, match []string
	for _, c := range new {
		if !containsFold(old, c) {
			added = append(added, "l."+engine.Ident(c))
			continue
		}
		common = append(common, engine.Ident(c))
		match = append(match, "CAST(o."+engine.Ident(c)+" AS VARCHAR) IS NOT DISTINCT FROM CAST(l."+engine.Ident(c)+" AS VARCHAR)")
	}
	if len(added) == 0 || len(common) == 0 {
		return "SELECT * FROM " + raw, nil
	}
	numbered := func(table string) string {
		return fmt.Sprintf("(SELECT *, rowid AS __codicil_row, row_number() OVER (PARTITION BY %s ORDER BY rowid) AS __codicil_n FROM %s)", strings.Join(common, ", "), table)
	}
	return fmt.Sprintf("SELECT o.* EXCLUDE (__codicil_row, __codicil_n), %s FROM %s o LEFT JOIN %s l ON o.__codicil_n = l.__codicil_n AND %s ORDER BY o.__codicil_row",
		strings.Join(added, ", "), numbered(raw), numbered(later), strings.Join(match, " AND ")), nil
}

func columnNames(ctx context.Context, session *engine.Session, relation string) ([]string, error) {
	rows, err := session.Query(ctx, "SELECT column_name FROM (DESCRIBE "+relation+")", -1)
	if err != nil {
		return nil, err
	}
	names := make([]string, 0, len(rows.Values))
	for _, r := range rows.Values {
		names = append(names, *r[0])
	}
	return names, nil
}

func containsFold(list []string, s string) bool {
	for _, l := range list {
		if strings.EqualFold(l, s) {
			return true
		}
	}
	return false
}

// tablesQuery lists the columns of all tables of the build's own database.
const tablesQuery = `SELECT schema_name, table_name, column_name, data_type FROM duckdb_columns()
WHERE database_name = current_database() AND NOT internal ORDER BY schema_name, table_name, column_index`

// tables lists what was built.
func tables(ctx context.Context, session *engine.Session) ([]Table, error) {
	rows, err := session.Query(ctx, tablesQuery, -1)
	if err != nil {
		return nil, err
	}
	var out []Table
	for _, r := range rows.Values {
		last := len(out) - 1
		if last < 0 || out[last].Schema != *r[0] || out[last].Name != *r[1] {
			out = append(out, Table{Schema: *r[0], Name: *r[1]})
			last++
		}
		out[last].Columns = append(out[last].Columns, Column{Name: *r[2], Type: *r[3]})
	}
	return out, nil
}

// AttachInputs makes other products' tables readable in a session, under their bare names and as product.table. It
// must run before the session is locked; the session must be allowed to read the builds' folders.
func AttachInputs(ctx context.Context, session *engine.Session, inputs []InputTable, before []*Build) error {
	attached := map[string]string{}
	for _, b := range before {
		if _, ok := attached[b.Key]; ok {
			continue
		}
		alias := fmt.Sprintf("input%d", len(attached)+1)
		attached[b.Key] = alias
		if err := session.Exec(ctx, "ATTACH "+engine.Literal(b.Database())+" AS "+engine.Ident(alias)+" (READ_ONLY)"); err != nil {
			return fmt.Errorf("attach the output of %s: %w", b.Product, err)
		}
	}
	for _, in := range inputs {
		schema, table := SplitName(in.Table)
		from := engine.Relation(attached[in.Key], schema, table)
		if err := session.Exec(ctx, "CREATE OR REPLACE TEMP VIEW "+engine.Ident(in.Name)+" AS SELECT * FROM "+from); err != nil {
			return fmt.Errorf("read %s of product %s: %w", in.Table, in.Product, err)
		}
	}
	return nil
}

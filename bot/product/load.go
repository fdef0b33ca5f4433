package product

import (
	"context"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/codicil-dev/codicil/bot/engine"
	"github.com/codicil-dev/codicil/bot/spec"
)

// load makes a seed's table.
func (pl *plan) load(ctx context.Context, session *engine.Session, s Seed) error {
	schema, name := SplitName(s.Table)
	if err := makeSchema(ctx, session, schema); err != nil {
		return err
	}
	table := engine.Relation(databaseName, schema, name)
	from, err := seedRelation(ctx, session, s)
	if err != nil {
		return err
	}
	if s.NewColumns == nil && !pl.Control {
		return session.Exec(ctx, "CREATE TABLE "+table+" AS SELECT * FROM "+from)
	}
	typed := engine.Relation("temp", mainSchema, "seed")
	if err := session.Exec(ctx, "CREATE OR REPLACE TEMP TABLE "+typed+" AS SELECT * FROM "+from); err != nil {
		return err
	}
	query := "SELECT * FROM " + typed
	if s.NewColumns != nil {
		if query, err = withNewColumns(ctx, session, s, typed); err != nil {
			return err
		}
	}
	if pl.Control { // another order of rows shows what depends on it
		query = "SELECT * FROM (" + query + ") ORDER BY row_number() OVER () DESC"
	}
	return session.Exec(ctx, "CREATE TABLE "+table+" AS "+query+"; DROP TABLE "+typed)
}

// makeSchema makes a schema of the build's database unless it is there.
func makeSchema(ctx context.Context, session *engine.Session, schema string) error {
	if spec.SameName(schema, mainSchema) {
		return nil
	}
	return session.Exec(ctx, "CREATE SCHEMA IF NOT EXISTS "+engine.Relation(databaseName, schema))
}

// textRelation is the table function that reads a seed's file, CSV with every column as text.
func textRelation(s Seed) string {
	file := engine.Literal(s.File)
	if !s.isCSV() {
		return "read_parquet(" + file + ")"
	}
	return "read_csv(" + file + ", header=true, delim=',', quote='\"', escape='\"', comment='', strict_mode=true, null_padding=false, all_varchar=true)"
}

// typedCSV reads a CSV file with types inferred from all rows. Only ISO dates are taken for dates: 01/02/2024 may be either of
// two, and which would hang on the other rows.
func typedCSV(s Seed, types []string) string {
	options := ", all_varchar=false, sample_size=-1, dateformat='%Y-%m-%d')"
	if len(types) > 0 {
		options = strings.TrimSuffix(options, ")") + ", types={" + strings.Join(types, ", ") + "})"
	}
	return strings.Replace(textRelation(s), ", all_varchar=true)", options, 1)
}

// seedRelation is the table function that reads a seed's file, with declared types and the rest inferred from all rows.
func seedRelation(ctx context.Context, session *engine.Session, s Seed) (string, error) {
	columns, err := columnNames(ctx, session, "SELECT * FROM "+textRelation(s))
	if err != nil {
		return "", err
	}
	var types, casts []string
	for _, name := range columns {
		if typ, ok := s.Types[spec.FoldName(name)]; ok {
			types = append(types, engine.Literal(name)+": "+engine.Literal(typ))
			casts = append(casts, "CAST("+engine.Ident(name)+" AS "+typ+") AS "+engine.Ident(name))
		}
	}
	switch {
	case s.isCSV():
		return typedCSV(s, types), nil
	case len(casts) == 0:
		return textRelation(s), nil
	}
	return "(SELECT * REPLACE (" + strings.Join(casts, ", ") + ") FROM " + textRelation(s) + ")", nil
}

// withNewColumns is a query that joins the columns that only the later version of a seed has to the rows of this one, typed. Rows are
// matched by the text of all columns that both have, equal rows in their order; a row that the later version lacks
// gets NULLs.
func withNewColumns(ctx context.Context, session *engine.Session, s Seed, typed string) (string, error) {
	later, err := seedRelation(ctx, session, *s.NewColumns)
	if err != nil {
		return "", err
	}
	relation := func(name string) string { return engine.Relation("temp", mainSchema, name) }
	for _, t := range []struct{ name, from string }{
		{"seed text", textRelation(s)}, {"later", later}, {"later text", textRelation(*s.NewColumns)},
	} {
		if err := session.Exec(ctx, "CREATE OR REPLACE TEMP TABLE "+relation(t.name)+" AS SELECT * FROM "+t.from); err != nil {
			return "", err
		}
	}
	old, err := columnNames(ctx, session, typed)
	if err != nil {
		return "", err
	}
	new, err := columnNames(ctx, session, relation("later"))
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
		match = append(match, "CAST(o."+engine.Ident(c)+" AS VARCHAR) IS NOT DISTINCT FROM CAST(n."+engine.Ident(c)+" AS VARCHAR)")
	}
	if len(added) == 0 || len(common) == 0 {
		return "SELECT * FROM " + typed, nil
	}
	numbered := func(table string) string {
		return fmt.Sprintf("(SELECT *, rowid AS __codicil_row, row_number() OVER (PARTITION BY %s ORDER BY rowid) AS __codicil_n FROM %s)",
			strings.Join(common, ", "), table)
	}
	return fmt.Sprintf("SELECT t.*, %s FROM %s t JOIN %s o ON t.rowid = o.__codicil_row LEFT JOIN %s n ON o.__codicil_n = n.__codicil_n AND %s LEFT JOIN %s l ON l.rowid = n.__codicil_row ORDER BY t.rowid",
		strings.Join(added, ", "), typed, numbered(relation("seed text")), numbered(relation("later text")), strings.Join(match, " AND "), relation("later")), nil
}

// columnNames are the columns of a relation or of a query.
func columnNames(ctx context.Context, session *engine.Session, from string) ([]string, error) {
	rows, err := session.Query(ctx, "SELECT column_name FROM (DESCRIBE "+from+")", -1)
	if err != nil {
		return nil, err
	}
	names := make([]string, 0, len(rows.Values))
	for _, r := range rows.Values {
		if r[0] != nil {
			names = append(names, *r[0])
		}
	}
	return names, nil
}

func containsFold(list []string, s string) bool {
	for _, l := range list {
		if spec.SameName(l, s) {
			return true
		}
	}
	return false
}

// avoidPatterns copies seeds whose path DuckDB would take for a pattern of several files to the folder scratch.
func (pl *plan) avoidPatterns(scratch string) error {
	pl.Seeds = slices.Clone(pl.Seeds)
	for i := range pl.Seeds {
		for s := &pl.Seeds[i]; s != nil; s = s.NewColumns {
			if s.NewColumns != nil {
				later := *s.NewColumns // others share it
				s.NewColumns = &later
			}
			if !strings.ContainsAny(s.File, "*?[") {
				continue
			}
			data, err := os.ReadFile(s.File)
			if err != nil {
				return err
			}
			s.File = filepath.Join(scratch, fmt.Sprintf("seed%d%s", i, path.Ext(s.Path)))
			if s != &pl.Seeds[i] {
				s.File = filepath.Join(scratch, fmt.Sprintf("later%d%s", i, path.Ext(s.Path)))
			}
			if err := os.WriteFile(s.File, data, 0o600); err != nil {
				return err
			}
		}
	}
	return nil
}

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
	"github.com/codicil-dev/codicil/bot/sqltype"
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
// matched by all columns that both have: by value where both versions hold numbers or times there, so that 1.5 is 1.50, and by
// their text otherwise. Equal rows are matched in their order; a row that the later version lacks gets NULLs.
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
	old, err := columnTypes(ctx, session, typed)
	if err != nil {
		return "", err
	}
	new, err := columnTypes(ctx, session, relation("later"))
	if err != nil {
		return "", err
	}
	var added, values, names, match []string
	for _, c := range new {
		was, there := columnCalled(old, c.Name)
		if !there {
			added = append(added, "l."+engine.Ident(c.Name))
			continue
		}
		name := fmt.Sprintf("c%d", len(names))
		names = append(names, name)
		values = append(values, matchable(was.Type, c.Type, c.Name)+" AS "+name)
		match = append(match, "o."+name+" IS NOT DISTINCT FROM n."+name)
	}
	if len(added) == 0 || len(names) == 0 {
		return "SELECT * FROM " + typed, nil
	}
	numbered := func(typedRows, text string) string {
		return fmt.Sprintf("(SELECT *, row_number() OVER (PARTITION BY %s ORDER BY place) AS n FROM (SELECT x.rowid AS place, %s FROM %s v JOIN %s x ON v.rowid = x.rowid))",
			strings.Join(names, ", "), strings.Join(values, ", "), typedRows, text)
	}
	return fmt.Sprintf("SELECT t.*, %s FROM %s t JOIN %s o ON t.rowid = o.place LEFT JOIN %s n ON o.n = n.n AND %s LEFT JOIN %s l ON l.rowid = n.place ORDER BY t.rowid",
		strings.Join(added, ", "), typed, numbered(typed, relation("seed text")), numbered(relation("later"), relation("later text")), strings.Join(match, " AND "), relation("later")), nil
}

// matchable is a column as both versions of a seed can be compared by: v are its typed values, x is its text.
func matchable(was, is, name string) string {
	typed, text := "v."+engine.Ident(name), "CAST(x."+engine.Ident(name)+" AS VARCHAR)"
	a, errA := sqltype.Parse(was)
	b, errB := sqltype.Parse(is)
	if errA != nil || errB != nil {
		return text
	}
	number := func(t sqltype.Type) bool {
		return t.Family() == sqltype.Integer || t.Family() == sqltype.Decimal || t.Family() == sqltype.Float
	}
	time := func(t sqltype.Type) bool { return t.Family() == sqltype.Date || t.Family() == sqltype.Timestamp }
	switch {
	case !number(a) && !time(a) || !number(b) && !time(b):
		return text
	case a.String() == b.String():
		return typed
	case number(a) && number(b):
		common, _ := sqltype.Common(a, b)
		return "CAST(" + typed + " AS " + common.String() + ")"
	case time(a) && time(b):
		return "CAST(" + typed + " AS TIMESTAMP)"
	}
	return text
}

// columnTypes are the columns of a relation with their types.
func columnTypes(ctx context.Context, session *engine.Session, from string) ([]Column, error) {
	rows, err := session.Query(ctx, "SELECT column_name, column_type FROM (DESCRIBE "+from+")", -1)
	if err != nil {
		return nil, err
	}
	var out []Column
	for _, r := range rows.Values {
		if r[0] != nil && r[1] != nil {
			out = append(out, Column{Name: *r[0], Type: *r[1]})
		}
	}
	return out, nil
}

func columnCalled(columns []Column, name string) (Column, bool) {
	for _, c := range columns {
		if spec.SameName(c.Name, name) {
			return c, true
		}
	}
	return Column{}, false
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

package portrait

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/codicil-dev/codicil/bot/engine"
)

// sourceAlias is the name under which a build's database is attached: 0 is the product's own, the others are those that
// it was made from. Nobody can guess it, so that neither a query nor a table can be named after it.
func (k *knowledge) sourceAlias(i int) string { return fmt.Sprintf("%s %d", k.secret, i) }

// open starts a session in which the build's tables and its inputs can be read, with views of the names that the product's
// models use and without the values that are withheld. It is locked.
func (k *knowledge) open(ctx context.Context) (*engine.Session, error) {
	files := []string{k.build.Database()}
	readOnly := []string{filepath.Dir(files[0])}
	for _, before := range k.build.Before {
		files = append(files, before.Database())
		readOnly = append(readOnly, filepath.Dir(before.Database()))
	}
	options := k.builder.Options(readOnly...)
	options.Threads = 1 // the same query returns its rows in the same order, so that a recording can be replayed
	session, err := engine.Start(ctx, options)
	if err != nil {
		return nil, err
	}
	var sql strings.Builder
	for i, file := range files {
		fmt.Fprintf(&sql, "ATTACH %s AS %s (READ_ONLY);\n", engine.Literal(file), engine.Ident(k.sourceAlias(i)))
	}
	k.writeViews(&sql)
	if err = session.Exec(ctx, sql.String()); err == nil {
		err = session.PinClock(ctx, k.build.Clock)
	}
	if err == nil {
		err = session.Lock(ctx)
	}
	if err != nil {
		_ = session.Close()
		return nil, err
	}
	return session, nil
}

// writeViews writes the views that queries read, the product's own tables first: a name that is taken stays so.
func (k *knowledge) writeViews(sql *strings.Builder) {
	taken := map[string]bool{}
	for _, s := range k.sheets {
		names := [][2]string{{s.schema, s.name}}
		if s.input {
			names = [][2]string{{"main", s.name}}
			if !reservedSchema(s.schema) && !strings.Contains(s.label[len(s.schema)+1:], ".") {
				names = append(names, [2]string{s.schema, s.label[len(s.schema)+1:]})
			}
		}
		for _, n := range names {
			key := tableKey(n[0] + "." + n[1])
			if taken[key] {
				continue
			}
			taken[key] = true
			if !strings.EqualFold(n[0], "main") {
				fmt.Fprintf(sql, "CREATE SCHEMA IF NOT EXISTS %s;\n", engine.Ident(n[0]))
			}
			fmt.Fprintf(sql, "CREATE VIEW %s AS SELECT %s FROM %s;\n", engine.Relation("memory", n[0], n[1]), s.selection(), s.from)
		}
	}
}

// reservedSchema says whether no schema can be made under a product's name.
func reservedSchema(name string) bool {
	switch strings.ToLower(name) {
	case "main", "temp", "system", "memory", "information_schema", "pg_catalog":
		return true
	}
	return false
}

// selection lists the table's columns, those that are withheld without their values.
func (s *sheet) selection() string {
	list := make([]string, len(s.columns))
	for i, c := range s.columns {
		name := engine.Ident(c.Name)
		list[i] = name
		if s.hidden[strings.ToLower(c.Name)] {
			list[i] = masked(name, c.Type) + " AS " + name
		}
	}
	return strings.Join(list, ", ")
}

// masked is an expression of the column's type that holds nothing of its values but, for texts, whether they are there.
func masked(column, typ string) string {
	if typ == "VARCHAR" || hasEnum(typ) {
		return "CASE WHEN " + column + " IS NOT NULL THEN " + engine.Literal(withheld) + " END"
	}
	return "CAST(NULL AS " + typ + ")"
}

// hasEnum says whether a type lists values.
func hasEnum(typ string) bool { return strings.Contains(typ, "ENUM(") }

// shownType is the type of a column as it may be shown.
func (s *sheet) shownType(i int) string {
	c := s.columns[i]
	if s.hidden[strings.ToLower(c.Name)] && hasEnum(c.Type) {
		return "ENUM"
	}
	return c.Type
}

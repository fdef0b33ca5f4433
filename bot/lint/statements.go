package lint

import (
	"context"
	"fmt"
	"strings"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/engine"
	"github.com/codicil-dev/codicil/bot/lineage"
	"github.com/codicil-dev/codicil/bot/spec"
)

// question is what the parser is asked, and what is made of its answer.
type question struct {
	texts  []string
	answer func([]engine.Tree)
}

// ask has texts parsed later, together with all others.
func (l *linter) ask(answer func([]engine.Tree), texts ...string) {
	l.questions = append(l.questions, question{texts, answer})
}

// parse asks all questions at once.
func (l *linter) parse(ctx context.Context, p parser) error {
	var texts []string
	for _, q := range l.questions {
		texts = append(texts, q.texts...)
	}
	if len(texts) == 0 {
		return nil
	}
	trees, err := p.Parse(ctx, texts)
	if err != nil {
		return fmt.Errorf("lint: parse SQL: %w", err)
	}
	if len(trees) != len(texts) {
		return fmt.Errorf("lint: parse SQL: %d of %d texts came back", len(trees), len(texts))
	}
	for _, q := range l.questions {
		q.answer(trees[:len(q.texts)])
		trees = trees[len(q.texts):]
	}
	return nil
}

// askSelect checks that a text is one SELECT that reads no files, and no tables but those of makers, by the time that all
// files were seen; nil makers allow any. Place turns line and column in the text into those
// in the file; it is given 0, 0 for the text as a whole.
func (l *linter) askSelect(file, text, subject string, makers map[string]string, place func(line, column int) (int, int)) {
	refuse := func(line, column int, format string, args ...any) {
		line, column = place(line, column)
		l.add(file, line, column, bot.SeverityError, "%s %s", subject, fmt.Sprintf(format, args...))
	}
	l.ask(func(trees []engine.Tree) {
		tree := trees[0]
		switch {
		case tree.Err != nil:
			refuse(tree.Err.Line, tree.Err.Column, "is not one SELECT: %s", tree.Err.Message)
			return
		case tree.Statements == 0:
			refuse(0, 0, "holds no statement: write one SELECT")
			return
		case tree.Statements > 1:
			refuse(0, 0, "holds %d statements: write one SELECT", tree.Statements)
			return
		}
		use, err := lineage.Of(tree.JSON)
		if err != nil {
			refuse(0, 0, "is not one SELECT: %v", err)
			return
		}
		for _, f := range use.TableFunctions {
			if readsFiles(f) {
				refuse(0, 0, "reads files with %s, which only seeds may bring: put the file among the seeds and read its table", f)
			}
		}
		for _, n := range use.Tables {
			if n.Schema == "" && n.LooksLikeFile() {
				refuse(0, 0, "reads the file %s, which only seeds may bring: put the file among the seeds and read its table", n)
				continue
			}
			if makers != nil && !isMade(n, makers) {
				refuse(0, 0, "reads %s, which no model, seed or input makes: correct the name, or write it%s", n, suggest(n.Table, known(makers)))
			}
		}
	}, text)
}

// isMade says whether a table is made by a file or an input, or is DuckDB's own.
func isMade(n lineage.Name, makers map[string]string) bool {
	schema, table := strings.ToLower(n.Schema), strings.ToLower(n.Table)
	switch {
	case n.Catalog != "" || schema == "information_schema" || schema == "pg_catalog":
		return true // DuckDB itself will tell
	case schema != "" && schema != "main":
		table = schema + "." + table
	case strings.HasPrefix(table, "duckdb_") || strings.HasPrefix(table, "sqlite_") || strings.HasPrefix(table, "pg_") || strings.HasPrefix(table, "pragma_"):
		return true
	}
	_, ok := makers[table]
	return ok
}

// readsFiles says whether a table function reads files or other databases.
func readsFiles(f string) bool {
	switch f {
	case "read_csv", "read_csv_auto", "read_json", "read_json_auto", "read_json_objects", "read_json_objects_auto",
		"read_ndjson", "read_ndjson_auto", "read_ndjson_objects", "read_parquet", "parquet_scan", "parquet_metadata",
		"parquet_schema", "parquet_file_metadata", "parquet_kv_metadata", "read_text", "read_blob", "read_duckdb",
		"sniff_csv", "glob", "read_xlsx", "st_read", "sqlite_scan", "postgres_scan", "mysql_scan", "arrow_scan":
		return true
	}
	return false
}

// askWhere checks that a condition is one expression, over columns that has accepts.
func (l *linter) askWhere(source *spec.Source, at, where string, has func(path []string) bool) {
	bare, bracketed := lineage.ExpressionStatements(where)
	l.ask(func(trees []engine.Tree) {
		for _, t := range trees {
			if t.Err != nil {
				line, column := source.Inside(at, t.Err.Line-1, t.Err.Column)
				l.add(source.File(), line, column, bot.SeverityError, "where is not one expression: %s", t.Err.Message)
				return
			}
		}
		columns, err := lineage.IsExpression(trees[0].JSON, trees[1].JSON)
		if err != nil {
			l.at(source, at, "where is not one expression: %v", err)
			return
		}
		for _, path := range columns {
			if !has(path) {
				name := lineage.Name{Table: path[0]}
				if len(path) > 1 {
					name = lineage.Name{Schema: path[0], Table: path[1]}
				}
				l.at(source, at, "where uses %s, which is no column of the table, before or after: name one that is", name)
			}
		}
	}, bare, bracketed)
}

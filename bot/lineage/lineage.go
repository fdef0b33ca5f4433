// Package lineage reads from DuckDB's parse tree which tables and functions a statement uses.
package lineage

import (
	"encoding/json"
	"fmt"
	"sort"
	"strings"
)

// Name is a table as a statement writes it. Catalog and Schema are empty where the statement leaves them out.
type Name struct {
	Catalog string
	Schema  string
	Table   string
}

// String joins the parts that are there with dots, without quotes.
func (n Name) String() string {
	out := n.Table
	if n.Schema != "" {
		out = n.Schema + "." + out
	}
	if n.Catalog != "" {
		out = n.Catalog + "." + out
	}
	return out
}

// LooksLikeFile says whether DuckDB would read a file for this name if there is no such table. It tries that for
// quoted names and for bare ones alike: from data.csv has Schema data and Table csv, and reads data.csv.
func (n Name) LooksLikeFile() bool {
	name := strings.ToLower(n.String())
	if strings.ContainsAny(name, `/\:*?`) {
		return true
	}
	for _, packed := range []string{".gz", ".zst"} {
		name = strings.TrimSuffix(name, packed)
	}
	dot := strings.LastIndexByte(name, '.')
	if dot < 0 {
		return false
	}
	switch name[dot+1:] {
	case "csv", "tsv", "txt", "json", "jsonl", "ndjson", "geojson", "parquet", "arrow", "arrows", "feather", "ipc", "avro",
		"xlsx", "xls", "db", "duckdb", "ddb", "sqlite", "sqlite3", "shp", "gpkg", "fgb", "blob", "vortex":
		return true
	}
	return false
}

// Use is what a text of SELECT statements uses. Every list is sorted and holds each entry once, without regard to case.
type Use struct {
	// Tables are the tables, views and, through a replacement scan, files that are read; see Name.LooksLikeFile.
	// Common table expressions are not among them.
	Tables []Name
	// Functions are the scalar, aggregate and window functions, in lower case and without schema or operators.
	// Those that SQL writes without brackets (current_date, localtimestamp, user and their like) are among them
	// under that name, also if a column of the same name hides them: the parse tree doesn't know columns.
	Functions []string
	// TableFunctions are the functions in FROM, such as read_csv or range, in lower case. DESCRIBE, SUMMARIZE and
	// SHOW are among them as describe, summary and show_…, in the words of the tree. What query and query_table
	// read is not known to the tree, so whoever must know all tables has to refuse these two.
	TableFunctions []string
	// Samples says that rows are drawn at random, by TABLESAMPLE or USING SAMPLE without a seed.
	Samples bool
}

// Of reads the document that DuckDB's json_serialize_sql writes. Several statements are taken together; no statement
// gives an empty Use. It returns an error for a document that reports a syntax error, and for anything else that is
// not such a document.
func Of(tree json.RawMessage) (Use, error) {
	statements, err := statementsOf(tree)
	if err != nil {
		return Use{}, err
	}
	w := walker{tables: map[string]Name{}, functions: map[string]bool{}, tableFunctions: map[string]bool{}}
	for _, s := range statements {
		w.walk(s, nil)
	}
	return w.use(), nil
}

// statementsOf unpacks the document down to its statements.
func statementsOf(tree json.RawMessage) ([]any, error) {
	var doc struct {
		Error      bool   `json:"error"`
		Message    string `json:"error_message"`
		Statements []any  `json:"statements"`
	}
	if err := json.Unmarshal(tree, &doc); err != nil {
		return nil, fmt.Errorf("read parse tree: %w", err)
	}
	if doc.Error {
		return nil, fmt.Errorf("read parse tree: DuckDB rejects the statement: %s", doc.Message)
	}
	if doc.Statements == nil {
		return nil, fmt.Errorf("read parse tree: there is no list of statements")
	}
	return doc.Statements, nil
}

// use sorts what was found.
func (w *walker) use() Use {
	u := Use{Functions: sorted(w.functions), TableFunctions: sorted(w.tableFunctions), Samples: w.samples}
	for _, n := range w.tables {
		u.Tables = append(u.Tables, n)
	}
	sort.Slice(u.Tables, func(i, j int) bool { return fold(u.Tables[i]) < fold(u.Tables[j]) })
	return u
}

// fold is a key under which two spellings of one name are equal.
func fold(n Name) string {
	return strings.ToLower(n.Catalog + "\x00" + n.Schema + "\x00" + n.Table)
}

// sorted returns the keys of set in order.
func sorted(set map[string]bool) []string {
	var out []string
	for k := range set {
		out = append(out, k)
	}
	sort.Strings(out)
	return out
}

package weak

import (
	"strings"

	"github.com/codicil-dev/codicil/bot/engine"
	"github.com/codicil-dev/codicil/bot/lineage"
	"github.com/codicil-dev/codicil/bot/product"
	"github.com/codicil-dev/codicil/bot/spec"
)

// source is a table that a check reads.
type source struct {
	// schema and name are as the check writes them; schema is main if it writes none.
	schema, name string
	// from is the relation that holds the rows, columns are all of that and those under earlier names.
	from, columns string
	// table is the build's; nil for another product's.
	table *product.Table
}

// found says whether a table that a check reads is there.
type found int

const (
	here found = iota
	gone
	elsewhere // in a database or schema that is not the product's, so that it can't be replaced
)

// resolve finds a table that a check of an amendment reads, under the name that it had then.
func (r *room) resolve(n lineage.Name, amendment int) (source, found) {
	schema := n.Schema
	if schema == "" {
		schema = "main"
	}
	full := n.Table
	if !spec.SameName(schema, "main") {
		full = schema + "." + n.Table
	}
	now, columns := r.renamed(full, amendment)
	s := source{schema: schema, name: n.Table, columns: "*"}
	if n.Catalog != "" {
		return s, elsewhere
	}
	if t, ok := r.build.Table(now); ok {
		s.table, s.from, s.columns = t, engine.Relation(buildAlias, t.Schema, t.Name), selection(t, columns)
		return s, here
	}
	if n.Schema == "" && r.inputs[spec.FoldName(n.Table)] {
		s.from = engine.Relation(ownCatalog, inputSchema, n.Table)
		return s, here
	}
	if r.foreign(n) {
		return s, elsewhere
	}
	return s, gone
}

// foreign says whether a name may be of another product's table or DuckDB's own.
func (r *room) foreign(n lineage.Name) bool {
	name := spec.FoldName(n.Table)
	if n.Schema == "" {
		return r.ambiguous[name] || strings.HasPrefix(name, "duckdb_") || strings.HasPrefix(name, "sqlite_") || strings.HasPrefix(name, "pg_") || strings.HasPrefix(name, "pragma_")
	}
	switch schema := spec.FoldName(n.Schema); schema {
	case "information_schema", "pg_catalog", "temp", "system":
		return true
	default:
		return r.products[schema]
	}
}

// renamed is what a table is called now that went by a name when an amendment was written, and which of its columns have another name now:
// pairs of the name then and now. Renames of one amendment happen at once.
func (r *room) renamed(table string, amendment int) (now string, columns [][2]string) {
	now = table
	for _, e := range r.ledger.Entries {
		if e.Amendment.ID <= amendment {
			continue
		}
		was, before := now, columns
		columns = append([][2]string(nil), columns...)
		for _, x := range e.Amendment.Expects {
			if x.RenameTable != nil && same(x.RenameTable.From, was) {
				now = x.RenameTable.To
			}
		}
		for _, x := range e.Amendment.Expects {
			if x.RenameColumn == nil {
				continue
			}
			of, from, ok := spec.SplitColumn(x.RenameColumn.From)
			_, to, ok2 := spec.SplitColumn(x.RenameColumn.To)
			if !ok || !ok2 || !same(of, was) && !same(of, now) {
				continue
			}
			known := false
			for i := range before {
				if spec.SameName(before[i][1], from) {
					columns[i][1], known = to, true
				}
			}
			if !known {
				columns = append(columns, [2]string{from, to})
			}
		}
	}
	return now, columns
}

func same(a, b string) bool { return product.TableKey(a) == product.TableKey(b) }

// selection is a table's columns, and those that have another name now under the one they had. Where another column has taken the name, it
// gives way.
func selection(t *product.Table, renamed [][2]string) string {
	var replaced, added []string
	for _, c := range renamed {
		_, has := t.Column(c[1])
		_, taken := t.Column(c[0])
		as := engine.Ident(c[1]) + " AS " + engine.Ident(c[0])
		switch {
		case !has || spec.SameName(c[0], c[1]):
		case taken:
			replaced = append(replaced, as)
		default:
			added = append(added, as)
		}
	}
	star := "*"
	if len(replaced) > 0 {
		star += " REPLACE (" + strings.Join(replaced, ", ") + ")"
	}
	return strings.Join(append([]string{star}, added...), ", ")
}

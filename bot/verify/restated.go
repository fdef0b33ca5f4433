package verify

import (
	"context"
	"encoding/json"
	"reflect"
	"strings"

	"github.com/codicil-dev/codicil/bot/spec"
)

// restated is the name of a check of the amendment that says what the retired check says, with what was renamed since then under
// its new name; empty if there is none.
func (w *work) restated(ctx context.Context, old spec.RetiredCheck, by spec.Amendment) (string, error) {
	tables, columns := w.renamesBetween(old.Amendment, by.ID)
	if old.Check.CEL != "" {
		want := plainCEL(old.Check.CEL, newWords(tables, columns))
		for _, c := range by.Checks {
			if c.CEL != "" && plainCEL(c.CEL, nil) == want {
				return c.Name, nil
			}
		}
		return "", nil
	}
	texts := []string{old.Check.SQL}
	var names []string
	for _, c := range by.Checks {
		if c.SQL != "" {
			texts, names = append(texts, c.SQL), append(names, c.Name)
		}
	}
	trees, err := w.trees(ctx, texts)
	if err != nil || trees[0] == nil || !rewritten(trees[0], tables, columns) {
		return "", err
	}
	for i, name := range names {
		if reflect.DeepEqual(trees[0], trees[i+1]) {
			return name, nil
		}
	}
	return "", nil
}

// renamesBetween are the renames of the amendments after one, up to another.
func (w *work) renamesBetween(after, last int) (tables, columns []rename) {
	var entries []spec.Entry
	for _, e := range w.head.Document.Ledger.Entries {
		if e.Amendment.ID > after && e.Amendment.ID <= last {
			entries = append(entries, e)
		}
	}
	return follow(w.real(entries))
}

// trees are the parse trees of texts, without where things stand in them and with names folded; nil for what can't be parsed.
func (w *work) trees(ctx context.Context, texts []string) ([]any, error) {
	parsed, err := w.v.Builder.Parse(ctx, texts)
	if err != nil {
		return nil, err
	}
	out := make([]any, len(parsed))
	for i, t := range parsed {
		decoder := json.NewDecoder(strings.NewReader(string(t.JSON)))
		decoder.UseNumber()
		if t.Err != nil || decoder.Decode(&out[i]) != nil {
			out[i] = nil
			continue
		}
		eachNode(out[i], func(o map[string]any) {
			delete(o, "query_location")
			for _, key := range []string{"table_name", "schema_name"} {
				if s, ok := o[key].(string); ok {
					o[key] = foldName(s)
				}
			}
			if s, ok := o["alias"].(string); ok && o["type"] == "BASE_TABLE" {
				o["alias"] = foldName(s)
			}
			for j, s := range asList(o["column_names"]) {
				asList(o["column_names"])[j] = foldName(s.(string))
			}
		})
	}
	return out, nil
}

func asList(v any) []any {
	list, _ := v.([]any)
	return list
}

// eachNode visits every object of a tree, outer ones first.
func eachNode(v any, visit func(map[string]any)) {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			eachNode(e, visit)
		}
	case map[string]any:
		visit(v)
		for _, e := range v {
			eachNode(e, visit)
		}
	}
}

// rewritten carries renames out in a tree; ok is false where it can't be told what a name means.
func rewritten(tree any, tables, columns []rename) (ok bool) {
	if len(tables)+len(columns) == 0 {
		return true
	}
	read, ok := map[string]bool{}, true
	eachNode(tree, func(o map[string]any) {
		if o["type"] == "BASE_TABLE" {
			read[tableOf(o)] = true
		}
		if ctes, _ := o["cte_map"].(map[string]any); len(asList(ctes["map"])) > 0 {
			ok = false // a name may mean something else within
		}
	})
	if !ok {
		return false
	}
	eachNode(tree, func(o map[string]any) {
		if o["type"] == "COLUMN_REF" {
			ok = rewriteColumn(asList(o["column_names"]), read, tables, columns) && ok
		}
	})
	eachNode(tree, func(o map[string]any) {
		if o["type"] != "BASE_TABLE" {
			return
		}
		for _, t := range tables {
			if sameName(t.baseTable, tableOf(o)) {
				renameNode(o, t.headTable)
				break
			}
		}
	})
	return ok
}

// tableOf is the name of the table that a node reads.
func tableOf(o map[string]any) string {
	schema, _ := o["schema_name"].(string)
	table, _ := o["table_name"].(string)
	if schema == "" || schema == "main" {
		return table
	}
	return schema + "." + table
}

func renameNode(o map[string]any, name string) {
	schema, table, ok := strings.Cut(foldName(name), ".")
	if !ok {
		schema, table = "", schema
	}
	o["schema_name"], o["table_name"] = schema, table
}

// rewriteColumn renames a column, and the table before it. Where several tables are read, only one that is qualified by its table's
// name is known to be that table's.
func rewriteColumn(path []any, read map[string]bool, tables, columns []rename) (ok bool) {
	if len(path) == 0 {
		return true
	}
	last, qualifier := path[len(path)-1].(string), ""
	if len(path) > 1 {
		qualifier = path[len(path)-2].(string)
	}
	for _, c := range columns {
		if !sameName(c.baseColumn, last) || !read[foldName(c.baseTable)] {
			continue
		}
		if len(read) > 1 && !sameName(qualifier, c.baseTable) {
			return false
		}
		path[len(path)-1] = foldName(c.headColumn)
		break
	}
	for _, t := range tables {
		if qualifier != "" && sameName(t.baseTable, qualifier) {
			path[len(path)-2] = foldName(t.headTable)
			break
		}
	}
	return true
}

// newWords are the names that texts in CEL may hold, with what they are called now.
func newWords(tables, columns []rename) map[string]string {
	words := map[string]string{}
	for _, c := range columns {
		words[c.baseColumn] = c.headColumn
		words[c.baseTable+"."+c.baseColumn] = c.headTable + "." + c.headColumn
	}
	for _, t := range tables {
		words[t.baseTable] = t.headTable
	}
	return words
}

// plainCEL is an expression without the spaces that mean nothing, its texts replaced where they are among words.
func plainCEL(expression string, words map[string]string) string {
	var b strings.Builder
	for rest := expression; rest != ""; {
		i := strings.IndexAny(rest, `"'`)
		if i < 0 {
			b.WriteString(squeezed(rest))
			break
		}
		b.WriteString(squeezed(rest[:i]))
		quote := rest[i : i+1]
		text, after, closed := strings.Cut(rest[i+1:], quote)
		if !closed || strings.Contains(text, `\`) || text == "" && strings.HasPrefix(after, quote) {
			b.WriteString(rest[i:]) // escapes and long texts are left as they are
			break
		}
		if now, ok := words[text]; ok {
			text = now
		}
		b.WriteString(`"` + text + `"`)
		rest = after
	}
	return b.String()
}

// squeezed drops white space, but for one space between words.
func squeezed(code string) string {
	fields := strings.Fields(code)
	var b strings.Builder
	for i, f := range fields {
		if i > 0 && wordEnds(fields[i-1]) && wordEnds(f[:1]) {
			b.WriteByte(' ')
		}
		b.WriteString(f)
	}
	return b.String()
}

// wordEnds says whether a text ends in a letter, a digit or a sign that words may hold.
func wordEnds(s string) bool {
	c := s[len(s)-1]
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}

package lint

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/codicil-dev/codicil/bot/spec"
	"github.com/codicil-dev/codicil/bot/sqltype"
)

// tables checks what the spec says of tables and columns.
func (p *candidate) tables(l *linter) {
	source := p.doc.Source
	l.told(source, "/purpose", "the product", "a purpose", p.doc.Spec.Product, p.doc.Spec.Purpose)
	if team := p.doc.Spec.Owner.Team; spec.IsPlaceholder(team) {
		l.at(source, "/owner/team", "the owner is still the draft's %s: write which team answers for the product", team)
	}
	for i := range p.doc.Spec.Tables {
		t := &p.doc.Spec.Tables[i]
		at := fmt.Sprintf("/tables/%d", i)
		for j := range i {
			if same(p.doc.Spec.Tables[j].Name, t.Name) {
				line, _ := source.At(fmt.Sprintf("/tables/%d/name", j))
				l.at(source, at+"/name", "the table %s is on line %d already: rename or delete one", t.Name, line)
				break
			}
		}
		l.told(source, at+"/description", "table "+t.Name, "a description", t.Name, t.Description)
		l.told(source, at+"/why", "table "+t.Name, "a why", t.Name, t.Why)
		l.key(source, at, t)
		for j := range t.Columns {
			l.column(source, fmt.Sprintf("%s/columns/%d", at, j), t, j)
		}
	}
}

// key checks the columns of a table's key.
func (l *linter) key(source *spec.Source, at string, t *spec.Table) {
	for i, k := range t.Key {
		where := fmt.Sprintf("%s/key/%d", at, i)
		c, ok := t.Column(k)
		if !ok {
			l.at(source, where, "the key names %s, which is no column of %s: name one that is%s", k, t.Name, suggest(k, columnNames(t)))
			continue
		}
		for _, earlier := range t.Key[:i] {
			if same(earlier, k) {
				l.at(source, where, "the key names %s twice: name it once", k)
				break
			}
		}
		if c.Nullable != nil && *c.Nullable {
			l.at(source, where, "the key names %s, which is nullable: a key is never NULL, so take one of them out", k)
		}
	}
}

// columnNames lists a table's columns.
func columnNames(t *spec.Table) []string {
	names := make([]string, len(t.Columns))
	for i := range t.Columns {
		names[i] = t.Columns[i].Name
	}
	return names
}

// column checks column number j of a table.
func (l *linter) column(source *spec.Source, at string, t *spec.Table, j int) {
	c := &t.Columns[j]
	name := t.Name + "." + c.Name
	for k := range j {
		if same(t.Columns[k].Name, c.Name) {
			line, _ := source.At(strings.TrimSuffix(at, fmt.Sprint(j)) + fmt.Sprintf("%d/name", k))
			l.at(source, at+"/name", "the column %s is on line %d already: rename or delete one", c.Name, line)
			break
		}
	}
	l.told(source, at+"/description", "column "+name, "a description", c.Name, c.Description)
	l.told(source, at+"/why", "column "+name, "a why", c.Name, c.Why)
	typ, ok := l.columnType(source, at+"/type", c.Type)
	if ok {
		l.values(source, at+"/values", name, typ, c.Values)
	}
}

// columnType parses a type.
func (l *linter) columnType(source *spec.Source, at, text string) (sqltype.Type, bool) {
	typ, err := sqltype.Parse(text)
	if err != nil {
		l.at(source, at, "%v: write a DuckDB type such as INTEGER, VARCHAR or DECIMAL(10,2)", err)
		return typ, false
	}
	if name, unknown := unknownType(typ); unknown {
		l.at(source, at, "%s is no type that DuckDB knows: use one of its types%s", name, suggest(name, sqltype.Names()))
		return typ, false
	}
	return typ, true
}

// unknownType finds a type that DuckDB doesn't know, at any depth.
func unknownType(t sqltype.Type) (name string, unknown bool) {
	if t.Family() == sqltype.Opaque {
		return t.Name, true
	}
	for _, f := range t.Fields {
		if name, unknown := unknownType(f.Type); unknown {
			return name, true
		}
	}
	return "", false
}

// told checks that a text says something that its subject's name doesn't say already.
func (l *linter) told(source *spec.Source, at, subject, what, name, text string) {
	switch {
	case strings.TrimSpace(text) == "":
		l.at(source, at, "%s lacks %s: write one", subject, what)
	case spec.IsPlaceholder(text):
		l.at(source, at, "%s has %s that is still the draft's %s: write it", subject, what, text)
	case letters(text) == letters(name) || letters(text) == "the"+letters(name):
		l.warn(source, at, "%s has %s that only repeats its name: say what the name does not", subject, what)
	case isPlaceholder(text):
		l.warn(source, at, "%s has %s that is a placeholder: write it", subject, what)
	}
}

// letters is text in lower case without anything but letters and digits.
func letters(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, text)
}

// isPlaceholder says whether a text only promises one.
func isPlaceholder(text string) bool {
	switch letters(text) {
	case "", "todo", "tbd", "fixme", "xxx", "na", "none", "unknown":
		return true
	}
	return false
}

package author

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"github.com/codicil-dev/codicil/bot/engine"
	"github.com/codicil-dev/codicil/bot/portrait"
	"github.com/codicil-dev/codicil/bot/spec"
	"github.com/codicil-dev/codicil/bot/survey"
)

// What a draft says where nobody has said anything yet. See [spec.IsPlaceholder].
const (
	noPurpose = "<what the product is for, and for whom>"
	noRow     = "<what one row is>"
	noTable   = "<who needs the table, for what>"
	noHolds   = "<what it holds>"
	noNeed    = "<who needs it, for what>"
	noReading = "<what the product does, in a few sentences>"
)

// What the bootstrap amendment of a draft says, whoever drafted the rest.
const (
	draftRequirement = "The product was there before its spec. The spec shall say what it is today, and why."
	draftChange      = "Nothing was changed: the spec was drafted from the product as it was built."
)

// personalClass is how columns that look personal are classified until somebody says better.
const personalClass = "pii"

// draftSpec is a spec of the facts alone, with placeholders for what only people know.
func (c *change) draftSpec(n Newcomer, f *facts) *spec.Spec {
	s := &spec.Spec{Spec: 1, Product: c.product.Name(), Version: c.product.Spec().Version, Owner: n.owner(), Purpose: noPurpose, Inputs: c.product.Spec().Inputs}
	for i := range f.tables {
		t := &f.tables[i]
		table := spec.Table{Name: t.Name, Description: noRow, Why: noTable}
		if len(t.Keys) > 0 {
			table.Key = t.Keys[0]
		}
		for j := range t.Columns {
			table.Columns = append(table.Columns, draftColumn(t, &t.Columns[j], &table))
		}
		s.Tables = append(s.Tables, table)
	}
	return s
}

func draftColumn(t *survey.Table, c *survey.Column, table *spec.Table) spec.Column {
	out := spec.Column{Name: c.Name, Type: c.Type, Description: noHolds, Why: noNeed, References: c.References}
	if !table.InKey(c.Name) && t.Rows > 0 {
		nullable := c.Filled < t.Rows
		out.Nullable = &nullable
		out.Unique = survey.IsIdentifier(c.Name) && c.Distinct == c.Filled && c.Filled > 1
	}
	if c.Personal {
		out.Classification = personalClass
	}
	for _, v := range c.Values {
		out.Values = append(out.Values, v)
	}
	return out
}

// forModel is the draft as the model may see it: in the mode that shows no values, without accepted values; and types do not list
// what confidential columns hold.
func (c *change) forModel(s *spec.Spec, f *facts) *spec.Spec {
	out := *s
	out.Tables = nil
	for i, t := range s.Tables {
		t.Columns = append([]spec.Column(nil), t.Columns...)
		for j := range t.Columns {
			if c.author.Portrait.Data == portrait.Schema {
				t.Columns[j].Values = nil
			}
			t.Columns[j].Type = c.shownType(&f.tables[i].Columns[j])
		}
		out.Tables = append(out.Tables, t)
	}
	return &out
}

// enumType is a type that lists values, wherever it stands in another.
var enumType = regexp.MustCompile(`ENUM\((?:[^']|'(?:[^']|'')*')*?\)`)

// shownType is a column's type as the model may see it.
func (c *change) shownType(col *survey.Column) string {
	if c.author.Portrait.Data == portrait.Schema || col.Personal && c.author.Portrait.Data == portrait.Masked {
		return enumType.ReplaceAllString(col.Type, "VARCHAR")
	}
	return col.Type
}

// draftAmendment is the bootstrap amendment of a draft.
func (c *change) draftAmendment(ctx context.Context, s *spec.Spec, f *facts) (*spec.Amendment, error) {
	a := &spec.Amendment{ID: 1, Requirement: draftRequirement, Origin: c.origin(), Reading: noReading, Change: draftChange, Checks: []spec.Check{}, Expects: []spec.Expectation{}}
	for _, t := range s.Tables {
		a.Affects = append(a.Affects, t.Name)
		a.Expects = append(a.Expects, spec.Expectation{AddTable: t.Name})
	}
	checks, err := c.derivedChecks(ctx, s, f)
	a.Checks = append(a.Checks, checks...)
	return a, err
}

// derivedChecks are those that the facts alone make: every key names one row, and no table is empty.
func (c *change) derivedChecks(ctx context.Context, s *spec.Spec, f *facts) ([]spec.Check, error) {
	var plain, quoted []spec.Check
	var empty [2][]string
	for _, t := range s.Tables {
		if facts, ok := f.table(t.Name); !ok || facts.Rows == 0 {
			continue
		}
		if len(t.Key) > 0 {
			name := fmt.Sprintf("each row of %s has its own %s", t.Name, strings.Join(t.Key, ", "))
			plain = append(plain, spec.Check{Name: name, SQL: repeats(t.Name, t.Key, func(s string) string { return s })})
			quoted = append(quoted, spec.Check{Name: name, SQL: repeats(engine.Relation(strings.Split(t.Name, ".")...), t.Key, engine.Ident)})
		}
		for i, from := range []string{t.Name, engine.Relation(strings.Split(t.Name, ".")...)} {
			empty[i] = append(empty[i], "select "+engine.Literal(t.Name)+" as empty_table from (select count(*) as n from "+from+") where n = 0")
		}
	}
	if len(empty[0]) > 0 {
		plain = append(plain, spec.Check{Name: "no table is empty", SQL: strings.Join(empty[0], "\nunion all\n") + "\n"})
		quoted = append(quoted, spec.Check{Name: "no table is empty", SQL: strings.Join(empty[1], "\nunion all\n") + "\n"})
	}
	return c.readable(ctx, plain, quoted)
}

// repeats is a query for the keys that name more than one row.
func repeats(from string, key []string, ident func(string) string) string {
	names := make([]string, len(key))
	for i, k := range key {
		names[i] = ident(k)
	}
	list := strings.Join(names, ", ")
	return "select " + list + ", count(*) as how_often\nfrom " + from + "\ngroup by " + list + "\nhaving count(*) > 1\n"
}

// plainName is a name that may go without quotes unless it is a word of SQL.
var plainName = regexp.MustCompile(`^[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)?$`)

// readable takes each check without quotes where it means the same so, else with them.
func (c *change) readable(ctx context.Context, plain, quoted []spec.Check) ([]spec.Check, error) {
	var texts []string
	for i := range plain {
		texts = append(texts, plain[i].SQL)
	}
	if len(texts) == 0 {
		return nil, nil
	}
	trees, err := c.author.Verifier.Builder.Parse(ctx, texts)
	if err != nil {
		return nil, err
	}
	safe := true
	for _, t := range c.build.Tables {
		safe = safe && plainName.MatchString(t.FullName())
		for _, col := range t.Columns {
			safe = safe && plainName.MatchString(col.Name)
		}
	}
	for i, tree := range trees {
		if tree.Err != nil || !safe {
			plain[i].SQL = quoted[i].SQL
		}
	}
	return plain, nil
}

// interfaceSentence says which tables are the interface, and why the others are not.
func (f *facts) interfaceSentence() string {
	var names []string
	for _, t := range f.tables {
		names = append(names, t.Name)
	}
	return strings.TrimSpace("The interface is " + strings.Join(names, ", ") + ". " + f.internalSentence())
}

// internalSentence says which tables are internal, and why; empty if none is.
func (f *facts) internalSentence() string {
	var marks, seeds, parts []string
	marked := map[string][]string{}
	for _, t := range f.internal {
		switch {
		case t.mark == "":
			seeds = append(seeds, t.name)
			continue
		case marked[t.mark] == nil:
			marks = append(marks, t.mark)
		}
		marked[t.mark] = append(marked[t.mark], t.name)
	}
	for _, mark := range marks {
		parts = append(parts, strings.Join(marked[mark], ", ")+" ("+mark+", read by other models)")
	}
	if len(seeds) > 0 {
		parts = append(parts, "the seeds "+strings.Join(seeds, ", "))
	}
	if len(parts) == 0 {
		return ""
	}
	return "Internal are " + strings.Join(parts, "; ") + "."
}

// lines tell a person what was found: a line for each table, and what is internal.
func (f *facts) lines() (out []string) {
	for _, t := range f.tables {
		line := fmt.Sprintf("%s: %s of %s", t.Name, counted(int(t.Rows), "row", "rows"), counted(len(t.Columns), "column", "columns"))
		if len(t.Keys) > 0 {
			line += ", one for each " + strings.Join(t.Keys[0], ", ")
		} else if t.Rows > 0 {
			line += "; no key was found"
		}
		out = append(out, line)
	}
	if sentence := f.internalSentence(); sentence != "" {
		out = append(out, sentence)
	}
	return out
}

package dbtspec

import (
	"fmt"
	"slices"
	"strings"

	"github.com/codicil-dev/codicil/bot/dbt"
	"github.com/codicil-dev/codicil/bot/spec"
	"github.com/codicil-dev/codicil/bot/sqltype"
)

// What a draft says where dbt says nothing. See [spec.IsPlaceholder].
const (
	noTeam    = "<the team that answers for it>"
	noPurpose = "<what the product is for, and for whom>"
	noRow     = "<what one row is>"
	noTable   = "<who needs the table, for what>"
	noHolds   = "<what it holds>"
	noNeed    = "<who needs it, for what>"
	noType    = "<its type>"
)

// Draft is a spec of what dbt's properties say alone, with placeholders for all else: its tables are the described models that are no step on the way. Nothing
// was built for it, so that it is to be verified.
func (k *Known) Draft(product, version string) *spec.Spec {
	s := &spec.Spec{Spec: 1, Product: product, Version: version, Owner: spec.Owner{Team: noTeam}, Purpose: noPurpose, Tables: []spec.Table{}}
	for i := range k.Relations {
		r := &k.Relations[i]
		if r.Internal || len(r.Columns) == 0 {
			continue
		}
		t := spec.Table{Name: r.table(), Description: noRow, Why: noTable}
		if r.Schema != "" {
			t.Name = r.Schema + "." + t.Name
		}
		for _, c := range r.Columns {
			t.Columns = append(t.Columns, spec.Column{Name: c.Name, Type: noType, Description: noHolds, Why: noNeed})
		}
		s.Tables = append(s.Tables, t)
	}
	k.Fill(s)
	return s
}

// Undescribed are the models that a draft leaves out because none of their columns is described; steps on the way are not among them.
func (k *Known) Undescribed() (out []string) {
	named := map[string]bool{}
	for i := range k.Relations {
		r := &k.Relations[i]
		named[r.Name] = true
		if !r.Internal && len(r.Columns) == 0 {
			out = append(out, r.Name)
		}
	}
	for name, file := range k.folders.sources {
		if !named[name] && !strings.HasSuffix(file, ".csv") && k.folders.holdsModel(file) && !stepOnTheWay(file, name) {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

// holdsModel says whether a file lies in a folder of models.
func (f folders) holdsModel(file string) bool {
	return slices.ContainsFunc(f.models, func(folder string) bool { return strings.HasPrefix(file, folder+"/") })
}

// Fill puts what dbt knows into a draft: words where a placeholder stands, and promises that dbt tests. What the draft says already stays, but for a type that
// dbt says more of, such as a length.
func (k *Known) Fill(s *spec.Spec) {
	for i := range s.Tables {
		if r, ok := k.Relation(s.Tables[i].Name); ok {
			k.fillTable(s, &s.Tables[i], r)
		}
	}
	if team, contact := k.owner(s); team != "" && spec.IsPlaceholder(s.Owner.Team) {
		s.Owner = spec.Owner{Team: team, Contact: contact}
	}
}

// owner is who answers for all the tables of a spec, if it is one and the same.
func (k *Known) owner(s *spec.Spec) (team, contact string) {
	all := ""
	for _, t := range s.Tables {
		r, ok := k.Relation(t.Name)
		switch {
		case !ok || r.Owner == "" || all != "" && r.Owner != all:
			return "", ""
		}
		all = r.Owner
	}
	team, contact, _ = strings.Cut(strings.TrimSuffix(all, ">"), " <")
	return team, contact
}

func (k *Known) fillTable(s *spec.Spec, t *spec.Table, r *Relation) {
	say(&t.Description, r.Description)
	say(&t.Why, metaText(r.Meta, "why"))
	say(&t.Why, k.readers(r))
	if len(t.Key) == 0 {
		t.Key = key(t, r)
	}
	for i := range t.Columns {
		if c, ok := r.Column(t.Columns[i].Name); ok {
			k.fillColumn(s, t, &t.Columns[i], c)
		}
	}
}

// say puts a text where a placeholder stands.
func say(to *string, text string) {
	if text != "" && spec.IsPlaceholder(*to) {
		*to = text
	}
}

// readers says who reads a relation, as a reason for it to be there.
func (k *Known) readers(r *Relation) string {
	var parts []string
	for _, e := range k.Exposures {
		if !slices.Contains(e.Reads, r.Name) {
			continue
		}
		part := fmt.Sprintf("The %s %s reads it", strings.ReplaceAll(e.Type, "_", " "), e.Name)
		if e.Type == "" {
			part = e.Name + " reads it"
		}
		if e.Owner != "" {
			part += ", for " + e.Owner
		}
		if d := strings.Join(strings.Fields(strings.TrimSuffix(e.Description, ".")), " "); d != "" {
			part += ": " + d
		}
		parts = append(parts, part+".")
	}
	return strings.Join(parts, " ")
}

// key is what dbt tests to name one row: columns that are unique together, else the first column that is unique and never empty.
func key(t *spec.Table, r *Relation) []string {
	if len(r.Key) > 0 && !slices.ContainsFunc(r.Key, func(name string) bool { _, ok := t.Column(name); return !ok }) {
		return r.Key
	}
	for i := range t.Columns {
		if c, ok := r.Column(t.Columns[i].Name); ok && c.Unique.whole() && c.NotNull.whole() {
			return []string{t.Columns[i].Name}
		}
	}
	return nil
}

func (k *Known) fillColumn(s *spec.Spec, t *spec.Table, c *spec.Column, known *Column) {
	say(&c.Description, known.Description)
	say(&c.Why, metaText(known.Meta, "why"))
	c.Type = fillType(c.Type, known.Type)
	if c.Unit == "" {
		c.Unit = metaText(known.Meta, "unit")
	}
	if c.Classification == "" {
		c.Classification = classification(known.Meta)
	}
	if !t.InKey(c.Name) {
		if known.NotNull.whole() {
			c.Nullable = ptr(false)
		}
		c.Unique = c.Unique || known.Unique.whole()
	}
	if known.Accepts.whole() && len(known.Accepted) > 0 {
		c.Values = known.Accepted
	}
	if target, ok := k.target(s, known); ok && c.References == "" {
		c.References = target
	}
}

// fillType is the better of what a draft says of a type and what dbt says.
func fillType(draft, known string) string {
	if known == "" {
		return draft
	}
	theirs, err := sqltype.Parse(known)
	if err != nil || theirs.Family() == sqltype.Opaque {
		return draft
	}
	ours, err := sqltype.Parse(draft)
	if draft == noType || err == nil && ours.String() == theirs.Physical().String() {
		return theirs.String()
	}
	return draft
}

// classification is how confidential a column is, in the words that people use for it in dbt's meta.
func classification(meta map[string]any) string {
	for _, key := range []string{"classification", "data_classification", "sensitivity"} {
		if s := metaText(meta, key); s != "" {
			return s
		}
	}
	for _, key := range []string{"pii", "contains_pii", "is_pii"} {
		if yes, _ := meta[key].(bool); yes {
			return "pii"
		}
	}
	return ""
}

// target is what a column refers to, as the spec calls it: a table of its own, or of an input.
func (k *Known) target(s *spec.Spec, c *Column) (string, bool) {
	model, column, _ := strings.Cut(c.Target, ".")
	if !c.Refers.whole() {
		return "", false
	}
	for i := range k.Relations {
		r := &k.Relations[i]
		if r.Name != model || r.Kind == dbt.Source {
			continue
		}
		for _, t := range s.Tables {
			if found, ok := k.Relation(t.Name); ok && found == r {
				return t.Name + "." + column, true
			}
		}
	}
	for _, in := range s.Inputs {
		if spec.SameName(in.Table, model) {
			return in.Table + "." + column, true
		}
	}
	return "", false
}

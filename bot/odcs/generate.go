package odcs

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/codicil-dev/codicil/bot/spec"
)

// Names of the customProperties that a whole contract carries.
const (
	inputsProperty     = "codicilInputs"
	customProperty     = "codicilCustom"
	amendmentsProperty = "codicilAmendments"
)

// generate is the contract that a spec and its ledger make by themselves.
func generate(s *spec.Spec, ledger spec.Ledger) (map[string]any, error) {
	tree := map[string]any{
		"apiVersion": Version, "kind": "DataContract", "id": s.Product, "name": s.Product, "version": s.Version, "status": "active",
	}
	if said(s.Purpose) {
		tree["description"] = map[string]any{"purpose": s.Purpose}
	}
	if said(s.Owner.Team) || s.Owner.Contact != "" {
		team := map[string]any{}
		if said(s.Owner.Team) {
			team["name"] = s.Owner.Team
		}
		if s.Owner.Contact != "" {
			team["customProperties"] = []any{property("contact", s.Owner.Contact)}
		}
		tree["team"] = team
	}
	if len(s.Tags) > 0 {
		tree["tags"] = texts(s.Tags)
	}
	checks := placeChecks(s, ledger)
	tables := make([]any, len(s.Tables))
	for i := range s.Tables {
		tables[i] = generateTable(s, &s.Tables[i], checks[i])
	}
	if len(tables) > 0 {
		tree["schema"] = tables
	}
	custom, err := contractProperties(s, ledger)
	if err != nil {
		return nil, err
	}
	if len(custom) > 0 {
		tree["customProperties"] = custom
	}
	return plain(tree).(map[string]any), nil
}

// contractProperties are the customProperties of the whole contract.
func contractProperties(s *spec.Spec, ledger spec.Ledger) ([]any, error) {
	var out []any
	add := func(name string, v any) error {
		tree, err := toTree(v)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		out = append(out, property(name, tree))
		return nil
	}
	if len(s.Inputs) > 0 {
		if err := add(inputsProperty, s.Inputs); err != nil {
			return nil, err
		}
	}
	if own := ownCustom(s.Custom); len(own) > 0 {
		if err := add(customProperty, own); err != nil {
			return nil, err
		}
	}
	if len(ledger.Entries) > 0 {
		all := make([]spec.Amendment, len(ledger.Entries))
		for i, e := range ledger.Entries {
			all[i] = e.Amendment
			if all[i].Expects == nil {
				all[i].Expects = []spec.Expectation{}
			}
			if all[i].Checks == nil {
				all[i].Checks = []spec.Check{}
			}
		}
		if err := add(amendmentsProperty, all); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func generateTable(s *spec.Spec, t *spec.Table, checks []any) map[string]any {
	out := map[string]any{"name": t.Name, "logicalType": "object", "physicalType": "table"}
	if said(t.Description) {
		out["description"] = t.Description
	}
	var custom []any
	if said(t.Why) {
		custom = append(custom, property("why", t.Why))
	}
	if len(t.Key) > 0 {
		custom = append(custom, property("grain", texts(t.Key)))
	}
	if t.Deprecated != "" {
		custom = append(custom, property("deprecated", t.Deprecated))
	}
	if len(custom) > 0 {
		out["customProperties"] = custom
	}
	columns := make([]any, len(t.Columns))
	for i := range t.Columns {
		columns[i] = generateColumn(s, t, &t.Columns[i])
	}
	out["properties"] = columns
	if len(checks) > 0 {
		out["quality"] = checks
	}
	return out
}

func generateColumn(s *spec.Spec, t *spec.Table, c *spec.Column) map[string]any {
	out := map[string]any{"name": c.Name, "logicalType": logicalType(c.Type), "physicalType": c.Type}
	if said(c.Description) {
		out["description"] = c.Description
	}
	if c.Unique {
		out["unique"] = true
	}
	if c.Classification != "" {
		out["classification"] = c.Classification
	}
	var custom []any
	keep := func(name string, v any) { custom = append(custom, property(name, v)) }
	if said(c.Why) {
		keep("why", c.Why)
	}
	if c.Unit != "" {
		keep("unit", c.Unit)
	}
	if c.Deprecated != "" {
		keep("deprecated", c.Deprecated)
	}
	if duckDBType(out) != c.Type {
		keep("duckdbType", c.Type)
	}
	for i, k := range t.Key {
		if strings.EqualFold(k, c.Name) {
			out["primaryKey"], out["primaryKeyPosition"] = true, i+1
		}
	}
	switch {
	case t.InKey(c.Name):
		out["required"] = true
		if c.Nullable != nil {
			keep("nullable", *c.Nullable)
		}
	case c.Nullable != nil:
		out["required"] = !*c.Nullable
	}
	if c.References != "" {
		if shorthand.MatchString(c.References) && refersInside(s, c.References) {
			out["relationships"] = []any{map[string]any{"type": "foreignKey", "to": c.References}}
		} else {
			keep("references", c.References)
		}
	}
	if len(c.Values) > 0 {
		out["quality"] = []any{map[string]any{
			"type": "library", "metric": "invalidValues", "arguments": map[string]any{"validValues": append([]any(nil), c.Values...)}, "mustBe": 0,
		}}
	}
	if len(custom) > 0 {
		out["customProperties"] = custom
	}
	return out
}

// shorthand is the standard's short form of a reference to a column.
var shorthand = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*\.[A-Za-z_][A-Za-z0-9_]*$`)

// refersInside says whether table.column is a column of s.
func refersInside(s *spec.Spec, reference string) bool {
	table, column, ok := strings.Cut(reference, ".")
	if !ok {
		return false
	}
	t, ok := s.Table(table)
	if !ok {
		return false
	}
	_, ok = t.Column(column)
	return ok
}

// said says whether a text of the spec really says something.
func said(s string) bool { return s != "" && s != NotStated }

func property(name string, value any) map[string]any {
	return map[string]any{"property": name, "value": value}
}

func texts(list []string) []any {
	out := make([]any, len(list))
	for i, s := range list {
		out[i] = s
	}
	return out
}

package odcs

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"sort"
	"strings"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/spec"
)

// importer reads one valid contract.
type importer struct {
	file     string
	source   *spec.Source
	tree     map[string]any
	problems bot.Problems
}

func (r *importer) problem(pointer, format string, args ...any) bot.Problem {
	line, column := r.source.At(pointer)
	return bot.Problem{File: r.file, Line: line, Column: column, Severity: bot.SeverityError, Message: fmt.Sprintf(format, args...)}
}

// warn records what a person should add after the import.
func (r *importer) warn(pointer, format string, args ...any) {
	p := r.problem(pointer, format, args...)
	p.Severity = bot.SeverityWarning
	r.problems = append(r.problems, p)
}

// stated is the text, or NotStated with a warning that says what to say.
func (r *importer) stated(text, pointer, what string) string {
	if strings.TrimSpace(text) != "" {
		return text
	}
	r.warn(pointer, "the contract does not say %s; say it in spec.yaml", what)
	return NotStated
}

func (r *importer) read() (*spec.Spec, []spec.Amendment) {
	id, _ := r.tree["id"].(string)
	name, _ := r.tree["name"].(string)
	product, _ := r.tree["dataProduct"].(string)
	s := &spec.Spec{Spec: 1, Product: slug(name, product, id), Owner: r.owner()}
	version, _ := r.tree["version"].(string)
	v, ok := semantic(version)
	if !ok {
		r.warn("/version", "version %q is not a semantic version: the product starts at %s", version, v)
	}
	s.Version = v
	description, _ := r.tree["description"].(map[string]any)
	purpose, _ := description["purpose"].(string)
	s.Purpose = r.stated(purpose, "/description", "what the product is for")
	s.Tags = textList(r.tree["tags"])
	r.property(inputsProperty, &s.Inputs)
	r.property(customProperty, &s.Custom)
	s.Tables = r.tables()
	return s, r.amendments()
}

// property decodes a customProperty of the contract that Export makes; one of another form is left alone.
func (r *importer) property(name string, into any) {
	v, i, ok := custom(r.tree, name)
	if !ok {
		return
	}
	data, err := json.Marshal(v)
	if err == nil {
		dec := json.NewDecoder(bytes.NewReader(data))
		dec.UseNumber()
		dec.DisallowUnknownFields()
		err = dec.Decode(into)
	}
	if err != nil {
		r.problems = append(r.problems, r.problem(fmt.Sprintf("/customProperties/%d", i), "%s is not in the form that codicil export writes (%v): mend it, or rename it", name, err))
	}
}

// amendments reads the ledger that Export put in.
func (r *importer) amendments() []spec.Amendment {
	v, i, ok := custom(r.tree, amendmentsProperty)
	if !ok {
		return nil
	}
	at := fmt.Sprintf("/customProperties/%d/value", i)
	list, ok := v.([]any)
	if !ok {
		r.problems = append(r.problems, r.problem(at, "%s must be a list of amendments", amendmentsProperty))
		return nil
	}
	var out []spec.Amendment
	for j, e := range list {
		data, err := json.Marshal(e)
		if err != nil {
			continue
		}
		a, _, problems := spec.ParseAmendment(r.file, data)
		for _, p := range problems {
			r.problems = append(r.problems, r.problem(fmt.Sprintf("%s/%d", at, j), "amendment %d of %s: %s", j+1, amendmentsProperty, p.Message))
		}
		if a != nil {
			out = append(out, *a)
		}
	}
	return out
}

// owner finds who answers for the contract: its team, else an owner among the people, else the domain.
func (r *importer) owner() spec.Owner {
	if team, ok := r.tree["team"].(map[string]any); ok {
		name, _ := team["name"].(string)
		contact, _ := customText(team, "contact")
		return spec.Owner{Team: r.stated(name, "/team", "which team owns the product"), Contact: contact}
	}
	people, _ := r.tree["team"].([]any)
	for _, p := range people {
		m, _ := p.(map[string]any)
		role, _ := m["role"].(string)
		_, left := m["dateOut"]
		if !strings.Contains(strings.ToLower(role), "owner") || left {
			continue
		}
		for _, key := range []string{"name", "username"} {
			if who, _ := m[key].(string); who != "" {
				return spec.Owner{Team: who}
			}
		}
	}
	domain, _ := r.tree["domain"].(string)
	return spec.Owner{Team: r.stated(domain, "", "which team owns the product")}
}

// tables reads the schema. Objects without properties are no tables: they stay in the contract alone.
func (r *importer) tables() []spec.Table {
	out := []spec.Table{}
	seen := map[string]bool{}
	objects, _ := r.tree["schema"].([]any)
	for i, v := range objects {
		m, _ := v.(map[string]any)
		name, _ := m["name"].(string)
		at := fmt.Sprintf("/schema/%d", i)
		properties, _ := m["properties"].([]any)
		switch {
		case seen[strings.ToLower(name)]:
			r.warn(at+"/name", "a table of the name %q is already there: this one is kept, but is not part of the spec", name)
			continue
		case !tableName.MatchString(name):
			r.warn(at+"/name", "%q cannot be the name of a table: it is kept, but is not part of the spec", name)
			continue
		case len(properties) == 0:
			r.warn(at, "%q has no properties: it is kept, but is not part of the spec", name)
			continue
		}
		seen[strings.ToLower(name)] = true
		out = append(out, r.table(m, name, at))
	}
	return out
}

// tableName is what a spec allows: table, or schema.table.
var tableName = regexp.MustCompile(`^[^.\s][^.]*(\.[^.\s][^.]*)?$`)

func (r *importer) table(m map[string]any, name, at string) spec.Table {
	t := spec.Table{Name: name}
	description, _ := m["description"].(string)
	t.Description = r.stated(description, at, "what "+name+" holds")
	why, _ := customText(m, "why")
	t.Why = r.stated(why, at, "why "+name+" exists")
	t.Deprecated, _ = customText(m, "deprecated")
	properties, _ := m["properties"].([]any)
	t.Key = key(m, properties)
	seen := map[string]bool{}
	for i, v := range properties {
		p, _ := v.(map[string]any)
		column, _ := p["name"].(string)
		where := fmt.Sprintf("%s/properties/%d", at, i)
		if column == "" || seen[strings.ToLower(column)] {
			r.warn(where, "%s has a second column %q, or one without a name: it is kept, but is not part of the spec", name, column)
			continue
		}
		seen[strings.ToLower(column)] = true
		t.Columns = append(t.Columns, r.column(p, &t, column, where))
	}
	return t
}

// key is the grain if that is stated, else the primary key in the order of its positions.
func key(m map[string]any, properties []any) []string {
	if v, _, ok := custom(m, "grain"); ok {
		if list, isList := v.([]any); isList && len(textList(list)) == len(list) {
			return textList(list)
		}
	}
	type part struct {
		name     string
		position int64
	}
	var parts []part
	for _, v := range properties {
		p, _ := v.(map[string]any)
		name, _ := p["name"].(string)
		if is, _ := p["primaryKey"].(bool); !is || name == "" {
			continue
		}
		position, ok := p["primaryKeyPosition"].(int64)
		if !ok || position < 1 {
			position = 1 << 30
		}
		parts = append(parts, part{name, position})
	}
	sort.SliceStable(parts, func(i, j int) bool { return parts[i].position < parts[j].position })
	var out []string
	for _, p := range parts {
		out = append(out, p.name)
	}
	return out
}

func (r *importer) column(p map[string]any, t *spec.Table, name, at string) spec.Column {
	full := t.Name + "." + name
	c := spec.Column{Name: name, Type: duckDBType(p)}
	if p["physicalType"] == nil && p["logicalType"] == nil {
		r.warn(at, "the contract does not say which type %s has: VARCHAR is assumed; correct it in spec.yaml", full)
	}
	description, _ := p["description"].(string)
	c.Description = r.stated(description, at, "what "+full+" is")
	why, _ := customText(p, "why")
	c.Why = r.stated(why, at, "why "+full+" exists")
	c.Unit, _ = customText(p, "unit")
	c.Deprecated, _ = customText(p, "deprecated")
	c.Classification, _ = p["classification"].(string)
	c.Unique, _ = p["unique"].(bool)
	c.Nullable = nullable(p, t.InKey(name))
	c.Values = values(p)
	c.References = r.references(p)
	return c
}

// nullable reads "required"; in a key it says nothing unless the spec itself did.
func nullable(p map[string]any, inKey bool) *bool {
	if inKey {
		if v, _, ok := custom(p, "nullable"); ok {
			if b, isBool := v.(bool); isBool {
				return &b
			}
		}
		return nil
	}
	required, ok := p["required"].(bool)
	if !ok {
		return nil
	}
	n := !required
	return &n
}

// values reads the rule that no value may be outside a list.
func values(p map[string]any) []any {
	rules, _ := p["quality"].([]any)
	for _, v := range rules {
		m, _ := v.(map[string]any)
		arguments, _ := m["arguments"].(map[string]any)
		list, _ := arguments["validValues"].([]any)
		if m["metric"] != "invalidValues" || !same(m["mustBe"], 0) || len(list) == 0 {
			continue
		}
		if !slices.ContainsFunc(list, func(e any) bool {
			switch e.(type) {
			case string, bool, int64, float64:
				return false
			}
			return true
		}) {
			return list
		}
	}
	return nil
}

// references reads the first relationship to one column that the contract has.
func (r *importer) references(p map[string]any) string {
	if own, ok := customText(p, "references"); ok {
		return own
	}
	list, _ := p["relationships"].([]any)
	for _, v := range list {
		m, _ := v.(map[string]any)
		to, _ := m["to"].(string)
		if target, ok := r.resolve(to); ok {
			return target
		}
	}
	return ""
}

// resolve turns a reference of the contract, by names or by ids, into table.column, if the contract has that column.
func (r *importer) resolve(to string) (string, bool) {
	table, column, byName := strings.Cut(to, ".")
	if parts := strings.Split(strings.TrimPrefix(to, "/"), "/"); len(parts) == 4 && parts[0] == "schema" && parts[2] == "properties" {
		table, column, byName = parts[1], parts[3], false
	} else if !byName {
		return "", false
	}
	is := func(m map[string]any, who string) bool {
		if byName {
			name, _ := m["name"].(string)
			return strings.EqualFold(name, who)
		}
		return m["id"] == who || m["name"] == who
	}
	objects, _ := r.tree["schema"].([]any)
	for _, v := range objects {
		m, _ := v.(map[string]any)
		if !is(m, table) {
			continue
		}
		properties, _ := m["properties"].([]any)
		for _, v := range properties {
			if p, _ := v.(map[string]any); is(p, column) {
				return fmt.Sprint(m["name"], ".", p["name"]), true
			}
		}
	}
	return "", false
}

// slug makes the name of a product out of the first of names that gives one; UUIDs are for when nothing else does.
func slug(names ...string) string {
	for _, n := range names {
		s := strings.Trim(notSlug.ReplaceAllString(strings.ToLower(n), "-"), "-_")
		if s == "" || strings.Trim(s, "0123456789abcdef-") == "" && strings.Count(n, "-") == 4 {
			continue // nothing left, or a UUID
		}
		if s[0] >= 'a' && s[0] <= 'z' {
			return s
		}
		return "p-" + s
	}
	for i := len(names) - 1; i >= 0; i-- {
		n := names[i]
		if s := strings.Trim(notSlug.ReplaceAllString(strings.ToLower(n), "-"), "-_"); s != "" {
			return "contract-" + s
		}
	}
	return "contract"
}

var notSlug = regexp.MustCompile(`[^a-z0-9_-]+`)

// custom finds a customProperty, and its place in the list.
func custom(m map[string]any, name string) (value any, i int, ok bool) {
	list, _ := m["customProperties"].([]any)
	for i, v := range list {
		if p, _ := v.(map[string]any); p["property"] == name {
			return p["value"], i, true
		}
	}
	return nil, 0, false
}

func customText(m map[string]any, name string) (string, bool) {
	v, _, _ := custom(m, name)
	s, ok := v.(string)
	return s, ok && s != ""
}

// textList is a list of texts; what is no text is left out.
func textList(v any) []string {
	list, _ := v.([]any)
	var out []string
	for _, e := range list {
		if s, ok := e.(string); ok {
			out = append(out, s)
		}
	}
	return out
}

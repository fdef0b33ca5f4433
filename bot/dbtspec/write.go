package dbtspec

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/codicil-dev/codicil/bot/dbt"
	"github.com/codicil-dev/codicil/bot/spec"
)

// File is a properties file as it should be.
type File struct {
	// Name is its path from the project's folder, and New says that it is not there yet.
	Name string
	New  bool
	Data []byte
}

// Export writes a spec's descriptions, types, tests and contracts into the properties of the dbt project in folder dir of fsys. Only files that change are
// returned. What people wrote there stays: comments, order, other keys and other tests. A model that is described nowhere gets a file beside it. Notes tell
// what could not be said in dbt's words. A file with anchors or merge keys is an error that names the place, if something in it would have to change.
func Export(fsys fs.FS, dir string, s *spec.Spec) (files []File, notes []string, err error) {
	known, problems := Read(fsys, dir, "")
	if err := problems.Err(); err != nil {
		return nil, nil, err
	}
	w := &writer{known: known, fsys: fsys, dir: dir, texts: map[string][]byte{}, before: map[string][]byte{}}
	for i := range s.Tables {
		if err := w.table(&s.Tables[i]); err != nil {
			return nil, nil, err
		}
	}
	for name, text := range w.texts {
		if old, ok := w.before[name]; !ok || string(old) != string(text) {
			files = append(files, File{name, !ok, text})
		}
	}
	slices.SortFunc(files, func(a, b File) int { return strings.Compare(a.Name, b.Name) })
	return files, w.notes, nil
}

// writer writes tables into properties files.
type writer struct {
	known  *Known
	fsys   fs.FS
	dir    string
	texts  map[string][]byte // as they become
	before map[string][]byte // as they are, for those that are there
	notes  []string
}

func (w *writer) note(format string, args ...any) {
	w.notes = append(w.notes, fmt.Sprintf(format, args...))
}

// table writes one table.
func (w *writer) table(t *spec.Table) error {
	r, ok := w.known.Relation(t.Name)
	if !ok {
		if r, ok = w.undescribed(t); !ok {
			w.note("%s: no model, seed or snapshot of this name is in the project, so that nothing was written for it", t.Name)
			return nil
		}
	}
	old, err := w.text(r.File)
	if err != nil {
		return err
	}
	w.texts[r.File], err = spec.EditYAML(r.File, old, func(root *yaml.Node) error {
		w.entry(entry(root, listOf(r.Kind), r.Name), t, r)
		return nil
	})
	return err
}

// undescribed is a relation whose file is there, but no description of it.
func (w *writer) undescribed(t *spec.Table) (*Relation, bool) {
	name := t.Name[strings.LastIndexByte(t.Name, '.')+1:]
	source, ok := w.known.folders.sources[name]
	if !ok {
		return nil, false
	}
	r := &Relation{Kind: dbt.Model, Name: name, File: path.Join(path.Dir(source), name+".yml"), Folder: path.Dir(source)}
	under := func(list []string) bool {
		return slices.ContainsFunc(list, func(folder string) bool { return strings.HasPrefix(source, folder+"/") })
	}
	switch {
	case under(w.known.folders.seeds):
		r.Kind = dbt.Seed
	case under(w.known.folders.snapshots):
		r.Kind = dbt.Snapshot
	}
	return r, true
}

// text is a properties file as it is by now; a new one has no more than its version.
func (w *writer) text(name string) ([]byte, error) {
	if text, ok := w.texts[name]; ok {
		return text, nil
	}
	text, err := fs.ReadFile(w.fsys, path.Join(w.dir, name))
	if errors.Is(err, fs.ErrNotExist) {
		return []byte("version: 2\n"), nil
	}
	if err != nil {
		return nil, err
	}
	w.before[name] = text
	if root, err := parseYAML(text); err == nil && len(root.Content) == 0 { // nothing but comments, which stay
		return bytes.TrimLeft(append(slices.Clip(bytes.TrimRight(text, "\n")), "\nversion: 2\n"...), "\n"), nil
	}
	return text, nil
}

// entry is the entry of a name in one of a file's lists; it is made if it is not there.
func entry(root *yaml.Node, key, name string) *yaml.Node {
	all := child(root, key)
	if all == nil || all.Kind != yaml.SequenceNode {
		all = &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"}
		set(root, key, all, "")
	}
	for _, n := range all.Content {
		if text(child(n, "name")) == name {
			return n
		}
	}
	n := mapping("name", spec.YAMLOf(name))
	all.Style &^= yaml.FlowStyle
	all.Content = append(all.Content, n)
	return n
}

// mapping is a mapping of one key.
func mapping(key string, value *yaml.Node) *yaml.Node {
	return &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Content: []*yaml.Node{spec.YAMLOf(key), value}}
}

// set sets a key of a mapping. A new one goes behind that which after names, or to the end.
func set(n *yaml.Node, key string, value *yaml.Node, after string) {
	at := len(n.Content)
	for i := 0; i+1 < len(n.Content); i += 2 {
		switch n.Content[i].Value {
		case key:
			n.Content[i+1] = value
			return
		case after:
			at = i + 2
		}
	}
	n.Content = slices.Insert(n.Content, at, spec.YAMLOf(key), value)
}

// contractable says whether dbt can enforce a contract on a relation: it can on models of SQL that make a table or view.
func contractable(k *Known, r *Relation) bool {
	return r.Kind == dbt.Model && !strings.HasSuffix(k.folders.sources[r.Name], ".py")
}

// entry writes a table into its entry.
func (w *writer) entry(n *yaml.Node, t *spec.Table, r *Relation) {
	if !sameText(t.Description, r.Description) {
		set(n, "description", spec.YAMLOf(t.Description), "name")
	}
	if !r.Contract && contractable(w.known, r) {
		enforce(n)
	}
	columns := child(n, "columns")
	if columns == nil || columns.Kind != yaml.SequenceNode {
		columns = &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"}
		set(n, "columns", columns, "")
	}
	at := 0
	for i := range t.Columns {
		c := &t.Columns[i]
		k := slices.IndexFunc(columns.Content, func(n *yaml.Node) bool { return spec.SameName(text(child(n, "name")), c.Name) })
		if k < 0 {
			k = at
			columns.Content = slices.Insert(columns.Content, k, mapping("name", spec.YAMLOf(c.Name)))
		}
		at = k + 1
		known, ok := r.Column(c.Name)
		if !ok {
			known = &Column{}
		}
		w.column(columns.Content[k], t, c, known)
	}
	if len(t.Key) > 1 && !sameKey(t.Key, r.Key) {
		w.note("%s: dbt has no test of its own for %s being unique together; codicil verify proves it", t.Name, strings.Join(t.Key, ", "))
	}
}

// sameKey compares two keys without regard to their order.
func sameKey(a, b []string) bool {
	return len(a) == len(b) && !slices.ContainsFunc(a, func(name string) bool {
		return !slices.ContainsFunc(b, func(other string) bool { return spec.SameName(name, other) })
	})
}

// enforce sets a contract, where people set it already or in the config.
func enforce(n *yaml.Node) {
	holder := n
	if child(n, "contract") == nil {
		if holder = child(n, "config"); holder == nil || holder.Kind != yaml.MappingNode {
			holder = mapping("contract", enforced())
			set(n, "config", holder, "description")
		}
	}
	contract := child(holder, "contract")
	if contract == nil || contract.Kind != yaml.MappingNode {
		contract = enforced()
		set(holder, "contract", contract, "")
	}
	set(contract, "enforced", spec.YAMLOf(true), "")
}

// enforced is a contract that is enforced.
func enforced() *yaml.Node {
	n := mapping("enforced", spec.YAMLOf(true))
	n.Style |= yaml.FlowStyle
	return n
}

// column writes a column into its entry.
func (w *writer) column(n *yaml.Node, t *spec.Table, c *spec.Column, known *Column) {
	if !sameText(c.Description, known.Description) {
		set(n, "description", spec.YAMLOf(c.Description), "name")
	}
	if !sameType(c.Type, known.Type) {
		set(n, "data_type", spec.YAMLOf(strings.ToLower(c.Type)), cmp.Or(keyIn(n, "description"), "name"))
	}
	weak := func(p Promise) bool {
		if p.Weak != "" {
			w.note("%s.%s: dbt has a test that %s, which was left as it is", t.Name, c.Name, p.Weak)
		}
		return p.Weak != ""
	}
	if unique(t, c) && !weak(known.Unique) && !known.Unique.Made {
		w.add(n, spec.YAMLOf("unique"))
	}
	if !t.IsNullable(c) && !weak(known.NotNull) && !known.NotNull.Made {
		w.add(n, spec.YAMLOf("not_null"))
	}
	if len(c.Values) > 0 && !weak(known.Accepts) && !(known.Accepts.Made && sameValues(c.Values, known.Accepted)) {
		w.accept(n, c.Values)
	}
	if c.References != "" && !weak(known.Refers) && !(known.Refers.Made && spec.SameName(w.known.model(c.References), known.Target)) {
		w.refer(n, t, c)
	}
}

// keyIn is the key itself if a mapping has it.
func keyIn(n *yaml.Node, key string) string {
	if child(n, key) == nil {
		return ""
	}
	return key
}

// tests is the list of a column's tests; it is made if there is none.
func (w *writer) tests(n *yaml.Node) *yaml.Node {
	for _, key := range testKeys {
		if found := child(n, key); found != nil && found.Kind == yaml.SequenceNode {
			return found
		}
	}
	made := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"}
	set(n, cmp.Or(w.known.listed, testKeys[0]), made, "")
	return made
}

// add adds a test. A list of mere names stays on one line.
func (w *writer) add(n, test *yaml.Node) {
	all := w.tests(n)
	if len(all.Content) == 0 {
		all.Style |= yaml.FlowStyle
	}
	if test.Kind != yaml.ScalarNode {
		all.Style &^= yaml.FlowStyle
	}
	all.Content = append(all.Content, test)
}

// arguments are those of the column's test of a kind; the test is made if there is none.
func (w *writer) arguments(n *yaml.Node, kind string) *yaml.Node {
	for _, t := range w.tests(n).Content {
		if testOf(t).kind != kind || t.Kind != yaml.MappingNode {
			continue
		}
		body := t
		if text(child(t, "test_name")) == "" {
			body = t.Content[1]
		}
		if inner := child(body, "arguments"); inner != nil {
			return inner
		}
		return body
	}
	arguments := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
	body := arguments
	if w.known.argued == nil || *w.known.argued {
		body = mapping("arguments", arguments)
	}
	w.add(n, mapping(kind, body))
	return arguments
}

// accept writes accepted values.
func (w *writer) accept(n *yaml.Node, values []any) {
	arguments := w.arguments(n, "accepted_values")
	all := spec.YAMLOf(values)
	all.Style |= yaml.FlowStyle
	set(arguments, "values", all, "")
	if !slices.ContainsFunc(values, func(v any) bool { _, ok := v.(string); return ok }) {
		set(arguments, "quote", spec.YAMLOf(false), "values")
	}
}

// refer writes what a column refers to.
func (w *writer) refer(n *yaml.Node, t *spec.Table, c *spec.Column) {
	table, column, ok := spec.SplitColumn(c.References)
	if !ok {
		return
	}
	to, ok := w.known.called(table)
	if !ok {
		w.note("%s.%s: %s is not a model, seed, snapshot or source of this project, so that dbt can't test the reference", t.Name, c.Name, table)
		return
	}
	arguments := w.arguments(n, "relationships")
	set(arguments, "to", spec.YAMLOf(to), "")
	set(arguments, "field", spec.YAMLOf(column), "to")
}

// called is how a test calls a table.
func (k *Known) called(table string) (string, bool) {
	if r, ok := k.Relation(table); ok {
		return "ref('" + r.Name + "')", true
	}
	name := table[strings.LastIndexByte(table, '.')+1:]
	for _, r := range k.Relations {
		if r.Kind == dbt.Source && spec.SameName(r.table(), name) {
			return "source('" + r.Source + "', '" + r.Name + "')", true
		}
	}
	if _, ok := k.folders.sources[name]; ok {
		return "ref('" + name + "')", true
	}
	return "", false
}

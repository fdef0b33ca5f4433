package dbtspec

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/dbt"
	"github.com/codicil-dev/codicil/bot/spec"
)

// Limits of what is read of one project.
const (
	mostFiles = 20_000
	mostBytes = 32 << 20
	// mostEntries is how many relations, columns and tests there may be, aliases followed; 64 bytes of a mapping that is kept count as one.
	mostEntries = 400_000
)

// folders are where a project keeps what, from its own folder.
type folders struct {
	models, seeds, snapshots []string
	// sources are the models' files by name: what is not described anywhere is described beside them.
	sources map[string]string
}

// propertiesReader reads the properties files of a project.
type propertiesReader struct {
	fsys     fs.FS
	dir      string
	display  string
	known    *Known
	docs     map[string]string
	owners   map[string]string
	groups   map[int]string // by place of the relation
	files    int
	size     int64
	entries  int
	problems bot.Problems
}

// Read reads what people wrote in the properties files of the dbt project in folder dir of fsys; display is how problems call that folder. Templates are not
// filled in, but for doc(); what is written as one is left out. What can't be read is a problem, and the rest is there all the same.
func Read(fsys fs.FS, dir, display string) (*Known, bot.Problems) {
	r := &propertiesReader{fsys: fsys, dir: dir, display: display, known: &Known{}, docs: map[string]string{}, owners: map[string]string{}, groups: map[int]string{}}
	if !r.layout() {
		return r.known, r.problems
	}
	all := slices.Concat(r.known.folders.models, r.known.folders.seeds, r.known.folders.snapshots)
	slices.Sort(all)
	var files []string
	for _, folder := range slices.Compact(all) {
		files = append(files, r.walk(folder)...)
	}
	for _, name := range files {
		r.file(name)
	}
	for i, group := range r.groups {
		r.known.Relations[i].Owner = cmp.Or(r.known.Relations[i].Owner, r.owners[group])
	}
	return r.known, r.problems.Sorted()
}

// layout reads dbt_project.yml.
func (r *propertiesReader) layout() bool {
	root, ok := r.load(dbt.ProjectFile)
	if !ok {
		return false
	}
	in := func(key, usual string) (out []string) {
		for _, n := range list(child(root, key)) {
			if fs.ValidPath(path.Clean(n.Value)) {
				out = append(out, path.Clean(n.Value))
			}
		}
		if len(out) == 0 {
			out = []string{usual}
		}
		return out
	}
	r.known.folders = folders{in("model-paths", "models"), in("seed-paths", "seeds"), in("snapshot-paths", "snapshots"), map[string]string{}}
	return true
}

// walk lists the properties files below a folder, reads documentation, and notes where models lie.
func (r *propertiesReader) walk(folder string) (files []string) {
	err := fs.WalkDir(r.fsys, path.Join(r.dir, folder), func(name string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return nil
		}
		if r.files++; r.files > mostFiles {
			return fmt.Errorf("it holds more than %d files", mostFiles)
		}
		name = strings.TrimPrefix(strings.TrimPrefix(name, path.Clean(r.dir)), "/")
		if r.dir == "." {
			name = path.Clean(name)
		}
		switch ext := path.Ext(name); ext {
		case ".yml", ".yaml":
			files = append(files, name)
		case ".md":
			r.document(name)
		case ".sql", ".py", ".csv":
			r.known.folders.sources[strings.TrimSuffix(path.Base(name), ext)] = name
		}
		return nil
	})
	if err != nil {
		r.refuse(folder, 0, "the folder can't be read: %v", err)
	}
	return files
}

func (r *propertiesReader) refuse(name string, line int, format string, args ...any) {
	r.problems = append(r.problems, bot.Problem{File: path.Join(r.display, name), Line: line, Severity: bot.SeverityError, Message: fmt.Sprintf(format, args...)})
}

// bytes reads a small regular file.
func (r *propertiesReader) bytes(name string) ([]byte, bool) {
	full := path.Join(r.dir, name)
	info, err := fs.Lstat(r.fsys, full)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		r.refuse(name, 0, "the file is not there")
		return nil, false
	case err != nil || !info.Mode().IsRegular():
		r.refuse(name, 0, "this is no regular file that can be read")
		return nil, false
	case info.Size() > spec.MaxFileSize:
		r.problems = append(r.problems, spec.TooLarge(path.Join(r.display, name), info.Size()))
		return nil, false
	}
	if r.size += info.Size(); r.size > mostBytes {
		r.refuse(name, 0, "with this file there are more than %d MiB of properties and documentation: keep less of it", mostBytes>>20)
		return nil, false
	}
	data, err := fs.ReadFile(r.fsys, full)
	if err != nil {
		r.refuse(name, 0, "the file can't be read")
	}
	return data, err == nil
}

// load reads a YAML file, with anchors and all that dbt allows.
func (r *propertiesReader) load(name string) (*yaml.Node, bool) {
	data, ok := r.bytes(name)
	if !ok {
		return nil, false
	}
	root, err := parseYAML(data)
	if err != nil {
		line := 0
		if m := yamlLine.FindStringSubmatch(err.Error()); m != nil {
			_, _ = fmt.Sscan(m[1], &line)
		}
		r.refuse(name, line, "the file is not YAML: %s", strings.TrimPrefix(err.Error(), "yaml: "))
		return nil, false
	}
	return root, true
}

var yamlLine = regexp.MustCompile(`line (\d+)`)

// parseYAML returns the root of a document; one without anything is an empty mapping.
func parseYAML(data []byte) (*yaml.Node, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal(data, &doc); err != nil {
		return nil, err
	}
	if len(doc.Content) == 0 || doc.Content[0].Kind != yaml.MappingNode {
		return &yaml.Node{Kind: yaml.MappingNode}, nil
	}
	return doc.Content[0], nil
}

// docsBlock is a block of documentation.
var docsBlock = regexp.MustCompile(`(?s)\{%-?\s*docs\s+(\w+)\s*-?%\}(.*?)\{%-?\s*enddocs\s*-?%\}`)

func (r *propertiesReader) document(name string) {
	data, ok := r.bytes(name)
	if !ok {
		return
	}
	for _, m := range docsBlock.FindAllStringSubmatch(string(data), -1) {
		r.docs[m[1]] = strings.TrimSpace(m[2])
	}
}

// file reads one properties file.
func (r *propertiesReader) file(name string) {
	root, ok := r.load(name)
	if !ok {
		return
	}
	for _, g := range list(child(root, "groups")) {
		r.owners[text(child(g, "name"))] = ownerOf(child(g, "owner"))
	}
	for _, kind := range []dbt.Kind{dbt.Model, dbt.Seed, dbt.Snapshot} {
		for _, n := range list(child(root, listOf(kind))) {
			r.relation(name, kind, n)
		}
	}
	for _, s := range list(child(root, "sources")) {
		if !r.spend(name, 1) {
			return
		}
		before := len(r.known.Relations)
		for _, n := range list(child(s, "tables")) {
			r.relation(name, dbt.Source, n)
		}
		for i := before; i < len(r.known.Relations); i++ {
			r.known.Relations[i].Source = text(child(s, "name"))
		}
	}
	for _, n := range list(child(root, "exposures")) {
		if !r.spend(name, 1) {
			return
		}
		e := Exposure{Name: cmp.Or(text(child(n, "label")), text(child(n, "name"))), Type: text(child(n, "type")), Description: r.filled(child(n, "description")), Owner: ownerOf(child(n, "owner"))}
		for _, d := range list(child(n, "depends_on")) {
			if !r.spend(name, 1) {
				return
			}
			if m := refers.FindStringSubmatch(d.Value); m != nil {
				e.Reads = append(e.Reads, cmp.Or(m[1], m[2]))
			}
		}
		r.known.Exposures = append(r.known.Exposures, e)
	}
}

// listOf is the key under which a properties file lists relations of a kind.
func listOf(kind dbt.Kind) string { return string(kind) + "s" }

// spend counts what is read of entries; ok is false from where there are too many, which is a problem once.
func (r *propertiesReader) spend(file string, n int) (ok bool) {
	before := r.entries
	if r.entries += n; r.entries > mostEntries && before <= mostEntries {
		r.refuse(file, 0, "with this file there are more than %d relations, columns and tests: aliases may repeat them", mostEntries)
	}
	return r.entries <= mostEntries
}

// mapOf is a mapping that is kept.
func (r *propertiesReader) mapOf(file string, n *yaml.Node) map[string]any {
	if n == nil || r.entries > mostEntries {
		return nil
	}
	m, size := mapOf(n)
	r.spend(file, size/64)
	return m
}

// relation reads one entry.
func (r *propertiesReader) relation(file string, kind dbt.Kind, n *yaml.Node) {
	if !r.spend(file, 1) {
		return
	}
	config := child(n, "config")
	one := func(key string) *yaml.Node {
		if v := child(config, key); v != nil {
			return v
		}
		return child(n, key)
	}
	rel := Relation{Kind: kind, Name: text(child(n, "name")), File: path.Join(r.display, file), Line: n.Line, Description: r.filled(child(n, "description")), Meta: r.mapOf(file, one("meta")),
		Table: text(one("alias")), Contract: text(child(one("contract"), "enforced")) == "true"}
	if rel.Name == "" {
		return
	}
	rel.Table = cmp.Or(rel.Table, text(child(n, "identifier")))
	source := r.known.folders.sources[rel.Name]
	rel.Folder = path.Dir(cmp.Or(source, file))
	rel.Internal = kind != dbt.Model || stepOnTheWay(rel.Folder, rel.Name) || text(one("materialized")) == "ephemeral"
	rel.Owner = cmp.Or(metaText(rel.Meta, "owner"), ownerOf(child(child(config, "meta"), "owner")))
	for _, c := range list(child(n, "columns")) {
		if !r.spend(file, 1) {
			return
		}
		meta := r.mapOf(file, child(child(c, "config"), "meta"))
		if len(meta) == 0 {
			meta = r.mapOf(file, child(c, "meta"))
		}
		rel.Columns = append(rel.Columns, Column{Name: text(child(c, "name")), Type: text(child(c, "data_type")), Description: r.filled(child(c, "description")), Meta: meta, Line: c.Line})
	}
	r.tests(file, &rel, "", n)
	for _, c := range list(child(n, "columns")) {
		r.tests(file, &rel, text(child(c, "name")), c)
	}
	if group := text(one("group")); group != "" {
		r.groups[len(r.known.Relations)] = group
	}
	r.known.Relations = append(r.known.Relations, rel)
}

// tests reads the tests of a relation or column.
func (r *propertiesReader) tests(file string, rel *Relation, column string, n *yaml.Node) {
	for _, key := range testKeys {
		entries := list(child(n, key))
		if len(entries) > 0 && r.known.listed == "" {
			r.known.listed = key
		}
		for _, t := range entries {
			if !r.spend(file, 1) {
				return
			}
			test := testOf(t)
			r.spend(file, test.size/64)
			if test.argued != nil && r.known.argued == nil {
				r.known.argued = test.argued
			}
			rel.take(test.kind, column, test.arguments, Promise{Made: true, Weak: weakness(test.warns, test.where), Line: t.Line})
		}
	}
}

// testKeys are the keys under which tests stand: data_tests since dbt 1.8.
var testKeys = []string{"data_tests", "tests"}

// writtenTest is a test as it is written.
type writtenTest struct {
	kind      string
	arguments map[string]any
	// argued says whether its arguments stand below arguments; nil if it has none.
	argued *bool
	warns  bool
	where  string
	size   int
}

// testOf reads a test: a name, a name with what it is given, or a mapping with test_name.
func testOf(n *yaml.Node) writtenTest {
	n = resolved(n)
	if n.Kind == yaml.ScalarNode {
		return writtenTest{kind: n.Value}
	}
	body := n
	t := writtenTest{kind: text(child(n, "test_name"))}
	if t.kind == "" && len(n.Content) >= 2 {
		t.kind, body = n.Content[0].Value, n.Content[1]
	}
	config := child(body, "config")
	t.where = cmp.Or(text(child(config, "where")), text(child(body, "where")))
	t.warns = strings.EqualFold(cmp.Or(text(child(config, "severity")), text(child(body, "severity"))), "warn")
	if inner := child(body, "arguments"); inner != nil {
		t.arguments, t.size = mapOf(inner)
		t.argued = ptr(true)
		return t
	}
	t.arguments, t.size = mapOf(body)
	if child(body, "values") != nil || child(body, "to") != nil {
		t.argued = ptr(false)
	}
	return t
}

func ptr[T any](v T) *T { return &v }

// docCall is a call of doc.
var docCall = regexp.MustCompile(`\{\{\s*doc\(\s*(?:['"]\w+['"]\s*,\s*)?['"](\w+)['"]\s*\)\s*\}\}`)

// filled is a description with documentation filled in; empty if it holds another template.
func (r *propertiesReader) filled(n *yaml.Node) string {
	s := docCall.ReplaceAllStringFunc(text(n), func(call string) string {
		if found, ok := r.docs[docCall.FindStringSubmatch(call)[1]]; ok {
			return found
		}
		return call
	})
	if strings.Contains(s, "{{") || strings.Contains(s, "{%") {
		return ""
	}
	return strings.TrimSpace(s)
}

// resolved follows an alias. YAML lets none refer to itself here, since an alias to what encloses it is cut off.
func resolved(n *yaml.Node) *yaml.Node {
	for range 8 {
		if n == nil || n.Kind != yaml.AliasNode {
			break
		}
		n = n.Alias
	}
	return n
}

// child is the value of a key; nil if there is none.
func child(n *yaml.Node, key string) *yaml.Node {
	n = resolved(n)
	if n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return resolved(n.Content[i+1])
		}
	}
	return nil
}

// list are the entries of a list; a single text is a list of one.
func list(n *yaml.Node) []*yaml.Node {
	switch n = resolved(n); {
	case n == nil:
	case n.Kind == yaml.SequenceNode:
		out := make([]*yaml.Node, len(n.Content))
		for i, c := range n.Content {
			out[i] = resolved(c)
		}
		return out
	case n.Kind == yaml.ScalarNode && n.Value != "" && n.ShortTag() != "!!null":
		return []*yaml.Node{n}
	}
	return nil
}

// text is the text of a scalar; empty for all else.
func text(n *yaml.Node) string {
	if n == nil || n.Kind != yaml.ScalarNode || n.ShortTag() == "!!null" {
		return ""
	}
	return n.Value
}

// mapOf is a mapping as JSON would have it, and how long it is so; nil if it is none. YAML itself guards against aliases that multiply.
func mapOf(n *yaml.Node) (m map[string]any, size int) {
	var raw map[string]any
	if n == nil || n.Kind != yaml.MappingNode || n.Decode(&raw) != nil {
		return nil, 0
	}
	data, err := json.Marshal(raw)
	if err != nil {
		return nil, 0
	}
	dec := json.NewDecoder(strings.NewReader(string(data)))
	dec.UseNumber()
	if dec.Decode(&m) != nil {
		return nil, len(data)
	}
	return m, len(data)
}

// metaText is a text in a meta; empty if there is none.
func metaText(meta map[string]any, key string) string {
	s, _ := meta[key].(string)
	return strings.TrimSpace(s)
}

// ownerOf is an owner: a text, or a name with a mail address.
func ownerOf(n *yaml.Node) string {
	if s := text(n); s != "" {
		return s
	}
	name, email := text(child(n, "name")), text(child(n, "email"))
	switch {
	case name == "":
		return email
	case email == "":
		return name
	}
	return name + " <" + email + ">"
}

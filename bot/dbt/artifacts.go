package dbt

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Files that dbt leaves.
const (
	manifestFile = "manifest.json"
	resultsFile  = "run_results.json"
	logFile      = "dbt.log"
)

// Limits of what is read, in bytes.
const (
	mostManifest = 256 << 20
	mostResults  = 128 << 20
	mostLog      = 64 << 20
	mostText     = 4000 // of one message
)

// The versions of dbt's files that are known: those of dbt 1.8 to 1.12.
const (
	manifestVersion = 12
	resultsVersion  = 6
)

// metadata is what all of dbt's files begin with.
type metadata struct {
	Metadata struct {
		Schema  string `json:"dbt_schema_version"`
		Version string `json:"dbt_version"`
		Project string `json:"project_name"`
		Adapter string `json:"adapter_type"`
	} `json:"metadata"`
}

// manifest is what is read of a manifest.json.
type manifest struct {
	metadata
	Nodes     map[string]manifestNode     `json:"nodes"`
	Sources   map[string]manifestNode     `json:"sources"`
	UnitTests map[string]manifestNode     `json:"unit_tests"`
	Exposures map[string]manifestExposure `json:"exposures"`
	Groups    map[string]struct {
		Name  string `json:"name"`
		Owner owner  `json:"owner"`
	} `json:"groups"`
}

// manifestNode is a node of a manifest. Source_name and the like are there for some kinds only.
type manifestNode struct {
	ResourceType string          `json:"resource_type"`
	Name         string          `json:"name"`
	SourceName   string          `json:"source_name"`
	Package      string          `json:"package_name"`
	File         string          `json:"original_file_path"`
	Patch        *string         `json:"patch_path"`
	Database     *string         `json:"database"`
	Schema       *string         `json:"schema"`
	Alias        string          `json:"alias"`
	Identifier   string          `json:"identifier"`
	Description  string          `json:"description"`
	Columns      json.RawMessage `json:"columns"`
	Tags         []string        `json:"tags"`
	Meta         map[string]any  `json:"meta"`
	Group        *string         `json:"group"`
	Config       struct {
		Materialized string         `json:"materialized"`
		Severity     string         `json:"severity"`
		Where        *string        `json:"where"`
		Meta         map[string]any `json:"meta"`
	} `json:"config"`
	Contract struct {
		Enforced bool `json:"enforced"`
	} `json:"contract"`
	DependsOn struct {
		Nodes []string `json:"nodes"`
	} `json:"depends_on"`
	RawCode      string  `json:"raw_code"`
	CompiledCode *string `json:"compiled_code"`
	Column       *string `json:"column_name"`
	Attached     *string `json:"attached_node"`
	Test         *struct {
		Name      string         `json:"name"`
		Namespace *string        `json:"namespace"`
		Arguments map[string]any `json:"kwargs"`
	} `json:"test_metadata"`
}

// manifestColumn is a column of a node.
type manifestColumn struct {
	Name        string         `json:"name"`
	Description string         `json:"description"`
	Type        *string        `json:"data_type"`
	Meta        map[string]any `json:"meta"`
}

// owner is who answers for a group or an exposure.
type owner struct {
	Name  *string `json:"name"`
	Email any     `json:"email"` // a text, or a list of them
}

// manifestExposure is an exposure of a manifest.
type manifestExposure struct {
	Name        string  `json:"name"`
	Package     string  `json:"package_name"`
	Label       *string `json:"label"`
	Type        string  `json:"type"`
	Description string  `json:"description"`
	URL         *string `json:"url"`
	Owner       owner   `json:"owner"`
	File        string  `json:"original_file_path"`
	DependsOn   struct {
		Nodes []string `json:"nodes"`
	} `json:"depends_on"`
}

// runResults is what is read of a run_results.json.
type runResults struct {
	metadata
	Results []struct {
		ID       string  `json:"unique_id"`
		Status   Status  `json:"status"`
		Message  any     `json:"message"`
		Failures *int    `json:"failures"`
		Seconds  float64 `json:"execution_time"`
		Compiled *string `json:"compiled_code"`
	} `json:"results"`
}

// readArtifact reads one of dbt's files from the scratch folder. It is there if err is nil or errNewer.
func readArtifact(root *os.Root, name string, most int64, into any) error {
	f, err := openRegular(root, name, most)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := json.NewDecoder(io.LimitReader(f, most)).Decode(into); err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	return nil
}

// openRegular opens a file in the scratch folder that a stranger wrote: never a link or a device, and not larger than most bytes.
func openRegular(root *os.Root, name string, most int64) (*os.File, error) {
	info, err := root.Lstat(name)
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("read %s: it is no regular file", name)
	case info.Size() > most:
		return nil, fmt.Errorf("read %s: it has %d bytes, more than the %d that are allowed", name, info.Size(), most)
	}
	f, err := root.Open(name)
	if err != nil {
		return nil, err
	}
	// What was looked at and what was opened are the same unless something still writes there.
	if opened, err := f.Stat(); err != nil || !os.SameFile(info, opened) {
		f.Close()
		return nil, fmt.Errorf("read %s: it was replaced meanwhile", name)
	}
	return f, nil
}

// schemaVersion is the number in a schema's address, as in …/manifest/v12.json.
var schemaVersion = regexp.MustCompile(`/v([0-9]{1,4})\.json$`)

// tooOld says why a file can't be used, and newer that it was made by a dbt that is newer than what is known here.
func (m *metadata) checked(known int) (newer bool, err error) {
	found := schemaVersion.FindStringSubmatch(m.Metadata.Schema)
	if found == nil {
		return false, fmt.Errorf("it does not say which version of dbt's format it has (%q)", cut(m.Metadata.Schema, 80))
	}
	n, _ := strconv.Atoi(found[1])
	if n < known {
		return false, fmt.Errorf("it has version %d of dbt's format, as dbt %s writes it; version %d, of dbt 1.8, is the oldest that is read here: take a newer dbt", n, m.Metadata.Version, known)
	}
	return n > known, nil
}

// read takes what dbt left into the result.
func (r *Result) read(p Project, exit int, output string) error {
	root, err := os.OpenRoot(p.Scratch)
	if err != nil {
		return err
	}
	defer root.Close()
	log := readLog(root, output)
	r.Version, r.Deprecations = log.version, log.deprecations(p)
	var m manifest
	err = readArtifact(root, path.Join(targetFolder, manifestFile), mostManifest, &m)
	if err == nil {
		err = r.accept(p, &m.metadata, manifestFile, manifestVersion)
	}
	if err != nil {
		r.broken(p, exit, log, output, err)
		return nil
	}
	r.Version, r.Adapter, r.Project = m.Metadata.Version, m.Metadata.Adapter, m.Metadata.Project
	r.takeManifest(p, &m)
	var results runResults
	err = readArtifact(root, path.Join(targetFolder, resultsFile), mostResults, &results)
	if err == nil {
		err = r.accept(p, &results.metadata, resultsFile, resultsVersion)
	}
	switch {
	case errors.Is(err, fs.ErrNotExist) && exit == 0: // parse leaves none
	case err != nil:
		r.broken(p, exit, log, output, err)
	default:
		r.takeResults(p, &results)
		if exit != 0 && r.OK() && !r.testFailed() {
			r.broken(p, exit, log, output, nil)
		}
	}
	return nil
}

// accept notes that a file comes from a newer dbt, or refuses it.
func (r *Result) accept(p Project, m *metadata, name string, known int) error {
	newer, err := m.checked(known)
	if err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	if newer {
		r.Problems = append(r.Problems, p.warning("dbt %s writes %s in a version that is not known here (%s), so that something in it may have been misread", m.Metadata.Version, name, cut(m.Metadata.Schema, 80)))
	}
	return nil
}

// takeManifest takes what is known of the project.
func (r *Result) takeManifest(p Project, m *manifest) {
	p.packages = installed{m.Metadata.Project, p.packages.folder}
	for _, nodes := range []map[string]manifestNode{m.Nodes, m.Sources, m.UnitTests} {
		for id := range nodes {
			n := nodes[id]
			if made, ok := n.node(p, id); ok {
				if g, ok := m.Groups["group."+n.Package+"."+made.Group]; ok {
					made.Owner = g.Owner.String()
				}
				r.Nodes = append(r.Nodes, made)
			}
		}
	}
	slices.SortFunc(r.Nodes, func(a, b Node) int { return strings.Compare(a.ID, b.ID) })
	for _, e := range m.Exposures {
		r.Exposures = append(r.Exposures, Exposure{Name: e.Name, Label: deref(e.Label), Type: e.Type, Description: e.Description, URL: deref(e.URL), Owner: e.Owner.String(),
			DependsOn: e.DependsOn.Nodes, File: p.fileOf(e.Package, e.File)})
	}
	slices.SortFunc(r.Exposures, func(a, b Exposure) int { return strings.Compare(a.Name, b.Name) })
}

// node is a manifest's node; ok is false if it is of no kind that counts.
func (m *manifestNode) node(p Project, id string) (n Node, ok bool) {
	n = Node{ID: id, Kind: Kind(m.ResourceType), Name: m.Name, Package: m.Package, File: p.fileOf(m.Package, m.File), Database: deref(m.Database), Schema: deref(m.Schema),
		Identifier: m.Alias, Materialized: m.Config.Materialized, Description: m.Description, Contract: m.Contract.Enforced, Group: deref(m.Group), Tags: m.Tags, Meta: m.Meta,
		DependsOn: m.DependsOn.Nodes, Code: m.RawCode, Compiled: deref(m.CompiledCode), Failures: -1}
	if len(n.Meta) == 0 {
		n.Meta = m.Config.Meta
	}
	if from, file, ok := strings.Cut(deref(m.Patch), "://"); ok {
		n.Properties = p.fileOf(from, file)
	}
	switch n.Kind {
	case Source:
		n.Name, n.Identifier, n.Materialized, n.Properties = m.SourceName+"."+m.Name, m.Identifier, "", n.File
	case Test:
		n.Test = m.test()
	case Model, Seed, Snapshot, UnitTest:
	default:
		return n, false
	}
	n.Columns = columns(m.Columns)
	return n, true
}

// test says what a test tests.
func (m *manifestNode) test() *TestOf {
	t := &TestOf{Of: deref(m.Attached), Column: deref(m.Column), Warns: strings.EqualFold(m.Config.Severity, "warn"), Where: deref(m.Config.Where)}
	if m.Test == nil {
		return t
	}
	t.Kind = m.Test.Name
	if space := deref(m.Test.Namespace); space != "" {
		t.Kind = space + "." + t.Kind
	}
	t.Arguments = map[string]any{}
	for k, v := range m.Test.Arguments {
		if k != "model" && k != "column_name" {
			t.Arguments[k] = v
		}
	}
	return t
}

// columns are a node's in the order of the file, which a map would lose.
func columns(raw json.RawMessage) (out []Column) {
	dec := json.NewDecoder(strings.NewReader(string(raw)))
	if open, err := dec.Token(); err != nil || open != json.Delim('{') {
		return nil
	}
	for dec.More() {
		var c manifestColumn
		if _, err := dec.Token(); err != nil {
			return out
		}
		if err := dec.Decode(&c); err != nil {
			return out
		}
		out = append(out, Column{Name: c.Name, Type: deref(c.Type), Description: c.Description, Meta: c.Meta})
	}
	return out
}

// takeResults takes what became of each node, and puts those that ran first.
func (r *Result) takeResults(p Project, results *runResults) {
	place := map[string]int{}
	at := map[string]int{}
	for i, n := range r.Nodes {
		at[n.ID] = i
	}
	for i, one := range results.Results {
		k, ok := at[one.ID]
		if !ok {
			continue
		}
		n := &r.Nodes[k]
		place[one.ID] = i + 1
		n.Seconds, n.Message = one.Seconds, text(one.Message)
		switch one.Status {
		case Succeeded, Passed, Warned, Failed, Errored, Skipped, Partly:
			n.Status = one.Status
		case "runtime error":
			n.Status = Errored
		case "no-op":
		default:
			n.Status, n.Message = Errored, fmt.Sprintf("dbt gives it the status %q, which is not known here; %s", cut(string(one.Status), 40), n.Message)
		}
		if one.Failures != nil {
			n.Failures = *one.Failures
		}
		if code := deref(one.Compiled); code != "" {
			n.Compiled = code
		}
	}
	slices.SortStableFunc(r.Nodes, func(a, b Node) int {
		x, y := place[a.ID], place[b.ID]
		switch {
		case x == 0 && y == 0:
			return 0
		case x == 0:
			return 1
		case y == 0:
			return -1
		}
		return x - y
	})
	r.unbuilt(p)
}

// testFailed says whether a test failed, which alone makes dbt end with a code that is not 0.
func (r *Result) testFailed() bool {
	return slices.ContainsFunc(r.Tests(), func(n *Node) bool { return n.Status == Failed || n.Status == Errored })
}

// String is a name, a mail address, or both.
func (o owner) String() string {
	name, email := deref(o.Name), ""
	switch e := o.Email.(type) {
	case string:
		email = e
	case []any:
		for _, one := range e {
			if s, ok := one.(string); ok && email == "" {
				email = s
			}
		}
	}
	switch {
	case name == "":
		return email
	case email == "":
		return name
	}
	return name + " <" + email + ">"
}

// text is a message, which may be missing.
func text(v any) string {
	if s, ok := v.(string); ok {
		return cut(s, mostText)
	}
	return ""
}

// cut shortens a text to at most n bytes.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "") + "…"
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

package dbt

import (
	"path"
	"slices"
	"strings"

	"github.com/codicil-dev/codicil/bot"
)

// Result is what dbt made of a project, and what it knows of it.
type Result struct {
	// Version is dbt's own, Adapter its adapter, such as duckdb, and Project the project's name. They are empty if dbt did not come so far as to tell.
	Version, Adapter, Project string
	// Nodes are models, seeds, snapshots, sources, tests and unit tests; first those that ran, in the order in which they ended, then the others by id.
	Nodes []Node
	// Exposures tell who reads the models.
	Exposures []Exposure
	// Deprecations are what dbt warns of.
	Deprecations []Deprecation
	// Problems are what kept something from being built, and warnings. Failing tests are none: see [Result.Tests].
	Problems bot.Problems
	// Seconds is how long it took.
	Seconds float64
}

// Kind is what a node is.
type Kind string

// The kinds of nodes; others, such as analyses, are left out.
const (
	Model    Kind = "model"
	Seed     Kind = "seed"
	Snapshot Kind = "snapshot"
	Source   Kind = "source"
	Test     Kind = "test"
	UnitTest Kind = "unit_test"
)

// Status is what became of a node.
type Status string

// What may become of a node. The zero value is a node that was not run: dbt was stopped before, or nothing had to be done for it.
const (
	Succeeded Status = "success"
	Passed    Status = "pass"
	Warned    Status = "warn"
	Failed    Status = "fail"
	Errored   Status = "error"
	Skipped   Status = "skipped"
	// Partly is an incremental model of which some batches failed.
	Partly Status = "partial success"
)

// Node is something that dbt builds, reads or tests.
type Node struct {
	// ID is dbt's unique id, such as model.shop.orders.
	ID      string
	Kind    Kind
	Name    string
	Package string
	// File is where it is defined and Properties where it is described, from the folder that the project's Path names; Properties is empty if that is nowhere.
	File, Properties string
	// Database, Schema and Identifier name the relation that it makes or is; Materialized says how. Nothing is made by an ephemeral model.
	Database, Schema, Identifier string
	Materialized                 string
	Description                  string
	// Columns are those that are described, in the order of the description.
	Columns []Column
	// Contract says that dbt enforces columns and types.
	Contract bool
	// Group and Owner say who answers for it: Owner is the group's, as a name or a mail address.
	Group, Owner string
	Tags         []string
	Meta         map[string]any
	// DependsOn are the ids of the nodes that it reads.
	DependsOn []string
	// Code is what people wrote and Compiled the SQL that was made of it; empty if it was not compiled.
	Code, Compiled string
	// Test says more of a test; nil for all else.
	Test *TestOf

	Status  Status
	Message string
	// Failures counts the rows that a test found; -1 if that is not known.
	Failures int
	// Seconds is how long it ran.
	Seconds float64
}

// Column is a column as it is described.
type Column struct {
	Name, Type, Description string
	Meta                    map[string]any
}

// TestOf says what a test tests.
type TestOf struct {
	// Of is the id of the node that it was written at; empty for a test in a file of its own.
	Of string
	// Kind is not_null, unique, accepted_values, relationships or what else a macro is called; empty for a test in a file of its own. Those of a
	// package have its name before a dot.
	Kind   string
	Column string
	// Arguments are what it was given besides model and column.
	Arguments map[string]any
	// Warns says that it never fails, and Where which rows it looks at; empty means all.
	Warns bool
	Where string
}

// Exposure is a reader of models.
type Exposure struct {
	Name, Label, Type, Description, URL string
	// Owner is a name or a mail address.
	Owner     string
	DependsOn []string
	File      string
}

// Deprecation is a warning that something will not work any more some day.
type Deprecation struct {
	// Code is dbt's, such as D039, and Name what it is called there.
	Code, Name, Message string
	// File is where, from the folder that the project's Path names; empty if dbt does not say it. Line counts from 1; 0 means the whole file.
	File string
	Line int
}

// OK says whether everything was built.
func (r *Result) OK() bool { return r.Problems.Err() == nil }

// Node returns the node of that id; ok is false if there is none.
func (r *Result) Node(id string) (n *Node, ok bool) {
	i := slices.IndexFunc(r.Nodes, func(n Node) bool { return n.ID == id })
	if i < 0 {
		return nil, false
	}
	return &r.Nodes[i], true
}

// Tests are the tests and unit tests.
func (r *Result) Tests() []*Node {
	return r.nodes(func(n *Node) bool { return n.Kind == Test || n.Kind == UnitTest })
}

// Relations are the models, seeds and snapshots that are there after the build, in its order.
func (r *Result) Relations() []*Node {
	return r.nodes(func(n *Node) bool {
		return (n.Kind == Model || n.Kind == Seed || n.Kind == Snapshot) && (n.Status == Succeeded || n.Status == Partly) && n.Materialized != "ephemeral"
	})
}

// nodes are those that ok accepts.
func (r *Result) nodes(ok func(*Node) bool) (out []*Node) {
	for i := range r.Nodes {
		if ok(&r.Nodes[i]) {
			out = append(out, &r.Nodes[i])
		}
	}
	return out
}

// file is a path in the project as problems call it; what leads out of the project is taken as lying in it.
func (p Project) file(name string) string {
	name = strings.ReplaceAll(name, `\`, "/")
	if rel, ok := strings.CutPrefix(name, p.Dir+"/"); ok {
		name = rel
	}
	return path.Join(p.Path, strings.TrimPrefix(path.Clean("/"+name), "/"))
}

// fileOf is a path in the project, or in one of its packages, as problems call it.
func (p Project) fileOf(from, name string) string {
	if from == "" || from == p.packages.project {
		return p.file(name)
	}
	return p.file(path.Join(p.packages.folder, from, name))
}

// scrub takes secrets out of all that was not written by people into the project.
func (r *Result) scrub(secrets []string) {
	var pairs []string
	for _, s := range secrets {
		if s != "" {
			pairs = append(pairs, s, "…")
		}
	}
	if len(pairs) == 0 {
		return
	}
	without := strings.NewReplacer(pairs...).Replace
	for i := range r.Problems {
		r.Problems[i].Message = without(r.Problems[i].Message)
	}
	for i := range r.Deprecations {
		r.Deprecations[i].Message = without(r.Deprecations[i].Message)
	}
	for i := range r.Nodes {
		n := &r.Nodes[i]
		n.Message, n.Compiled, n.Description = without(n.Message), without(n.Compiled), without(n.Description)
		n.Database, n.Schema = without(n.Database), without(n.Schema)
	}
}

package product

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/engine"
	"github.com/codicil-dev/codicil/bot/lineage"
	"github.com/codicil-dev/codicil/bot/spec"
)

// parsed is a model with what its parse tree says.
type parsed struct {
	SQLFile
	Model
}

// arrange parses the models in the session and puts them in the order in which they can be built.
// Models that can't be built are problems and left out; their tables are absent.
func (pl *plan) arrange(ctx context.Context, session *engine.Session, absent tableSet) ([]parsed, bot.Problems, error) {
	texts := make([]string, len(pl.Models))
	for i, m := range pl.Models {
		texts[i] = m.Text
	}
	trees, err := session.Parse(ctx, texts)
	if err != nil {
		return nil, nil, err
	}
	var problems bot.Problems
	known := map[string]parsed{}
	for i, m := range pl.Models {
		one, problem, ok := pl.read(m, trees[i])
		if ok {
			problem, ok = pl.clash(one, known)
		}
		if !ok {
			problems = append(problems, problem)
			absent.add(m.Name)
			continue
		}
		known[TableKey(one.Table)] = one
	}
	reads := map[string][]string{}
	for name, m := range known {
		reads[name] = m.Reads
	}
	order, err := lineage.Order(reads)
	if err != nil {
		return nil, append(problems, cycle(err, known)), nil
	}
	ordered := make([]parsed, len(order))
	for i, name := range order {
		ordered[i] = known[name]
	}
	return ordered, problems, nil
}

// read makes sense of one model's parse tree.
func (pl *plan) read(m SQLFile, tree engine.Tree) (parsed, bot.Problem, bool) {
	refuse := func(format string, args ...any) (parsed, bot.Problem, bool) {
		return parsed{}, bot.Problem{File: m.Path, Message: fmt.Sprintf(format, args...)}, false
	}
	switch {
	case tree.Err != nil:
		return parsed{}, bot.Problem{File: m.Path, Line: tree.Err.Line, Column: tree.Err.Column, Message: tree.Err.Message}, false
	case tree.Statements == 0:
		return refuse("holds no statement; write one SELECT, or delete the file")
	case tree.Statements != 1:
		return refuse("holds %d statements; a model is one SELECT, so split the file", tree.Statements)
	}
	use, err := lineage.Of(tree.JSON)
	if err != nil {
		return refuse("%v", err)
	}
	for _, f := range use.TableFunctions {
		if why := barred(f); why != "" {
			return refuse("%s", why)
		}
	}
	schema, table := SplitName(m.Name)
	out := parsed{SQLFile: m, Model: Model{Path: m.Path, Table: (&Table{Schema: schema, Name: table}).FullName()}}
	for _, t := range use.Tables {
		if t.Schema == "" && t.LooksLikeFile() {
			return refuse("reads the file %s, which only seeds may bring; put the file among the seeds and read its table", t)
		}
		if why := pl.misread(t); why != "" {
			return refuse("%s", why)
		}
		out.Reads = append(out.Reads, readName(t))
	}
	out.Clock = among(use.Functions, engine.ClockFunctions())
	out.Random = among(use.Functions, engine.RandomFunctions())
	out.Ordered = orderDependent(tree.JSON)
	if use.Samples {
		out.Random = append(out.Random, "sample")
	}
	return out, bot.Problem{}, true
}

// barred says why a model may not call a table function; empty if it may.
func barred(f string) string {
	switch {
	case f == "query" || f == "query_table":
		return "calls " + f + "(), which hides what the model reads; name the table in FROM"
	case f == "describe" || f == "summary" || strings.HasPrefix(f, "show_"):
		return "is a DESCRIBE, SHOW or SUMMARIZE; a model is one SELECT"
	case strings.HasPrefix(f, "read_") || strings.HasPrefix(f, "parquet_") || f == "glob" || f == "sniff_csv":
		return "reads files with " + f + "(), which only seeds may bring; put the file among the seeds and read its table"
	}
	return ""
}

// among are the functions that are in a list.
func among(functions []string, list map[string]bool) []string {
	var out []string
	for _, f := range functions {
		if _, ok := list[f]; ok {
			out = append(out, f)
		}
	}
	return out
}

// readName is the name, in lower case, by which a table that is read is looked up among the models.
func readName(n lineage.Name) string {
	switch {
	case n.Schema == "":
		return spec.FoldName(n.Table)
	case n.Catalog == "" || spec.SameName(n.Catalog, databaseName):
		return TableKey(n.Schema + "." + n.Table)
	}
	return spec.FoldName(n.String())
}

// clash refuses a model whose table something else makes already.
func (pl *plan) clash(m parsed, known map[string]parsed) (bot.Problem, bool) {
	file := m.SQLFile.Path
	if other, ok := known[TableKey(m.Table)]; ok {
		return bot.Problem{File: file, Message: fmt.Sprintf("makes the table %s, as %s does; rename one", m.Table, other.SQLFile.Path)}, false
	}
	for _, s := range pl.Seeds {
		if TableKey(s.Table) == TableKey(m.Table) {
			return bot.Problem{File: file, Message: fmt.Sprintf("makes the table %s, as the seed %s does; rename one", m.Table, s.Path)}, false
		}
	}
	for _, in := range pl.Inputs {
		if schema, _ := SplitName(m.Table); schema != mainSchema && spec.SameName(schema, in.Product) {
			return bot.Problem{File: file, Message: fmt.Sprintf("makes a table in the schema %s, which is the name of a product among the inputs; choose another schema", schema)}, false
		}
		if spec.SameName(in.Name, m.Table) {
			return bot.Problem{File: file, Message: fmt.Sprintf("makes the table %s, which is an input from product %s; rename the model", m.Table, in.Product)}, false
		}
	}
	return bot.Problem{}, true
}

// cycle names the models of a cycle by their files.
func cycle(err error, known map[string]parsed) bot.Problem {
	var cycle *lineage.CycleError
	if !errors.As(err, &cycle) || len(cycle.Path) == 0 {
		return bot.Problem{File: "models", Message: err.Error()}
	}
	files := make([]string, len(cycle.Path))
	for i, name := range cycle.Path {
		files[i] = known[name].SQLFile.Path
	}
	return bot.Problem{
		File:    files[0],
		Message: "models read each other in a circle: " + strings.Join(files, " → ") + "; take one of the reads out",
	}
}

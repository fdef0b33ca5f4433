package product

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"runtime"
	"strings"
	"time"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/engine"
	"github.com/codicil-dev/codicil/bot/lineage"
)

// plan is everything that a build of the sql runner is made from. Its JSON form is hashed into the build's key.
type plan struct {
	Format  int // raised when the runner makes other tables from the same plan
	Engine  string
	Product string
	Models  []SQLFile
	Seeds   []Seed
	Inputs  []InputTable
	Clock   time.Time
	Control bool
	Threads int

	path   string
	before []*Build
}

// planFormat is the plan's Format.
const planFormat = 1

// key hashes the plan. Where the seeds lie does not count, only what they hold.
func (pl *plan) key() (string, error) {
	hashed := *pl
	hashed.Engine = runtime.GOOS + "/" + runtime.GOARCH + " " + engine.DuckDBVersion
	hashed.Format = planFormat
	hashed.Seeds = make([]Seed, len(pl.Seeds))
	for i, s := range pl.Seeds {
		hashed.Seeds[i] = withoutPlace(s)
	}
	data, err := json.Marshal(&hashed)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:]), nil
}

func withoutPlace(s Seed) Seed {
	s.File = ""
	if s.NewColumns != nil {
		later := withoutPlace(*s.NewColumns)
		s.NewColumns = &later
	}
	return s
}

// parsed is a model with what its parse tree says.
type parsed struct {
	SQLFile
	Model
}

// arrange parses the models in the session and puts them in the order in which they can be built.
// Models that can't be built are problems and left out, with those that depend on them.
func (pl *plan) arrange(ctx context.Context, session *engine.Session) ([]parsed, bot.Problems) {
	texts := make([]string, len(pl.Models))
	for i, m := range pl.Models {
		texts[i] = m.Text
	}
	trees, err := session.Parse(ctx, texts)
	if err != nil {
		return nil, bot.Problems{{File: path.Join(pl.path, "models"), Message: err.Error()}}
	}
	var problems bot.Problems
	known := map[string]parsed{}
	reads := map[string][]string{}
	for i, m := range pl.Models {
		one, problem, ok := pl.read(m, trees[i])
		if ok {
			problem, ok = pl.clash(one, known)
		}
		if !ok {
			problems = append(problems, problem)
			continue
		}
		known[strings.ToLower(one.Table)] = one
		reads[strings.ToLower(one.Table)] = one.Reads
	}
	for name, from := range reads { // only models can wait for each other
		var models []string
		for _, r := range from {
			if _, ok := known[r]; ok {
				models = append(models, r)
			}
		}
		reads[name] = models
	}
	order, err := lineage.Order(reads)
	if err != nil {
		return nil, append(problems, pl.cycle(err, known))
	}
	ordered := make([]parsed, len(order))
	for i, name := range order {
		ordered[i] = known[name]
	}
	return ordered, problems
}

// read makes sense of one model's parse tree.
func (pl *plan) read(m SQLFile, tree engine.Tree) (parsed, bot.Problem, bool) {
	file := path.Join(pl.path, m.Path)
	if tree.Err != nil {
		return parsed{}, bot.Problem{File: file, Line: tree.Err.Line, Column: tree.Err.Column, Message: tree.Err.Message}, false
	}
	if tree.Statements != 1 {
		return parsed{}, bot.Problem{File: file, Message: fmt.Sprintf("holds %d statements; a model is one SELECT, so split the file", tree.Statements)}, false
	}
	use, err := lineage.Of(tree.JSON)
	if err != nil {
		return parsed{}, bot.Problem{File: file, Message: err.Error()}, false
	}
	schema, table := modelName(m.Name)
	out := parsed{SQLFile: m, Model: Model{Path: m.Path, Table: (&Table{Schema: schema, Name: table}).FullName()}}
	for _, t := range use.Tables {
		out.Reads = append(out.Reads, readName(t))
	}
	for _, f := range use.TableFunctions {
		if f == "query" || f == "query_table" {
			return parsed{}, bot.Problem{File: file, Message: "calls " + f + "(), which hides what the model reads; name the table in FROM"}, false
		}
	}
	for _, f := range use.Functions {
		if _, ok := clockFunctions[f]; ok {
			out.Clock = append(out.Clock, f)
		}
		if _, ok := randomFunctions[f]; ok {
			out.Random = append(out.Random, f)
		}
	}
	if use.Samples {
		out.Random = append(out.Random, "sample")
	}
	return out, bot.Problem{}, true
}

// What is pinned, and so has to be known of a model.
var (
	clockFunctions  = engine.ClockFunctions()
	randomFunctions = engine.RandomFunctions()
)

// modelName is the schema and table that a model file makes: schema.table.sql makes a table in that schema.
func modelName(file string) (schema, table string) { return SplitName(file) }

// readName is the name, in lower case, by which a table that is read is looked up among the models.
func readName(n lineage.Name) string {
	if n.Schema == "" || strings.EqualFold(n.Schema, mainSchema) {
		return strings.ToLower(n.Table)
	}
	return strings.ToLower(n.Schema + "." + n.Table)
}

// clash refuses a model whose table something else makes already.
func (pl *plan) clash(m parsed, known map[string]parsed) (bot.Problem, bool) {
	file := path.Join(pl.path, m.SQLFile.Path)
	if other, ok := known[strings.ToLower(m.Table)]; ok {
		return bot.Problem{File: file, Message: fmt.Sprintf("makes the table %s, as %s does; rename one", m.Table, other.SQLFile.Path)}, false
	}
	for _, s := range pl.Seeds {
		if strings.EqualFold(s.Table, m.Table) {
			return bot.Problem{File: file, Message: fmt.Sprintf("makes the table %s, as the seed %s does; rename one", m.Table, s.Path)}, false
		}
	}
	for _, in := range pl.Inputs {
		if strings.EqualFold(in.Name, m.Table) {
			return bot.Problem{File: file, Message: fmt.Sprintf("makes the table %s, which is an input from product %s; rename the model", m.Table, in.Product)}, false
		}
	}
	return bot.Problem{}, true
}

// cycle names the models of a cycle by their files.
func (pl *plan) cycle(err error, known map[string]parsed) bot.Problem {
	var cycle *lineage.CycleError
	if !errors.As(err, &cycle) || len(cycle.Path) == 0 {
		return bot.Problem{File: path.Join(pl.path, "models"), Message: err.Error()}
	}
	files := make([]string, len(cycle.Path))
	for i, name := range cycle.Path {
		files[i] = known[name].SQLFile.Path
	}
	return bot.Problem{
		File:    path.Join(pl.path, files[0]),
		Message: "models read each other in a circle: " + strings.Join(files, " → ") + "; take one of the reads out",
	}
}

package portrait

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"strings"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/engine"
	"github.com/codicil-dev/codicil/bot/lineage"
	"github.com/codicil-dev/codicil/bot/product"
)

// knowledge is all that is known of a product before anything is chosen.
type knowledge struct {
	product *product.Product
	build   *product.Build
	builder *product.Builder
	options Options
	secret  string // begins the names of databases that hold all values

	models, tests []source
	seeds         []product.Seed
	// unread are files that can't be used, so that they are not shown.
	unread []string
	rules  rules
	// sheets are the tables that may be looked at: the build's, then the inputs'.
	sheets []*sheet
}

// source is a model or a test.
type source struct {
	product.SQLFile
	tree  json.RawMessage // nil if it does not parse
	reads []string        // in lower case
}

// sheet is a table that may be looked at.
type sheet struct {
	// schema and name are what queries call it; label is what people do.
	schema, name, label string
	// from is the table in the session, in quotes.
	from    string
	columns []product.Column
	// hidden are the columns, in lower case, whose values are withheld.
	hidden map[string]bool
	// personal are those of them that are withheld for their looks alone.
	personal map[string]bool
	// input says that another product made it.
	input bool
}

// learn reads the product's files and finds out what is classified.
func learn(ctx context.Context, p *product.Product, b *product.Build, builder *product.Builder, o Options) (*knowledge, error) {
	k := &knowledge{product: p, build: b, builder: builder, options: o, secret: rand.Text()}
	models, problems := p.Models()
	tests, more := p.Tests()
	seeds, rest := p.Seeds()
	k.seeds = seeds
	for _, problem := range append(append(problems, more...), rest...) {
		if problem.Severity != bot.SeverityWarning {
			k.unread = append(k.unread, strings.TrimPrefix(problem.File, p.Path+"/"))
		}
	}
	for _, f := range models {
		k.models = append(k.models, source{SQLFile: f})
	}
	for _, f := range tests {
		k.tests = append(k.tests, source{SQLFile: f})
	}
	if err := k.parse(ctx); err != nil {
		return nil, err
	}
	k.rules = k.learnRules()
	k.lay()
	return k, nil
}

// parse parses models and tests.
func (k *knowledge) parse(ctx context.Context) error {
	var texts []string
	for _, list := range [][]source{k.models, k.tests} {
		for _, s := range list {
			texts = append(texts, s.Text)
		}
	}
	if len(texts) == 0 {
		return nil
	}
	trees, err := k.builder.Parse(ctx, texts)
	if err != nil {
		return err
	}
	for i := range k.models {
		k.models[i].understand(trees[i])
	}
	for i := range k.tests {
		k.tests[i].understand(trees[len(k.models)+i])
	}
	return nil
}

// understand takes what the parser says.
func (s *source) understand(tree engine.Tree) {
	if tree.Err != nil {
		return
	}
	use, err := lineage.Of(tree.JSON)
	if err != nil {
		return
	}
	s.tree = tree.JSON
	for _, t := range use.Tables {
		s.reads = append(s.reads, tableKey(t.String()))
	}
}

// tableKey is a table's name in lower case, without the schema main.
func tableKey(name string) string { return strings.TrimPrefix(strings.ToLower(name), "main.") }

// lay lists the tables that may be looked at, with the columns that are withheld.
func (k *knowledge) lay() {
	if k.build == nil {
		return
	}
	for _, t := range k.build.Tables {
		k.sheets = append(k.sheets, &sheet{
			schema: t.Schema, name: t.Name, label: t.FullName(), columns: t.Columns,
			from: engine.Relation(k.sourceAlias(0), t.Schema, t.Name),
		})
	}
	for _, in := range k.build.Inputs {
		for i, before := range k.build.Before {
			t, ok := before.Table(in.Table)
			if before.Key != in.Key || !ok {
				continue
			}
			k.sheets = append(k.sheets, &sheet{
				schema: in.Product, name: in.Name, label: in.Product + "." + in.Table, columns: t.Columns, input: true,
				from: engine.Relation(k.sourceAlias(i+1), t.Schema, t.Name),
			})
			break
		}
	}
	k.hide()
}

// sheet returns the table of that key; ok is false if there is none.
func (k *knowledge) sheet(key string) (s *sheet, ok bool) {
	for _, s := range k.sheets {
		if s.is(key) {
			return s, true
		}
	}
	return nil, false
}

// is says whether queries may call the table by this key: an input by its bare name too.
func (s *sheet) is(key string) bool {
	return key == tableKey(s.schema+"."+s.name) || s.input && (key == strings.ToLower(s.name) || key == strings.ToLower(s.label))
}

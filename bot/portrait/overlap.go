package portrait

import (
	"context"
	"encoding/json"
	"fmt"
	"sort"
	"strings"

	"github.com/codicil-dev/codicil/bot/engine"
	"github.com/codicil-dev/codicil/bot/lineage"
	"github.com/codicil-dev/codicil/bot/product"
)

// Repetition says how far a product's models repeat each other.
type Repetition struct {
	// Sentences name the greatest parts that models have in common, the largest first, and the share.
	Sentences []string
	// Share is the share of the models' code that stands in more than one of them, from 0 to 1, by the nodes of the parse trees.
	Share float64
	// Parts is how many parts are in more than one model, those within a greater one not counted.
	Parts int
}

// leastNodes is the size from which on a part that models share is told, toldOverlaps how many of them are, and shownCode
// how many characters of each.
const (
	leastNodes   = 8
	toldOverlaps = 12
	shownCode    = 400
)

// Repeats measures how far a product's models repeat each other. Models that do not parse repeat nothing.
func Repeats(ctx context.Context, p *product.Product, builder *product.Builder) (Repetition, error) {
	k := &knowledge{product: p, builder: builder}
	models, _ := p.Models()
	for _, m := range models {
		k.models = append(k.models, source{SQLFile: m})
	}
	if err := k.parse(ctx); err != nil {
		return Repetition{}, fmt.Errorf("compare the models of %s: %w", p.Name(), err)
	}
	said, err := k.repeats(ctx)
	if err != nil {
		return Repetition{}, fmt.Errorf("compare the models of %s: %w", p.Name(), err)
	}
	return said, nil
}

// repeats is Repeats for models that are parsed.
func (k *knowledge) repeats(ctx context.Context) (Repetition, error) {
	trees := make([]json.RawMessage, len(k.models))
	for i, m := range k.models {
		trees[i] = m.tree
	}
	found := lineage.Overlaps(trees, leastNodes)
	out := Repetition{Share: found.Share, Parts: len(found.Overlaps)}
	if len(found.Overlaps) == 0 {
		return out, nil
	}
	told := found.Overlaps[:min(len(found.Overlaps), toldOverlaps)]
	code, err := k.code(ctx, told)
	if err != nil {
		return out, err
	}
	for i, o := range told {
		out.Sentences = append(out.Sentences, k.sentence(o, code[i]))
	}
	if rest := len(found.Overlaps) - len(told); rest > 0 {
		out.Sentences = append(out.Sentences, fmt.Sprintf("%d smaller parts are in several models too.", rest))
	}
	pair := found.Pairs[0]
	out.Sentences = append(out.Sentences, fmt.Sprintf("In all, %d %% of the models' code stands in more than one of them; most in %s and %s: %d %% of these two.",
		percent(found.Share), k.models[pair.A].Path, k.models[pair.B].Path, percent(pair.Share)))
	return out, nil
}

func percent(share float64) int { return int(share*100 + 0.5) }

// sentence says which models share a part.
func (k *knowledge) sentence(o lineage.Overlap, code string) string {
	files := make([]string, len(o.Trees))
	for i, t := range o.Trees {
		files[i] = k.models[t].Path
	}
	sort.Strings(files)
	verb, all := "compute", "all"
	switch o.Kind {
	case lineage.SourceOverlap:
		verb = "read"
	case lineage.QueryOverlap:
		verb = "hold the query"
	}
	if len(files) == 2 {
		all = "both"
	}
	if o.Kind == lineage.SourceOverlap {
		code = strings.TrimPrefix(code, "SELECT * FROM ")
	}
	if o.Kind == lineage.ExpressionOverlap {
		code = strings.TrimPrefix(code, "SELECT ")
	}
	last := len(files) - 1
	return fmt.Sprintf("%s and %s %s %s: %s (%d nodes)", strings.Join(files[:last], ", "), files[last], all, verb, cut(strings.Join(strings.Fields(code), " "), shownCode), o.Nodes)
}

// code has DuckDB write the parts as SQL. One that it can't write is "…".
func (k *knowledge) code(ctx context.Context, told []lineage.Overlap) ([]string, error) {
	session, err := engine.Start(ctx, k.builder.Options())
	if err != nil {
		return nil, err
	}
	defer session.Close()
	if err := session.Lock(ctx); err != nil {
		return nil, err
	}
	out := make([]string, len(told))
	for i, o := range told {
		out[i] = "…"
		rows, err := session.Query(ctx, "SELECT json_deserialize_sql(CAST("+engine.Literal(string(o.Statement))+" AS JSON))", 1)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err == nil && len(rows.Values) == 1 && rows.Values[0][0] != nil {
			out[i] = *rows.Values[0][0]
		}
	}
	return out, nil
}

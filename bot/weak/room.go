package weak

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/codicil-dev/codicil/bot/engine"
	"github.com/codicil-dev/codicil/bot/lineage"
	"github.com/codicil-dev/codicil/bot/product"
	"github.com/codicil-dev/codicil/bot/spec"
)

// Names in a room's session: of the build's database, of the session's own, and of the schema there that holds what other products give.
const (
	buildAlias  = "built"
	ownCatalog  = "memory"
	inputSchema = "codicil_inputs"
)

// sample is how many rows of a table are tried out.
const sample = 100

// room is a session in which checks are tried out on a few rows of a build's tables. The build is only read.
type room struct {
	session *engine.Session
	build   *product.Build
	ledger  spec.Ledger
	// inputs are the names of other products' tables, ambiguous those that stand for several; products are those that they come from.
	inputs, ambiguous, products map[string]bool
	// trials counts the databases that were made.
	trials int
}

// open makes a room.
func (l *Looker) open(ctx context.Context, s Subject) (*room, error) {
	b := s.Build
	readOnly := []string{filepath.Dir(b.Database())}
	for _, before := range b.Before {
		readOnly = append(readOnly, filepath.Dir(before.Database()))
	}
	session, err := engine.Start(ctx, l.Options(readOnly...))
	if err != nil {
		return nil, err
	}
	r := &room{session: session, build: b, ledger: s.Document.Ledger, inputs: map[string]bool{}, ambiguous: map[string]bool{}, products: map[string]bool{}}
	if err := r.furnish(ctx); err != nil {
		r.close()
		return nil, err
	}
	return r, nil
}

// furnish attaches the build and what it reads, and locks the session. What other products give is copied, since the views on it would hide
// what is put in its place.
func (r *room) furnish(ctx context.Context) error {
	if err := r.session.Exec(ctx, "ATTACH "+engine.Literal(r.build.Database())+" AS "+engine.Ident(buildAlias)+" (READ_ONLY)"); err != nil {
		return err
	}
	if err := product.AttachInputs(ctx, r.session, r.build.Inputs, r.build.Before); err != nil {
		return err
	}
	from := map[string]string{}
	for _, in := range r.build.Inputs {
		name := spec.FoldName(in.Name)
		r.products[spec.FoldName(in.Product)], r.inputs[name] = true, true
		if was, known := from[name]; known && was != spec.FoldName(in.Product+"."+in.Table) {
			r.ambiguous[name] = true
		}
		from[name] = spec.FoldName(in.Product + "." + in.Table)
	}
	var sql strings.Builder
	fmt.Fprintf(&sql, "CREATE SCHEMA %s;\n", engine.Relation(ownCatalog, inputSchema))
	for name := range r.inputs {
		if r.ambiguous[name] {
			delete(r.inputs, name)
			continue
		}
		view := engine.Relation("temp", "main", name)
		fmt.Fprintf(&sql, "CREATE TABLE %s AS SELECT * FROM %s LIMIT %d;\nDROP VIEW %s;\n", engine.Relation(ownCatalog, inputSchema, name), view, sample, view)
	}
	// What the data are like must not count when DuckDB finds that there can be no row.
	sql.WriteString("SET disabled_optimizers = 'statistics_propagation';")
	if err := r.session.Exec(ctx, sql.String()); err != nil {
		return err
	}
	if err := r.session.PinClock(ctx, r.build.Clock); err != nil {
		return err
	}
	return r.session.Lock(ctx)
}

func (r *room) close() { _ = r.session.Close() }

// alive says whether the session still serves.
func (r *room) alive(ctx context.Context) bool {
	_, err := r.session.Query(ctx, "SELECT 1", 1)
	return err == nil
}

// judge says what ails a check; nil if nothing does, or if that can't be told.
func (r *room) judge(ctx context.Context, a spec.ActiveCheck) (*Check, error) {
	trees, err := r.session.Parse(ctx, []string{a.Check.SQL})
	if err != nil {
		return nil, err
	}
	if trees[0].Err != nil || trees[0].Statements != 1 {
		return nil, nil // verification says so
	}
	use, err := lineage.Of(trees[0].JSON)
	if err != nil {
		return nil, nil
	}
	steady := isSteady(use)
	if len(use.Tables) == 0 && len(use.TableFunctions) == 0 {
		rows, err := r.session.Query(ctx, a.Check.SQL, 1)
		if err != nil && !isSQL(err) {
			return nil, err
		}
		if !steady || err != nil || len(rows.Values) > 0 {
			return nil, nil // it depends on more than the data, or fails, which verification says
		}
		return &Check{Kind: Constant, Why: "it reads no table, so that no data can break it"}, nil
	}
	for _, f := range use.TableFunctions {
		if f != "unnest" && f != "range" && f != "generate_series" {
			return nil, nil
		}
	}
	var sources []source
	for _, n := range use.Tables {
		s, is := r.resolve(n, a.Amendment)
		switch is {
		case gone:
			return &Check{Kind: Gone, On: n.String(), Why: fmt.Sprintf("it reads %s, which the product does not have any more", n)}, nil
		case elsewhere:
			return nil, nil
		}
		sources = append(sources, s)
	}
	t, err := r.trial(ctx, a.Check.SQL, sources, trees[0].JSON, use)
	if err != nil {
		return nil, err
	}
	defer t.end()
	plan, err := r.session.Plan(ctx, a.Check.SQL)
	switch {
	case isSQL(err):
		return &Check{Kind: Gone, Why: "it can't be run on the product's tables any more: " + err.Error()}, nil
	case err != nil:
		return nil, err
	case !steady:
		return nil, nil // it depends on more than the data
	case plan.NeverReturns():
		return &Check{Kind: Contradiction, Why: "it asks for rows that cannot be: DuckDB finds that there are none without looking at the data"}, nil
	}
	return t.tryOut(ctx)
}

// isSteady says whether a statement gives the same each time for the same data.
func isSteady(use lineage.Use) bool {
	random, clock := engine.RandomFunctions(), engine.ClockFunctions()
	for _, f := range use.Functions {
		_, isRandom := random[f]
		if _, readsClock := clock[f]; isRandom || readsClock {
			return false
		}
	}
	return !use.Samples
}

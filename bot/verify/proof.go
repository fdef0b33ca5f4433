package verify

import (
	"context"
	"fmt"
	"strings"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/engine"
	"github.com/codicil-dev/codicil/bot/product"
	"github.com/codicil-dev/codicil/bot/spec"
	"github.com/codicil-dev/codicil/bot/sqltype"
)

// prove runs the checks of new amendments on the base, with what they add supplied there as NULL columns and empty tables.
// A check that returns no rows there held before, and one that errs says nothing: neither proves that anything changed.
func (w *work) prove(ctx context.Context) error {
	if w.base == nil {
		return nil
	}
	var unproven []spec.Entry
	for _, e := range w.fresh {
		if w.needsProof(e.Amendment) {
			unproven = append(unproven, e)
		}
	}
	if len(unproven) == 0 {
		return nil
	}
	if w.baseSame == nil {
		for _, e := range unproven {
			w.proof(e, bot.NotRun, "the base does not build, so the checks could not be run there")
		}
		return nil
	}
	base, err := w.openWorld(ctx, w.baseSame, w.supplied())
	if err != nil {
		return err
	}
	defer func() { base.close() }()
	for _, e := range unproven {
		proven := 0
		var failed []string
		for _, c := range e.Amendment.Checks {
			red, why := w.redOnBase(ctx, base, c)
			if red {
				proven++
			} else {
				failed = append(failed, fmt.Sprintf("%q %s", c.Name, why))
			}
			w.noteProof(e.Amendment.ID, c.Name, red, why)
			if !base.alive(ctx) {
				if base, err = w.openWorld(ctx, w.baseSame, w.supplied()); err != nil {
					return err
				}
			}
		}
		switch {
		case proven > 0:
			w.proof(e, bot.Pass, fmt.Sprintf("%d of %d checks failed at the base and hold now", proven, len(e.Amendment.Checks)))
		case len(e.Amendment.Checks) == 0:
			w.proof(e, bot.Fail, "it expects data to change and has no check; write one that returns rows at the base and none now")
		default:
			w.proof(e, bot.Fail, "no check of it failed at the base, so they prove nothing: "+strings.Join(failed, "; ")+". Write one that returns rows at the base and none now"+nullHint(e.Amendment))
		}
	}
	return nil
}

// nullHint tells what trips most who add a column: there it is NULL, and comparisons with NULL find nothing.
func nullHint(a spec.Amendment) string {
	for _, x := range a.Expects {
		if x.Kind() == spec.AddColumn {
			return " (an added column is NULL at the base, so compare it with `is distinct from` and not with `<>`)"
		}
	}
	return ""
}

// proof records whether an amendment's checks prove anything.
func (w *work) proof(e spec.Entry, status bot.Status, message string) {
	if e.Amendment.Pending() && status == bot.Fail {
		status = bot.Review
	}
	r := w.add(bot.AreaRequirements, status, fmt.Sprintf("amendment %d is proven by its checks", e.Amendment.ID), message, fmt.Sprint(e.Amendment.ID), "proof")
	r.Amendment, r.File, r.New = e.Amendment.ID, e.File, true
}

// noteProof writes into the check's own result what it did at the base.
func (w *work) noteProof(id int, name string, red bool, why string) {
	for i := range w.results {
		r := &w.results[i]
		if r.Area == bot.AreaRequirements && r.Amendment == id && r.Name == name {
			r.Proof = why
			if red {
				r.Proof = "failed before"
			}
		}
	}
}

// needsProof says whether an amendment expects rows, values, tables or columns to change. Drops, renames, types, nulls, keys,
// order, meaning, seeds and tests are proven by the comparison itself.
func (w *work) needsProof(a spec.Amendment) bool {
	if a.Origin.Kind == spec.OriginBootstrap && len(w.base.Document.Ledger.Entries) == 0 {
		return false
	}
	for _, x := range a.Expects {
		switch x.Kind() {
		case spec.AddTable, spec.AddColumn, spec.ChangeValues, spec.ChangeRows, spec.AddRows, spec.DropRows:
			return true
		}
	}
	return false
}

// redOnBase runs a check at the base and says whether it returns rows there, and if not what it does instead.
func (w *work) redOnBase(ctx context.Context, base *world, c spec.Check) (red bool, why string) {
	if c.CEL != "" {
		compiled, err := spec.CompileCEL(c.CEL)
		if err != nil {
			return false, "can't be evaluated"
		}
		holds, err := compiled.True(w.base.Spec())
		if err != nil {
			return false, "can't be evaluated at the base"
		}
		if !holds {
			return false, "speaks of the spec alone, and not of rows"
		}
		return false, "held before"
	}
	out := base.run(ctx, c.SQL)
	if out.err != nil {
		return false, "only errs at the base (" + w.mask.fault(out) + ")"
	}
	return out.total > 0, "held before"
}

// supplied are overlays on the base: head's names of what was renamed, NULL columns and empty tables for what is added.
func (w *work) supplied() []relation {
	overlays := map[string]*relation{}
	for _, o := range w.newNames(w.baseSame) {
		o := o
		overlays[spec.FoldName(o.schema+"."+o.name)] = &o
	}
	w.each(func(x expectation, _ int) {
		switch x.Kind() {
		case spec.AddTable:
			w.supplyTable(overlays, x.AddTable)
		case spec.AddColumn:
			if table, column, ok := splitColumn(x.AddColumn); ok {
				w.supplyColumn(overlays, table, column)
			}
		}
	})
	var out []relation
	for _, name := range sortedKeys(overlays) {
		out = append(out, *overlays[name])
	}
	return out
}

func (w *work) supplyTable(overlays map[string]*relation, name string) {
	_, promised := w.base.Spec().Table(name)
	if _, built := w.baseSame.Table(name); promised && built {
		return
	}
	schema, table := product.SplitName(name)
	r := &relation{schema: schema, name: table}
	if t, ok := w.head.Spec().Table(name); ok {
		for _, c := range t.Columns {
			r.added = append(r.added, nullOf(&c))
		}
	}
	if len(r.added) > 0 {
		overlays[spec.FoldName(schema+"."+table)] = r
	}
}

func (w *work) supplyColumn(overlays map[string]*relation, table, column string) {
	t, ok := w.head.Spec().Table(table)
	if !ok {
		return
	}
	c, ok := t.Column(column)
	if !ok {
		return
	}
	schema, name := product.SplitName(table)
	key := spec.FoldName(schema + "." + name)
	r, ok := overlays[key]
	if !ok {
		built, exists := w.baseSame.Table(table)
		if !exists {
			return
		}
		r = &relation{schema: schema, name: name, from: engine.Relation(buildAlias, built.Schema, built.Name)}
		overlays[key] = r
	}
	if r.from == "" {
		return
	}
	promised := false
	if t, ok := w.base.Spec().Table(table); ok {
		_, promised = t.Column(column)
	}
	built, ok := w.baseSame.Table(table)
	if ok {
		_, ok = columnNamed(built, column)
	}
	switch {
	case !ok:
		r.added = append(r.added, nullOf(c))
	case !promised: // the base has it without promising it
		r.replaced = append(r.replaced, nullOf(c))
	}
}

// nullOf is a NULL of a column's type under the column's name. A type that is not understood is left to DuckDB's default.
func nullOf(c *spec.Column) string {
	typ, err := sqltype.Parse(c.Type)
	if err != nil {
		return "NULL AS " + engine.Ident(c.Name)
	}
	return "CAST(NULL AS " + typ.Physical().String() + ") AS " + engine.Ident(c.Name)
}

package product

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/Masterminds/semver/v3"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/engine"
	"github.com/codicil-dev/codicil/bot/lineage"
	"github.com/codicil-dev/codicil/bot/spec"
)

// AttachInputs makes other products' tables readable in a session, as product.table and under their bare names, except for a
// bare name that two products share. It must run before the session is locked; the session must be allowed to read
// the builds' folders. A product whose name is a database's own, such as temp, is only to be had by its tables' bare names.
func AttachInputs(ctx context.Context, session *engine.Session, inputs []InputTable, before []*Build) error {
	attached := map[string]string{}
	for _, b := range before {
		if _, ok := attached[b.Key]; ok {
			continue
		}
		alias := inputAlias(b.Product)
		attached[b.Key] = alias
		if err := session.Exec(ctx, "ATTACH "+engine.Literal(b.Database())+" AS "+engine.Ident(alias)+" (READ_ONLY)"); err != nil {
			return fmt.Errorf("attach the output of %s: %w", b.Product, err)
		}
	}
	ambiguous := ambiguousInputs(inputs)
	for _, in := range inputs {
		if len(ambiguous[spec.FoldName(in.Name)]) > 1 {
			continue
		}
		schema, table := SplitName(in.Table)
		from := engine.Relation(attached[in.Key], schema, table)
		if err := session.Exec(ctx, "CREATE OR REPLACE TEMP VIEW "+engine.Ident(in.Name)+" AS SELECT * FROM "+from); err != nil {
			return fmt.Errorf("read %s of product %s: %w", in.Table, in.Product, err)
		}
	}
	return nil
}

// inputAlias is the name under which the build of a product is attached.
func inputAlias(product string) string {
	if name := spec.FoldName(product); reservedNames[name] || name == mainSchema {
		return "input " + product
	}
	return product
}

// ambiguousInputs lists the tables behind each bare name, as product.table; only a name with one of them stands for it.
func ambiguousInputs(inputs []InputTable) map[string][]string {
	out := map[string][]string{}
	for _, in := range inputs {
		name, full := spec.FoldName(in.Name), engine.Ident(in.Product)+"."+in.Table
		if !containsFold(out[name], full) {
			out[name] = append(out[name], full)
		}
	}
	return out
}

// misread says what is wrong with a model that reads n, as far as it concerns inputs; empty if nothing is.
func (pl *plan) misread(n lineage.Name) string {
	if n.Schema == "" && n.Catalog == "" {
		if from := ambiguousInputs(pl.Inputs)[spec.FoldName(n.Table)]; len(from) > 1 {
			return fmt.Sprintf("%s is an input from several products; write which: %s", n.Table, strings.Join(from, " or "))
		}
		return ""
	}
	product, table := n.Catalog, n.Table
	if product == "" {
		product = n.Schema
	} else if n.Schema != "" && !spec.SameName(n.Schema, mainSchema) {
		table = n.Schema + "." + n.Table
	}
	known := false
	for _, in := range pl.Inputs {
		if !spec.SameName(inputAlias(in.Product), product) {
			continue
		}
		if TableKey(in.Table) == TableKey(table) {
			return ""
		}
		known = true
	}
	if known {
		return fmt.Sprintf("reads %s of product %s, which is not among the inputs of %s; add it there", table, product, SpecFile)
	}
	return ""
}

// input adds one input to the plan: another product's build, or a snapshot of it among the seeds. The problem's
// message is empty if all is well.
func (s *Side) input(ctx context.Context, p *Product, pl *plan, i int, in spec.Input, mode Mode) (bot.Problem, error) {
	line, column := p.Document.Source.At(fmt.Sprintf("/inputs/%d", i))
	problem := bot.Problem{File: path.Join(p.Path, SpecFile), Line: line, Column: column}
	from, ok := s.Input(in.Product)
	_, bare := SplitName(in.Table)
	if !ok {
		for _, seed := range pl.Seeds {
			if TableKey(seed.Table) == TableKey(bare) {
				return problem, nil
			}
		}
		problem.Message = fmt.Sprintf("product %s is not in this repository and there is no snapshot of it; name its folder with --with, or put one at seeds/%s.csv", in.Product, bare)
		return problem, nil
	}
	if message := unfitVersion(in, from.Spec().Version); message != "" {
		problem.Message = message
		return problem, nil
	}
	b, err := s.Build(ctx, in.Product, mode)
	if err != nil {
		return problem, err
	}
	if _, ok := b.Table(in.Table); !ok {
		problem.Message = fmt.Sprintf("product %s has no table %s", in.Product, in.Table)
		if !b.OK() {
			problem.Message += ", since it does not build: " + b.Problems.Sorted()[0].String()
		}
		return problem, nil
	}
	pl.Seeds = slices.DeleteFunc(pl.Seeds, func(seed Seed) bool { return TableKey(seed.Table) == TableKey(bare) }) // a snapshot is not needed
	pl.Inputs = append(pl.Inputs, InputTable{Name: bare, Product: in.Product, Table: in.Table, Version: from.Spec().Version, Key: b.Key})
	pl.before = append(pl.before, b)
	return problem, nil
}

// unfitVersion says why a product's version does not satisfy the input's constraint; empty if it does.
func unfitVersion(in spec.Input, version string) string {
	if in.Version == "" {
		return ""
	}
	constraint, err := semver.NewConstraint(in.Version)
	if err != nil {
		return fmt.Sprintf("the version constraint %q is not understood; write one such as ^1.0", in.Version)
	}
	v, err := semver.NewVersion(version)
	if err != nil || !constraint.Check(v) {
		return fmt.Sprintf("product %s has version %s, which %s does not allow; adapt to the new version and change the constraint", in.Product, version, in.Version)
	}
	return ""
}

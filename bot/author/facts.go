package author

import (
	"context"
	"path"
	"slices"
	"strings"

	"github.com/codicil-dev/codicil/bot/engine"
	"github.com/codicil-dev/codicil/bot/portrait"
	"github.com/codicil-dev/codicil/bot/product"
	"github.com/codicil-dev/codicil/bot/survey"
)

// facts is what a build tells of a product.
type facts struct {
	// tables are the interface in the order of the models' files; internal says of the other tables why they are not.
	tables   []survey.Table
	internal []internalTable
}

// internalTable is a table that readers have no business with: a model that others read, marked by its place or name, or a seed.
type internalTable struct {
	name string
	mark string // empty for a seed
}

// table returns the facts of an interface table; ok is false if there is none of that name.
func (f *facts) table(name string) (t *survey.Table, ok bool) { return survey.Find(f.tables, name) }

// gather finds out what the build tells.
func (c *change) gather(ctx context.Context) (*facts, error) {
	c.say("looking at what the tables hold")
	f := &facts{}
	shown := c.divide(f)
	options, err := c.portraitOptions()
	if err != nil {
		return nil, err
	}
	hidden, err := portrait.Withheld(ctx, c.product, c.build, c.author.Verifier.Builder, options)
	if err != nil {
		return nil, err
	}
	session, err := c.session(ctx, c.build)
	if err != nil {
		return nil, err
	}
	defer session.Close()
	others, err := c.inputTargets()
	if err != nil {
		return nil, err
	}
	f.tables, err = survey.Of(ctx, session, shown, hidden, others)
	return f, err
}

// divide tells the interface from what is internal: seeds that models are built on, and staging that other models read.
func (c *change) divide(f *facts) (shown []*product.Table) {
	made, read := map[string]product.Model{}, map[string]bool{}
	for _, m := range c.build.Models {
		made[product.TableKey(m.Table)] = m
		for _, r := range m.Reads {
			read[product.TableKey(r)] = true
		}
	}
	for i := range c.build.Tables {
		t := &c.build.Tables[i]
		key := product.TableKey(t.FullName())
		m, isModel := made[key]
		switch {
		case !isModel && len(made) > 0:
			f.internal = append(f.internal, internalTable{name: t.FullName()})
		case isModel && read[key] && stagingName(m.Path) != "":
			f.internal = append(f.internal, internalTable{t.FullName(), stagingName(m.Path)})
		default:
			if isModel && stagingName(m.Path) != "" {
				c.note("%s is %s, but no model reads it, so it is taken for part of the interface", t.FullName(), stagingName(m.Path))
			}
			shown = append(shown, t)
		}
	}
	slices.SortStableFunc(shown, func(a, b *product.Table) int {
		return strings.Compare(made[product.TableKey(a.FullName())].Path, made[product.TableKey(b.FullName())].Path)
	})
	return shown
}

// stagingName says what marks a model as a step on the way; empty if nothing does.
func stagingName(file string) string {
	folders := strings.Split(path.Dir(file), "/")
	for _, folder := range []string{"staging", "intermediate"} {
		if slices.Contains(folders, folder) {
			return "in the folder " + folder
		}
	}
	for _, prefix := range []string{"stg_", "int_"} {
		if strings.HasPrefix(strings.ToLower(path.Base(file)), prefix) {
			return "named " + prefix + "…"
		}
	}
	return ""
}

// inputTargets are those of the tables that are read of other products.
func (c *change) inputTargets() (out []survey.Target, err error) {
	around, err := c.around()
	if err != nil {
		return nil, err
	}
	for _, in := range c.product.Spec().Inputs {
		for _, p := range around {
			if p.Name() != in.Product {
				continue
			}
			t, ok := p.Spec().Table(in.Table)
			if !ok || len(t.Key) != 1 {
				continue
			}
			if col, ok := t.Column(t.Key[0]); ok {
				_, name := product.SplitName(t.Name)
				out = append(out, survey.Target{Table: t.Name, Column: col.Name, Type: col.Type, From: engine.Ident(name)})
			}
		}
	}
	return out, nil
}

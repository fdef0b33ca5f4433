package author

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/Masterminds/semver/v3"

	"github.com/codicil-dev/codicil/bot/lineage"
	"github.com/codicil-dev/codicil/bot/product"
	"github.com/codicil-dev/codicil/bot/spec"
)

// leastWanted are the numbers at the beginning of a constraint such as ^1.2.
var leastWanted = regexp.MustCompile(`^[\^~>=v ]*(\d+)(\.\d+)?(\.\d+)?`)

// awaitedVersion is the version to begin with: 1.0.0, or the least that all who read the product already ask for.
func awaitedVersion(around []*product.Product, name string) string {
	least := semver.MustParse("1.0.0")
	for _, p := range around {
		for _, in := range p.Spec().Inputs {
			if m := leastWanted.FindString(in.Version); in.Product == name && m != "" {
				if v, err := semver.NewVersion(strings.TrimLeft(m, "^~>=v ")); err == nil && v.GreaterThan(least) {
					least = v
				}
			}
		}
	}
	return least.String()
}

// around are the products that inputs may come from.
func (c *change) around() ([]*product.Product, error) {
	out, err := load(c.base.tree)
	if err != nil {
		return nil, err
	}
	for _, tree := range c.author.With {
		more, err := load(tree)
		if err != nil {
			return nil, err
		}
		out = append(out, more...)
	}
	return out, nil
}

// guessInputs finds the tables of other products that the models read: by product.table, or by a bare name that one product alone has.
func (c *change) guessInputs(ctx context.Context) ([]spec.Input, error) {
	models, _ := c.product.Models()
	seeds, _ := c.product.Seeds()
	own := map[string]bool{}
	var texts []string
	for _, m := range models {
		own[product.TableKey(m.Name)] = true
		texts = append(texts, m.Text)
	}
	for _, s := range seeds {
		own[product.TableKey(s.Table)] = true
	}
	around, err := c.around()
	if err != nil || len(texts) == 0 || len(around) == 0 {
		return nil, err
	}
	trees, err := c.author.Verifier.Builder.Parse(ctx, texts)
	if err != nil {
		return nil, err
	}
	var out []spec.Input
	for _, tree := range trees {
		use, err := lineage.Of(tree.JSON)
		if tree.Err != nil || err != nil {
			continue // the build says what is wrong with it
		}
		for _, t := range use.Tables {
			if own[product.TableKey(t.String())] {
				continue
			}
			if in, ok := inputFor(around, t); ok && !slices.Contains(out, in) {
				out = append(out, in)
			}
		}
	}
	return out, nil
}

// inputFor is the input that a table's name means; ok is false if no product has such a table, or several do.
func inputFor(around []*product.Product, t lineage.Name) (in spec.Input, ok bool) {
	found := 0
	for _, p := range around {
		name := t.Table
		if qualified := t.Schema != ""; qualified && !spec.SameName(t.Schema, p.Name()) && !spec.SameName(t.Catalog, p.Name()) {
			continue
		}
		table, has := p.Spec().Table(name)
		if !has {
			continue
		}
		found++
		in = spec.Input{Product: p.Name(), Table: table.Name, Version: since(p.Spec().Version)}
	}
	return in, found == 1
}

// since is a constraint that allows a version and what is compatible with it.
func since(version string) string {
	v, err := semver.NewVersion(version)
	if err != nil {
		return ""
	}
	return fmt.Sprintf("^%d.%d", v.Major(), v.Minor())
}

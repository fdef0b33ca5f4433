package author

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"strings"

	"github.com/codicil-dev/codicil/bot/spec"
	"github.com/codicil-dev/codicil/prompts"
)

// What work may be for besides a change.
const (
	wantedDraft   = "draft"
	wantedProduct = "product"
)

// shownNeighbours is how much is told of the products around a new one, in bytes, before only their tables' names are.
const shownNeighbours = 40_000

// New builds a product from scratch, in a folder that is not there yet or is empty: the spec first, then models, seeds and tests. The work
// goes through the stages of Amend; there is only no base to be compared with. Nothing is written; see [Outcome.Write].
func (a *Author) New(ctx context.Context, n Newcomer) (*Outcome, error) {
	n.Origin.Kind = spec.OriginBootstrap
	if err := n.Job.check(); err != nil {
		return nil, err
	}
	if strings.TrimSpace(n.Owner.Team) == "" {
		return nil, errors.New("nobody answers for the new product yet; name its team")
	}
	dir := filepath.Join(n.Tree.Root, filepath.FromSlash(n.Path))
	if empty, err := isEmpty(dir); err != nil {
		return nil, fmt.Errorf("look into the folder: %w", err)
	} else if !empty {
		return nil, fmt.Errorf("%s is not empty; a new product needs a folder of its own (to draft a spec for what is there, use codicil init)", dir)
	}
	return a.work(ctx, n.Job, func(c *change, ctx context.Context, folder string) error {
		c.fresh, c.out.fresh, c.out.wanted = true, true, wantedProduct
		start, err := c.openBare(ctx, folder, n)
		if err != nil {
			return err
		}
		if _, err := c.failsAtStart(ctx, start); err != nil {
			return err
		}
		if c.build, err = c.builds(ctx, start); err != nil {
			return err
		}
		if err := c.greetFresh(); err != nil {
			return err
		}
		if err := c.refine(ctx); err != nil {
			return err
		}
		return c.carryOut(ctx)
	})
}

// greetFresh makes what every conversation about a product begins with that does not exist yet.
func (c *change) greetFresh() error {
	around, err := c.around()
	if err != nil {
		return err
	}
	given := c.product.Spec()
	data := prompts.ProductData{Name: given.Product, New: true, Given: fmt.Sprintf("product: %s\nversion: %s\nowner: {team: %s", given.Product, given.Version, given.Owner.Team)}
	if given.Owner.Contact != "" {
		data.Given += ", contact: " + given.Owner.Contact
	}
	data.Given += "}\n"
	if data.Readers, err = c.readers(); err != nil {
		return err
	}
	left := shownNeighbours
	for _, p := range around {
		text := brief(p.Spec(), left > 0)
		left -= len(text)
		data.Neighbours = append(data.Neighbours, prompts.File{Path: p.Name(), Text: text})
	}
	c.prefix, err = c.opening(data)
	return err
}

// brief tells of a product what whoever reads it must know. Without detail it names the tables alone.
func brief(s *spec.Spec, detail bool) string {
	var b strings.Builder
	fmt.Fprintf(&b, "version %s: %s\n", s.Version, oneLine(s.Purpose))
	for _, t := range s.Tables {
		key := ""
		if len(t.Key) > 0 {
			key = " (" + strings.Join(t.Key, ", ") + ")"
		}
		fmt.Fprintf(&b, "table %s%s: %s\n", t.Name, key, oneLine(t.Description))
		for _, c := range t.Columns {
			if !detail {
				break
			}
			more := ""
			if c.Unit != "" {
				more += " in " + c.Unit
			}
			if t.IsNullable(&c) {
				more += ", may be NULL"
			}
			if c.Classification != "" {
				more += ", " + c.Classification
			}
			if c.Deprecated != "" {
				more += ", deprecated"
			}
			fmt.Fprintf(&b, "  %s %s%s: %s\n", c.Name, c.Type, more, oneLine(c.Description))
		}
	}
	return b.String()
}

// oneLine is a text without line breaks, cut where it is long.
func oneLine(s string) string { return cut(strings.Join(strings.Fields(s), " "), 300) }

// guardFresh holds the spec of a product that does not exist yet to what was given.
func (c *change) guardFresh(a *spec.Amendment, s *spec.Spec) (faults []string) {
	if !c.fresh {
		return nil
	}
	given := c.product.Spec()
	if !reflect.DeepEqual(s.Owner, given.Owner) {
		faults = append(faults, fmt.Sprintf("%s: the owner is given: {team: %s}", spec.SpecFile, given.Owner.Team))
	}
	if s.Version != given.Version {
		faults = append(faults, fmt.Sprintf("%s: the version is %s to begin with", spec.SpecFile, given.Version))
	}
	if len(s.Tables) == 0 {
		faults = append(faults, spec.SpecFile+": it names no table; a product without one offers nothing")
	}
	proves := false
	for _, check := range a.Checks {
		proves = proves || strings.TrimSpace(check.SQL) != ""
	}
	if !proves {
		faults = append(faults, spec.EntryFile(a.ID)+": it has no check in SQL, so nothing would prove the requirement")
	}
	around, err := c.around()
	if err != nil {
		return append(faults, err.Error())
	}
	for _, in := range s.Inputs {
		known := false
		for _, p := range around {
			known = known || p.Name() == in.Product
		}
		if !known {
			faults = append(faults, fmt.Sprintf("inputs: there is no product %s here; read one that was shown, or bring the data as seeds", in.Product))
		}
	}
	return faults
}

// fillInFresh sets what is not the model's to say of a product that does not exist yet.
func (c *change) fillInFresh(a *spec.Amendment, s *spec.Spec) {
	if !c.fresh {
		return
	}
	a.Base = ""
	c.product.Document.Spec.Inputs = s.Inputs // what it reads may be looked at from now on
}

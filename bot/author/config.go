package author

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"

	"github.com/codicil-dev/codicil/bot/product"
	"github.com/codicil-dev/codicil/bot/proposal"
)

// implementRules are the rules for whoever implements. Of product.yaml only the types of new seeds may change; see configured.
func implementRules() proposal.Rules { return proposal.ImplementRules().With(product.ConfigFile) }

// configured says what is wrong with what an answer did to product.yaml. How the data that is there already is read decides what it
// is, so that stays.
func (c *change) configured() (faults []string) {
	p, problems := product.Load(c.head.tree, c.job.Path)
	if problems.Err() != nil {
		return lines(problems)
	}
	from := c.product
	if c.edited != nil {
		from = c.edited
	}
	before, after := from.Config.Seeds, p.Config.Seeds
	for _, name := range slices.Sorted(maps.Keys(before)) {
		if now, ok := after[name]; !ok || !maps.Equal(before[name].Types, now.Types) {
			faults = append(faults, fmt.Sprintf("%s: the types of the seed %s stay as they are; only new seeds get new ones", product.ConfigFile, name))
		}
	}
	old := map[string]bool{}
	seeds, _ := from.Seeds()
	for _, s := range seeds {
		old[s.Table] = true
	}
	for _, name := range slices.Sorted(maps.Keys(after)) {
		if _, declared := before[name]; !declared && old[name] {
			faults = append(faults, fmt.Sprintf("%s: the seed %s was there before, so how it is read stays as it is; only new seeds get types", product.ConfigFile, name))
		}
	}
	return faults
}

// applyImplementation applies the answer of whoever implements, all of it or nothing.
func (c *change) applyImplementation(answer string) (faults []string, err error) {
	before := &scratch{tree: product.Tree{Root: filepath.Join(filepath.Dir(c.head.tree.Root), "before")}, path: c.head.path}
	if err := before.reset(c.head); err != nil {
		return nil, err
	}
	if faults, err = c.apply(answer, implementRules()); err == nil && len(faults) == 0 {
		faults = c.configured()
	}
	if len(faults) > 0 {
		return faults, c.head.reset(before)
	}
	return nil, err
}

// Package odcs carries a spec to the Open Data Contract Standard and back without loss.
//
// Export makes a contract of version 3.1.0. What the standard has no field for travels in customProperties: why, unit,
// grain and deprecated of tables and columns, and, named codicil…, the inputs, custom fields and amendments of the
// product. Import also reads contracts that others wrote, of 3.0 and 3.1. What the spec has no place for is kept under
// custom.odcs as a list of edits to the contract that Export would make, and is made good there by the next Export.
package odcs

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/Masterminds/semver/v3"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/spec"
)

// Version is the apiVersion of the contracts that Export makes of specs that were born here. A spec that was imported
// from another 3.x contract keeps that version as long as the contract is valid under it.
const Version = "v3.1.0"

// NotStated stands in a spec for what its contract does not say and the spec must.
const NotStated = "not stated in the contract"

// Export returns doc as a data contract in YAML. The contract is valid; one that is not is an error that says where.
func Export(doc *spec.Document) ([]byte, error) {
	if doc == nil || doc.Spec == nil {
		return nil, fmt.Errorf("export a data contract: the product has no valid spec.yaml; mend it first")
	}
	tree, err := generate(doc.Spec, doc.Ledger)
	if err != nil {
		return nil, fmt.Errorf("export %s as a data contract: %w", doc.Spec.Product, err)
	}
	if kept, ok := keptEdits(doc.Spec.Custom); ok {
		tree = apply(tree, kept).(map[string]any)
		if check(tree) != nil {
			tree["apiVersion"] = Version
		}
	}
	if err := check(tree); err != nil {
		return nil, fmt.Errorf("export %s as a data contract: %w", doc.Spec.Product, err)
	}
	return write(tree)
}

// Import reads a data contract; file names it in problems. The spec and the amendments that Export put in come back as
// they were. The spec is nil if there are problems that are errors. What a spec must say and the contract does not is a
// warning, and NotStated stands in its place.
func Import(file string, data []byte) (*spec.Spec, []spec.Amendment, bot.Problems) {
	tree, source, problems := spec.ReadYAML(file, data)
	if tree == nil || problems.Err() != nil {
		return nil, nil, problems
	}
	if refused := refuse(tree, source); len(refused) > 0 {
		return nil, nil, append(problems, refused...).Sorted()
	}
	tree = plain(tree).(map[string]any)
	r := &importer{file: file, source: source, tree: tree}
	s, amendments := r.read()
	problems = append(problems, r.problems...)
	if problems.Err() != nil {
		return nil, nil, problems.Sorted()
	}
	ledger := spec.Ledger{}
	for i := range amendments {
		ledger.Entries = append(ledger.Entries, spec.Entry{Amendment: amendments[i]})
	}
	own, err := generate(s, ledger)
	if err != nil {
		return nil, nil, append(problems, r.problem("", "the contract does not fit a spec (%v)", err))
	}
	if edits := diff(own, tree); len(edits) > 0 {
		if s.Custom == nil {
			s.Custom = map[string]any{}
		}
		s.Custom[customKey] = editsValue(edits)
	}
	strict, refused := r.strict(s)
	if refused != nil {
		return nil, nil, append(problems, refused...).Sorted()
	}
	return strict, amendments, problems.Sorted()
}

// strict passes s through the strict parser, so that what was imported can be saved.
func (r *importer) strict(s *spec.Spec) (*spec.Spec, bot.Problems) {
	data, err := json.Marshal(s)
	if err != nil {
		return nil, bot.Problems{r.problem("", "the contract does not fit a spec (%v)", err)}
	}
	strict, _, problems := spec.ParseSpec("spec.yaml", data)
	if problems.Err() == nil {
		return strict, nil
	}
	var out bot.Problems
	for _, p := range problems {
		refused := r.problem("", "a spec made of this contract is not valid: %s", p.Message)
		if !slices.Contains(out, refused) {
			out = append(out, refused)
		}
	}
	return nil, out
}

// semantic makes a semantic version of what a contract calls its version; ok is false if there is nothing to go by.
func semantic(version string) (string, bool) {
	if v, err := semver.StrictNewVersion(version); err == nil {
		return v.Original(), true
	}
	v, err := semver.NewVersion(version)
	if err != nil {
		return "1.0.0", false
	}
	return v.String(), true
}

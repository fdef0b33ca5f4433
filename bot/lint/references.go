package lint

import (
	"errors"
	"fmt"
	"strings"

	"github.com/Masterminds/semver/v3"

	"github.com/codicil-dev/codicil/bot/lineage"
	"github.com/codicil-dev/codicil/bot/spec"
)

// inputs checks what a product reads of others, as far as they are found.
func (p *candidate) inputs(l *linter) {
	source := p.doc.Source
	for i, in := range p.doc.Spec.Inputs {
		at := fmt.Sprintf("/inputs/%d", i)
		for _, earlier := range p.doc.Spec.Inputs[:i] {
			if same(earlier.Product, in.Product) && same(earlier.Table, in.Table) {
				l.at(source, at, "the input %s of %s is there twice: delete one", in.Table, in.Product)
				break
			}
		}
		if in.Product == p.doc.Spec.Product {
			l.at(source, at+"/product", "the product is its own input: read its table by name, without an input")
			continue
		}
		other, ok := l.byName[in.Product]
		if !ok {
			continue // it may live in another repository
		}
		if _, ok := other.doc.Spec.Table(in.Table); !ok {
			l.at(source, at+"/table", "the product %s has no table %s: name one that it has%s", in.Product, in.Table, suggest(in.Table, tableNames(other.doc.Spec)))
		}
		constraint, err := semver.NewConstraint(in.Version)
		version, err2 := semver.NewVersion(other.doc.Spec.Version)
		if in.Version == "" || err != nil || err2 != nil {
			continue // spec.Load says so
		}
		if !constraint.Check(version) {
			l.at(source, at+"/version", "%s does not allow version %s of %s, the one in %s: adapt to it and change the constraint", in.Version, version, in.Product, other.dir)
		}
	}
}

// tableNames lists a spec's tables.
func tableNames(s *spec.Spec) []string {
	names := make([]string, len(s.Tables))
	for i := range s.Tables {
		names[i] = s.Tables[i].Name
	}
	return names
}

// graph refuses products that wait for each other.
func (l *linter) graph() {
	reads := map[string][]string{}
	for name, p := range l.byName {
		reads[name] = nil
		for _, in := range p.doc.Spec.Inputs {
			if in.Product != name {
				reads[name] = append(reads[name], in.Product)
			}
		}
	}
	_, err := lineage.Order(reads)
	var cycle *lineage.CycleError
	if !errors.As(err, &cycle) {
		return
	}
	for i, name := range cycle.Path[:len(cycle.Path)-1] {
		p := l.byName[name]
		if !p.chosen {
			continue
		}
		for j, in := range p.doc.Spec.Inputs {
			if in.Product == cycle.Path[i+1] {
				l.at(p.doc.Source, fmt.Sprintf("/inputs/%d", j), "products read each other in a circle, %v: take one of the inputs out", err)
				return
			}
		}
	}
}

// references checks that each reference leads to a column.
func (p *candidate) references(l *linter) {
	for i := range p.doc.Spec.Tables {
		for j, c := range p.doc.Spec.Tables[i].Columns {
			if c.References == "" {
				continue
			}
			at := fmt.Sprintf("/tables/%d/columns/%d/references", i, j)
			if why := p.unresolved(l, c.References); why != "" {
				l.at(p.doc.Source, at, "%s", why)
			}
		}
	}
}

// unresolved says why a reference leads nowhere; empty if it does lead somewhere, or that is not known.
func (p *candidate) unresolved(l *linter, reference string) string {
	tableName, column, ok := spec.SplitColumn(strings.TrimSpace(reference))
	if !ok {
		return fmt.Sprintf("the reference %s names no column: write table.column", reference)
	}
	if t, ok := p.doc.Spec.Table(tableName); ok {
		return missing(t, reference, column)
	}
	known := tableNames(p.doc.Spec)
	for _, in := range p.doc.Spec.Inputs {
		known = append(known, in.Table)
		if !same(in.Table, tableName) {
			continue
		}
		other, found := l.byName[in.Product]
		if !found {
			return ""
		}
		if t, ok := other.doc.Spec.Table(in.Table); ok {
			return missing(t, reference, column)
		}
		return "" // the input itself is refused
	}
	return fmt.Sprintf("the reference %s leads to no table of this product or its inputs: correct it, or add the input%s", reference, suggest(tableName, known))
}

// missing says that t has no such column; empty if it has.
func missing(t *spec.Table, reference, column string) string {
	if _, ok := t.Column(column); ok {
		return ""
	}
	return fmt.Sprintf("the reference %s leads to no column of %s: name one that it has%s", reference, t.Name, suggest(column, columnNames(t)))
}

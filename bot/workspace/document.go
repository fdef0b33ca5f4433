package workspace

import (
	"context"
	"fmt"
	"path"
	"strings"
	"testing/fstest" // for its file system in memory

	"github.com/codicil-dev/codicil/bot/gitcmd"
	"github.com/codicil-dev/codicil/bot/mirror"
	"github.com/codicil-dev/codicil/bot/spec"
	"github.com/codicil-dev/codicil/bot/state"
)

// mostProducts is how many products of one repository are looked after.
const mostProducts = 2000

// Scan finds the products of a commit. One whose spec can't be read, or is too large, is found as unreadable. However many files there are, the work of
// git takes one process for the list and one for the specs.
func Scan(ctx context.Context, m *mirror.Mirror, commit string) ([]state.Product, error) {
	var specs []gitcmd.Entry
	for e, err := range m.Files(ctx, commit) {
		if err != nil {
			return nil, err
		}
		if path.Base(e.Path) != spec.SpecFile || !e.Regular() || Hidden(e.Path) {
			continue
		}
		if len(specs) == mostProducts {
			return nil, fmt.Errorf("it holds more than %d products", mostProducts)
		}
		specs = append(specs, e)
	}
	read := map[string]state.Product{}
	err := m.ReadFiles(ctx, specs, func(e gitcmd.Entry, data []byte, tooLarge bool) error {
		read[e.Path] = productOf(e.Path, data, tooLarge)
		return ctx.Err()
	})
	if err != nil {
		return nil, err
	}
	var found []state.Product
	for _, e := range specs {
		found = append(found, read[e.Path])
	}
	return found, nil
}

// Hidden says whether a path is below a folder in which no products are looked for.
func Hidden(name string) bool {
	for _, part := range strings.Split(path.Dir(name), "/") {
		if part != "." && strings.HasPrefix(part, ".") || part == "node_modules" {
			return true
		}
	}
	return false
}

// productOf is what has to be known of a product by its spec. One whose spec can't be read goes by its path.
func productOf(name string, data []byte, tooLarge bool) state.Product {
	dir := path.Dir(name)
	p := state.Product{Path: dir, Name: dir}
	if tooLarge {
		p.Unreadable = name + " is too large to be read"
		return p
	}
	s, _, problems := spec.ParseSpec(name, data)
	if err := problems.Err(); err != nil {
		p.Unreadable = err.Error()
		return p
	}
	p.Name = s.Product
	p.Owner = s.Owner.Team
	for _, in := range s.Inputs {
		p.Inputs = append(p.Inputs, in.Product)
	}
	return p
}

// SpecAt is a product's spec at a commit; nil if there is none that can be read, for the reason why.
func SpecAt(ctx context.Context, m *mirror.Mirror, commit, dir string) (s *spec.Spec, why string, err error) {
	name := path.Join(dir, spec.SpecFile)
	data, ok, err := m.ReadFile(ctx, commit, name)
	switch {
	case err != nil:
		return nil, "", err
	case !ok:
		return nil, name + " is not there", nil
	}
	s, _, problems := spec.ParseSpec(name, data)
	if err := problems.Err(); err != nil {
		return nil, err.Error(), nil
	}
	return s, "", nil
}

// DocumentAt opens the spec and ledger of a product at a commit.
func DocumentAt(ctx context.Context, m *mirror.Mirror, commit, dir string) (*spec.Document, error) {
	files := fstest.MapFS{}
	for e, err := range m.Files(ctx, commit) {
		if err != nil {
			return nil, err
		}
		rel, ok := strings.CutPrefix(e.Path, strings.TrimPrefix(dir+"/", "./"))
		if !ok || !e.Regular() || rel != spec.SpecFile && path.Dir(rel) != spec.LedgerFolder {
			continue
		}
		data, ok, err := m.ReadFile(ctx, commit, e.Path)
		if err != nil {
			return nil, err
		}
		if ok {
			files[rel] = &fstest.MapFile{Data: data}
		}
	}
	doc, problems := spec.Load(files, ".", dir)
	if err := problems.Err(); err != nil {
		return nil, err
	}
	return doc, nil
}

// HandEdited says whether a spec is not what its last amendment left. An amendment that does not say what it left is taken to have left the spec as it
// was before, which is nil if there was none that could be read.
func HandEdited(before, doc *spec.Document) bool {
	entries := doc.Ledger.Entries
	if len(entries) == 0 {
		return false
	}
	left := entries[len(entries)-1].Amendment.Result
	if left == "" && before != nil && len(before.Ledger.Entries) == len(entries) {
		left = spec.Hash(before.Spec)
	}
	return left != "" && left != spec.Hash(doc.Spec)
}

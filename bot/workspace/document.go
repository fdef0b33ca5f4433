package workspace

import (
	"context"
	"fmt"
	"path"
	"strings"
	"testing/fstest" // for its file system in memory

	"github.com/codicil-dev/codicil/bot/mirror"
	"github.com/codicil-dev/codicil/bot/spec"
	"github.com/codicil-dev/codicil/bot/state"
)

// mostProducts is how many products of one repository are looked after.
const mostProducts = 2000

// Scan finds the products of a commit.
func Scan(ctx context.Context, m *mirror.Mirror, commit string) (found []state.Product, err error) {
	for e, err := range m.Files(ctx, commit) {
		if err != nil {
			return nil, err
		}
		if path.Base(e.Path) != spec.SpecFile || !e.Regular() || Hidden(e.Path) {
			continue
		}
		if len(found) == mostProducts {
			return nil, fmt.Errorf("it holds more than %d products", mostProducts)
		}
		p, err := read(ctx, m, commit, path.Dir(e.Path))
		if err != nil {
			return nil, err
		}
		found = append(found, p)
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

// read reads what has to be known of a product. One whose spec can't be read goes by its path.
func read(ctx context.Context, m *mirror.Mirror, commit, dir string) (state.Product, error) {
	p := state.Product{Path: dir, Name: dir}
	s, why, err := SpecAt(ctx, m, commit, dir)
	switch {
	case err != nil:
		return p, err
	case s == nil:
		p.Unreadable = why
		return p, nil
	}
	p.Name = s.Product
	p.Owner = s.Owner.Team
	for _, in := range s.Inputs {
		p.Inputs = append(p.Inputs, in.Product)
	}
	return p, nil
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

package workspace

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"
	"testing/fstest" // for its file system in memory

	"github.com/codicil-dev/codicil/bot/gitcmd"
	"github.com/codicil-dev/codicil/bot/mirror"
	"github.com/codicil-dev/codicil/bot/spec"
	"github.com/codicil-dev/codicil/bot/state"
)

// Scan finds the products of a commit, at most so many, and says how many there are. Where there are more, those in the folders of known are found
// first, so that what is looked after stays so, and then the others by their paths. A product whose spec can't be read, or is too large, is found
// as unreadable. However many files there are, the work of git takes one process for the list and one for the specs.
func Scan(ctx context.Context, m *mirror.Mirror, commit string, most int, known map[string]bool) (found []state.Product, holds int, err error) {
	var specs, others []gitcmd.Entry
	for e, err := range m.Files(ctx, commit) {
		if err != nil {
			return nil, 0, err
		}
		if path.Base(e.Path) != spec.SpecFile || !e.Regular() || Hidden(e.Path) {
			continue
		}
		holds++
		switch {
		case known[path.Dir(e.Path)] && len(specs) < most:
			specs = append(specs, e)
		case len(others) < most:
			others = append(others, e)
		}
	}
	specs = append(specs, others[:min(len(others), most-len(specs))]...)
	slices.SortFunc(specs, func(a, b gitcmd.Entry) int { return strings.Compare(a.Path, b.Path) })
	read := map[string]state.Product{}
	err = m.ReadFiles(ctx, specs, func(e gitcmd.Entry, data []byte, tooLarge bool) error {
		read[e.Path] = productOf(e.Path, data, tooLarge)
		return ctx.Err()
	})
	if err != nil {
		return nil, 0, err
	}
	for _, e := range specs {
		found = append(found, read[e.Path])
	}
	return found, holds, nil
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

// Opened is a product's spec and ledger, or why they can't be opened.
type Opened struct {
	Document *spec.Document
	Err      error
}

// DocumentAt opens the spec and ledger of a product at a commit.
func DocumentAt(ctx context.Context, m *mirror.Mirror, commit, dir string) (*spec.Document, error) {
	all, err := DocumentsAt(ctx, m, commit, []string{dir})
	if err != nil {
		return nil, err
	}
	return all[dir].Document, all[dir].Err
}

// DocumentsAt opens the specs and ledgers of products at a commit, by their folders. However many they are, the work of git takes one process for the
// list and one for the files. The error is for git; what a document has against being opened is beside it.
func DocumentsAt(ctx context.Context, m *mirror.Mirror, commit string, dirs []string) (map[string]Opened, error) {
	files := map[string]fstest.MapFS{}
	for _, dir := range dirs {
		files[dir] = fstest.MapFS{}
	}
	var wanted []gitcmd.Entry
	for e, err := range m.Files(ctx, commit) {
		if err != nil {
			return nil, err
		}
		if dir, _ := placeOf(e.Path); e.Regular() && files[dir] != nil {
			wanted = append(wanted, e)
		}
	}
	out := map[string]Opened{}
	err := m.ReadFiles(ctx, wanted, func(e gitcmd.Entry, data []byte, tooLarge bool) error {
		dir, name := placeOf(e.Path)
		if tooLarge && out[dir].Err == nil {
			out[dir] = Opened{Err: fmt.Errorf("%s is too large to be read", e.Path)}
		}
		files[dir][name] = &fstest.MapFile{Data: data}
		return ctx.Err()
	})
	if err != nil {
		return nil, err
	}
	for dir, held := range files {
		if out[dir].Err != nil {
			continue
		}
		doc, problems := spec.Load(held, ".", dir)
		if err := problems.Err(); err != nil {
			out[dir] = Opened{Err: err}
			continue
		}
		out[dir] = Opened{Document: doc}
	}
	return out, nil
}

// placeOf is the folder of the product whose spec or ledger a file would be part of, and its name in there.
func placeOf(file string) (dir, name string) {
	dir, name = path.Split(file)
	if dir = path.Clean(dir); name == spec.SpecFile {
		return dir, name
	}
	if path.Base(dir) == spec.LedgerFolder {
		return path.Dir(dir), path.Join(spec.LedgerFolder, name)
	}
	return "", ""
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

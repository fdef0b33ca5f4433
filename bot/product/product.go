// Package product finds data products in a folder and builds their tables with the runner that they ask for.
package product

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"sort"
	"strings"
	"sync"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/spec"
)

// SpecFile is the name of the file that makes a folder a product.
const SpecFile = "spec.yaml"

// Tree is a folder on disk that holds products, such as a repository's work tree or the export of a commit.
type Tree struct {
	// Root is an absolute path.
	Root string
	// Label names the tree for people: a folder or a commit.
	Label string
	// Owner is whose tree it is, as a forge names them; empty on somebody's own machine. What is installed for the programs of one owner's products is
	// not shared with another's.
	Owner string
}

// Product is one product of a tree, read but not built.
type Product struct {
	// Tree is the tree it was found in, and Path its folder there: slash-separated, "." for the root itself.
	Tree Tree
	Path string
	// Document is the spec with its ledger.
	Document *spec.Document
	// Config is its product.yaml, or the defaults.
	Config Config

	looks *sync.Map // what a first look at seeds told, by path; nil keeps nothing
}

// Name is the product's identity.
func (p *Product) Name() string { return p.Document.Spec.Product }

// Dir is the product's absolute folder.
func (p *Product) Dir() string { return filepath.Join(p.Tree.Root, filepath.FromSlash(p.Path)) }

// Spec is the product's spec.
func (p *Product) Spec() *spec.Spec { return p.Document.Spec }

// Find returns the folders below under (a slash-separated path in the tree) that hold a spec.yaml, in order.
// Dot folders, node_modules and symbolic links are not followed.
func Find(tree Tree, under string) ([]string, error) {
	var found []string
	start := filepath.Join(tree.Root, filepath.FromSlash(under))
	err := filepath.WalkDir(start, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			if name == start {
				return err
			}
			return nil // a folder that may not be read holds no product of ours
		}
		if entry.IsDir() {
			if name != start && (strings.HasPrefix(entry.Name(), ".") || entry.Name() == "node_modules") {
				return filepath.SkipDir
			}
			return nil
		}
		if entry.Name() != SpecFile {
			return nil
		}
		rel, err := filepath.Rel(tree.Root, filepath.Dir(name))
		if err != nil {
			return err
		}
		found = append(found, filepath.ToSlash(rel))
		return nil
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("find products in %s: no such folder", start)
	}
	if err != nil {
		return nil, fmt.Errorf("find products in %s: %w", start, err)
	}
	sort.Strings(found)
	return found, nil
}

// Load reads the product in folder dir of the tree. The problems tell what is wrong with its spec, ledger or
// product.yaml; the product is nil if its spec can't be used at all. Files are named relative to the tree's root.
func Load(tree Tree, dir string) (*Product, bot.Problems) {
	root, err := os.OpenRoot(tree.Root)
	if err != nil {
		return nil, bot.Problems{{File: dir, Message: err.Error()}}
	}
	defer root.Close()
	fsys := root.FS()
	doc, problems := spec.Load(fsys, dir, dir)
	config, more := LoadConfig(fsys, dir)
	problems = append(problems, more...)
	if doc == nil || doc.Spec == nil {
		return nil, problems
	}
	return &Product{Tree: tree, Path: dir, Document: doc, Config: config, looks: &sync.Map{}}, problems
}

// file joins a path inside the product to the product's path, for messages.
func (p *Product) file(name string) string { return path.Join(p.Path, name) }

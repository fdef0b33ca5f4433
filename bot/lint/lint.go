// Package lint checks all that can be said of products without building them.
package lint

import (
	"context"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/engine"
	"github.com/codicil-dev/codicil/bot/product"
	"github.com/codicil-dev/codicil/bot/spec"
)

// parser has DuckDB parse texts; the result has one tree for each text, in order.
type parser interface {
	Parse(ctx context.Context, texts []string) ([]engine.Tree, error)
}

// Lint checks the products below dirs, slash-separated folders of fsys; none means all of fsys. It returns the folders
// of these products and their problems, sorted. The rest of fsys is searched for products too, so that inputs and
// references into them can be resolved; their own problems are left out. Files are named relative to fsys.
//
// The error is not nil if fsys cannot be read, if there is no product below one of dirs, or if the parser itself fails.
func Lint(ctx context.Context, fsys fs.FS, dirs []string, p parser) (products []string, problems bot.Problems, err error) {
	return lint(ctx, fsys, dirs, p, false)
}

// Specs is Lint for the specs and ledgers alone: it leaves out models, seeds and tests, which a build tells more about.
func Specs(ctx context.Context, fsys fs.FS, dirs []string, p parser) (bot.Problems, error) {
	_, problems, err := lint(ctx, fsys, dirs, p, true)
	return problems, err
}

func lint(ctx context.Context, fsys fs.FS, dirs []string, p parser, specsOnly bool) (products []string, problems bot.Problems, err error) {
	if len(dirs) == 0 {
		dirs = []string{"."}
	}
	found, err := find(fsys)
	if err != nil {
		return nil, nil, err
	}
	l := linter{fsys: fsys, specsOnly: specsOnly, byName: map[string]*candidate{}}
	for _, dir := range found {
		l.load(dir, anyContains(dirs, dir))
	}
	for _, dir := range dirs {
		if err := l.mustHold(dir); err != nil {
			return nil, nil, err
		}
	}
	l.nested()
	l.graph()
	for _, pr := range l.products {
		if !pr.chosen {
			continue
		}
		products = append(products, pr.dir)
		pr.check(&l)
	}
	if err := l.parse(ctx, p); err != nil {
		return nil, nil, err
	}
	return products, l.problems.Sorted(), nil
}

// linter gathers problems over all products.
type linter struct {
	fsys      fs.FS
	specsOnly bool
	products  []*candidate          // in order of their folders
	byName    map[string]*candidate // by identity; of several the first
	problems  bot.Problems
	questions []question
}

// candidate is one product under inspection.
type candidate struct {
	dir    string
	chosen bool // its problems are wanted
	broken bool // some of its files were left out
	doc    *spec.Document
}

// load reads the product in dir.
func (l *linter) load(dir string, chosen bool) {
	doc, problems := spec.Load(l.fsys, dir, dir)
	p := &candidate{dir: dir, chosen: chosen, broken: problems.Err() != nil, doc: doc}
	l.products = append(l.products, p)
	_, more := product.LoadConfig(l.fsys, dir)
	if chosen {
		l.problems = append(append(l.problems, problems...), more...)
	}
	if doc.Spec == nil {
		return
	}
	first, taken := l.byName[doc.Spec.Product]
	if !taken {
		l.byName[doc.Spec.Product] = p
		return
	}
	if chosen || first.chosen {
		l.at(p.doc.Source, "/product", "the product %s is in %s already: rename one", doc.Spec.Product, first.dir)
	}
}

// mustHold returns an error if there is no product below dir.
func (l *linter) mustHold(dir string) error {
	for _, p := range l.products {
		if contains(dir, p.dir) {
			return nil
		}
	}
	if _, err := fs.Stat(l.fsys, path.Clean(dir)); err != nil {
		return fmt.Errorf("lint %s: there is no such folder", dir)
	}
	return fmt.Errorf("lint %s: there is no %s in or below this folder; name a folder that holds a product", dir, spec.SpecFile)
}

// nested refuses products inside products.
func (l *linter) nested() {
	for _, p := range l.products {
		for _, outer := range l.products {
			if p != outer && p.chosen && contains(outer.dir, p.dir) {
				l.file(path.Join(p.dir, spec.SpecFile), "this product lies inside the product in %s: move it out", outer.dir)
				break
			}
		}
	}
}

// check looks at everything that concerns one product alone.
func (p *candidate) check(l *linter) {
	if !l.specsOnly {
		p.files(l)
	}
	if p.doc.Spec == nil {
		return
	}
	p.tables(l)
	p.inputs(l)
	p.references(l)
	p.ledger(l)
	if !p.broken { // with an amendment missing, the others seem to claim what isn't so
		p.history(l)
	}
}

// at records an error at the value that a JSON pointer names.
func (l *linter) at(source *spec.Source, pointer, format string, args ...any) {
	line, column := source.At(pointer)
	l.add(source.File(), line, column, bot.SeverityError, format, args...)
}

// warn records a warning at the value that a JSON pointer names.
func (l *linter) warn(source *spec.Source, pointer, format string, args ...any) {
	line, column := source.At(pointer)
	l.add(source.File(), line, column, bot.SeverityWarning, format, args...)
}

// file records an error with a whole file.
func (l *linter) file(name, format string, args ...any) {
	l.add(name, 0, 0, bot.SeverityError, format, args...)
}

// add records a problem.
func (l *linter) add(file string, line, column int, s bot.Severity, format string, args ...any) {
	l.problems = append(l.problems, bot.Problem{File: file, Line: line, Column: column, Severity: s, Message: fmt.Sprintf(format, args...)})
}

// same compares names as DuckDB does.
func same(a, b string) bool { return strings.EqualFold(strings.TrimSpace(a), strings.TrimSpace(b)) }

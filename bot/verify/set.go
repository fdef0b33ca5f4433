package verify

import (
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"sort"
	"time"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/product"
	"github.com/codicil-dev/codicil/bot/spec"
)

// set is the products of both sides.
type set struct {
	in         Input
	base, head *product.Side
	// wanted are the products to verify, by name; unreadable are results about products whose specs can't be read.
	wanted        []string
	unreadable    []bot.Result
	unreadableDir map[string]string // product path by name shown in results
	// brokenBase says which products have a base that can't be read, and why.
	brokenBase map[string]string
	// verified is the work on the products that were verified so far.
	verified map[string]*work
	// inScope are the base's products below Under.
	inScope []*product.Product
}

// load reads the products of all trees.
func (v *Verifier) load(in Input) (*set, error) {
	s := &set{in: in, brokenBase: map[string]string{}, unreadableDir: map[string]string{}, verified: map[string]*work{}}
	headProducts, found, err := s.loadHead()
	if err != nil {
		return nil, err
	}
	var baseProducts []*product.Product
	if in.Base != nil {
		if baseProducts, err = s.loadBase(); err != nil {
			return nil, err
		}
	}
	if !found && len(s.inScope) == 0 {
		return nil, fmt.Errorf("no product in %s: a product is a folder with a %s", path.Join(s.in.Head.Root, s.in.Under), product.SpecFile)
	}
	s.followMoved(headProducts)
	if in.Readers {
		s.followReaders(headProducts, baseProducts)
	}
	outside, err := loadOutside(in.With)
	if err != nil {
		return nil, err
	}
	clock := PinnedClock(v.Now(), baseProducts, headProducts)
	s.head = product.NewSide(v.Builder, headProducts, outside, clock)
	s.base = product.NewSide(v.Builder, baseProducts, outside, clock)
	s.base.IsBase = true
	if in.Base != nil {
		s.head.Other, s.base.Other = s.base, s.head
	}
	return s, nil
}

// loadHead reads the head's products. Problems of those below Under are results; others matter once they are read as inputs, or were
// below Under at the base. Found says whether there are any below Under.
func (s *set) loadHead() (products []*product.Product, found bool, err error) {
	all, err := product.Find(s.in.Head, ".")
	if err != nil {
		return nil, false, err
	}
	names := map[string]string{}
	for _, dir := range all {
		wanted := isBelow(dir, s.in.Under)
		found = found || wanted
		p, problems := product.Load(s.in.Head, dir)
		if err := problems.Err(); err != nil || p == nil {
			if wanted {
				s.cannotRead(dir, p, problems)
			}
			continue
		}
		if first, ok := names[p.Name()]; ok {
			if wanted || isBelow(first, s.in.Under) {
				s.cannotRead(dir, nil, bot.Problems{{File: path.Join(dir, product.SpecFile), Message: fmt.Sprintf("the product %s is also in %s; give one of them another name", p.Name(), first)}})
			}
			continue
		}
		names[p.Name()] = dir
		products = append(products, p)
		if wanted {
			s.wanted = append(s.wanted, p.Name())
		}
	}
	return products, found, nil
}

// followMoved adds the products that were moved out of Under: whoever wants the folder verified means them too.
func (s *set) followMoved(head []*product.Product) {
	for _, old := range s.inScope {
		for _, p := range head {
			if p.Name() == old.Name() && !containsString(s.wanted, p.Name()) {
				s.wanted = append(s.wanted, p.Name())
			}
		}
	}
	sort.Strings(s.wanted)
}

// cannotRead makes one failed result of each error in a product's files.
func (s *set) cannotRead(dir string, p *product.Product, problems bot.Problems) {
	name := path.Base(path.Join(filepath.ToSlash(s.in.Head.Root), dir))
	if p != nil {
		name = p.Name()
	}
	if p == nil {
		name = guessName(s.in.Head, dir, name)
	}
	s.unreadableDir[name] = dir
	n := 0
	for _, problem := range problems.Sorted() {
		if problem.Severity == bot.SeverityWarning {
			continue
		}
		n++
		s.unreadable = append(s.unreadable, bot.Result{Product: name, ID: fmt.Sprintf("build/spec/%d", n), Area: bot.AreaBuild, Name: "spec and ledger can be read",
			Status: bot.Fail, Message: problem.Message, File: problem.File, Line: problem.Line})
	}
}

// productLine is where a spec.yaml says which product it is.
var productLine = regexp.MustCompile(`(?m)^product:[ \t]*["']?([A-Za-z0-9_-]+)`)

// guessName finds out which product a spec.yaml speaks of that can't be read as a whole; without a word of it, otherwise.
func guessName(tree product.Tree, dir, otherwise string) string {
	root, err := os.OpenRoot(tree.Root)
	if err != nil {
		return otherwise
	}
	defer root.Close()
	f, err := root.Open(path.Join(dir, product.SpecFile))
	if err != nil {
		return otherwise
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, spec.MaxFileSize))
	if found := productLine.FindSubmatch(data); err == nil && found != nil {
		return string(found[1])
	}
	return otherwise
}

// loadBase reads the base's products. One that can't be read has no base to be compared with.
func (s *set) loadBase() ([]*product.Product, error) {
	all, err := product.Find(*s.in.Base, ".")
	if err != nil {
		return nil, err
	}
	var products []*product.Product
	for _, dir := range all {
		p, problems := product.Load(*s.in.Base, dir)
		if err := problems.Err(); err != nil || p == nil {
			why := problems.Sorted()[0].String()
			name := guessName(*s.in.Base, dir, "")
			if p != nil {
				name = p.Name()
			}
			s.brokenBase[name] = why
			continue
		}
		products = append(products, p)
		if isBelow(dir, s.in.Under) {
			s.inScope = append(s.inScope, p)
		}
	}
	return products, nil
}

func loadOutside(trees []product.Tree) ([]*product.Product, error) {
	var products []*product.Product
	for _, tree := range trees {
		all, err := product.Find(tree, ".")
		if err != nil {
			return nil, err
		}
		for _, dir := range all {
			p, problems := product.Load(tree, dir)
			if err := problems.Err(); err != nil {
				return nil, fmt.Errorf("read %s: %w", tree.Label, err)
			}
			products = append(products, p)
		}
	}
	return products, nil
}

// isBelow says whether dir is under or below it.
func isBelow(dir, under string) bool {
	if under == "." || under == "" || dir == under {
		return true
	}
	return len(dir) > len(under) && dir[:len(under)] == under && dir[len(under)] == '/'
}

// names are the products to verify.
func (s *set) names() []string { return s.wanted }

// vanished are the base's products below Under that the head has nowhere.
func (s *set) vanished() []bot.Result {
	var out []bot.Result
	for _, p := range s.inScope {
		_, there := s.head.Product(p.Name())
		if _, broken := s.unreadableDir[p.Name()]; there || broken || s.unreadableAt(p.Path) {
			continue
		}
		out = append(out, bot.Result{Product: p.Name(), ID: "build/vanished", Area: bot.AreaBuild, Name: "the product is still there", Status: bot.Fail,
			Message: fmt.Sprintf("product %s was at %s and is nowhere now; bring it back, or if it was renamed keep its `product: %s`", p.Name(), p.Path, p.Name()), File: p.Path})
	}
	return out
}

func (s *set) unreadableAt(dir string) bool {
	for _, d := range s.unreadableDir {
		if d == dir {
			return true
		}
	}
	return false
}

// unreadableProducts adds the products that could not be verified to the report's list.
func (s *set) unreadableProducts(r *bot.Report) {
	known := map[string]bool{}
	for _, p := range r.Products {
		known[p.Product] = true
	}
	for _, result := range r.Results {
		if known[result.Product] {
			continue
		}
		known[result.Product] = true
		dir := s.unreadableDir[result.Product]
		if dir == "" {
			dir = result.File
		}
		r.Products = append(r.Products, bot.ProductReport{Product: result.Product, Path: dir, Verdict: bot.VerdictFail, Impact: bot.ImpactNone})
	}
	sort.SliceStable(r.Products, func(i, j int) bool { return r.Products[i].Product < r.Products[j].Product })
}

// notes are remarks about the whole run.
func (s *set) notes() []string {
	if s.in.Base == nil && s.in.NoBase != "" {
		return []string{"nothing was compared: " + s.in.NoBase}
	}
	return nil
}

// PinnedClock is the instant to which builds of these products are pinned: when the newest amendment was asked for, so that it moves with the
// product and not with the day, and the same data gives the same tables. Amendments that say they were asked for in the future do not
// count, so that nobody moves the clock at will. Its odd fraction shows up where it is stored.
func PinnedClock(now time.Time, base, head []*product.Product) time.Time {
	products := base
	if len(products) == 0 {
		products = head
	}
	at := time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC)
	for _, p := range products {
		for _, e := range p.Document.Ledger.Entries {
			if asked := e.Amendment.Origin.At; asked != nil && asked.After(at) && !asked.After(now) && asked.Year() <= lastYear {
				at = asked.UTC()
			}
		}
	}
	return at.Truncate(24 * time.Hour).Add(3*time.Hour + 7*time.Minute + 11*time.Second + 123456*time.Microsecond)
}

// lastYear is the last year to which the clock is pinned, also where this machine's own clock is wrong.
const lastYear = 2100

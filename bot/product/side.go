package product

import (
	"context"
	"fmt"
	"path"
	"runtime"
	"sort"
	"strings"
	"time"

	"github.com/Masterminds/semver/v3"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/spec"
)

// Mode says on which data, and under which circumstances, a build is made.
type Mode int

const (
	// Own is on the product's own seeds.
	Own Mode = iota
	// Same is on the data that both sides share: see SameData.
	Same
	// Control is as Same, with another clock, number of threads, random seed and order of seed rows.
	Control
)

// Side is one of the two states that are compared: all products of a tree, and of the trees that inputs may come from.
// A Side is not safe for concurrent use.
type Side struct {
	// Other is the side that this one is compared with; nil if there is none.
	Other *Side
	// IsBase tells which of the two this is.
	IsBase bool
	// Clock is what now() and its kin are pinned to.
	Clock time.Time

	builder  *Builder
	products map[string]*Product
	outside  map[string]*Product // of other trees, for inputs only
	built    map[string]*Build
	waiting  []string // products whose builds have begun, to name a cycle
}

// NewSide makes a side of products, by their names, and of products outside, which only serve as inputs.
func NewSide(builder *Builder, products, outside []*Product, clock time.Time) *Side {
	s := &Side{builder: builder, Clock: clock, products: map[string]*Product{}, outside: map[string]*Product{}, built: map[string]*Build{}}
	for _, p := range outside {
		s.outside[p.Name()] = p
	}
	for _, p := range products {
		s.products[p.Name()] = p
	}
	return s
}

// Product returns the product of that name; ok is false if this side has none.
func (s *Side) Product(name string) (p *Product, ok bool) {
	p, ok = s.products[name]
	return p, ok
}

// Input returns the product that an input names, of this side or from outside; ok is false if there is none.
func (s *Side) Input(name string) (p *Product, ok bool) {
	if p, ok = s.products[name]; !ok {
		p, ok = s.outside[name]
	}
	return p, ok
}

// Products returns the side's products in order of their names.
func (s *Side) Products() []*Product {
	out := make([]*Product, 0, len(s.products))
	for _, p := range s.products {
		out = append(out, p)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Name() < out[j].Name() })
	return out
}

// Build builds the product of that name, after the products that it reads. What is wrong with models, seeds and inputs is in the build's
// problems; the error is for what stood in the way of building at all.
func (s *Side) Build(ctx context.Context, name string, mode Mode) (*Build, error) {
	p, ok := s.Input(name)
	if !ok {
		return nil, fmt.Errorf("build %s: no such product", name)
	}
	memo := fmt.Sprintf("%d %s", mode, name)
	if b, ok := s.built[memo]; ok {
		return b, nil
	}
	for i, w := range s.waiting {
		if w == name {
			return nil, fmt.Errorf("products read each other in a circle: %s; take one of the inputs out", strings.Join(append(s.waiting[i:], name), " → "))
		}
	}
	s.waiting = append(s.waiting, name)
	defer func() { s.waiting = s.waiting[:len(s.waiting)-1] }()
	pl, problems, err := s.plan(ctx, p, mode)
	if err != nil {
		return nil, err
	}
	b, err := s.builder.build(ctx, pl)
	if err != nil {
		return nil, err
	}
	if len(problems) > 0 {
		shown := *b
		shown.Problems = append(append(bot.Problems(nil), problems...), b.Problems...)
		b = &shown
	}
	s.built[memo] = b
	return b, nil
}

// plan gathers what a build of p is made from.
func (s *Side) plan(ctx context.Context, p *Product, mode Mode) (*plan, bot.Problems, error) {
	models, problems := p.Models()
	seeds, more := s.seeds(p, mode)
	problems = append(problems, more...)
	pl := &plan{Product: p.Name(), Models: models, Seeds: seeds, Clock: s.Clock, Threads: s.threads(), path: p.Path}
	if mode == Control {
		pl.Control = true
		pl.Clock = s.Clock.AddDate(1, 1, 1).Add(7*time.Hour + 13*time.Minute + 17*time.Second)
		pl.Threads = 1
		if s.threads() == 1 {
			pl.Threads = 2
		}
	}
	for i, in := range p.Spec().Inputs {
		problem, err := s.input(ctx, p, pl, i, in, mode)
		if err != nil {
			return nil, nil, err
		}
		if problem.Message != "" {
			problems = append(problems, problem)
		}
	}
	return pl, problems, nil
}

func (s *Side) threads() int {
	if s.builder.Threads > 0 {
		return s.builder.Threads
	}
	return runtime.NumCPU()
}

// seeds are the seeds of p in this mode.
func (s *Side) seeds(p *Product, mode Mode) ([]Seed, bot.Problems) {
	own, problems := p.Seeds()
	if mode == Own || s.Other == nil {
		return own, problems
	}
	counterpart, ok := s.Other.Product(p.Name())
	if !ok {
		return own, problems
	}
	theirs, _ := counterpart.Seeds() // their problems are told by their own build
	if s.IsBase {
		same, _, _ := SameData(own, theirs)
		return withoutClashes(same, own, p), problems
	}
	_, same, _ := SameData(theirs, own)
	return withoutClashes(same, own, p), problems
}

// withoutClashes leaves out seeds of the other side whose table this side makes in another way: by a model or an input.
func withoutClashes(same, own []Seed, p *Product) []Seed {
	taken := map[string]bool{}
	models, _ := p.Models()
	for _, m := range models {
		taken[strings.ToLower(m.Name)] = true
	}
	for _, in := range p.Spec().Inputs {
		taken[strings.ToLower(in.Table)] = true
	}
	for _, o := range own {
		delete(taken, strings.ToLower(o.Table)) // an own seed that clashes is an error to be told
	}
	var out []Seed
	for _, c := range same {
		if !taken[strings.ToLower(c.Table)] {
			out = append(out, c)
		}
	}
	return out
}

// OwnDataDiffers says whether the product's own seeds hold other rows than those that both sides share.
func (s *Side) OwnDataDiffers(ctx context.Context, name string) (bool, error) {
	own, err := s.Build(ctx, name, Own)
	if err != nil {
		return false, err
	}
	same, err := s.Build(ctx, name, Same)
	if err != nil {
		return false, err
	}
	return own.Key != same.Key, nil
}

// input adds one input to the plan: another product's build, or a snapshot of it among the seeds. The problem's
// message is empty if all is well.
func (s *Side) input(ctx context.Context, p *Product, pl *plan, i int, in spec.Input, mode Mode) (bot.Problem, error) {
	line, column := p.Document.Source.At(fmt.Sprintf("/inputs/%d", i))
	problem := bot.Problem{File: path.Join(p.Path, SpecFile), Line: line, Column: column}
	from, ok := s.Input(in.Product)
	_, bare := SplitName(in.Table)
	if !ok {
		for _, seed := range pl.Seeds {
			if strings.EqualFold(seed.Table, bare) {
				return problem, nil
			}
		}
		problem.Message = fmt.Sprintf("product %s is not in this repository and there is no snapshot of it; name its folder with --with, or put one at seeds/%s.csv", in.Product, bare)
		return problem, nil
	}
	if message := unfitVersion(in, from.Spec().Version); message != "" {
		problem.Message = message
		return problem, nil
	}
	b, err := s.Build(ctx, in.Product, mode)
	if err != nil {
		return problem, err
	}
	if _, ok := b.Table(in.Table); !ok {
		problem.Message = fmt.Sprintf("product %s has no table %s", in.Product, in.Table)
		if !b.OK() {
			problem.Message += ", since it does not build: " + b.Problems.Sorted()[0].String()
		}
		return problem, nil
	}
	pl.Inputs = append(pl.Inputs, InputTable{Name: bare, Product: in.Product, Table: in.Table, Version: from.Spec().Version, Key: b.Key})
	pl.before = append(pl.before, b)
	return problem, nil
}

// unfitVersion says why a product's version does not satisfy the input's constraint; empty if it does.
func unfitVersion(in spec.Input, version string) string {
	if in.Version == "" {
		return ""
	}
	constraint, err := semver.NewConstraint(in.Version)
	if err != nil {
		return fmt.Sprintf("the version constraint %q is not understood; write one such as ^1.0", in.Version)
	}
	v, err := semver.NewVersion(version)
	if err != nil || !constraint.Check(v) {
		return fmt.Sprintf("product %s has version %s, which %s does not allow; adapt to the new version and change the constraint", in.Product, version, in.Version)
	}
	return ""
}

package product

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"runtime"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/codicil-dev/codicil/bot"
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
			return nil, &CircleError{Products: append(slices.Clone(s.waiting[i:]), name)}
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
	b = b.placed(problems, p.file)
	b.Path = p.Path
	s.built[memo] = b
	return b, nil
}

// plan gathers what a build of p is made from.
func (s *Side) plan(ctx context.Context, p *Product, mode Mode) (*plan, bot.Problems, error) {
	program, problems := p.Program()
	var models []SQLFile
	absent := tableSet{}
	if program == nil {
		models, absent, problems = p.readModels()
	} else if s.builder.Programs == nil {
		return nil, nil, fmt.Errorf("build %s: %w", p.Name(), ErrNoPrograms)
	} else if environment, err := s.builder.Programs.Environment(ctx, *program); err != nil {
		return nil, nil, fmt.Errorf("build %s: %w", p.Name(), err)
	} else {
		program.Environment = environment
		if s.builder.NoNetwork {
			program.Network = nil
		}
	}
	seeds, absentSeeds, more := s.seeds(p, mode)
	problems = append(problems, more...)
	maps.Copy(absent, absentSeeds)
	pl := &plan{Product: p.Name(), Models: models, Seeds: seeds, Clock: s.Clock, Threads: s.threads(), Program: program, dir: p.Dir(), owner: p.Tree.Owner, absent: absent}
	if mode == Control {
		pl.Control = true
		pl.Clock = s.Clock.AddDate(1, 1, 1).Add(7*time.Hour + 13*time.Minute + 17*time.Second)
		pl.Threads = 1
		if s.threads() == 1 {
			pl.Threads = 2
		}
	}
	if drawsAtRandom(models) {
		pl.Threads = 1 // else equal seeds of the random numbers do not give equal numbers
	}
	for i, in := range p.Spec().Inputs {
		problem, err := s.input(ctx, p, pl, i, in, mode)
		if err != nil {
			return nil, nil, err
		}
		if problem.Message != "" {
			problems = append(problems, problem)
			_, bare := SplitName(in.Table)
			pl.absent.add(bare)
			pl.absent.add(in.Product + "." + in.Table)
		}
	}
	return pl, problems, nil
}

// randomWords are words in SQL without which it draws nothing at random; that they are there may mean nothing.
var randomWords = regexp.MustCompile(`(?i)random|uuid|sample|reservoir`)

// drawsAtRandom says whether models may make random values or draw random rows.
func drawsAtRandom(models []SQLFile) bool {
	return slices.ContainsFunc(models, func(m SQLFile) bool { return randomWords.MatchString(m.Text) })
}

// CircleError says that products read each other, so that none can be built first.
type CircleError struct {
	// Products begins and ends with the same name.
	Products []string
}

// Error names the products and what to do.
func (e *CircleError) Error() string {
	return "products read each other in a circle: " + strings.Join(e.Products, " → ") + "; take one of the inputs out"
}

func (s *Side) threads() int {
	if s.builder.Threads > 0 {
		return s.builder.Threads
	}
	return runtime.NumCPU()
}

// seeds are the seeds of p in this mode.
func (s *Side) seeds(p *Product, mode Mode) ([]Seed, tableSet, bot.Problems) {
	own, absent, problems := p.readSeeds()
	if mode == Own || s.Other == nil {
		return own, absent, problems
	}
	counterpart, ok := s.Other.Product(p.Name())
	if !ok {
		return own, absent, problems
	}
	theirs, _ := counterpart.Seeds() // their problems are told by their own build
	if s.IsBase {
		same, _, _ := SameData(own, theirs)
		return withoutClashes(same, own, p), absent, problems
	}
	_, same, _ := SameData(theirs, own)
	return withoutClashes(same, own, p), absent, problems
}

// withoutClashes leaves out seeds of the other side whose table this side makes in another way: by a model or an input.
func withoutClashes(same, own []Seed, p *Product) []Seed {
	taken := tableSet{}
	models, _ := p.Models()
	for _, m := range models {
		taken.add(m.Name)
	}
	for _, in := range p.Spec().Inputs {
		_, bare := SplitName(in.Table)
		taken.add(bare)
	}
	for _, o := range own {
		delete(taken, TableKey(o.Table)) // an own seed that clashes is an error to be told
	}
	var out []Seed
	for _, c := range same {
		if !taken.has(c.Table) {
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

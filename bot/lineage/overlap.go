package lineage

import (
	"encoding/json"
	"sort"
)

// Overlap is a part that several statements have in common, up to the names of their tables' aliases and of their results.
type Overlap struct {
	// Trees are the statements that hold it, as indexes in the order in which they were given; two at least.
	Trees []int
	// Nodes is its size.
	Nodes int
	// Kind says what it is.
	Kind OverlapKind
	// Statement is a document for DuckDB's json_deserialize_sql that shows the part as the first of the statements writes it:
	// a whole query, SELECT with the expression alone, or SELECT * with the tables and the condition.
	Statement json.RawMessage
}

// OverlapKind is what kind of part repeats.
type OverlapKind int

const (
	// QueryOverlap is a query or subquery.
	QueryOverlap OverlapKind = iota
	// SourceOverlap is what a query reads: joined tables and the condition on them.
	SourceOverlap
	// ExpressionOverlap is an expression.
	ExpressionOverlap
)

// Repetition says how far statements repeat each other.
type Repetition struct {
	// Overlaps are the greatest parts in common, the largest first. What lies within one of them is not told again.
	Overlaps []Overlap
	// Pairs are the pairs of statements that have anything in common, those with the greatest share first.
	Pairs []PairShare
	// Share is the share of all nodes that stand in a part that another statement has as well, from 0 to 1.
	Share float64
}

// PairShare is the share of the nodes of statements A and B that they have in common, from 0 to 1.
type PairShare struct {
	A, B  int
	Share float64
}

// Overlaps finds the parts of at least least nodes that different statements share. Each tree is a document of DuckDB's
// json_serialize_sql; one that is none shares nothing. Lists of columns and other parts that compute next to nothing do not
// count, however long they are.
func Overlaps(trees []json.RawMessage, least int) Repetition {
	sizes := make([]int, len(trees))
	groups := map[string][]part{}
	for i, tree := range trees {
		statements, err := statementsOf(tree)
		if err != nil {
			continue
		}
		parts, size := partsOf(i, statements)
		sizes[i] = size
		for _, p := range parts {
			if p.nodes >= least && p.operations >= leastOperations {
				groups[p.hash] = append(groups[p.hash], p)
			}
		}
	}
	c := coverage{shared: make([]map[int]bool, len(trees)), pairs: map[[2]int]map[[2]int]bool{}}
	var out Repetition
	for _, group := range bySize(groups) {
		if held := treesOf(group); len(held) > 1 && c.add(group, held) {
			out.Overlaps = append(out.Overlaps, Overlap{Trees: held, Nodes: group[0].nodes, Kind: group[0].kind, Statement: group[0].statement()})
		}
	}
	out.Pairs, out.Share = c.shares(sizes)
	return out
}

// leastOperations is how much a part must compute to be worth mentioning.
const leastOperations = 2

// bySize orders groups of equal parts, the largest first.
func bySize(groups map[string][]part) [][]part {
	out := make([][]part, 0, len(groups))
	for _, g := range groups {
		out = append(out, g)
	}
	sort.Slice(out, func(i, j int) bool {
		a, b := out[i][0], out[j][0]
		switch {
		case a.nodes != b.nodes:
			return a.nodes > b.nodes
		case a.tree != b.tree:
			return a.tree < b.tree
		case a.start != b.start:
			return a.start < b.start
		}
		return a.end > b.end
	})
	return out
}

// treesOf are the statements that hold parts.
func treesOf(group []part) []int {
	var out []int
	for _, p := range group {
		if len(out) == 0 || out[len(out)-1] != p.tree {
			out = append(out, p.tree)
		}
	}
	return out
}

// coverage knows what was reported already.
type coverage struct {
	told   []part
	shared []map[int]bool             // nodes in a shared part, by statement
	pairs  map[[2]int]map[[2]int]bool // for two statements, their nodes in common as statement and node
}

// add takes a group of equal parts in; it returns false if each of them lies within a part that was reported before.
func (c *coverage) add(group []part, held []int) bool {
	fresh := false
	for _, p := range group {
		fresh = fresh || !c.within(p)
	}
	if !fresh {
		return false
	}
	c.told = append(c.told, group...)
	for _, p := range group {
		if c.shared[p.tree] == nil {
			c.shared[p.tree] = map[int]bool{}
		}
		for n := p.start; n < p.end; n++ {
			c.shared[p.tree][n] = true
			for _, other := range held {
				if other != p.tree {
					c.pair(p.tree, other, n)
				}
			}
		}
	}
	return true
}

func (c *coverage) pair(tree, other, node int) {
	key := [2]int{min(tree, other), max(tree, other)}
	if c.pairs[key] == nil {
		c.pairs[key] = map[[2]int]bool{}
	}
	c.pairs[key][[2]int{tree, node}] = true
}

func (c *coverage) within(p part) bool {
	for _, t := range c.told {
		if t.tree == p.tree && t.start <= p.start && p.end <= t.end {
			return true
		}
	}
	return false
}

// shares sums up.
func (c *coverage) shares(sizes []int) (pairs []PairShare, share float64) {
	all, shared := 0, 0
	for i, n := range sizes {
		all += n
		shared += len(c.shared[i])
	}
	for key, nodes := range c.pairs {
		pairs = append(pairs, PairShare{A: key[0], B: key[1], Share: float64(len(nodes)) / float64(sizes[key[0]]+sizes[key[1]])})
	}
	sort.Slice(pairs, func(i, j int) bool {
		a, b := pairs[i], pairs[j]
		switch {
		case a.Share != b.Share:
			return a.Share > b.Share
		case a.A != b.A:
			return a.A < b.A
		}
		return a.B < b.B
	})
	if all > 0 {
		share = float64(shared) / float64(all)
	}
	return pairs, share
}

package lineage

import (
	"sort"
	"strings"
)

// CycleError is a circle of tables of which each reads the next, so that none can be built first.
type CycleError struct {
	// Path begins and ends with the same name.
	Path []string
}

// Error is a → b → a.
func (e *CycleError) Error() string { return strings.Join(e.Path, " → ") }

// Order lists the keys of reads so that each comes after those that it reads; where that leaves a choice, by name.
// Names are compared without regard to case. What is read but is no key is left out. The error is a *CycleError
// with the shortest circle.
func Order(reads map[string][]string) ([]string, error) {
	g := newGraph(reads)
	waits := make([]int, len(g.names))
	readers := make([][]int, len(g.names))
	for i, from := range g.reads {
		waits[i] = len(from)
		for _, j := range from {
			readers[j] = append(readers[j], i)
		}
	}
	var ready, out []int
	for i := range g.names {
		if waits[i] == 0 {
			ready = append(ready, i)
		}
	}
	for len(ready) > 0 {
		next := ready[0]
		ready = ready[1:]
		out = append(out, next)
		for _, r := range readers[next] {
			if waits[r]--; waits[r] == 0 {
				at := sort.SearchInts(ready, r)
				ready = append(ready[:at:at], append([]int{r}, ready[at:]...)...)
			}
		}
	}
	if len(out) < len(g.names) {
		return nil, &CycleError{Path: g.label(g.shortestCycle())}
	}
	return g.label(out), nil
}

// graph is who reads whom, by index into names, which are sorted.
type graph struct {
	names []string
	reads [][]int
}

// newGraph resolves names without regard to case and drops repeated reads.
func newGraph(reads map[string][]string) graph {
	g := graph{names: make([]string, 0, len(reads))}
	for name := range reads {
		g.names = append(g.names, name)
	}
	sort.Slice(g.names, func(i, j int) bool {
		a, b := strings.ToLower(g.names[i]), strings.ToLower(g.names[j])
		return a < b || a == b && g.names[i] < g.names[j]
	})
	index := map[string]int{}
	for i, name := range g.names {
		index[strings.ToLower(name)] = i
	}
	g.reads = make([][]int, len(g.names))
	for i, name := range g.names {
		seen := map[int]bool{}
		for _, from := range reads[name] {
			if j, ok := index[strings.ToLower(from)]; ok && !seen[j] {
				seen[j] = true
				g.reads[i] = append(g.reads[i], j)
			}
		}
		sort.Ints(g.reads[i])
	}
	return g
}

// label turns indexes into names.
func (g graph) label(path []int) []string {
	out := make([]string, len(path))
	for i, p := range path {
		out[i] = g.names[p]
	}
	return out
}

// shortestCycle searches from every name in turn; the first of equally short circles wins.
func (g graph) shortestCycle() []int {
	var best []int
	for start := range g.names {
		if c := g.cycleFrom(start, len(best)); c != nil {
			best = c
		}
	}
	return best
}

// cycleFrom is the shortest way from start back to itself, if it is shorter than limit; limit 0 means any length.
func (g graph) cycleFrom(start, limit int) []int {
	type step struct{ at, from, length int }
	queue := []step{{at: start, from: -1, length: 1}}
	seen := map[int]bool{}
	for head := 0; head < len(queue); head++ {
		if limit > 0 && queue[head].length+1 >= limit {
			return nil
		}
		for _, next := range g.reads[queue[head].at] {
			if next == start {
				path := []int{start}
				for i := head; i >= 0; i = queue[i].from {
					path = append(path, queue[i].at)
				}
				for i, j := 0, len(path)-1; i < j; i, j = i+1, j-1 {
					path[i], path[j] = path[j], path[i]
				}
				return path
			}
			if !seen[next] {
				seen[next] = true
				queue = append(queue, step{at: next, from: head, length: queue[head].length + 1})
			}
		}
	}
	return nil
}

package survey

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/codicil-dev/codicil/bot/engine"
)

// Limits of the search for keys.
const (
	longestKey = 3
	keyColumns = 16 // columns that are tried
	keySets    = 24 // sets that are counted by one query
	mostSets   = 240
	shownKeys  = 3
	// manyKeyRows is from how many rows on no more than a few sets are tried.
	manyKeyRows = 5_000_000
)

// findKeys looks for the sets of columns that name one row: unique, never NULL, as small as can be.
func (t *Table) findKeys(ctx context.Context, session *engine.Session) error {
	if t.Rows == 0 {
		return nil
	}
	candidates := t.keyCandidates()
	var found []keySet
	for size := 1; size <= longestKey; size++ {
		if size == longestKey && len(found) > 0 && found[0].cost <= float64(size) {
			break // three columns would not be better
		}
		sets := t.keySets(candidates, size, found)
		if t.Rows > manyKeyRows {
			sets = sets[:min(len(sets), keySets)]
		}
		for part := range slices.Chunk(sets, keySets) {
			unique, err := t.unique(ctx, session, part)
			if err != nil {
				return err
			}
			found = append(found, unique...)
		}
		slices.SortStableFunc(found, byCost)
	}
	for _, k := range found[:min(len(found), shownKeys)] {
		t.Keys = append(t.Keys, k.names)
	}
	return nil
}

// keySet is a set of columns that may be a key. The less it costs, the more it looks like one.
type keySet struct {
	names []string
	cost  float64
}

func byCost(a, b keySet) int {
	switch {
	case a.cost < b.cost:
		return -1
	case a.cost > b.cost:
		return 1
	}
	return 0
}

// keyCandidates are the columns that may be part of a key, with what each costs: names that say so and the first columns cost least.
// Amounts never name a row, however different they are.
func (t *Table) keyCandidates() []keySet {
	var out []keySet
	for i := range t.Columns {
		c := &t.Columns[i]
		base, _, _ := strings.Cut(c.Type, "(")
		cost, ok := map[string]float64{
			"VARCHAR": 2, "UUID": 1, "DATE": 2, "TIMESTAMP": 5, "TIMESTAMP WITH TIME ZONE": 5, "TINYINT": 3, "SMALLINT": 3, "INTEGER": 3, "BIGINT": 3, "HUGEINT": 4,
			"UTINYINT": 3, "USMALLINT": 3, "UINTEGER": 3, "UBIGINT": 3,
		}[base]
		if !ok || !t.complete(c) || strings.HasSuffix(c.Type, "]") || c.Distinct < 2 && t.Rows > 1 {
			continue
		}
		if IsIdentifier(c.Name) {
			cost = 1
		} else if isMeasure(c.Name) {
			cost += 4
		}
		if i == 0 {
			cost-- // people begin a table with what its rows are about
		}
		out = append(out, keySet{[]string{c.Name}, cost + 0.1*float64(i)})
	}
	slices.SortStableFunc(out, byCost)
	return out[:min(len(out), keyColumns)]
}

// keySets combines candidates to sets of a size, the cheapest first; those that hold a smaller key, or whose columns have too few
// values to tell all rows apart, are left out.
func (t *Table) keySets(candidates []keySet, size int, found []keySet) []keySet {
	var out []keySet
	var extend func(from int, set keySet, reach float64)
	extend = func(from int, set keySet, reach float64) {
		if len(set.names) == size {
			if reach >= float64(t.Rows) && !slices.ContainsFunc(found, func(k keySet) bool { return within(k.names, set.names) }) {
				out = append(out, keySet{t.inOrder(set.names), set.cost})
			}
			return
		}
		for i := from; i < len(candidates); i++ {
			c, _ := t.Column(candidates[i].names[0])
			extend(i+1, keySet{append(slices.Clone(set.names), c.Name), set.cost + candidates[i].cost}, reach*float64(c.Distinct))
		}
	}
	extend(0, keySet{}, 1)
	slices.SortStableFunc(out, byCost)
	return out[:min(len(out), mostSets)]
}

// within says whether all of a is in b.
func within(a, b []string) bool {
	for _, s := range a {
		if !slices.Contains(b, s) {
			return false
		}
	}
	return true
}

// inOrder sorts names as the table has its columns.
func (t *Table) inOrder(names []string) []string {
	var out []string
	for _, c := range t.Columns {
		if slices.Contains(names, c.Name) {
			out = append(out, c.Name)
		}
	}
	return out
}

// unique returns those of the sets that name one row each.
func (t *Table) unique(ctx context.Context, session *engine.Session, sets []keySet) (out []keySet, err error) {
	list := make([]string, len(sets))
	for i, s := range sets {
		fields := make([]string, len(s.names))
		for n, name := range s.names {
			fields[n] = fmt.Sprintf("k%d := %s", n, engine.Ident(name))
		}
		list[i] = "count(DISTINCT struct_pack(" + strings.Join(fields, ", ") + "))"
	}
	rows, err := session.Query(ctx, "SELECT "+strings.Join(list, ", ")+" FROM "+t.From, 1)
	if err != nil {
		return nil, err
	}
	for i, v := range rows.Values[0] {
		if n, err := strconv.ParseInt(*v, 10, 64); err == nil && n == t.Rows {
			out = append(out, sets[i])
		}
	}
	return out, nil
}

// wordEnd is where a name in camel case begins a new word, and noLetter what stands between words otherwise.
var (
	wordEnd  = regexp.MustCompile(`([a-z0-9])([A-Z])`)
	noLetter = regexp.MustCompile(`[^a-z0-9]+`)
)

// words are those of a column's name, in small letters.
func words(name string) []string {
	return strings.Fields(noLetter.ReplaceAllString(strings.ToLower(wordEnd.ReplaceAllString(name, "${1} $2")), " "))
}

// IsIdentifier says whether a column's name tells that it names something.
func IsIdentifier(name string) bool {
	w := words(name)
	return len(w) > 0 && slices.Contains([]string{"id", "key", "uuid", "number", "no", "code", "sku"}, w[len(w)-1])
}

// isMeasure says whether a column's name tells that it counts or measures.
func isMeasure(name string) bool {
	return slices.ContainsFunc(words(name), func(w string) bool {
		return slices.Contains([]string{"amount", "total", "sum", "count", "quantity", "qty", "price", "cost", "value", "rate", "share", "days", "hours", "minutes",
			"seconds", "score", "balance", "points"}, w)
	})
}

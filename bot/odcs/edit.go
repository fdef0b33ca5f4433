package odcs

import (
	"sort"
	"strconv"
	"strings"
)

// customKey is where a spec keeps, under custom, what its contract says and the spec cannot.
const customKey = "odcs"

// edit is one difference between the contract that a spec makes by itself and the one that it was imported from.
// It holds only as long as the spec still makes what it was taken against.
type edit struct {
	// at names the place by keys; entries of lists go by name, property or number.
	at []string
	// of is what the spec makes there; absent if hasOf is false.
	of    any
	hasOf bool
	// value is what the contract says there; absent if hasValue is false.
	value    any
	hasValue bool
	// insert is the place in the list at which value is added, or -1.
	insert int
}

// diff lists the edits that lead from own to theirs.
func diff(own, theirs any) []edit {
	var out []edit
	diffAt(nil, own, theirs, &out)
	return out
}

func diffAt(at []string, own, theirs any, out *[]edit) {
	if same(own, theirs) {
		return
	}
	om, ok1 := own.(map[string]any)
	tm, ok2 := theirs.(map[string]any)
	if ok1 && ok2 {
		diffMaps(at, om, tm, out)
		return
	}
	ol, ok1 := own.([]any)
	tl, ok2 := theirs.([]any)
	if ok1 && ok2 && len(at) > 0 && paired(at[len(at)-1]) {
		if diffLists(at, ol, tl, out) {
			return
		}
	}
	*out = append(*out, edit{at: at, of: own, hasOf: true, value: theirs, hasValue: true, insert: -1})
}

func diffMaps(at []string, own, theirs map[string]any, out *[]edit) {
	keys := map[string]bool{}
	for k := range own {
		keys[k] = true
	}
	for k := range theirs {
		keys[k] = true
	}
	sorted := make([]string, 0, len(keys))
	for k := range keys {
		sorted = append(sorted, k)
	}
	sort.Strings(sorted)
	for _, k := range sorted {
		o, inOwn := own[k]
		t, inTheirs := theirs[k]
		switch {
		case inOwn && inTheirs:
			diffAt(below(at, k), o, t, out)
		default:
			*out = append(*out, edit{at: below(at, k), of: o, hasOf: inOwn, value: t, hasValue: inTheirs, insert: -1})
		}
	}
}

// paired says whether the entries of a list are known by a name, so that they can be told apart when the list changes.
func paired(key string) bool {
	switch key {
	case "schema", "properties", "quality", "relationships", "customProperties":
		return true
	}
	return false
}

// identity is what an entry of a paired list is known by.
func identity(v any) string {
	m, _ := v.(map[string]any)
	for _, keys := range [][]string{{"property"}, {"to"}, {"type", "metric", "name"}, {"metric"}, {"name"}} {
		var parts []string
		for _, k := range keys {
			if s, ok := m[k].(string); ok {
				parts = append(parts, s)
			}
		}
		if len(parts) > 0 {
			return strings.Join(parts, " ")
		}
	}
	return ""
}

// identities numbers repeats, so that each entry of a list is known by something of its own.
func identities(list []any) []string {
	seen := map[string]int{}
	out := make([]string, len(list))
	for i, v := range list {
		id := identity(v)
		seen[id]++
		if seen[id] > 1 || id == "" {
			id += "#" + strconv.Itoa(seen[id])
		}
		out[i] = id
	}
	return out
}

// diffLists matches entries by identity. Those of own that theirs lacks are dropped, those that only theirs has are
// inserted. It gives up, and returns false, if the common ones stand in another order.
func diffLists(at []string, own, theirs []any, out *[]edit) bool {
	ownIDs, theirIDs := identities(own), identities(theirs)
	place := map[string]int{}
	for i, id := range theirIDs {
		place[id] = i
	}
	last := -1
	common := map[string]bool{}
	for _, id := range ownIDs {
		i, ok := place[id]
		if !ok {
			continue
		}
		if i < last {
			return false
		}
		last = i
		common[id] = true
	}
	for i, id := range ownIDs {
		if common[id] {
			diffAt(below(at, id), own[i], theirs[place[id]], out)
			continue
		}
		*out = append(*out, edit{at: below(at, id), of: own[i], hasOf: true, insert: -1})
	}
	for i, id := range theirIDs {
		if !common[id] {
			*out = append(*out, edit{at: at, value: theirs[i], hasValue: true, insert: i})
		}
	}
	return true
}

func below(at []string, key string) []string {
	return append(append(make([]string, 0, len(at)+1), at...), key)
}

// apply makes the edits on a copy of tree; those whose place no longer says what they were taken against are left out.
func apply(tree any, edits []edit) any {
	tree = plain(tree)
	for _, e := range edits {
		if e.insert < 0 && len(e.at) > 0 {
			tree = applyAt(tree, e.at, e, "")
		}
	}
	for _, e := range edits {
		if e.insert >= 0 {
			tree = applyAt(tree, e.at, e, "")
		}
	}
	return prune(tree)
}

// gone marks an entry of a list that is to be dropped when all edits are made, so that the others keep their numbers.
type gone struct{}

func applyAt(v any, at []string, e edit, key string) any {
	if len(at) == 0 {
		if e.insert >= 0 {
			list, _ := v.([]any)
			return insertAt(list, e.insert, e.value)
		}
		return v
	}
	switch v := v.(type) {
	case map[string]any:
		child, has := v[at[0]]
		switch {
		case len(at) > 1 || e.insert >= 0:
			if has {
				v[at[0]] = applyAt(child, at[1:], e, at[0])
			}
		case has != e.hasOf || has && !same(child, e.of):
			// stale
		case e.hasValue:
			v[at[0]] = plain(e.value)
		default:
			delete(v, at[0])
		}
	case []any:
		for i, id := range identities(v) {
			if id != at[0] {
				continue
			}
			switch {
			case len(at) > 1:
				v[i] = applyAt(v[i], at[1:], e, key)
			case same(v[i], e.of) && !e.hasValue:
				v[i] = gone{}
			}
		}
	}
	return v
}

// insertAt puts value at place i of what is left of the list.
func insertAt(list []any, i int, value any) []any {
	left := make([]any, 0, len(list)+1)
	for _, v := range list {
		if v != (gone{}) {
			left = append(left, v)
		}
	}
	i = min(i, len(left))
	return append(left[:i:i], append([]any{plain(value)}, left[i:]...)...)
}

// prune drops what is marked as gone.
func prune(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k := range v {
			v[k] = prune(v[k])
		}
	case []any:
		out := make([]any, 0, len(v))
		for _, e := range v {
			if e != (gone{}) {
				out = append(out, prune(e))
			}
		}
		return out
	}
	return v
}

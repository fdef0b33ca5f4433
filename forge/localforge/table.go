package localforge

import (
	"encoding/json"
	"time"
)

// table is one kind of objects. Rows may be read and changed in place; put makes it last.
type table[K comparable, V any] struct {
	kind   string
	rows   map[K]*V
	places map[K]*place[V]
	order  []*place[V]         // in which they were made
	group  func(*V) any        // what rows are looked up by, besides their key; it never changes in a row. Nil for nothing.
	groups map[any][]*place[V] // each in the order in which they were made
	gone   int                 // how many places of order are empty
}

// place holds a row, or nil where it was deleted.
type place[V any] struct {
	row  *V
	made time.Time // when it was put first, while lists lag; zero for one that lists show
}

// loader reads one object of a kind.
type loader func(key, value json.RawMessage) error

func (t *table[K, V]) loader() loader {
	t.rows, t.places, t.groups = map[K]*V{}, map[K]*place[V]{}, map[any][]*place[V]{}
	return func(key, value json.RawMessage) error {
		var k K
		if err := json.Unmarshal(key, &k); err != nil {
			return err
		}
		if string(value) == "null" {
			t.forget(k)
			return nil
		}
		v := new(V)
		if err := json.Unmarshal(value, v); err != nil {
			return err
		}
		t.remember(k, v)
		return nil
	}
}

func (t *table[K, V]) name() string { return t.kind }

func (t *table[K, V]) size() int { return len(t.rows) }

// dump hands on all rows, in the order in which they were made.
func (t *table[K, V]) dump(write func(key, value any)) {
	keys := map[*place[V]]K{}
	for k, p := range t.places {
		keys[p] = k
	}
	for _, p := range t.order {
		if p.row != nil {
			write(keys[p], p.row)
		}
	}
}

func (t *table[K, V]) remember(k K, v *V) *place[V] {
	t.rows[k] = v
	if p := t.places[k]; p != nil {
		p.row = v
		return p
	}
	p := &place[V]{row: v}
	t.places[k] = p
	t.order = append(t.order, p)
	if t.group != nil {
		g := t.group(v)
		t.groups[g] = append(t.groups[g], p)
	}
	return p
}

func (t *table[K, V]) forget(k K) {
	p := t.places[k]
	if p == nil {
		return
	}
	var g any
	if t.group != nil {
		g = t.group(p.row)
	}
	p.row = nil
	delete(t.rows, k)
	delete(t.places, k)
	if t.gone++; t.gone > 64 && t.gone > len(t.order)/2 {
		t.order, t.gone = whole(t.order), 0
	}
	if t.group != nil {
		if all := t.groups[g]; len(all) < 64 || t.gone == 0 {
			t.groups[g] = whole(all)
		}
	}
}

// whole is places without the empty ones.
func whole[V any](places []*place[V]) (out []*place[V]) {
	for _, p := range places {
		if p.row != nil {
			out = append(out, p)
		}
	}
	return out
}

// all lists the rows for which keep is true, in the order in which they were made; a nil keep keeps all.
func (t *table[K, V]) all(keep func(*V) bool) []*V { return kept(t.order, keep, time.Time{}) }

// of lists the rows of a group for which keep is true, in the order in which they were made; a nil keep keeps all.
func (t *table[K, V]) of(group any, keep func(*V) bool) []*V {
	return kept(t.groups[group], keep, time.Time{})
}

// shown is of, without the rows that lists do not show yet because they were made at latest or after.
func (t *table[K, V]) shown(group any, latest time.Time, keep func(*V) bool) []*V {
	return kept(t.groups[group], keep, latest)
}

func kept[V any](places []*place[V], keep func(*V) bool, latest time.Time) (out []*V) {
	for _, p := range places {
		if p.row == nil || !latest.IsZero() && !p.made.IsZero() && p.made.After(latest) {
			continue
		}
		if keep == nil || keep(p.row) {
			out = append(out, p.row)
		}
	}
	return out
}

// put keeps an object. A journal that can't be written is a full or broken disk: the forge goes no further.
func put[K comparable, V any](s *store, t *table[K, V], k K, v *V) {
	_, there := t.places[k]
	p := t.remember(k, v)
	if !there && s.lag > 0 {
		p.made = s.clock()
	}
	s.write(t.kind, k, v)
}

// remove deletes an object.
func remove[K comparable, V any](s *store, t *table[K, V], k K) {
	t.forget(k)
	s.write(t.kind, k, nil)
}

package localforge

import (
	"encoding/json"
	"fmt"
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
	lags   bool                // lists may show rows as they were a while ago
}

// place holds a row, or nil where it was deleted.
type place[V any] struct {
	row      *V
	versions []version[V] // what the row was, while lists lag; the oldest first
}

// version is a row as it was from a moment on.
type version[V any] struct {
	from time.Time
	row  *V
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

// shown is of, with the rows as they were at a moment: one that was made later is missing. The zero time is now.
func (t *table[K, V]) shown(group any, at time.Time, keep func(*V) bool) []*V {
	return kept(t.groups[group], keep, at)
}

func kept[V any](places []*place[V], keep func(*V) bool, at time.Time) (out []*V) {
	for _, p := range places {
		if p.row == nil {
			continue
		}
		row := p.at(at)
		if row != nil && (keep == nil || keep(row)) {
			out = append(out, row)
		}
	}
	return out
}

// at is the row as it was at a moment, nil if it was not there. The zero time is now.
func (p *place[V]) at(at time.Time) *V {
	if at.IsZero() || p.versions == nil {
		return p.row
	}
	for n := len(p.versions) - 1; n >= 0; n-- {
		if !p.versions[n].from.After(at) {
			return p.versions[n].row
		}
	}
	return nil
}

// note keeps the row as it is now; nobody asks for what was before the moment oldest.
func (p *place[V]) note(now, oldest time.Time) {
	for len(p.versions) > 1 && !p.versions[1].from.After(oldest) {
		p.versions = p.versions[1:]
	}
	p.versions = append(p.versions, version[V]{now, duplicate(p.row)})
}

// lag begins or ends to keep what rows were.
func (t *table[K, V]) lag(begin bool) {
	for _, p := range t.order {
		p.versions = nil
		if begin && p.row != nil {
			p.note(time.Time{}, time.Time{})
		}
	}
}

// duplicate is a copy that shares nothing.
func duplicate[V any](v *V) *V {
	data, err := json.Marshal(v)
	out := new(V)
	if err == nil {
		err = json.Unmarshal(data, out)
	}
	if err != nil {
		panic(fmt.Sprintf("localforge: copy a row: %v", err)) // only this package's own types
	}
	return out
}

// put keeps an object. A journal that can't be written is a full or broken disk: the forge goes no further.
func put[K comparable, V any](s *store, t *table[K, V], k K, v *V) {
	p := t.remember(k, v)
	if s.lag > 0 && t.lags {
		now := s.clock()
		p.note(now, now.Add(-s.lag))
	}
	s.write(t.kind, k, v)
}

// remove deletes an object.
func remove[K comparable, V any](s *store, t *table[K, V], k K) {
	t.forget(k)
	s.write(t.kind, k, nil)
}

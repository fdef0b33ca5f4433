package localforge

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// store keeps everything but the git repositories: in memory, and in a journal from which it is read again after a restart. Each line
// of the journal is one object as it is from then on; the last one of a key counts. The Forge's mutex guards it.
type store struct {
	file *os.File
	last int64 // the greatest id that was given

	users         table[string, User]
	repos         table[int64, repo]
	issues        table[int64, issue] // merge requests too
	comments      table[int64, comment]
	reactions     table[int64, reaction]
	labels        table[int64, label]
	reviews       table[int64, review]
	checks        table[int64, check]
	apps          table[int64, App]
	installations table[int64, installation]
	tokens        table[string, token]
	deliveries    table[int64, delivery]
}

// line is one line of the journal.
type line struct {
	Kind  string          `json:"kind"`
	Key   json.RawMessage `json:"key"`
	Value json.RawMessage `json:"value"` // null: it was deleted
}

// table is one kind of objects. Rows may be read and changed in place; put makes it last.
type table[K comparable, V any] struct {
	kind  string
	rows  map[K]*V
	order []K // in which they were made
}

// loader reads one object of a kind.
type loader func(key, value json.RawMessage) error

func (t *table[K, V]) loader() loader {
	t.rows = map[K]*V{}
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

func (t *table[K, V]) remember(k K, v *V) {
	if _, there := t.rows[k]; !there {
		t.order = append(t.order, k)
	}
	t.rows[k] = v
}

func (t *table[K, V]) forget(k K) {
	delete(t.rows, k)
	for i := range t.order {
		if t.order[i] == k {
			t.order = append(t.order[:i:i], t.order[i+1:]...)
			return
		}
	}
}

// all lists the rows for which keep is true, in the order in which they were made; a nil keep keeps all.
func (t *table[K, V]) all(keep func(*V) bool) (out []*V) {
	for _, k := range t.order {
		if v := t.rows[k]; keep == nil || keep(v) {
			out = append(out, v)
		}
	}
	return out
}

// put keeps an object. A journal that can't be written is a full or broken disk: the forge goes no further.
func put[K comparable, V any](s *store, t *table[K, V], k K, v *V) {
	t.remember(k, v)
	s.write(t.kind, k, v)
}

// remove deletes an object.
func remove[K comparable, V any](s *store, t *table[K, V], k K) {
	t.forget(k)
	s.write(t.kind, k, nil)
}

func (s *store) write(kind string, key, value any) {
	k, errKey := json.Marshal(key)
	v, errValue := json.Marshal(value)
	data, errLine := json.Marshal(line{kind, k, v})
	if err := errors.Join(errKey, errValue, errLine); err != nil {
		panic(fmt.Sprintf("localforge: keep a %s: %v", kind, err)) // only this package's own types
	}
	if _, err := s.file.Write(append(data, '\n')); err != nil {
		panic(fmt.Sprintf("localforge: keep a %s: %v", kind, err))
	}
}

// next gives an id that was never given before.
func (s *store) next() int64 {
	s.last++
	return s.last
}

// openStore reads the journal in a folder, which is made if it is not there.
func openStore(dir string) (*store, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	s := &store{last: 1000}
	loaders := map[string]loader{}
	add := func(kind *string, name string, l loader) { *kind, loaders[name] = name, l }
	add(&s.users.kind, "user", s.users.loader())
	add(&s.repos.kind, "repo", s.repos.loader())
	add(&s.issues.kind, "issue", s.issues.loader())
	add(&s.comments.kind, "comment", s.comments.loader())
	add(&s.reactions.kind, "reaction", s.reactions.loader())
	add(&s.labels.kind, "label", s.labels.loader())
	add(&s.reviews.kind, "review", s.reviews.loader())
	add(&s.checks.kind, "check", s.checks.loader())
	add(&s.apps.kind, "app", s.apps.loader())
	add(&s.installations.kind, "installation", s.installations.loader())
	add(&s.tokens.kind, "token", s.tokens.loader())
	add(&s.deliveries.kind, "delivery", s.deliveries.loader())
	name := filepath.Join(dir, "journal.jsonl")
	if err := s.read(name, loaders); err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	var err error
	s.file, err = os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	return s, err
}

// read reads the journal. A last line that was cut off by a crash is left out.
func (s *store) read(name string, loaders map[string]loader) error {
	f, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	in := bufio.NewReader(f)
	var whole int64
	for n := 1; ; n++ {
		data, err := in.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return os.Truncate(name, whole)
		}
		if err != nil {
			return err
		}
		whole += int64(len(data))
		var l line
		if err := json.Unmarshal(data, &l); err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
		load, ok := loaders[l.Kind]
		if !ok {
			return fmt.Errorf("line %d: unknown kind %q", n, l.Kind)
		}
		if err := load(l.Key, l.Value); err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
		var id int64
		if json.Unmarshal(l.Key, &id) == nil {
			s.last = max(s.last, id)
		}
	}
}

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
	"time"
)

// store keeps everything but the git repositories: in memory, and in a journal from which it is read again after a restart. Each line
// of the journal is one object as it is from then on; the last one of a key counts. The Forge's mutex guards it.
type store struct {
	file  *os.File
	sync  bool  // each line is on the disk before the next step
	last  int64 // the greatest id that was given
	clock func() time.Time
	lag   time.Duration // how long lists do not show what was written

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
	outcomes      table[int64, outcome] // of deliveries
	mentions      table[int64, Mention]
	actions       table[int64, Action]
	groups        table[int64, mergeGroup]
}

// remarked is what a reaction is on: an issue, or with comment one of its comments.
type remarked struct{ issue, comment int64 }

// commitIn is a commit of a repository.
type commitIn struct {
	repo int64
	sha  string
}

// line is one line of the journal.
type line struct {
	Kind  string          `json:"kind"`
	Key   json.RawMessage `json:"key"`
	Value json.RawMessage `json:"value"` // null: it was deleted
}

func (s *store) write(kind string, key, value any) {
	k, errKey := json.Marshal(key)
	v, errValue := json.Marshal(value)
	data, errLine := json.Marshal(line{kind, k, v})
	if err := errors.Join(errKey, errValue, errLine); err != nil {
		panic(fmt.Sprintf("localforge: keep a %s: %v", kind, err)) // only this package's own types
	}
	_, err := s.file.Write(append(data, '\n'))
	if err == nil && s.sync {
		err = s.file.Sync()
	}
	if err != nil {
		panic(fmt.Sprintf("localforge: keep a %s: %v", kind, err))
	}
}

// next gives an id that was never given before.
func (s *store) next() int64 {
	s.last++
	return s.last
}

// kind is a table as the journal sees it.
type kind interface {
	name() string
	loader() loader
	dump(write func(key, value any))
	size() int
}

// kinds are all tables.
func (s *store) kinds() []kind {
	return []kind{&s.users, &s.repos, &s.issues, &s.comments, &s.reactions, &s.labels, &s.reviews, &s.checks, &s.apps, &s.installations, &s.tokens, &s.deliveries, &s.outcomes, &s.mentions,
		&s.actions, &s.groups}
}

// newStore is an empty store with its tables' names in the journal and what their rows are looked up by.
func newStore(clock func() time.Time) *store {
	s := &store{last: 1000, clock: clock}
	s.users.kind, s.apps.kind, s.installations.kind, s.tokens.kind = "user", "app", "installation", "token"
	s.outcomes.kind, s.actions.kind, s.groups.kind = "outcome", "action", "merge group"
	s.repos.kind, s.repos.group = "repo", func(r *repo) any { return fold(r.full()) }
	s.issues.kind, s.issues.group = "issue", func(i *issue) any { return i.Repo }
	s.comments.kind, s.comments.group = "comment", func(c *comment) any { return c.Issue }
	s.reactions.kind, s.reactions.group = "reaction", func(x *reaction) any { return remarked{x.Issue, x.Comment} }
	s.labels.kind, s.labels.group = "label", func(l *label) any { return l.Repo }
	s.reviews.kind, s.reviews.group = "review", func(x *review) any { return x.Issue }
	s.checks.kind, s.checks.group = "check", func(c *check) any { return commitIn{c.Repo, c.SHA} }
	s.deliveries.kind, s.deliveries.group = "delivery", func(d *delivery) any { return d.App }
	s.issues.lags, s.comments.lags, s.checks.lags = true, true, true
	s.mentions.kind, s.mentions.group = "mention", func(m *Mention) any { return m.Where }
	return s
}

// openStore reads the journal in a folder, which is made if it is not there. A journal that is mostly history is written anew.
func openStore(dir string, clock func() time.Time) (*store, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	s := newStore(clock)
	loaders, live := map[string]loader{}, 0
	for _, k := range s.kinds() {
		loaders[k.name()] = k.loader()
	}
	name := filepath.Join(dir, "journal.jsonl")
	lines, err := s.read(name, loaders)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	for _, k := range s.kinds() {
		live += k.size()
	}
	if lines > 1000+4*live {
		if err := s.compact(name); err != nil {
			return nil, fmt.Errorf("write %s anew: %w", name, err)
		}
	}
	s.file, err = os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	return s, err
}

// compact writes a journal with nothing but what there is now, and the greatest id that was given.
func (s *store) compact(name string) (err error) {
	fresh := name + ".new"
	if s.file, err = os.OpenFile(fresh, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600); err != nil {
		return err
	}
	s.write("last", s.last, nil)
	for _, k := range s.kinds() {
		k.dump(func(key, value any) { s.write(k.name(), key, value) })
	}
	if err := errors.Join(s.file.Sync(), s.file.Close()); err != nil {
		return err
	}
	return os.Rename(fresh, name)
}

// read reads the journal and returns how many lines it has. A last line that was cut off by a crash is left out.
func (s *store) read(name string, loaders map[string]loader) (lines int, err error) {
	loaders["last"] = func(_, _ json.RawMessage) error { return nil } // its key counts, like every key
	f, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	defer f.Close()
	in := bufio.NewReader(f)
	var whole int64
	for n := 1; ; n++ {
		data, err := in.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return n - 1, os.Truncate(name, whole)
		}
		if err != nil {
			return n, err
		}
		whole += int64(len(data))
		var l line
		if err := json.Unmarshal(data, &l); err != nil {
			return n, fmt.Errorf("line %d: %w", n, err)
		}
		load, ok := loaders[l.Kind]
		if !ok {
			return n, fmt.Errorf("line %d: unknown kind %q", n, l.Kind)
		}
		if err := load(l.Key, l.Value); err != nil {
			return n, fmt.Errorf("line %d: %w", n, err)
		}
		var id int64
		if json.Unmarshal(l.Key, &id) == nil {
			s.last = max(s.last, id)
		}
	}
}

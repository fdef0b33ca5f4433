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
	lag   time.Duration // how long lists do not show a new row

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

// openStore reads the journal in a folder, which is made if it is not there.
func openStore(dir string, clock func() time.Time) (*store, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	s := &store{last: 1000, clock: clock}
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
	add(&s.outcomes.kind, "outcome", s.outcomes.loader())
	add(&s.mentions.kind, "mention", s.mentions.loader())
	add(&s.actions.kind, "action", s.actions.loader())
	add(&s.groups.kind, "merge group", s.groups.loader())
	s.repos.group = func(r *repo) any { return fold(r.full()) }
	s.issues.group = func(i *issue) any { return i.Repo }
	s.comments.group = func(c *comment) any { return c.Issue }
	s.reactions.group = func(x *reaction) any { return remarked{x.Issue, x.Comment} }
	s.labels.group = func(l *label) any { return l.Repo }
	s.reviews.group = func(x *review) any { return x.Issue }
	s.checks.group = func(c *check) any { return commitIn{c.Repo, c.SHA} }
	s.deliveries.group = func(d *delivery) any { return d.App }
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

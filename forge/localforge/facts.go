package localforge

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"time"
)

// facts keeps what was read from git and can't change, since hashes name it. It is safe for concurrent use.
type facts struct {
	mu      sync.Mutex
	commits map[commitIn]commitFacts
	diffs   map[diffOf]diffFacts
}

// mostFacts is how many facts of a kind are kept; then all are forgotten.
const mostFacts = 20000

// commitFacts are what a commit says of itself and what it changed against its first parent.
type commitFacts struct {
	sha, tree, message       string
	parents                  []string
	author, committer        signature
	added, removed, modified []string
}

type signature struct {
	name, email string
	when        time.Time
}

// diffOf is what would come into a base by a head.
type diffOf struct {
	repo       int64
	base, head string
}

type diffFacts struct {
	files    []changedFile
	commits  []string // the oldest first
	conflict bool
}

// keep adds a fact.
func keep[K comparable, V any](c *facts, all *map[K]V, k K, v V) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if *all == nil || len(*all) >= mostFacts {
		*all = map[K]V{}
	}
	(*all)[k] = v
}

func known[K comparable, V any](c *facts, all *map[K]V, k K) (V, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	v, ok := (*all)[k]
	return v, ok
}

// commitFormat is read by readCommit.
const commitFormat = "%T%x00%P%x00%an%x00%ae%x00%aI%x00%cn%x00%ce%x00%cI%x00%B%x00"

// commit reads a commit by its full hash.
func (f *Forge) commit(ctx context.Context, r *repo, sha string) (commitFacts, error) {
	at := commitIn{r.ID, sha}
	if c, ok := known(&f.facts, &f.facts.commits, at); ok {
		return c, nil
	}
	text, err := runGit(ctx, f.gitDir(r), "", nil, "log", "-1", "-m", "--first-parent", "--root", "--no-ext-diff", "--no-renames", "--name-status", "-z", "--format="+commitFormat, "--end-of-options", sha)
	if err != nil {
		return commitFacts{}, err
	}
	c, err := readCommit(sha, text)
	if err != nil {
		return commitFacts{}, fmt.Errorf("read commit %s of %s: %w", sha, r.full(), err)
	}
	keep(&f.facts, &f.facts.commits, at, c)
	return c, nil
}

// readCommit reads what git prints of a commit: its fields, then a line break, then pairs of a status and a file.
func readCommit(sha, text string) (commitFacts, error) {
	p := strings.Split(text, "\x00")
	if len(p) < 9 {
		return commitFacts{}, fmt.Errorf("git printed %d fields", len(p))
	}
	written, _ := time.Parse(time.RFC3339, p[4]) // a commit with an impossible date has none
	committed, _ := time.Parse(time.RFC3339, p[7])
	c := commitFacts{sha: sha, tree: p[0], parents: strings.Fields(p[1]), message: strings.TrimSpace(p[8]), author: signature{p[2], p[3], written}, committer: signature{p[5], p[6], committed},
		added: []string{}, removed: []string{}, modified: []string{}}
	rest := p[9:]
	for len(rest) > 0 && strings.Trim(rest[0], "\n") == "" {
		rest = rest[1:]
	}
	for ; len(rest) > 1; rest = rest[2:] {
		switch strings.Trim(rest[0], "\n") {
		case "A":
			c.added = append(c.added, rest[1])
		case "D":
			c.removed = append(c.removed, rest[1])
		default:
			c.modified = append(c.modified, rest[1])
		}
	}
	return c, nil
}

// diff reads what would come into a base by a head, both full hashes.
func (f *Forge) diff(ctx context.Context, r *repo, base, head string) (d diffFacts, err error) {
	of := diffOf{r.ID, base, head}
	if d, ok := known(&f.facts, &f.facts.diffs, of); ok {
		return d, nil
	}
	dir := f.gitDir(r)
	if d.files, err = changed(ctx, dir, base, head); err != nil {
		return d, err
	}
	if d.commits, err = commits(ctx, dir, base, head); err != nil {
		return d, err
	}
	_, conflict := runGit(ctx, dir, "", nil, "merge-tree", "--write-tree", base, head)
	d.conflict = conflict != nil
	keep(&f.facts, &f.facts.diffs, of, d)
	return d, nil
}

// hash is a full commit hash.
var hash = regexp.MustCompile(`^[0-9a-f]{40}$`)

// resolve is the commit that a hash, a ref or a branch's or tag's short name stands for.
func (f *Forge) resolve(ctx context.Context, r *repo, ref string) (sha string, found bool) {
	if hash.MatchString(ref) {
		if _, ok := known(&f.facts, &f.facts.commits, commitIn{r.ID, ref}); ok {
			return ref, true
		}
		_, err := f.commit(ctx, r, ref)
		return ref, err == nil
	}
	dir := f.gitDir(r)
	if strings.HasPrefix(ref, "refs/heads/") && filepath.IsLocal(ref) {
		if text, err := os.ReadFile(filepath.Join(dir, ref)); err == nil && hash.MatchString(strings.TrimSpace(string(text))) {
			return strings.TrimSpace(string(text)), true // a branch that is not packed: no process is needed
		}
	}
	return resolve(ctx, dir, ref)
}

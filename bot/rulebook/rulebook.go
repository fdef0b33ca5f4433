// Package rulebook reads the guidelines of the organisation's guideline repositories.
package rulebook

import (
	"context"
	"fmt"
	"iter"
	"log/slog"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/gitcmd"
	"github.com/codicil-dev/codicil/bot/guideline"
	"github.com/codicil-dev/codicil/bot/state"
	"github.com/codicil-dev/codicil/bot/workspace"
	"github.com/codicil-dev/codicil/forge"
)

// Source is a repository that holds guidelines.
type Source struct {
	Repo forge.Repo
	// Governs are the owners whose products they bind.
	Governs []string
}

// Book has the guidelines of all sources. It is safe for concurrent use.
type Book struct {
	sources []Source
	db      *state.DB
	library workspace.Library
	log     *slog.Logger

	mu    sync.Mutex
	pages map[string]page // by repository and commit; the last few
}

// page is what a source says at a commit.
type page struct {
	guidelines []guideline.Guideline
	problems   bot.Problems
}

// New makes a book of sources.
func New(sources []Source, db *state.DB, library workspace.Library, log *slog.Logger) *Book {
	return &Book{sources: sources, db: db, library: library, log: log, pages: map[string]page{}}
}

// Holds says whether a repository is a source.
func (b *Book) Holds(repo forge.Repo) bool {
	_, ok := b.source(repo)
	return ok
}

func (b *Book) source(repo forge.Repo) (Source, bool) {
	for _, s := range b.sources {
		if s.Repo.Key() == repo.Key() {
			return s, true
		}
	}
	return Source{}, false
}

// Governs says whether the guidelines of a source bind the products in a repository.
func (b *Book) Governs(source, repo forge.Repo) bool {
	s, ok := b.source(source)
	return ok && s.governs(repo)
}

func (s Source) governs(repo forge.Repo) bool {
	for _, owner := range s.Governs {
		if strings.EqualFold(owner, repo.Owner) {
			return true
		}
	}
	return false
}

// InForce are the guidelines that bind the products in a repository, as the default branches of the sources had them at a time or
// later. Given says that there is a source for it at all.
func (b *Book) InForce(ctx context.Context, repo forge.Repo, since time.Time) (all []guideline.Guideline, given bool, err error) {
	for _, s := range b.sources {
		if !s.governs(repo) {
			continue
		}
		var r state.Repository
		var known bool
		if err := b.db.View(ctx, func(tx *state.Tx) (err error) {
			r, known, err = tx.Repository(s.Repo.Key())
			return err
		}); err != nil {
			return nil, false, err
		}
		if !known {
			return nil, false, fmt.Errorf("the guidelines of %s were not read yet", s.Repo)
		}
		m := b.library.Mirror(r.Repository)
		if err := m.FetchSince(ctx, since); err != nil {
			return nil, false, err
		}
		head, ok, err := m.Resolve(ctx, r.DefaultBranch)
		if err != nil {
			return nil, false, err
		}
		if given = true; !ok {
			continue
		}
		found, problems, err := b.At(ctx, r.Repository, head)
		if err != nil {
			return nil, false, err
		}
		if err := problems.Err(); err != nil {
			b.log.Warn("guidelines that can't be read bind nobody", "repository", r.String(), "commit", head, "error", err)
		}
		all = append(all, found...)
	}
	return all, given, nil
}

// Get is one guideline of a source at a commit; ok is false if there is none of that id.
func (b *Book) Get(ctx context.Context, source, commit, id string) (g guideline.Guideline, ok bool, err error) {
	var r state.Repository
	if err := b.db.View(ctx, func(tx *state.Tx) (err error) {
		r, ok, err = tx.Repository(source)
		return err
	}); err != nil || !ok {
		return g, false, err
	}
	all, _, err := b.At(ctx, r.Repository, commit)
	if err != nil {
		return g, false, err
	}
	for _, g := range all {
		if g.ID == id {
			return g, true, nil
		}
	}
	return g, false, nil
}

// most is how many pages are kept.
const most = 20

// At are the guidelines of a repository at a commit, those that can be read; the problems tell of the others.
func (b *Book) At(ctx context.Context, r forge.Repository, commit string) ([]guideline.Guideline, bot.Problems, error) {
	key := r.Key() + "@" + commit
	b.mu.Lock()
	p, ok := b.pages[key]
	b.mu.Unlock()
	if ok {
		return p.guidelines, p.problems, nil
	}
	dir, err := os.MkdirTemp("", "codicil-rules-")
	if err != nil {
		return nil, nil, fmt.Errorf("read the guidelines of %s: %w", r, err)
	}
	defer os.RemoveAll(dir)
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, nil, fmt.Errorf("read the guidelines of %s: %w", r, err)
	}
	defer root.Close()
	large, err := copyFiles(ctx, b.library.Mirror(r), commit, root)
	if err != nil {
		return nil, nil, fmt.Errorf("read the guidelines of %s: %w", r, err)
	}
	p.guidelines, p.problems = guideline.LoadAll(root.FS(), r.String())
	for name := range large {
		p.problems = append(p.problems, bot.Problem{File: path.Join(r.String(), name), Severity: bot.SeverityError, Message: "the file is too large to be read: shorten it"})
	}
	p.problems = p.problems.Sorted()
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.pages) >= most {
		clear(b.pages)
	}
	b.pages[key] = p
	return p.guidelines, p.problems, nil
}

// reader reads files of commits.
type reader interface {
	Files(ctx context.Context, commit string) iter.Seq2[gitcmd.Entry, error]
	ReadFiles(ctx context.Context, files []gitcmd.Entry, each func(e gitcmd.Entry, data []byte, tooLarge bool) error) error
}

// copyFiles writes the pages of a commit below a folder, and nowhere else. Those that are too large are left out and returned.
func copyFiles(ctx context.Context, m reader, commit string, root *os.Root) (large map[string]bool, err error) {
	var files []gitcmd.Entry
	for e, err := range m.Files(ctx, commit) {
		if err != nil {
			return nil, err
		}
		if e.Regular() && strings.HasSuffix(e.Path, ".md") && gitcmd.Safe(e.Path) {
			files = append(files, e)
		}
	}
	large = map[string]bool{}
	return large, m.ReadFiles(ctx, files, func(e gitcmd.Entry, data []byte, tooLarge bool) error {
		if tooLarge {
			large[e.Path] = true
			return nil
		}
		name := filepath.FromSlash(e.Path)
		if err := root.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			return err
		}
		return root.WriteFile(name, data, 0o600)
	})
}

// Where is the source and commit in which a guideline that binds a repository's products is in force.
func (b *Book) Where(ctx context.Context, repo forge.Repo, id string) (source, commit string, err error) {
	for _, s := range b.sources {
		if !s.governs(repo) {
			continue
		}
		var r state.Repository
		var known bool
		if err := b.db.View(ctx, func(tx *state.Tx) (err error) {
			r, known, err = tx.Repository(s.Repo.Key())
			return err
		}); err != nil {
			return "", "", err
		}
		if !known {
			continue
		}
		head, ok, err := b.library.Mirror(r.Repository).Resolve(ctx, r.DefaultBranch)
		if err != nil {
			return "", "", err
		}
		if !ok {
			continue
		}
		if _, found, err := b.Get(ctx, s.Repo.Key(), head, id); err != nil {
			return "", "", err
		} else if found {
			return s.Repo.Key(), head, nil
		}
	}
	return "", "", fmt.Errorf("the guideline %s is in no repository that governs %s", id, repo)
}

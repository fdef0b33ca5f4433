package mirror

import (
	"context"
	"fmt"
	"iter"

	"github.com/codicil-dev/codicil/bot/gitcmd"
)

// on does work on commits, which must be full hashes of commits that are here.
func (m *Mirror) on(ctx context.Context, what string, commits []string, work func(g gitcmd.Git) error) error {
	for _, c := range commits {
		if !fullHash.MatchString(c) {
			return fmt.Errorf("%s of %s: %q is no full hash of a commit", what, m.key, c)
		}
	}
	return m.do(ctx, what, func(g gitcmd.Git) error {
		err := work(g)
		if err == nil || ctx.Err() != nil || holds(err, damageWords) {
			return err
		}
		for _, c := range commits {
			if _, there, err := resolve(ctx, g, c); err != nil || there {
				continue
			}
			// Is only this commit missing, or are the commits that refs point to missing as well?
			if _, err := g.Output(ctx, "for-each-ref", "--format=%(objecttype)"); err != nil {
				return err
			}
			return fmt.Errorf("%s: %w", c, ErrNoCommit)
		}
		return err
	})
}

// Export writes the folders of a commit that hold a file named marker, with all that is below them, to their places below the folder dir.
// Files are written as they are stored: nothing is filtered or checked out. The paths of links, submodules and files that a work tree may not
// hold are left out and returned. More bytes than the cache's MaxBytes give a *gitcmd.TooLargeError before anything is written. What the copy lacks is fetched.
func (m *Mirror) Export(ctx context.Context, commit, marker, dir string) (leftOut []string, err error) {
	return m.export(ctx, commit, dir, func(g gitcmd.Git) ([]gitcmd.Entry, []string, error) { return g.Marked(ctx, commit, marker) })
}

// ExportFolder writes one folder of a commit, "." for all, to its place below the folder dir, as Export does.
func (m *Mirror) ExportFolder(ctx context.Context, commit, folder, dir string) (leftOut []string, err error) {
	if folder != "." && !gitcmd.Safe(folder) {
		return nil, fmt.Errorf("export of %s: %q is no folder", m.key, folder)
	}
	return m.export(ctx, commit, dir, func(g gitcmd.Git) ([]gitcmd.Entry, []string, error) { return g.Below(ctx, commit, folder) })
}

func (m *Mirror) export(ctx context.Context, commit, dir string, list func(g gitcmd.Git) ([]gitcmd.Entry, []string, error)) (leftOut []string, err error) {
	var files []gitcmd.Entry
	err = m.on(ctx, "export", []string{commit}, func(g gitcmd.Git) error {
		if files, leftOut, err = list(g); err != nil {
			return err
		}
		if err := m.need(ctx, g, files); err != nil {
			return err
		}
		total, missing, err := g.Sizes(ctx, files)
		switch {
		case err != nil:
			return err
		case len(missing) > 0:
			return fmt.Errorf("missing blob object %s of %s", missing[0].Hash, missing[0].Path)
		case total > m.cache.options.MaxBytes:
			return &gitcmd.TooLargeError{What: "the files hold", Size: total, Limit: m.cache.options.MaxBytes}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	// Apart from the rest: it can't be done twice, and what goes wrong with dir says nothing of the copy.
	m.use.RLock()
	defer m.use.RUnlock()
	if err := m.git().Write(ctx, files, dir); err != nil {
		return nil, fmt.Errorf("export of %s to %s: %w", m.key, dir, err)
	}
	return leftOut, nil
}

// ReadFile reads a regular file of a commit; ok is false if there is none at path: links are not followed. A file larger than the cache's
// MaxFile gives a *gitcmd.TooLargeError.
func (m *Mirror) ReadFile(ctx context.Context, commit, path string) (data []byte, ok bool, err error) {
	if !gitcmd.Safe(path) {
		return nil, false, nil
	}
	err = m.on(ctx, "read "+path, []string{commit}, func(g gitcmd.Git) error {
		data, ok = nil, false
		e, found, err := find(ctx, g, commit, path)
		if err != nil || !found || !e.Regular() {
			return err
		}
		if data, ok, err = g.Read(ctx, e, m.cache.options.MaxFile); err != nil || ok {
			return err
		}
		if err := m.need(ctx, g, []gitcmd.Entry{e}); err != nil {
			return err
		}
		data, ok, err = g.Read(ctx, e, m.cache.options.MaxFile)
		if err == nil && !ok {
			err = fmt.Errorf("missing blob object %s", e.Hash)
		}
		return err
	})
	return data, ok, err
}

// ReadFiles hands the content of many regular files, as Files lists them, to a function, in their order. They are fetched and read together, which
// takes a small part of the time that ReadFile takes for each. What is larger than the cache's MaxFile comes without its content, as tooLarge. Where the
// copy has to be remade meanwhile, all files come once more.
func (m *Mirror) ReadFiles(ctx context.Context, files []gitcmd.Entry, each func(e gitcmd.Entry, data []byte, tooLarge bool) error) error {
	return m.on(ctx, fmt.Sprintf("read %d files", len(files)), nil, func(g gitcmd.Git) error {
		if err := m.need(ctx, g, files); err != nil {
			return err
		}
		return g.ReadEach(ctx, files, m.cache.options.MaxFile, each)
	})
}

// find finds what is at a path of a commit.
func find(ctx context.Context, g gitcmd.Git, commit, path string) (e gitcmd.Entry, ok bool, err error) {
	for e, err := range g.Files(ctx, commit, path) {
		if err != nil {
			return e, false, err
		}
		if e.Path == path {
			return e, true, nil
		}
		break // path is a folder
	}
	return e, false, nil
}

// Files lists all files of a commit by their paths, one at a time, however many there are; links and submodules too. No content is fetched.
// An error ends the list.
func (m *Mirror) Files(ctx context.Context, commit string) iter.Seq2[gitcmd.Entry, error] {
	return func(yield func(gitcmd.Entry, error) bool) {
		_, failure := m.prepare(ctx)
		for started := false; failure == nil; {
			// Without the lock: the caller may ask for more while it is given this.
			for e, err := range m.git().Files(ctx, commit, "") {
				if failure = err; failure != nil {
					break
				}
				if started = true; !yield(e, nil) {
					return
				}
			}
			if failure == nil || started {
				break
			}
			first := failure
			failure = m.on(ctx, "list files", []string{commit}, func(gitcmd.Git) error {
				err := first
				first = nil // so that a copy that is remade is listed again
				return err
			})
		}
		if failure != nil {
			yield(gitcmd.Entry{}, fmt.Errorf("list files of %s: %w", m.key, failure))
		}
	}
}

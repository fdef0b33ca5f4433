package mirror

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/codicil-dev/codicil/bot/gitcmd"
)

// bare is a copy on disk.
type bare struct {
	key   string
	dir   string
	cache *Cache
	flights

	use  sync.RWMutex  // held for reading by each git process, for writing by what replaces or repairs the copy
	refs chan struct{} // holds a value while a fetch writes refs; its holder waits for no other lock

	packing sync.RWMutex // held for reading while a pack is written, for writing by what removes those that were not finished

	mu      sync.Mutex // of what is below
	ready   bool
	round   int       // how many were thrown away before
	refill  bool      // it takes the place of one that was thrown away, and is not fetched yet
	remade  time.Time // when it was last thrown away
	fetched time.Time // when the branches were last fetched
	big     error     // why it was last given back, if it grew beyond its size
	bigAt   time.Time // when that was
	refused bool      // it had been given back shortly before that, too
}

// remakeEvery is the least time between two times that a copy is thrown away: a server that sends broken objects must not have us
// fetch everything again and again.
const remakeEvery = 10 * time.Minute

// config is the configuration of each git process. The copy's own holds nothing that the program relies on.
var config = []string{
	"core.bare", "true",
	"core.protectNTFS", "true",
	"core.protectHFS", "true",
	"core.logAllRefUpdates", "false",
	"core.filesRefLockTimeout", "2000",
	"core.packedRefsTimeout", "5000",
	"gc.auto", "0", // collecting would take objects that are about to be used: see tidy
	"maintenance.auto", "false",
	"init.defaultBranch", "main",
	"advice.graftFileDeprecated", "false",
}

func (b *bare) git() gitcmd.Git { return gitcmd.Git{Dir: b.dir, Config: config} }

// do has work done on the copy, which is made first if it is not there. If the copy turns out to be broken, it is thrown away,
// fetched anew, and the work is done once more.
func (m *Mirror) do(ctx context.Context, what string, work func(g gitcmd.Git) error) error {
	if err := m.tooBig(); err != nil {
		return fmt.Errorf("%s of %s: %w", what, m.key, err)
	}
	round, err := m.attempt(ctx, work)
	switch {
	case isBusy(err):
		m.unlock()
		_, err = m.attempt(ctx, work)
	case isBroken(err):
		if err = m.replace(round, err); err == nil {
			_, err = m.attempt(ctx, work)
		}
	}
	if errors.Is(err, errBig) {
		err = errors.Join(err, m.dispose(err))
	}
	if err != nil {
		return fmt.Errorf("%s of %s: %w", what, m.key, m.cache.storage(ctx, err))
	}
	return nil
}

// bigFor is how long a repository that is too big is left alone: it would be fetched in vain, as large as it is.
const bigFor = time.Hour

// dispose gives back the disk that a copy takes which grew too big. The next to need it fetches it anew, since what nobody needs any more may
// have made it so; if it is too big again, it is left alone for a while.
func (b *bare) dispose(cause error) error {
	b.use.Lock()
	defer b.use.Unlock()
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.cache.options.Now()
	b.refused = b.big != nil && now.Sub(b.bigAt) < bigFor
	b.big, b.bigAt = cause, now
	return b.reset()
}

// tooBig is why a repository is left alone; nil if it is not.
func (b *bare) tooBig() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.refused || b.cache.options.Now().Sub(b.bigAt) >= bigFor {
		return nil
	}
	return fmt.Errorf("it is left alone until %s: %w", b.bigAt.Add(bigFor).UTC().Format(time.RFC3339), b.big)
}

// attempt does work on the copy, and tells which one that was: the number of those thrown away before.
func (m *Mirror) attempt(ctx context.Context, work func(g gitcmd.Git) error) (round int, err error) {
	for {
		if round, err = m.prepare(ctx); err != nil {
			return round, err
		}
		m.use.RLock()
		if m.is(round) {
			defer m.use.RUnlock()
			if err := m.fill(ctx); err != nil {
				return round, err
			}
			return round, work(m.git())
		}
		m.use.RUnlock() // it was thrown away in between
	}
}

// fill fetches the branches of a copy that takes the place of one that was thrown away.
func (m *Mirror) fill(ctx context.Context) error {
	m.mu.Lock()
	refill := m.refill
	m.mu.Unlock()
	if !refill {
		return nil
	}
	if err := m.fetch(ctx, m.git(), nil); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.refill = false
	return nil
}

// is says whether a copy is the present one.
func (b *bare) is(round int) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.ready && b.round == round
}

// prepare makes the copy if it is not there, and removes the locks of a killed process.
func (b *bare) prepare(ctx context.Context) (round int, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ready {
		return b.round, nil
	}
	if err := b.create(ctx); err != nil {
		return b.round, err
	}
	b.removeLocks(func(changed time.Time) bool { return changed.Before(b.cache.opened) })
	b.ready = true
	return b.round, nil
}

// create makes an empty repository, whole or not at all.
func (b *bare) create(ctx context.Context) error {
	if _, err := os.Stat(filepath.Join(b.dir, "HEAD")); err == nil {
		return nil
	}
	half, err := os.MkdirTemp(b.cache.dir, leftover+"*")
	if err != nil {
		return err
	}
	g := gitcmd.Git{Dir: half, Config: config}.WithEnv("GIT_DEFAULT_HASH=sha1", "GIT_DEFAULT_REF_FORMAT=files") // as of git 3.0 they are not the default
	if _, err := g.Output(ctx, "init", "--quiet", "--bare", "--template="); err != nil {
		return errors.Join(err, os.RemoveAll(half))
	}
	if _, err := os.Lstat(b.dir); err == nil {
		b.cache.options.Log.Warn("a copy of a repository is no git repository; it is thrown away", "repository", b.key, "folder", b.dir)
	}
	if err := b.discard(); err != nil {
		return err
	}
	return os.Rename(half, b.dir)
}

// discard takes the copy out of the way, and deletes it.
func (b *bare) discard() error {
	if _, err := os.Lstat(b.dir); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	away, err := os.MkdirTemp(b.cache.dir, leftover+"*")
	if err != nil {
		return err
	}
	if err := os.Rename(b.dir, filepath.Join(away, "broken")); err != nil {
		return err
	}
	return os.RemoveAll(away)
}

// replace throws the copy away, to be fetched anew, unless that was done just before.
// The commits that were made here and never pushed are lost with it: their bundles bring them back.
func (b *bare) replace(round int, cause error) error {
	b.use.Lock()
	defer b.use.Unlock()
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.round != round {
		return nil // another has done it
	}
	now := b.cache.options.Now()
	if !b.remade.IsZero() && now.Sub(b.remade) < remakeEvery {
		return fmt.Errorf("the copy was thrown away and fetched anew at %s, and is broken again: %w", b.remade.UTC().Format(time.RFC3339), cause)
	}
	b.cache.options.Log.Warn("a copy of a repository is broken; it is thrown away and fetched anew", "repository", b.key, "folder", b.dir, "error", cause)
	b.remade, b.refill = now, true
	return b.reset()
}

// reset throws the copy away; use and mu are held.
func (b *bare) reset() error {
	b.round++
	b.ready, b.fetched = false, time.Time{}
	return b.discard()
}

// unlock removes lock files after all git processes here have ended: whoever made them was killed.
func (b *bare) unlock() {
	b.use.Lock()
	defer b.use.Unlock()
	if n := b.removeLocks(func(time.Time) bool { return true }); n > 0 {
		b.cache.options.Log.Warn("removed lock files of a git that was killed", "repository", b.key, "files", n)
	}
}

// removeLocks removes the lock files for whose time of change old holds.
func (b *bare) removeLocks(old func(time.Time) bool) (n int) {
	_ = filepath.WalkDir(b.dir, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return nil //nolint:nilerr // git says better what is wrong with it
		}
		if entry.IsDir() && name == filepath.Join(b.dir, "objects") {
			return b.removeHalf(name, old)
		}
		if strings.HasSuffix(name, ".lock") && !entry.IsDir() {
			if info, err := entry.Info(); err == nil && old(info.ModTime()) && os.Remove(name) == nil {
				n++
			}
		}
		return nil
	})
	return n
}

// removeHalf removes objects and packs that were not written to their end, and the locks of the folder.
func (b *bare) removeHalf(objects string, old func(time.Time) bool) error {
	for _, pattern := range []string{"*/tmp_*", "tmp_*", "info/*.lock", "pack/*.lock", "pack/.tmp-*", "incoming-*"} {
		names, _ := filepath.Glob(escapeGlob(objects) + "/" + pattern)
		for _, name := range names {
			if info, err := os.Lstat(name); err == nil && old(info.ModTime()) {
				_ = os.RemoveAll(name)
			}
		}
	}
	return filepath.SkipDir
}

// sweepPacks removes what a fetch that was broken off has left, which git does not, unless another pack is being written.
func (b *bare) sweepPacks() {
	if !b.packing.TryLock() {
		return
	}
	defer b.packing.Unlock()
	names, _ := filepath.Glob(filepath.Join(escapeGlob(b.dir), "objects/pack/tmp_*"))
	for _, name := range names {
		_ = os.Remove(name)
	}
}

// size is how many bytes the copy takes on disk.
func (b *bare) size() (total int64) {
	_ = filepath.WalkDir(b.dir, func(_ string, entry fs.DirEntry, err error) error {
		if err != nil {
			return nil //nolint:nilerr // it is gone already
		}
		if info, err := entry.Info(); err == nil && info.Mode().IsRegular() {
			total += info.Size()
		}
		return nil
	})
	return total
}

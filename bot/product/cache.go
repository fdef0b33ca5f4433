package product

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// Cache keeps builds in a folder, one sub-folder a key. Builds are complete or not there: each is made beside its
// place and renamed into it, so that several processes may share a cache.
type Cache struct {
	folder string
	// temporary says that the folder goes when the cache is closed.
	temporary bool
}

// manifestFile is the name of a build's description in its folder.
const manifestFile = "build.json"

// keepUnused is how long a build that nobody asked for stays in the cache.
const keepUnused = 14 * 24 * time.Hour

// OpenCache opens the cache in folder, which is made if need be, and drops builds that were not used for two weeks.
// Without a folder the cache lives until Close.
func OpenCache(folder string) (*Cache, error) {
	if folder == "" {
		dir, err := os.MkdirTemp("", "codicil-builds-")
		if err != nil {
			return nil, fmt.Errorf("open build cache: %w", err)
		}
		return &Cache{folder: dir, temporary: true}, nil
	}
	abs, err := filepath.Abs(folder)
	if err != nil {
		return nil, fmt.Errorf("open build cache: %w", err)
	}
	if err := os.MkdirAll(abs, 0o700); err != nil {
		return nil, fmt.Errorf("open build cache: %w; name another folder with --cache", err)
	}
	c := &Cache{folder: abs}
	c.prune(time.Now())
	return c, nil
}

// Close removes a temporary cache.
func (c *Cache) Close() error {
	if !c.temporary {
		return nil
	}
	return os.RemoveAll(c.folder)
}

// prune drops what was not used for long, and what a killed process left half-made.
func (c *Cache) prune(now time.Time) {
	entries, err := os.ReadDir(c.folder)
	if err != nil {
		return // pruning is housekeeping: reading the cache will say what is wrong
	}
	for _, e := range entries {
		info, err := e.Info()
		if err == nil && e.IsDir() && now.Sub(info.ModTime()) > keepUnused {
			_ = os.RemoveAll(filepath.Join(c.folder, e.Name()))
		}
	}
}

// find returns the build of that key; ok is false if there is none or it can't be read.
func (c *Cache) find(key string) (b *Build, ok bool) {
	folder := filepath.Join(c.folder, key)
	data, err := os.ReadFile(filepath.Join(folder, manifestFile))
	if err != nil {
		return nil, false
	}
	if _, err := os.Stat(filepath.Join(folder, databaseFile)); err != nil {
		return nil, false
	}
	b = &Build{folder: folder, Cached: true}
	if err := json.Unmarshal(data, b); err != nil || b.Key != key {
		return nil, false
	}
	now := time.Now()
	_ = os.Chtimes(folder, now, now) // only for pruning
	return b, true
}

// scratch makes a folder in which a build can be made.
func (c *Cache) scratch() (string, error) { return os.MkdirTemp(c.folder, "new-") }

// keep moves a finished build from its scratch folder to its place. If another process was first, its build is used.
func (c *Cache) keep(b *Build, scratch string) (*Build, error) {
	data, err := json.MarshalIndent(b, "", " ")
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(scratch, manifestFile), data, 0o600); err != nil {
		return nil, fmt.Errorf("keep build of %s: %w", b.Product, err)
	}
	folder := filepath.Join(c.folder, b.Key)
	err = os.Rename(scratch, folder)
	if errors.Is(err, fs.ErrExist) || isNotEmpty(err) {
		if found, ok := c.find(b.Key); ok {
			return found, os.RemoveAll(scratch)
		}
		if err := os.RemoveAll(folder); err != nil {
			return nil, fmt.Errorf("keep build of %s: %w", b.Product, err)
		}
		err = os.Rename(scratch, folder)
	}
	if err != nil {
		return nil, fmt.Errorf("keep build of %s: %w", b.Product, err)
	}
	b.folder = folder
	return b, nil
}

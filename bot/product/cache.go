package product

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// Cache keeps builds in a folder, one sub-folder a key. Builds are complete or not there: each is made beside its
// place and renamed into it, so that several processes may share a cache, and several goroutines one Cache.
type Cache struct {
	folder string
	// temporary says that the folder goes when the cache is closed.
	temporary bool

	mu      sync.Mutex
	dropped []string // folders of builds that are not kept
}

// manifestFile is the name of a build's description in its folder.
const manifestFile = "build.json"

// keepUnused is how long a build that nobody asked for stays in the cache.
const keepUnused = 14 * 24 * time.Hour

// keepUnfinished is how long a build may take before its folder is taken for one that a killed process left.
const keepUnfinished = 24 * time.Hour

// scratchPrefix begins the name of the folder of a build that is being made.
const scratchPrefix = "new-"

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

// Close removes a temporary cache, and from any other the builds that are not to be kept.
func (c *Cache) Close() error {
	if c.temporary {
		return os.RemoveAll(c.folder)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	var errs []error
	for _, folder := range c.dropped {
		errs = append(errs, os.RemoveAll(folder))
	}
	c.dropped = nil
	return errors.Join(errs...)
}

// drop has a folder removed when the cache is closed.
func (c *Cache) drop(folder string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.dropped = append(c.dropped, folder)
}

// prune drops what was not used for long, and what a killed process left half-made.
func (c *Cache) prune(now time.Time) {
	entries, err := os.ReadDir(c.folder)
	if err != nil {
		return // pruning is housekeeping: reading the cache will say what is wrong
	}
	for _, e := range entries {
		limit := keepUnused
		if strings.HasPrefix(e.Name(), scratchPrefix) {
			limit = keepUnfinished
		}
		info, err := e.Info()
		if err == nil && e.IsDir() && now.Sub(info.ModTime()) > limit {
			_ = os.RemoveAll(filepath.Join(c.folder, e.Name()))
		}
	}
}

// manifest is what is written beside a build's database.
type manifest struct {
	Build *Build
	// Size is the database's size in bytes, and Head the SHA-256 of its beginning, by which a damaged one is known.
	Size int64
	Head string
}

// find returns the build of that key; ok is false if there is none or it is damaged.
func (c *Cache) find(key string) (b *Build, ok bool) {
	folder := filepath.Join(c.folder, key)
	data, err := os.ReadFile(filepath.Join(folder, manifestFile))
	if err != nil {
		return nil, false
	}
	var m manifest
	if err := json.Unmarshal(data, &m); err != nil || m.Build == nil || m.Build.Key != key {
		return nil, false
	}
	size, head, err := fingerprint(filepath.Join(folder, databaseFile))
	if err != nil || size != m.Size || head != m.Head {
		return nil, false
	}
	m.Build.folder, m.Build.Cached = folder, true
	now := time.Now()
	_ = os.Chtimes(folder, now, now) // only for pruning
	return m.Build, true
}

// fingerprint is the size of a file and the hash of its first mebibyte.
func fingerprint(file string) (size int64, head string, err error) {
	f, err := os.Open(file)
	if err != nil {
		return 0, "", err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return 0, "", err
	}
	h := sha256.New()
	if _, err := io.CopyN(h, f, 1<<20); err != nil && !errors.Is(err, io.EOF) {
		return 0, "", err
	}
	return info.Size(), hex.EncodeToString(h.Sum(nil)), nil
}

// scratch makes a folder in which a build can be made.
func (c *Cache) scratch() (string, error) {
	folder, err := os.MkdirTemp(c.folder, scratchPrefix)
	if err != nil {
		return "", fmt.Errorf("make a folder in the build cache %s: %w; name another with --cache, or pass --no-cache", c.folder, errorOnly(err))
	}
	return folder, nil
}

// keep moves a finished build from its scratch folder to its place. If another process was first, its build is used.
func (c *Cache) keep(b *Build, scratch string) (*Build, error) {
	if err := writeManifest(b, scratch); err != nil {
		_ = os.RemoveAll(scratch)
		return nil, fmt.Errorf("keep build of %s: %w", b.Product, err)
	}
	folder := filepath.Join(c.folder, b.Key)
	err := os.Rename(scratch, folder)
	if err != nil { // something is there already
		if found, ok := c.find(b.Key); ok {
			found.Before = b.Before
			return found, os.RemoveAll(scratch)
		}
		if err = os.RemoveAll(folder); err == nil {
			err = os.Rename(scratch, folder)
		}
	}
	if err != nil {
		_ = os.RemoveAll(scratch)
		return nil, fmt.Errorf("keep build of %s: %w", b.Product, err)
	}
	b.folder = folder
	return b, nil
}

// writeManifest describes the build in a folder.
func writeManifest(b *Build, folder string) error {
	size, head, err := fingerprint(filepath.Join(folder, databaseFile))
	if err != nil {
		return err
	}
	data, err := json.MarshalIndent(manifest{Build: b, Size: size, Head: head}, "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, manifestFile), data, 0o600)
}

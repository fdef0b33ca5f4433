package uv

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

// lookEvery is how often it is looked how much uv has written.
const lookEvery = 2 * time.Second

// watch stops uv when it has written more than an owner's limit. What it returns says once, when ended is closed, whether it did.
func (h *Owner) watch(ctx context.Context, stop context.CancelFunc, ended <-chan struct{}) <-chan bool {
	full := make(chan bool, 1)
	go func() {
		ticker := time.NewTicker(lookEvery)
		defer ticker.Stop()
		for {
			select {
			case <-ended:
				full <- false
				return
			case <-ctx.Done():
				full <- false
				return
			case <-ticker.C:
				if sizeOf(h.folder) > h.tool.options.Limit {
					full <- true
					stop()
					return
				}
			}
		}
	}()
	return full
}

// sizeOf is how many bytes the files in a folder take; what goes away meanwhile does not count.
func sizeOf(folder string) (total int64) {
	_ = filepath.WalkDir(folder, func(_ string, d fs.DirEntry, err error) error {
		if err != nil {
			return nil
		}
		if info, err := d.Info(); err == nil && info.Mode().IsRegular() {
			total += info.Size()
		}
		return nil
	})
	return total
}

// Tidy removes the owner's environments that nobody asked for lately, and then as many of those that were used longest ago as it takes to
// stay within the limit; uv's cache goes after them. Environments that are in use stay. Before an environment is made, room is made for it.
func (h *Owner) Tidy(ctx context.Context) error { return h.tidy(ctx, "", h.tool.options.Limit) }

// tidy is Tidy for another limit, but keeps one environment, whose lock the caller may have.
func (h *Owner) tidy(ctx context.Context, keep string, limit int64) error {
	if err := h.dropScratch(); err != nil {
		return fmt.Errorf("tidy Python environments: %w", err)
	}
	kept, err := h.kept()
	if err != nil {
		return fmt.Errorf("tidy Python environments: %w", err)
	}
	total := sizeOf(filepath.Join(h.folder, cacheFolder))
	for i := range kept {
		kept[i].size = sizeOf(kept[i].folder)
		total += kept[i].size
	}
	for _, k := range kept {
		if k.folder == keep || (h.tool.options.Now().Sub(k.used) < h.tool.options.Unused && total <= limit) {
			continue
		}
		gone, err := drop(k.folder)
		if err != nil {
			return fmt.Errorf("tidy Python environments: %w", err)
		}
		if gone {
			total -= k.size
		}
	}
	if total > limit {
		_, err := h.run(ctx, command{dir: h.folder, args: []string{"cache", "clean", "--quiet"}})
		return err
	}
	return nil
}

// keptEnvironment is an environment's folder, complete or not.
type keptEnvironment struct {
	folder string
	used   time.Time
	size   int64
}

// kept are the environments' folders, the one that was used longest ago first.
func (h *Owner) kept() ([]keptEnvironment, error) {
	entries, err := os.ReadDir(filepath.Join(h.folder, environmentsFolder))
	if err != nil {
		return nil, err
	}
	var kept []keptEnvironment
	for _, entry := range entries {
		if !entry.IsDir() {
			continue
		}
		k := keptEnvironment{folder: filepath.Join(h.folder, environmentsFolder, entry.Name())}
		info, err := os.Stat(filepath.Join(k.folder, madeFile))
		if err != nil {
			info, err = entry.Info() // one that was left half-made, unless its lock is held
		}
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		k.used = info.ModTime()
		kept = append(kept, k)
	}
	sort.Slice(kept, func(i, j int) bool { return kept[i].used.Before(kept[j].used) })
	return kept, nil
}

// drop removes an environment that nobody uses. Its lock's file stays: another process may just wait for it.
func drop(folder string) (gone bool, err error) {
	lock := flock.New(folder + ".lock")
	defer lock.Close()
	if free, err := lock.TryLock(); err != nil || !free {
		return false, err
	}
	return true, os.RemoveAll(folder)
}

// keepScratch is how long a run may take before its folder is taken for one that a killed process left.
const keepScratch = 24 * time.Hour

// dropScratch removes the folders that killed processes left.
func (h *Owner) dropScratch() error {
	entries, err := os.ReadDir(filepath.Join(h.folder, scratchFolder))
	if err != nil {
		return err
	}
	for _, entry := range entries {
		info, err := entry.Info()
		if err != nil || !strings.HasPrefix(entry.Name(), "run-") || h.tool.options.Now().Sub(info.ModTime()) < keepScratch {
			continue
		}
		if err := os.RemoveAll(filepath.Join(h.folder, scratchFolder, entry.Name())); err != nil {
			return err
		}
	}
	return nil
}

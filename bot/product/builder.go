package product

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/codicil-dev/codicil/bot/engine"
)

// Builder builds products, or finds their builds in the cache. It may be used by several goroutines at once.
type Builder struct {
	Cache *Cache
	// Memory is the limit of one build in bytes, Threads its number of threads and StatementTimeout the limit of one
	// statement; zero values mean the engine's defaults.
	Memory           int64
	Threads          int
	StatementTimeout time.Duration
	// Disk limits what one build writes, in bytes: its database, and as much again for what does not fit into memory; zero
	// means half of what is free, and the engine's defaults at most.
	Disk int64
	// AllowUnconfined lets builds run where the system offers no confinement at all.
	AllowUnconfined bool
	// Progress is told in a few words what is being done; it may be nil.
	Progress func(string)
	// Made is told of each build that was really made and not found in the cache, complete or not; it may be nil. Several
	// goroutines may call it at once.
	Made func(*Build)
	// Programs runs the programs of products that are not made by SQL; nil if they can't be run here.
	Programs Programs
	// NoNetwork lets no program reach the network, whatever its product asks for.
	NoNetwork bool

	parsed memory
}

// leastFree is how many bytes must be free for a build to be tried, so that a full disk is not taken for a fault of the product.
const leastFree = 64 << 20

// Options are the engine's options for a session that reads the given files and folders.
func (b *Builder) Options(readOnly ...string) engine.Options {
	return engine.Options{
		ReadOnly:         readOnly,
		Memory:           b.Memory,
		Threads:          b.Threads,
		StatementTimeout: b.StatementTimeout,
		AllowUnconfined:  b.AllowUnconfined,
	}
}

// Offline is the builder for what strangers bring: no program reaches the network.
func (b *Builder) Offline() *Builder {
	return &Builder{Cache: b.Cache, Memory: b.Memory, Threads: b.Threads, StatementTimeout: b.StatementTimeout, Disk: b.Disk, AllowUnconfined: b.AllowUnconfined,
		Progress: b.Progress, Made: b.Made, Programs: b.Programs, NoNetwork: true}
}

// Say tells the progress function what is being done.
func (b *Builder) Say(format string, args ...any) {
	if b.Progress != nil {
		b.Progress(fmt.Sprintf(format, args...))
	}
}

// build carries out a plan, or finds what an earlier run made of it. Only complete builds are kept for later runs.
func (b *Builder) build(ctx context.Context, pl *plan) (*Build, error) {
	key, err := pl.key()
	if err != nil {
		return nil, fmt.Errorf("build %s: %w", pl.Product, err)
	}
	if found, ok := b.Cache.find(key); ok {
		found.Before = pl.before
		return found, nil
	}
	scratch, err := b.Cache.scratch()
	if err != nil {
		return nil, fmt.Errorf("build %s: %w", pl.Product, err)
	}
	made, err := b.carryOut(ctx, pl, scratch)
	if err != nil {
		_ = os.RemoveAll(scratch)
		return nil, fmt.Errorf("build %s: %w", pl.Product, err)
	}
	made.Before = pl.before
	if b.Made != nil {
		b.Made(made)
	}
	if !made.complete() {
		// Seen by this run alone: what was wrong may pass, as a time limit does.
		made.Key, made.folder = filepath.Base(scratch), scratch
		b.Cache.drop(scratch)
		return made, nil
	}
	made.Key = key
	return b.Cache.keep(made, scratch)
}

// complete says whether the build and all that it reads are free of problems.
func (b *Build) complete() bool {
	for _, before := range b.Before {
		if !before.OK() {
			return false
		}
	}
	return b.OK()
}

// carryOut runs a plan in a confined session of its own.
func (b *Builder) carryOut(ctx context.Context, pl *plan, scratch string) (*Build, error) {
	if pl.Program != nil {
		return b.runProgram(ctx, pl, scratch)
	}
	start := time.Now()
	if err := pl.avoidPatterns(scratch); err != nil {
		return nil, err
	}
	options, err := b.buildOptions(pl, scratch)
	if err != nil {
		return nil, err
	}
	session, err := engine.Start(ctx, options)
	if err != nil {
		return nil, err
	}
	build, err := pl.run(ctx, session, func(what string) { b.Say("%s: %s", pl.Product, what) })
	if closing := session.Close(); err == nil && build.OK() {
		err = closing
	}
	if err != nil {
		return nil, err
	}
	build.Seconds = time.Since(start).Seconds()
	return build, nil
}

// buildOptions are the options of the session in which a plan is carried out.
func (b *Builder) buildOptions(pl *plan, scratch string) (engine.Options, error) {
	var readOnly []string
	for i := range pl.Seeds {
		for s := &pl.Seeds[i]; s != nil; s = s.NewColumns {
			readOnly = append(readOnly, s.File)
		}
	}
	for _, before := range pl.before {
		readOnly = append(readOnly, before.folder)
	}
	options := b.Options(readOnly...)
	options.Database = databaseFile
	options.WriteDir = scratch
	options.Threads = pl.Threads
	options.FileSize, options.SpillSize = b.Disk, b.Disk
	if b.Disk == 0 {
		free, err := freeSpace(scratch)
		if err != nil {
			return options, fmt.Errorf("see how much room there is in %s: %w", scratch, err)
		}
		if free < leastFree {
			return options, fmt.Errorf("only %d MB are free in %s; make room, or name another folder with --cache", free>>20, filepath.Dir(scratch))
		}
		options.FileSize = min(free/2, engine.DefaultFileSize)
		options.SpillSize = min(free/2, engine.DefaultSpillSize)
	}
	return options, nil
}

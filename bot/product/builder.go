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
	// AllowUnconfined lets builds run where the system offers no confinement at all.
	AllowUnconfined bool
	// Progress is told in a few words what is being done; it may be nil.
	Progress func(string)
}

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
		found.Before, found.Path = pl.before, pl.path
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
	made.Key = key
	if !made.OK() {
		made.Key = filepath.Base(scratch) // seen by this run alone: what was wrong may pass, as a time limit does
	}
	made, err = b.Cache.keep(made, scratch)
	if err != nil {
		return nil, err
	}
	made.Before = pl.before
	return made, nil
}

// carryOut runs a plan in a confined session of its own.
func (b *Builder) carryOut(ctx context.Context, pl *plan, scratch string) (*Build, error) {
	start := time.Now()
	var readOnly []string
	for _, s := range pl.Seeds {
		readOnly = append(readOnly, s.File)
		if s.NewColumns != nil {
			readOnly = append(readOnly, s.NewColumns.File)
		}
	}
	for _, before := range pl.before {
		readOnly = append(readOnly, before.folder)
	}
	options := b.Options(readOnly...)
	options.Database = databaseFile
	options.WriteDir = scratch
	options.Threads = pl.Threads
	session, err := engine.Start(ctx, options)
	if err != nil {
		return nil, err
	}
	build, err := pl.run(ctx, session, func(what string) { b.Say("%s: %s", pl.Product, what) })
	if closing := session.Close(); err == nil && closing != nil && !fatalProblem(build) {
		err = closing
	}
	if err != nil {
		return nil, err
	}
	build.Seconds = time.Since(start).Seconds()
	return build, nil
}

// fatalProblem says whether the session ended before the build was complete, so that closing it says nothing new.
func fatalProblem(b *Build) bool { return !b.OK() }

package uv

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/gofrs/flock"

	"github.com/codicil-dev/codicil/bot"
)

// layout changes whenever environments are made in another way, so that older ones are not taken for these.
const layout = 1

// madeFile is in an environment's folder once it is complete.
const madeFile = "codicil.json"

// Environment is a virtual environment that is kept until Close.
type Environment struct {
	// Folder is where it is; it is not to be written to, and to be used at this very path. Its programs are in Folder/bin.
	Folder string
	// Python is its interpreter, a link to the system's, and Prefix the folder of the system that this one needs, such as /usr.
	Python, Prefix string
	// Packages are what is installed, in order of their names.
	Packages []Package
	// Key is the hash of all that decided. Products of the same key share the environment.
	Key string
	// Made says that it was made now, and not found.
	Made bool

	lock *flock.Flock
}

// Package is an installed package; Name is normalised as PEP 503 has it.
type Package struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

// Close lets the environment go; it may then be removed when there is no room. The folder must not be used any more.
func (e *Environment) Close() error { return e.lock.Close() }

// made is the content of madeFile.
type made struct {
	Packages []Package `json:"packages"`
	// Digest is of the paths, kinds and sizes of all files.
	Digest string `json:"digest"`
}

// Environment returns the environment that the product's pins ask for, made now unless one of the same pins is there and whole. Only wheels are
// installed, with no code of theirs run, and hashes are checked where the pins have them. Of a project, the dependency groups are installed that
// uv installs by default, and no extras.
//
// What is wrong with the pins is bot.Problems, and a product without any a *NoPinsError; an index that does not answer is an
// *UnreachableError, and packages without room a *FullError. Processes and goroutines that want the same environment wait
// for the first one.
func (h *Owner) Environment(ctx context.Context, folder string) (*Environment, error) {
	p, err := h.read(folder)
	if err != nil {
		return nil, err
	}
	key, err := h.key(p)
	if err != nil {
		return nil, err
	}
	e := &Environment{
		Folder: filepath.Join(h.folder, environmentsFolder, key),
		Prefix: h.tool.python.Prefix,
		Key:    key,
	}
	e.Python = filepath.Join(e.Folder, "bin", "python")
	for range 10 { // others may remove what was just made, but not for ever
		if err := e.hold(ctx); err != nil {
			return nil, err
		}
		found, ok := e.find(h.tool.python.Path)
		if ok {
			e.Packages = found.Packages
			now := h.tool.options.Now()
			_ = os.Chtimes(filepath.Join(e.Folder, madeFile), now, now) // only its age suffers
			return e, nil
		}
		if err := e.Close(); err != nil {
			return nil, fmt.Errorf("let environment %s go: %w", key, err)
		}
		if err := h.makeOnce(ctx, p, e); err != nil {
			return nil, err
		}
	}
	return nil, fmt.Errorf("environment %s is not there after it was made: something else changes %s", key, h.folder)
}

// key is the hash of all that decides what an environment holds.
func (h *Owner) key(p *pins) (string, error) {
	t := h.tool
	what, err := json.Marshal(struct {
		Layout            int
		Main              string
		Files             map[string][]byte
		Python            python
		UV, Index, OS, Is string
	}{layout, p.main, p.files, t.python, t.version, t.options.Index, runtime.GOOS, runtime.GOARCH})
	if err != nil {
		return "", fmt.Errorf("hash the pins: %w", err)
	}
	sum := sha256.Sum256(what)
	return hex.EncodeToString(sum[:16]), nil
}

// lockWait is how often it is looked whether another process has let a lock go.
const lockWait = 50 * time.Millisecond

// hold keeps the environment from being changed or removed.
func (e *Environment) hold(ctx context.Context) error {
	e.lock = flock.New(e.Folder + ".lock")
	if _, err := e.lock.TryRLockContext(ctx, lockWait); err != nil {
		_ = e.lock.Close()
		return fmt.Errorf("wait for environment %s: %w", e.Key, err)
	}
	return nil
}

// find reads what was made of the environment; ok is false if it is not there, or not whole.
func (e *Environment) find(python string) (found made, ok bool) {
	content, err := os.ReadFile(filepath.Join(e.Folder, madeFile))
	if err != nil || json.Unmarshal(content, &found) != nil {
		return made{}, false
	}
	if _, is := e.interpreter(python); !is {
		return made{}, false
	}
	digest, err := digestOf(e.Folder)
	return found, err == nil && digest == found.Digest
}

// interpreter says whether the environment's interpreters are all this one, or names the one that is not.
func (e *Environment) interpreter(python string) (name string, is bool) {
	want, err := filepath.EvalSymlinks(python)
	for _, name := range []string{"python", "python3"} {
		got, errGot := filepath.EvalSymlinks(filepath.Join(e.Folder, "bin", name))
		if err != nil || errGot != nil || got != want {
			return name, false
		}
	}
	return "", true
}

// makeOnce makes the environment, unless another process did while this one waited.
func (h *Owner) makeOnce(ctx context.Context, p *pins, e *Environment) error {
	lock := flock.New(e.Folder + ".lock")
	if _, err := lock.TryLockContext(ctx, lockWait); err != nil {
		_ = lock.Close()
		return fmt.Errorf("wait for environment %s: %w", e.Key, err)
	}
	defer lock.Close()
	if _, ok := e.find(h.tool.python.Path); ok {
		return nil
	}
	if err := os.RemoveAll(e.Folder); err != nil {
		return fmt.Errorf("remove broken environment %s: %w", e.Key, err)
	}
	if err := h.tidy(ctx, e.Folder, h.tool.options.Limit/2); err != nil {
		return err
	}
	if err := h.make(ctx, p, e); err != nil {
		return errors.Join(err, os.RemoveAll(e.Folder))
	}
	e.Made = true
	return nil
}

// make makes the environment, whose last file says that it is complete.
func (h *Owner) make(ctx context.Context, p *pins, e *Environment) error {
	start := h.tool.options.Now()
	dir, remove, err := h.scratch()
	if err != nil {
		return err
	}
	defer remove()
	if err := p.write(dir); err != nil {
		return err
	}
	if _, err := h.run(ctx, command{dir: dir, args: []string{"venv", "--quiet", "--no-project", "--python", h.tool.python.Path, e.Folder}}); err != nil {
		return err
	}
	if err := h.install(ctx, p, dir, e.Folder); err != nil {
		return err
	}
	if sizeOf(h.folder) > h.tool.options.Limit { // it may have been done before anybody looked
		return &FullError{Limit: h.tool.options.Limit}
	}
	if err := h.compile(ctx, e.Folder); err != nil {
		return err
	}
	if name, is := e.interpreter(h.tool.python.Path); !is {
		return bot.Problems{{File: p.main, Severity: bot.SeverityError, Message: fmt.Sprintf(
			"a package that this asks for replaces the environment's interpreter bin/%s: do without it", name)}}
	}
	m := made{}
	if m.Packages, err = installed(e.Folder); err != nil {
		return err
	}
	if m.Digest, err = digestOf(e.Folder); err != nil {
		return fmt.Errorf("look through environment %s: %w", e.Key, err)
	}
	content, err := json.Marshal(m)
	if err != nil {
		return fmt.Errorf("describe environment %s: %w", e.Key, err)
	}
	if err := os.WriteFile(filepath.Join(e.Folder, madeFile), content, 0o600); err != nil {
		return fmt.Errorf("finish environment %s: %w", e.Key, err)
	}
	h.tool.options.Log.InfoContext(ctx, "Python environment made", "key", e.Key, "packages", len(m.Packages),
		"seconds", h.tool.options.Now().Sub(start).Seconds())
	return nil
}

// digestOf is a hash of the paths, kinds and sizes of all that is in a folder, but for madeFile.
func digestOf(folder string) (string, error) {
	sum := sha256.New()
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(folder, path)
		if err != nil || rel == madeFile {
			return err
		}
		var size int64
		if d.Type().IsRegular() {
			info, err := d.Info()
			if err != nil {
				return err
			}
			size = info.Size()
		}
		_, err = fmt.Fprintf(sum, "%q %v %d\n", rel, d.Type(), size)
		return err
	})
	return hex.EncodeToString(sum.Sum(nil)), err
}

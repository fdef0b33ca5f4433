package proposal

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"

	"github.com/rogpeppe/go-internal/diff"
)

// Change is what was done to one file.
type Change struct {
	// Path is from the product's folder, with slashes.
	Path string
	// Created and Deleted are false for a file that was there and still is.
	Created, Deleted bool
	// OldSize and NewSize are in bytes; 0 on the side that has no such file.
	OldSize, NewSize int64

	old, new string
}

// Diff is the change in the unified format. Of a file too large for a proposal, only the deletion is told.
func (c Change) Diff() string {
	before, after := "a/"+c.Path, "b/"+c.Path
	if c.Created {
		before = "/dev/null"
	}
	if c.Deleted {
		after = "/dev/null"
	}
	if int64(len(c.old)) != c.OldSize {
		return fmt.Sprintf("diff %s %s\n--- %s\n+++ %s\n(the old text has %s and is not shown)\n", before, after, before, after, size(int(c.OldSize)))
	}
	return string(diff.Diff(before, []byte(c.old), after, []byte(c.new)))
}

// Applied is what a proposal changed. Files that the proposal writes as they were are not in it.
type Applied struct {
	// Changes are in the order of the proposal.
	Changes []Change
}

// Written lists the files that were created or changed, in the order of the proposal.
func (a Applied) Written() []string {
	return a.paths(func(c Change) bool { return !c.Deleted })
}

// Deleted lists the files that were deleted.
func (a Applied) Deleted() []string {
	return a.paths(func(c Change) bool { return c.Deleted })
}

// Tests lists the tests that were there before and were changed or deleted: each needs a change_test.
func (a Applied) Tests() []string { return a.altered("tests") }

// Seeds lists the seeds that were there before and were changed or deleted: rows lost or altered need a change_seed.
func (a Applied) Seeds() []string { return a.altered("seeds") }

func (a Applied) altered(folder string) []string {
	return a.paths(func(c Change) bool { return !c.Created && below(c.Path, []string{folder}) })
}

func (a Applied) paths(wanted func(Change) bool) []string {
	var out []string
	for _, c := range a.Changes {
		if wanted(c) {
			out = append(out, c.Path)
		}
	}
	return out
}

// Diff is all changes in the unified format.
func (a Applied) Diff() string {
	var b bytes.Buffer
	for _, c := range a.Changes {
		b.WriteString(c.Diff())
	}
	return b.String()
}

// Check reports what Apply would do with the proposal, and writes nothing.
func Check(root *os.Root, p Proposal, rules Rules) (Applied, []Fault, error) {
	changes, faults, err := plan(root.FS(), p, rules)
	return Applied{changes}, faults, err
}

// Apply changes the product's folder, a scratch copy that no one else writes to meanwhile, as the proposal says: all
// of it, or with faults or an error nothing. Files are written beside and moved into place, so that a copy made of
// hard links leaves the original as it is; they are never executable. Faults are the model's to mend; the error is for
// a folder that can't be read or written.
func Apply(root *os.Root, p Proposal, rules Rules) (Applied, []Fault, error) {
	applied, faults, err := Check(root, p, rules)
	if err != nil || len(faults) > 0 {
		return Applied{}, faults, err
	}
	if err := commit(root, applied.Changes); err != nil {
		return Applied{}, nil, fmt.Errorf("apply the proposal in %s: %w", root.Name(), err)
	}
	return applied, nil, nil
}

// stage is the folder in which files wait to be moved. A product never has one of this name: dot folders are refused.
const stage = ".codicil-proposal"

// commit makes the changes, or undoes those that it made.
func commit(root *os.Root, changes []Change) (err error) {
	if err := root.RemoveAll(stage); err != nil {
		return err
	}
	if err := root.Mkdir(stage, 0o700); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, root.RemoveAll(stage)) }()
	for i, c := range changes {
		if !c.Deleted {
			if err := writeNew(root, staged("new", i), c.new); err != nil {
				return err
			}
		}
	}
	var undo []func() error
	for i, c := range changes {
		steps, err := place(root, c, i)
		undo = append(undo, steps...)
		if err != nil {
			for j := len(undo) - 1; j >= 0; j-- {
				err = errors.Join(err, undo[j]())
			}
			return err
		}
	}
	return nil
}

func staged(kind string, i int) string { return fmt.Sprintf("%s/%s-%d", stage, kind, i) }

// writeNew writes a file that must not be there yet.
func writeNew(root *os.Root, name, text string) error {
	f, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Chmod(0o644), f.Close())
}

// place moves a file's old text out and its new text in. The steps undo, last first, what was done.
func place(root *os.Root, c Change, i int) (undo []func() error, err error) {
	if c.Created {
		undo, err = makeFolders(root, path.Dir(c.Path))
		if err != nil {
			return undo, err
		}
	} else {
		if err := root.Rename(c.Path, staged("old", i)); err != nil {
			return undo, err
		}
		undo = append(undo, func() error { return root.Rename(staged("old", i), c.Path) })
	}
	if c.Deleted {
		return undo, nil
	}
	if err := root.Rename(staged("new", i), c.Path); err != nil {
		return undo, err
	}
	return append(undo, func() error { return root.Remove(c.Path) }), nil
}

// makeFolders makes dir and the folders above it that are not there.
func makeFolders(root *os.Root, dir string) (undo []func() error, err error) {
	if dir == "." {
		return nil, nil
	}
	undo, err = makeFolders(root, path.Dir(dir))
	if err != nil {
		return undo, err
	}
	switch err := root.Mkdir(dir, 0o755); {
	case errors.Is(err, fs.ErrExist):
		return undo, nil
	case err != nil:
		return undo, err
	}
	return append(undo, func() error { return root.Remove(dir) }), nil
}

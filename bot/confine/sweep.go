package confine

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// mostRemoved is how many removed entries are named.
const mostRemoved = 100

// sweep removes from a folder, after its program has ended, what is neither plain file nor folder, takes from the rest the right to
// lend its owner's rights, and gives the owner the right to read it. It returns what was removed.
func sweep(dir string) (removed []string, err error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("look through %s: %w", dir, err)
	}
	defer root.Close()
	s := sweeper{root: root}
	if err := s.folder("."); err != nil {
		return s.removed, fmt.Errorf("look through %s: %w", dir, err)
	}
	return s.removed, nil
}

// sweeper goes through one folder.
type sweeper struct {
	root    *os.Root
	removed []string
}

// folder sweeps what is in a folder of the root.
func (s *sweeper) folder(name string) error {
	d, err := s.root.Open(name)
	if err != nil {
		return err
	}
	entries, err := d.ReadDir(-1)
	d.Close()
	if err != nil {
		return err
	}
	for _, e := range entries {
		if err := s.entry(filepath.Join(name, e.Name())); err != nil {
			return err
		}
	}
	return nil
}

// entry sweeps one entry.
func (s *sweeper) entry(path string) error {
	info, err := s.root.Lstat(path)
	if err != nil {
		return err
	}
	mode := info.Mode()
	if !mode.IsRegular() && !mode.IsDir() {
		if err := s.root.Remove(path); err != nil {
			return err
		}
		if len(s.removed) < mostRemoved {
			s.removed = append(s.removed, clean(path)+" ("+kind(mode)+")")
		}
		return nil
	}
	least := fs.FileMode(0o400)
	if mode.IsDir() {
		least = 0o700
	}
	if want := mode.Perm() | least; want != mode&(fs.ModePerm|fs.ModeSetuid|fs.ModeSetgid|fs.ModeSticky) {
		if err := s.root.Chmod(path, want); err != nil {
			return err
		}
	}
	if mode.IsDir() {
		return s.folder(path)
	}
	return nil
}

// kind is a word for what is no file and no folder.
func kind(mode fs.FileMode) string {
	switch mode.Type() {
	case fs.ModeSymlink:
		return "link"
	case fs.ModeSocket:
		return "socket"
	case fs.ModeNamedPipe:
		return "pipe"
	}
	return "device"
}

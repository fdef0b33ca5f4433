package author

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"sort"
	"strings"

	"github.com/rogpeppe/go-internal/diff"

	"github.com/codicil-dev/codicil/bot/product"
)

// scratch is a copy of a tree's products.
type scratch struct {
	tree product.Tree
	// path is the product's folder, slash-separated.
	path string
}

// dir is the product's folder on disk.
func (s *scratch) dir() string { return filepath.Join(s.tree.Root, filepath.FromSlash(s.path)) }

// name is a file of the product on disk.
func (s *scratch) name(file string) string { return filepath.Join(s.dir(), filepath.FromSlash(file)) }

// eachFile calls do with every regular file of the tree's products, as a slash-separated path. Dot folders and node_modules are
// left out; a link in the product own is an error, in others it is left out. Of an own that has no spec yet, so that it is no
// product, only what a product is built from counts.
func eachFile(tree product.Tree, own string, do func(name string) error) error {
	dirs, err := find(tree)
	if err != nil {
		return err
	}
	inside := map[string]bool{} // folders of own
	if own != "" && !slices.Contains(dirs, own) {
		for _, part := range bareParts {
			part = path.Join(own, part)
			if _, err := os.Lstat(filepath.Join(tree.Root, filepath.FromSlash(part))); err == nil {
				dirs, inside[part] = append(dirs, part), true
			}
		}
	}
	seen := map[string]bool{}
	for _, dir := range dirs {
		start := filepath.Join(tree.Root, filepath.FromSlash(dir))
		err := filepath.WalkDir(start, func(full string, entry fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			rel, err := filepath.Rel(tree.Root, full)
			if err != nil {
				return err
			}
			name := filepath.ToSlash(rel)
			hidden := strings.HasPrefix(entry.Name(), ".") || entry.Name() == "node_modules"
			switch {
			case full == start && entry.IsDir() || seen[name]:
				return nil
			case hidden && entry.IsDir():
				return fs.SkipDir
			case hidden || entry.IsDir():
				return nil
			case !entry.Type().IsRegular() && (dir == own || inside[dir]):
				return fmt.Errorf("%s is a link or a special file, which a product may not hold; replace it by a regular file", name)
			case !entry.Type().IsRegular():
				return nil
			}
			seen[name] = true
			return do(name)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// copyProducts copies the tree's products to a folder, and returns the hash of each file that was copied.
func copyProducts(ctx context.Context, tree product.Tree, own, to string) (map[string]string, error) {
	sums := map[string]string{}
	err := eachFile(tree, own, func(name string) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		target := filepath.Join(to, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(target), 0o700); err != nil {
			return err
		}
		out, err := os.OpenFile(target, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return err
		}
		sum, err := hashFile(filepath.Join(tree.Root, filepath.FromSlash(name)), out)
		sums[name] = sum
		return errors.Join(err, out.Close())
	})
	if err != nil {
		return nil, fmt.Errorf("copy the products of %s: %w", tree.Label, err)
	}
	return sums, nil
}

// hashFile is the SHA-256 of a file, whose text goes to w as well.
func hashFile(name string, w io.Writer) (string, error) {
	in, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer in.Close()
	h := sha256.New()
	if _, err := io.Copy(io.MultiWriter(h, w), in); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// unchanged says whether the tree's products are still what they were when sums was made.
func unchanged(tree product.Tree, own string, sums map[string]string) error {
	seen := 0
	err := eachFile(tree, own, func(name string) error {
		sum, err := hashFile(filepath.Join(tree.Root, filepath.FromSlash(name)), io.Discard)
		if err != nil {
			return err
		}
		if was, ok := sums[name]; !ok || was != sum {
			return fmt.Errorf("%s was changed while the author worked, so its proof says nothing now; run it again", name)
		}
		seen++
		return nil
	})
	if err == nil && seen != len(sums) {
		err = errors.New("a file was deleted while the author worked, so its proof says nothing now; run it again")
	}
	return err
}

// reset makes s a copy of base, by hard links where the system has them: nothing in a scratch is written in place.
func (s *scratch) reset(base *scratch) error {
	if err := os.RemoveAll(s.tree.Root); err != nil {
		return err
	}
	return filepath.WalkDir(base.tree.Root, func(full string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(base.tree.Root, full)
		if err != nil {
			return err
		}
		target := filepath.Join(s.tree.Root, rel)
		if entry.IsDir() {
			return os.MkdirAll(target, 0o700)
		}
		if os.Link(full, target) == nil {
			return nil
		}
		data, err := os.ReadFile(full)
		if err != nil {
			return err
		}
		return os.WriteFile(target, data, 0o600)
	})
}

// write puts a text in the place of a file of the product.
func (s *scratch) write(file string, text []byte) error {
	if err := os.Remove(s.name(file)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(s.name(file)), 0o700); err != nil {
		return err
	}
	return os.WriteFile(s.name(file), text, 0o600)
}

// files are the names of the product's files.
func (s *scratch) files() (map[string]bool, error) {
	out := map[string]bool{}
	err := filepath.WalkDir(s.dir(), func(full string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		rel, err := filepath.Rel(s.dir(), full)
		out[filepath.ToSlash(rel)] = true
		return err
	})
	return out, err
}

// changes compares the product in head with that in base: the files that differ, their new texts (absent where deleted).
func changes(base, head *scratch) (changed []string, texts map[string]string, err error) {
	was, err := base.files()
	if err != nil {
		return nil, nil, err
	}
	is, err := head.files()
	if err != nil {
		return nil, nil, err
	}
	texts = map[string]string{}
	for name := range is {
		text, err := os.ReadFile(head.name(name))
		if err != nil {
			return nil, nil, err
		}
		if was[name] {
			old, err := os.ReadFile(base.name(name))
			if err != nil {
				return nil, nil, err
			}
			if bytes.Equal(old, text) {
				continue
			}
		}
		changed = append(changed, name)
		texts[name] = string(text)
	}
	for name := range was {
		if !is[name] {
			changed = append(changed, name)
		}
	}
	sort.Strings(changed)
	return changed, texts, nil
}

// unified is the difference of the named files in the unified format, without those that skip names.
func unified(base *scratch, changed []string, texts map[string]string, skip ...string) string {
	var b strings.Builder
	for _, name := range changed {
		if slices.Contains(skip, name) {
			continue
		}
		before, after := path.Join("a", name), path.Join("b", name)
		old, err := os.ReadFile(base.name(name))
		if err != nil {
			before = "/dev/null"
		}
		text, there := texts[name]
		if !there {
			after = "/dev/null"
		}
		b.Write(diff.Diff(before, old, after, []byte(text)))
	}
	return b.String()
}

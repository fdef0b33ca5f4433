package gate

import (
	"context"
	"path"
	"slices"
	"strings"

	"github.com/codicil-dev/codicil/bot/mirror"
	"github.com/codicil-dev/codicil/bot/product"
)

// touched finds the products of base or head that differ.
func (g *Gate) touched(ctx context.Context, c *case1) error {
	changed, err := c.mirror.ChangedFiles(ctx, c.base, c.Head)
	if err != nil {
		return err
	}
	var dirs []string
	for _, commit := range []string{c.base, c.Head} {
		found, err := products(ctx, c.mirror, commit)
		if err != nil {
			return err
		}
		dirs = append(dirs, found...)
	}
	slices.Sort(dirs)
	for _, dir := range slices.Compact(dirs) {
		if slices.ContainsFunc(changed, func(f string) bool { return holder(f, dirs) == dir }) {
			c.touched = append(c.touched, dir)
		}
	}
	return nil
}

// products are the folders of a commit that hold a spec.
func products(ctx context.Context, m *mirror.Mirror, commit string) (dirs []string, err error) {
	for e, err := range m.Files(ctx, commit) {
		if err != nil {
			return nil, err
		}
		if path.Base(e.Path) == product.SpecFile && e.Regular() {
			dirs = append(dirs, path.Dir(e.Path))
		}
	}
	return dirs, nil
}

// holder is the innermost of some folders that a file is in; empty if none is.
func holder(file string, dirs []string) string {
	for dir := path.Dir(file); ; dir = path.Dir(dir) {
		if slices.Contains(dirs, dir) {
			return dir
		}
		if dir == "." || dir == "/" || !strings.Contains(file, "/") {
			return ""
		}
	}
}

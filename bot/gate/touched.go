package gate

import (
	"context"
	"maps"
	"path"
	"slices"

	"github.com/codicil-dev/codicil/bot/mirror"
	"github.com/codicil-dev/codicil/bot/product"
	"github.com/codicil-dev/codicil/bot/workspace"
)

// touched finds the products of base or head that differ.
func (g *Gate) touched(ctx context.Context, c *matter) error {
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
	holds, touched := map[string]bool{}, map[string]bool{}
	for _, dir := range dirs {
		holds[dir] = true
	}
	for _, f := range changed {
		if dir, ok := holder(f, holds); ok {
			touched[dir] = true
		}
	}
	c.touched = slices.Sorted(maps.Keys(touched))
	return nil
}

// products are the folders of a commit that hold a spec.
func products(ctx context.Context, m *mirror.Mirror, commit string) (dirs []string, err error) {
	for e, err := range m.Files(ctx, commit) {
		if err != nil {
			return nil, err
		}
		if path.Base(e.Path) == product.SpecFile && e.Regular() && !workspace.Hidden(e.Path) {
			dirs = append(dirs, path.Dir(e.Path))
		}
	}
	return dirs, nil
}

// holder is the innermost of some folders that a file is in; ok is false if none is.
func holder(file string, dirs map[string]bool) (dir string, ok bool) {
	for dir := path.Dir(file); ; dir = path.Dir(dir) {
		if dirs[dir] {
			return dir, true
		}
		if dir == "." || dir == "/" {
			return "", false
		}
	}
}

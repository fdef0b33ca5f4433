package lint

import (
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/codicil-dev/codicil/bot/spec"
)

// find returns the folders with a spec.yaml, in order. Dot folders, node_modules and links are not entered.
func find(fsys fs.FS) ([]string, error) {
	var found []string
	err := fs.WalkDir(fsys, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil && name == ".":
			return err
		case err != nil:
			return nil // a folder that may not be read holds no product of ours
		case entry.IsDir() && name != "." && (strings.HasPrefix(entry.Name(), ".") || entry.Name() == "node_modules"):
			return fs.SkipDir
		case !entry.IsDir() && entry.Name() == spec.SpecFile:
			found = append(found, path.Dir(name))
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("find products: %w", err)
	}
	return found, nil
}

// contains says whether inner is outer or a folder below it.
func contains(outer, inner string) bool {
	outer, inner = path.Clean(outer), path.Clean(inner)
	return outer == "." || inner == outer || strings.HasPrefix(inner, outer+"/")
}

// anyContains says whether one of the outer folders contains inner.
func anyContains(outer []string, inner string) bool {
	for _, o := range outer {
		if contains(o, inner) {
			return true
		}
	}
	return false
}

package mirror

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/codicil-dev/codicil/bot/gitcmd"
)

// buildTree makes the parent's tree with the changes, in an index of its own in the folder tmp.
func buildTree(ctx context.Context, g gitcmd.Git, parent string, changes []Change, tmp string) (tree string, err error) {
	index := g.WithEnv("GIT_INDEX_FILE=" + filepath.Join(tmp, "index"))
	if _, err := index.Output(ctx, "read-tree", parent); err != nil {
		return "", err
	}
	modes, err := checkTree(ctx, g, parent, changes)
	if err != nil {
		return "", err
	}
	blobs, err := store(ctx, g, changes, tmp)
	if err != nil {
		return "", err
	}
	var lines bytes.Buffer
	for _, deletes := range []bool{true, false} { // so that a file may take the place of a folder, and a folder that of a file
		for i, c := range changes {
			switch {
			case c.Delete != deletes:
			case deletes:
				fmt.Fprintf(&lines, "0 %s\t%s\x00", strings.Repeat("0", len(parent)), c.Path)
			default:
				fmt.Fprintf(&lines, "%s %s\t%s\x00", modes[i], blobs[i], c.Path)
			}
		}
	}
	if _, err := run(ctx, index, &lines, "update-index", "-z", "--index-info"); err != nil {
		return "", err
	}
	return index.Output(ctx, "write-tree", "--missing-ok")
}

// checkTree checks the changes against what is in the parent's tree, and returns the mode that each file gets.
func checkTree(ctx context.Context, g gitcmd.Git, parent string, changes []Change) (modes []string, err error) {
	at, above := map[string]int{}, map[string]bool{}
	for i, c := range changes {
		at[c.Path] = i
		if modes = append(modes, c.Mode); c.Mode == "" {
			modes[i] = "100644"
		}
		for dir := path.Dir(c.Path); !c.Delete && dir != "."; dir = path.Dir(dir) {
			above[dir] = true
		}
	}
	for _, c := range changes {
		if i, isFile := at[c.Path]; above[c.Path] && isFile && !changes[i].Delete {
			return nil, &PathError{c.Path, "another change needs a folder there"}
		}
	}
	for e, err := range g.Files(ctx, parent, "") {
		if err != nil {
			return nil, err
		}
		i, changed := at[e.Path]
		switch {
		case changed && !e.Regular():
			return nil, &PathError{e.Path, "it is a link or a submodule"}
		case above[e.Path] && !changed:
			return nil, &PathError{e.Path, "a change is below it, and it is a file, a link or a submodule"}
		case changed && changes[i].Mode == "":
			modes[i] = e.Mode
		case changed:
		default:
			if dir, ok := changedAbove(e.Path, at, changes); ok {
				return nil, &PathError{dir, "it is a folder"}
			}
		}
	}
	return modes, nil
}

// changedAbove finds a change that would put a file where a folder above name is.
func changedAbove(name string, at map[string]int, changes []Change) (dir string, ok bool) {
	for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
		if i, ok := at[dir]; ok && !changes[i].Delete {
			return dir, true
		}
	}
	return "", false
}

// store stores the content of the changes, and returns its hashes. One process takes it all, from files in the folder tmp.
func store(ctx context.Context, g gitcmd.Git, changes []Change, tmp string) (hashes []string, err error) {
	hashes = make([]string, len(changes))
	var names bytes.Buffer
	var order []int
	for i, c := range changes {
		if c.Delete {
			continue
		}
		name := filepath.Join(tmp, fmt.Sprint(i))
		if err := os.WriteFile(name, c.Data, 0o600); err != nil {
			return nil, err
		}
		names.WriteString(name + "\n")
		order = append(order, i)
	}
	if len(order) == 0 {
		return hashes, nil
	}
	out, err := run(ctx, g, &names, "hash-object", "-w", "--no-filters", "--stdin-paths")
	if err != nil {
		return nil, err
	}
	lines := strings.Fields(out)
	if len(lines) != len(order) {
		return nil, fmt.Errorf("git hash-object stored %d of %d files", len(lines), len(order))
	}
	for n, i := range order {
		hashes[i] = lines[n]
	}
	return hashes, nil
}

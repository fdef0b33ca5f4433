package workspace_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/codicil-dev/codicil/bot/mirror"
	"github.com/codicil-dev/codicil/bot/workspace"
	"github.com/codicil-dev/codicil/forge"
)

// shelf is a library of copies that belongs to a test.
func shelf(t *testing.T) workspace.Library {
	t.Helper()
	cache, err := mirror.Open(t.TempDir(), mirror.Options{AllowFile: true, Author: mirror.Person{Name: "Bot", Email: "bot@example.com"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cache.Close() })
	return workspace.Library{Cache: cache, Credential: func(context.Context, forge.Repo) (forge.Credential, error) { return forge.Credential{}, nil }}
}

// counted has every call of git written down from now on, and returns what counts those of one kind.
func counted(t *testing.T) func(command string) int {
	t.Helper()
	real, err := exec.LookPath("git")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	calls := filepath.Join(dir, "calls")
	script := fmt.Sprintf("#!/bin/sh\necho \" $* \" >>'%s'\nexec '%s' \"$@\"\n", calls, real)
	if err := os.WriteFile(filepath.Join(dir, "git"), []byte(script), 0o700); err != nil { //nolint:gosec // it is to be run
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
	return func(command string) int {
		text, err := os.ReadFile(calls)
		if err != nil {
			t.Fatal(err)
		}
		return strings.Count(string(text), " "+command+" ")
	}
}

func TestProductsBeyondTheLimitAreCounted(t *testing.T) {
	library := shelf(t)
	r := repository(t, library, "commerce", "lake", nil, "a/spec.yaml", "b/spec.yaml", "c/spec.yaml", "d/spec.yaml", "c/models/c.sql", ".github/spec.yaml")
	for _, c := range []struct {
		most  int
		known map[string]bool
		found string
	}{
		{4, nil, "a b c d"},
		{2, nil, "a b"},
		{2, map[string]bool{"c": true, "gone": true}, "a c"}, // what is looked after stays so
		{2, map[string]bool{"b": true, "c": true, "d": true}, "b c"},
	} {
		found, holds, err := workspace.Scan(t.Context(), library.Mirror(r.Repository), r.Commit, c.most, c.known)
		if err != nil {
			t.Fatal(err)
		}
		var paths []string
		for _, p := range found {
			paths = append(paths, p.Path)
		}
		if got := strings.Join(paths, " "); got != c.found || holds != 4 {
			t.Errorf("of %d at most, with %v: %q of %d, want %q of 4", c.most, c.known, got, holds, c.found)
		}
	}
}

func TestManyDocumentsTakeOneList(t *testing.T) {
	library := shelf(t)
	var files, dirs []string
	for i := range 5 {
		dirs = append(dirs, fmt.Sprintf("p%d", i))
		files = append(files, dirs[i]+"/spec.yaml", dirs[i]+"/amendments/0001.yaml", dirs[i]+"/amendments/old/0001.yaml", dirs[i]+"/models/m.sql")
	}
	r := repository(t, library, "commerce", "data", nil, files...)
	calls := counted(t)
	all, err := workspace.DocumentsAt(t.Context(), library.Mirror(r.Repository), r.Commit, append(dirs, "nowhere"))
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range dirs {
		if all[dir].Err == nil || !strings.Contains(all[dir].Err.Error(), dir+"/spec.yaml") {
			t.Errorf("%s: %v, want what is wrong with its spec", dir, all[dir].Err)
		}
	}
	if all["nowhere"].Err == nil {
		t.Error("a product that is not there can be opened")
	}
	if n := calls("ls-tree"); n != 1 {
		t.Errorf("the tree was listed %d times for %d products", n, len(dirs))
	}
}

package repo

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// export exports a commit of dir and returns the files.
func export(t *testing.T, dir, commit string) map[string]string {
	t.Helper()
	to := t.TempDir()
	if _, err := open(t, dir).Export(t.Context(), commit, "spec.yaml", to); err != nil {
		t.Fatal(err)
	}
	return tree(t, to)
}

// tree is all files below a folder.
func tree(t *testing.T, folder string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(folder, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		if !entry.Type().IsRegular() {
			t.Errorf("%s is not a regular file", name)
		}
		data, err := os.ReadFile(name)
		rel, _ := filepath.Rel(folder, name)
		out[filepath.ToSlash(rel)] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestExport(t *testing.T) {
	dir := newRepo(t)
	write(t, dir, "README.md", "not below a product")
	write(t, dir, "a/spec.yaml", "a")
	write(t, dir, "a/models/deep/m.sql", "select 1\r\n")
	write(t, dir, "a/.gitattributes", "*.sql text eol=lf export-ignore\nspec.yaml export-subst ident\n")
	write(t, dir, "b c/-d\n\"é\t/spec.yaml", "")
	write(t, dir, "b c/-d\n\"é\t/big", strings.Repeat("x", 1<<20))
	write(t, dir, "other/x", "x")
	for link, to := range map[string]string{"a/link": "/etc/passwd", "a/dir": "../other", "other/spec.yaml": "../a/spec.yaml"} {
		if err := os.Symlink(to, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	sub := newRepo(t)
	commit(t, sub, "spec.yaml", "sub")
	git(t, dir, "submodule", "--quiet", "add", sub, "a/sub")
	one := commit(t, dir, "a/run.sh", "#!/bin/sh\n")
	write(t, dir, "a/spec.yaml", "dirty")
	to := t.TempDir()
	leftOut, err := open(t, dir).Export(t.Context(), one, "spec.yaml", to)
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(leftOut)
	if got := strings.Join(leftOut, " "); got != "a/dir a/link a/sub" {
		t.Errorf("left out: %s", got)
	}
	got := tree(t, to)
	want := map[string]string{
		"a/spec.yaml": "a", "a/models/deep/m.sql": "select 1\r\n", "a/.gitattributes": "*.sql text eol=lf export-ignore\nspec.yaml export-subst ident\n", "a/run.sh": "#!/bin/sh\n",
		"b c/-d\n\"é\t/spec.yaml": "", "b c/-d\n\"é\t/big": strings.Repeat("x", 1<<20),
	}
	// git stores text files with the line ends that eol=lf asks for
	want["a/models/deep/m.sql"] = "select 1\n"
	for name, text := range want {
		if got[name] != text {
			t.Errorf("%q: got %.50q, want %.50q", name, got[name], text)
		}
		delete(got, name)
	}
	if len(got) > 0 {
		t.Errorf("more than wanted: %v", got)
	}
}

func TestExportAtRoot(t *testing.T) {
	dir := newRepo(t)
	one := commit(t, dir, "spec.yaml", "a")
	if got := export(t, dir, one); got["spec.yaml"] != "a" {
		t.Errorf("got %v", got)
	}
	git(t, dir, "rm", "-q", "spec.yaml")
	two := commit(t, dir, "x", "1")
	if got := export(t, dir, two); len(got) != 0 {
		t.Errorf("without a product: got %v", got)
	}
}

func TestExportTooLarge(t *testing.T) {
	dir := newRepo(t)
	write(t, dir, "elsewhere", strings.Repeat("x", 1000))
	one := commit(t, dir, "p/spec.yaml", strings.Repeat("x", 100))
	r := open(t, dir)
	r.limit = 100
	if _, err := r.Export(t.Context(), one, "spec.yaml", t.TempDir()); err != nil {
		t.Error(err)
	}
	r.limit = 99
	to := t.TempDir()
	if _, err := r.Export(t.Context(), one, "spec.yaml", to); err == nil || !strings.Contains(err.Error(), "100 bytes, more than the 99") {
		t.Errorf("got %v", err)
	}
	if got := tree(t, to); len(got) > 0 {
		t.Errorf("written: %v", got)
	}
}

func TestExportUnknown(t *testing.T) {
	dir := newRepo(t)
	commit(t, dir, "a", "1")
	if _, err := open(t, dir).Export(t.Context(), strings.Repeat("1", 40), "spec.yaml", t.TempDir()); err == nil {
		t.Error("an unknown commit was exported")
	}
}

func TestClone(t *testing.T) {
	origin := newRepo(t)
	commit(t, origin, "a", "1")
	git(t, origin, "config", "uploadpack.packObjectsHook", "/bin/false")
	if err := os.Symlink("/etc/passwd", filepath.Join(origin, "link")); err != nil {
		t.Fatal(err)
	}
	commit(t, origin, "deep/g.md", "rule")
	for _, url := range []string{origin, "file://" + origin} {
		to := filepath.Join(t.TempDir(), "to")
		if err := Clone(t.Context(), url, to); err != nil {
			t.Fatal(err)
		}
		if data, err := os.ReadFile(filepath.Join(to, "deep/g.md")); string(data) != "rule" {
			t.Errorf("%s: got %q, %v", url, data, err)
		}
		if info, err := os.Lstat(filepath.Join(to, "link")); err != nil || !info.Mode().IsRegular() {
			t.Errorf("%s: the link became %v, %v", url, info, err)
		}
	}
	trap := filepath.Join(t.TempDir(), "ran")
	for _, url := range []string{"ext::sh -c 'touch " + trap + "'", "--upload-pack=touch " + trap, "http://127.0.0.1:1/x.git", filepath.Join(origin, "nowhere"), "fd::17", "https://127.0.0.1:1/x.git"} {
		if err := Clone(t.Context(), url, filepath.Join(t.TempDir(), "to")); err == nil || !strings.HasPrefix(err.Error(), "clone: ") {
			t.Errorf("%s: got %v", url, err)
		} else {
			t.Log(err)
		}
	}
	if _, err := os.Stat(trap); err == nil {
		t.Error("the URL was run")
	}
}

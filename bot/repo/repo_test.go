package repo

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestOpen(t *testing.T) {
	if _, err := Open(t.Context(), t.TempDir()); !errors.Is(err, ErrNotRepository) {
		t.Errorf("a plain folder: got %v", err)
	}
	dir := newRepo(t)
	write(t, dir, "deep/er/file", "x")
	if r := open(t, filepath.Join(dir, "deep/er")); r.Root != dir {
		t.Errorf("got %s, want %s", r.Root, dir)
	}
	bare := t.TempDir()
	git(t, bare, "init", "-q", "--bare")
	if _, err := Open(t.Context(), bare); err == nil || !strings.Contains(err.Error(), "without a work tree") {
		t.Errorf("a bare repository: got %v", err)
	}
	t.Run("the environment means another", func(t *testing.T) {
		other := newRepo(t)
		t.Setenv("GIT_DIR", filepath.Join(other, ".git"))
		t.Setenv("GIT_WORK_TREE", other)
		t.Setenv("GIT_INDEX_FILE", filepath.Join(other, "index"))
		one := commit(t, dir, "a", "1")
		r := open(t, dir)
		if got, ok, err := r.Commit(t.Context(), "HEAD"); r.Root != dir || got != one || !ok || err != nil {
			t.Errorf("got %s, %s, %v, %v", r.Root, got, ok, err)
		}
	})
	t.Run("without git", func(t *testing.T) {
		t.Setenv("PATH", t.TempDir())
		if _, err := Open(t.Context(), dir); err == nil || !strings.Contains(err.Error(), "--base DIR") {
			t.Errorf("got %v", err)
		}
	})
}

func TestOddFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "-a b\n'c' \"ü\"")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	git(t, dir, "init", "-q")
	one := commit(t, dir, "-p\n x/spec.yaml", "1")
	commit(t, dir, "other", "1")
	r := open(t, filepath.Join(dir, "-p\n x"))
	rel, ok := r.Relative(filepath.Join(dir, "-p\n x"))
	if rel != "-p\n x" || !ok {
		t.Errorf("got %q, %v", rel, ok)
	}
	if got, _, err := r.DefaultBase(t.Context(), rel); got != one || err != nil {
		t.Errorf("got %s, %v", got, err)
	}
	if _, ok := r.Relative(t.TempDir()); ok {
		t.Error("another folder is in the work tree")
	}
}

// A work tree of its own beside the first, and one that belongs to somebody else.
func TestOtherTrees(t *testing.T) {
	dir := newRepo(t)
	one := commit(t, dir, "p/spec.yaml", "1")
	tree := filepath.Join(t.TempDir(), "tree")
	git(t, dir, "worktree", "add", "-q", "-b", "feature", tree)
	commit(t, tree, "p/spec.yaml", "2")
	wantBase(t, tree, one)
	if got := export(t, tree, one); got["p/spec.yaml"] != "1" {
		t.Errorf("got %v", got)
	}
	if os.Getuid() != 0 {
		t.Skip("only root can give files away")
	}
	if err := filepath.Walk(dir, func(name string, _ os.FileInfo, err error) error {
		return errors.Join(err, os.Lchown(name, 12345, 12345))
	}); err != nil {
		t.Fatal(err)
	}
	write(t, dir, "p/spec.yaml", "dirty")
	wantBase(t, dir, one)
}

// Nothing that the repository brings or configures is run.
func TestNothingRuns(t *testing.T) {
	dir := newRepo(t)
	trap := filepath.Join(t.TempDir(), "ran")
	script := filepath.Join(t.TempDir(), "script")
	if err := os.WriteFile(script, []byte("#!/bin/sh\necho \"$0 $*\" >>'"+trap+"'\ncat\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	one := commit(t, dir, "p/spec.yaml", "1")
	write(t, dir, ".gitattributes", "* filter=evil diff=evil merge=evil\np/x filter=a=b\n")
	commit(t, dir, "p/x", "1")
	for _, key := range []string{"filter.evil.clean", "filter.evil.smudge", "filter.evil.process", "filter.a=b.clean", "diff.evil.command", "diff.evil.textconv", "core.fsmonitor",
		"core.sshCommand", "core.pager", "core.editor", "core.askPass", "credential.helper", "diff.external", "uploadpack.packObjectsHook"} {
		git(t, dir, "config", key, script)
	}
	git(t, dir, "config", "filter.evil.required", "true")
	hooks := filepath.Join(dir, "hooks")
	git(t, dir, "config", "core.hooksPath", hooks)
	for _, hook := range []string{"post-index-change", "post-checkout", "reference-transaction", "fsmonitor-watchman"} {
		for _, in := range []string{hooks, filepath.Join(dir, ".git/hooks")} {
			if err := os.MkdirAll(in, 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink(script, filepath.Join(in, hook)); err != nil {
				t.Fatal(err)
			}
		}
	}
	write(t, dir, "p/spec.yaml", "2")
	write(t, dir, "p/x", "2")
	r := open(t, dir)
	if _, _, err := r.DefaultBase(t.Context(), "."); err != nil {
		t.Error(err)
	}
	if got := export(t, dir, one); got["p/spec.yaml"] != "1" {
		t.Errorf("got %v", got)
	}
	if _, err := r.Base(t.Context(), "HEAD~1"); err != nil {
		t.Error(err)
	}
	r.User(t.Context())
	if ran, err := os.ReadFile(trap); err == nil {
		t.Errorf("was run:\n%s", ran)
	}
	cmd := exec.Command("git", "status", "--porcelain")
	cmd.Dir = dir
	_ = cmd.Run() // the trap works, whatever git makes of it
	if _, err := os.Stat(trap); err != nil {
		t.Error("the test cannot fail: git status runs nothing either")
	}
}

func TestUser(t *testing.T) {
	dir := newRepo(t)
	t.Setenv("GIT_CONFIG_GLOBAL", os.DevNull)
	t.Setenv("GIT_CONFIG_NOSYSTEM", "1")
	if name, email := open(t, dir).User(t.Context()); name != "" || email != "" {
		t.Errorf("got %s, %s", name, email)
	}
	git(t, dir, "config", "user.name", "Jane Doe")
	git(t, dir, "config", "user.email", "jane@example.com")
	if name, email := open(t, dir).User(t.Context()); name != "Jane Doe" || email != "jane@example.com" {
		t.Errorf("got %s, %s", name, email)
	}
}

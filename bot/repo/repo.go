// Package repo reads commits of a git repository through the git program, without running anything that the repository brings.
package repo

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/codicil-dev/codicil/bot/gitcmd"
)

// Repo is a git repository with a work tree.
type Repo struct {
	// Root is the absolute path of the work tree.
	Root string
	// run is git with the filters of the repository's configuration switched off.
	run gitcmd.Git
	// limit is the greatest number of bytes that Export writes.
	limit int64
}

// ErrNotRepository says that a folder is in no git repository.
var ErrNotRepository = errors.New("not in a git repository")

// Open finds the repository that holds dir. It returns ErrNotRepository if there is none.
func Open(ctx context.Context, dir string) (*Repo, error) {
	if _, err := exec.LookPath("git"); err != nil {
		return nil, errors.New("the git program is not installed; install git, or compare with a folder: --base DIR")
	}
	top, err := find(ctx, dir, "--show-toplevel")
	if err != nil {
		return nil, err
	}
	gitDir, err := find(ctx, dir, "--absolute-git-dir")
	if err != nil {
		return nil, err
	}
	root, err := filepath.EvalSymlinks(top)
	if err != nil {
		return nil, fmt.Errorf("open repository of %s: %w", dir, err)
	}
	r := &Repo{Root: root, run: gitcmd.Git{Dir: gitDir, WorkTree: root}, limit: maxExport}
	return r, r.switchFiltersOff(ctx)
}

// find asks git rev-parse for one path about the repository that holds dir.
func find(ctx context.Context, dir, what string) (string, error) {
	cmd := exec.CommandContext(ctx, "git", "rev-parse", what)
	cmd.Dir = dir
	cmd.Env = gitcmd.Environment()
	out, err := cmd.Output()
	if err == nil {
		return strings.TrimSuffix(string(out), "\n"), nil
	}
	var exit *exec.ExitError
	if errors.As(err, &exit) && strings.Contains(string(exit.Stderr), "not a git repository") {
		return "", ErrNotRepository
	}
	if errors.As(err, &exit) && strings.Contains(string(exit.Stderr), "must be run in a work tree") {
		return "", fmt.Errorf("%s is in a git repository without a work tree; clone it and name a folder of the clone", dir)
	}
	return "", fmt.Errorf("open repository of %s: %w", dir, gitcmd.Error(err))
}

// switchFiltersOff finds the filters of the repository's configuration, which are programs that git status would run.
func (r *Repo) switchFiltersOff(ctx context.Context) error {
	out, err := r.command(ctx, "config", "--null", "--name-only", "--get-regexp", `^filter\.`).Output()
	var exit *exec.ExitError
	if err != nil && !(errors.As(err, &exit) && exit.ExitCode() == 1) { // 1: there are none
		return fmt.Errorf("read the configuration of %s: %w", r.Root, gitcmd.Error(err))
	}
	for key := range strings.SplitSeq(strings.TrimRight(string(out), "\x00"), "\x00") {
		if i := strings.LastIndexByte(key, '.'); i > 0 {
			filter := key[:i]
			r.run = r.run.With(filter+".clean", "", filter+".smudge", "", filter+".process", "", filter+".required", "false")
		}
	}
	return nil
}

// command prepares git on the repository.
func (r *Repo) command(ctx context.Context, args ...string) *exec.Cmd {
	return r.run.Command(ctx, args...)
}

// git runs a command and returns its standard output without the final newline.
func (r *Repo) git(ctx context.Context, args ...string) (string, error) {
	return r.run.Output(ctx, args...)
}

// Commit resolves a name to a commit's full hash; ok is false if there is no such commit.
func (r *Repo) Commit(ctx context.Context, name string) (hash string, ok bool, err error) {
	if strings.HasPrefix(name, "-") {
		return "", false, nil
	}
	out, err := r.command(ctx, "rev-parse", "--verify", "--quiet", "--end-of-options", name+"^{commit}").Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return "", false, nil
	}
	if err != nil {
		return "", false, fmt.Errorf("git rev-parse: %w", err)
	}
	return strings.TrimSpace(string(out)), true, nil
}

// Relative is dir's path in the repository, slash-separated, "." for the root; ok is false if dir is outside.
func (r *Repo) Relative(dir string) (rel string, ok bool) {
	real, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return "", false
	}
	rel, err = filepath.Rel(r.Root, real)
	if err != nil || rel == ".." || strings.HasPrefix(rel, ".."+string(filepath.Separator)) {
		return "", false
	}
	return filepath.ToSlash(rel), true
}

// User is the name and e-mail address that the user's configuration gives, empty where it gives none.
func (r *Repo) User(ctx context.Context) (name, email string) {
	read := func(key string) string {
		cmd := exec.CommandContext(ctx, "git", "--git-dir="+r.run.Dir, "config", "--get", key)
		out, err := cmd.Output()
		if err != nil {
			return ""
		}
		return strings.TrimSpace(string(out))
	}
	return read("user.name"), read("user.email")
}

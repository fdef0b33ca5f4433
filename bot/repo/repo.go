// Package repo reads commits of a git repository through the git program, without running anything that the repository brings.
package repo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Repo is a git repository with a work tree.
type Repo struct {
	// Root is the absolute path of the work tree.
	Root   string
	gitDir string
}

// ErrNotRepository says that a folder is in no git repository.
var ErrNotRepository = errors.New("not in a git repository")

// Open finds the repository that holds dir. It returns ErrNotRepository if there is none.
func Open(ctx context.Context, dir string) (*Repo, error) {
	if _, err := exec.LookPath("git"); err != nil {
		return nil, errors.New("the git program is not installed; install git, or compare with a folder: --base DIR")
	}
	cmd := exec.CommandContext(ctx, "git", "-C", dir, "rev-parse", "--show-toplevel", "--absolute-git-dir")
	cmd.Env = environment()
	out, err := cmd.Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) && strings.Contains(string(exit.Stderr), "not a git repository") {
			return nil, ErrNotRepository
		}
		return nil, fmt.Errorf("open repository of %s: %w", dir, gitError(err))
	}
	lines := strings.Split(strings.TrimRight(string(out), "\n"), "\n")
	if len(lines) != 2 {
		return nil, fmt.Errorf("open repository of %s: git rev-parse answered %q", dir, out)
	}
	root, err := filepath.EvalSymlinks(lines[0])
	if err != nil {
		return nil, fmt.Errorf("open repository of %s: %w", dir, err)
	}
	return &Repo{Root: root, gitDir: lines[1]}, nil
}

// environment is git's: no system or global configuration, no prompts, nothing of ours but where programs are.
func environment() []string {
	return []string{
		"PATH=" + os.Getenv("PATH"),
		"HOME=/nonexistent",
		"LC_ALL=C",
		"GIT_CONFIG_NOSYSTEM=1",
		"GIT_CONFIG_GLOBAL=" + os.DevNull,
		"GIT_TERMINAL_PROMPT=0",
		"GIT_OPTIONAL_LOCKS=0",
		"GIT_NO_LAZY_FETCH=1",
		// A work tree that belongs to somebody else is normal in CI. Nothing of it is run: see command.
		"GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=safe.directory", "GIT_CONFIG_VALUE_0=*",
	}
}

// command prepares git on the repository, with hooks, fsmonitor and filters of its configuration off.
func (r *Repo) command(ctx context.Context, args ...string) *exec.Cmd {
	fixed := []string{
		"--git-dir=" + r.gitDir, "--work-tree=" + r.Root, "--no-pager", "--literal-pathspecs",
		"-c", "core.hooksPath=" + os.DevNull, "-c", "core.fsmonitor=false", "-c", "core.attributesFile=" + os.DevNull,
		"-c", "protocol.allow=never", "-c", "submodule.recurse=false",
	}
	cmd := exec.CommandContext(ctx, "git", append(fixed, args...)...)
	cmd.Dir = r.Root
	cmd.Env = environment()
	return cmd
}

// git runs a command and returns its standard output without the final newline.
func (r *Repo) git(ctx context.Context, args ...string) (string, error) {
	out, err := r.command(ctx, args...).Output()
	if err != nil {
		return "", fmt.Errorf("git %s: %w", args[0], gitError(err))
	}
	return strings.TrimRight(string(out), "\n"), nil
}

// gitError adds the first line that git wrote to standard error.
func gitError(err error) error {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		if line, _, _ := bytes.Cut(bytes.TrimSpace(exit.Stderr), []byte("\n")); len(line) > 0 {
			return errors.New(strings.TrimPrefix(string(line), "fatal: "))
		}
	}
	return err
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
		cmd := exec.CommandContext(ctx, "git", "--git-dir="+r.gitDir, "config", "--get", key)
		out, err := cmd.Output()
		if err != nil {
			return ""
		}
		return strings.TrimSpace(string(out))
	}
	return read("user.name"), read("user.email")
}

package mirror

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"

	"github.com/codicil-dev/codicil/bot/gitcmd"
)

// maxList is the greatest number of bytes of git's answers that are kept in memory.
const maxList = 64 << 20

// ChangedFiles lists the paths that differ between the trees of two commits, in order. No content is fetched.
func (m *Mirror) ChangedFiles(ctx context.Context, base, head string) (paths []string, err error) {
	err = m.on(ctx, "compare commits", []string{base, head}, func(g gitcmd.Git) error {
		text, whole, err := g.Text(ctx, maxList, "diff-tree", "-r", "-z", "--no-renames", "--name-only", base, head)
		if err == nil && !whole {
			err = &gitcmd.TooLargeError{What: "the list of changed files takes", Size: maxList + 1, Limit: maxList}
		}
		if text = strings.TrimSuffix(text, "\x00"); err == nil && text != "" {
			paths = strings.Split(text, "\x00")
		}
		return err
	})
	return paths, err
}

// MergeBase is the best commit that two have in common; ok is false if there is none.
func (m *Mirror) MergeBase(ctx context.Context, one, other string) (sha string, ok bool, err error) {
	err = m.on(ctx, "merge base", []string{one, other}, func(g gitcmd.Git) error {
		out, err := g.Command(ctx, "merge-base", one, other).Output()
		if exitCode(err) == 1 {
			return nil
		}
		sha, ok = strings.TrimSpace(string(out)), err == nil
		return gitcmd.Error(err)
	})
	return sha, ok, err
}

// IsAncestor says whether a commit is among those that led to another, or is that one.
func (m *Mirror) IsAncestor(ctx context.Context, ancestor, of string) (yes bool, err error) {
	err = m.on(ctx, "compare commits", []string{ancestor, of}, func(g gitcmd.Git) error {
		_, err := g.Command(ctx, "merge-base", "--is-ancestor", ancestor, of).Output()
		if yes = err == nil; exitCode(err) == 1 {
			return nil
		}
		return gitcmd.Error(err)
	})
	return yes, err
}

// exitCode is that of a command that ended by itself, else -1.
func exitCode(err error) int {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode()
	}
	return -1
}

// Diff is the difference between two commits at a path (a file, or a folder with all below it; "." for all), as a patch. Text beyond the cache's
// MaxFile is cut off at the end of a line; whole is false then. What the copy lacks is fetched.
func (m *Mirror) Diff(ctx context.Context, base, head, path string) (patch string, whole bool, err error) {
	if path != "." && !gitcmd.Safe(path) {
		return "", false, fmt.Errorf("compare commits of %s: %q is no path", m.key, path)
	}
	err = m.on(ctx, "compare commits", []string{base, head}, func(g gitcmd.Git) error {
		args := []string{base, head}
		if path != "." {
			args = append(args, "--", path)
		}
		if err := m.needChanged(ctx, g, args...); err != nil {
			return err
		}
		patch, whole, err = g.Text(ctx, m.cache.options.MaxFile, append([]string{"diff-tree", "-r", "-p", "--no-color", "--no-ext-diff", "--no-textconv", "--no-renames", "--ignore-submodules=none", "--submodule=short"}, args...)...)
		if !whole && err == nil {
			patch = patch[:strings.LastIndexByte(patch, '\n')+1]
		}
		return err
	})
	return patch, whole, err
}

// needChanged fetches the content of the files that git diff-tree finds changed, on both sides.
func (m *Mirror) needChanged(ctx context.Context, g gitcmd.Git, args ...string) error {
	text, whole, err := g.Text(ctx, maxList, append([]string{"diff-tree", "-r", "--raw", "-z", "--no-renames", "--no-abbrev"}, args...)...)
	if err != nil {
		return err
	}
	if !whole {
		return &gitcmd.TooLargeError{What: "the list of changed files takes", Size: maxList + 1, Limit: maxList}
	}
	return m.need(ctx, g, parseRaw(text))
}

// parseRaw reads git's raw difference: ":MODE MODE HASH HASH LETTER<nul>PATH<nul>…", and returns the files of both sides.
func parseRaw(text string) (files []gitcmd.Entry) {
	fields := strings.Split(text, "\x00")
	for i := 0; i+1 < len(fields); i += 2 {
		f := strings.Fields(strings.TrimPrefix(fields[i], ":"))
		if len(f) != 5 {
			continue
		}
		for _, e := range []gitcmd.Entry{{Mode: f[0], Hash: f[2], Path: fields[i+1]}, {Mode: f[1], Hash: f[3], Path: fields[i+1]}} {
			if e.Mode != "000000" && e.Mode != "160000" {
				files = append(files, e)
			}
		}
	}
	return files
}

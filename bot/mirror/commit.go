package mirror

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/codicil-dev/codicil/bot/fault"
	"github.com/codicil-dev/codicil/bot/gitcmd"
)

// Change is what a commit makes of one file.
type Change struct {
	// Path is slash-separated, from the root of the repository.
	Path string
	// Data is the whole new content.
	Data []byte
	// Delete removes the file instead. One that is not there is no error.
	Delete bool
	// Mode is 100644, or 100755 for a program; empty keeps the mode that the file has, and makes a new one 100644.
	Mode string
}

// PathError says that a commit may not change what is at a path.
type PathError struct {
	Path, Reason string
}

// Error names the path and the reason.
func (e *PathError) Error() string { return fmt.Sprintf("change of %q: %s", e.Path, e.Reason) }

// Commit makes a commit on top of the commit parent, without a work tree: the content is stored as it is given. The author and committer are the
// options', both at the time at in UTC, so that the same input makes the same commit, wherever and however often it is made. The commit is in the copy
// only, until it is pushed. Links and submodules, and what is below them, can't be changed, nor can git's own files: *PathError. Without a
// difference to the parent it is ErrUnchanged.
func (m *Mirror) Commit(ctx context.Context, parent string, changes []Change, message string, at time.Time) (sha string, err error) {
	if err := checkChanges(changes); err != nil {
		return "", fmt.Errorf("commit to %s: %w", m.key, err)
	}
	if message, err = m.cache.options.finish(message); err != nil {
		return "", fmt.Errorf("commit to %s: %w", m.key, err)
	}
	err = m.on(ctx, "commit", []string{parent}, func(g gitcmd.Git) error {
		tmp, err := os.MkdirTemp(m.cache.dir, leftover+"*")
		if err != nil {
			return err
		}
		defer os.RemoveAll(tmp)
		tree, err := buildTree(ctx, g, parent, changes, tmp)
		if err != nil {
			return err
		}
		before, err := g.Output(ctx, "rev-parse", "--verify", "--end-of-options", parent+"^{tree}")
		if err != nil {
			return err
		}
		if tree == before {
			return ErrUnchanged
		}
		fault.Point("tree made")
		sha, err = m.commitTree(ctx, g, tree, []string{parent}, message, at)
		fault.Point("commit made")
		return err
	})
	return sha, err
}

// checkChanges checks the changes by themselves.
func checkChanges(changes []Change) error {
	seen := map[string]bool{}
	for _, c := range changes {
		switch {
		case !gitcmd.Safe(c.Path) || strings.ContainsFunc(c.Path, func(r rune) bool { return r < ' ' || r == 0x7f || r == '\\' }):
			return &PathError{c.Path, "it is no path of a file in a repository"}
		case seen[c.Path]:
			return &PathError{c.Path, "it is changed twice"}
		case c.Mode != "" && c.Mode != "100644" && c.Mode != "100755":
			return &PathError{c.Path, fmt.Sprintf("%q is no mode of a file; 100644 and 100755 are", c.Mode)}
		}
		seen[c.Path] = true
	}
	return nil
}

// run runs a command with input.
func run(ctx context.Context, g gitcmd.Git, input io.Reader, args ...string) (string, error) {
	cmd := g.Command(ctx, args...)
	cmd.Stdin = input
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("git %s: %w", args[0], gitcmd.Error(err))
	}
	return strings.TrimRight(string(out), "\n"), nil
}

// commitTree makes the commit itself.
func (m *Mirror) commitTree(ctx context.Context, g gitcmd.Git, tree string, parents []string, message string, at time.Time) (sha string, err error) {
	o := m.cache.options
	date := fmt.Sprintf("@%d +0000", at.Unix())
	g = g.With("i18n.commitEncoding", "UTF-8", "commit.gpgSign", "false").WithEnv(
		"GIT_AUTHOR_NAME="+o.Author.Name, "GIT_AUTHOR_EMAIL="+o.Author.Email, "GIT_AUTHOR_DATE="+date,
		"GIT_COMMITTER_NAME="+o.Committer.Name, "GIT_COMMITTER_EMAIL="+o.Committer.Email, "GIT_COMMITTER_DATE="+date)
	args := []string{"commit-tree", tree}
	for _, p := range parents {
		args = append(args, "-p", p)
	}
	return run(ctx, g, strings.NewReader(message), args...)
}

// finish checks a message and adds the sign-off to its trailers.
func (o Options) finish(message string) (string, error) {
	message = strings.TrimSpace(message)
	if message == "" || !utf8.ValidString(message) || strings.ContainsRune(message, 0) {
		return "", errors.New("the message must be text and not empty")
	}
	if !o.SignOff {
		return message + "\n", nil
	}
	sign := fmt.Sprintf("Signed-off-by: %s <%s>", o.Author.Name, o.Author.Email)
	paragraphs := strings.Split(message, "\n\n")
	last := strings.Split(paragraphs[len(paragraphs)-1], "\n")
	switch {
	case slices.Contains(last, sign):
		return message + "\n", nil
	case len(paragraphs) > 1 && !slices.ContainsFunc(last, func(line string) bool { return !trailer.MatchString(line) }):
		return message + "\n" + sign + "\n", nil
	}
	return message + "\n\n" + sign + "\n", nil
}

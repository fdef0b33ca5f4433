package mirror

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

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
		sha, err = m.commitTree(ctx, g, tree, []string{parent}, message, at)
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
		case above[e.Path] && !e.Regular():
			return nil, &PathError{e.Path, "a change is below it, and it is a link or a submodule"}
		case above[e.Path] && !changed:
			return nil, &PathError{e.Path, "a change is below it, and it is a file"}
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

// Bundle packs the commits that head has and base has not, and all their content, so that another copy can take them in.
// Base must be among the commits that led to head, and on the remote.
func (m *Mirror) Bundle(ctx context.Context, base, head string) (bundle []byte, err error) {
	err = m.on(ctx, "bundle", []string{base, head}, func(g gitcmd.Git) error {
		ref := "refs/bundles/" + random() // git bundles refs only
		if _, err := g.Output(ctx, "update-ref", "--", ref, head); err != nil {
			return err
		}
		cmd := g.With("pack.window", "0").Command(ctx, "bundle", "create", "--quiet", "-", "^"+base, ref) // no deltas to files that others lack
		bundle, err = cmd.Output()
		_, removing := g.Output(context.WithoutCancel(ctx), "update-ref", "-d", "--", ref)
		return errors.Join(gitcmd.Error(err), removing)
	})
	return bundle, err
}

// Unbundle takes the commits of a bundle in. The base of the bundle is fetched if it is not here; if it is gone from the remote too,
// that is ErrNoCommit.
func (m *Mirror) Unbundle(ctx context.Context, bundle []byte) error {
	return m.do(ctx, "unbundle", func(g gitcmd.Git) error {
		tmp, err := os.MkdirTemp(m.cache.dir, leftover+"*")
		if err != nil {
			return err
		}
		defer os.RemoveAll(tmp)
		name := filepath.Join(tmp, "bundle")
		if err := os.WriteFile(name, bundle, 0o600); err != nil {
			return err
		}
		if _, err := g.Output(ctx, "bundle", "unbundle", name); err == nil {
			return nil
		}
		if err := m.fetch(ctx, g, nil); err != nil {
			return err
		}
		for _, base := range prerequisites(bundle) {
			if _, ok, err := resolve(ctx, g, base); err != nil || ok {
				continue
			}
			if err := m.fetch(ctx, g, []string{base}); err != nil {
				return errors.Join(fmt.Errorf("%s: %w", base, ErrNoCommit), err)
			}
		}
		// Now with the remote, for the content of files that the bundle tells the difference to.
		_, err = m.speak(ctx, g.With(partial...), nil, nil, "bundle", "unbundle", name)
		return err
	})
}

// prerequisites are the commits that a bundle builds on: the lines that begin with - in its head.
func prerequisites(bundle []byte) (commits []string) {
	header, _, _ := bytes.Cut(bundle, []byte("\n\n"))
	for line := range strings.SplitSeq(string(header), "\n") {
		if rest, ok := strings.CutPrefix(line, "-"); ok {
			if sha, _, _ := strings.Cut(rest, " "); fullHash.MatchString(sha) {
				commits = append(commits, sha)
			}
		}
	}
	return commits
}

// random is a name that no other has.
func random() string {
	var b [12]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

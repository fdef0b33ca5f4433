package repo

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// MissingBaseError says that the history that is here does not reach back to the base.
type MissingBaseError struct {
	Reason string
	// Command mends it.
	Command string
}

// Error names the reason and the command that mends it.
func (e *MissingBaseError) Error() string {
	return e.Reason + "; run: " + e.Command
}

// DefaultBase is what the work tree is compared with unless told otherwise: the merge base with the default branch.
// On the default branch itself it is HEAD while there are uncommitted changes, and HEAD's first parent otherwise.
// ok is false where there is nothing to compare with: no commit yet, or a first commit without changes.
// A shallow clone that lacks the base gives a *MissingBaseError.
func (r *Repo) DefaultBase(ctx context.Context, under string) (hash string, ok bool, err error) {
	head, ok, err := r.Commit(ctx, "HEAD")
	if err != nil || !ok {
		return "", false, err
	}
	branch, found, err := r.defaultBranch(ctx)
	if err != nil {
		return "", false, err
	}
	if !found {
		if err := r.mustBeComplete(ctx); err != nil {
			return "", false, err
		}
	}
	if found {
		base, err := r.mergeBase(ctx, head, branch)
		if err != nil {
			return "", false, err
		}
		if base != head {
			return base, true, nil
		}
	}
	changed, err := r.git(ctx, "status", "--porcelain", "--ignore-submodules=all", "--", under)
	if err != nil {
		return "", false, err
	}
	if changed != "" {
		return head, true, nil
	}
	return r.firstParent(ctx, head)
}

// defaultBranch finds the default branch: what the remote calls HEAD, else main or master, of the remote or of this repository.
func (r *Repo) defaultBranch(ctx context.Context) (ref string, ok bool, err error) {
	var candidates []string
	if remote := r.remote(ctx); remote != "" {
		tracked := "refs/remotes/" + remote + "/"
		if ref, err := r.git(ctx, "symbolic-ref", "--quiet", tracked+"HEAD"); err == nil {
			candidates = append(candidates, ref)
		}
		candidates = append(candidates, tracked+"main", tracked+"master")
	}
	for _, ref := range append(candidates, "refs/heads/main", "refs/heads/master") {
		if _, ok, err := r.Commit(ctx, ref); err != nil || ok {
			return ref, ok, err
		}
	}
	return "", false, nil
}

// remote is the remote repository that the default branch is of: origin, or the only one; empty if there is none.
func (r *Repo) remote(ctx context.Context) string {
	out, err := r.git(ctx, "remote")
	names := strings.Fields(out)
	if err != nil || len(names) == 0 {
		return ""
	}
	if slices.Contains(names, "origin") {
		return "origin"
	}
	return names[0]
}

// fetchAll is the command that brings all branches and tags here, and all commits if the clone is shallow.
func (r *Repo) fetchAll(ctx context.Context) string {
	remote, depth := r.remote(ctx), ""
	if remote == "" {
		remote = "origin"
	}
	if r.shallow(ctx) {
		depth = " --unshallow"
	}
	return fmt.Sprintf("git fetch%s --tags %s '+refs/heads/*:refs/remotes/%s/*' && git remote set-head %s --auto", depth, remote, remote, remote)
}

// mustBeComplete is for a repository whose default branch is not known: it is an error if there ought to be one.
func (r *Repo) mustBeComplete(ctx context.Context) error {
	remote := r.remote(ctx)
	if remote == "" {
		return nil
	}
	fetched, err := r.git(ctx, "for-each-ref", "--count=1", "refs/remotes/")
	if err != nil {
		return err
	}
	if fetched == "" && !r.shallow(ctx) {
		return nil // it never was in touch with the remote
	}
	return &MissingBaseError{Reason: "this clone does not hold the default branch of " + remote, Command: r.fetchAll(ctx)}
}

func (r *Repo) mergeBase(ctx context.Context, head, branch string) (string, error) {
	base, err := r.git(ctx, "merge-base", head, branch)
	if err == nil && base != "" {
		return base, nil
	}
	short := strings.TrimPrefix(strings.TrimPrefix(branch, "refs/remotes/"), "refs/heads/")
	if r.shallow(ctx) {
		return "", &MissingBaseError{
			Reason:  fmt.Sprintf("this clone is shallow and does not hold the commit where HEAD left %s", short),
			Command: r.fetchAll(ctx),
		}
	}
	return "", fmt.Errorf("HEAD and %s have no commit in common; name what to compare with: --base REF", short)
}

func (r *Repo) firstParent(ctx context.Context, head string) (hash string, ok bool, err error) {
	line, err := r.git(ctx, "cat-file", "-p", head)
	if err != nil {
		return "", false, err
	}
	header, _, _ := strings.Cut(line, "\n\n")
	for _, l := range strings.Split(header, "\n") {
		parent, isParent := strings.CutPrefix(l, "parent ")
		if !isParent {
			continue
		}
		if _, ok, err := r.Commit(ctx, parent); err != nil || ok {
			return parent, ok, err
		}
		return "", false, &MissingBaseError{
			Reason:  "this clone is shallow and does not hold the parent of HEAD",
			Command: "git fetch --deepen=1",
		}
	}
	return "", false, nil // the first commit
}

func (r *Repo) shallow(ctx context.Context) bool {
	out, err := r.git(ctx, "rev-parse", "--is-shallow-repository")
	return err == nil && out == "true"
}

// Base resolves what the user named as the base: a commit. A *MissingBaseError tells how to fetch a commit that a
// shallow clone lacks.
func (r *Repo) Base(ctx context.Context, name string) (hash string, err error) {
	for _, n := range []string{name, "refs/remotes/" + r.remote(ctx) + "/" + name} { // a branch that was never checked out here
		hash, ok, err := r.Commit(ctx, n)
		if err != nil || ok {
			return hash, err
		}
	}
	if r.shallow(ctx) {
		return "", &MissingBaseError{
			Reason:  fmt.Sprintf("%s is not in this clone, which is shallow", name),
			Command: r.fetchAll(ctx),
		}
	}
	return "", fmt.Errorf("%s is neither a commit nor a folder; name a branch, tag or commit that `git log` knows, or fetch it first", name)
}

// Short is the abbreviated hash of a commit, for people.
func (r *Repo) Short(ctx context.Context, hash string) string {
	if out, err := r.git(ctx, "rev-parse", "--short", hash); err == nil {
		return out
	}
	return hash
}

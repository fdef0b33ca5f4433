package localforge

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// Files lists the files of a branch, tag or commit with their paths in order; nothing where there is none.
func (f *Forge) Files(ctx context.Context, owner, name, ref string) ([]string, error) {
	dir, sha, ok := f.at(ctx, owner, name, ref)
	if !ok {
		return nil, nil
	}
	text, err := runGit(ctx, dir, "", nil, "ls-tree", "-r", "-z", "--name-only", sha)
	if err != nil || text == "" {
		return nil, err
	}
	return strings.Split(strings.TrimSuffix(text, "\x00"), "\x00"), nil
}

// File returns what a file holds; ok is false if there is none of that path.
func (f *Forge) File(ctx context.Context, owner, name, ref, path string) (text string, ok bool) {
	dir, sha, ok := f.at(ctx, owner, name, ref)
	if !ok {
		return "", false
	}
	text, err := runGit(ctx, dir, "", nil, "cat-file", "blob", sha+":"+path)
	return text, err == nil
}

// Diff is the difference that a merge request brings, as git prints it.
func (f *Forge) Diff(ctx context.Context, owner, name, base, head string) (string, error) {
	dir, from, okBase := f.at(ctx, owner, name, base)
	_, to, okHead := f.at(ctx, owner, name, head)
	if !okBase || !okHead {
		return "", fmt.Errorf("there is no commit %s or %s in %s/%s", base, head, owner, name)
	}
	return runGit(ctx, dir, "", nil, "diff", "--no-ext-diff", "--no-textconv", "--no-color", "--find-renames", from+"..."+to)
}

// CommitMessage is what a commit says of itself, with who wrote it; ok is false if there is none.
func (f *Forge) CommitMessage(ctx context.Context, owner, name, sha string) (message, author string, at time.Time, ok bool) {
	f.mu.Lock()
	r := f.find(owner, name)
	f.mu.Unlock()
	if r == nil || !hash.MatchString(sha) {
		return "", "", time.Time{}, false
	}
	c, err := f.commit(ctx, r, sha)
	return c.message, c.author.name, c.committer.when, err == nil
}

// CommitDiff is what a commit changed against its first parent, as git prints it.
func (f *Forge) CommitDiff(ctx context.Context, owner, name, sha string) (string, error) {
	dir, sha, ok := f.at(ctx, owner, name, sha)
	if !ok {
		return "", fmt.Errorf("there is no commit %s in %s/%s", sha, owner, name)
	}
	return runGit(ctx, dir, "", nil, "show", "--format=", "-m", "--first-parent", "--no-ext-diff", "--no-textconv", "--no-color", "--find-renames", "--end-of-options", sha)
}

// at is where a repository is, and the commit of a ref in it.
func (f *Forge) at(ctx context.Context, owner, name, ref string) (dir, sha string, ok bool) {
	f.mu.Lock()
	r := f.find(owner, name)
	f.mu.Unlock()
	if r == nil {
		return "", "", false
	}
	if !hash.MatchString(ref) {
		ref = "refs/heads/" + ref
	}
	sha, ok = f.resolve(ctx, r, ref)
	return f.gitDir(r), sha, ok
}

package localforge

import (
	"context"
	"fmt"
	"io/fs"
	"slices"
	"strings"
)

// Commit is a change of files that a user makes on a branch.
type Commit struct {
	Owner, Name string
	// Branch is made from the default branch if it is not there; empty means the default branch.
	Branch string
	// By is the user that makes it. Nobody asks whether the user may.
	By, Message string
	// Write are the files with their new content, by path; Remove are those that go.
	Write  map[string]string
	Remove []string
	// Tree, if there is one, is all files from then on, before Write and Remove.
	Tree fs.FS
}

// CreateRepository makes a repository whose first commit, by a user, holds files.
func (f *Forge) CreateRepository(ctx context.Context, owner, name string, private bool, files fs.FS, by string) error {
	if err := f.AddRepo(ctx, owner, name, private); err != nil {
		return err
	}
	_, err := f.Commit(ctx, Commit{Owner: owner, Name: name, By: by, Message: "First commit", Tree: files})
	return err
}

// Commit makes a commit and pushes it, with all that follows from a push, and returns its hash.
func (f *Forge) Commit(ctx context.Context, c Commit) (sha string, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	r, err := f.repository(c.Owner, c.Name)
	if err != nil {
		return "", err
	}
	if c.Branch == "" {
		c.Branch = r.DefaultBranch
	}
	if f.users.rows[fold(c.By)] == nil {
		return "", fmt.Errorf("commit to %s: there is no user %s", r.full(), c.By)
	}
	parent, there := f.resolve(ctx, r, "refs/heads/"+c.Branch)
	if !there {
		parent, _ = f.resolve(ctx, r, "refs/heads/"+r.DefaultBranch)
	}
	stream, err := f.stream(c, parent)
	if err != nil {
		return "", fmt.Errorf("commit to %s: %w", r.full(), err)
	}
	sha, err = runGit(ctx, f.gitDir(r), stream, nil, "fast-import", "--quiet", "--done")
	if err != nil {
		return "", fmt.Errorf("commit to %s: %w", r.full(), err)
	}
	return sha, f.setRef(ctx, r, "refs/heads/"+c.Branch, sha, c.By)
}

// stream is a commit as git fast-import reads it. Its ref is gone at the end, and its hash is printed.
func (f *Forge) stream(c Commit, parent string) (string, error) {
	var s strings.Builder
	ref := fmt.Sprintf("refs/localforge/%d", f.next())
	when := f.time().Unix()
	data := func(text string) { fmt.Fprintf(&s, "data %d\n%s\n", len(text), text) }
	fmt.Fprintf(&s, "commit %s\nmark :1\nauthor %s <%s@localhost> %d +0000\ncommitter %s <%s@localhost> %d +0000\n", ref, c.By, c.By, when, c.By, c.By, when)
	data(c.Message)
	if parent != "" {
		fmt.Fprintf(&s, "from %s\n", parent)
	}
	file := func(path, mode, text string) {
		fmt.Fprintf(&s, "M %s inline %s\n", mode, quoted(path))
		data(text)
	}
	if c.Tree != nil {
		s.WriteString("deleteall\n")
		if err := walk(c.Tree, file); err != nil {
			return "", err
		}
	}
	for _, path := range c.Remove {
		fmt.Fprintf(&s, "D %s\n", quoted(path))
	}
	var names []string
	for name := range c.Write {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		file(name, "100644", c.Write[name])
	}
	fmt.Fprintf(&s, "\nget-mark :1\nreset %s\nfrom %s\n\ndone\n", ref, zeroSHA)
	return s.String(), nil
}

// walk hands each file of a tree to f, with git's mode.
func walk(tree fs.FS, f func(path, mode, text string)) error {
	return fs.WalkDir(tree, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		mode := "100644"
		switch {
		case info.Mode()&fs.ModeSymlink != 0:
			to, err := fs.ReadLink(tree, path)
			f(path, "120000", to)
			return err
		case info.Mode()&0o111 != 0:
			mode = "100755"
		}
		text, err := fs.ReadFile(tree, path)
		f(path, mode, string(text))
		return err
	})
}

// quoted is a path as git fast-import reads it.
func quoted(path string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(path) + `"`
}

// Fork makes a fork of a repository under a user or organisation, with the same files. Merge requests from it have a head such as USER:BRANCH.
func (f *Forge) Fork(ctx context.Context, owner, name, by string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	r, err := f.repository(owner, name)
	if err != nil {
		return err
	}
	fork, err := f.newRepo(ctx, &repo{Owner: by, Name: r.Name, Private: r.Private, ForkOf: r.ID}, by)
	if err != nil {
		return err
	}
	if _, err := runGit(ctx, f.gitDir(fork), "", nil, "fetch", "--quiet", f.gitDir(r), "+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"); err != nil {
		return fmt.Errorf("fork %s: %w", r.full(), err)
	}
	f.announce("fork", "", r, by, object{"forkee": f.repoJSON(fork)})
	return nil
}

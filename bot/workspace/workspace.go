// Package workspace puts a product beside the products that it reads and those that read it, as one tree, in whichever repositories they live.
package workspace

import (
	"context"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/mirror"
	"github.com/codicil-dev/codicil/bot/product"
	"github.com/codicil-dev/codicil/forge"
)

// Library has the copies of all repositories. It is safe for concurrent use.
type Library struct {
	Cache *mirror.Cache
	// Credential is what git logs in to a repository with.
	Credential func(ctx context.Context, repo forge.Repo) (forge.Credential, error)
}

// Mirror is the copy of a repository.
func (l Library) Mirror(r forge.Repository) *mirror.Mirror {
	return l.Cache.Mirror(r.Key(), mirror.Remote{URL: r.CloneURL, Credential: func(ctx context.Context) (user, token string, err error) {
		c, err := l.Credential(ctx, r.Repo)
		return c.User, c.Token, err
	}})
}

// Member is a repository at a commit. Products are the folders that are wanted of it; those of the main repository are wanted besides all its
// products, and need not be products yet.
type Member struct {
	Repository forge.Repository
	Commit     string
	Products   []string
}

// Layout is a tree of a repository's products with those of others.
type Layout struct {
	Tree product.Tree
	// Mount is the folder of the repository in the tree, "." mostly: only where a product is the whole repository, and there are others' products
	// beside it, it has one of its own.
	Mount string
	// Places tell by a folder of the tree which product of another repository it holds.
	Places map[string]Place
}

// Place is where a product is.
type Place struct {
	Repo forge.Repo
	Path string
}

// Path is where a folder of the repository is in the tree.
func (l Layout) Path(dir string) string { return path.Join(l.Mount, dir) }

// Home takes the mount off the files that a report names, so that they are the repository's own.
func (l Layout) Home(r *bot.Report) {
	if l.Mount == "." || r == nil {
		return
	}
	for i := range r.Results {
		r.Results[i].File = strings.TrimPrefix(r.Results[i].File, l.Mount+"/")
	}
	for i := range r.Products {
		if r.Products[i].Path == l.Mount {
			r.Products[i].Path = "."
		}
		r.Products[i].Path = strings.TrimPrefix(r.Products[i].Path, l.Mount+"/")
	}
}

// Lay writes the products of a repository into an empty folder, at their own paths, and those of others beside them: at their paths too, unless
// something is there already. The tree's label is for people.
func (l Library) Lay(ctx context.Context, dir, label string, main Member, others []Member) (out Layout, err error) {
	own := filepath.Join(dir, mountOf(main.Repository.Repo))
	if err := os.Mkdir(own, 0o700); err != nil {
		return out, fmt.Errorf("lay out %s: %w", main.Repository, err)
	}
	if _, err := l.Mirror(main.Repository).Export(ctx, main.Commit, product.SpecFile, own); err != nil {
		return out, fmt.Errorf("lay out %s: %w", main.Repository, err)
	}
	for _, p := range main.Products {
		if err := l.bare(ctx, own, main, p); err != nil {
			return out, fmt.Errorf("lay out %s of %s: %w", p, main.Repository, err)
		}
	}
	out = Layout{Tree: product.Tree{Root: own, Label: label, Owner: main.Repository.Owner}, Mount: ".", Places: map[string]Place{}}
	if there(filepath.Join(own, product.SpecFile)) && len(others) > 0 {
		out.Tree.Root, out.Mount = dir, filepath.Base(own)
	}
	for _, m := range others {
		for _, p := range m.Products {
			if err := l.beside(ctx, &out, m, p); err != nil {
				return out, fmt.Errorf("lay out %s of %s: %w", p, m.Repository, err)
			}
		}
	}
	return out, nil
}

// bare writes a folder that is no product yet to its place, unless it is one by now.
func (l Library) bare(ctx context.Context, own string, m Member, p string) error {
	to := filepath.Join(own, filepath.FromSlash(p))
	if there(filepath.Join(to, product.SpecFile)) {
		return nil
	}
	_, err := l.Mirror(m.Repository).ExportFolder(ctx, m.Commit, p, own)
	return err
}

// mountOf is a folder's name for a repository.
func mountOf(r forge.Repo) string { return strings.TrimLeft(r.Name, ".") + "~" }

// beside writes another repository's product into a tree.
func (l Library) beside(ctx context.Context, out *Layout, m Member, p string) error {
	below := "." // the folder of the tree that stands for the other repository
	if p == "." {
		below = m.Repository.Name
	}
	if taken(out.Tree.Root, path.Join(below, p)) {
		below = path.Join("~"+strings.ReplaceAll(m.Repository.Owner, "/", "+"), m.Repository.Name)
	}
	to := filepath.Join(out.Tree.Root, filepath.FromSlash(below))
	if err := os.MkdirAll(to, 0o700); err != nil {
		return err
	}
	if _, err := l.Mirror(m.Repository).ExportFolder(ctx, m.Commit, p, to); err != nil {
		return err
	}
	out.Places[path.Join(below, p)] = Place{Repo: m.Repository.Repo, Path: p}
	return nil
}

// taken says whether a folder can't hold another product: it is there, or it is in a product.
func taken(root, place string) bool {
	if there(filepath.Join(root, filepath.FromSlash(place))) {
		return true
	}
	for dir := path.Dir(place); dir != "."; dir = path.Dir(dir) {
		if there(filepath.Join(root, filepath.FromSlash(dir), product.SpecFile)) {
			return true
		}
	}
	return false
}

func there(name string) bool {
	_, err := os.Lstat(name)
	return err == nil
}

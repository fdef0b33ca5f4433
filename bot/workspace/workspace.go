// Package workspace puts a product beside the products that it reads and those that read it, as one tree, in whichever repositories they live.
package workspace

import (
	"context"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"

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

// Member is a repository at a commit. Products are the folders that are wanted of it; none means all.
type Member struct {
	Repository forge.Repository
	Commit     string
	Products   []string
}

// away begins the folders that hold other repositories' products. It sorts them behind those of the repository itself.
const away = "~"

// Lay writes the products of a repository into an empty folder, at their own paths, and those of others into folders named for their
// repository. The tree's label is for people. The returned paths are the folders of others' products in the tree, by repository and path.
func (l Library) Lay(ctx context.Context, dir, label string, main Member, others []Member) (tree product.Tree, places Places, err error) {
	tree, places = product.Tree{Root: dir, Label: label}, Places{}
	if _, err := l.Mirror(main.Repository).Export(ctx, main.Commit, product.SpecFile, dir); err != nil {
		return tree, nil, fmt.Errorf("lay out %s: %w", main.Repository, err)
	}
	for _, m := range others {
		for _, p := range m.Products {
			place := path.Join(prefix(m.Repository.Repo), p)
			to := filepath.Join(dir, filepath.FromSlash(place))
			if err := os.MkdirAll(to, 0o700); err != nil {
				return tree, nil, fmt.Errorf("lay out %s: %w", m.Repository, err)
			}
			if _, err := l.Mirror(m.Repository).ExportFolder(ctx, m.Commit, p, to); err != nil {
				return tree, nil, fmt.Errorf("lay out %s of %s: %w", p, m.Repository, err)
			}
			places[place] = Place{Repo: m.Repository.Repo, Path: p}
		}
	}
	return tree, places, nil
}

// Place is where a product is.
type Place struct {
	Repo forge.Repo
	Path string
}

// Places tell by a folder of the tree which product of another repository it holds.
type Places map[string]Place

// prefix is the folder of a repository's products in a tree of another one.
func prefix(r forge.Repo) string {
	return away + strings.ReplaceAll(r.Owner, "/", "+") + "/" + r.Name
}

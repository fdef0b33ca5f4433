package workspace_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/codicil-dev/codicil/bot/mirror"
	"github.com/codicil-dev/codicil/bot/product"
	"github.com/codicil-dev/codicil/bot/workspace"
	"github.com/codicil-dev/codicil/forge"
)

// repository makes a repository that holds files, and returns it as a member.
func repository(t *testing.T, library workspace.Library, owner, name string, products []string, files ...string) workspace.Member {
	t.Helper()
	dir := filepath.Join(t.TempDir(), name)
	for _, f := range files {
		full := filepath.Join(dir, filepath.FromSlash(f))
		if err := os.MkdirAll(filepath.Dir(full), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, []byte(owner+"/"+name+": "+f), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, args := range [][]string{{"init", "-q", "-b", "main"}, {"add", "."}, {"-c", "user.name=A", "-c", "user.email=a@example.com", "commit", "-q", "-m", "x"}} {
		cmd := exec.CommandContext(t.Context(), "git", args...)
		cmd.Dir, cmd.Env = dir, append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %s: %v: %s", args[0], err, out)
		}
	}
	r := forge.Repository{Repo: forge.Repo{Host: "here", Owner: owner, Name: name}, DefaultBranch: "main", CloneURL: "file://" + dir}
	m := library.Mirror(r)
	if err := m.Fetch(t.Context()); err != nil {
		t.Fatal(err)
	}
	head, ok, err := m.Resolve(t.Context(), "main")
	if err != nil || !ok {
		t.Fatal(err)
	}
	return workspace.Member{Repository: r, Commit: head, Products: products}
}

func TestProductsOfOtherRepositoriesLieBesideAtTheirOwnPaths(t *testing.T) {
	cache, err := mirror.Open(t.TempDir(), mirror.Options{AllowFile: true, Author: mirror.Person{Name: "Bot", Email: "bot@example.com"}})
	if err != nil {
		t.Fatal(err)
	}
	defer cache.Close()
	library := workspace.Library{Cache: cache, Credential: func(context.Context, forge.Repo) (forge.Credential, error) { return forge.Credential{}, nil }}
	shop := repository(t, library, "commerce", "data", nil, "orders/spec.yaml", "orders/models/orders.sql", "README.md")
	money := repository(t, library, "finance", "data", []string{"revenue", "orders"}, "revenue/spec.yaml", "revenue/models/revenue.sql", "orders/spec.yaml", "other/spec.yaml")
	whole := repository(t, library, "board", "kpis", []string{"."}, "spec.yaml", "models/kpis.sql")
	for name, c := range map[string]struct {
		main   workspace.Member
		others []workspace.Member
		mount  string
		found  string // products in the tree
		places map[string]workspace.Place
	}{
		"alone": {main: shop, mount: ".", found: "orders"},
		"beside": {main: shop, others: []workspace.Member{money, whole}, mount: ".", found: "kpis orders revenue ~finance/data/orders",
			places: map[string]workspace.Place{"revenue": {Repo: money.Repository.Repo, Path: "revenue"}, "~finance/data/orders": {Repo: money.Repository.Repo, Path: "orders"}, "kpis": {Repo: whole.Repository.Repo, Path: "."}}},
		"a whole repository alone":  {main: whole, mount: ".", found: "."},
		"a whole repository beside": {main: whole, others: []workspace.Member{{Repository: money.Repository, Commit: money.Commit, Products: []string{"revenue"}}}, mount: "kpis~", found: "kpis~ revenue", places: map[string]workspace.Place{"revenue": {Repo: money.Repository.Repo, Path: "revenue"}}},
	} {
		t.Run(name, func(t *testing.T) {
			at, err := library.Lay(t.Context(), t.TempDir(), "main", c.main, c.others)
			if err != nil {
				t.Fatal(err)
			}
			found, err := product.Find(at.Tree, ".")
			if err != nil || strings.Join(found, " ") != c.found {
				t.Errorf("products %q, want %q: %v", found, c.found, err)
			}
			if at.Mount != c.mount || len(at.Places) != len(c.places) {
				t.Errorf("mounted at %q, with %v", at.Mount, at.Places)
			}
			for where, want := range c.places {
				if at.Places[where] != want {
					t.Errorf("%s holds %v, want %v", where, at.Places[where], want)
				}
			}
			if _, err := os.Stat(filepath.Join(at.Tree.Root, "README.md")); err == nil {
				t.Error("files of no product are laid out")
			}
		})
	}
}

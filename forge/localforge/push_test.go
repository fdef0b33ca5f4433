package localforge_test

import (
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-github/v60/github"
)

// TestBigPush pushes more than git sends in one piece.
func TestBigPush(t *testing.T) {
	w := build(t)
	w.shop(t)
	dir, git := w.clone(t, w.tokens["ada"])
	noise := make([]byte, 3<<20)
	_, _ = rand.Read(noise) // never fails
	if err := os.WriteFile(filepath.Join(dir, "noise"), noise, 0o644); err != nil {
		t.Fatal(err)
	}
	sha := commit(t, dir, git, "noise", "README.md", "x")
	if got := must[*github.Branch](t)(w.bot(t).Repositories.GetBranch(t.Context(), "northtrail", "shop", "noise", 1)); got.GetCommit().GetSHA() != sha {
		t.Errorf("branch %+v", got)
	}
}

// TestPushesSideBySide pushes several branches at a time, and one of them away again; each is told by whom it was.
func TestPushesSideBySide(t *testing.T) {
	w := build(t)
	w.shop(t)
	_, git := w.clone(t, w.tokens["ada"])
	var wait sync.WaitGroup
	for n := range 4 {
		wait.Go(func() {
			if out, err := git("push", "-q", "origin", fmt.Sprint("HEAD:refs/heads/b", n)); err != nil {
				t.Errorf("push %d: %s", n, out)
			}
		})
	}
	wait.Wait()
	if out, err := git("push", "-q", "origin", ":b3", "HEAD:refs/tags/v1"); err != nil {
		t.Fatal(out)
	}
	if out, err := git("push", "-q", "origin", "HEAD:refs/pull/1/head"); err == nil {
		t.Errorf("a merge request's ref was pushed: %s", out)
	}
	w.settle(t, "push")
	var got []string
	for _, h := range w.hooks.wait(0, "push") {
		var said struct {
			Ref              string
			Created, Deleted bool
		}
		read(t, h.raw, &said)
		got = append(got, fmt.Sprint(said.Ref, " ", said.Created, " ", said.Deleted))
	}
	slices.Sort(got)
	want := []string{"refs/heads/b0 true false", "refs/heads/b1 true false", "refs/heads/b2 true false", "refs/heads/b3 false true", "refs/heads/b3 true false", "refs/heads/main true false", "refs/tags/v1 true false"}
	if !slices.Equal(got, want) {
		t.Errorf("pushes %v, want %v", got, want)
	}
}

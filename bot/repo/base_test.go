package repo

import (
	"strings"
	"testing"
)

// wantBase checks the default base of a work tree; "" is none.
func wantBase(t *testing.T, dir, want string) {
	t.Helper()
	got, ok, err := open(t, dir).DefaultBase(t.Context(), ".")
	if err != nil || got != want || ok != (want != "") {
		t.Errorf("got %q, %v, %v, want %q", got, ok, err, want)
	}
}

func TestDefaultBaseAlone(t *testing.T) {
	dir := newRepo(t)
	wantBase(t, dir, "") // no commit
	one := commit(t, dir, "a", "1")
	wantBase(t, dir, "") // the first
	write(t, dir, "a", "dirty")
	wantBase(t, dir, one)
	two := commit(t, dir, "a", "2")
	wantBase(t, dir, one) // the first parent
	write(t, dir, "new/file", "untracked")
	wantBase(t, dir, two)
	if got, _, err := open(t, dir).DefaultBase(t.Context(), "elsewhere"); got != one || err != nil {
		t.Errorf("changes elsewhere count: got %s, %v", got, err)
	}
	git(t, dir, "clean", "-qfd")
	git(t, dir, "checkout", "-q", "-b", "feature")
	wantBase(t, dir, one) // nothing done yet
	commit(t, dir, "b", "1")
	commit(t, dir, "b", "2")
	wantBase(t, dir, two)
	write(t, dir, "b", "dirty")
	wantBase(t, dir, two)
	git(t, dir, "checkout", "-qf", "main")
	three := commit(t, dir, "c", "1")
	git(t, dir, "merge", "-q", "--no-ff", "-m", "merge", "feature")
	wantBase(t, dir, three) // the first parent of the merge
	git(t, dir, "checkout", "-q", "--detach", "feature~1")
	wantBase(t, dir, two)
	git(t, dir, "branch", "-q", "-m", "main", "trunk")
	git(t, dir, "checkout", "-q", "trunk")
	wantBase(t, dir, three) // without a remote and of another name it is the default branch itself
}

func TestDefaultBaseOfClone(t *testing.T) {
	origin := newRepo(t)
	one := commit(t, origin, "a", "1")
	git(t, origin, "branch", "-q", "-m", "main", "trunk")
	two := commit(t, origin, "a", "2")
	dir := t.TempDir()
	git(t, dir, "clone", "-q", origin, ".")
	wantBase(t, dir, one) // origin/HEAD names trunk
	git(t, dir, "checkout", "-q", "-b", "feature")
	commit(t, dir, "b", "1")
	wantBase(t, dir, two)
	git(t, dir, "branch", "-q", "-D", "trunk")
	wantBase(t, dir, two)
	git(t, dir, "checkout", "-q", "--detach")
	wantBase(t, dir, two)
	git(t, dir, "remote", "set-head", "origin", "--delete")
	_, _, err := open(t, dir).DefaultBase(t.Context(), ".")
	mend(t, dir, err)
	wantBase(t, dir, two)
}

func TestUnrelatedHistories(t *testing.T) {
	dir := newRepo(t)
	commit(t, dir, "a", "1")
	git(t, dir, "checkout", "-q", "--orphan", "other")
	commit(t, dir, "b", "1")
	if _, _, err := open(t, dir).DefaultBase(t.Context(), "."); err == nil || !strings.Contains(err.Error(), "--base") {
		t.Errorf("got %v", err)
	}
}

// What a shallow clone lacks is named with the command that mends it.
func TestShallow(t *testing.T) {
	origin := newRepo(t)
	var main []string
	for _, text := range []string{"1", "2", "3"} {
		main = append(main, commit(t, origin, "a", text))
	}
	git(t, origin, "tag", "v1", main[0])
	git(t, origin, "checkout", "-q", "-b", "feature", main[1])
	commit(t, origin, "b", "1")
	commit(t, origin, "b", "2")
	git(t, origin, "checkout", "-q", "main")
	clone := func(args ...string) string {
		dir := t.TempDir()
		git(t, dir, append(append([]string{"clone", "-q", "--depth=1"}, args...), "file://"+origin, ".")...)
		return dir
	}
	for name, x := range map[string]struct {
		dir, want string
	}{
		"main":                      {clone(), main[1]},
		"feature":                   {clone("--branch=feature"), main[1]},
		"feature, every branch":     {clone("--branch=feature", "--no-single-branch"), main[1]},
		"feature, origin of a name": {clone("--branch=feature", "--origin=upstream"), main[1]},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := open(t, x.dir).DefaultBase(t.Context(), ".")
			mend(t, x.dir, err)
			wantBase(t, x.dir, x.want)
		})
	}
	for name, want := range map[string]string{"v1": main[0], "main": main[2], main[0]: main[0], "HEAD~2": main[1]} {
		t.Run(name, func(t *testing.T) {
			dir := clone("--branch=feature")
			_, err := open(t, dir).Base(t.Context(), name)
			mend(t, dir, err)
			if got, err := open(t, dir).Base(t.Context(), name); err != nil || got != want {
				t.Errorf("got %s, %v", got, err)
			}
		})
	}
}

func TestBase(t *testing.T) {
	dir := newRepo(t)
	one := commit(t, dir, "a", "1")
	git(t, dir, "tag", "-a", "-m", "one", "v1")
	git(t, dir, "update-ref", "refs/heads/-x", one)
	two := commit(t, dir, "a", "2")
	r := open(t, dir)
	for name, want := range map[string]string{"HEAD": two, "HEAD~1": one, "HEAD^": one, "main": two, "v1": one, one[:10]: one, "refs/tags/v1": one, "@": two} {
		if got, err := r.Base(t.Context(), name); got != want || err != nil {
			t.Errorf("%s: got %s, %v", name, got, err)
		}
	}
	for _, name := range []string{"-x", "--help", "--output=x", "nowhere", "", "HEAD:a", "HEAD~5", "a b", "v1\n", "0000000000000000000000000000000000000000", "$(touch x)"} {
		if got, err := r.Base(t.Context(), name); err == nil || !strings.Contains(err.Error(), "is neither a commit nor a folder") {
			t.Errorf("%q: got %s, %v", name, got, err)
		}
	}
	if got := r.Short(t.Context(), two); !strings.HasPrefix(two, got) || len(got) > 12 {
		t.Errorf("got %s", got)
	}
}

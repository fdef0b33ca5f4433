package mirror_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/codicil-dev/codicil/bot/mirror"
)

func TestCommit(t *testing.T) {
	w := build(t)
	w.write("p/run.sh", "#!/bin/sh\n")
	if err := os.Chmod(filepath.Join(w.work, "p/run.sh"), 0o755); err != nil {
		t.Fatal(err)
	}
	one := w.commit("p/spec.yaml", "a", "p/old", "old", "folder/x", "x", "file", "f", "p/.gitattributes", "* text eol=lf filter=trap\n")
	m := open(t, func(o *mirror.Options) { o.SignOff = true }).fetched(w)
	changes := []mirror.Change{
		{Path: "p/spec.yaml", Data: []byte("a\r\nb\r\n")},
		{Path: "p/deep/er/ü \"x'.sql", Data: []byte("select 1")},
		{Path: "p/-f", Data: nil},
		{Path: "p/run.sh", Data: []byte("#!/bin/sh\ntrue\n")},
		{Path: "p/tool", Data: []byte("x"), Mode: "100755"},
		{Path: "p/old", Delete: true},
		{Path: "never/was", Delete: true},
		{Path: "file", Delete: true},
		{Path: "file/now/a/folder", Data: []byte("1")},
		{Path: "folder/x", Delete: true},
		{Path: "folder", Data: []byte("now a file")},
	}
	sha, err := m.Commit(t.Context(), one, changes, "Amend the spec\n\nCodicil-Change: 7", when)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := open(t, func(o *mirror.Options) { o.SignOff = true }).fetched(w).Commit(t.Context(), one, changes, "Amend the spec\n\nCodicil-Change: 7\n", when.In(time.FixedZone("x", 3600))); again != sha || err != nil {
		t.Errorf("the same input made %s, %v, and %s", again, err, sha)
	}
	got := map[string]string{}
	for e, err := range m.Files(t.Context(), sha) {
		if err != nil {
			t.Fatal(err)
		}
		data, ok, err := m.ReadFile(t.Context(), sha, e.Path)
		if !ok || err != nil {
			t.Errorf("%s: %v, %v", e.Path, ok, err)
		}
		got[e.Path] = e.Mode + " " + string(data)
	}
	want := map[string]string{
		"p/spec.yaml": "100644 a\r\nb\r\n", "p/deep/er/ü \"x'.sql": "100644 select 1", "p/-f": "100644 ", "p/run.sh": "100755 #!/bin/sh\ntrue\n", "p/tool": "100755 x",
		"file/now/a/folder": "100644 1", "folder": "100644 now a file", "p/.gitattributes": "100644 * text eol=lf filter=trap\n",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	commits, err := m.Log(t.Context(), one, sha)
	wantLog := []mirror.Commit{{SHA: sha, Parents: []string{one}, Author: "Codicil", Email: "codicil@example.com", Committer: "Codicil", CommitterEmail: "codicil@example.com", Time: when,
		Subject: "Amend the spec", Body: "Codicil-Change: 7\nSigned-off-by: Codicil <codicil@example.com>",
		Trailers: []mirror.Trailer{{Key: "Codicil-Change", Value: "7"}, {Key: "Signed-off-by", Value: "Codicil <codicil@example.com>"}}}}
	if diff := cmp.Diff(wantLog, commits); diff != "" || err != nil {
		t.Error(diff, err)
	}
	if err := m.Push(t.Context(), sha, "codicil/p", ""); err != nil {
		t.Fatal(err)
	}
	if got := w.onForge("refs/heads/codicil/p"); got != sha {
		t.Errorf("pushed %s", got)
	}
	runGit(t, w.bare, "fsck", "--strict", "--full")
	runGit(t, w.bare, "cat-file", "-e", sha+":p/tool")
}

func TestCommitRefuses(t *testing.T) {
	w := build(t)
	w.write("real/x", "x")
	for link, to := range map[string]string{"link": "real", "p/link": "../real", "dangling": "/etc/passwd"} {
		_ = os.MkdirAll(filepath.Dir(filepath.Join(w.work, link)), 0o755)
		if err := os.Symlink(to, filepath.Join(w.work, link)); err != nil {
			t.Fatal(err)
		}
	}
	sub := t.TempDir()
	runGit(t, sub, "init", "-q")
	runGit(t, sub, "commit", "-q", "--allow-empty", "-m", "x")
	w.git("submodule", "--quiet", "add", sub, "sub")
	one := w.commit("file", "f", "same", "same", "many/a", "a")
	m := open(t, nil).fetched(w)
	for _, name := range []string{".git/config", "p/.git", ".GIT/hooks/post-checkout", ".git./config", "git~1/config", ".git /x", `p/.git\config`, `..\x`, ".g\u200cit/config", ".git::$INDEX_ALLOCATION/config",
		"../x", "/etc/passwd", "p/../../x", "", ".", "p/", "p//x", "a\nb", "a\x00b", "a\tb", "\xff", "p/./x",
		"link", "link/x", "p/link/deep/x", "dangling", "sub", "sub/x", "file/x", "many", "real"} {
		sha, err := m.Commit(t.Context(), one, []mirror.Change{{Path: "fine", Data: []byte("1")}, {Path: name, Data: []byte("x")}}, "m", when)
		var bad *mirror.PathError
		if !errors.As(err, &bad) {
			t.Errorf("%q: got %s, %v", name, sha, err)
		}
	}
	for _, test := range []struct {
		name, parent, message, says string
		changes                     []mirror.Change
	}{
		{name: "nothing", parent: one, message: "m", says: mirror.ErrUnchanged.Error()},
		{name: "the same", parent: one, message: "m", says: mirror.ErrUnchanged.Error(), changes: []mirror.Change{{Path: "same", Data: []byte("same")}}},
		{name: "twice", parent: one, message: "m", says: "twice", changes: []mirror.Change{{Path: "a"}, {Path: "a"}}},
		{name: "file and folder", parent: one, message: "m", says: "needs a folder", changes: []mirror.Change{{Path: "a"}, {Path: "a/b"}}},
		{name: "a link by mode", parent: one, message: "m", says: "no mode", changes: []mirror.Change{{Path: "a", Mode: "120000", Data: []byte("/etc/passwd")}}},
		{name: "a link deleted", parent: one, message: "m", says: "link", changes: []mirror.Change{{Path: "link", Delete: true}}},
		{name: "no message", parent: one, message: " \n", says: "message", changes: []mirror.Change{{Path: "a"}}},
		{name: "NUL in the message", parent: one, message: "a\x00b", says: "message", changes: []mirror.Change{{Path: "a"}}},
		{name: "unknown parent", parent: strings.Repeat("1", 40), message: "m", says: mirror.ErrNoCommit.Error(), changes: []mirror.Change{{Path: "a"}}},
		{name: "an option for a parent", parent: "--help", message: "m", says: "no full hash", changes: []mirror.Change{{Path: "a"}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			sha, err := m.Commit(t.Context(), test.parent, test.changes, test.message, when)
			if err == nil || !strings.Contains(err.Error(), test.says) {
				t.Errorf("got %s, %v", sha, err)
			}
		})
	}
}

func TestSignOff(t *testing.T) {
	w := build(t)
	one := w.commit("a", "1")
	m := open(t, func(o *mirror.Options) { o.SignOff = true }).fetched(w)
	const sign = "Signed-off-by: Codicil <codicil@example.com>"
	for message, want := range map[string]string{
		"subject":                              "subject\n\n" + sign,
		"Fix: it":                              "Fix: it\n\n" + sign,
		"subject\n\nbody":                      "subject\n\nbody\n\n" + sign,
		"subject\n\nbody\n\nA: b\nC-D: e":      "subject\n\nbody\n\nA: b\nC-D: e\n" + sign,
		"subject\n\n" + sign:                   "subject\n\n" + sign,
		"subject\n\nbody: of words\nand words": "subject\n\nbody: of words\nand words\n\n" + sign,
	} {
		sha, err := m.Commit(t.Context(), one, []mirror.Change{{Path: "a", Data: []byte("2")}}, message, when)
		if err != nil {
			t.Fatal(err)
		}
		commits, err := m.Log(t.Context(), one, sha)
		if err != nil || len(commits) != 1 {
			t.Fatal(commits, err)
		}
		if got := commits[0].Subject + "\n\n" + commits[0].Body; got != want {
			t.Errorf("%q: got %q", message, got)
		}
	}
}

func TestBundle(t *testing.T) {
	w := build(t)
	long := strings.Repeat("a line that is here often\n", 3000)
	one := w.commit("p/spec.yaml", long, "p/other", long+"x")
	first := open(t, nil).fetched(w)
	if _, _, err := first.ReadFile(t.Context(), one, "p/spec.yaml"); err != nil { // so that there is something to make a difference to
		t.Fatal(err)
	}
	spec, err := first.Commit(t.Context(), one, []mirror.Change{{Path: "p/spec.yaml", Data: []byte(long + "amended")}}, "spec", when)
	if err != nil {
		t.Fatal(err)
	}
	implementation, err := first.Commit(t.Context(), spec, []mirror.Change{{Path: "p/m.sql", Data: []byte("select 1")}}, "implementation", when)
	if err != nil {
		t.Fatal(err)
	}
	bundle, err := first.Bundle(t.Context(), one, implementation)
	if err != nil {
		t.Fatal(err)
	}
	w.commit("p/other", "the forge has moved on")
	for name, other := range map[string]*mirror.Mirror{"a new copy": open(t, nil).shop(w), "a fetched copy": open(t, nil).fetched(w), "itself": first} {
		if _, err := other.Log(t.Context(), one, implementation); name != "itself" && !errors.Is(err, mirror.ErrNoCommit) {
			t.Errorf("%s: before: %v", name, err)
		}
		for range 2 {
			if err := other.Unbundle(t.Context(), bundle); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
		if data, ok, err := other.ReadFile(t.Context(), implementation, "p/spec.yaml"); string(data) != long+"amended" || !ok || err != nil {
			t.Errorf("%s: got %d bytes, %v, %v", name, len(data), ok, err)
		}
		branch := "codicil/" + strings.ReplaceAll(name, " ", "-")
		if err := other.Push(t.Context(), implementation, branch, ""); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if got := w.onForge("refs/heads/" + branch); got != implementation {
			t.Errorf("%s: pushed %s", name, got)
		}
	}
	for name, broken := range map[string][]byte{"empty": {}, "cut": bundle[:len(bundle)-30], "noise": []byte("# v2 git bundle\n-zz\n\nPACK"),
		"base unknown": bytes.Replace(bundle, []byte(one), []byte(strings.Repeat("1", 40)), 1)} {
		if err := open(t, nil).fetched(w).Unbundle(t.Context(), broken); err == nil {
			t.Errorf("%s: no error", name)
		} else if name == "base unknown" && !errors.Is(err, mirror.ErrNoCommit) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestMergeAndHistory(t *testing.T) {
	w := build(t)
	base := w.commit("p/spec.yaml", "1\n2\n3\n4\n5\n6\n7\n8\n", "p/x", "x")
	ours := w.commit("p/spec.yaml", "one\n2\n3\n4\n5\n6\n7\n8\n")
	w.git("checkout", "-q", "-b", "theirs", base)
	theirs := w.commit("p/spec.yaml", "1\n2\n3\n4\n5\n6\n7\neight\n", "q/new", "n", ".gitattributes", "p/* merge=trap\n")
	w.git("checkout", "-q", "-b", "clash", base)
	clash := w.commit("p/spec.yaml", "uno\n2\n3\n4\n5\n6\n7\n8\n")
	w.git("checkout", "-q", "--orphan", "alien")
	alien := w.commit("z", "z")
	m := open(t, nil).fetched(w)

	sha, conflicts, err := m.Merge(t.Context(), ours, theirs, "merge", when)
	if err != nil || len(conflicts) > 0 {
		t.Fatal(conflicts, err)
	}
	if data, _, err := m.ReadFile(t.Context(), sha, "p/spec.yaml"); string(data) != "one\n2\n3\n4\n5\n6\n7\neight\n" || err != nil {
		t.Errorf("got %q, %v", data, err)
	}
	if again, _, err := m.Merge(t.Context(), ours, theirs, "merge", when); again != sha || err != nil {
		t.Errorf("the same merge made %s, %v", again, err)
	}
	if sha, conflicts, err := m.Merge(t.Context(), ours, clash, "merge", when); sha != "" || !slices.Equal(conflicts, []string{"p/spec.yaml"}) || err != nil {
		t.Errorf("got %q, %q, %v", sha, conflicts, err)
	}
	if sha, _, err := m.Merge(t.Context(), ours, alien, "merge", when); err == nil {
		t.Errorf("got %s", sha)
	}

	if got, ok, err := m.MergeBase(t.Context(), ours, theirs); got != base || !ok || err != nil {
		t.Errorf("merge base %s, %v, %v", got, ok, err)
	}
	if got, ok, err := m.MergeBase(t.Context(), ours, alien); ok || err != nil {
		t.Errorf("merge base %s, %v", got, err)
	}
	for _, test := range []struct {
		one, other string
		want       bool
	}{{base, ours, true}, {ours, ours, true}, {ours, base, false}, {ours, sha, true}, {alien, ours, false}} {
		if got, err := m.IsAncestor(t.Context(), test.one, test.other); got != test.want || err != nil {
			t.Errorf("%s of %s: got %v, %v", test.one, test.other, got, err)
		}
	}
	if got, err := m.ChangedFiles(t.Context(), ours, theirs); err != nil || !slices.Equal(got, []string{".gitattributes", "p/spec.yaml", "q/new"}) {
		t.Errorf("changed: %q, %v", got, err)
	}
	if got, err := m.ChangedFiles(t.Context(), ours, ours); err != nil || len(got) > 0 {
		t.Errorf("changed: %q, %v", got, err)
	}
	if commits, err := m.Log(t.Context(), base, sha); err != nil || len(commits) != 3 || commits[0].SHA != sha || len(commits[0].Parents) != 2 {
		t.Errorf("got %v, %v", commits, err)
	}
	if commits, err := m.Log(t.Context(), "", alien); err != nil || len(commits) != 1 {
		t.Errorf("got %v, %v", commits, err)
	}
	if commits, err := m.Log(t.Context(), sha, base); err != nil || len(commits) != 0 {
		t.Errorf("got %v, %v", commits, err)
	}
	patch, whole, err := m.Diff(t.Context(), base, theirs, "p")
	if err != nil || !whole || !strings.HasPrefix(patch, "diff --git a/p/spec.yaml") || strings.Contains(patch, "q/new") || !strings.Contains(patch, "\n+eight\n") {
		t.Errorf("got %q, %v, %v", patch, whole, err)
	}
	small := open(t, func(o *mirror.Options) { o.MaxFile = 100 }).fetched(w)
	if patch, whole, err := small.Diff(t.Context(), base, theirs, "."); err != nil || whole || len(patch) > 100 || !strings.HasSuffix(patch, "\n") {
		t.Errorf("got %q, %v, %v", patch, whole, err)
	}
}

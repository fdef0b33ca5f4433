package mirror_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/codicil-dev/codicil/bot/mirror"
)

// TestHostileRepository does all that a Mirror can do with a repository whose files try to have programs run.
func TestHostileRepository(t *testing.T) {
	w := build(t)
	trap := filepath.Join(t.TempDir(), "ran")
	run := "touch " + trap
	for link, to := range map[string]string{"p/link": "/etc/passwd", "p/dir": "../q", "linked": "p"} {
		_ = os.MkdirAll(filepath.Dir(filepath.Join(w.work, link)), 0o755)
		if err := os.Symlink(to, filepath.Join(w.work, link)); err != nil {
			t.Fatal(err)
		}
	}
	sub := t.TempDir()
	runGit(t, sub, "init", "-q")
	runGit(t, sub, "commit", "-q", "--allow-empty", "-m", "x")
	w.git("submodule", "--quiet", "add", sub, "p/sub")
	pointer := "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n"
	base := w.commit("p/spec.yaml", "$Id$\n", "p/data.bin", pointer, "p/m.sql", "select 1\n",
		"p/.gitattributes", "* filter=lfs diff=trap merge=trap text eol=crlf ident\n", ".gitattributes", "* filter=trap diff=trap export-ignore export-subst\n",
		"hooks/post-checkout", "#!/bin/sh\n"+run, ".githooks/pre-push", "#!/bin/sh\n"+run, "config", "[core]\n\tfsmonitor = "+run+"\n[filter \"trap\"]\n\tsmudge = "+run+"\n",
		".lfsconfig", "[lfs]\n\turl = http://127.0.0.1:1/\n", ".mailmap", "Evil <e@e.e> Jane <jane@example.com>\n", "p/HEAD", "ref: refs/heads/main\n")
	head := w.commit("p/m.sql", "select 2\n")
	c := open(t, nil)
	m := c.fetched(w)
	for name, program := range map[string]string{"pre-push": run, "post-index-change": run, "reference-transaction": run} { // as if somebody had put them there
		if err := os.MkdirAll(filepath.Join(c.folder(t), "hooks"), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(c.folder(t), "hooks", name), []byte("#!/bin/sh\n"+program+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	to := t.TempDir()
	leftOut, err := m.Export(t.Context(), head, "spec.yaml", to)
	if err != nil {
		t.Fatal(err)
	}
	if slices.Sort(leftOut); !slices.Equal(leftOut, []string{"p/dir", "p/link", "p/sub"}) {
		t.Errorf("left out: %q", leftOut)
	}
	got := tree(t, to)
	if got["p/spec.yaml"] != "$Id$\n" || got["p/data.bin"] != pointer || got["p/m.sql"] != "select 2\n" || len(got) != 5 {
		t.Errorf("got %q", got)
	}
	for _, name := range []string{"p/link", "linked/spec.yaml", "p/sub", "p", "../x", "/etc/passwd", ".git/config", "p/sub/x", "p/", ""} {
		if data, ok, err := m.ReadFile(t.Context(), head, name); ok || err != nil {
			t.Errorf("%q: got %q, %v", name, data, err)
		}
	}
	if patch, _, err := m.Diff(t.Context(), base, head, "p/m.sql"); err != nil || !strings.Contains(patch, "+select 2") {
		t.Errorf("got %q, %v", patch, err)
	}
	made, err := m.Commit(t.Context(), base, []mirror.Change{{Path: "p/new.sql", Data: []byte("$Id$ select 3\n")}}, "new", when)
	if err != nil {
		t.Fatal(err)
	}
	merged, _, err := m.Merge(t.Context(), head, made, "merge", when)
	if err != nil {
		t.Fatal(err)
	}
	if data, _, err := m.ReadFile(t.Context(), merged, "p/new.sql"); string(data) != "$Id$ select 3\n" || err != nil {
		t.Errorf("got %q, %v", data, err)
	}
	if _, err := m.Bundle(t.Context(), base, made); err != nil {
		t.Error(err)
	}
	if err := m.Push(t.Context(), merged, "codicil/p", ""); err != nil {
		t.Error(err)
	}
	if commits, err := m.Log(t.Context(), base, merged); err != nil || len(commits) != 3 || slices.ContainsFunc(commits, func(c mirror.Commit) bool { return c.Author == "Evil" }) {
		t.Errorf("got %v, %v", commits, err)
	}
	if _, err := os.Stat(trap); err == nil {
		t.Error("something of the repository was run")
	}
}

// rawTree stores a tree that git itself would not make, and returns a commit of it.
func rawTree(t *testing.T, bare string, entries ...string) string {
	t.Helper()
	blob := hashObject(t, bare, "blob", "[core]\n\tfsmonitor = touch /tmp/x\n")
	var raw strings.Builder
	for _, e := range entries {
		mode, name, _ := strings.Cut(e, " ")
		var id []byte
		if _, err := fmt.Sscanf(blob, "%x", &id); err != nil {
			t.Fatal(err)
		}
		raw.WriteString(mode + " " + name + "\x00" + string(id))
	}
	tree := hashObject(t, bare, "tree", raw.String())
	return runGit(t, bare, "commit-tree", "-m", "hostile", tree)
}

func hashObject(t *testing.T, bare, kind, content string) string {
	t.Helper()
	cmd := exec.Command("git", "--git-dir="+bare, "hash-object", "-w", "--literally", "-t", kind, "--stdin")
	cmd.Stdin = strings.NewReader(content)
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

var hostileTrees = map[string][]string{
	".git":     {"100644 .git", "100644 spec.yaml"},
	".GIT":     {"100644 .GIT", "100644 spec.yaml"},
	"git~1":    {"100644 git~1", "100644 spec.yaml"},
	".git dot": {"100644 .git.", "100644 spec.yaml"},
	"HFS":      {"100644 .g\u200cit", "100644 spec.yaml"},
	"a slash":  {"100644 ../../x", "100644 spec.yaml"},
	"dot dot":  {"100644 ..", "100644 spec.yaml"},
	"twice":    {"100644 spec.yaml", "100644 spec.yaml"},
}

// TestHostileTreesAreNotFetched has the forge hold trees that it should have refused.
func TestHostileTreesAreNotFetched(t *testing.T) {
	for name, entries := range hostileTrees {
		t.Run(name, func(t *testing.T) {
			w := build(t)
			runGit(t, w.bare, "update-ref", "refs/heads/main", rawTree(t, w.bare, entries...))
			c := open(t, nil)
			var remote *mirror.RemoteError
			if err := c.shop(w).Fetch(t.Context()); !errors.As(err, &remote) || remote.Retryable() || !strings.Contains(err.Error(), "fsck") {
				t.Errorf("got %v", err)
			} else {
				t.Log(err)
			}
			if strings.Contains(c.log.String(), "is broken") {
				t.Errorf("logged: %s", c.log)
			}
		})
	}
}

// TestHostileTreesAreNotExported has such trees in the copy all the same.
func TestHostileTreesAreNotExported(t *testing.T) {
	w := build(t)
	w.commit("a", "1")
	c := open(t, nil)
	m := c.fetched(w)
	for name, entries := range hostileTrees {
		to := filepath.Join(t.TempDir(), "to")
		if err := os.Mkdir(to, 0o755); err != nil {
			t.Fatal(err)
		}
		commit := rawTree(t, c.folder(t), entries...)
		leftOut, err := m.Export(t.Context(), commit, "spec.yaml", to)
		got := tree(t, filepath.Dir(to))
		if name == "twice" {
			if err == nil {
				t.Errorf("%s: no error", name)
			}
			continue
		}
		if err != nil || len(leftOut) != 1 || len(got) != 1 || got["to/spec.yaml"] == "" {
			t.Errorf("%s: left out %q, got %q, %v", name, leftOut, got, err)
		}
		if sha, err := m.Commit(t.Context(), commit, []mirror.Change{{Path: "b", Data: []byte("1")}}, "m", when); err == nil {
			if err := m.Push(t.Context(), sha, "hostile", ""); err == nil {
				t.Errorf("%s: was pushed on", name)
			}
		}
	}
}

// TestManyFiles lists, exports from and commits to a repository of 200,000 files in little memory.
func TestManyFiles(t *testing.T) {
	if testing.Short() {
		t.Skip("makes a repository of 200,000 files")
	}
	w := build(t)
	var stream strings.Builder
	stream.WriteString("blob\nmark :1\ndata 8\nselect 1\ncommit refs/heads/main\ncommitter J <j@example.com> 1700000000 +0000\ndata 1\nx\n")
	for i := range 200_000 {
		fmt.Fprintf(&stream, "M 100644 :1 data/%03d/%03d/file.sql\n", i/1000, i%1000)
	}
	stream.WriteString("M 100644 :1 p/spec.yaml\nM 100644 :1 p/m.sql\n\n")
	cmd := exec.Command("git", "--git-dir="+w.bare, "fast-import", "--quiet", "--force")
	cmd.Stdin = strings.NewReader(stream.String())
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	m := open(t, nil).fetched(w)
	head, _, err := m.Resolve(t.Context(), "main")
	if err != nil {
		t.Fatal(err)
	}
	stream.Reset()
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	n := 0
	for _, err := range m.Files(t.Context(), head) {
		if err != nil {
			t.Fatal(err)
		}
		if n++; n == 150_000 {
			runtime.GC()
			runtime.ReadMemStats(&after)
		}
	}
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); n != 200_002 || grown > 4<<20 {
		t.Errorf("%d files were listed in %d bytes", n, grown)
	}
	to := t.TempDir()
	if _, err := m.Export(t.Context(), head, "spec.yaml", to); err != nil || len(tree(t, to)) != 2 {
		t.Errorf("export: %v", err)
	}
	sha, err := m.Commit(t.Context(), head, []mirror.Change{{Path: "p/m.sql", Data: []byte("select 2")}}, "m", when)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Push(t.Context(), sha, "x", ""); err != nil {
		t.Error(err)
	}
}

// TestConcurrentUse has many do everything.
func TestConcurrentUse(t *testing.T) {
	w := build(t)
	one := w.commit("p/spec.yaml", "a", "p/m.sql", "select 1")
	c := open(t, nil)
	c.fetched(w)
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			m := c.shop(w)
			if err := m.Fetch(t.Context()); err != nil {
				t.Errorf("fetch: %v", err)
			}
			sha, err := m.Commit(t.Context(), one, []mirror.Change{{Path: fmt.Sprintf("p/%d.sql", i), Data: []byte("select 1")}}, "m", when)
			if err != nil {
				t.Errorf("commit: %v", err)
				return
			}
			bundle, err := m.Bundle(t.Context(), one, sha)
			if err != nil {
				t.Errorf("bundle: %v", err)
			}
			branch := mirror.BranchName(fmt.Sprint(i), "p")
			if err := m.Push(t.Context(), sha, branch, ""); err != nil {
				t.Errorf("push: %v", err)
			}
			if err := m.Unbundle(t.Context(), bundle); err != nil {
				t.Errorf("unbundle: %v", err)
			}
			if _, err := m.Export(t.Context(), sha, "spec.yaml", t.TempDir()); err != nil {
				t.Errorf("export: %v", err)
			}
			if got, ok, err := m.RemoteHead(t.Context(), branch); got != sha || !ok || err != nil {
				t.Errorf("%s is at %s, %v", branch, got, err)
			}
		})
	}
	all.Wait()
	if text := c.log.String(); text != "" {
		t.Errorf("logged: %s", text)
	}
}

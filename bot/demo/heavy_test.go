package demo_test

import (
	"compress/zlib"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/codicil-dev/codicil/bot/demo"
	"github.com/codicil-dev/codicil/bot/demo/tiny"
)

// What a repository of a gigabyte may cost the bot: its copy on disk in MB, and the time for a change on a machine that is busy with other tests.
const (
	heavyCopy = 20
	heavyTime = 2 * time.Minute
)

// A repository holds a gigabyte that can't be compressed, half of it deleted since: the bot fetches none of it.
func TestARepositoryOfAGigabyte(t *testing.T) {
	t.Parallel()
	p := street(t, map[string][]tiny.Product{"commerce": {{Name: "orders"}}, "finance": {{Name: "bills"}}}, demo.Options{}, &tiny.Model{})
	h := p.house("commerce", "orders")
	start := time.Now()
	h.must(p.town.Push(t.Context(), h.owner, demo.Repository, "main", gigabyte(p, filepath.Join(p.town.Dir(), "forge")), h.writer))
	t.Logf("made in %v", time.Since(start).Round(time.Second/10))
	h.quiet()
	start = time.Now()
	issue := h.asks("jane", "add a column size")
	c := h.opened(0)
	h.hears(issue, "is ready to be looked at", c.URL)
	h.commits("mine", "Mine", map[string]string{"models/orders_clean.sql": h.file("", "models/orders_clean.sql") + "-- mine\n"})
	p.pull("jane", "mine")
	h.merges(c.Number)
	h.hears(issue, "is merged")
	h.quiet()
	took, copied := time.Since(start), size(p, filepath.Join(p.town.Dir(), "bot"))
	t.Logf("a change and a person's merge request took %v, and all that the bot keeps is %d MB", took.Round(time.Second/10), copied>>20)
	if took > heavyTime || copied > heavyCopy<<20 {
		t.Errorf("that is more than %v or %d MB", heavyTime, heavyCopy)
	}
	if there := size(p, filepath.Join(p.town.Dir(), "forge")); there < 1<<30 {
		t.Errorf("the forge has only %d bytes", there)
	}
}

// gigabyte makes two commits on top of the default branch of commerce's repository, as a push would have left them, and returns the second.
func gigabyte(p *play, forge string) (sha string) {
	p.Helper()
	all, err := filepath.Glob(filepath.Join(forge, "git", "*.git"))
	p.do(err)
	dir := ""
	for _, one := range all { // they go by numbers
		if exec.Command("git", "--git-dir", one, "cat-file", "-e", "refs/heads/main:commerce").Run() == nil {
			dir = one
		}
	}
	git := func(in io.Reader, args ...string) string {
		cmd := exec.CommandContext(p.Context(), "git", append([]string{"--git-dir", dir}, args...)...)
		cmd.Stdin = in
		out, err := cmd.CombinedOutput()
		if err != nil {
			p.Fatalf("git %s: %v\n%s", args[0], err, out)
		}
		return strings.TrimSpace(string(out))
	}
	var stream strings.Builder
	commit := func(parent, mark string) {
		fmt.Fprintf(&stream, "commit refs/heavy\nmark %s\ncommitter jane <jane@localhost> %d +0000\ndata 5\nHeavy\nfrom %s\n", mark, time.Now().Unix(), parent)
	}
	const films = 16
	noise := make([]byte, 1<<20)
	_, _ = rand.NewChaCha8([32]byte{}).Read(noise) // never fails
	commit(git(nil, "rev-parse", "refs/heads/main"), ":1")
	for n := range films {
		noise[0] = byte(n)
		fmt.Fprintf(&stream, "M 100644 %s films/%02d.bin\n", blob(p, dir, noise, 64), n)
	}
	commit(":1", ":2")
	for n := range films / 2 {
		fmt.Fprintf(&stream, "D films/%02d.bin\n", n)
	}
	git(strings.NewReader(stream.String()+"\ndone\n"), "fast-import", "--quiet", "--done")
	return git(nil, "rev-parse", "refs/heavy")
}

// blob keeps a content, so many times after one another, as git keeps an object that it does not compress: git itself would take a minute for a gigabyte.
func blob(p *play, dir string, content []byte, times int) (sha string) {
	p.Helper()
	file, err := os.CreateTemp(filepath.Join(dir, "objects"), "heavy-")
	p.do(err)
	defer file.Close()
	z, err := zlib.NewWriterLevel(file, zlib.NoCompression)
	p.do(err)
	sum := sha1.New()
	both := io.MultiWriter(sum, z)
	_, err = fmt.Fprintf(both, "blob %d\x00", times*len(content))
	for range times {
		_, more := both.Write(content)
		err = errors.Join(err, more)
	}
	p.do(errors.Join(err, z.Close(), file.Close()))
	sha = hex.EncodeToString(sum.Sum(nil))
	p.do(os.MkdirAll(filepath.Join(dir, "objects", sha[:2]), 0o700))
	p.do(os.Rename(file.Name(), filepath.Join(dir, "objects", sha[:2], sha[2:])))
	return sha
}

// size is how many bytes the files below a folder have; 0 if there is none.
func size(p *play, dir string) (n int64) {
	p.Helper()
	err := filepath.WalkDir(dir, func(_ string, e fs.DirEntry, err error) error {
		if os.IsNotExist(err) {
			return nil // gone meanwhile
		}
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		info, err := e.Info()
		if os.IsNotExist(err) {
			return nil
		}
		if err == nil {
			n += info.Size()
		}
		return err
	})
	p.do(err)
	return n
}

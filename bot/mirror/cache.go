// Package mirror keeps bare copies of remote repositories, and makes and pushes commits in them, through the git program.
//
// There are no work trees. A commit is made from its parent's tree in an index of its own, and products are exported as plain files
// without a .git; so there is no .git that a build could replace to have its code run by the next git command, nothing to clean up
// after a crash, and no checkout whose filters, attributes, hooks or links could act.
//
// A copy is partial where the server offers that: it holds all commits and folders, and the files that were asked for. Which
// files are missing is found out first, and those are fetched at once; no git process fetches by itself. So credentials are
// handed to fetch, ls-remote and push only, each time anew, and only through the environment of that process.
package mirror

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/mail"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/gofrs/flock"

	"github.com/codicil-dev/codicil/bot/gitcmd"
)

// Person is a name and an e-mail address in a commit.
type Person struct {
	Name, Email string
}

// Options say how a Cache is to be.
type Options struct {
	// Log is told of copies that are thrown away; nil means nobody is.
	Log *slog.Logger
	// Now tells the time; nil means time.Now.
	Now func() time.Time
	// MaxBytes is the greatest size on disk of the copy of one repository; 0 means 4 GiB.
	MaxBytes int64
	// MaxFile is the greatest size in bytes of a file that ReadFile reads and of a text that Diff gives; 0 means 8 MiB.
	MaxFile int64
	// FetchTimeout is the longest that one exchange with a forge may take; 0 means 15 minutes. One in which next to nothing
	// comes for half a minute ends sooner.
	FetchTimeout time.Duration
	// Author and Committer are those of commits. Committer is Author's if it is empty.
	Author, Committer Person
	// SignOff adds the author's Signed-off-by to commits.
	SignOff bool
	// maxPacks is the number of packs from which on a copy is tidied; 0 means maxPacks.
	maxPacks int
	// AllowFile allows remotes on this machine (file://), for tests.
	AllowFile bool
}

// Cache is a folder of copies. It is safe for concurrent use. One process at a time may have it open.
type Cache struct {
	dir     string
	options Options
	lock    *flock.Flock
	opened  time.Time

	mu     sync.Mutex
	copies map[string]*bare
}

// Open opens the cache in a folder, which is made if it is not there. A folder that can't be written gives a *StorageError;
// one that another process has open, an error. Close it after use.
func Open(dir string, o Options) (*Cache, error) {
	if err := checkGit(); err != nil {
		return nil, err
	}
	o, err := o.complete()
	if err != nil {
		return nil, err
	}
	dir, err = filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("open the git cache: %w", err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, &StorageError{Dir: dir, Err: err}
	}
	lock := flock.New(filepath.Join(dir, "lock"))
	free, err := lock.TryLock()
	if err != nil {
		return nil, &StorageError{Dir: dir, Err: err}
	}
	if !free {
		return nil, fmt.Errorf("the git cache %s is in use by another process; end that, or name another folder", dir)
	}
	c := &Cache{dir: dir, options: o, lock: lock, copies: map[string]*bare{}}
	if err := errors.Join(c.stamp(), c.sweep()); err != nil {
		return nil, errors.Join(err, lock.Unlock())
	}
	return c, nil
}

// checkGit checks that git is there and can merge without a work tree.
func checkGit() error {
	cmd := exec.Command("git", "version")
	cmd.Env = gitcmd.Environment()
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("the git program can't be run; install git 2.38 or newer: %w", err)
	}
	var major, minor int
	if _, err := fmt.Sscanf(string(out), "git version %d.%d", &major, &minor); err != nil || major < 2 || major == 2 && minor < 38 {
		return fmt.Errorf("this is %q; install git 2.38 or newer", strings.TrimSpace(string(out)))
	}
	return nil
}

// Close lets another process open the cache. Nothing may be in use any more.
func (c *Cache) Close() error { return c.lock.Unlock() }

// complete fills the defaults in and checks the rest.
func (o Options) complete() (Options, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.MaxBytes == 0 {
		o.MaxBytes = 4 << 30
	}
	if o.MaxFile == 0 {
		o.MaxFile = 8 << 20
	}
	if o.maxPacks == 0 {
		o.maxPacks = maxPacks
	}
	if o.FetchTimeout == 0 {
		o.FetchTimeout = 15 * time.Minute
	}
	if o.Committer == (Person{}) {
		o.Committer = o.Author
	}
	for _, p := range []Person{o.Author, o.Committer} {
		if strings.TrimSpace(p.Name) == "" || strings.ContainsAny(p.Name, "<>\n\r\x00") {
			return o, fmt.Errorf("%q is no name for the author of commits; it must not be empty or hold < or >", p.Name)
		}
		if a, err := mail.ParseAddress("<" + p.Email + ">"); err != nil || a.Address != p.Email {
			return o, fmt.Errorf("%q is no e-mail address for the author of commits", p.Email)
		}
	}
	return o, nil
}

// stamp takes the time from the file system, whose clock may not be ours.
func (c *Cache) stamp() error {
	name := filepath.Join(c.dir, "opened")
	if err := os.WriteFile(name, []byte("when a process opened this cache\n"), 0o600); err != nil {
		return &StorageError{Dir: c.dir, Err: err}
	}
	info, err := os.Stat(name)
	if err != nil {
		return &StorageError{Dir: c.dir, Err: err}
	}
	c.opened = info.ModTime()
	return nil
}

// leftover begins the names of folders that are not in use: half-made copies and those thrown away.
const leftover = "tmp-"

// idle is how long a copy stays that nobody fetches: its repository was renamed, deleted, or taken from us. One that is needed all the same is
// fetched anew.
const idle = 60 * 24 * time.Hour

// sweep removes what a killed process left, and copies that nobody fetches any more.
func (c *Cache) sweep() error {
	left, err := filepath.Glob(filepath.Join(escapeGlob(c.dir), leftover+"*"))
	if err != nil {
		return fmt.Errorf("open the git cache %s: %w", c.dir, err)
	}
	for _, name := range left {
		if err := os.RemoveAll(name); err != nil {
			return &StorageError{Dir: c.dir, Err: err}
		}
	}
	copies, err := filepath.Glob(filepath.Join(escapeGlob(c.dir), "*.git"))
	if err != nil {
		return fmt.Errorf("open the git cache %s: %w", c.dir, err)
	}
	for _, name := range copies {
		info, err := os.Stat(name)
		if err != nil || c.opened.Sub(info.ModTime()) < idle {
			continue
		}
		c.options.Log.Info("a copy of a repository is removed that was not fetched for long", "folder", name, "last fetched", info.ModTime())
		if err := os.RemoveAll(name); err != nil {
			return &StorageError{Dir: c.dir, Err: err}
		}
	}
	return nil
}

func escapeGlob(name string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(name)
}

// Remote is where a repository is.
type Remote struct {
	// URL is https, or http; without a user or a password.
	URL string
	// Credential gives the user and token that the remote is asked with, each time anew; nil means that none is needed.
	Credential func(ctx context.Context) (user, token string, err error)
}

// check refuses remotes that git would take for something else than a repository on a server.
func (r Remote) check(allowFile bool) error {
	u, err := url.Parse(r.URL)
	switch {
	case err != nil || strings.ContainsFunc(r.URL, func(c rune) bool { return c <= ' ' || c == 0x7f }):
		return errors.New("the address of the repository is no URL") // which may hold a secret
	case u.User != nil:
		return errors.New("the address of a repository must not hold a user or password; give them as its credential")
	case u.RawQuery != "" || u.Fragment != "" || u.Opaque != "":
		return fmt.Errorf("%s://%s%s must be without query and fragment", u.Scheme, u.Host, u.Path)
	case (u.Scheme == "https" || u.Scheme == "http") && u.Host != "", u.Scheme == "file" && allowFile:
		return nil
	}
	return fmt.Errorf("the address %s is not of the kind https://HOST/PATH", r.URL)
}

// Mirror is the copy of one repository. It is safe for concurrent use. All Mirrors of one key share one copy.
type Mirror struct {
	*bare
	remote Remote
}

// Mirror is the copy of the repository that key names, such as github.com/owner/name, and that is fetched from r. It is made when it
// is first needed. Who has the key can read the copy: use one key for one repository, and only for those who may read that.
func (c *Cache) Mirror(key string, r Remote) *Mirror {
	c.mu.Lock()
	defer c.mu.Unlock()
	b := c.copies[key]
	if b == nil {
		sum := sha256.Sum256([]byte(key))
		b = &bare{key: key, dir: filepath.Join(c.dir, hex.EncodeToString(sum[:16])+".git"), cache: c, refs: make(chan struct{}, 1), flights: flights{turn: make(chan struct{}, 1), next: map[string]*flight{}}}
		c.copies[key] = b
	}
	return &Mirror{bare: b, remote: r}
}

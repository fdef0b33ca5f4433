package engine

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"sync"
	"time"

	"github.com/codicil-dev/codicil/bot/sandbox"
)

// grace is how long a child may take to stop a request before it is killed.
const grace = 2 * time.Second

// Session is one DuckDB in one child process. It serves one request at a time; its methods may be called from
// several goroutines.
type Session struct {
	options Options
	child   *sandbox.Child
	private string // the folder that the session made for itself; empty if it was given one
	spill   string

	mu     sync.Mutex // held during a request
	nextID uint64
	ended  *Error // why no further request is served; nil while the child runs
	write  sync.Mutex
}

// cgroups is where DuckDB looks for the limits of a container. It breaks off if these exist but cannot be read.
var cgroups = []string{"/proc/self/cgroup", "/sys/fs/cgroup"}

// plainName is a database name that needs no quoting anywhere.
var plainName = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]*$`)

// Start starts a child and opens the database in it. Nothing that is not trusted may run before Lock.
// It returns a *sandbox.UnconfinedError where nothing can confine the child. The context covers the start only.
func Start(ctx context.Context, o Options) (*Session, error) {
	s := &Session{options: o.withDefaults()}
	if err := s.start(ctx); err != nil {
		s.cleanUp()
		return nil, err
	}
	return s, nil
}

// start is Start without tidying up after an error.
func (s *Session) start(ctx context.Context) error {
	o := s.options
	dir, name, err := s.place()
	if err != nil {
		return err
	}
	if s.spill, err = os.MkdirTemp(dir, ".spill-"); err != nil {
		return fmt.Errorf("make a folder to spill to: %w", err)
	}
	s.child, err = sandbox.Start(ctx, sandbox.Options{
		Marker:          marker,
		ReadOnly:        o.ReadOnly,
		ReadWrite:       []string{dir},
		System:          cgroups,
		Memory:          o.processMemory(),
		FileSize:        o.FileSize,
		AllowUnconfined: o.AllowUnconfined,
		Without:         o.Without,
	})
	if err != nil {
		return err
	}
	_, err = s.do(ctx, request{Op: opOpen, Open: &opening{
		Dir: dir, Database: name, Spill: s.spill, Memory: o.Memory, MaxSpill: o.SpillSize, Threads: o.Threads,
	}})
	return err
}

// place finds the folder to work in, with links resolved, and the name of the database file in it.
func (s *Session) place() (dir, name string, err error) {
	dir = s.options.WriteDir
	if dir == "" {
		if s.options.Database != "" {
			return "", "", errors.New("start DuckDB: a database file needs a folder that may be written (WriteDir)")
		}
		if s.private, err = os.MkdirTemp("", "codicil-"); err != nil {
			return "", "", fmt.Errorf("make a folder for DuckDB: %w", err)
		}
		dir = s.private
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return "", "", fmt.Errorf("resolve %s: %w", s.options.WriteDir, err)
	}
	given := dir
	if dir, err = filepath.EvalSymlinks(dir); err != nil {
		return "", "", fmt.Errorf("resolve the folder to write: %w", err)
	}
	name = s.options.Database
	if parent := filepath.Dir(name); filepath.IsAbs(name) && (parent == given || parent == dir) {
		name = filepath.Base(name)
	}
	if name != "" && !plainName.MatchString(name) {
		return "", "", fmt.Errorf("start DuckDB: the database %q must be a plain file name in %s", s.options.Database, dir)
	}
	return dir, name, nil
}

// Confinement is what holds the child.
func (s *Session) Confinement() sandbox.Confinement { return s.child.Confinement() }

// Exec runs trusted SQL, which may hold several statements, before or after Lock.
func (s *Session) Exec(ctx context.Context, sql string) error {
	_, err := s.call(ctx, request{Op: opExec, SQL: sql})
	return err
}

// Lock ends the trusted setup: from here on SQL reaches no file but the databases that are open, no network and no
// extension, and changes no setting. It cannot be undone.
//
// Still possible afterwards: everything in the databases that are attached; ATTACH ':memory:', USE, DETACH and SET
// VARIABLE; setseed; PinClock; spilling, and reading and writing files in the folder for spilled data, which is the
// session's own and goes with it. No longer: reading or writing files by any function or by
// COPY, ATTACH of a file, INSTALL, LOAD, SET and PRAGMA of a setting. So attach and load whatever is needed before.
func (s *Session) Lock(ctx context.Context) error {
	_, err := s.call(ctx, request{Op: opLock})
	return err
}

// Query runs one statement that only reads (SELECT, VALUES, FROM, DESCRIBE, SHOW, SUMMARIZE, PIVOT) and
// returns at most limit rows, all of them if limit is negative. More than MaxResult bytes are an error.
func (s *Session) Query(ctx context.Context, sql string, limit int) (*Rows, error) {
	r, err := s.call(ctx, request{Op: opQuery, SQL: sql, Limit: limit})
	if err != nil {
		return nil, err
	}
	return r.Rows, nil
}

// call is do, with the session's lock held.
func (s *Session) call(ctx context.Context, r request) (reply, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.do(ctx, r)
}

// Close ends the session: it writes the database out, if there is a file of it, ends the child and removes what it spilled. A second Close
// does nothing.
func (s *Session) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var err error
	if s.ended == nil {
		if s.options.Database != "" { // a database in memory need not be taken apart: its process ends
			_, err = s.do(context.Background(), request{Op: opClose})
		}
		s.ended = &Error{Kind: KindClosed, Message: "the session is closed"}
	}
	s.cleanUp()
	return err
}

// cleanUp ends the child and removes the session's folders.
func (s *Session) cleanUp() {
	if s.child != nil {
		s.child.Kill()
	}
	for _, dir := range []string{s.spill, s.private} {
		if dir != "" {
			_ = os.RemoveAll(dir) // what stays is in a temporary folder
		}
	}
}

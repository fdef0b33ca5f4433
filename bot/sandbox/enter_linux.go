package sandbox

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/signal"
	"slices"
	"strconv"

	"github.com/landlock-lsm/go-landlock/landlock"
	ll "github.com/landlock-lsm/go-landlock/landlock/syscall"
	"golang.org/x/sys/unix"
)

// What the child may do with files: read them, or write them; never run them, nor make links, sockets or devices.
const (
	mayReadFile = ll.AccessFSReadFile
	mayReadDir  = ll.AccessFSReadFile | ll.AccessFSReadDir
	mayWrite    = mayReadDir | ll.AccessFSWriteFile | ll.AccessFSTruncate | ll.AccessFSRemoveFile | ll.AccessFSRemoveDir |
		ll.AccessFSMakeReg | ll.AccessFSMakeDir
	mayRun     = mayReadDir | ll.AccessFSExecute
	mayPlay    = mayWrite | ll.AccessFSExecute | ll.AccessFSMakeSym | ll.AccessFSMakeSock | ll.AccessFSMakeFifo
	mayUse     = ll.AccessFSReadFile | ll.AccessFSWriteFile | ll.AccessFSTruncate | ll.AccessFSIoctlDev
	onlyOnFile = ll.AccessFSReadFile | ll.AccessFSWriteFile | ll.AccessFSTruncate | ll.AccessFSIoctlDev | ll.AccessFSExecute
)

// Impose takes from this process all that the policy does not give it. Files that it inherited, beyond those with the numbers
// 0 to 4, are closed. After an error the process must exit.
func (p Policy) Impose() (Confinement, error) {
	if err := closeInherited(); err != nil {
		return Confinement{}, err
	}
	// A file over its limit is an error of the write. Without this it ends the process where a thread that is not Go's writes.
	signal.Ignore(unix.SIGXFSZ)
	// The first to go when the whole machine is out of memory; without it nothing is lost.
	_ = os.WriteFile("/proc/self/oom_score_adj", []byte("1000"), 0)
	if err := ll.AllThreadsPrctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return Confinement{}, fmt.Errorf("give up new privileges: %w", err)
	}
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return Confinement{}, fmt.Errorf("forbid memory dumps: %w", err)
	}
	c, err := p.landlock()
	if err != nil {
		return c, err
	}
	return c, p.limit()
}

// closeInherited closes files that the parent's own parent left open. Those that this process opened by itself carry
// the close-on-exec flag, inherited ones cannot.
func closeInherited() error {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return fmt.Errorf("list open files: %w", err)
	}
	for _, e := range entries {
		fd, err := strconv.Atoi(e.Name())
		if err != nil || fd <= repliesFD {
			continue
		}
		if flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err == nil && flags&unix.FD_CLOEXEC == 0 {
			unix.Close(fd)
		}
	}
	return nil
}

// landlock restricts files, TCP ports, signals and abstract sockets as far as the kernel can.
func (p Policy) landlock() (Confinement, error) {
	var c Confinement
	if p.NoLandlock {
		c.Missing = append(c.Missing, "no Landlock: it was switched off")
		return c, nil
	}
	abi, err := ll.LandlockGetABIVersion()
	if err != nil || abi < 1 {
		c.Missing = append(c.Missing, fmt.Sprintf("no Landlock: the kernel does not offer it (%v)", err))
		return c, nil
	}
	var grants []grant
	for _, path := range p.ReadWrite {
		grants = append(grants, grant{mayWrite, path})
	}
	for i, path := range append(slices.Clone(p.ReadOnly), p.System...) {
		info, err := os.Stat(path)
		if i >= len(p.ReadOnly) && errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return c, fmt.Errorf("confine to %s: %w", path, err)
		}
		if info.IsDir() {
			grants = append(grants, grant{mayReadDir, path})
		} else {
			grants = append(grants, grant{mayReadFile, path})
		}
	}
	more, err := p.programGrants(abi)
	if err != nil {
		return c, err
	}
	if err := p.restrict(abi, append(grants, more...)); err != nil {
		return c, fmt.Errorf("confine by Landlock: %w", err)
	}
	c.Landlock, c.LandlockABI = true, abi
	if abi < 3 {
		c.Missing = append(c.Missing, fmt.Sprintf("Landlock ABI %d cannot keep files from being cut short (3 can)", abi))
	}
	if abi < 4 && !p.OpenNetwork {
		c.Missing = append(c.Missing, fmt.Sprintf("Landlock ABI %d cannot close TCP ports (4 can)", abi))
	}
	return c, nil
}

// grant is what may be done at a path and below.
type grant struct {
	may  landlock.AccessFSSet
	path string
}

// restrict puts the grants in force, and denies everything else.
func (p Policy) restrict(abi int, grants []grant) error {
	if p.ThisThread {
		return restrictThread(abi, grants)
	}
	var rules []landlock.Rule
	for _, g := range grants {
		rules = append(rules, landlock.PathAccess(g.may, g.path))
	}
	config := landlock.V11
	if p.OpenNetwork {
		config.HandledAccessNet = 0
	}
	return config.BestEffort().Restrict(rules...)
}

// programGrants are those for a process that runs other programs.
func (p Policy) programGrants(abi int) ([]grant, error) {
	var move landlock.AccessFSSet // across folders; before ABI 2 nothing could
	if abi >= 2 {
		move = ll.AccessFSRefer
	}
	var grants []grant
	for _, l := range []struct {
		may   landlock.AccessFSSet
		paths []string
	}{{mayRun, p.Run}, {mayWrite | move, p.Output}, {mayPlay | move, p.Scratch}, {mayUse, p.Devices}} {
		for _, path := range l.paths {
			info, err := os.Stat(path)
			if errors.Is(err, fs.ErrNotExist) {
				continue
			}
			if err != nil {
				return nil, fmt.Errorf("confine to %s: %w", path, err)
			}
			may := l.may
			if !info.IsDir() {
				may &= onlyOnFile
			}
			grants = append(grants, grant{may, path})
		}
	}
	return grants, nil
}

// limit sets the limits of this process, which it cannot raise again.
func (p Policy) limit() error {
	for _, l := range []struct {
		name     string
		resource int
		max      uint64
		skip     bool
	}{
		{"core dumps", unix.RLIMIT_CORE, 0, false},
		{"open files", unix.RLIMIT_NOFILE, p.OpenFiles, p.OpenFiles == 0},
		{"the size of files", unix.RLIMIT_FSIZE, uint64(p.FileSize), p.FileSize == 0},
		// Not RLIMIT_AS: most of the address space is reserved and never used.
		{"memory", unix.RLIMIT_DATA, uint64(p.Memory), p.Memory == 0},
		{"the number of processes", unix.RLIMIT_NPROC, p.Processes, p.Processes == 0},
		{"processor time", unix.RLIMIT_CPU, p.CPU, p.CPU == 0},
	} {
		if l.skip {
			continue
		}
		var now unix.Rlimit
		if err := unix.Getrlimit(l.resource, &now); err != nil {
			return fmt.Errorf("read the limit of %s: %w", l.name, err)
		}
		max := min(l.max, now.Max)
		if err := unix.Setrlimit(l.resource, &unix.Rlimit{Cur: max, Max: max}); err != nil {
			return fmt.Errorf("limit %s: %w", l.name, err)
		}
	}
	return nil
}

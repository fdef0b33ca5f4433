package confine

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// cgroup is the control group (v2) of one run. A nil one stands for none.
type cgroup struct {
	path string
	dir  *os.File
}

// noCgroupError says why there is none.
type noCgroupError struct{ why string }

// Error is why.
func (e *noCgroupError) Error() string { return "make a cgroup: " + e.why }

// newCgroup makes a control group in parent, or, if it is empty, in the one that this process is in. It must hand down memory and pids.
func newCgroup(parent string, l Limits) (*cgroup, error) {
	if parent == "" {
		own, err := os.ReadFile("/proc/self/cgroup")
		if err != nil {
			return nil, &noCgroupError{err.Error()}
		}
		mounts, err := os.ReadFile("/proc/self/mountinfo")
		if err != nil {
			return nil, &noCgroupError{err.Error()}
		}
		if parent, err = ownCgroup(string(own), string(mounts)); err != nil {
			return nil, err
		}
	}
	down, err := os.ReadFile(filepath.Join(parent, "cgroup.subtree_control"))
	if err != nil {
		return nil, &noCgroupError{err.Error()}
	}
	for _, controller := range []string{"memory", "pids"} {
		if !slices.Contains(strings.Fields(string(down)), controller) {
			return nil, &noCgroupError{fmt.Sprintf("%s does not hand down %s", parent, controller)}
		}
	}
	path, err := os.MkdirTemp(parent, "codicil-")
	if err != nil {
		return nil, &noCgroupError{err.Error()}
	}
	c := &cgroup{path: path}
	if err := c.set(l); err != nil {
		c.remove()
		return nil, err
	}
	return c, nil
}

// set sets the limits.
func (c *cgroup) set(l Limits) error {
	for _, s := range []struct {
		file, value string
		must        bool
	}{
		{"memory.max", strconv.FormatInt(l.Memory, 10), true},
		{"memory.swap.max", "0", false}, // not there without swap
		{"memory.oom.group", "1", true},
		{"pids.max", strconv.Itoa(l.Processes + spare), true},
	} {
		if err := os.WriteFile(filepath.Join(c.path, s.file), []byte(s.value), 0o600); err != nil && s.must {
			return &noCgroupError{err.Error()}
		}
	}
	dir, err := os.Open(c.path)
	if err != nil {
		return &noCgroupError{err.Error()}
	}
	c.dir = dir
	return nil
}

// ownCgroup is the folder of the control group that a process is in, from its /proc/self/cgroup and mountinfo.
// Source: cgroups(7), proc_pid_mountinfo(5).
func ownCgroup(own, mounts string) (string, error) {
	for line := range strings.Lines(own) {
		path, ok := strings.CutPrefix(strings.TrimSpace(line), "0::")
		if !ok {
			continue
		}
		lines := bufio.NewScanner(strings.NewReader(mounts))
		for lines.Scan() {
			before, after, _ := strings.Cut(lines.Text(), " - ")
			fields := strings.Fields(before)
			if !strings.HasPrefix(after, "cgroup2 ") || len(fields) < 5 {
				continue
			}
			inside, err := filepath.Rel(fields[3], path)
			if err != nil || strings.HasPrefix(inside, "..") {
				continue
			}
			return filepath.Join(fields[4], inside), nil
		}
	}
	return "", &noCgroupError{"no cgroup v2 is mounted"}
}

// join has a process begin its life in the group.
func (c *cgroup) join(a *syscall.SysProcAttr) {
	if c != nil {
		a.UseCgroupFD, a.CgroupFD = true, int(c.dir.Fd())
	}
}

// struck is the limit that the group struck, if any.
func (c *cgroup) struck() (Limit, string) {
	if c == nil {
		return "", ""
	}
	if c.event("memory.events", "oom_kill") > 0 {
		return LimitMemory, "the kernel ended it for want of memory"
	}
	if c.event("pids.events", "max") > 0 {
		return LimitProcesses, "the kernel refused more processes"
	}
	return "", ""
}

// event is how often something happened.
func (c *cgroup) event(file, name string) int {
	text, err := os.ReadFile(filepath.Join(c.path, file))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		if count, ok := strings.CutPrefix(line, name+" "); ok {
			n, _ := strconv.Atoi(strings.TrimSpace(count)) // the kernel writes numbers
			return n
		}
	}
	return 0
}

// remove ends what is in the group and removes it.
func (c *cgroup) remove() {
	if c == nil {
		return
	}
	_ = os.WriteFile(filepath.Join(c.path, "cgroup.kill"), []byte("1"), 0o600) // nothing is in it, as a rule
	if c.dir != nil {
		c.dir.Close()
	}
	for range 50 {
		if err := unix.Rmdir(c.path); err == nil || !errors.Is(err, unix.EBUSY) {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
}

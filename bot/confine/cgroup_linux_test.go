package confine

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestOwnCgroup(t *testing.T) {
	const mounts = `22 27 0:20 / /sys rw - sysfs sysfs rw
31 22 0:27 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate
`
	for _, x := range []struct{ own, mounts, want string }{
		{"0::/system.slice/codicil.service/bot\n", mounts, "/sys/fs/cgroup/system.slice/codicil.service/bot"},
		{"0::/\n", mounts, "/sys/fs/cgroup"},
		{"4:memory:/a\n0::/b\n", "40 1 0:30 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n", "/sys/fs/cgroup/unified/b"},
		{"0::/docker/abc/x\n", "40 1 0:30 /docker/abc /sys/fs/cgroup ro - cgroup2 cgroup rw\n", "/sys/fs/cgroup/x"},
		{"0::/other\n", "40 1 0:30 /docker/abc /sys/fs/cgroup ro - cgroup2 cgroup rw\n", ""},
		{"4:memory:/a\n", mounts, ""},
		{"0::/a\n", "22 27 0:20 / /sys rw - sysfs sysfs rw\n", ""},
		{"", "", ""},
	} {
		got, err := ownCgroup(x.own, x.mounts)
		if got != x.want || (err == nil) != (x.want != "") {
			t.Errorf("%q: got %q, %v, want %q", x.own, got, err, x.want)
		}
	}
}

// The folder is made up: what the kernel does with the files can't be seen here, only what is asked of it.
func TestNewCgroup(t *testing.T) {
	dir := t.TempDir()
	var no *noCgroupError
	if _, err := newCgroup(dir, Limits{}); !errors.As(err, &no) {
		t.Errorf("no cgroup at all: %v", err)
	}
	down := filepath.Join(dir, "cgroup.subtree_control")
	if err := os.WriteFile(down, []byte("cpu memory\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := newCgroup(dir, Limits{}); !errors.As(err, &no) {
		t.Errorf("without pids: %v", err)
	}
	if err := os.WriteFile(down, []byte("cpu memory pids\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := newCgroup(dir, Limits{Memory: 1 << 20, Processes: 10})
	if err != nil {
		t.Fatal(err)
	}
	defer c.remove()
	for file, want := range map[string]string{"memory.max": "1048576", "memory.swap.max": "0", "memory.oom.group": "1", "pids.max": "42"} {
		if got, err := os.ReadFile(filepath.Join(c.path, file)); err != nil || string(got) != want {
			t.Errorf("%s: %q, %v", file, got, err)
		}
	}
	if struck, _ := c.struck(); struck != "" {
		t.Errorf("struck %s", struck)
	}
	for file, x := range map[string]struct {
		text string
		want Limit
	}{"pids.events": {"max 3\n", LimitProcesses}, "memory.events": {"low 0\nhigh 0\nmax 9\noom 1\noom_kill 1\n", LimitMemory}} {
		path := filepath.Join(c.path, file)
		if err := os.WriteFile(path, []byte(x.text), 0o600); err != nil {
			t.Fatal(err)
		}
		if struck, detail := c.struck(); struck != x.want || detail == "" {
			t.Errorf("%s: struck %q", file, struck)
		}
		os.Remove(path)
	}
	var none *cgroup
	none.remove()
	if struck, _ := none.struck(); struck != "" {
		t.Error(struck)
	}
}

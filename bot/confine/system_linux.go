package confine

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/codicil-dev/codicil/bot/sandbox"
)

// user is the number of the program's user and group, inside.
const user = "1000"

// Of the system's root, and of /etc, what is shown inside, if it exists.
var (
	roots = []string{"/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"}
	shown = []string{"/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/alternatives", "/etc/ssl/certs", "/etc/ssl/cert.pem",
		"/etc/ssl/openssl.cnf", "/etc/pki/tls/certs", "/etc/pki/ca-trust/extracted", "/etc/ca-certificates/extracted", "/etc/mime.types"}
	// hidden are the parts of /proc that tell of the whole machine, or change it.
	hiddenFiles = []string{"/proc/kcore", "/proc/keys", "/proc/key-users", "/proc/kallsyms", "/proc/kmsg", "/proc/timer_list", "/proc/sched_debug",
		"/proc/sysrq-trigger", "/proc/config.gz", "/proc/modules", "/proc/kpagecount", "/proc/kpageflags", "/proc/kpagecgroup", "/proc/vmallocinfo"}
	hiddenFolders = []string{"/proc/acpi", "/proc/scsi", "/proc/asound", "/proc/driver", "/proc/dynamic_debug"}
	frozen        = []string{"/proc/sys", "/proc/irq", "/proc/bus", "/proc/fs"} // read-only
	devices       = []string{"/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty", "/dev/ptmx", "/dev/pts"}
	// taken are the folders at, in or above which nothing can be bound.
	taken    = []string{"/proc", "/dev", "/etc", "/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/sys"}
	memories = []string{Temporary, Home, "/dev/shm"}
)

// system is the made-up part of a system: files in /etc by name.
func system(allowed []Allowance) map[string]string {
	var hosts strings.Builder
	hosts.WriteString("127.0.0.1 localhost codicil\n::1 localhost\n")
	of := loopbacks(allowed)
	for _, host := range slices.Sorted(mapKeys(of)) {
		fmt.Fprintf(&hosts, "%s %s\n", of[host], host)
	}
	return map[string]string{
		"/etc/passwd":        "codicil:x:" + user + ":" + user + "::" + Home + ":/bin/sh\nnobody:x:65534:65534::/nonexistent:/usr/sbin/nologin\n",
		"/etc/group":         "codicil:x:" + user + ":\nnogroup:x:65534:\n",
		"/etc/hosts":         hosts.String(),
		"/etc/hostname":      "codicil\n",
		"/etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\nservices: files\nprotocols: files\n",
		"/etc/resolv.conf":   "",
		"/etc/machine-id":    "00000000000000000000000000000000\n",
	}
}

// mapKeys is a sequence of the keys of m.
func mapKeys[K comparable, V any](m map[K]V) func(func(K) bool) {
	return func(yield func(K) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

// layout is what is shown inside, with links resolved.
type layout struct {
	readOnly, writable, scratch []Bind
}

// resolve checks binds and resolves what they show.
func resolve(binds []Bind, folders bool) ([]Bind, error) {
	var found []Bind
	for _, b := range binds {
		abs, err := filepath.Abs(b.Source)
		if err != nil {
			return nil, fmt.Errorf("show %s: %w", b.Source, err)
		}
		if b.Target == "" {
			b.Target = abs
		}
		if b.Source, err = filepath.EvalSymlinks(abs); err != nil {
			return nil, fmt.Errorf("show %s: %w", abs, err)
		}
		if info, err := os.Stat(b.Source); err != nil || folders && !info.IsDir() {
			return nil, fmt.Errorf("show %s: it must be a folder (%w)", abs, errors.Join(err, fs.ErrInvalid))
		}
		if !filepath.IsAbs(b.Target) || filepath.Clean(b.Target) != b.Target || b.Target == "/" {
			return nil, fmt.Errorf("show %s as %s: the target must be an absolute path without detours", abs, b.Target)
		}
		for _, t := range taken {
			if b.Target == t || strings.HasPrefix(b.Target, t+"/") {
				return nil, fmt.Errorf("show %s as %s: %s is the system's", abs, b.Target, t)
			}
		}
		if slices.Contains(memories, b.Target) {
			return nil, fmt.Errorf("show %s as %s: it is in memory", abs, b.Target)
		}
		found = append(found, b)
	}
	return found, nil
}

// arguments are bubblewrap's; files gives the number of an open file with this content, inside bubblewrap.
func (l layout) arguments(limits Limits, etc map[string]string, files func(string) (int, error)) ([]string, error) {
	args := []string{"--unshare-user", "--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try",
		"--disable-userns", "--uid", user, "--gid", user, "--hostname", "codicil",
		"--die-with-parent", "--new-session", "--cap-drop", "ALL", "--as-pid-1", "--clearenv"}
	for _, r := range roots {
		info, err := os.Lstat(r)
		if err != nil {
			continue
		}
		if info.Mode()&fs.ModeSymlink == 0 {
			args = append(args, "--ro-bind", r, r)
		} else if to, err := os.Readlink(r); err == nil {
			args = append(args, "--symlink", to, r)
		}
	}
	for _, p := range shown {
		args = append(args, "--ro-bind-try", p, p)
	}
	for _, path := range slices.Sorted(mapKeys(etc)) {
		n, err := files(etc[path])
		if err != nil {
			return nil, err
		}
		args = append(args, "--perms", "0444", "--file", strconv.Itoa(n), path)
	}
	args = append(args, "--proc", "/proc", "--dev", "/dev")
	for _, p := range frozen {
		args = append(args, existing("--ro-bind", p, p)...)
	}
	for _, p := range hiddenFiles {
		args = append(args, existing("--ro-bind", "/dev/null", p)...)
	}
	for _, p := range hiddenFolders {
		if existing("", p) != nil {
			args = append(args, "--tmpfs", p, "--remount-ro", p)
		}
	}
	args = append(args, "--remount-ro", "/dev")
	for _, m := range memories {
		size := limits.Temporary
		if m == "/dev/shm" {
			size = min(size, 64<<20)
		}
		args = append(args, "--perms", "0700", "--size", strconv.FormatInt(size, 10), "--tmpfs", m)
	}
	for _, b := range l.readOnly {
		args = append(args, "--ro-bind", b.Source, b.Target)
	}
	for _, b := range slices.Concat(l.scratch, l.writable) {
		args = append(args, "--bind", b.Source, b.Target)
	}
	return append(args, "--remount-ro", "/", "--chdir", "/"), nil
}

// existing is the arguments, or none if the last of them is no path of this machine.
func existing(args ...string) []string {
	if _, err := os.Lstat(args[len(args)-1]); err != nil {
		return nil
	}
	return args
}

// policy is what the first process imposes by Landlock, over and above what is shown.
func (l layout) policy(limits Limits, noLandlock bool) sandbox.Policy {
	p := sandbox.Policy{
		System:      []string{"/etc", "/proc", "/dev"},
		Run:         slices.Clone(roots),
		Scratch:     slices.Clone(memories),
		Devices:     devices,
		OpenNetwork: true,
		ThisThread:  true,
		Memory:      limits.Memory,
		FileSize:    limits.FileSize,
		OpenFiles:   uint64(limits.OpenFiles),
		Processes:   uint64(limits.Processes) + spare, // the first process's own threads count too
		CPU:         uint64(limits.CPU.Seconds()) + 1,
		NoLandlock:  noLandlock,
	}
	for _, b := range l.readOnly {
		p.Run = append(p.Run, b.Target)
	}
	for _, b := range l.scratch {
		p.Scratch = append(p.Scratch, b.Target)
	}
	for _, b := range l.writable {
		p.Output = append(p.Output, b.Target)
	}
	return p
}

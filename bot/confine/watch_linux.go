package confine

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

const (
	lookEvery = 50 * time.Millisecond
	// leastFree is what must stay free on the disk of the writable folders, in bytes.
	leastFree = 128 << 20
	tick      = time.Second / 100 // the unit of processor time in /proc (USER_HZ), the same on all Linux machines
)

// usage is what a run uses at one moment.
type usage struct {
	processes, tasks int           // without the first process
	cpu              time.Duration // of all, also of those that ended
	memory           int64
	most             int64 // the most memory that was ever seen
	disk             int64
	files            int64
	least            int64 // free bytes on the disk that has the least; -1 if none is counted
}

// watch ends the run when it goes over a limit. It takes at most a tenth of the time.
func (f *first) watch() {
	for {
		began := time.Now()
		u := f.look()
		if struck, detail := f.over(u); struck != "" {
			f.end(ending{Code: -1, Struck: struck, Detail: detail, Left: u.processes})
		}
		time.Sleep(max(lookEvery, 9*time.Since(began)))
	}
}

// over is the limit that u is over, if any, and a sentence about it.
func (f *first) over(u usage) (Limit, string) {
	l := f.order.Limits
	switch {
	case u.tasks > l.Processes:
		return LimitProcesses, fmt.Sprintf("%d processes and threads ran at once, %d are allowed", u.tasks, l.Processes)
	case u.memory > l.Memory:
		return LimitMemory, fmt.Sprintf("%d MB were in use, %d are allowed", u.memory>>20, l.Memory>>20)
	case u.cpu > l.CPU:
		return LimitCPU, fmt.Sprintf("%s were used, %s are allowed", u.cpu.Round(time.Second/10), l.CPU)
	case u.disk > l.Disk:
		return LimitDisk, fmt.Sprintf("%d MB were written, %d are allowed", u.disk>>20, l.Disk>>20)
	case u.files > int64(l.Files):
		return LimitFiles, fmt.Sprintf("there were %d files and folders, %d are allowed", u.files, l.Files)
	case u.least >= 0 && u.least < leastFree && u.disk > 0:
		return LimitDisk, fmt.Sprintf("only %d MB are free on this machine's disk", u.least>>20)
	}
	return "", ""
}

// look measures what is used now.
func (f *first) look() usage {
	u := usage{least: -1}
	held := f.processes(&u)
	f.disks(&u, held)
	f.mu.Lock()
	defer f.mu.Unlock()
	u.cpu = max(u.cpu, f.seen.cpu)
	u.most = max(f.seen.most, u.memory)
	f.seen = u
	return u
}

// inode names a file.
type inode struct{ device, number uint64 }

// processes adds what the processes use, and returns the sizes of the files that have no name any more but are held open.
func (f *first) processes(u *usage) map[inode]int64 {
	held := map[inode]int64{}
	var used unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_CHILDREN, &used); err == nil {
		u.cpu = time.Duration(used.Utime.Nano() + used.Stime.Nano())
	}
	dir, err := os.Open("/proc")
	if err != nil {
		return held
	}
	defer dir.Close()
	names, _ := dir.Readdirnames(-1) // what could be listed is looked at
	self := os.Getpid()
	var rough int64
	var pids []int
	for _, name := range names {
		pid, err := strconv.Atoi(name)
		if err != nil || pid == self {
			continue
		}
		if state, threads, cpu, resident, ok := stat(pid); ok {
			u.cpu += cpu
			if dead := state == 'Z' || state == 'X'; dead && threads > 1 {
				pid, resident = living(pid) // its first thread has ended, others go on
			} else if dead {
				u.tasks++ // it holds a number still
				continue
			}
			u.processes++
			u.tasks += threads
			rough += resident
			pids = append(pids, pid)
		}
		if u.tasks > f.order.Limits.Processes {
			return held
		}
	}
	u.memory = rough
	if rough > f.order.Limits.Memory/2 { // pages that several share were counted for each; asking exactly takes longer
		u.memory = 0
		for _, pid := range pids {
			u.memory += own(pid)
		}
	}
	for _, pid := range pids {
		unnamed(pid, held)
	}
	return held
}

// stat reads of a process its state, number of threads, processor time with that of its ended children, and resident bytes.
// Source: proc_pid_stat(5).
func stat(pid int) (state byte, threads int, cpu time.Duration, resident int64, ok bool) {
	line, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, 0, 0, 0, false
	}
	_, rest, found := bytes.Cut(line[bytes.LastIndexByte(line, ')'):], []byte(" ")) // its name may hold anything
	fields := strings.Fields(string(rest))
	if !found || len(fields) < 22 {
		return 0, 0, 0, 0, false
	}
	number := func(i int) int64 { // of the field that the manual counts as i
		n, _ := strconv.ParseInt(fields[i-3], 10, 64) // the kernel writes numbers
		return n
	}
	ticks := number(14) + number(15) + number(16) + number(17)
	return fields[0][0], int(number(20)), time.Duration(ticks) * tick, number(24) * int64(os.Getpagesize()), true
}

// living is a thread of a process that has not ended, by whose number the kernel tells of the process, and the resident bytes.
func living(pid int) (thread int, resident int64) {
	entries, _ := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid)) // none if it is gone
	for _, e := range entries {
		thread, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		if state, _, _, resident, ok := stat(thread); ok && state != 'Z' && state != 'X' {
			return thread, resident
		}
	}
	return pid, 0
}

// own is how many bytes of memory are a process's own, with its part of what it shares, and without what files hold.
func own(pid int) int64 {
	var sum int64
	if text, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid)); err == nil {
		for _, key := range []string{"Pss_Anon:", "Pss_Shmem:"} {
			sum += kilobytes(text, key)
		}
		return sum
	}
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid)) // it hides, or has ended
	if err != nil {
		return 0
	}
	return kilobytes(text, "RssAnon:") + kilobytes(text, "RssShmem:")
}

// kilobytes is the number after key, in bytes.
func kilobytes(text []byte, key string) int64 {
	_, after, found := bytes.Cut(text, []byte(key))
	fields := strings.Fields(string(after[:min(40, len(after))]))
	if !found || len(fields) == 0 {
		return 0
	}
	n, _ := strconv.ParseInt(fields[0], 10, 64) // the kernel writes numbers
	return n << 10
}

// unnamed adds the files without a name that a process holds open. A process that hides its files is ended.
func unnamed(pid int, held map[inode]int64) {
	dir := fmt.Sprintf("/proc/%d/fd", pid)
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrPermission) {
		_ = unix.Kill(pid, unix.SIGKILL) // if it is gone, so much the better
		return
	}
	for _, e := range entries {
		var s unix.Stat_t
		if err := unix.Stat(dir+"/"+e.Name(), &s); err == nil && s.Nlink == 0 && s.Mode&unix.S_IFMT == unix.S_IFREG {
			held[inode{uint64(s.Dev), s.Ino}] = s.Blocks * 512
		}
	}
}

// disks adds what is in the folders.
func (f *first) disks(u *usage, held map[inode]int64) {
	for _, size := range held {
		u.disk += size
		u.files++
	}
	for _, dir := range f.order.Memories {
		var s unix.Statfs_t
		if err := unix.Statfs(dir, &s); err == nil {
			u.memory += int64(s.Blocks-s.Bfree) * s.Bsize
			u.files += int64(s.Files - s.Ffree)
		}
	}
	for _, dir := range f.order.Counted {
		var s unix.Statfs_t
		if err := unix.Statfs(dir, &s); err == nil {
			if free := int64(s.Bavail) * s.Bsize; u.least < 0 || free < u.least {
				u.least = free
			}
		}
		f.walk(dir, u)
	}
}

// walk adds what is in a folder. It stops when there is more than is allowed.
func (f *first) walk(dir string, u *usage) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrPermission) {
		// Its mode hides what is in it. Whatever this changes, it is inside.
		_ = os.Chmod(dir, 0o700)
		entries, _ = os.ReadDir(dir) // what could be listed is counted
	}
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		var s unix.Stat_t
		if err := unix.Lstat(path, &s); err != nil {
			continue
		}
		u.files++
		u.disk += s.Blocks * 512
		if u.files > int64(f.order.Limits.Files) || u.disk > f.order.Limits.Disk {
			return
		}
		if s.Mode&unix.S_IFMT == unix.S_IFDIR {
			f.walk(path, u)
		}
	}
}

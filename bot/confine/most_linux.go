package confine

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"

	"golang.org/x/sys/unix"
)

// reserved is how many of the low process numbers the kernel gives out only once.
const reserved = 300

// limitNumbers has the kernel give out no more process numbers inside than that many at once, as far as it can: of the machine's
// root it does not count processes (RLIMIT_NPROC), but only root may do this. It is called before the program runs. The
// result says whether the limit is in force.
//
// Since Linux 6.14 the largest process number belongs to the namespace of processes in which it is asked for. Before, it was the
// whole machine's, and so is left alone.
func (b *box) limitNumbers(most int) bool {
	if os.Getuid() != 0 || b.inside < 0 || !atLeast(6, 14) {
		return false
	}
	done := make(chan bool)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine, as its children go to another namespace
		done <- b.enterAndLimit(most)
	}()
	return <-done
}

// enterAndLimit starts a program of the system in the namespace of processes, which sets the limit. It runs in this machine's files.
func (b *box) enterAndLimit(most int) bool {
	if err := unix.Setns(b.inside, unix.CLONE_NEWPID); err != nil {
		return false
	}
	cmd := exec.Command("/bin/sh", "-c", fmt.Sprintf("echo %d >/proc/sys/kernel/pid_max", reserved+most))
	cmd.Env = []string{}
	return cmd.Run() == nil
}

// atLeast says whether the kernel is of that release or a later one.
func atLeast(major, minor int) bool {
	var name unix.Utsname
	if err := unix.Uname(&name); err != nil {
		return false
	}
	var a, b int
	if n, err := fmt.Sscanf(unix.ByteSliceToString(name.Release[:]), "%d.%d", &a, &b); n != 2 || err != nil {
		return false
	}
	return a > major || a == major && b >= minor
}

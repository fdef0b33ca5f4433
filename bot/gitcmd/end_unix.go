//go:build unix

package gitcmd

import (
	"os/exec"
	"syscall"
	"time"
)

// grace is how long git may take to end after it was asked to.
const grace = 3 * time.Second

// endGently makes a command end with all the processes that it started, when its context does.
func endGently(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = grace
}

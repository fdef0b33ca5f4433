//go:build unix

package uv

import (
	"os/exec"
	"syscall"
)

// endGently makes a command end with all the processes that it started, when its context does.
func endGently(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = grace
}

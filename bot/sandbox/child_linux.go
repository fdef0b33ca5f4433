package sandbox

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// nobody is the user and group that a child is in its own namespace: one without rights over anything.
const nobody = 65534

// executable is this process's own program, also when its file was replaced meanwhile.
func executable() (string, error) { return "/proc/self/exe", nil }

// startInNamespaces starts a child in namespaces of its own. Where these are not to be had, the child is nil and
// reason says why.
func startInNamespaces(o Options) (c *Child, reason string, err error) {
	c, err = launch(o, func(cmd *exec.Cmd) {
		cmd.SysProcAttr = &syscall.SysProcAttr{
			Cloneflags:  unix.CLONE_NEWUSER | unix.CLONE_NEWNET | unix.CLONE_NEWIPC | unix.CLONE_NEWUTS,
			UidMappings: []syscall.SysProcIDMap{{ContainerID: nobody, HostID: os.Getuid(), Size: 1}},
			GidMappings: []syscall.SysProcIDMap{{ContainerID: nobody, HostID: os.Getgid(), Size: 1}},
		}
	})
	for _, refusal := range []error{unix.EPERM, unix.EACCES, unix.EINVAL, unix.ENOSPC, unix.ENOSYS, unix.EUSERS} {
		if errors.Is(err, refusal) {
			return nil, fmt.Sprintf("no user and network namespaces: the system refuses them (%v)", refusal), nil
		}
	}
	return c, "", err
}

// run starts the process and watches it. The thread that starts it is kept until it ends, because the kernel kills
// the child when that thread, not the process, is gone.
func (c *Child) run() error {
	if c.cmd.SysProcAttr == nil {
		c.cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	c.cmd.SysProcAttr.Pdeathsig = syscall.SIGKILL
	c.cmd.SysProcAttr.Setpgid = true
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := c.cmd.Start()
		started <- err
		if err != nil {
			return
		}
		_ = c.cmd.Wait() // the state says it all
		c.exit = Exit{Code: c.cmd.ProcessState.ExitCode(), Output: c.output.String()}
		if s, ok := c.cmd.ProcessState.Sys().(syscall.WaitStatus); ok && s.Signaled() {
			c.exit.Signal = unix.SignalName(s.Signal())
		}
		close(c.done)
	}()
	if err := <-started; err != nil {
		return fmt.Errorf("start the sandbox: %w", err)
	}
	return nil
}

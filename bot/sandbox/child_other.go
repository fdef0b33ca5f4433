//go:build !linux

package sandbox

import (
	"fmt"
	"os"
	"runtime"
)

// executable is this process's own program.
func executable() (string, error) { return os.Executable() }

// startInNamespaces never has a child: namespaces are a thing of Linux.
func startInNamespaces(Options) (c *Child, reason string, err error) {
	return nil, "no user and network namespaces: " + runtime.GOOS + " has none", nil
}

// run starts the process and watches it.
func (c *Child) run() error {
	if err := c.cmd.Start(); err != nil {
		return fmt.Errorf("start the sandbox: %w", err)
	}
	go func() {
		_ = c.cmd.Wait() // the state says it all
		c.exit = Exit{Code: c.cmd.ProcessState.ExitCode(), Output: c.output.String()}
		close(c.done)
	}()
	return nil
}

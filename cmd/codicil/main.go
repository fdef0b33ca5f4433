// Command codicil keeps data products true to their specs.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/codicil-dev/codicil/bot/apart"
	"github.com/codicil-dev/codicil/bot/fault"
)

func main() {
	apart.ServeIfChild(account, makeAuthor)
	if err := fault.Arm(os.Getenv); err != nil {
		fmt.Fprintf(os.Stderr, "codicil: %v\n", err)
		os.Exit(exitNotRun)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Getenv, os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run runs one command line and returns its exit status: 0 for fine, 1 for something that fails, 2 for what could not be run.
func run(ctx context.Context, args []string, getenv func(string) string, stdin io.Reader, stdout, stderr io.Writer) int {
	c := &cli{getenv: getenv, stdin: stdin, stdout: stdout, stderr: stderr}
	root := c.root()
	root.SetArgs(args)
	return c.status(root.ExecuteContext(ctx))
}

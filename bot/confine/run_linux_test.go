package confine

import (
	"context"
	"errors"
	"fmt"
	"os"
	"testing"
	"time"
)

// begin skips a test where programs can't be confined.
func begin(t *testing.T) {
	t.Helper()
	var no *UnavailableError
	if err := Available(t.Context()); errors.As(err, &no) && os.Getenv("CI") != "true" {
		t.Skip(err)
	} else if err != nil {
		t.Fatal(err)
	}
}

// sh runs a shell script.
func sh(t *testing.T, o Options, script string) Result {
	t.Helper()
	o.Program, o.Args = "sh", []string{"-c", script}
	if o.Limits.Wall == 0 {
		o.Limits.Wall = time.Minute
	}
	r, err := Run(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// On new kernels a namespace of processes has its own greatest number; the machine's stays as it was.
func TestProcessNumbers(t *testing.T) {
	begin(t)
	if os.Getuid() != 0 || !atLeast(6, 14) {
		t.Skip("only root on Linux 6.14 or later can limit the numbers of processes")
	}
	read := func() string {
		text, err := os.ReadFile("/proc/sys/kernel/pid_max")
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	before := read()
	r := sh(t, Options{Limits: Limits{Processes: 100}}, "cat /proc/sys/kernel/pid_max")
	if want := fmt.Sprintln(reserved + 100 + spare); r.Output != want {
		t.Errorf("got %q, want %q", r.Output, want)
	}
	if after := read(); after != before {
		t.Errorf("the machine's was %s and is %s", before, after)
	}
}

package confine

import (
	"context"
	"errors"
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

func TestRun(t *testing.T) {
	begin(t)
	r := sh(t, Options{}, "echo hello; echo $HOME; id; env; exit 3")
	t.Logf("%s\n%#v", r.Output, r)
}

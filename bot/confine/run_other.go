//go:build !linux

package confine

import (
	"context"
	"fmt"
	"runtime"
)

// Run runs nothing: only Linux has what it takes. The error is an *UnavailableError.
func Run(_ context.Context, o Options) (Result, error) {
	return Result{Code: -1}, fmt.Errorf("run %s: %w", o.Program, Available(context.Background()))
}

// Available says that programs can't be confined here.
func Available(context.Context) error {
	return &UnavailableError{Why: runtime.GOOS + " has no namespaces"}
}

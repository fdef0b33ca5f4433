package product

import (
	"errors"
	"syscall"
)

// isNotEmpty says that a rename met a folder with content.
func isNotEmpty(err error) bool { return errors.Is(err, syscall.ENOTEMPTY) }

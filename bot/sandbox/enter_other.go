//go:build !linux

package sandbox

import "runtime"

// Impose can do nothing here but say so.
func (p Policy) Impose() (Confinement, error) {
	return Confinement{Missing: []string{"no Landlock: " + runtime.GOOS + " has none"}}, nil
}

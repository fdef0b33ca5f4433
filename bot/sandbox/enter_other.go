//go:build !linux

package sandbox

import "runtime"

// impose can do nothing here but say so.
func (p policy) impose() (Confinement, error) {
	return Confinement{Missing: []string{"no Landlock: " + runtime.GOOS + " has none"}}, nil
}

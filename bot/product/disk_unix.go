//go:build unix

package product

import "golang.org/x/sys/unix"

// freeSpace is how many bytes may still be written to the file system that holds folder.
func freeSpace(folder string) (int64, error) {
	var s unix.Statfs_t
	if err := unix.Statfs(folder, &s); err != nil {
		return 0, err
	}
	return int64(s.Bavail) * int64(s.Bsize), nil
}

//go:build linux || darwin

package blackbox

import "golang.org/x/sys/unix"

// free returns how many bytes of the file system of a folder are left for users, and how
// many it has.
func free(dir string) (left, all uint64, err error) {
	var fs unix.Statfs_t
	if err := unix.Statfs(dir, &fs); err != nil {
		return 0, 0, err
	}
	return fs.Bavail * uint64(fs.Bsize), fs.Blocks * uint64(fs.Bsize), nil
}

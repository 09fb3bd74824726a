package filesystem

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// ask may hang: only the kernel knows when the disk or server behind the path
// answers.
func ask(root, path string) answer {
	fd, err := openIn(root, path)
	if err != nil {
		return answer{err: fmt.Errorf("space of a file system: %w", &os.PathError{Op: "open", Path: path, Err: err})}
	}
	defer func() { _ = unix.Close(fd) }()
	var fs unix.Statfs_t
	if err := unix.Fstatfs(fd, &fs); err != nil {
		return answer{err: fmt.Errorf("space of a file system: %w", &os.PathError{Op: "statfs", Path: path, Err: err})}
	}
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return answer{err: fmt.Errorf("space of a file system: %w", &os.PathError{Op: "stat", Path: path, Err: err})}
	}
	size := uint64(fs.Frsize)
	if size == 0 {
		size = uint64(fs.Bsize)
	}
	return answer{
		space:  Space{Bytes: fs.Blocks * size, Available: fs.Bavail * size, Inodes: fs.Files, InodesFree: fs.Ffree},
		device: st.Dev,
		path:   onHost(root, path, fd),
	}
}

// openIn opens a folder of the host. Its links lead on within the host, and not
// into the container of this process.
func openIn(root, path string) (int, error) {
	top, err := unix.Open(root, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return -1, err
	}
	defer func() { _ = unix.Close(top) }()
	const flags = unix.O_PATH | unix.O_DIRECTORY | unix.O_CLOEXEC
	fd, err := unix.Openat2(top, path, &unix.OpenHow{Flags: flags, Resolve: unix.RESOLVE_IN_ROOT})
	if errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.EPERM) { // a kernel before 5.6, or a filter that does not know the call
		return unix.Openat(top, path, flags, 0)
	}
	return fd, err
}

// onHost is where the open folder is on the host, with links followed.
func onHost(root, path string, fd int) string {
	found, err := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", fd))
	if err != nil {
		return filepath.Join("/", path)
	}
	if root = filepath.Clean(root); root != "/" {
		found = strings.TrimPrefix(found, root)
	}
	return filepath.Join("/", found)
}

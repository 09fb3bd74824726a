//go:build linux

package realnode

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// endCgroup kills all processes in a cgroup and those below it, but for this one, of
// which a thread may be there.
func endCgroup(path string) error {
	all, err := hierarchies()
	if err != nil {
		return err
	}
	var errs []error
	for _, h := range all {
		errs = append(errs, filepath.WalkDir(filepath.Join(h.mount, path), func(at string, d fs.DirEntry, err error) error {
			if err != nil || d.Name() != "cgroup.procs" {
				return ignoreGone(err)
			}
			text, err := os.ReadFile(at)
			for _, field := range strings.Fields(string(text)) {
				// 0 stands for those that this process cannot see, and means others to kill.
				if pid, err := strconv.Atoi(field); err == nil && pid > 0 && pid != os.Getpid() {
					_ = unix.Kill(pid, unix.SIGKILL) // or else it has ended
				}
			}
			return ignoreGone(err)
		}))
	}
	return errors.Join(errs...)
}

// ignoreGone leaves out that a cgroup has been removed.
func ignoreGone(err error) error {
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ENODEV) {
		return nil
	}
	return err
}

// removeCgroup removes a cgroup and those below it from all hierarchies, once no
// process is left in them.
func removeCgroup(path string) error {
	all, err := hierarchies()
	if err != nil {
		return err
	}
	var errs []error
	for _, h := range all {
		errs = append(errs, removeTree(filepath.Join(h.mount, path)))
	}
	return errors.Join(errs...)
}

func removeTree(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.IsDir() {
			if err := removeTree(filepath.Join(dir, e.Name())); err != nil {
				return err
			}
		}
	}
	return os.Remove(dir)
}

package cluster

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

const (
	// folderPrefix begins the names of temporary folders.
	folderPrefix = "kubevitals-lab-"
	// lockFile, in the folder of a cluster, is locked for as long as the program lives
	// that started it: the kernel lets go of the locks of those that do not.
	lockFile = "lock"
	// temporaryLock is the same in a temporary folder, which goes when the program is dead.
	temporaryLock = "temporary.lock"
)

// takeFolder makes the folder of the cluster, and removes the state that an earlier one
// had there, but for its logs. A folder has one cluster at a time.
func (c *Cluster) takeFolder() error {
	lock := lockFile
	if c.options.Dir == "" {
		RemoveForgotten()
		dir, err := os.MkdirTemp("", folderPrefix)
		if err != nil {
			return fmt.Errorf("temporary folder: %w", err)
		}
		c.options.Dir, c.temporary, lock = dir, true, temporaryLock
	}
	for _, dir := range []string{c.options.Dir, c.LogDir()} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return fmt.Errorf("state folder: %w", err)
		}
	}
	var err error
	if c.lock, err = lockFolder(c.options.Dir, lock); err != nil {
		return fmt.Errorf("state folder: %w", err)
	}
	return c.removeState()
}

// lockFolder fails if a cluster that lives has the folder.
func lockFolder(dir, name string) (*os.File, error) {
	file := filepath.Join(dir, name)
	lock, err := os.OpenFile(file, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = lock.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			err = errors.New("another lab has it")
		}
		return nil, fmt.Errorf("%s: %w", dir, err)
	}
	return lock, nil
}

// removeState removes what the components keep, most of which is etcd's, and the faults
// that were hollow kubelets' own.
func (c *Cluster) removeState() error {
	nodes, err := filepath.Glob(filepath.Join(c.options.Dir, nodePrefix+"*"))
	if err != nil {
		return err
	}
	var errs []error
	for _, path := range append(nodes, filepath.Join(c.options.Dir, Etcd)) {
		errs = append(errs, os.RemoveAll(path))
	}
	return errors.Join(errs...)
}

// leaveFolder removes the folder if it is a temporary one, or leaves the logs of a
// cluster that failed.
func (c *Cluster) leaveFolder() {
	if c.lock == nil {
		return // it was not ours, or has been left
	}
	if c.temporary && !c.failed {
		_ = os.RemoveAll(c.options.Dir)
	} else if c.temporary {
		_ = c.removeState()
		// Without it, nobody takes the logs for forgotten.
		_ = os.Remove(c.lock.Name())
	}
	_ = c.lock.Close()
	c.lock = nil
}

// forgottenAfter is how old a folder is at least that may be removed: one that is
// younger may be about to be locked.
const forgottenAfter = time.Minute

// RemoveForgotten removes the temporary folders of clusters whose programs were killed,
// and returns how many there were.
func RemoveForgotten() int {
	locks, err := filepath.Glob(filepath.Join(os.TempDir(), folderPrefix+"*", temporaryLock))
	if err != nil {
		return 0
	}
	removed := 0
	for _, file := range locks {
		dir := filepath.Dir(file)
		info, err := os.Lstat(file)
		if err != nil || time.Since(info.ModTime()) < forgottenAfter || !own(info) {
			continue
		}
		lock, err := lockFolder(dir, temporaryLock)
		if err != nil {
			continue
		}
		if os.RemoveAll(dir) == nil {
			removed++
		}
		_ = lock.Close()
	}
	return removed
}

// own tells whether a file is of the user who runs this.
func own(info os.FileInfo) bool {
	owner, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(owner.Uid) == os.Geteuid()
}

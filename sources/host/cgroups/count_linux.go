package cgroups

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// Read counts the cgroups of the machine whose cgroups are mounted at root and
// whose procfs is at proc. If ctx ends while it walks through the folders, the rest
// of the counts are still good.
func Read(ctx context.Context, root, proc string) (Count, error) {
	begun := time.Now()
	c := Count{Version: 1, Held: map[string]int64{}, Dying: map[string]int64{}, Limit: map[string]int64{}}
	top, walked := root, All
	if version2(root) {
		c.Version = 2
		if err := c.countVersion2(root); err != nil {
			return Count{}, err
		}
	} else {
		if err := c.countVersion1(filepath.Join(proc, "cgroups")); err != nil {
			return Count{}, err
		}
		// Each controller has folders of its own; those of memory are where leaks
		// hurt. systemd has a hierarchy without controller.
		top, walked = filepath.Join(root, "memory"), "memory"
		if _, err := os.Stat(top); err != nil {
			top, walked = filepath.Join(root, "systemd"), ""
		}
	}
	if c.hasMemory(root) {
		c.limitMemory()
	}
	w := walker{version: c.Version, folders: map[Kind]Folders{}, buffer: make([]byte, 256)}
	err := w.root(ctx, top)
	switch {
	case ctx.Err() != nil:
		c.CutShort = true
	case err != nil:
		return Count{}, fmt.Errorf("folders of cgroups: %w", err)
	default:
		c.Folders = w.folders
		if held, ok := c.Held[walked]; ok && c.Version == 1 {
			c.Dying[walked] = max(0, held-w.total()-1) // the root counts, too
		}
	}
	c.Took = time.Since(begun)
	return c, nil
}

// walker goes through the folders of one hierarchy.
type walker struct {
	version int
	folders map[Kind]Folders
	buffer  []byte
}

func (w *walker) total() int64 {
	var sum int64
	for _, f := range w.folders {
		sum += f.Populated + f.Empty
	}
	return sum
}

func (w *walker) root(ctx context.Context, path string) error {
	_, err := w.children(ctx, path, Others)
	return err
}

// children counts the folders within a folder, and tells whether a process lives
// in one of them.
func (w *walker) children(ctx context.Context, path string, kind Kind) (bool, error) {
	dir, err := os.Open(path)
	if err != nil {
		return false, err
	}
	entries, err := dir.ReadDir(-1)
	_ = dir.Close()
	if err != nil {
		return false, err
	}
	inhabited := false
	for _, e := range entries {
		if !e.IsDir() {
			continue
		}
		populated, err := w.folder(ctx, filepath.Join(path, e.Name()), kindOf(kind, e.Name()))
		if err != nil && !gone(err) {
			return inhabited, err
		}
		inhabited = inhabited || populated
	}
	return inhabited, nil
}

// folder counts a folder and those below it.
func (w *walker) folder(ctx context.Context, path string, kind Kind) (bool, error) {
	if err := ctx.Err(); err != nil {
		return false, err
	}
	populated, err := w.populated(path)
	if err != nil {
		return false, err
	}
	var st unix.Stat_t
	if err := unix.Stat(path, &st); err != nil {
		return false, err
	}
	// The folder is a link of each of its subfolders, and of itself and its parent.
	// Most have none, and reading their dozens of files can be saved.
	const linksOfLeaf = 2
	if st.Nlink != linksOfLeaf {
		below, err := w.children(ctx, path, kind)
		if err != nil {
			return false, err
		}
		populated = populated || below
	}
	f := w.folders[kind]
	if populated {
		f.Populated++
	} else {
		f.Empty++
	}
	w.folders[kind] = f
	return populated, nil
}

// populated tells whether a process lives in the cgroup; of version 2 also
// whether one lives below.
func (w *walker) populated(path string) (bool, error) {
	file := "/cgroup.procs"
	if w.version == 2 {
		file = "/cgroup.events"
	}
	fd, err := unix.Open(path+file, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return false, err
	}
	defer func() { _ = unix.Close(fd) }()
	n, err := unix.Read(fd, w.buffer)
	if err != nil {
		return false, err
	}
	if w.version == 2 {
		return bytes.Contains(w.buffer[:n], []byte("populated 1")), nil
	}
	return n > 0, nil
}

// gone tells whether the error means that the cgroup was removed meanwhile.
func gone(err error) bool { return errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ENODEV) }

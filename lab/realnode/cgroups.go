//go:build linux

package realnode

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// hierarchy is one of cgroup v1, or the only one of v2.
type hierarchy struct {
	mount   string // on the machine
	version int
	options string // which it is, of v1
}

// systemCgroup is, below the node's own, where its processes are but for those of pods:
// in v2 a cgroup that has some below may have no process itself.
const systemCgroup = "system"

// Cgroups tells which version of cgroups the machine has. With both, controllers are of
// the old one, and kubelets take it for that.
func Cgroups() (string, error) {
	all, err := hierarchies()
	if err != nil {
		return "", err
	}
	has := func(version int) bool {
		return slices.ContainsFunc(all, func(h hierarchy) bool { return h.version == version })
	}
	switch {
	case !has(1):
		return "cgroup v2", nil
	case has(2):
		return "cgroup v1, with v2 beside it", nil
	}
	return "cgroup v1", nil
}

// hierarchies reads those of the machine.
func hierarchies() ([]hierarchy, error) {
	text, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return nil, err
	}
	var all []hierarchy
	lines := bufio.NewScanner(bytes.NewReader(text))
	for lines.Scan() {
		before, after, _ := strings.Cut(lines.Text(), " - ")
		left, right := strings.Fields(before), strings.Fields(after)
		if len(left) < 5 || len(right) < 3 {
			continue
		}
		switch right[0] {
		case "cgroup":
			all = append(all, hierarchy{left[4], 1, controllersOf(right[2])})
		case "cgroup2":
			all = append(all, hierarchy{left[4], 2, ""})
		}
	}
	if len(all) == 0 {
		return nil, errors.New("the machine has no cgroups")
	}
	return all, lines.Err()
}

// controllersOf are those of the options of a mount of v1 that say which hierarchy
// it is.
func controllersOf(options string) string {
	named := slices.DeleteFunc(strings.Split(options, ","), func(o string) bool { return o == "rw" || o == "ro" || o == "relatime" })
	if len(named) == 1 && strings.HasPrefix(named[0], "name=") {
		named = append([]string{"none"}, named...)
	}
	return strings.Join(named, ",")
}

// joinCgroup moves this process into the cgroup of that path in each hierarchy, and
// makes it where it is missing.
func joinCgroup(path string) ([]hierarchy, error) {
	all, err := hierarchies()
	if err != nil {
		return nil, err
	}
	for _, h := range all {
		if err := h.make(path); err != nil {
			return nil, fmt.Errorf("cgroup %s in %s: %w", path, h.mount, err)
		}
		if err := os.WriteFile(filepath.Join(h.mount, path, "cgroup.procs"), []byte("0"), 0); err != nil {
			return nil, fmt.Errorf("join cgroup %s: %w", path, err)
		}
	}
	return all, nil
}

// make makes a cgroup that can be used like the root: with all controllers, processors
// and memory that its parent has.
func (h hierarchy) make(path string) error {
	at := h.mount
	for _, part := range strings.Split(path, "/") {
		parent := at
		at = filepath.Join(at, part)
		if err := os.Mkdir(at, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
		if err := errors.Join(h.inherit(parent, at), h.delegate(parent)); err != nil {
			return err
		}
	}
	return nil
}

// inherit gives a cgroup of v1 the processors and memory of its parent, without which no
// process may join it.
func (h hierarchy) inherit(parent, at string) error {
	for _, file := range []string{"cpuset.cpus", "cpuset.mems"} {
		from, err := os.ReadFile(filepath.Join(parent, file))
		if err != nil || h.version != 1 {
			continue // not the hierarchy that has it
		}
		if err := os.WriteFile(filepath.Join(at, file), from, 0); err != nil {
			return err
		}
	}
	return nil
}

// delegate lets the cgroups below one of v2 have its controllers.
func (h hierarchy) delegate(to string) error {
	if h.version != 2 {
		return nil
	}
	controllers, err := os.ReadFile(filepath.Join(to, "cgroup.controllers"))
	if err != nil {
		return err
	}
	for _, c := range strings.Fields(string(controllers)) {
		if err := os.WriteFile(filepath.Join(to, "cgroup.subtree_control"), []byte("+"+c), 0); err != nil {
			return fmt.Errorf("controller %s: %w", c, err)
		}
	}
	return nil
}

// mountCgroups mounts the hierarchies as the new cgroup namespace has them: what was
// the node's cgroup is the root, and this process is below it.
func mountCgroups(all []hierarchy) error {
	const root = "/sys/fs/cgroup"
	if len(all) == 1 && all[0].version == 2 {
		if err := unix.Mount("cgroup2", root, "cgroup2", 0, ""); err != nil {
			return err
		}
		return hierarchy{root, 2, ""}.settle()
	}
	if err := unix.Mount("tmpfs", root, "tmpfs", 0, "mode=755"); err != nil {
		return err
	}
	for _, h := range all {
		at, kind := filepath.Join(root, filepath.Base(h.mount)), "cgroup"
		if h.version == 2 {
			kind = "cgroup2"
		}
		if err := os.MkdirAll(at, 0o755); err != nil {
			return err
		}
		if err := unix.Mount(kind, at, kind, 0, h.options); err != nil {
			return fmt.Errorf("%s: %w", at, err)
		}
		if err := (hierarchy{at, h.version, h.options}).settle(); err != nil {
			return fmt.Errorf("%s: %w", at, err)
		}
	}
	return nil
}

// settle moves this process to where the node's own are. Only then may the root of v2
// give its controllers to those below.
func (h hierarchy) settle() error {
	at := filepath.Join(h.mount, systemCgroup)
	if err := os.MkdirAll(at, 0o755); err != nil {
		return err
	}
	if err := h.inherit(h.mount, at); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(at, "cgroup.procs"), []byte("0"), 0); err != nil {
		return err
	}
	return h.delegate(h.mount)
}

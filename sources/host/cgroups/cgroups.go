// Package cgroups counts the cgroups of a machine: those that are there, those
// that were removed and that the kernel cannot free yet, and those that no
// process lives in.
package cgroups

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// All stands for the hierarchy itself where others name a controller.
const All = "all"

// MemoryIDs is how many memory cgroups a kernel can tell apart (MEM_CGROUP_ID_MAX).
// To make one more fails, and so does the start of a container.
const MemoryIDs = 65535

// Kind is what a cgroup is for. The set is closed.
type Kind string

// The kinds of cgroups. What is within one of a kind is of that kind.
const (
	Pods     Kind = "pods"
	Scopes   Kind = "scopes"   // what systemd runs for others: logins, run-*.scope of mounts
	Services Kind = "services" // services of systemd
	Others   Kind = "other"    // slices, mounts and the like
)

// Kinds returns all kinds.
func Kinds() []Kind { return []Kind{Pods, Scopes, Services, Others} }

// Folders counts folders, each of which is a cgroup.
type Folders struct {
	// Populated have a process in them or below, Empty have none.
	Populated, Empty int64
}

// Count is what was found.
type Count struct {
	// Version is that of the cgroups with the controllers: 1 or 2.
	Version int
	// Held is how many cgroups the kernel has by controller, removed ones that it
	// cannot free yet included; Dying is how many of them these are. With version 1
	// the latter is known of the hierarchy that was walked through only.
	Held, Dying map[string]int64
	// Limit is how many there may be by controller.
	Limit map[string]int64
	// Folders are those of one hierarchy by kind, without the root.
	Folders map[Kind]Folders
	// CutShort says that time ran out while folders were counted: Folders is nil.
	CutShort bool
	// Took is the time that it took.
	Took time.Duration
}

// version2 tells whether the controllers are in a hierarchy of version 2, mounted
// at root.
func version2(root string) bool {
	_, err := os.Stat(filepath.Join(root, "cgroup.controllers"))
	return err == nil
}

// errNone means that there are no cgroups to count.
var errNone = errors.New("no cgroups are mounted")

// countVersion1 reads /proc/cgroups: a line for each controller with the number
// of its hierarchy, which is 0 when it is mounted nowhere, and of its cgroups.
func (c *Count) countVersion1(file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("cgroups: %w", err)
	}
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if len(fields) != 4 || strings.HasPrefix(line, "#") || fields[1] == "0" || fields[3] == "0" {
			continue
		}
		n, err := strconv.ParseInt(fields[2], 10, 64)
		if err != nil {
			return fmt.Errorf("cgroups of %s: %w", fields[0], err)
		}
		c.Held[fields[0]] = n
	}
	if len(c.Held) == 0 {
		return errNone
	}
	return nil
}

// countVersion2 reads cgroup.stat of the root: the number of all cgroups below it,
// and since Linux 6.12 the number of each controller's states.
func (c *Count) countVersion2(root string) error {
	text, err := os.ReadFile(filepath.Join(root, "cgroup.stat"))
	if err != nil {
		return fmt.Errorf("cgroups: %w", err)
	}
	live := map[string]int64{}
	for line := range strings.Lines(string(text)) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		n, err := strconv.ParseInt(value, 10, 64)
		if err != nil {
			return fmt.Errorf("cgroups: %s: %w", key, err)
		}
		switch key {
		case "nr_descendants":
			live[All] = n
		case "nr_dying_descendants":
			c.Dying[All] = n
		default:
			if controller, ok := strings.CutPrefix(key, "nr_subsys_"); ok {
				live[controller] = n
			} else if controller, ok := strings.CutPrefix(key, "nr_dying_subsys_"); ok {
				c.Dying[controller] = n
			}
		}
	}
	if _, ok := live[All]; !ok {
		return fmt.Errorf("cgroups: no nr_descendants in cgroup.stat: %w", errNone)
	}
	for controller, n := range live {
		c.Held[controller] = n + c.Dying[controller]
	}
	// It holds "max" unless a limit was set.
	if text, err := os.ReadFile(filepath.Join(root, "cgroup.max.descendants")); err == nil {
		if n, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64); err == nil {
			c.Limit[All] = n
		}
	}
	return nil
}

// limitMemory sets what bounds memory cgroups. Kernels before 6.12 do not tell the
// controllers of version 2 apart: the number of all cgroups then stands for those
// of memory, which are no more than that.
func (c *Count) limitMemory() {
	c.Limit["memory"] = MemoryIDs
	if _, told := c.Held["memory"]; !told {
		c.Held["memory"], c.Dying["memory"] = c.Held[All], c.Dying[All]
	}
}

// hasMemory tells whether the memory controller is on, whose cgroups are bounded.
func (c *Count) hasMemory(root string) bool {
	if c.Version == 1 {
		_, ok := c.Held["memory"]
		return ok
	}
	text, err := os.ReadFile(filepath.Join(root, "cgroup.controllers"))
	if err != nil {
		return false
	}
	for controller := range strings.FieldsSeq(string(text)) {
		if controller == "memory" {
			return true
		}
	}
	return false
}

// kindOf tells the kind of a folder by its name.
func kindOf(parent Kind, name string) Kind {
	switch {
	case parent != Others:
		return parent
	case strings.HasPrefix(name, "kubepods"):
		return Pods
	case strings.HasSuffix(name, ".scope"):
		return Scopes
	case strings.HasSuffix(name, ".service"):
		return Services
	}
	return Others
}

// Package inotify counts who holds inotify watches and instances: the kernel
// bounds both per user and does not tell how near the bound is.
package inotify

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Use is a number of instances (file descriptors of inotify) and of the watches
// that were added to them.
type Use struct{ Watches, Instances int64 }

func (u Use) plus(v Use) Use {
	return Use{u.Watches + v.Watches, u.Instances + v.Instances}
}

// Slice is the part of the node that a process belongs to. The set is closed.
type Slice string

// The parts of a node.
const (
	Pods   Slice = "pods"   // containers of pods
	System Slice = "system" // services of the node, such as the kubelet
	Login  Slice = "user"   // whoever is logged in
	Other  Slice = "other"
)

// Holder is all processes of one command that the same user is charged for.
type Holder struct {
	// UID is the user that the kernel charges, as this process sees it.
	UID uint32
	// Command is the name of the program as the kernel keeps it, of at most 15
	// characters.
	Command string
	Slice   Slice
}

// Scan is what was found in one pass.
type Scan struct {
	// Limit is what each user may hold.
	Limit Use
	// Holders are all that hold anything.
	Holders map[Holder]Use
	// Processes is how many were read, Denied how many may not be read, and Failed
	// how many could not be for another reason than that they ended.
	Processes, Denied, Failed int
	// CutShort says that time ran out, so that more may be held than was found.
	CutShort bool
	// Told says that instances that several processes share were counted once. It
	// needs the system call kcmp; without it a shared one counts for each.
	Told bool
	// Took is the time of the pass.
	Took time.Duration
}

// Complete tells whether nothing is missing from the counts.
func (s Scan) Complete() bool { return !s.CutShort && s.Denied == 0 && s.Failed == 0 }

// Users sums up what each user is charged for.
func (s Scan) Users() map[uint32]Use {
	users := map[uint32]Use{}
	for h, use := range s.Holders {
		users[h.UID] = users[h.UID].plus(use)
	}
	return users
}

// readLimit returns what each user may hold. The limits of the user namespace
// that this process is in hold besides those of the system.
func readLimit(proc string) (Use, error) {
	var limit Use
	for _, l := range []struct {
		value        *int64
		system, here string
	}{
		{&limit.Watches, "sys/fs/inotify/max_user_watches", "sys/user/max_inotify_watches"},
		{&limit.Instances, "sys/fs/inotify/max_user_instances", "sys/user/max_inotify_instances"},
	} {
		system, err := readNumber(filepath.Join(proc, l.system))
		if err != nil {
			return Use{}, err
		}
		// Kernels before 4.13 have the first only.
		if here, err := readNumber(filepath.Join(proc, l.here)); err == nil {
			system = min(system, here)
		}
		*l.value = system
	}
	return limit, nil
}

func readNumber(file string) (int64, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return 0, fmt.Errorf("limit of inotify: %w", err)
	}
	n, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("limit of inotify in %s: %w", file, err)
	}
	return n, nil
}

// sliceOf reads /proc/PID/cgroup. Paths may be relative to the cgroup of this
// process ("/../../system.slice/x.service"), so only parts of them are looked at.
func sliceOf(cgroups string) Slice {
	for line := range strings.Lines(cgroups) {
		_, rest, _ := strings.Cut(strings.TrimSpace(line), ":")
		_, path, _ := strings.Cut(rest, ":")
		switch {
		case strings.Contains(path, "kubepods"), strings.Contains(path, "/pod"):
			return Pods
		case strings.Contains(path, "system.slice"), strings.HasSuffix(path, "/init.scope"):
			return System
		case strings.Contains(path, "user.slice"):
			return Login
		}
	}
	return Other
}

// commandOf makes the text of /proc/PID/comm, which every process may choose for
// itself, fit for a label.
func commandOf(comm string) string {
	const most = 15
	clean := strings.Map(func(r rune) rune {
		if r <= ' ' || r > '~' || r == '"' || r == '\\' {
			return '_'
		}
		return r
	}, strings.TrimSuffix(comm, "\n"))
	if clean == "" {
		return "unknown"
	}
	return clean[:min(len(clean), most)]
}

// effectiveUID returns the second number in the line Uid of /proc/PID/status: who
// the process acts as, which is who is charged for what it opens.
func effectiveUID(status string) (uint32, bool) {
	for line := range strings.Lines(status) {
		rest, ok := strings.CutPrefix(line, "Uid:")
		if !ok {
			continue
		}
		if fields := strings.Fields(rest); len(fields) >= 2 {
			uid, err := strconv.ParseUint(fields[1], 10, 32)
			return uint32(uid), err == nil
		}
	}
	return 0, false
}

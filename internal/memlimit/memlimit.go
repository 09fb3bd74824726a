// Package memlimit tells the garbage collector how much memory the cgroup allows. The Go
// runtime does not look: near the limit of a container it would go on to double the heap,
// and be killed for garbage that it could have collected.
package memlimit

import (
	"bufio"
	"bytes"
	"io/fs"
	"path"
	"runtime/debug"
	"strconv"
	"strings"
)

// variable is the environment variable by which a user sets the limit of the runtime.
const variable = "GOMEMLIMIT"

// What is set aside for what the runtime does not count: the program itself, the stacks
// of the kernel, and pages that are not given back yet.
const (
	shares = 10
	aside  = 1
)

// Heed sets the memory limit of the runtime to nine tenths of what the cgroup of this
// process allows, which it reads below root, where proc and sys are. It returns the limit
// that it set, in bytes; 0 if the environment sets one or the cgroup none.
func Heed(root fs.FS, getenv func(string) string) int64 {
	if getenv(variable) != "" {
		return 0 // the runtime has read it
	}
	allowed, ok := Allowed(root)
	if !ok {
		return 0
	}
	limit := allowed / shares * (shares - aside)
	debug.SetMemoryLimit(limit)
	return limit
}

// Allowed is how much memory the cgroup of this process and those that it is within
// allow, in bytes; false if they set no limit.
func Allowed(root fs.FS) (int64, bool) {
	own, err := fs.ReadFile(root, "proc/self/cgroup")
	if err != nil {
		return 0, false
	}
	least, found := int64(0), false
	lines := bufio.NewScanner(bytes.NewReader(own))
	for lines.Scan() {
		for _, file := range limitFiles(lines.Text()) {
			if limit, ok := read(root, file); ok && (!found || limit < least) {
				least, found = limit, true
			}
		}
	}
	return least, found
}

// limitFiles are the files that may hold a limit for a line of /proc/self/cgroup,
// "HIERARCHY:CONTROLLERS:PATH": of the cgroup and of all that it is within. In a container
// the path may be that on the host, of which only the end is mounted, at the top.
func limitFiles(line string) []string {
	fields := strings.SplitN(line, ":", 3)
	if len(fields) < 3 {
		return nil
	}
	folder, file := "sys/fs/cgroup", "memory.max" // version 2
	switch controllers := "," + fields[1] + ","; {
	case fields[0] == "0" && fields[1] == "":
	case strings.Contains(controllers, ",memory,"):
		folder, file = "sys/fs/cgroup/memory", "memory.limit_in_bytes"
	default:
		return nil
	}
	var files []string
	for at := path.Clean("/" + fields[2]); ; at = path.Dir(at) {
		files = append(files, path.Join(folder, at, file))
		if at == "/" {
			return files
		}
	}
}

// read returns a limit; false for "max" and for the number that stands for it in
// version 1, which is near 2^63.
func read(root fs.FS, file string) (int64, bool) {
	text, err := fs.ReadFile(root, file)
	if err != nil {
		return 0, false
	}
	const none = 1 << 60
	limit, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	return limit, err == nil && limit > 0 && limit < none
}

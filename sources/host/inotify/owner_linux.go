package inotify

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"

	"golang.org/x/sys/unix"
)

// unshare drops all but one of the descriptors that stand for the same instance:
// children inherit them, and processes can pass them to each other. The kernel
// orders open files for whoever may look at both processes, so that sorting brings
// equal ones together. Where it does not tell, all are kept: too many is better
// than too few.
func (s *scanner) unshare() {
	if !sameProcesses(s.path) {
		return
	}
	if _, err := compareFiles(instance{os.Getpid(), 0}, instance{os.Getpid(), 0}); errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.EPERM) {
		return
	}
	s.scan.Told = true
	compare := func(a, b instance) int {
		order, err := compareFiles(a, b)
		if err != nil { // one of them is gone by now
			return 1
		}
		return order
	}
	slices.SortFunc(s.instances, func(a, b instance) int {
		return cmp.Or(compare(a, b), cmp.Compare(a.pid, b.pid), cmp.Compare(a.fd, b.fd))
	})
	s.instances = slices.CompactFunc(s.instances, func(a, b instance) bool { return compare(a, b) == 0 })
}

// sameProcesses tells whether the numbers below proc are those by which this
// process calls others: not so in a PID namespace of its own.
func sameProcesses(proc string) bool {
	self, err := os.Readlink(proc + "/self")
	return err == nil && self == strconv.Itoa(os.Getpid())
}

// compareFiles returns 0 if both descriptors are the same open file.
func compareFiles(a, b instance) (int, error) {
	const kcmpFile = 0
	r, _, errno := unix.Syscall6(unix.SYS_KCMP, uintptr(a.pid), uintptr(b.pid), kcmpFile, uintptr(a.fd), uintptr(b.fd), 0)
	switch {
	case errno != 0:
		return 0, errno
	case r == 0:
		return 0, nil
	case r == 1:
		return -1, nil
	}
	return 1, nil
}

// owners finds out who a process is. One of several instances is asked for once.
type owners struct {
	proc   int
	here   uint64 // number of this process' user namespace; 0 if not known
	known  map[int]Holder
	spaces map[uint64]uint32 // owners of other user namespaces
	buffer []byte
}

func newOwners(proc int) owners {
	o := owners{proc: proc, known: map[int]Holder{}, spaces: map[uint64]uint32{}, buffer: make([]byte, 8<<10)}
	var st unix.Stat_t
	if unix.Fstatat(proc, "self/ns/user", &st, 0) == nil {
		o.here = st.Ino
	}
	return o
}

func (o *owners) of(pid int) (Holder, error) {
	if h, ok := o.known[pid]; ok {
		return h, nil
	}
	process := strconv.Itoa(pid)
	status, err := o.read(process + "/status")
	if err != nil {
		return Holder{}, err
	}
	uid, ok := effectiveUID(status)
	if !ok {
		return Holder{}, fmt.Errorf("no user in the status of a process: %w", io.ErrUnexpectedEOF)
	}
	comm, err := o.read(process + "/comm")
	if err != nil {
		return Holder{}, err
	}
	cgroups, err := o.read(process + "/cgroup")
	if err != nil {
		cgroups = "" // a kernel without cgroups
	}
	h := Holder{UID: o.charged(process, uid), Command: commandOf(comm), Slice: sliceOf(cgroups)}
	o.known[pid] = h
	return h, nil
}

// charged returns whom the limits here count what the process holds against. In
// another user namespace that is not its own user, but whoever made the namespace:
// for pods with hostUsers: false it is root, whoever they run as.
func (o *owners) charged(process string, uid uint32) uint32 {
	var st unix.Stat_t
	if o.here == 0 || unix.Fstatat(o.proc, process+"/ns/user", &st, 0) != nil || st.Ino == o.here {
		return uid
	}
	if owner, ok := o.spaces[st.Ino]; ok {
		return owner
	}
	owner, err := o.ownerBelow(process)
	if err != nil {
		return uid
	}
	o.spaces[st.Ino] = owner
	return owner
}

// ownerBelow climbs from the user namespace of the process to the one directly
// below that of this process, and returns its owner.
func (o *owners) ownerBelow(process string) (uint32, error) {
	fd, err := unix.Openat(o.proc, process+"/ns/user", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return 0, err
	}
	const deepest = 32 // what the kernel allows
	for range deepest {
		parent, err := unix.IoctlRetInt(fd, unix.NS_GET_PARENT)
		if err != nil {
			break
		}
		var st unix.Stat_t
		if err := unix.Fstat(parent, &st); err == nil && st.Ino == o.here {
			_ = unix.Close(parent)
			owner, err := unix.IoctlGetUint32(fd, unix.NS_GET_OWNER_UID)
			_ = unix.Close(fd)
			return owner, err
		}
		_ = unix.Close(fd)
		fd = parent
	}
	_ = unix.Close(fd)
	return 0, fmt.Errorf("user namespace of a process: %w", unix.EPERM)
}

// read returns the beginning of a small file.
func (o *owners) read(file string) (string, error) {
	fd, err := unix.Openat(o.proc, file, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return "", err
	}
	defer func() { _ = unix.Close(fd) }()
	n, err := unix.Read(fd, o.buffer)
	if err != nil {
		return "", err
	}
	return string(o.buffer[:n]), nil
}

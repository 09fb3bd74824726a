package inotify

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"github.com/kubevitals/kubevitals/sources/health"
)

// Run makes one pass over the processes below proc, the mounted procfs. It ends
// early when ctx does and says so in its result; it fails if there is nothing to
// read, or if nothing may be read but this process itself.
//
// It makes few calls for each open file and none that waits for a disk: on a node
// with thousands of processes it is what the agent spends most time on.
func Run(ctx context.Context, proc string) (Scan, error) {
	begun := time.Now()
	limit, err := readLimit(proc)
	if err != nil {
		return Scan{}, err
	}
	s, err := newScanner(proc)
	if err != nil {
		return Scan{}, err
	}
	defer func() { _ = unix.Close(s.proc) }()
	if err := s.find(ctx); err != nil {
		return Scan{}, err
	}
	if s.scan.Denied > 0 && s.scan.Processes <= 1 {
		return Scan{}, deniedError{}
	}
	s.unshare()
	s.charge(ctx)
	s.scan.Limit, s.scan.Took = limit, time.Since(begun)
	return s.scan, nil
}

// deniedError says that no process but this one may be read.
type deniedError struct{}

func (deniedError) Error() string {
	return "no process but this one may be read; needs root with SYS_PTRACE and DAC_READ_SEARCH"
}

// Reason says what the error means.
func (deniedError) Reason() health.Reason { return health.Forbidden }

// instance is one open file of inotify.
type instance struct{ pid, fd int }

// scanner makes one pass. Its buffers are used again for every process.
type scanner struct {
	proc   int // descriptor of the directory
	path   string
	names  []byte
	link   []byte
	lines  *lineCounter
	owners owners

	instances []instance
	scan      Scan
}

func newScanner(proc string) (*scanner, error) {
	dir, err := openDir(unix.AT_FDCWD, proc)
	if err != nil {
		return nil, fmt.Errorf("processes: %w", &os.PathError{Op: "open", Path: proc, Err: err})
	}
	return &scanner{
		proc: dir, path: proc,
		names: make([]byte, 32<<10), link: make([]byte, 32), lines: newLineCounter(),
		owners: newOwners(dir),
		scan:   Scan{Holders: map[Holder]Use{}},
	}, nil
}

// find lists the instances of all processes.
func (s *scanner) find(ctx context.Context) error {
	var pids []int
	if err := s.numbers(s.proc, func(pid int) { pids = append(pids, pid) }); err != nil {
		return fmt.Errorf("processes: %w", err)
	}
	for _, pid := range pids {
		if s.late(ctx) {
			break
		}
		s.count(s.files(pid))
	}
	return nil
}

// late notes that time has run out, if so.
func (s *scanner) late(ctx context.Context) bool {
	s.scan.CutShort = s.scan.CutShort || ctx.Err() != nil
	return s.scan.CutShort
}

// count notes how the reading of a process ended.
func (s *scanner) count(err error) {
	switch {
	case err == nil:
		s.scan.Processes++
	case errors.Is(err, unix.ENOENT), errors.Is(err, unix.ESRCH): // it ended
	case errors.Is(err, unix.EACCES), errors.Is(err, unix.EPERM):
		s.scan.Denied++
	default:
		s.scan.Failed++
	}
}

// files looks at each open file of a process.
func (s *scanner) files(pid int) error {
	dir, err := openDir(s.proc, strconv.Itoa(pid)+"/fd")
	if err != nil {
		return err
	}
	defer func() { _ = unix.Close(dir) }()
	var failed error
	err = s.numbers(dir, func(fd int) {
		n, err := unix.Readlinkat(dir, strconv.Itoa(fd), s.link)
		switch {
		case err == nil:
			if string(s.link[:n]) == "anon_inode:inotify" {
				s.instances = append(s.instances, instance{pid, fd})
			}
		case !errors.Is(err, unix.ENOENT): // which means that it was closed
			failed = err
		}
	})
	return errors.Join(err, failed)
}

// Where the size and the name of an entry begin in what getdents64 returns.
const direntSize, direntName = 16, 19

// numbers calls do for each entry of a directory whose name is a number. It reads
// the directory itself: the standard library would sort and allocate each name.
func (s *scanner) numbers(dir int, do func(int)) error {
	var found []int
	for {
		n, err := unix.ReadDirent(dir, s.names)
		if err != nil {
			return err
		}
		if n == 0 {
			break
		}
		for rest := s.names[:n]; len(rest) > direntName; {
			size := int(binary.NativeEndian.Uint16(rest[direntSize:]))
			if size <= direntName || size > len(rest) {
				break
			}
			name, _, _ := bytes.Cut(rest[direntName:size], []byte{0})
			if number, ok := decimal(name); ok {
				found = append(found, number)
			}
			rest = rest[size:]
		}
	}
	for _, n := range found {
		do(n)
	}
	return nil
}

// decimal reads a number without sign.
func decimal(name []byte) (int, bool) {
	n := 0
	for _, c := range name {
		if c < '0' || c > '9' || n > 1<<30 {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return n, len(name) > 0
}

// charge counts the watches of the instances and who pays for them.
func (s *scanner) charge(ctx context.Context) {
	failed := map[int]error{}
	for _, i := range s.instances {
		if s.late(ctx) {
			break
		}
		watches, err := s.lines.count(s.proc, fmt.Sprintf("%d/fdinfo/%d", i.pid, i.fd))
		if err == nil {
			var holder Holder
			if holder, err = s.owners.of(i.pid); err == nil {
				s.scan.Holders[holder] = s.scan.Holders[holder].plus(Use{watches, 1})
				continue
			}
		}
		failed[i.pid] = err
	}
	for _, err := range failed {
		s.scan.Processes--
		s.count(err)
	}
}

// lineCounter counts the lines that begin with "inotify ", of which there is one
// for each watch.
type lineCounter struct{ buffer []byte }

func newLineCounter() *lineCounter { return &lineCounter{make([]byte, 64<<10)} }

func (c *lineCounter) count(dir int, file string) (int64, error) {
	fd, err := unix.Openat(dir, file, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return 0, err
	}
	defer func() { _ = unix.Close(fd) }()
	return c.read(func(b []byte) (int, error) { return unix.Read(fd, b) })
}

// read counts in what comes in pieces, which may end within a line.
func (c *lineCounter) read(next func([]byte) (int, error)) (int64, error) {
	prefix := []byte("inotify ")
	var count int64
	kept := 0 // bytes of a line that is not whole yet
	for {
		n, err := next(c.buffer[kept:])
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return 0, err
		}
		if n == 0 {
			return count, nil
		}
		rest := c.buffer[:kept+n]
		for {
			line, after, whole := bytes.Cut(rest, []byte{'\n'})
			if !whole {
				break
			}
			if bytes.HasPrefix(line, prefix) {
				count++
			}
			rest = after
		}
		if len(rest) == len(c.buffer) {
			return 0, fmt.Errorf("a line of more than %d bytes: %w", len(rest), io.ErrShortBuffer)
		}
		kept = copy(c.buffer, rest)
	}
}

func openDir(dir int, path string) (int, error) {
	return unix.Openat(dir, path, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
}

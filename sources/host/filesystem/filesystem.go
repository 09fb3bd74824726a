// Package filesystem asks the kernel for the space of the file systems that a node
// cannot do without. It does so beside the kubelet, for when that cannot say.
package filesystem

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/kubevitals/kubevitals/sources/health"
)

// Root is a folder that a daemon of the node keeps its files in.
type Root struct {
	// Name is what it is called in metrics.
	Name string
	// Path is where it is below the root of the host.
	Path string
}

// Roots returns the folders to look at, the most important first. Those that the
// host does not have are left out.
func Roots() []Root {
	return []Root{
		{"kubelet", "var/lib/kubelet"}, {"containerd", "var/lib/containerd"}, {"crio", "var/lib/containers"},
		{"docker", "var/lib/docker"}, {"pod_logs", "var/log/pods"},
	}
}

// Result is what is known of one root.
type Result struct {
	Root string
	// Readable says that the kernel answered in time, and Hangs that it has not
	// answered yet. If neither, it answered with an error.
	Readable, Hangs bool
	// Space is to be believed while Readable.
	Space Space
	// ReadOnly says that nothing can be written, if Known.
	ReadOnly, Known bool
}

// Space is what a file system has, for those who are not root.
type Space struct {
	// Bytes and Available are in bytes; Inodes is 0 where their number has no limit.
	Bytes, Available, Inodes, InodesFree uint64
}

// answer is what asking for a root came to.
type answer struct {
	space Space
	// device tells file systems apart.
	device uint64
	// path is where the root is on the host, with links followed.
	path string
	err  error
}

// Prober asks for all roots at once. Asking may hang for ever on a dead disk or
// server, so each root has one question under way at most. Not safe for concurrent
// use.
type Prober struct {
	roots []Root
	// mounts is the host's mountinfo.
	mounts  string
	timeout time.Duration
	ask     func(path string) answer
	pending map[string]chan answer
}

// New returns a prober of the machine whose file system is mounted at root. Each
// round waits for timeout at most.
func New(root string, timeout time.Duration) *Prober {
	return &Prober{
		roots: Roots(),
		// Not the mounts of this process: a container often has them read-only.
		mounts:  filepath.Join(root, "proc/1/mountinfo"),
		timeout: timeout,
		ask:     func(path string) answer { return ask(root, path) },
		pending: map[string]chan answer{},
	}
}

// Read asks once. A file system that holds several roots is told of once, under
// the name of the first. It fails if the host has none of the roots.
func (p *Prober) Read(ctx context.Context) ([]Result, error) {
	ctx, cancel := context.WithTimeout(ctx, p.timeout)
	defer cancel()
	for _, r := range p.roots {
		p.begin(r)
	}
	mounts, err := readMounts(p.mounts)
	if err != nil {
		mounts = nil // then it is not known what is read-only
	}
	var results []Result
	told := map[uint64]bool{}
	for _, r := range p.roots {
		a, answered := p.await(ctx, r)
		switch {
		case !answered:
			results = append(results, Result{Root: r.Name, Hangs: true})
		case errors.Is(a.err, fs.ErrNotExist), a.err == nil && told[a.device]:
		case a.err != nil:
			results = append(results, Result{Root: r.Name})
		default:
			told[a.device] = true
			readOnly, known := mounts.readOnly(a.path)
			results = append(results, Result{Root: r.Name, Readable: true, Space: a.space, ReadOnly: readOnly, Known: known})
		}
	}
	if len(results) == 0 {
		return nil, noneError{}
	}
	return results, nil
}

// begin asks for a root unless an earlier question is still under way. An answer
// that came when it was not waited for any more is too old to be of use.
func (p *Prober) begin(r Root) {
	if pending, ok := p.pending[r.Name]; ok {
		select {
		case <-pending:
		default:
			return
		}
	}
	pending := make(chan answer, 1)
	p.pending[r.Name] = pending
	go func() { pending <- p.ask(r.Path) }()
}

// await waits for the answer until ctx ends.
func (p *Prober) await(ctx context.Context, r Root) (answer, bool) {
	pending := p.pending[r.Name]
	select {
	case a := <-pending:
		delete(p.pending, r.Name)
		return a, true
	default:
	}
	select {
	case a := <-pending:
		delete(p.pending, r.Name)
		return a, true
	case <-ctx.Done():
		return answer{}, false
	}
}

// noneError says that the host has no root: the wrong folder is taken for that of
// the host, or it is no node.
type noneError struct{}

func (noneError) Error() string { return "the host has no folder of a kubelet or container runtime" }

// Reason says what the error means.
func (noneError) Reason() health.Reason { return health.NotFound }

// mounts are the mounts of the host, in the order in which they were made.
type mounts []mount

type mount struct {
	point    string
	readOnly bool
}

// readMounts reads a mountinfo. Its lines are: id, parent, device, root, mount
// point, options, optional fields, "-", type, source, options of the file system.
func readMounts(file string) (mounts, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("mounts of the host: %w", err)
	}
	var m mounts
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		dash := slices.Index(fields, "-")
		if len(fields) < 6 || dash < 6 || len(fields) < dash+4 {
			continue
		}
		has := func(options string) bool { return slices.Contains(strings.Split(options, ","), "ro") }
		m = append(m, mount{unescape(fields[4]), has(fields[5]) || has(fields[dash+3])})
	}
	return m, nil
}

// unescape turns back what the kernel writes for blanks and backslashes.
func unescape(path string) string {
	return strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`).Replace(path)
}

// readOnly tells whether nothing can be written at the path, and whether that is
// known. Of mounts at the same place the last hides the others.
func (m mounts) readOnly(path string) (readOnly, known bool) {
	longest := -1
	for _, mount := range m {
		within := mount.point == "/" || path == mount.point || strings.HasPrefix(path, mount.point+"/")
		if within && len(mount.point) >= longest {
			longest, readOnly = len(mount.point), mount.readOnly
		}
	}
	return readOnly, longest >= 0
}

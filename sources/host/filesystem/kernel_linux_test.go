package filesystem

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// mounted mounts a file system in a folder of the test, or skips it.
func mounted(t *testing.T, kind, options string) string {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root may mount")
	}
	path := t.TempDir()
	if err := unix.Mount("none", path, kind, 0, options); err != nil {
		t.Skipf("mount %s: %v", kind, err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(path, unix.MNT_DETACH); err != nil {
			t.Errorf("unmount: %v", err)
		}
	})
	return path
}

// at is a prober of the real kernel for one root.
func at(path string) *Prober {
	p := New("/", long)
	p.roots, p.mounts = []Root{{"kubelet", strings.TrimPrefix(path, "/")}}, "/proc/self/mountinfo"
	return p
}

func one(t *testing.T, p *Prober) Result {
	t.Helper()
	results, err := p.Read(t.Context())
	if err != nil || len(results) != 1 {
		t.Fatalf("%+v, %v", results, err)
	}
	return results[0]
}

// TestFullAndReadOnly fills a real file system until it refuses, in bytes and in
// inodes, and makes it read-only as the kernel does after an error.
func TestFullAndReadOnly(t *testing.T) {
	t.Parallel()
	path := mounted(t, "tmpfs", "size=1m,nr_inodes=100")
	p := at(path)
	const size = 1 << 20
	if r := one(t, p); !r.Readable || r.Space.Bytes != size || r.Space.Available == 0 || r.Space.Inodes != 100 || r.Space.InodesFree == 0 || r.ReadOnly || !r.Known {
		t.Errorf("an empty file system: %+v", r)
	}
	if err := os.WriteFile(filepath.Join(path, "full"), make([]byte, 2*size), 0o600); !errors.Is(err, unix.ENOSPC) {
		t.Fatalf("write more than there is: %v", err)
	}
	if r := one(t, p); r.Space.Available != 0 {
		t.Errorf("the kernel refuses bytes, and %d are available", r.Space.Available)
	}
	if err := os.Remove(filepath.Join(path, "full")); err != nil {
		t.Fatal(err)
	}
	var err error
	for i := 0; err == nil && i < 200; i++ {
		err = os.WriteFile(filepath.Join(path, fmt.Sprint(i)), nil, 0o600)
	}
	if !errors.Is(err, unix.ENOSPC) {
		t.Fatalf("more files than inodes: %v", err)
	}
	if r := one(t, p); r.Space.InodesFree != 0 || r.Space.Available == 0 {
		t.Errorf("the kernel refuses files, and the result is %+v", r)
	}
	if err := unix.Mount("none", path, "tmpfs", unix.MS_REMOUNT|unix.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	if r := one(t, p); !r.ReadOnly || !r.Known {
		t.Errorf("remounted read-only, and the result is %+v", r)
	}
}

// TestDeadFileSystem mounts one whose server never answers, which is how a dead
// disk or NFS server looks.
func TestDeadFileSystem(t *testing.T) {
	t.Parallel()
	fuse, err := unix.Open("/dev/fuse", unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Skipf("no file system of a program: %v", err)
	}
	defer func() { _ = unix.Close(fuse) }()
	path := mounted(t, "fuse", fmt.Sprintf("fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other", fuse))
	p := at(path)
	p.timeout = 50 * time.Millisecond
	for range 2 {
		if r := one(t, p); !r.Hangs || r.Readable {
			t.Errorf("the server does not answer, and the result is %+v", r)
		}
	}
	// When its server goes, the kernel answers with an error.
	_ = unix.Close(fuse)
	fuse = -1
	p.timeout = long
	r := one(t, p)
	for range 100 {
		if !r.Hangs {
			break
		}
		r = one(t, p)
	}
	if r.Hangs || r.Readable {
		t.Errorf("the server is gone, and the result is %+v", r)
	}
}

// TestLinksStayOnTheHost follows an absolute link of a host that is mounted
// somewhere.
func TestLinksStayOnTheHost(t *testing.T) {
	t.Parallel()
	host := t.TempDir()
	for _, dir := range []string{"var/lib", "data/kubelet"} {
		if err := os.MkdirAll(filepath.Join(host, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("/data/kubelet", filepath.Join(host, "var/lib/kubelet")); err != nil {
		t.Fatal(err)
	}
	a := ask(host, "var/lib/kubelet")
	if errors.Is(a.err, os.ErrNotExist) {
		t.Skip("this kernel has no openat2")
	}
	if a.err != nil || a.path != "/data/kubelet" || a.space.Bytes == 0 {
		t.Errorf("%+v, want /data/kubelet", a)
	}
}

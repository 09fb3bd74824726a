package filesystem

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/kubevitals/kubevitals/sources/health"
)

const long = time.Minute

func prober(timeout time.Duration, ask func(string) answer) *Prober {
	return &Prober{
		roots: []Root{{"kubelet", "k"}, {"containerd", "c"}, {"crio", "o"}}, mounts: "/nowhere", timeout: timeout, ask: ask,
		pending: map[string]chan answer{},
	}
}

func names(results []Result) []string {
	var n []string
	for _, r := range results {
		n = append(n, r.Root)
	}
	return n
}

func TestOneFileSystemIsToldOfOnce(t *testing.T) {
	t.Parallel()
	p := prober(long, func(path string) answer {
		if path == "o" {
			return answer{err: fs.ErrNotExist}
		}
		return answer{device: 7, space: Space{Bytes: 100, Available: 5}}
	})
	results, err := p.Read(t.Context())
	if err != nil || !slices.Equal(names(results), []string{"kubelet"}) || results[0].Space.Available != 5 || results[0].Known {
		t.Errorf("%+v, %v", results, err)
	}
}

func TestFailedAndMissing(t *testing.T) {
	t.Parallel()
	p := prober(long, func(path string) answer {
		if path == "k" {
			return answer{err: fs.ErrPermission}
		}
		return answer{err: fs.ErrNotExist}
	})
	results, err := p.Read(t.Context())
	if err != nil || len(results) != 1 || results[0].Readable || results[0].Hangs {
		t.Errorf("a root that may not be read: %+v, %v", results, err)
	}
	p.ask = func(string) answer { return answer{err: fs.ErrNotExist} }
	if results, err := p.Read(t.Context()); health.Classify(err) != health.NotFound {
		t.Errorf("a host without roots: %+v, %v", results, err)
	}
}

// TestHanging verifies that one root that hangs delays no other, is asked for once at
// a time, and is believed again only when it answers anew.
func TestHanging(t *testing.T) {
	t.Parallel()
	asked, release := make(chan bool, 10), make(chan answer)
	p := prober(10*time.Millisecond, func(path string) answer {
		if path == "k" {
			asked <- true
			return <-release
		}
		return answer{device: uint64(path[0])}
	})
	for range 3 {
		var results []Result
		// The others answer at once, but a busy machine may take longer.
		for len(results) != 3 || results[1].Hangs || results[2].Hangs {
			var err error
			if results, err = p.Read(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if !results[0].Hangs || results[0].Readable {
			t.Errorf("kubelet hangs, and the result is %+v", results[0])
		}
	}
	if len(asked) != 1 {
		t.Fatalf("asked %d times for a root that hangs", len(asked))
	}
	release <- answer{device: 1, space: Space{Available: 1}}
	go func() { release <- answer{device: 1, space: Space{Available: 2}} }()
	p.timeout = long
	for {
		results, err := p.Read(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if results[0].Readable {
			if got := results[0].Space.Available; got != 2 && got != 1 {
				t.Errorf("available %d", got)
			}
			return
		}
	}
}

func TestMounts(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "mountinfo")
	text := `22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw,errors=remount-ro
30 22 8:2 / /var rw - xfs /dev/sdb1 rw
31 30 8:3 / /var/lib/containerd rw,relatime shared:2 master:1 - ext4 /dev/sdc1 ro,errors=remount-ro
32 30 8:4 / /var/lib/kubelet rw - ext4 /dev/sdd1 rw
33 32 8:5 / /var/lib/kubelet ro - ext4 /dev/sde1 rw
34 22 8:6 / /odd\040place ro - ext4 /dev/sdf1 rw
broken line
`
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	m, err := readMounts(file)
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]bool{
		"/": false, "/var/log/pods": false, "/var/lib/docker": false, "/var/lib/containerd": true, "/var/lib/containerd/io": true,
		"/var/lib/containerd2": false, "/var/lib/kubelet": true, "/odd place": true,
	} {
		if got, known := m.readOnly(path); got != want || !known {
			t.Errorf("%s is read-only: %t, known: %t, want %t", path, got, known, want)
		}
	}
	if _, known := mounts(nil).readOnly("/"); known {
		t.Error("something is known without mounts")
	}
	if _, err := readMounts(filepath.Join(t.TempDir(), "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

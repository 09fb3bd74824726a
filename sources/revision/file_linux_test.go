package revision

import (
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// TestNoFile verifies for all that may stand in the place of the file that it is told,
// waited for by nothing, set aside if it is nothing but a link or a pipe, and that the
// mark is saved where it can be then and is told otherwise.
func TestNoFile(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		make         func(file string) error
		aside, saved bool
	}{
		"a pipe":                  {func(file string) error { return syscall.Mkfifo(file, 0o600) }, true, true},
		"a loop of links":         {func(file string) error { return os.Symlink(filepath.Base(file), file) }, true, true},
		"a link to nothing":       {func(file string) error { return os.Symlink("nothing", file) }, true, true},
		"a link to a device":      {func(file string) error { return os.Symlink("/dev/null", file) }, true, true},
		"a folder":                {func(file string) error { return os.Mkdir(file, 0o700) }, false, false},
		"a folder that is in use": {func(file string) error { return os.MkdirAll(filepath.Join(file, "in-use"), 0o700) }, false, false},
		"a socket": {func(file string) error {
			fd, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
			if err != nil {
				return err
			}
			defer func() { _ = syscall.Close(fd) }()
			return syscall.Bind(fd, &syscall.SockaddrUnix{Name: file})
		}, false, false},
		"a file that is closed to us": {func(file string) error {
			if os.Geteuid() == 0 {
				t.Log("root reads every file; this one is damaged instead")
			}
			return os.WriteFile(file, nil, 0)
		}, true, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "state")
			if err := tt.make(file); err != nil {
				t.Fatal(err)
			}
			tracker, failed := New(), make(chan error, 1)
			go func() { failed <- tracker.Load(file) }()
			select {
			case err := <-failed:
				if err == nil || !tracker.State(noon, time.Hour).Damaged {
					t.Errorf("error %v, and damaged %v", err, tracker.State(noon, time.Hour).Damaged)
				}
			case <-time.After(time.Minute):
				t.Fatal("waits for somebody who writes")
			}
			if _, err := os.Lstat(file + damagedSuffix); (err == nil) != tt.aside {
				t.Errorf("set aside: %v", err)
			}
			if err := tracker.Save(file); (err == nil) != tt.saved {
				t.Errorf("saved: %v", err)
			}
			if err := New().Load(file); (err == nil) != tt.saved {
				t.Errorf("the next start: %v", err)
			}
		})
	}
}

// TestDevices verifies that a device is neither moved nor written over: that may be
// /dev/null, of the whole machine.
func TestDevices(t *testing.T) {
	t.Parallel()
	if file, err := replaceable("/dev/null"); err == nil {
		t.Errorf("%s may be written over", file)
	}
	for _, mode := range []fs.FileMode{fs.ModeDevice, fs.ModeDevice | fs.ModeCharDevice, fs.ModeSocket, fs.ModeDir, fs.ModeIrregular} {
		if removable(mode | 0o600) {
			t.Errorf("%s gives way", mode)
		}
	}
}

// TestALinkToTheFile verifies that the mark is written where a link leads.
func TestALinkToTheFile(t *testing.T) {
	t.Parallel()
	link, file := filepath.Join(t.TempDir(), "link"), filepath.Join(t.TempDir(), "state")
	if err := New().Save(file); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(file, link); err != nil {
		t.Fatal(err)
	}
	tracker := New()
	tracker.Observe(Observation{Server: "one", Store: "a", At: noon, Written: 5})
	if err := tracker.Save(link); err != nil {
		t.Fatal(err)
	}
	again := New()
	if err := again.Load(file); err != nil || again.Mark() != 5 {
		t.Errorf("mark %d, %v", again.Mark(), err)
	}
}

//go:build linux || darwin

package blackbox_test

import (
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/kubevitals/kubevitals/internal/blackbox"
)

// TestPipeForATimeline verifies that nobody waits for what never comes.
func TestPipeForATimeline(t *testing.T) {
	dir := t.TempDir()
	if err := unix.Mkfifo(filepath.Join(dir, "timeline.json"), 0o600); err != nil {
		t.Skip(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- blackbox.New(blackbox.Options{Dir: dir}, nil).Load() }()
	select {
	case err := <-ended:
		if err == nil {
			t.Error("a pipe was read")
		}
	case <-time.After(10 * time.Second):
		t.Error("the exporter waits for whoever writes to a pipe")
	}
}

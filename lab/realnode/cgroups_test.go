//go:build linux

package realnode

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/kubevitals/kubevitals/lab/cluster"
)

// TestEndCgroup verifies that a process in a cgroup below, in whatever hierarchy, is
// killed, that the cgroups can then be removed, and that this process lives, of which a
// thread is there.
func TestEndCgroup(t *testing.T) {
	t.Parallel()
	supported(t)
	all, err := hierarchies()
	if err != nil {
		t.Fatal(err)
	}
	path := "kubevitals-lab-test-" + rand.Text()
	below := filepath.Join(path, systemCgroup)
	cmd := exec.CommandContext(t.Context(), "sleep", "600")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for _, h := range all {
		join := filepath.Join(h.mount, below, "cgroup.procs")
		if err := errors.Join(h.make(below), os.WriteFile(join, fmt.Append(nil, cmd.Process.Pid), 0)); err != nil {
			t.Fatal(err)
		}
	}
	joined, leave := make(chan error), make(chan struct{})
	onOwnThread(func() {
		joined <- joinThread(all, below)
		<-leave
	})
	if err := <-joined; err != nil {
		t.Fatal(err)
	}
	if err := removeCgroup(path); err == nil {
		t.Error("cgroups with a process in them are removed")
	}
	if err := endCgroup(path); err != nil {
		t.Error(err)
	}
	if err := cmd.Wait(); err == nil {
		t.Error("the process was not killed")
	}
	close(leave)
	err = cluster.Eventually(t.Context(), time.Minute, func(context.Context) error { return removeCgroup(path) })
	if err != nil {
		t.Error(err)
	}
}

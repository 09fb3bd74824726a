//go:build linux

package realnode

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kubevitals/kubevitals/lab/cluster"
)

// left is what the machine has of a place that nobody uses.
func (p *Place) left(t *testing.T) []string {
	t.Helper()
	var left []string
	for _, file := range []string{"/proc/self/mountinfo", "/proc/net/route"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			if strings.Contains(line, p.dir()) || strings.HasPrefix(line, p.bridge()) {
				left = append(left, file+": "+strings.TrimSpace(line))
			}
		}
	}
	loops, err := filepath.Glob("/sys/block/loop*/loop/backing_file")
	if err != nil {
		t.Fatal(err)
	}
	for _, loop := range loops {
		if file, err := os.ReadFile(loop); err == nil && strings.Contains(string(file), p.dir()) {
			left = append(left, loop)
		}
	}
	links, err := net.Interfaces()
	if err != nil {
		t.Fatal(err)
	}
	for _, link := range links {
		if strings.HasPrefix(link.Name, p.bridge()) {
			left = append(left, "link "+link.Name)
		}
	}
	if _, err := os.Stat(p.dir()); !errors.Is(err, fs.ErrNotExist) {
		left = append(left, p.dir())
	}
	return append(left, p.processes(t)...)
}

// processes are those in cgroups of the place, and the cgroups themselves.
func (p *Place) processes(t *testing.T) []string {
	t.Helper()
	all, err := hierarchies()
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, h := range all {
		err := filepath.WalkDir(filepath.Join(h.mount, p.cgroup()), func(path string, d fs.DirEntry, err error) error {
			if errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			if err == nil && d.Name() == "cgroup.procs" {
				pids, _ := os.ReadFile(path)
				found = append(found, fmt.Sprintf("%s %q", filepath.Dir(path), pids))
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return found
}

// TestKilledLab verifies that nothing survives a lab with a real node that is killed,
// but for what the next start, or kubevitals-lab down, takes away.
func TestKilledLab(t *testing.T) {
	t.Parallel()
	supported(t)
	place := upAndKill(t)
	// The kernel ends all processes, and with them go mounts and loop devices; that
	// takes it a moment.
	err := cluster.Eventually(t.Context(), 20*time.Second, func(context.Context) error {
		for _, left := range place.left(t) {
			if strings.HasSuffix(left, `""`) || left == place.dir() || strings.Contains(left, place.bridge()) {
				continue // empty cgroups, a folder, a bridge
			}
			return fmt.Errorf("left behind: %s", left)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	if len(place.left(t)) == 0 {
		t.Error("nothing at all is left behind, so that this test cannot tell whether it is taken away")
	}
	if out, err := exec.CommandContext(t.Context(), os.Getenv(cluster.BinaryEnv), "down").CombinedOutput(); err != nil {
		t.Errorf("down: %v: %s", err, out)
	}
	place.mustBeGone(t)
}

// mustBeGone fails unless nothing of the place is left; the kernel lets go of loop
// devices a moment after their mounts.
func (p *Place) mustBeGone(t *testing.T) {
	t.Helper()
	err := cluster.Eventually(context.WithoutCancel(t.Context()), 10*time.Second, func(context.Context) error {
		if left := p.left(t); len(left) > 0 {
			return fmt.Errorf("left behind: %v", left)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// upAndKill starts a lab as users do, kills it once its node is ready, and returns its
// place.
func upAndKill(t *testing.T) *Place {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Getenv(cluster.BinaryEnv), "up", "--real-nodes=1", "--dir="+t.TempDir())
	says, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }()
	var said []string
	lines := bufio.NewScanner(says)
	for lines.Scan() {
		said = append(said, lines.Text())
		_, address, ready := strings.Cut(lines.Text(), " is ready, at ")
		if !ready {
			continue
		}
		for number := range places {
			if p := (&Place{number: number}); p.network(0, 2).String() == address {
				return p
			}
		}
	}
	t.Fatalf("the lab did not start: %q", said)
	return nil
}

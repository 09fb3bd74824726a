//go:build linux

package realnode

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
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

// mustBeGone fails unless nothing of the place is left; the kernel lets go of loop
// devices a moment after their mounts.
func (p *Place) mustBeGone(t *testing.T) {
	t.Helper()
	err := cluster.Eventually(context.WithoutCancel(t.Context()), 10*time.Second, func(context.Context) error {
		if left := p.left(t); len(left) > 0 {
			return fmt.Errorf("left behind are %d, such as %v", len(left), left[:min(len(left), 5)])
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

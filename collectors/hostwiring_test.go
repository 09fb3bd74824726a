package collectors

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kingpin/v2"
	"k8s.io/client-go/rest"

	"github.com/kubevitals/kubevitals/exporter"
	"github.com/kubevitals/kubevitals/sources"
	"github.com/kubevitals/kubevitals/sources/health"
	"github.com/kubevitals/kubevitals/sources/host/filesystem"
)

// hostCollectors builds collectors that read the machine whose root is given.
func hostCollectors(t *testing.T, root string, args ...string) (*sources.Sources, []exporter.Named, error) {
	t.Helper()
	app := kingpin.New("test", "")
	selection := Register(app, []Definition{Inotify(), Cgroups(), Filesystem()})
	if _, err := app.Parse(append([]string{"--scope=node"}, args...)); err != nil {
		t.Fatal(err)
	}
	sources := newSources(t, &rest.Config{Host: "http://127.0.0.1:1"}, func(c *sources.Config) { c.Host.Root = root })
	named, err := selection.Build(sources)
	return sources, named, err
}

// settled starts the sources and waits until each has been read once.
func settled(t *testing.T, sources *sources.Sources) map[string]health.Reason {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(func() {
		cancel()
		sources.Wait()
	})
	sources.Start(ctx)
	for {
		reasons := map[string]health.Reason{}
		starting := false
		for _, s := range sources.States() {
			reasons[s.Source] = s.Reason
			starting = starting || s.Reason == health.Starting
		}
		if !starting {
			return reasons
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// exists tells whether one of the paths is there and may be read.
func exists(paths ...string) bool {
	return slices.ContainsFunc(paths, func(path string) bool {
		_, err := os.ReadDir(path)
		return err == nil
	})
}

// expected is what must become of each collector's source on this machine, by what
// the machine is seen to have without the help of the sources.
func expected() map[string][]health.Reason {
	want := map[string][]health.Reason{
		inotifyName: {health.Available}, cgroupsName: {health.Available}, filesystemName: {health.Available},
	}
	if !exists("/proc/1/fd") { // not root, so there may be no process that may be read
		want[inotifyName] = append(want[inotifyName], health.Forbidden)
	}
	if !exists("/sys/fs/cgroup/memory", "/sys/fs/cgroup/systemd") && !exists("/sys/fs/cgroup/init.scope", "/sys/fs/cgroup/system.slice") {
		want[cgroupsName] = append(want[cgroupsName], health.Failed)
	}
	roots := filesystem.Roots()
	if !slices.ContainsFunc(roots, func(r filesystem.Root) bool { return exists("/" + r.Path) }) {
		want[filesystemName] = append(want[filesystemName], health.NotFound) // no node
	}
	return want
}

// TestHostCollectorsReadThisMachine goes the whole way from flags to samples, and
// verifies that each collector has data, or is silent for the reason that this
// machine gives for it.
func TestHostCollectorsReadThisMachine(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("they read Linux")
	}
	sources, named, err := hostCollectors(t, "/")
	if err != nil {
		t.Fatal(err)
	}
	reasons, want := settled(t, sources), expected()
	for _, c := range named {
		if c.Name == SelfName {
			continue
		}
		reason := reasons[c.Name]
		if !slices.Contains(want[c.Name], reason) {
			t.Errorf("%s is %q, want one of %v", c.Name, reason, want[c.Name])
		}
		checkHostText(t, c, reason == health.Available)
	}
}

// checkHostText verifies that a collector tells of the node, or does not.
func checkHostText(t *testing.T, c exporter.Named, data bool) {
	t.Helper()
	text := string(scrapeText(t, c.Name, c.Collector, c.Metrics))
	success := fmt.Sprintf(`success{collector=%q} %d`, c.Name, map[bool]int{true: 1}[data])
	if strings.Contains(text, `node="n1"`) != data || !strings.Contains(text, success) {
		t.Errorf("%s has data: want %t:\n%s", c.Name, data, text)
	}
}

// TestHostCollectorsAreUnavailableElsewhere verifies that a wrong root is no healthy
// node, and that of a root with a folder of the kubelet alone its disk is told of.
func TestHostCollectorsAreUnavailableElsewhere(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("they read Linux")
	}
	empty, node := t.TempDir(), t.TempDir()
	if err := os.MkdirAll(filepath.Join(node, "var/lib/kubelet"), 0o700); err != nil {
		t.Fatal(err)
	}
	for root, available := range map[string]string{empty: "", node: filesystemName} {
		sources, named, err := hostCollectors(t, root)
		if err != nil {
			t.Fatal(err)
		}
		reasons := settled(t, sources)
		for _, c := range named {
			if c.Name == SelfName {
				continue
			}
			if good := reasons[c.Name] == health.Available; good != (c.Name == available) {
				t.Errorf("%s is %s at a root with %q", c.Name, reasons[c.Name], available)
			}
			checkHostText(t, c, c.Name == available)
		}
	}
}

func TestHostCollectorsRefuseBadFlags(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{
		"--collector.inotify.budget=2m", "--collector.inotify.top=0", "--collector.cgroups.interval=0s", "--collector.filesystem.timeout=1h",
	} {
		if _, _, err := hostCollectors(t, "/", bad); err == nil {
			t.Errorf("%s is accepted", bad)
		}
	}
}

package collectors

import (
	"context"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kingpin/v2"
	"k8s.io/client-go/rest"

	"github.com/kubevitals/kubevitals/exporter"
	"github.com/kubevitals/kubevitals/sources"
	"github.com/kubevitals/kubevitals/sources/health"
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

// TestHostCollectorsReadThisMachine goes the whole way from flags to samples.
func TestHostCollectorsReadThisMachine(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("they read Linux")
	}
	sources, named, err := hostCollectors(t, "/")
	if err != nil {
		t.Fatal(err)
	}
	reasons := settled(t, sources)
	for _, c := range named {
		if reasons[c.Name] != health.Available {
			t.Logf("%s: %s", c.Name, reasons[c.Name]) // no node, or not root
			continue
		}
		text := string(scrapeText(t, c.Name, c.Collector, c.Metrics))
		if !strings.Contains(text, `node="n1"`) || !strings.Contains(text, `success{collector="`+c.Name+`"} 1`) {
			t.Errorf("%s:\n%s", c.Name, text)
		}
	}
}

// TestHostCollectorsAreBlindElsewhere holds that a wrong root is no healthy node.
func TestHostCollectorsAreBlindElsewhere(t *testing.T) {
	t.Parallel()
	sources, named, err := hostCollectors(t, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for source, reason := range settled(t, sources) {
		if reason == health.Available {
			t.Errorf("%s is available on a machine that is not there", source)
		}
	}
	for _, c := range named {
		if text := string(scrapeText(t, c.Name, c.Collector, c.Metrics)); strings.Contains(text, `node="n1"`) {
			t.Errorf("%s:\n%s", c.Name, text)
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

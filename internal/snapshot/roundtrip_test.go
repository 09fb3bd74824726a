package snapshot_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kingpin/v2"
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/rest"

	"github.com/kubevitals/kubevitals/collectors"
	"github.com/kubevitals/kubevitals/exporter"
	"github.com/kubevitals/kubevitals/internal/fakecluster"
	"github.com/kubevitals/kubevitals/internal/snapshot"
	"github.com/kubevitals/kubevitals/sources"
	"github.com/kubevitals/kubevitals/sources/kubelet"
)

// patience bounds every wait of the tests.
const patience = 60 * time.Second

func silent() *slog.Logger { return slog.New(slog.DiscardHandler) }

// reading is a running set of collectors.
type reading struct {
	frame   *exporter.Frame
	leftOut []string
	options kubelet.Options
}

// startReading starts all default collectors of scope cluster; configure may change what
// they read.
func startReading(t *testing.T, config sources.Config, configure func(*collectors.Selection, *sources.Config)) *reading {
	t.Helper()
	app := kingpin.New("test", "").Terminate(nil)
	selection := collectors.Register(app, collectors.Catalogue())
	if _, err := app.Parse(nil); err != nil {
		t.Fatal(err)
	}
	config.Kubelet.PreferredAddressTypes = []corev1.NodeAddressType{corev1.NodeInternalIP}
	config.Kubelet.Timeout, config.Kubelet.Concurrency = patience, 16
	config.Kubelet.StatsInterval, config.Kubelet.MetricsInterval = 10*time.Second, 10*time.Second
	config.Logger, config.Now = silent(), time.Now
	selection.Configure(&config)
	config.APIServers.Timeout = patience
	if configure != nil {
		configure(selection, &config)
	}
	sources, err := sources.NewSources(config)
	if err != nil {
		t.Fatal(err)
	}
	named, err := selection.Build(sources)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	sources.Start(ctx)
	t.Cleanup(func() { stop(); sources.Wait() })
	return &reading{exporter.NewFrame(named, silent()), selection.LeftOut(), config.Kubelet}
}

func (r *reading) gather(ctx context.Context) ([]*dto.MetricFamily, error) {
	registry := prometheus.NewPedanticRegistry()
	if err := registry.Register(r.frame.Bind(ctx)); err != nil {
		return nil, err
	}
	return registry.Gather()
}

// settled gathers until everything has been read once, and all of want is there.
func (r *reading) settled(t *testing.T, want ...string) []*dto.MetricFamily {
	t.Helper()
	deadline := time.Now().Add(patience)
	for {
		families, err := r.gather(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		s := samples(families)
		open := slices.DeleteFunc(slices.Clone(want), func(w string) bool { _, ok := s[w]; return ok })
		for sample := range s {
			if strings.Contains(sample, "reason=starting") {
				open = append(open, sample)
			}
		}
		if len(open) == 0 {
			// Collectors run side by side: one may have looked before the last source was read.
			if families, err = r.gather(t.Context()); err != nil {
				t.Fatal(err)
			}
			return families
		}
		if time.Now().After(deadline) {
			t.Fatalf("after %s still open: %v", patience, open)
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// samples are the values by name and labels.
func samples(families []*dto.MetricFamily) map[string]float64 {
	all := map[string]float64{}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			var labels []string
			for _, l := range m.GetLabel() {
				labels = append(labels, l.GetName()+"="+l.GetValue())
			}
			all[f.GetName()+"{"+strings.Join(labels, ",")+"}"] = m.GetGauge().GetValue() + m.GetCounter().GetValue()
		}
	}
	return all
}

// demo serves the demonstration at a clock that stands still, so that bodies which
// grow stay the same.
func demo(t *testing.T) (*fakecluster.Cluster, *rest.Config, kubelet.Options) {
	t.Helper()
	now := time.Now()
	snapshot, err := fakecluster.Demo(now)
	if err != nil {
		t.Fatal(err)
	}
	c, err := fakecluster.Start(t.Context(), snapshot, fakecluster.Options{Now: func() time.Time { return now }, LeaseInterval: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	ca := filepath.Join(t.TempDir(), "ca.crt")
	if err := os.WriteFile(ca, c.KubeletCA(), 0o600); err != nil {
		t.Fatal(err)
	}
	return c, c.RESTConfig(), kubelet.Options{CAFile: ca}
}

// record records a snapshot of the demonstration and returns its folder and the last
// samples that were gathered.
func record(t *testing.T, redact bool) (string, map[string]float64, *fakecluster.Cluster) {
	t.Helper()
	c, config, options := demo(t)
	live := startReading(t, sources.Config{REST: config, Kubelet: options}, nil)
	var last []*dto.MetricFamily
	dir := filepath.Join(t.TempDir(), "snapshot")
	server := strings.TrimPrefix(config.Host, "https://")
	_, err := snapshot.Record(t.Context(), dir, snapshot.RecordOptions{
		REST: config, Kubelets: live.options, Window: time.Second,
		Gather: func(context.Context) ([]*dto.MetricFamily, error) {
			last = live.settled(t,
				fmt.Sprintf("kubevitals_watch_streams_limit{server=%s}", server),
				fmt.Sprintf("kubevitals_metric_cardinality_series{component=kube-apiserver,node=,server=%s}", server),
				fmt.Sprintf("kubevitals_metric_cardinality_series{component=kube-apiserver,node=,server=%s}", c.APIServerAddress("cp-2")),
				"kubevitals_kubelet_available{endpoint=stats_summary,node=worker-3,reason=unreachable}")
			return last, nil
		},
		Definitions: collectors.Catalogue(), RedactNames: redact, Version: "test", Now: time.Now, Logger: silent(),
	})
	if err != nil {
		t.Fatal(err)
	}
	return dir, samples(last), c
}

// TestRecordThatIsEnded verifies that a snapshot whose recording is ended, be it at the
// very end, is none, and is not in the way of the next.
func TestRecordThatIsEnded(t *testing.T) {
	t.Parallel()
	_, config, options := demo(t)
	live := startReading(t, sources.Config{REST: config, Kubelet: options}, nil)
	ctx, cancel := context.WithCancel(t.Context())
	gathered, after := 0, 0
	dir := filepath.Join(t.TempDir(), "snapshot")
	o := snapshot.RecordOptions{
		REST: config, Kubelets: live.options, Window: time.Second,
		Gather:      func(context.Context) ([]*dto.MetricFamily, error) { gathered++; return live.settled(t), nil },
		Definitions: collectors.Catalogue(), Version: "test", Logger: silent(),
		Now: func() time.Time {
			if gathered == 2 {
				after++
			}
			if after == 2 { // the last list was recorded, too
				cancel()
			}
			return time.Now()
		},
	}
	if _, err := snapshot.Record(ctx, dir, o); !errors.Is(err, context.Canceled) {
		t.Errorf("ended with %v", err)
	}
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("half a snapshot is left: %v", err)
	}
	// A folder that was there stays, and what cannot be read at all leaves nothing in it.
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := snapshot.Record(ctx, dir, o); err == nil {
		t.Error("records a snapshot though it was ended")
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// replay reads a snapshot and gathers what the collectors say of it.
func replay(t *testing.T, path string, want ...string) (map[string]float64, *reading, *snapshot.Snapshot) {
	t.Helper()
	d, err := snapshot.Read(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	r := startReading(t, sources.Config{}, func(s *collectors.Selection, c *sources.Config) {
		d.Configure(c)
		s.Replay(d.Recorded(d.Now, silent()))
	})
	families := r.settled(t, want...)
	return samples(families), r, d
}

// TestRoundTrip is what a snapshot is for: whoever reads it finds what the
// collectors found in the cluster.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	dir, live, _ := record(t, false)
	got, r, _ := replay(t, dir, `kubevitals_kubelet_available{endpoint=configz,node=worker-3,reason=unreachable}`)
	compare(t, live, got)
	if len(got) < 400 {
		t.Errorf("%d samples only", len(got))
	}
	if len(r.leftOut) > 0 {
		t.Errorf("left out: %v", r.leftOut)
	}
}

package snapshot

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"github.com/kubevitals/kubevitals/collectors"
	"github.com/kubevitals/kubevitals/exporter"
	"github.com/kubevitals/kubevitals/sources"
)

func values(t *testing.T, c exporter.Collector) []float64 {
	t.Helper()
	ch := make(chan prometheus.Metric, 100)
	if err := c.Collect(t.Context(), ch); err != nil {
		t.Fatal(err)
	}
	close(ch)
	var all []float64
	for m := range ch {
		var out dto.Metric
		if err := m.Write(&out); err != nil {
			t.Fatal(err)
		}
		all = append(all, out.GetGauge().GetValue())
	}
	return all
}

// TestRecordedSamples verifies which samples are sent when, and that those are dropped
// which the collector would never send.
func TestRecordedSamples(t *testing.T) {
	t.Parallel()
	taken := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	d := &Snapshot{
		Taken: taken, Manifest: &Manifest{Collectors: []string{"dns"}},
		samples: map[string]*[2][]byte{
			"dns":  {[]byte("kubevitals_x_up{server=\"a\"} 1\n"), []byte("kubevitals_x_up{server=\"a\"} 2\nkubevitals_x_up{server=\"a\",more=\"b\"} 3\nforged 4\n")},
			"etcd": {nil, nil},
		},
	}
	desc := exporter.NewGauge("x", "up", "Whether.", "server")
	def := collectors.Definition{Name: "dns", Metrics: []*exporter.Desc{desc}}
	var log bytes.Buffer
	now := taken
	logger := slog.New(slog.NewTextHandler(&log, nil))
	c := d.Recorded(func() time.Time { return now }, logger)(def)
	if got := values(t, c); len(got) != 1 || got[0] != 2 {
		t.Errorf("at the time of the snapshot: %v", got)
	}
	now = taken.Add(-time.Second)
	if got := values(t, c); len(got) != 1 || got[0] != 1 {
		t.Errorf("before: %v", got)
	}
	if n := strings.Count(log.String(), "level=WARN"); n != 2 {
		t.Errorf("%d warnings, want one for the metric and one for the label:\n%s", n, log.String())
	}
	if d.Recorded(time.Now, logger)(collectors.Definition{Name: "etcd"}) != nil {
		t.Error("samples are replayed that the manifest does not know")
	}
}

// TestTimesMoveToThePresent verifies that times look as old as they were, and other
// values stay.
func TestTimesMoveToThePresent(t *testing.T) {
	t.Parallel()
	taken := time.Unix(1000, 0)
	d := &Snapshot{Taken: taken, Manifest: &Manifest{Collectors: []string{"x"}}, samples: map[string]*[2][]byte{
		"x": {nil, []byte("kubevitals_x_seen_timestamp_seconds 990\nkubevitals_x_up 1\n")},
	}}
	def := collectors.Definition{Name: "x", Metrics: []*exporter.Desc{
		exporter.NewGauge("x", "seen_timestamp_seconds", "When."), exporter.NewGauge("x", "up", "Whether."),
	}}
	c := d.Recorded(d.Now, slog.New(slog.DiscardHandler))(def)
	moved := d.AtPresent([]exporter.Named{{Name: "x", Collector: c, Metrics: def.Metrics}}, func() time.Time { return time.Unix(5000, 0) })
	sum := 0.0
	for _, v := range values(t, moved[0].Collector) {
		sum += v
	}
	if sum != 4990+1 {
		t.Errorf("values add up to %v", sum)
	}
}

// TestOnlyWhatASnapshotLacksIsReplayed verifies that the collectors whose samples are
// recorded are those that read something which a snapshot does not hold: another
// would tell nothing of a dump, or never anything new.
func TestOnlyWhatASnapshotLacksIsReplayed(t *testing.T) {
	t.Parallel()
	for _, d := range collectors.Catalogue() {
		held := len(d.Reads) > 0 && d.Scope == collectors.Cluster
		for _, read := range d.Reads {
			_, list, listed := sources.Resources().Find(read)
			switch read {
			case sources.KubeletStats, sources.KubeletConfig, sources.KubeletMetrics, sources.APIServerMetrics:
				// Their bodies are recorded.
			default:
				held = held && listed && !list.Probed
			}
		}
		if d.Replay == held {
			t.Errorf("%s: Replay is %t, and that a snapshot holds all of %v %t", d.Name, d.Replay, d.Reads, held)
		}
	}
}

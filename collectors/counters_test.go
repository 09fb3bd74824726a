package collectors

import (
	"slices"
	"testing"

	"github.com/alecthomas/kingpin/v2"
	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/client-go/rest"

	"github.com/kubevitals/kubevitals/exporter"
	"github.com/kubevitals/kubevitals/sources"
	"github.com/kubevitals/kubevitals/sources/health"
)

// TestNoPodsAreCounted verifies that the list of all pods may come after a first look,
// which is there for the counters.
func TestNoPodsAreCounted(t *testing.T) {
	t.Parallel()
	counting := 0
	for _, d := range Catalogue() {
		if d.Scope != Cluster || !slices.ContainsFunc(d.Metrics, func(m *exporter.Desc) bool { return m.Type == prometheus.CounterValue }) {
			continue
		}
		counting++
		app := kingpin.New("test", "")
		selection := Register(app, []Definition{d})
		if _, err := app.Parse([]string{"--collector." + d.Name}); err != nil {
			t.Fatal(err)
		}
		s := newSources(t, &rest.Config{Host: "http://127.0.0.1:1"}, func(*sources.Config) {})
		if _, err := selection.Build(s); err != nil {
			t.Fatal(err)
		}
		if slices.ContainsFunc(s.States(), func(state health.State) bool { return state.Source == "pods" }) {
			t.Errorf("%s has counters and reads all pods", d.Name)
		}
	}
	if counting == 0 {
		t.Error("no collector counts anything")
	}
}

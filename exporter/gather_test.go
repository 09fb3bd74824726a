package exporter

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
)

// registryOf has a gauge of each name, whose value is the given one.
func registryOf(t *testing.T, value float64, names ...string) *prometheus.Registry {
	t.Helper()
	r := prometheus.NewRegistry()
	for _, name := range names {
		g := prometheus.NewGauge(prometheus.GaugeOpts{Name: name})
		g.Set(value)
		if err := r.Register(g); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

func TestSideBySide(t *testing.T) {
	t.Parallel()
	families, err := sideBySide{registryOf(t, 1, "b", "d"), registryOf(t, 2, "c", "a", "b")}.Gather()
	if err == nil || !strings.Contains(err.Error(), "metric b is gathered twice") {
		t.Errorf("error %v does not tell of the clash", err)
	}
	var names []string
	for _, f := range families {
		names = append(names, f.GetName())
	}
	if diff := cmp.Diff([]string{"a", "b", "c", "d"}, names); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
	if got := families[1].GetMetric()[0].GetGauge().GetValue(); got != 1 {
		t.Errorf("b is %v, not that of the first", got)
	}
}

func TestSideBySideWithoutClash(t *testing.T) {
	t.Parallel()
	if families, err := (sideBySide{registryOf(t, 1, "b"), registryOf(t, 2, "a")}).Gather(); err != nil || len(families) != 2 {
		t.Errorf("%d families, %v", len(families), err)
	}
}

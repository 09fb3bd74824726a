package exporter

import (
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// Foreign declares a metric of any name, such as that of another program.
func Foreign(name string, labels ...string) *Desc {
	return &Desc{
		Name: name, Type: prometheus.GaugeValue, Labels: labels,
		desc: prometheus.NewDesc(name, "", labels, nil), sorted: inOrder(labels),
	}
}

// FamiliesOf are samples that a Desc made, and nothing else. Its error names a metric
// of which two samples have the same labels.
func FamiliesOf(metrics ...prometheus.Metric) (Families, error) {
	groups := map[*Desc][]*sample{}
	for _, m := range metrics {
		if s, ok := m.(*sample); ok {
			groups[s.of] = append(groups[s.of], s)
		}
	}
	return familiesOf(slices.Collect(maps.Values(groups)))
}

// Parse reads a scrape in Prometheus' text format. All metrics are taken for gauges;
// histograms and summaries are left out. A label that is empty was not there.
func Parse(text io.Reader) (Families, error) {
	parser := expfmt.NewTextParser(model.UTF8Validation)
	byName, err := parser.TextToMetricFamilies(text)
	if err != nil {
		return nil, fmt.Errorf("parse metrics: %w", err)
	}
	var metrics []prometheus.Metric
	for name, f := range byName {
		names := map[string]bool{}
		for _, m := range f.GetMetric() {
			for _, l := range m.GetLabel() {
				names[l.GetName()] = true
			}
		}
		desc := Foreign(name, slices.Sorted(maps.Keys(names))...)
		for _, m := range f.GetMetric() {
			if value, ok := valueOf(m); ok {
				metrics = append(metrics, desc.Sample(value, valuesOf(desc, m)...))
			}
		}
	}
	return FamiliesOf(metrics...)
}

func valuesOf(desc *Desc, m *dto.Metric) []string {
	values := make([]string, len(desc.Labels))
	for i, name := range desc.Labels {
		values[i] = Label(m, name)
	}
	return values
}

func valueOf(m *dto.Metric) (float64, bool) {
	switch {
	case m.Gauge != nil:
		return m.GetGauge().GetValue(), true
	case m.Counter != nil:
		return m.GetCounter().GetValue(), true
	case m.Untyped != nil:
		return m.GetUntyped().GetValue(), true
	}
	return 0, false
}

package exporter

import dto "github.com/prometheus/client_model/go"

// Label returns the value of a metric's label; empty if it does not have it.
func Label(m *dto.Metric, name string) string {
	for _, l := range m.GetLabel() {
		if l.GetName() == name {
			return l.GetValue()
		}
	}
	return ""
}

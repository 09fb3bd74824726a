package exporter

import (
	"fmt"
	"slices"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
)

// stateSamples are the samples that send sends, sorted.
func stateSamples(t *testing.T, send func(chan<- prometheus.Metric)) []string {
	t.Helper()
	ch := make(chan prometheus.Metric, 100)
	send(ch)
	close(ch)
	var metrics []prometheus.Metric
	for m := range ch {
		metrics = append(metrics, m)
	}
	families, err := FamiliesOf(metrics...)
	if err != nil {
		t.Error(err)
	}
	var list []string
	for _, f := range families {
		f.Each(func(labels []string, value float64) { list = append(list, fmt.Sprint(f.Desc.Name, labels, value)) })
	}
	return list
}

func TestSendState(t *testing.T) {
	t.Parallel()
	d := NewGauge("x", "result", "Help.", "node", "result")
	for holds, want := range map[string][]string{
		"ok":      {"kubevitals_x_result[n1 ok] 1"},
		"timeout": {"kubevitals_x_result[n1 ok] 0", "kubevitals_x_result[n1 timeout] 1"},
	} {
		if got := stateSamples(t, func(ch chan<- prometheus.Metric) { d.SendState(ch, "ok", holds, "n1") }); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", holds, got, want)
		}
	}
}

func TestTally(t *testing.T) {
	t.Parallel()
	count := NewGauge("x", "nodes", "Help.", "state")
	for _, tt := range []struct {
		name     string
		deviates *Desc
		others   []string
		states   map[string]string // by node
		want     []string
	}{
		{
			"one other state", NewGauge("x", "bad", "Help.", "node"), []string{"bad"},
			map[string]string{"n1": "ok", "n2": "bad", "n3": UnknownState, "n4": "ok", "n5": "no such state"},
			[]string{"kubevitals_x_bad[n2] 1", "kubevitals_x_nodes[bad] 1", "kubevitals_x_nodes[ok] 2", "kubevitals_x_nodes[unknown] 2"},
		},
		{
			"several", NewGauge("x", "state", "Help.", "node", "state"), []string{"slow", "dead"},
			map[string]string{"n1": "dead", "n2": "slow"},
			[]string{
				"kubevitals_x_nodes[dead] 1", "kubevitals_x_nodes[ok] 0", "kubevitals_x_nodes[slow] 1", "kubevitals_x_nodes[unknown] 0",
				"kubevitals_x_state[n1 dead] 1", "kubevitals_x_state[n2 slow] 1",
			},
		},
		{
			"nothing there", NewGauge("x", "bad", "Help.", "node"), []string{"bad"}, nil,
			[]string{"kubevitals_x_nodes[bad] 0", "kubevitals_x_nodes[ok] 0", "kubevitals_x_nodes[unknown] 0"},
		},
	} {
		got := stateSamples(t, func(ch chan<- prometheus.Metric) {
			tally := NewTally(tt.deviates, "ok", tt.others...)
			for node, state := range tt.states {
				tally.Add(ch, state, node)
			}
			tally.Send(ch, count)
		})
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

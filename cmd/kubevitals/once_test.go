package main

import (
	"context"
	"fmt"
	"log/slog"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/kubevitals/kubevitals/collectors/watch"
	"github.com/kubevitals/kubevitals/exporter"
)

// scripted is a collector that does one thing after the other at its scrapes, and
// the last one for ever.
type scripted struct {
	steps   []func(ch chan<- prometheus.Metric) error
	scrapes int
}

func (s *scripted) Collect(_ context.Context, ch chan<- prometheus.Metric) error {
	step := s.steps[min(s.scrapes, len(s.steps)-1)]
	s.scrapes++
	return step(ch)
}

// TestSettledWaitsForWhatComes: for probes that were not made yet, and not for
// sources of a cluster that does not answer.
func TestSettledWaitsForWhatComes(t *testing.T) {
	t.Parallel()
	up := exporter.NewGauge("apiserver", "up", "A gauge.", "server")
	source := exporter.NewGauge("source", "available", "A gauge.", "source", "reason")
	starting := func(answers float64) func(ch chan<- prometheus.Metric) error {
		return func(ch chan<- prometheus.Metric) error {
			ch <- up.Sample(answers, "a")
			ch <- source.Sample(0, "nodes", string(watch.Starting))
			return nil
		}
	}
	fail := func(err error) func(chan<- prometheus.Metric) error {
		return func(chan<- prometheus.Metric) error { return err }
	}
	good := func(ch chan<- prometheus.Metric) error {
		ch <- up.Sample(1, "a")
		ch <- source.Sample(1, "nodes", string(watch.Available))
		return nil
	}
	blind := &watch.UnavailableError{State: watch.State{Source: "nodes", Reason: watch.Forbidden}}
	for _, test := range []struct {
		name  string
		steps []func(chan<- prometheus.Metric) error
		least int // scrapes
		most  int
	}{
		{"all is there", []func(chan<- prometheus.Metric) error{good}, 2, 2},
		{"probes are under way", []func(chan<- prometheus.Metric) error{fail(fmt.Errorf("first round: %w", exporter.ErrNotReady)), fail(exporter.ErrNotReady), good}, 4, 4},
		{"a source starts", []func(chan<- prometheus.Metric) error{starting(1), starting(1), starting(1), good}, 4, 5},
		{"a source cannot be read", []func(chan<- prometheus.Metric) error{fail(blind)}, 2, 2},
		{"no API server answers", []func(chan<- prometheus.Metric) error{starting(0)}, 2, 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c := &scripted{steps: test.steps}
			named := exporter.Named{Name: "scripted", Collector: c, Metrics: []*exporter.Desc{up, source}}
			if _, err := settled(t.Context(), exporter.NewFrame([]exporter.Named{named}, slog.New(slog.DiscardHandler))); err != nil {
				t.Fatal(err)
			}
			if c.scrapes < test.least || c.scrapes > test.most {
				t.Errorf("settled after %d scrapes, want %d to %d", c.scrapes, test.least, test.most)
			}
		})
	}
}

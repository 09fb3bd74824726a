package exporter

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
)

// Namespace is the prefix of every metric of this project.
const Namespace = "kubevitals"

// Desc declares a metric as data, so that flags, documentation, tests and the
// registry all read one declaration. A Desc never changes after NewGauge or
// NewCounter returned it, and is safe for concurrent use.
type Desc struct {
	// Name is the full metric name, prefix included.
	Name string
	// Help is one sentence that says what the value means, with its unit.
	Help string
	// Type is prometheus.GaugeValue or prometheus.CounterValue.
	Type prometheus.ValueType
	// Labels are the label names, in the order that Sample takes their values.
	Labels []string

	desc *prometheus.Desc
	// sorted are the indexes of Labels in the order of their names, in which a
	// registry compares and writes them.
	sorted []int
	// moment is whether values are the times of something that happened, and amount
	// whether they cannot be negative.
	moment, amount bool
	// part is whether each shard tells its part of a count.
	part bool
}

// NewGauge declares the gauge kubevitals_SUBSYSTEM_NAME.
func NewGauge(subsystem, name, help string, labels ...string) *Desc {
	return newDesc(prometheus.GaugeValue, subsystem, name, help, labels)
}

// NewCount declares the gauge kubevitals_SUBSYSTEM_NAME for a number of objects of which
// each shard sees only its own, such as kubelets: each tells its part, under the label
// shard, which Sample takes no value for. The whole is the sum.
func NewCount(subsystem, name, help string, labels ...string) *Desc {
	d := newDesc(prometheus.GaugeValue, subsystem, name, help, append(labels, shardLabel))
	d.part = true
	return d
}

// NewCounter declares the counter kubevitals_SUBSYSTEM_NAME; name ends in _total.
func NewCounter(subsystem, name, help string, labels ...string) *Desc {
	return newDesc(prometheus.CounterValue, subsystem, name, help, labels)
}

func newDesc(t prometheus.ValueType, subsystem, name, help string, labels []string) *Desc {
	fq := prometheus.BuildFQName(Namespace, subsystem, name)
	return &Desc{
		// A certificate may expire in the year 9999, which stands for never.
		moment: strings.HasSuffix(fq, "_timestamp_seconds") && !strings.HasSuffix(fq, "_expiry_timestamp_seconds"),
		amount: t == prometheus.CounterValue || strings.HasSuffix(fq, "_bytes"),
		Name:   fq,
		Help:   help,
		Type:   t,
		Labels: labels,
		desc:   prometheus.NewDesc(fq, help, labels, nil),
		sorted: inOrder(labels),
	}
}

// inOrder returns the indexes of names in the order of the names.
func inOrder(names []string) []int {
	var order []int
	for i := range names {
		order = append(order, i)
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(names[a], names[b]) })
	return order
}

// Sample returns one sample of the metric. Labels are cut to LabelLimit, and a value
// that cannot be is counted by the frame and not told: a time in the year 1, a negative
// size. It panics when the number of label values differs from the number of labels:
// that is a mistake in the code, and the frame contains it like any other panic of a
// collector.
func (d *Desc) Sample(value float64, values ...string) prometheus.Metric {
	if d.part {
		values = append(values[:len(values):len(values)], noShard)
	}
	if len(values) != len(d.Labels) {
		panic(fmt.Sprintf("%s has %d labels, and %d values were given", d.Name, len(d.Labels), len(values)))
	}
	if !d.possible(value) {
		return Invalid(1)
	}
	return newSample(d, value, values)
}

// Describes tells whether the metric is a sample of this one.
func (d *Desc) Describes(m prometheus.Metric) bool { return m.Desc() == d.desc }

// Shift returns a sample of this metric with a value that is greater by that much, and
// any other metric as it is.
func (d *Desc) Shift(m prometheus.Metric, by float64) prometheus.Metric {
	if s, ok := m.(*sample); ok && s.of == d {
		return &sample{of: d, value: s.value + by, labels: s.labels}
	}
	return m
}

// Bool returns 1 for true and 0 for false, the way metrics say yes and no.
func Bool(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}

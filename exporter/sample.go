package exporter

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
)

// sample is one value of a metric. What collectors send are samples: they take a
// fraction of what a metric of client_golang does to make, sort and write. As a
// prometheus.Metric it can be given to a registry, which tests do to judge it.
type sample struct {
	of    *Desc
	value float64
	// labels are the values of the labels, in the order of the declaration. Where they
	// are few they are in few, so that a sample is one object of the heap.
	labels []string
	few    [2]string
}

// newSample returns a sample with labels as they may leave.
func newSample(d *Desc, value float64, labels []string) *sample {
	s := &sample{of: d, value: value}
	if len(labels) > len(s.few) {
		s.labels = make([]string, len(labels))
	} else {
		s.labels = s.few[:len(labels)]
	}
	for i, label := range labels {
		s.labels[i] = labelValue(label)
	}
	return s
}

var _ prometheus.Metric = (*sample)(nil)

// Desc implements prometheus.Metric.
func (s *sample) Desc() *prometheus.Desc { return s.of.desc }

// Write implements prometheus.Metric.
func (s *sample) Write(out *dto.Metric) error {
	out.Label = make([]*dto.LabelPair, len(s.labels))
	for i, at := range s.of.sorted {
		out.Label[i] = &dto.LabelPair{Name: &s.of.Labels[at], Value: &s.labels[at]}
	}
	if s.of.Type == prometheus.CounterValue {
		out.Counter = &dto.Counter{Value: &s.value}
	} else {
		out.Gauge = &dto.Gauge{Value: &s.value}
	}
	return nil
}

// compare orders samples of one metric by their labels, as registries do.
func (s *sample) compare(other *sample) int {
	for _, at := range s.of.sorted {
		if c := strings.Compare(s.labels[at], other.labels[at]); c != 0 {
			return c
		}
	}
	return 0
}

// Family holds the samples of one metric in the order of their labels, which differ.
type Family struct {
	Desc    *Desc
	samples []*sample
}

// Len is the number of samples.
func (f Family) Len() int { return len(f.samples) }

// Each calls do with the values of the labels, in the order of Desc.Labels, and the
// value of each sample. It must not keep or change the labels.
func (f Family) Each(do func(labels []string, value float64)) {
	for _, s := range f.samples {
		do(s.labels, s.value)
	}
}

// Label returns the value of a label among those that Each was called with; empty if
// there is none of this name.
func (f Family) Label(values []string, name string) string {
	if i := slices.Index(f.Desc.Labels, name); i >= 0 {
		return values[i]
	}
	return ""
}

// message is the family as a message of client_golang.
func (f Family) message() *dto.MetricFamily {
	kind := dto.MetricType_GAUGE
	if f.Desc.Type == prometheus.CounterValue {
		kind = dto.MetricType_COUNTER
	}
	m := &dto.MetricFamily{Name: &f.Desc.Name, Help: &f.Desc.Help, Type: &kind}
	for _, s := range f.samples {
		one := &dto.Metric{}
		_ = s.Write(one) // it never fails
		m.Metric = append(m.Metric, one)
	}
	return m
}

// Of returns the family of a name; it has no samples if there is none.
func (all Families) Of(name string) Family {
	for _, f := range all {
		if f.Desc.Name == name {
			return f
		}
	}
	return Family{}
}

// OfThese are those of the families that are declared so.
func (all Families) OfThese(declared []*Desc) Families {
	return all.Named(func(name string) bool {
		return slices.ContainsFunc(declared, func(d *Desc) bool { return d.Name == name })
	})
}

// Named are those of the families whose names are wanted.
func (all Families) Named(wanted func(name string) bool) Families {
	var some Families
	for _, f := range all {
		if wanted(f.Desc.Name) {
			some = append(some, f)
		}
	}
	return some
}

// Messages are the families as messages of client_golang, which take several times as
// much memory.
func (all Families) Messages() []*dto.MetricFamily {
	messages := make([]*dto.MetricFamily, 0, len(all))
	for _, f := range all {
		messages = append(messages, f.message())
	}
	return messages
}

// Families are what collectors said in one scrape, in the order of the metrics' names.
// They never change.
type Families []Family

// familiesOf sorts samples, which come in groups of one metric each. Of those that have
// the same labels one is kept, and its metric is named in the error. It keeps the groups.
func familiesOf(groups [][]*sample) (families Families, err error) {
	for _, samples := range groups {
		if len(samples) == 0 {
			continue
		}
		family, twice := familyOf(samples)
		families = append(families, family)
		if twice > 0 {
			err = errors.Join(err, fmt.Errorf("%s: %d samples have the labels of another", family.Desc.Name, twice))
		}
	}
	slices.SortFunc(families, func(a, b Family) int { return cmp.Compare(a.Desc.Name, b.Desc.Name) })
	return families, err
}

// familyOf puts samples of one metric in order, and counts those that it leaves out
// because another has the same labels. Most come in order, because sources list by name:
// to see that takes a fraction of what sorting does.
func familyOf(samples []*sample) (family Family, twice int) {
	if ascending(samples) {
		return Family{samples[0].of, samples}, 0
	}
	slices.SortFunc(samples, (*sample).compare)
	kept := slices.CompactFunc(samples, func(a, b *sample) bool { return a.compare(b) == 0 })
	return Family{samples[0].of, kept}, len(samples) - len(kept)
}

// ascending tells whether each sample has its place after the one before, and none has
// the labels of another.
func ascending(samples []*sample) bool {
	for i := range len(samples) - 1 {
		if samples[i].compare(samples[i+1]) >= 0 {
			return false
		}
	}
	return true
}

// merge puts families of several collectors together. Few metrics are sent by more
// than one.
func merge(parts []Families) (merged Families, err error) {
	all := slices.Concat(parts...)
	slices.SortStableFunc(all, func(a, b Family) int { return cmp.Compare(a.Desc.Name, b.Desc.Name) })
	for len(all) > 0 {
		same := 1
		for same < len(all) && all[same].Desc.Name == all[0].Desc.Name {
			same++
		}
		if same == 1 {
			merged = append(merged, all[0])
		} else {
			groups := map[*Desc][]*sample{}
			for _, f := range all[:same] {
				groups[f.Desc] = append(groups[f.Desc], f.samples...)
			}
			one, again := familiesOf(slices.Collect(maps.Values(groups)))
			merged, err = append(merged, one...), errors.Join(err, again)
		}
		all = all[same:]
	}
	return merged, err
}

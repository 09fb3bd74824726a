package exporter

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
)

// sideBySide gathers what several gather whose metrics have different names.
// prometheus.Gatherers may merge metrics of one name, and for that compares and
// sorts all samples once more, which took a quarter of the scrape of a large cluster.
type sideBySide []prometheus.Gatherer

// Gather implements prometheus.Gatherer. Of families of one name it keeps the first
// and returns an error.
func (g sideBySide) Gather() ([]*dto.MetricFamily, error) {
	var (
		all  []*dto.MetricFamily
		errs []error
	)
	for _, one := range g {
		families, err := one.Gather()
		all, errs = append(all, families...), append(errs, err)
	}
	slices.SortStableFunc(all, func(a, b *dto.MetricFamily) int { return cmp.Compare(a.GetName(), b.GetName()) })
	all = slices.CompactFunc(all, func(a, b *dto.MetricFamily) bool {
		if a.GetName() != b.GetName() {
			return false
		}
		errs = append(errs, fmt.Errorf("metric %s is gathered twice", a.GetName()))
		return true
	})
	return all, errors.Join(errs...)
}

// observed tells somebody what is gathered.
type observed struct {
	prometheus.Gatherer
	tell func([]*dto.MetricFamily)
}

// Gather implements prometheus.Gatherer.
func (o observed) Gather() ([]*dto.MetricFamily, error) {
	families, err := o.Gatherer.Gather()
	if o.tell != nil {
		o.tell(families)
	}
	return families, err
}

// Label returns the value of a metric's label; empty if it does not have it.
func Label(m *dto.Metric, name string) string {
	for _, l := range m.GetLabel() {
		if l.GetName() == name {
			return l.GetValue()
		}
	}
	return ""
}

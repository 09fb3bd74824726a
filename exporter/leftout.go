package exporter

import (
	"errors"
	"math"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
)

// Why series are left out.
const (
	// leftOutBound: there is a bound to series that others than the cluster's
	// administrators can make, such as those of events about nodes that do not exist.
	leftOutBound = "bound"
	// leftOutInvalid: the value cannot be.
	leftOutInvalid = "invalid"
)

// leftOut is what is sent in place of series that are left out. The frame counts it
// and passes nothing on.
type leftOut struct {
	reason string
	series int
}

var leftOutDesc = prometheus.NewDesc("kubevitals_left_out", "Not sent.", nil, nil)

// LeftOut is sent by a collector for that many series that would go beyond a bound to
// those which anybody can make.
func LeftOut(series int) prometheus.Metric { return leftOut{leftOutBound, series} }

// Invalid is sent by a collector for that many series of which it knows that their
// values cannot be.
func Invalid(series int) prometheus.Metric { return leftOut{leftOutInvalid, series} }

// Desc implements prometheus.Metric.
func (leftOut) Desc() *prometheus.Desc { return leftOutDesc }

// Write implements prometheus.Metric, which whoever takes it for a sample would call.
func (leftOut) Write(*dto.Metric) error { return errors.New("a series that is left out has no value") }

// latest is the year 2100, as a Unix time. Clocks without a battery start in 1970, and
// those that are set wrong may be off by years; what is beyond is no time of a clock.
const latest = 4_102_444_800

// possible tells whether a metric may have the value.
func (d *Desc) possible(value float64) bool {
	switch {
	case math.IsNaN(value), math.IsInf(value, 0):
		return false
	case d.moment:
		return value >= 0 && value < latest
	case d.amount:
		return value >= 0
	}
	return true
}

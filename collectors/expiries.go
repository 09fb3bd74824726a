package collectors

import (
	"cmp"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/kubevitals/kubevitals/exporter"
)

// mostExpiries is how many objects are told of by the time at which something of theirs
// expires: what is not far away matters, and the number of objects does not.
const mostExpiries = 20

// expiry is when something of an object expires, which labels name; zero if that is not
// known.
type expiry struct {
	at     time.Time
	labels []string
}

type expiries []expiry

// soon is within what time the serving certificate of a kubelet has to expire to be told of:
// every node has one, and a fleet in which all is well costs no series.
const soon = 60 * 24 * time.Hour

// tally counts all by whether they are valid.
func (all expiries) tally(desc *exporter.Desc, now time.Time) *exporter.Tally {
	tally := exporter.NewTally(desc, "valid", "expired")
	for _, e := range all {
		switch {
		case e.at.IsZero():
			tally.Count(exporter.UnknownState)
		case e.at.After(now):
			tally.Count("valid")
		default:
			tally.Count("expired")
		}
	}
	return tally
}

// before are those that expire before a time.
func (all expiries) before(then time.Time) expiries {
	return slices.DeleteFunc(slices.Clone(all), func(e expiry) bool { return e.at.After(then) })
}

// send sends those that expire first.
func (all expiries) send(ch chan<- prometheus.Metric, desc *exporter.Desc) {
	known := slices.DeleteFunc(slices.Clone(all), func(e expiry) bool { return e.at.IsZero() })
	slices.SortFunc(known, func(a, b expiry) int { return cmp.Or(a.at.Compare(b.at), slices.Compare(a.labels, b.labels)) })
	for _, e := range known[:min(len(known), mostExpiries)] {
		ch <- desc.Sample(unix(e.at), e.labels...)
	}
}

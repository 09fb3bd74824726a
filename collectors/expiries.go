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

// send sends those that expire first, and counts all.
func (all expiries) send(ch chan<- prometheus.Metric, desc *exporter.Desc, now time.Time) *exporter.Tally {
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
	known := slices.DeleteFunc(slices.Clone(all), func(e expiry) bool { return e.at.IsZero() })
	slices.SortFunc(known, func(a, b expiry) int { return cmp.Or(a.at.Compare(b.at), slices.Compare(a.labels, b.labels)) })
	for _, e := range known[:min(len(known), mostExpiries)] {
		ch <- desc.Sample(unix(e.at), e.labels...)
	}
	return tally
}

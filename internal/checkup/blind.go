package checkup

import (
	"cmp"
	"errors"
	"net/url"
	"slices"
	"strings"

	dto "github.com/prometheus/client_model/go"

	"github.com/kubevitals/kubevitals/collectors/watch"
	"github.com/kubevitals/kubevitals/exporter"
)

// Blind is a source or collector that cannot be read, and why.
type Blind struct {
	Kind   string `json:"kind"` // source or collector
	Name   string `json:"name"`
	Reason string `json:"reason"`
	// Detail is the error; empty if none is known.
	Detail string `json:"detail,omitempty"`
	// WaitsFor is the source without which a collector tells nothing, if that is
	// why it failed.
	WaitsFor string `json:"waits_for,omitempty"`
}

// The kinds of what cannot be read.
const (
	Source    = "source"
	Collector = "collector"
)

// Why returns the error with which a source or a collector failed, nil if it is not
// known.
type Why func(kind, name string) error

// collectorSuccess is the metric that says of each collector whether it succeeded.
const collectorSuccess = "kubevitals_scrape_collector_success"

// notFound is the reason of what does not exist.
const notFound = string(watch.NotFound)

// Sightless lists what a scrape says could not be read: blind, or absent when
// there is nothing to read.
func Sightless(families []*dto.MetricFamily, why Why) (blind, absent []Blind) {
	blind, absent = []Blind{}, []Blind{}
	for _, f := range families {
		var kind string
		switch f.GetName() {
		case "kubevitals_source_available":
			kind = Source
		case collectorSuccess:
			kind = Collector
		default:
			continue
		}
		for _, m := range f.GetMetric() {
			if m.GetGauge().GetValue() != 0 {
				continue
			}
			b := Blind{Kind: kind, Name: exporter.Label(m, kind), Reason: cmp.Or(exporter.Label(m, "reason"), "failed")}
			b.explain(why(b.Kind, b.Name))
			if b.Reason == notFound {
				absent = append(absent, b)
				continue
			}
			blind = append(blind, b)
		}
	}
	for _, list := range [][]Blind{blind, absent} {
		slices.SortFunc(list, func(a, b Blind) int { return strings.Compare(a.Kind+a.Name, b.Kind+b.Name) })
	}
	return blind, absent
}

// explain takes from an error what it says beside the reason: not which source, and
// not the long address of a request.
func (b *Blind) explain(err error) {
	if source, ok := errors.AsType[*watch.UnavailableError](err); ok {
		if b.Kind == Collector {
			b.WaitsFor = source.State.Source
		}
		err = source.Cause
	}
	if request, ok := errors.AsType[*url.Error](err); ok {
		err = request.Err
	}
	if err != nil {
		b.Detail = err.Error()
	}
}

// unread are sources and collectors that cannot be read for the same reason.
type unread struct {
	reason              string
	sources, collectors []string
	details             []string
}

// names lists the sources and then the collectors.
func (u unread) names() string {
	var all []string
	for _, of := range []struct {
		kind  string
		names []string
	}{{Source, u.sources}, {Collector, u.collectors}} {
		switch len(of.names) {
		case 0:
		case 1:
			all = append(all, of.kind+" "+of.names[0])
		default:
			all = append(all, of.kind+"s "+strings.Join(of.names, ", "))
		}
	}
	return strings.Join(all, "; ")
}

// grouped puts together what cannot be read for the same reason. Apart from them it
// names the collectors that only wait for one of the sources.
func grouped(blind []Blind) (groups []unread, waiting []string) {
	for _, b := range blind {
		if slices.ContainsFunc(blind, func(other Blind) bool { return other.Kind == Source && other.Name == b.WaitsFor }) {
			waiting = append(waiting, b.Name)
			continue
		}
		i := slices.IndexFunc(groups, func(g unread) bool { return g.reason == b.Reason })
		if i < 0 {
			i = len(groups)
			groups = append(groups, unread{reason: b.Reason})
		}
		g := &groups[i]
		if b.Kind == Source {
			g.sources = append(g.sources, b.Name)
		} else {
			g.collectors = append(g.collectors, b.Name)
		}
		if b.Detail != "" && !slices.Contains(g.details, b.Detail) {
			g.details = append(g.details, b.Detail)
		}
	}
	slices.SortFunc(groups, func(a, b unread) int { return strings.Compare(a.reason, b.reason) })
	return groups, waiting
}

package report

import (
	"cmp"
	"errors"
	"net/url"
	"slices"
	"strings"

	dto "github.com/prometheus/client_model/go"

	"github.com/kubevitals/kubevitals/exporter"
	"github.com/kubevitals/kubevitals/sources/health"
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

// Why tells with what errors something could not be read; nil if that is not known.
type Why interface {
	// SourceErr and CollectorErr return that of one source or collector.
	SourceErr(source string) error
	CollectorErr(collector string) error
	// KubeletErr returns that of some kubelet, of those whose endpoint cannot be read
	// for that reason.
	KubeletErr(endpoint string, reason health.Reason) error
}

// collectorSuccess is the metric that says of each collector whether it succeeded.
const collectorSuccess = "kubevitals_scrape_collector_success"

// notFound is the reason of what does not exist.
const notFound = string(health.NotFound)

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
			b.explain(why)
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

// explain adds what the error says beside the reason.
func (b *Blind) explain(why Why) {
	if b.Kind == Source {
		b.Detail = detail(why.SourceErr(b.Name))
		return
	}
	err := why.CollectorErr(b.Name)
	if source, ok := errors.AsType[*health.UnavailableError](err); ok {
		b.WaitsFor = source.State.Source
	}
	b.Detail = detail(err)
}

// Explain adds to findings about what cannot be read the errors behind them.
func Explain(causes []Cause, why Why) {
	for _, c := range causes {
		if OfCluster(c) {
			continue
		}
		for i := range c.Findings {
			f := &c.Findings[i]
			switch source, collector, endpoint := f.Labels[Source], f.Labels[Collector], f.Labels["endpoint"]; {
			case source != "":
				f.Detail = detail(why.SourceErr(source))
			case collector != "":
				f.Detail = detail(why.CollectorErr(collector))
			case endpoint != "":
				f.Detail = detail(why.KubeletErr(endpoint, health.Reason(f.Labels["reason"])))
			}
		}
	}
}

// detail is an error without what is told beside it: the source and its reason, and
// the long address of a request.
func detail(err error) string {
	if source, ok := errors.AsType[*health.UnavailableError](err); ok {
		err = source.Cause
	}
	if err == nil {
		return ""
	}
	text := err.Error()
	if request, ok := errors.AsType[*url.Error](err); ok {
		text = strings.Replace(text, request.Error(), request.Err.Error(), 1)
	}
	return text
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

// add adds what cannot be read to the group.
func (u *unread) add(b Blind) {
	if b.Kind == Source {
		u.sources = append(u.sources, b.Name)
	} else {
		u.collectors = append(u.collectors, b.Name)
	}
	if b.Detail != "" && !slices.Contains(u.details, b.Detail) {
		u.details = append(u.details, b.Detail)
	}
}

// grouped puts together what cannot be read for the same reason. Apart from them it
// tells the collectors that only wait for one of the sources that are blind or absent.
func grouped(blind, absent []Blind) (groups []unread, waiting unread) {
	for _, b := range blind {
		needed := func(other Blind) bool { return other.Kind == Source && other.Name == b.WaitsFor }
		if slices.ContainsFunc(blind, needed) || slices.ContainsFunc(absent, needed) {
			waiting.add(b)
			continue
		}
		i := slices.IndexFunc(groups, func(g unread) bool { return g.reason == b.Reason })
		if i < 0 {
			i = len(groups)
			groups = append(groups, unread{reason: b.Reason})
		}
		groups[i].add(b)
	}
	slices.SortFunc(groups, func(a, b unread) int { return strings.Compare(a.reason, b.reason) })
	return groups, waiting
}

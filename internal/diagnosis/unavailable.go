package diagnosis

import (
	"cmp"
	"errors"
	"net/url"
	"slices"
	"strings"

	"github.com/kubevitals/kubevitals/exporter"
	"github.com/kubevitals/kubevitals/sources"
	"github.com/kubevitals/kubevitals/sources/health"
)

// Unavailable is a source or collector that cannot be read, and why.
type Unavailable struct {
	// What it is.
	Kind string `json:"kind"`
	// Name of the source or collector.
	Name string `json:"name"`
	// Reason, as in the metric kubevitals_source_available; failed is that of collectors.
	Reason string `json:"reason"`
	// Error, if one is known.
	Detail string `json:"detail,omitempty"`
	// Source without which the collector tells nothing, if that is why it failed.
	WaitsFor string `json:"waits_for,omitempty"`
}

// The kinds of what cannot be read.
const (
	Source    = "source"
	Collector = "collector"
)

// Errors tells with what errors something could not be read; nil if that is not known.
type Errors interface {
	// SourceErr and CollectorErr return that of one source or collector.
	SourceErr(source string) error
	CollectorErr(collector string) error
	// KubeletErr returns that of some kubelet, of those whose endpoint cannot be read
	// for that reason.
	KubeletErr(endpoint string, reason health.Reason) error
}

// ErrorsOf tells the errors of collectors, and of the sources and kubelets they read.
func ErrorsOf(s *sources.Sources, frame *exporter.Frame) Errors { return errorsOf{s, frame} }

type errorsOf struct {
	*sources.Sources
	frame *exporter.Frame
}

// CollectorErr implements Errors.
func (e errorsOf) CollectorErr(collector string) error { return e.frame.Err(collector) }

// The metrics that say of each source and collector whether it could be read.
const (
	sourceAvailable  = exporter.Namespace + "_source_available"
	collectorSuccess = exporter.Namespace + "_scrape_collector_success"
)

// notFound is the reason of what does not exist.
const notFound = string(health.NotFound)

// UnavailableIn lists what a scrape says could not be read, and apart from it what
// is absent: there is nothing to read. Both are sorted by kind and name.
func UnavailableIn(families exporter.Families, known Errors) (unavailable, absent []Unavailable) {
	unavailable, absent = []Unavailable{}, []Unavailable{}
	for kind, f := range map[string]exporter.Family{Source: families.Of(sourceAvailable), Collector: families.Of(collectorSuccess)} {
		f.Each(func(labels []string, value float64) {
			if value != 0 {
				return
			}
			u := Unavailable{Kind: kind, Name: f.Label(labels, kind), Reason: cmp.Or(f.Label(labels, "reason"), "failed")}
			u.addError(known)
			if u.Reason == notFound {
				absent = append(absent, u)
			} else {
				unavailable = append(unavailable, u)
			}
		})
	}
	for _, list := range [][]Unavailable{unavailable, absent} {
		slices.SortFunc(list, func(a, b Unavailable) int { return strings.Compare(a.Kind+a.Name, b.Kind+b.Name) })
	}
	return unavailable, absent
}

// addError adds what the error says beside the reason.
func (u *Unavailable) addError(known Errors) {
	if u.Kind == Source {
		u.Detail = detail(known.SourceErr(u.Name))
		return
	}
	err := known.CollectorErr(u.Name)
	if source, ok := errors.AsType[*health.UnavailableError](err); ok {
		u.WaitsFor = source.State.Source
	}
	u.Detail = detail(err)
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

package report

import (
	"slices"
	"strings"

	dto "github.com/prometheus/client_model/go"

	"github.com/kubevitals/kubevitals/exporter"
	"github.com/kubevitals/kubevitals/internal/diagnosis/ruleeval"
)

// State says how a signal is.
type State string

// The states of a signal.
const (
	Ill    State = "ill"    // at least one of its alerts holds
	Unseen State = "unseen" // its collector failed
	Well   State = "well"   // its collector told something, and none of its alerts holds
	Idle   State = "idle"   // its collector had nothing to tell: there is nothing of the kind
	Off    State = "off"    // no collector of that name was asked
)

// Signal is one signal with how many of its alerts were evaluated.
type Signal struct {
	Name   string
	State  State
	Alerts int
}

// Signals says of every signal that alerts are about how it is, in the order of
// the rules. The signal whose alerts are about kubevitals itself is left out.
func Signals(families []*dto.MetricFamily, alerts []ruleeval.Alert, causes []Cause) []Signal {
	asked := successes(families)
	told := func(signal string) bool {
		return slices.ContainsFunc(families, func(f *dto.MetricFamily) bool {
			return len(f.GetMetric()) > 0 && strings.HasPrefix(f.GetName(), "kubevitals_"+signal+"_")
		})
	}
	var all []Signal
	for _, a := range alerts {
		if a.Signal == blindness {
			continue
		}
		if i := slices.IndexFunc(all, func(s Signal) bool { return s.Name == a.Signal }); i >= 0 {
			all[i].Alerts++
			continue
		}
		success, known := asked[a.Signal]
		state := Well
		switch {
		case slices.ContainsFunc(causes, func(c Cause) bool { return c.Signal == a.Signal }):
			state = Ill
		case !known:
			state = Off
		case !success:
			state = Unseen
		case !told(a.Signal):
			state = Idle
		}
		all = append(all, Signal{a.Signal, state, 1})
	}
	return all
}

// successes are the collectors that were asked, with whether they succeeded.
func successes(families []*dto.MetricFamily) map[string]bool {
	asked := map[string]bool{}
	for _, f := range families {
		if f.GetName() != collectorSuccess {
			continue
		}
		for _, m := range f.GetMetric() {
			asked[exporter.Label(m, "collector")] = m.GetGauge().GetValue() != 0
		}
	}
	return asked
}

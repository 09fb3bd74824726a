package diagnosis

import (
	"slices"
	"strings"

	"github.com/kubevitals/kubevitals/exporter"
	"github.com/kubevitals/kubevitals/internal/diagnosis/ruleeval"
)

// State says how a signal is.
type State string

// The states of a signal.
const (
	StateFiring      State = "firing"      // at least one of its alerts fires
	StateUnavailable State = "unavailable" // its collector failed
	StateOK          State = "ok"          // its collector told something, and none of its alerts fires
	StateNoData      State = "no_data"     // its collector had nothing to tell: there is nothing of the kind
	StateDisabled    State = "disabled"    // no collector of that name was asked
)

// States are all states of a signal.
func States() []State {
	return []State{StateFiring, StateUnavailable, StateOK, StateNoData, StateDisabled}
}

// Signal is one failure mode as it is at present.
type Signal struct {
	// Name of the signal, such as node_disk.
	Name string `json:"signal"`
	// State: firing if one of its alerts fires, unavailable if its collector failed,
	// no_data if the cluster has nothing of the kind, disabled if no collector of that
	// name was asked, and else ok.
	State State `json:"state"`
	// Number of selected alerts about it.
	Alerts int `json:"alerts"`
}

// signals are those that alerts are about, in the order of the rules. The signal
// whose alerts are about kubevitals itself is left out.
func signals(families exporter.Families, alerts []ruleeval.Alert, firing []FiringAlert) []Signal {
	asked := successes(families)
	told := func(signal string) bool {
		return slices.ContainsFunc(families, func(f exporter.Family) bool {
			return strings.HasPrefix(f.Desc.Name, exporter.Namespace+"_"+signal+"_")
		})
	}
	all := []Signal{}
	for _, a := range alerts {
		if a.Signal == exporterSignal {
			continue
		}
		if i := slices.IndexFunc(all, func(s Signal) bool { return s.Name == a.Signal }); i >= 0 {
			all[i].Alerts++
			continue
		}
		success, known := asked[a.Signal]
		state := StateOK
		switch {
		case slices.ContainsFunc(firing, func(f FiringAlert) bool { return f.Signal == a.Signal }):
			state = StateFiring
		case !known:
			state = StateDisabled
		case !success:
			state = StateUnavailable
		case !told(a.Signal):
			state = StateNoData
		}
		all = append(all, Signal{a.Signal, state, 1})
	}
	return all
}

// nodeSignal is the signal that nodes are ready by.
const nodeSignal = "node_readiness"

// notReady are the nodes whose condition says so, sorted, if nodes are asked about.
func (s *Selection) notReady(families exporter.Families) []string {
	nodes := []string{}
	if !slices.ContainsFunc(s.alerts, func(a ruleeval.Alert) bool { return a.Signal == nodeSignal }) {
		return nodes
	}
	f := families.Of(exporter.Namespace + "_" + nodeSignal + "_ready")
	f.Each(func(labels []string, value float64) {
		if value == 0 {
			nodes = append(nodes, f.Label(labels, "node"))
		}
	})
	slices.Sort(nodes)
	return nodes
}

// successes are the collectors that were asked, with whether they succeeded.
func successes(families exporter.Families) map[string]bool {
	asked := map[string]bool{}
	f := families.Of(collectorSuccess)
	f.Each(func(labels []string, value float64) { asked[f.Label(labels, Collector)] = value != 0 })
	return asked
}

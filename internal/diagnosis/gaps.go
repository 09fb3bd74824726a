package diagnosis

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/kubevitals/kubevitals/collectors"
	"github.com/kubevitals/kubevitals/exporter"
	"github.com/kubevitals/kubevitals/internal/diagnosis/ruleeval"
	"github.com/kubevitals/kubevitals/sources"
)

// The kinds of what a snapshot may lack: endpoints of kubelets, and files of its own.
const (
	Kubelets = "kubelet"
	File     = "file"
)

// kubeletAvailable says of each endpoint of each kubelet whether it could be read.
const kubeletAvailable = exporter.Namespace + "_kubelet_available"

// reported leaves out findings about what is not there: that is told as absent. Whoever
// looks at a cluster without having installed anything there need not hear that a
// part of the installation is missing, and that a snapshot lacks something is no
// fault of kubevitals.
func (seen Observation) reported(findings []ruleeval.Finding, absent []Unavailable) []ruleeval.Finding {
	return slices.DeleteFunc(slices.Clone(findings), func(f ruleeval.Finding) bool {
		if f.Signal != exporterSignal {
			return false
		}
		if source := f.Labels[Source]; source != "" {
			return seen.lacks(source) || every(seen.behind(f), func(u Unavailable) bool { return u.Reason == notFound })
		}
		return seen.Snapshot && slices.ContainsFunc(absent, func(u Unavailable) bool { return u.Kind == Collector && u.Name == f.Labels[Collector] })
	})
}

func (seen Observation) lacks(source string) bool { return slices.Contains(seen.NotInDump, source) }

// sortGaps makes absent what a snapshot does not hold, with the collectors that tell
// nothing for that reason.
func (seen Observation) sortGaps(r *Result) {
	if seen.Snapshot {
		unavailable := []Unavailable{}
		gone := map[string]bool{}
		for _, u := range r.Absent {
			gone[u.Name] = u.Kind == Source
		}
		for _, u := range r.Unavailable {
			switch {
			case u.Kind == Source && seen.lacks(u.Name), u.Kind == Collector && (seen.lacks(u.WaitsFor) || gone[u.WaitsFor]):
				u.Reason = notFound
				r.Absent = append(r.Absent, u)
			default:
				unavailable = append(unavailable, u)
			}
		}
		r.Unavailable = unavailable
		slices.SortStableFunc(r.Absent, func(a, b Unavailable) int { return strings.Compare(b.Kind, a.Kind) })
		r.Absent = append(seen.missingKubelets(), r.Absent...)
	}
	for _, name := range slices.Sorted(maps.Keys(seen.Unreadable)) {
		r.Unavailable = append(r.Unavailable, Unavailable{Kind: File, Name: name, Reason: "failed", Detail: detail(seen.Unreadable[name])})
	}
	for _, name := range seen.NotRecorded {
		r.Absent = append(r.Absent, Unavailable{Kind: Collector, Name: name, Reason: notFound})
	}
}

// missingKubelets are the endpoints that a snapshot lacks, with the nodes.
func (seen Observation) missingKubelets() []Unavailable {
	const most = 3
	all := []Unavailable{}
	kubelets := seen.Families.Of(kubeletAvailable)
	for _, endpoint := range []string{"configz", "metrics", "stats_summary"} {
		var missing []string
		nodes := 0
		kubelets.Each(func(labels []string, _ float64) {
			if kubelets.Label(labels, "endpoint") != endpoint {
				return
			}
			nodes++
			if kubelets.Label(labels, "reason") == notFound {
				missing = append(missing, kubelets.Label(labels, "node"))
			}
		})
		if len(missing) == 0 {
			continue
		}
		slices.Sort(missing)
		of := strings.Join(missing, ", ")
		if len(missing) == nodes {
			of = "all nodes"
		} else if len(missing) > most {
			of = fmt.Sprintf("%d of %d nodes", len(missing), nodes)
		}
		all = append(all, Unavailable{Kind: Kubelets, Name: endpoint, Reason: notFound, Detail: of})
	}
	return all
}

// unreadableKubelets are the endpoints of kubelets that cannot be read and that a
// selected signal reads, where a finding says that too many cannot, whether or not that
// finding is selected itself.
func (seen Observation) unreadableKubelets(findings []ruleeval.Finding, selection *Selection) []Unavailable {
	var unreadable []Unavailable
	for _, f := range findings {
		if selection.has(f.Alert) {
			continue
		}
		for _, u := range seen.behind(f) {
			if u.Kind == Kubelets && selection.reads(readOf(u.Name)) && !slices.Contains(unreadable, u) {
				unreadable = append(unreadable, u)
			}
		}
	}
	return unreadable
}

// reads tells whether the collector of a selected alert reads it.
func (s *Selection) reads(read sources.Read) bool {
	return slices.ContainsFunc(collectors.Catalogue(), func(d collectors.Definition) bool {
		return slices.Contains(d.Reads, read) && slices.ContainsFunc(s.alerts, func(a ruleeval.Alert) bool { return a.Signal == d.Name })
	})
}

// readsAbsent tells whether the collector of a signal reads a source that the snapshot
// does not hold.
func (r *Result) readsAbsent(signal string) bool {
	for _, d := range collectors.Catalogue() {
		if d.Name == signal {
			return r.Snapshot && slices.ContainsFunc(r.Absent, func(u Unavailable) bool {
				return u.Kind == Source && slices.Contains(d.Reads, sources.Read(u.Name))
			})
		}
	}
	return false
}

// readOf is what a collector declares that reads the endpoint.
func readOf(endpoint string) sources.Read {
	return map[string]sources.Read{
		"stats_summary": sources.KubeletStats, "configz": sources.KubeletConfig, "metrics": sources.KubeletMetrics,
	}[endpoint]
}

// steady are the names of the metrics that would be there even where all is well: those
// that always are, and those that tell what deviates while nothing is counted that does not.
func (seen Observation) steady() ruleeval.Steady {
	names := ruleeval.Steady{}
	for _, d := range collectors.Catalogue() {
		for _, m := range d.Steady {
			names[m.Name] = d.Each[m]
		}
		for m, count := range d.Counted {
			if !countsKnown(seen.Families.Of(count.Name)) {
				names[m.Name] = nil
			}
		}
	}
	return names
}

// countsKnown tells whether a count has something whose state is known.
func countsKnown(count exporter.Family) bool {
	known := false
	count.Each(func(labels []string, n float64) {
		known = known || n > 0 && !slices.Contains(labels, exporter.UnknownState)
	})
	return known
}

package diagnosis

import (
	"cmp"
	"slices"

	"github.com/kubevitals/kubevitals/exporter"
	"github.com/kubevitals/kubevitals/internal/diagnosis/ruleeval"
	"github.com/kubevitals/kubevitals/sources/health"
)

// behind lists what a finding about kubevitals itself says cannot be read: the source
// that it names, or endpoints of kubelets, once for each reason. Reasons are no labels
// of the alerts, since they change while one fires.
func (seen Observation) behind(f ruleeval.Finding) []Unavailable {
	switch {
	case f.Signal != exporterSignal:
		return nil
	case f.Labels[Source] != "":
		list := unreadable(seen.Families.Of(sourceAvailable), Source, Source)
		return slices.DeleteFunc(list, func(u Unavailable) bool { return u.Name != f.Labels[Source] })
	case slices.ContainsFunc(f.Evidence, func(e ruleeval.Evidence) bool { return e.Metric == kubeletAvailable }):
		list := unreadable(seen.Families.Of(kubeletAvailable), Kubelets, "endpoint")
		return slices.DeleteFunc(list, func(u Unavailable) bool { return seen.Snapshot && u.Reason == notFound })
	}
	return nil
}

// unreadable lists what the samples of a family say cannot be read, once for each
// name, which is the value of a label, and reason; sorted by both.
func unreadable(f exporter.Family, kind, label string) []Unavailable {
	var list []Unavailable
	seen := map[Unavailable]bool{}
	f.Each(func(labels []string, value float64) {
		u := Unavailable{Kind: kind, Name: f.Label(labels, label), Reason: f.Label(labels, "reason")}
		if value == 0 && !seen[u] {
			seen[u] = true
			list = append(list, u)
		}
	})
	slices.SortFunc(list, func(a, b Unavailable) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Reason, b.Reason))
	})
	return list
}

// explain adds to findings about what cannot be read why, and the first error behind
// it that is known. What can be read is no evidence of them.
func (seen Observation) explain(alerts []FiringAlert) {
	for _, a := range alerts {
		for i := range a.Findings {
			f := &a.Findings[i]
			if a.AboutCluster() {
				seen.quote(f)
				continue
			}
			if collector := f.Labels[Collector]; collector != "" {
				f.Detail = detail(seen.Errors.CollectorErr(collector))
			}
			for _, u := range seen.behind(*f) {
				if !slices.Contains(f.Reasons, u.Reason) {
					f.Reasons = append(f.Reasons, u.Reason)
				}
				if f.Detail == "" {
					f.Detail = detail(u.err(seen.Errors))
				}
			}
			if len(f.Reasons) > 0 {
				f.Evidence = slices.DeleteFunc(f.Evidence, func(e ruleeval.Evidence) bool { return e.Value != 0 })
			}
		}
	}
}

// err is the error behind a source or an endpoint of kubelets; nil if none is known.
func (u Unavailable) err(known Errors) error {
	if u.Kind == Source {
		return known.SourceErr(u.Name)
	}
	return known.KubeletErr(u.Name, health.Reason(u.Reason))
}

// every tells whether there is something and it is all so.
func every[T any](list []T, is func(T) bool) bool {
	return len(list) > 0 && !slices.ContainsFunc(list, func(one T) bool { return !is(one) })
}

// held are the samples that rules go by. An answer of a kubelet that a dump does not
// hold was not refused: it counts neither as read nor as one that cannot be.
func (seen Observation) held() *ruleeval.Samples {
	if !seen.Snapshot {
		return seen.Samples
	}
	return seen.Samples.Without(kubeletAvailable, "reason", notFound)
}

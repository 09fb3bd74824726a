package report

import (
	"maps"
	"slices"
	"strings"

	"github.com/kubevitals/kubevitals/internal/diagnosis"
)

// sameReason are sources and collectors that cannot be read for the same reason.
type sameReason struct {
	reason                     string
	kubelets                   map[string][]string // endpoints by nodes
	files, sources, collectors []string
	details                    []string
}

// names lists the kubelets, the files, the sources and then the collectors.
func (w words) names(s sameReason) string {
	var all []string
	for _, nodes := range slices.Sorted(maps.Keys(s.kubelets)) {
		endpoints := strings.Join(s.kubelets[nodes], w.say(", "))
		if nodes == "" {
			all = append(all, w.say("kubelets (%s)", endpoints))
			continue
		}
		all = append(all, w.say("kubelets of %s (%s)", w.nodes(nodes), endpoints))
	}
	for _, of := range []struct {
		kind  string
		names []string
	}{{diagnosis.File, s.files}, {diagnosis.Source, s.sources}, {diagnosis.Collector, s.collectors}} {
		switch len(of.names) {
		case 0:
		case 1:
			all = append(all, w.say(of.kind+" %s", of.names[0]))
		default:
			all = append(all, w.say(of.kind+"s %s", strings.Join(of.names, w.say(", "))))
		}
	}
	return strings.Join(all, w.say("; "))
}

// reason is why something cannot be read, and what.
func (w words) reason(s sameReason) string { return w.say("%s: %s", s.reason, w.names(s)) }

// add adds what cannot be read to the group.
func (s *sameReason) add(u diagnosis.Unavailable) {
	switch u.Kind {
	case diagnosis.Kubelets:
		if s.kubelets == nil {
			s.kubelets = map[string][]string{}
		}
		s.kubelets[u.Detail] = append(s.kubelets[u.Detail], u.Name)
		return
	case diagnosis.File:
		s.files = append(s.files, u.Name)
	case diagnosis.Source:
		s.sources = append(s.sources, u.Name)
	default:
		s.collectors = append(s.collectors, u.Name)
	}
	if u.Detail != "" && !slices.Contains(s.details, u.Detail) {
		s.details = append(s.details, u.Detail)
	}
}

// byReason puts together what cannot be read for the same reason. Apart from them it
// tells the collectors that only wait for one of the sources that are unavailable or
// absent.
func byReason(unavailable, absent []diagnosis.Unavailable) (groups []sameReason, waiting sameReason) {
	for _, u := range unavailable {
		needed := func(other diagnosis.Unavailable) bool {
			return other.Kind == diagnosis.Source && other.Name == u.WaitsFor
		}
		if slices.ContainsFunc(unavailable, needed) || slices.ContainsFunc(absent, needed) {
			waiting.add(u)
			continue
		}
		i := slices.IndexFunc(groups, func(g sameReason) bool { return g.reason == u.Reason })
		if i < 0 {
			i = len(groups)
			groups = append(groups, sameReason{reason: u.Reason})
		}
		groups[i].add(u)
	}
	slices.SortFunc(groups, func(a, b sameReason) int { return strings.Compare(a.reason, b.reason) })
	return groups, waiting
}

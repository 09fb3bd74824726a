package sources

import (
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubevitals/kubevitals/sources/health"
)

// listsFirst is how long kubelets that are all read at once are put off for the
// lists of objects.
const listsFirst = 15 * time.Second

// kubeletNodes are the nodes whose kubelets are read. Thousands of kubelets that
// are read at once would hold up all else, so they wait for the lists to be there.
func (s *Sources) kubeletNodes() ([]*corev1.Node, error) {
	if s.config.Kubelet.AtOnce && time.Since(s.begun) < listsFirst {
		for _, h := range s.lists {
			if state := h.State(); state.Reason == health.Starting {
				return nil, &health.UnavailableError{State: state}
			}
		}
	}
	nodes, err := listed[*corev1.Node](s, Nodes)
	if s.config.Shard.Total <= 1 {
		return nodes, err
	}
	return slices.DeleteFunc(slices.Clone(nodes), func(n *corev1.Node) bool { return !s.config.Shard.Owns(n.Name) }), err
}

// CountersStarting tells whether a source that counters are made of has not been
// read at all yet, be it well or not: one that is watched or polled, but not the
// list of all pods, which takes longest in a large cluster, or the metrics of API
// servers. While no API server answers none is waited for: nothing would come of it.
func (s *Sources) CountersStarting() bool {
	return s.watchedStarting(func(source string) bool { return source != string(Pods) }) ||
		s.apiServersWanted && !s.noAPIServer() && s.apiServers.MetricsStarting()
}

// CountAgain makes what counters are made of and is read at long intervals only be read
// now. Starting is true until it has been.
func (s *Sources) CountAgain() {
	if s.apiServersWanted {
		s.apiServers.ReadMetricsAgain()
	}
}

func (s *Sources) watchedStarting(counts func(source string) bool) bool {
	if s.noAPIServer() {
		return false
	}
	for _, state := range s.watched() {
		if state.Reason == health.Starting && counts(state.Source) {
			return true
		}
	}
	return false
}

// Starting tells the same of all sources, and of what is asked one by one, too:
// kubelets, API servers, DNS servers and members of etcd.
func (s *Sources) Starting() bool {
	return s.watchedStarting(func(string) bool { return true }) ||
		s.kubeletsWanted && !s.noAPIServer() && s.kubelets.Starting() ||
		s.apiServersWanted && !s.noAPIServer() && s.apiServers.Starting() ||
		s.dnsWanted && s.dns.Starting() ||
		s.etcdWanted && s.etcd.Starting()
}

// noAPIServer tells whether no API server answers: those that are known do not, and
// nothing could be listed or watched either. One that is only slow does not count.
func (s *Sources) noAPIServer() bool {
	return s.apiServersWanted && s.apiServers.Down() &&
		!slices.ContainsFunc(s.lists, func(h *health.Health) bool { return h.State().Reason == health.Available })
}

// Progress counts what has been read at least once, be it well or not.
type Progress struct {
	// Sources of AllSources are those that are watched or polled.
	Sources, AllSources int
	// Kubelets of AllKubelets gave or refused every answer; there are none to be read
	// before the nodes are known.
	Kubelets, AllKubelets int
}

// Progress tells how far reading has come.
func (s *Sources) Progress() Progress {
	states := s.watched()
	p := Progress{AllSources: len(states)}
	for _, state := range states {
		if state.Reason != health.Starting {
			p.Sources++
		}
	}
	if s.kubeletsWanted {
		p.Kubelets, p.AllKubelets = s.kubelets.Progress()
	}
	return p
}

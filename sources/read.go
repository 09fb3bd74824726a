package sources

import (
	"maps"
	"slices"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Read is something that is read of a cluster, by the name of its source: a list of the
// table of resources, or what is asked for one by one.
type Read string

// What is asked for one by one.
const (
	// KubeletStats, KubeletConfig, KubeletMetrics and KubeletLogs are endpoints of the
	// kubelets of all nodes.
	KubeletStats   Read = "nodes/stats"
	KubeletConfig  Read = "nodes/configz"
	KubeletMetrics Read = "nodes/metrics"
	KubeletLogs    Read = "nodes/log"
	// PodLogs are the logs of the pods of kube-system.
	PodLogs Read = "pods/log"
	// APIServers are the probes of all API servers, and APIServerMetrics their metrics.
	APIServers       Read = "apiservers"
	APIServerMetrics Read = "/metrics"
	// CachedReads are the reads of the object that is written, from the caches of API
	// servers.
	CachedReads Read = "cached_reads"
)

// probeLease is the Lease that the write probes renew.
const probeLease = "kubevitals-write-probe"

// right is what a Read needs that is no list.
type right struct {
	// namespace is where the rule holds; metav1.NamespaceAll is the whole cluster.
	namespace string
	rule      rbacv1.PolicyRule
}

func rightTo(verb, namespace, group, resource string, names ...string) right {
	return right{namespace, rbacv1.PolicyRule{
		APIGroups: []string{group}, Resources: []string{resource}, ResourceNames: names, Verbs: []string{verb},
	}}
}

// direct are the rights of what is no list. The health endpoints of API servers are
// not among them: Kubernetes lets everybody read those.
func direct(r Read) []right {
	switch r {
	case KubeletStats, KubeletConfig, KubeletMetrics, KubeletLogs:
		return []right{rightTo("get", metav1.NamespaceAll, "", string(r))}
	case PodLogs:
		return []right{rightTo("get", metav1.NamespaceSystem, "", string(r))}
	case APIServers:
		return []right{
			// A Namespace counts as an object within itself.
			rightTo("get", metav1.NamespaceSystem, "", "namespaces", metav1.NamespaceSystem),
			rightTo("patch", OwnNamespace, "coordination.k8s.io", "leases", probeLease),
		}
	case APIServerMetrics:
		return []right{{metav1.NamespaceAll, rbacv1.PolicyRule{NonResourceURLs: []string{string(r)}, Verbs: []string{"get"}}}}
	case CachedReads:
		return []right{rightTo("get", OwnNamespace, "coordination.k8s.io", "leases", probeLease)}
	}
	return nil
}

// needs are the lists by which it is found what to ask.
func (r Read) needs() []Read {
	switch r {
	case KubeletStats, KubeletConfig, KubeletMetrics, KubeletLogs:
		return []Read{Nodes}
	case PodLogs:
		return []Read{SystemPods}
	case APIServers:
		return []Read{APIServerEndpoints, SystemLeases}
	case APIServerMetrics, CachedReads:
		return []Read{APIServers, APIServerEndpoints, SystemLeases}
	}
	return nil
}

// Closure are the reads and those that they need, sorted.
func Closure(reads []Read) []Read {
	set := map[Read]bool{}
	for _, r := range reads {
		set[r] = true
		for _, needed := range r.needs() {
			set[needed] = true
		}
	}
	return slices.Sorted(maps.Keys(set))
}

// Reads are what was asked for until now, with what it needs, sorted.
func (s *Sources) Reads() []Read {
	reads := slices.AppendSeq(slices.Clone(s.asked), maps.Keys(s.stores))
	if s.kubeletsWanted {
		rights := map[string]Read{"stats_summary": KubeletStats, "configz": KubeletConfig, "metrics": KubeletMetrics}
		for _, endpoint := range s.kubelets.Wanted() {
			reads = append(reads, rights[endpoint])
		}
	}
	if s.apiServersWanted {
		reads = append(reads, APIServers)
		if s.apiServers.WantsMetrics() {
			reads = append(reads, APIServerMetrics)
		}
	}
	return Closure(reads)
}

// Rights are the rules that the reads need, by the namespace in which each holds:
// metav1.NamespaceAll is the whole cluster. What is not known has none.
func (t Table) Rights(reads []Read) map[string][]rbacv1.PolicyRule {
	rules := map[string][]rbacv1.PolicyRule{}
	for _, read := range Closure(reads) {
		rights := direct(read)
		if r, l, ok := t.Find(read); ok {
			rights = append(rights, r.right(l))
		}
		for _, each := range rights {
			rules[each.namespace] = append(rules[each.namespace], each.rule)
		}
	}
	return rules
}

// right is what reading a list needs.
func (r Resource) right(l List) right {
	verbs := []string{"list", "watch"}
	if l.Polled {
		verbs = []string{"list"}
	}
	return right{r.Widest(l).Namespace, rbacv1.PolicyRule{APIGroups: []string{r.Group}, Resources: []string{r.Plural}, Verbs: verbs}}
}

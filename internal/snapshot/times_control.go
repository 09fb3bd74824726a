package snapshot

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevitals/kubevitals/sources"
)

// The kinds of writers of a control plane whose times are told apart, beside the leaders,
// which go by the names of their Leases.
const (
	apiServer         = "kube-apiserver"
	scheduler         = "kube-scheduler"
	controllerManager = "kube-controller-manager"
)

// sawControl takes the times that the control plane wrote in one object, by writer.
func (t *times) sawControl(kept sources.Kept) {
	if m, err := meta.Accessor(kept.Object); err == nil {
		put(&t.control, apiServer, m.GetCreationTimestamp().Time)
	}
	switch o := kept.Object.(type) {
	case *coordinationv1.Lease:
		if o.Namespace == metav1.NamespaceSystem && o.Spec.RenewTime != nil {
			put(&t.control, o.Name, o.Spec.RenewTime.Time)
		}
	case *corev1.Pod:
		if o.Spec.NodeName == "" {
			put(&t.control, scheduler, judged(o))
		}
	case *corev1.Event:
		last := o.LastTimestamp.Time
		if s := o.Series; s != nil && s.LastObservedTime.After(last) {
			last = s.LastObservedTime.Time
		}
		if writer := writerOf(cmp.Or(o.Source.Component, o.ReportingController)); writer != "" && o.Source.Host == "" {
			put(&t.control, writer, last)
		}
	}
}

// judged is when a scheduler last changed its mind about a pod; zero if it has none.
func judged(p *corev1.Pod) time.Time {
	for _, c := range p.Status.Conditions {
		if c.Type == corev1.PodScheduled {
			return c.LastTransitionTime.Time
		}
	}
	return time.Time{}
}

// writerOf is the process that the component of an event is a part of; empty for those
// that may run on any node.
func writerOf(component string) string {
	switch {
	case component == "default-scheduler":
		return scheduler
	case slices.Contains([]string{"node-controller", "replicaset-controller", "deployment-controller", "daemonset-controller", "statefulset-controller",
		"job-controller", "cronjob-controller", "horizontal-pod-autoscaler", "taint-eviction-controller", "persistentvolume-controller"}, component):
		return controllerManager
	}
	return ""
}

// agreed is the newest time that two kinds of writers of the control plane agree on; zero
// without one, and where nodes that live say otherwise: their kubelets write all the time,
// and so it is the clock of the control plane that is ahead of theirs.
func (t *times) agreed(ahead map[string]time.Duration) time.Time {
	at := pair(slices.Collect(maps.Values(t.control)))
	var alive []time.Time
	for node := range t.heard {
		if !t.silent[node] {
			alive = append(alive, t.written[node].Add(-ahead[node]))
		}
	}
	if nodes := pair(alive); !nodes.IsZero() && at.Sub(nodes) > believed {
		return time.Time{}
	}
	return at
}

// pair is the newest of the times that another one is near to; zero if there is none.
func pair(all []time.Time) time.Time {
	slices.SortFunc(all, func(a, b time.Time) int { return b.Compare(a) })
	for i := 0; i+1 < len(all); i++ {
		if all[i].Sub(all[i+1]) <= believed {
			return all[i]
		}
	}
	return time.Time{}
}

// proven bounds what is waited for by any alert: what has lasted as long by the times in a
// dump has lasted, whatever the time of the dump is.
const proven = time.Hour

// undated returns an error if nothing in the dump is written all the time, so that its
// latest time may be long before it was taken, and a pod waits that may have waited long.
func (t *times) undated(s *Snapshot) error {
	if t.regular || s.TakenFrom == FromManifest || s.TakenFrom == FromTimestamp {
		return nil
	}
	var waiting []string
	for _, obj := range s.Objects {
		if p, ok := obj.(*corev1.Pod); ok {
			if since, waits := waitsSince(p); waits && s.Taken.Sub(since) < proven {
				waiting = append(waiting, p.Namespace+"/"+p.Name)
			}
		}
	}
	if len(waiting) == 0 {
		return nil
	}
	const most = 3
	return fmt.Errorf("%s: nothing in it is written all the time, as Leases and heartbeats are, so that it may have been taken long after %s, and how long pods have waited cannot be told: %d (%s)",
		s.Path, s.Taken.UTC().Format(time.RFC3339), len(waiting), strings.Join(waiting[:min(most, len(waiting))], ", "))
}

// waitsSince tells whether a pod waits for a node, its start or its end, and since when.
func waitsSince(p *corev1.Pod) (time.Time, bool) {
	if p.DeletionTimestamp != nil {
		return p.DeletionTimestamp.Time, true
	}
	for _, c := range p.Status.Conditions {
		if c.Type == corev1.PodScheduled && c.Reason == corev1.PodReasonSchedulingGated {
			return time.Time{}, false // as its owner wants it
		}
	}
	since := p.CreationTimestamp.Time
	if at := judged(p); at.After(since) {
		since = at
	}
	return since, p.Status.Phase == corev1.PodPending
}

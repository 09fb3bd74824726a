package main

import (
	"fmt"
	"io"
	"sync"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevitals/kubevitals/internal/fakecluster"
)

// fault is something that is wrong with the cluster on purpose, and by which
// alert and label a look at it must name it.
type fault struct {
	alert, label, value string
}

// plant makes a few things of the cluster ill, and returns what must be found.
// The kubelet of the last node is dead; all others answer.
func (f fleet) plant(s *fakecluster.Spec, now time.Time) []fault {
	full, dead, unready := nodeName(f.nodes/2), nodeName(f.nodes-1), nodeName(f.nodes/3)
	long := now.Add(-time.Hour)
	for i, obj := range s.Objects {
		switch o := obj.(type) {
		case *coordinationv1.Lease:
			if o.Name == dead {
				// Overdue, and not yet for so long that the node would have been marked: a node
				// that still counts as ready after that has a clock that is behind.
				o.Spec.RenewTime = new(metav1.NewMicroTime(now.Add(-41 * time.Second)))
			}
		case *corev1.Node:
			switch o.Name {
			case unready:
				s.Objects[i] = notReady(o, long)
			case dead: // or it would be its Lease alone that is late
				s.Objects[i] = posted(o, now.Add(-time.Minute))
			}
		}
	}
	held := f.pod(f.pods, now)
	held.DeletionTimestamp, held.Finalizers = new(metav1.NewTime(long)), []string{"example.com/wait"}
	held.Status.Phase, held.Status.ContainerStatuses = corev1.PodSucceeded, nil // or it would be its kubelet that holds it
	// What is read to see whether API servers reach etcd is there.
	system := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: metav1.NamespaceSystem, UID: "kube-system"}}
	s.Objects = append(s.Objects, held, system)
	s.APIServers[0].FailingReadyz = []string{"etcd-readiness"}
	healthy := s.Kubelet
	s.Kubelet = func(node string) fakecluster.Kubelet {
		k := healthy(node)
		switch node {
		case full:
			k.Summary = fullDisk
		case dead:
			k.Fault = fakecluster.Dead
		}
		return k
	}
	return []fault{
		{"KubeVitalsNodeDiskHeadroomLow", "node", full},
		{"KubeVitalsNodeLeaseStale", "node", dead},
		{"KubeVitalsNodeNotReady", "node", unready},
		{"KubeVitalsAPIServerCheckFailing", "check", "etcd-readiness"},
		{"KubeVitalsAutoscalingWithoutMetrics", "namespace", fleet{}.namespace(0)},
		{"KubeVitalsPodsHeldByFinalizer", "cluster", "kubernetes"},
	}
}

func notReady(n *corev1.Node, since time.Time) *corev1.Node {
	n = n.DeepCopy()
	for i := range n.Status.Conditions {
		if c := &n.Status.Conditions[i]; c.Type == corev1.NodeReady {
			c.Status, c.Reason = corev1.ConditionFalse, "KubeletNotReady"
			c.Message, c.LastTransitionTime = "container runtime is down", metav1.NewTime(since)
		}
	}
	return n
}

// posted is a node whose kubelet posted its status last at such a time.
func posted(n *corev1.Node, at time.Time) *corev1.Node {
	n = n.DeepCopy()
	for i := range n.Status.Conditions {
		n.Status.Conditions[i].LastHeartbeatTime = metav1.NewTime(at)
	}
	return n
}

// fullDisk is the summary of a kubelet that is about to evict pods: it begins at
// 10 %.
func fullDisk(w io.Writer, r fakecluster.Request) error {
	disk := ofNow(`{"time":"NOW","availableBytes":11811160064,"capacityBytes":107374182400,"usedBytes":95563022336,"inodesFree":6029312,"inodes":6553600,"inodesUsed":524288}`)
	_, err := fmt.Fprintf(w, `{"node":{"nodeName":%q,"fs":%s,"runtime":{"imageFs":%s,"containerFs":%s}},"pods":[]}`, r.Name, disk, disk, disk)
	return err
}

// reads counts the kubelets that were read, by endpoint. It is safe for
// concurrent use.
type reads struct {
	mu    sync.Mutex
	nodes map[string]map[string]bool
}

// of makes kubelets count who has been given a whole answer.
func (r *reads) of(kubelets func(string) fakecluster.Kubelet) func(string) fakecluster.Kubelet {
	counted := func(endpoint string, body fakecluster.Body) fakecluster.Body {
		return func(w io.Writer, q fakecluster.Request) error {
			err := body(w, q)
			if err == nil {
				r.note(endpoint, q.Name)
			}
			return err
		}
	}
	return func(node string) fakecluster.Kubelet {
		k := kubelets(node)
		k.Summary, k.Configz, k.Metrics = counted("/stats/summary", k.Summary), counted("/configz", k.Configz), counted("/metrics", k.Metrics)
		return k
	}
}

func (r *reads) note(endpoint, node string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.nodes == nil {
		r.nodes = map[string]map[string]bool{}
	}
	if r.nodes[endpoint] == nil {
		r.nodes[endpoint] = map[string]bool{}
	}
	r.nodes[endpoint][node] = true
}

// count is the number of kubelets that gave an answer at the endpoint.
func (r *reads) count(endpoint string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.nodes[endpoint])
}

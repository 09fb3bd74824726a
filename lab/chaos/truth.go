package chaos

import (
	"context"
	"fmt"
	"maps"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	coordinationclient "k8s.io/client-go/kubernetes/typed/coordination/v1"
)

type leaseClient = coordinationclient.LeaseInterface

// facts are what can be told of the objects of a trial.
type facts struct {
	// ready says of each node whether it is ready.
	ready map[string]bool
	// pending is the number of pods that are Pending, by node; no number is 0.
	pending map[string]int
}

// read asks an API server directly for what is true now.
func (w *world) read(ctx context.Context, client kubernetes.Interface) (facts, error) {
	f := facts{ready: map[string]bool{}, pending: map[string]int{}}
	selected := metav1.ListOptions{LabelSelector: w.selector()}
	nodes, err := client.CoreV1().Nodes().List(ctx, selected)
	if err != nil {
		return f, fmt.Errorf("truth about nodes: %w", err)
	}
	for _, node := range nodes.Items {
		f.ready[node.Name] = false
		for _, c := range node.Status.Conditions {
			if c.Type == corev1.NodeReady {
				f.ready[node.Name] = c.Status == corev1.ConditionTrue
			}
		}
	}
	pods, err := client.CoreV1().Pods(namespace).List(ctx, selected)
	if err != nil {
		return f, fmt.Errorf("truth about pods: %w", err)
	}
	for _, pod := range pods.Items {
		if pod.Status.Phase == corev1.PodPending {
			f.pending[pod.Spec.NodeName]++
		}
	}
	return f, nil
}

// Verdict is what one scrape comes to for one kind of object.
type Verdict string

// The verdicts.
const (
	Right Verdict = "right"
	// Told means that the program says that it is blind, or says nothing.
	Told Verdict = "told"
	// Stale means that something false is served as if it were known.
	Stale Verdict = "stale"
)

// reading is what one scrape says of the objects of a trial.
type reading struct {
	facts
	// blindNodes and blindPods are whether the program itself says so.
	blindNodes, blindPods bool
	// reasons are those for which it is blind.
	reasons    map[string]bool
	goroutines int
}

// judge compares what was served with what was true before and after: what
// changed in between may be either.
func judge(r reading, truths ...facts) (nodes, pods Verdict) {
	nodes, pods = Stale, Stale
	for _, t := range truths {
		if maps.Equal(r.ready, t.ready) {
			nodes = Right
		}
		if maps.Equal(r.pending, t.pending) {
			pods = Right
		}
	}
	if r.blindNodes {
		nodes = Told
	}
	if r.blindPods {
		pods = Told
	}
	return nodes, pods
}

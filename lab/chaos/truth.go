package chaos

import (
	"context"
	"fmt"
	"maps"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	coordinationclient "k8s.io/client-go/kubernetes/typed/coordination/v1"
)

type leaseClient = coordinationclient.LeaseInterface

// Topic is what a trial compares.
type Topic string

// The topics.
const (
	Nodes Topic = "nodes" // whether each is ready: 0 or 1
	Pods  Topic = "pods"  // the number of those that are Pending, by node
	Disk  Topic = "disk"  // the bytes left on the node's file system, by node
	Size  Topic = "size"  // the bytes that a member of etcd has in use
	Names Topic = "names" // whether a DNS server answers: 0 or 1
)

// facts are what can be told of the objects of a trial: a number by topic and node.
type facts map[Topic]map[string]int64

// read asks an API server directly for what is true now.
func (w *world) read(ctx context.Context) (facts, error) {
	w.mu.Lock()
	client := w.truth
	w.mu.Unlock()
	f := facts{Nodes: {}, Pods: {}}
	selected := metav1.ListOptions{LabelSelector: w.selector()}
	nodes, err := client.CoreV1().Nodes().List(ctx, selected)
	if err != nil {
		return f, fmt.Errorf("truth about nodes: %w", err)
	}
	for _, node := range nodes.Items {
		f[Nodes][node.Name] = 0
		for _, c := range node.Status.Conditions {
			if c.Type == corev1.NodeReady && c.Status == corev1.ConditionTrue {
				f[Nodes][node.Name] = 1
			}
		}
	}
	pods, err := client.CoreV1().Pods(namespace).List(ctx, selected)
	if err != nil {
		return f, fmt.Errorf("truth about pods: %w", err)
	}
	for _, pod := range pods.Items {
		if pod.Status.Phase == corev1.PodPending {
			f[Pods][pod.Spec.NodeName]++
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
	// blind is of which topics the program itself says that it sees nothing.
	blind map[Topic]bool
	// reasons are those for which it is blind, by topic.
	reasons    map[Topic]map[string]bool
	goroutines int
}

// judge compares what was served with what was true before and after, topic by
// topic: what changed in between may be either.
func judge(r reading, truths ...facts) map[Topic]Verdict {
	verdicts := map[Topic]Verdict{}
	for _, truth := range truths {
		for topic, want := range truth {
			switch {
			case r.blind[topic]:
				verdicts[topic] = Told
			case maps.Equal(r.facts[topic], want):
				verdicts[topic] = Right
			case verdicts[topic] == "":
				verdicts[topic] = Stale
			}
		}
	}
	return verdicts
}

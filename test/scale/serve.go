package main

import (
	"context"
	"fmt"
	"io"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevitals/kubevitals/internal/fakecluster"
)

// serve keeps the fleet and kubevitals on it until it is told to end, for a Prometheus
// that scrapes it. Some nodes are not ready, of a few causes in turn.
func serve(ctx context.Context, s settings, stdout, stderr io.Writer) error {
	now := time.Now()
	spec := s.fleet.spec(now)
	if s.ill > 0 {
		s.fleet.plant(spec, now)
		s.fleet.strike(spec, s.ill, now)
	}
	return onCluster(ctx, s, spec, stderr, func(ctx context.Context, _ *fakecluster.Cluster, p *process, _ time.Time) error {
		if _, err := fmt.Fprintf(stdout, "kubevitals serves %s\n", p.url); err != nil {
			return fmt.Errorf("say where kubevitals serves: %w", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-p.ended:
			return fmt.Errorf("kubevitals ended: %s", p.command.ProcessState)
		}
	})
}

// outages are what struck nodes say, each of another cause; one without a message is
// silent, and its kubelet is dead.
func outages() []string {
	return []string{
		"",
		"container runtime is down",
		"PLEG is not healthy: pleg was last seen active 6m12s ago; threshold is 3m0s",
		"container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:Network plugin returns error: cni plugin not initialized",
		"",
	}
}

// strike makes that many nodes, the first ones, not ready for an hour.
func (f fleet) strike(s *fakecluster.Spec, ill int, now time.Time) {
	long := now.Add(-time.Hour)
	struck := map[string]string{}
	for i := range min(ill, f.nodes) {
		struck[nodeName(i)] = outages()[i%len(outages())]
	}
	for i, obj := range s.Objects {
		switch o := obj.(type) {
		case *coordinationv1.Lease:
			if message, ok := struck[o.Name]; ok && message == "" {
				o.Spec.RenewTime = new(metav1.NewMicroTime(long))
			}
		case *corev1.Node:
			message, ok := struck[o.Name]
			switch {
			case !ok:
			case message == "":
				s.Objects[i] = silent(posted(o, long), long)
			default:
				s.Objects[i] = saying(notReady(o, long), message)
			}
		}
	}
	healthy := s.Kubelet
	s.Kubelet = func(node string) fakecluster.Kubelet {
		k := healthy(node)
		if message, ok := struck[node]; ok && message == "" {
			k.Fault = fakecluster.Dead
		}
		return k
	}
}

// silent is a node of which the control plane has not heard since.
func silent(n *corev1.Node, since time.Time) *corev1.Node {
	for i := range n.Status.Conditions {
		c := &n.Status.Conditions[i]
		c.Status, c.Reason, c.Message = corev1.ConditionUnknown, "NodeStatusUnknown", "Kubelet stopped posting node status."
		c.LastTransitionTime = metav1.NewTime(since)
	}
	return n
}

func saying(n *corev1.Node, message string) *corev1.Node {
	for i := range n.Status.Conditions {
		if c := &n.Status.Conditions[i]; c.Type == corev1.NodeReady {
			c.Message = message
		}
	}
	return n
}

package cluster

import (
	"context"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

// nodeAddresses does what a cloud provider's node controller does: it tells new
// nodes their address, which here is loopback, and lets pods onto them.
type nodeAddresses struct {
	cancel context.CancelFunc
	done   chan struct{}
}

const uninitialized = "node.cloudprovider.kubernetes.io/uninitialized"

// followNodes goes on until stop; ctx is that of the start and must not end it.
func followNodes(ctx context.Context, client kubernetes.Interface) *nodeAddresses {
	ctx, cancel := context.WithCancel(ctx)
	n := &nodeAddresses{cancel: cancel, done: make(chan struct{})}
	go func() {
		defer close(n.done)
		for ctx.Err() == nil {
			initialize(ctx, client)
			select {
			case <-ctx.Done():
			case <-time.After(200 * time.Millisecond):
			}
		}
	}()
	return n
}

func (n *nodeAddresses) stop() {
	n.cancel()
	<-n.done
}

// initialize is called again and again, so it leaves errors to the next turn.
func initialize(ctx context.Context, client kubernetes.Interface) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	list, err := client.CoreV1().Nodes().List(ctx, metav1.ListOptions{ResourceVersion: "0"})
	if err != nil {
		return
	}
	for _, node := range list.Items {
		tainted := func(t corev1.Taint) bool { return t.Key == uninitialized }
		if !slices.ContainsFunc(node.Spec.Taints, tainted) {
			continue
		}
		node.Status.Addresses = []corev1.NodeAddress{
			{Type: corev1.NodeInternalIP, Address: "127.0.0.1"},
			{Type: corev1.NodeHostName, Address: node.Name},
		}
		updated, err := client.CoreV1().Nodes().UpdateStatus(ctx, &node, metav1.UpdateOptions{})
		if err != nil {
			continue
		}
		updated.Spec.Taints = slices.DeleteFunc(updated.Spec.Taints, tainted)
		_, _ = client.CoreV1().Nodes().Update(ctx, updated, metav1.UpdateOptions{})
	}
}

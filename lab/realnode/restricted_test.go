//go:build linux

package realnode

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/kubevitals/kubevitals/lab/cluster"
	"github.com/kubevitals/kubevitals/lab/manifests"
)

// nodeAgents is the name of the agents on nodes, and of their DaemonSet.
const nodeAgents = "kubevitals-node"

// restrictedAgents puts the agents with fewer privileges in place of those on the nodes, and
// verifies that they have no more than is said of them, and lose no more than two
// collectors by it.
func (l *lab) restrictedAgents(t *testing.T) {
	objects, err := manifests.Shipped("../../deploy", t.TempDir(), "node", "node-restricted", "connectivity")
	if err != nil {
		t.Fatal(err)
	}
	objects = slices.DeleteFunc(objects, func(o *unstructured.Unstructured) bool {
		return o.GetKind() != "DaemonSet" || o.GetName() != nodeAgents
	})
	if len(objects) != 1 {
		t.Fatalf("%d DaemonSets %s", len(objects), nodeAgents)
	}
	if err := manifests.Remove(t.Context(), l.RESTConfig(), objects...); err != nil {
		t.Fatal(err)
	}
	l.waitReady(t, nodeAgents, 0)
	if err := manifests.Apply(t.Context(), l.RESTConfig(), objects...); err != nil {
		t.Fatal(err)
	}
	l.waitReady(t, nodeAgents, len(l.place.nodes))
	pods, err := l.Client().CoreV1().Pods(ownNamespace).List(t.Context(), metav1.ListOptions{
		LabelSelector: "app.kubernetes.io/name=" + nodeAgents, FieldSelector: "spec.nodeName=" + l.node.Name,
	})
	if err != nil || len(pods.Items) != 1 {
		t.Fatalf("%d agents on %s, %v", len(pods.Items), l.node.Name, err)
	}
	pod := &pods.Items[0]
	if err := l.inForce(t.Context(), pod, &pod.Spec.Containers[0], pod.Status.ContainerStatuses[0].ContainerID); err != nil {
		t.Error(err)
	}
	families, err := l.scrapeAgent(t.Context(), nodeAgents)
	if err != nil {
		t.Fatal(err)
	}
	off := switchedOff(t, objects[0])
	wantCollectors(t, families, leastCollectors-len(off))
	l.wantTold(t, families, off...)
}

// waitReady waits until there are so many pods of that name, and all are ready.
func (l *lab) waitReady(t *testing.T, name string, number int) {
	t.Helper()
	err := cluster.Eventually(t.Context(), waitForPods, func(ctx context.Context) error {
		pods, err := l.Client().CoreV1().Pods(ownNamespace).List(ctx, metav1.ListOptions{LabelSelector: "app.kubernetes.io/name=" + name})
		if err != nil {
			return err
		}
		if len(pods.Items) != number {
			return fmt.Errorf("%d pods of %s, want %d", len(pods.Items), name, number)
		}
		for i := range pods.Items {
			if err := podReady(&pods.Items[i]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// switchedOff are the collectors that the arguments of a DaemonSet switch off.
func switchedOff(t *testing.T, object *unstructured.Unstructured) []string {
	t.Helper()
	var set appsv1.DaemonSet
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, &set); err != nil {
		t.Fatal(err)
	}
	var off []string
	for _, arg := range set.Spec.Template.Spec.Containers[0].Args {
		if name, ok := strings.CutPrefix(arg, "--no-collector."); ok {
			off = append(off, name)
		}
	}
	if len(off) != 2 {
		t.Errorf("off are %q, want two", off)
	}
	return off
}

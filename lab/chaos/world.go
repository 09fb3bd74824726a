package chaos

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
)

const (
	// namespace holds the pods of all trials.
	namespace = "chaos"
	// trialLabel is borne by what a trial makes.
	trialLabel = "chaos.kubevitals/trial"
	// leaseSeconds is for how long a renewal is good; renewals come much more often.
	leaseSeconds = 40
)

// world is the part of the cluster that belongs to one trial: nodes without
// kubelets, so that nothing sets back what is changed, and pods that stay Pending
// on them.
type world struct {
	client kubernetes.Interface
	trial  string
	pods   atomic.Int64

	mu    sync.Mutex
	truth kubernetes.Interface // the API server that is asked for what is true
}

func newWorld(client kubernetes.Interface, trial string) *world {
	return &world{client: client, trial: trial, truth: client}
}

// believe asks another API server for what is true from now on.
func (w *world) believe(client kubernetes.Interface) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.truth = client
}

// prefix is that of the names of the nodes of the trial, and of no other.
func (w *world) prefix() string { return w.trial + ".chaos." }

func (w *world) node(role string) string { return w.prefix() + role }
func (w *world) labels() map[string]string {
	return map[string]string{trialLabel: w.trial}
}

// The nodes of a trial, by what is to become of them.
const (
	steady = "steady" // takes pods, and becomes not ready later
	sick   = "sick"   // becomes not ready
	gone   = "gone"   // is deleted
	fresh  = "fresh"  // comes to be
)

func (w *world) build(ctx context.Context) error {
	for _, role := range []string{steady, sick, gone} {
		if err := w.addNode(ctx, role); err != nil {
			return err
		}
	}
	return w.addPod(ctx)
}

// addNode makes a ready node and the Lease of the kubelet that it does not have.
func (w *world) addNode(ctx context.Context, role string) error {
	name := w.node(role)
	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: w.labels()}}
	if _, err := w.client.CoreV1().Nodes().Create(ctx, node, metav1.CreateOptions{}); err != nil {
		return fmt.Errorf("node %s: %w", name, err)
	}
	seconds := int32(leaseSeconds)
	lease := &coordinationv1.Lease{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: w.labels()},
		Spec:       coordinationv1.LeaseSpec{HolderIdentity: &name, LeaseDurationSeconds: &seconds, RenewTime: &metav1.MicroTime{Time: time.Now()}},
	}
	if _, err := w.leases().Create(ctx, lease, metav1.CreateOptions{}); err != nil {
		return fmt.Errorf("lease %s: %w", name, err)
	}
	return w.setReady(ctx, role, corev1.ConditionTrue)
}

func (w *world) setReady(ctx context.Context, role string, status corev1.ConditionStatus) error {
	patch := fmt.Sprintf(`{"status":{"conditions":[{"type":"Ready","status":%q,"reason":"Chaos","message":"set by a trial","lastHeartbeatTime":%[2]q,"lastTransitionTime":%[2]q}]}}`,
		status, time.Now().UTC().Format(time.RFC3339))
	_, err := w.client.CoreV1().Nodes().Patch(ctx, w.node(role), types.StrategicMergePatchType, []byte(patch), metav1.PatchOptions{}, "status")
	if err != nil {
		return fmt.Errorf("status of node %s: %w", w.node(role), err)
	}
	return nil
}

// leadTo gives a node the address of a kubelet.
func (w *world) leadTo(ctx context.Context, role string, port int) error {
	patch := fmt.Sprintf(`{"status":{"addresses":[{"type":"InternalIP","address":"127.0.0.1"}],"daemonEndpoints":{"kubeletEndpoint":{"Port":%d}}}}`, port)
	_, err := w.client.CoreV1().Nodes().Patch(ctx, w.node(role), types.StrategicMergePatchType, []byte(patch), metav1.PatchOptions{}, "status")
	if err != nil {
		return fmt.Errorf("address of node %s: %w", w.node(role), err)
	}
	return nil
}

// addPod makes a pod on a node that has no kubelet to start it.
func (w *world) addPod(ctx context.Context) error {
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("%s-%d", w.trial, w.pods.Add(1)), Labels: w.labels()},
		Spec: corev1.PodSpec{
			NodeName:    w.node(steady),
			Containers:  []corev1.Container{{Name: "waits", Image: "none"}},
			Tolerations: []corev1.Toleration{{Operator: corev1.TolerationOpExists}},
		},
	}
	if _, err := w.client.CoreV1().Pods(namespace).Create(ctx, pod, metav1.CreateOptions{}); err != nil {
		return fmt.Errorf("pod of %s: %w", w.trial, err)
	}
	return nil
}

func (w *world) deleteNode(ctx context.Context, role string) error {
	if err := w.client.CoreV1().Nodes().Delete(ctx, w.node(role), metav1.DeleteOptions{}); err != nil {
		return fmt.Errorf("delete node %s: %w", w.node(role), err)
	}
	return nil
}

// change does what is to be seen: a node becomes not ready, one is deleted, one
// comes, and a pod waits.
func (w *world) change(ctx context.Context) error {
	return errors.Join(
		w.setReady(ctx, sick, corev1.ConditionFalse),
		w.deleteNode(ctx, gone),
		w.addNode(ctx, fresh),
		w.addPod(ctx),
	)
}

// changeAgain lets another node become not ready and one come back, and one more
// pod waits.
func (w *world) changeAgain(ctx context.Context) error {
	return errors.Join(
		w.setReady(ctx, steady, corev1.ConditionFalse),
		w.setReady(ctx, sick, corev1.ConditionTrue),
		w.addPod(ctx),
	)
}

// advance takes the versions of the cluster well ahead of an API server that starts on
// an older etcd, and writes some of its own then: whose versions are higher could not
// tell the two apart otherwise. Real restores go back by hours.
func (w *world) advance(ctx context.Context) error {
	const writes = 300
	for i := range writes {
		patch := fmt.Sprintf(`{"metadata":{"annotations":{"%s":"%d"}}}`, trialLabel, i)
		if _, err := w.client.CoreV1().Nodes().Patch(ctx, w.node(steady), types.MergePatchType, []byte(patch), metav1.PatchOptions{}); err != nil {
			return fmt.Errorf("annotation of node %s: %w", w.node(steady), err)
		}
	}
	return nil
}

// keep renews the Leases, so that the controller manager does not mark the nodes, until ctx ends.
func (w *world) keep(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(leaseSeconds / 5 * time.Second):
		}
		list, err := w.leases().List(ctx, metav1.ListOptions{LabelSelector: w.selector()})
		if err != nil {
			continue // the next turn may do better
		}
		for _, lease := range list.Items {
			lease.Spec.RenewTime = &metav1.MicroTime{Time: time.Now()}
			_, _ = w.leases().Update(ctx, &lease, metav1.UpdateOptions{})
		}
	}
}

// remove deletes what belongs to the trial.
func (w *world) remove(ctx context.Context) error {
	options, selected := metav1.DeleteOptions{GracePeriodSeconds: new(int64)}, metav1.ListOptions{LabelSelector: w.selector()}
	err := errors.Join(
		w.client.CoreV1().Pods(namespace).DeleteCollection(ctx, options, selected),
		w.client.CoreV1().Nodes().DeleteCollection(ctx, options, selected),
		w.leases().DeleteCollection(ctx, options, selected),
	)
	if apierrors.IsNotFound(err) {
		return nil
	}
	return err
}

func (w *world) leases() leaseClient {
	return w.client.CoordinationV1().Leases(corev1.NamespaceNodeLease)
}

func (w *world) selector() string { return trialLabel + "=" + w.trial }

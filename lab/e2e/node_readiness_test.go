package e2e

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevitals/kubevitals/lab/cluster"
	"github.com/kubevitals/kubevitals/lab/faults"
)

// nodeIsNotReady fails unless the node is not ready for exactly the given cause.
func nodeIsNotReady(s samples, node, cause string) error {
	if err := s.want(0, "node_readiness_ready", "node", node); err != nil {
		return err
	}
	if err := s.want(1, "node_readiness_not_ready", "node", node, "cause", cause); err != nil {
		return fmt.Errorf("%w; causes: %v", err, s["kubevitals_node_readiness_not_ready"])
	}
	if n := len(s.all("node_readiness_not_ready", "node", node)); n != 1 {
		return fmt.Errorf("node %s has %d causes", node, n)
	}
	return nil
}

// nodeIsReady fails unless the node is ready, without a cause, and its Lease fresh.
func nodeIsReady(s samples, node string) error {
	if err := s.want(1, "node_readiness_ready", "node", node); err != nil {
		return err
	}
	if n := len(s.all("node_readiness_not_ready", "node", node)); n != 0 {
		return fmt.Errorf("node %s is ready and has %d causes", node, n)
	}
	if age, overdue := nodeLeaseAge(s, node); overdue || age > 60 {
		return fmt.Errorf("the Lease of %s is %v s old", node, age)
	}
	return nil
}

// nodeLeaseAge returns the age of the node's Lease in seconds, and whether it is overdue.
func nodeLeaseAge(s samples, node string) (age float64, overdue bool) {
	return float64(time.Now().UnixMilli())/1000 - s.sum("node_readiness_lease_renew_timestamp_seconds", "node", node),
		s.sum("node_readiness_lease_overdue", "node", node) == 1
}

// nodeIsBack waits until the node is as all other tests expect it.
func nodeIsBack(t *testing.T, node string) {
	t.Helper()
	shared.vitals.eventually(t, 2*time.Minute, func(s samples) error {
		if err := nodeIsReady(s, node); err != nil {
			return err
		}
		return s.want(1, "kubelet_available", "node", node, "endpoint", "configz", "reason", "available")
	})
}

// silenceKubelet makes a kubelet silent and follows what kubevitals says of its node:
// first that its Lease is overdue while it counts as ready, then the cause.
func silenceKubelet(t *testing.T, node, why string) {
	t.Helper()
	// The Lease is good for 40 s and the controller manager waits 50 s.
	shared.vitals.eventually(t, 75*time.Second, func(s samples) error {
		if err := s.want(1, "node_readiness_ready", "node", node); err != nil {
			return fmt.Errorf("the overdue Lease was not seen before the node was marked: %w", err)
		}
		if age, overdue := nodeLeaseAge(s, node); !overdue {
			return fmt.Errorf("the Lease is %.0f s old, and not overdue", age)
		}
		return nil
	})
	began := time.Now()
	stale := firing{"KubeVitalsNodeLeaseStale", "node", node}
	// The node is not marked while it is looked at, however slow this machine is.
	whilePaused(t, shared.Process(cluster.ControllerManager), func() {
		shared.vitals.wantHolding(t, 0, stale)
		shared.vitals.wantFound(t, 0, stale)
	})
	shared.vitals.eventually(t, 2*time.Minute, func(s samples) error {
		revive(t.Context(), t) // if it lost its Lease all the same
		return nodeIsNotReady(s, node, why)
	})
	shared.vitals.wantAlert(t, 11*time.Minute, "KubeVitalsNodeNotReady", "node", node)
	t.Logf("the overdue Lease was seen %v before the cause", time.Since(began).Round(time.Second))
}

func whilePaused(t *testing.T, p *cluster.Process, do func()) {
	t.Helper()
	if err := p.Pause(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := p.Resume(); err != nil {
			t.Error(err)
		}
	}()
	do()
}

func TestNodeReadinessKubeletDies(t *testing.T) {
	kubelet := shared.Kubelets()[2]
	nodeIsBack(t, kubelet.Name)
	killed := time.Now()
	kubelet.Process.Kill()
	defer restartKubelet(t, kubelet)
	silenceKubelet(t, kubelet.Name, "kubelet_dead")
	s, err := shared.vitals.scrape(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if since := s.sum("node_readiness_transition_timestamp_seconds", "node", kubelet.Name); since < float64(killed.Unix()) {
		t.Errorf("not ready since %v, and killed at %v", since, killed.Unix())
	}
	for _, other := range shared.Kubelets()[:2] {
		if err := nodeIsReady(s, other.Name); err != nil {
			t.Error(err)
		}
	}
	// What a cloud controller manager says of a machine that is off.
	shutdown := corev1.Taint{Key: "node.cloudprovider.kubernetes.io/shutdown", Effect: corev1.TaintEffectNoSchedule}
	if err := faults.ChangeTaints(t.Context(), shared.Client(), kubelet.Name, func(taints []corev1.Taint) []corev1.Taint { return append(taints, shutdown) }); err != nil {
		t.Fatal(err)
	}
	shared.vitals.eventually(t, time.Minute, func(s samples) error { return nodeIsNotReady(s, kubelet.Name, "machine_gone") })
	shared.vitals.wantAlert(t, 61*time.Minute, "KubeVitalsNodeMachineGone", "node", kubelet.Name)
	if err := faults.ChangeTaints(t.Context(), shared.Client(), kubelet.Name, func(taints []corev1.Taint) []corev1.Taint {
		return slices.DeleteFunc(taints, func(taint corev1.Taint) bool { return taint.Key == shutdown.Key })
	}); err != nil {
		t.Fatal(err)
	}
	shared.vitals.eventually(t, time.Minute, func(s samples) error { return nodeIsNotReady(s, kubelet.Name, "kubelet_dead") })
}

// TestNodeReadinessKubeletIsCutOff lets the API server refuse the heartbeats of
// a kubelet that is well, as it does when a certificate has expired.
func TestNodeReadinessKubeletIsCutOff(t *testing.T) {
	kubelet := shared.Kubelets()[2]
	nodeIsBack(t, kubelet.Name)
	policies := shared.Client().AdmissionregistrationV1().ValidatingAdmissionPolicies()
	bindings := shared.Client().AdmissionregistrationV1().ValidatingAdmissionPolicyBindings()
	const name = "refuse-heartbeats"
	rule := func(group, resource string) admissionv1.NamedRuleWithOperations {
		return admissionv1.NamedRuleWithOperations{RuleWithOperations: admissionv1.RuleWithOperations{
			Operations: []admissionv1.OperationType{admissionv1.Create, admissionv1.Update},
			Rule:       admissionv1.Rule{APIGroups: []string{group}, APIVersions: []string{"v1"}, Resources: []string{resource}},
		}}
	}
	fail := admissionv1.Fail
	policy := &admissionv1.ValidatingAdmissionPolicy{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: admissionv1.ValidatingAdmissionPolicySpec{
		FailurePolicy: &fail,
		MatchConstraints: &admissionv1.MatchResources{ResourceRules: []admissionv1.NamedRuleWithOperations{
			rule("coordination.k8s.io", "leases"), rule("", "nodes/status"),
		}},
		Validations: []admissionv1.Validation{{Expression: fmt.Sprintf("request.userInfo.username != 'system:node:%s'", kubelet.Name)}},
	}}
	if _, err := policies.Create(t.Context(), policy, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := policies.Delete(t.Context(), name, metav1.DeleteOptions{}); err != nil {
			t.Error(err)
		}
		if err := bindings.Delete(t.Context(), name, metav1.DeleteOptions{}); err != nil {
			t.Error(err)
		}
		nodeIsBack(t, kubelet.Name)
	}()
	binding := &admissionv1.ValidatingAdmissionPolicyBinding{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: admissionv1.ValidatingAdmissionPolicyBindingSpec{
		PolicyName: name, ValidationActions: []admissionv1.ValidationAction{admissionv1.Deny},
	}}
	if _, err := bindings.Create(t.Context(), binding, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	silenceKubelet(t, kubelet.Name, "kubelet_cut_off")
}

// restartKubelet brings a kubelet back and waits until all is as before.
func restartKubelet(t *testing.T, k *cluster.Kubelet) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	if err := k.Process.Start(ctx); err != nil {
		t.Error(err)
		return
	}
	// Until now its node counts as ready only because it was not marked otherwise.
	if err := cluster.Eventually(ctx, time.Minute, func(ctx context.Context) error {
		_, err := shared.ReadKubelet(ctx, k, "/configz")
		return err
	}); err != nil {
		t.Error(err)
		return
	}
	nodeIsBack(t, k.Name)
}

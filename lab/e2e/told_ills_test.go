package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubevitals/kubevitals/lab/cluster"
	"github.com/kubevitals/kubevitals/lab/faults"
	"github.com/kubevitals/kubevitals/lab/hollow"
)

// TestToldAlone makes a lab ill in one way after the other, of those that the guide does not
// know.
func TestToldAlone(t *testing.T) {
	l, sick := sickLab(t)
	ofLab := func(name string) func(*testing.T) func(context.Context) error { return injected(sick, name) }
	last := l.Kubelets()[2]
	for _, i := range []ill{
		{
			name: "webhook without endpoints", alert: firing{"KubeVitalsPodsRefusedByWebhook", "webhook", "inject.example.com"},
			says: []string{"its Service does not exist", "ReplicaSet hooked/web", "mutating configuration hooked, and its Service hooked/gone"}, begin: ofLab("webhook-gone"),
		},
		{
			name: "quota", alert: firing{"KubeVitalsPodsNotCreated", "namespace", "used-up", "cause", "quota"},
			says: []string{"ReplicaSet used-up/web"}, begin: func(t *testing.T) func(context.Context) error { return l.useUp(t, sick) },
		},
		{
			name: "Pod Security", alert: firing{"KubeVitalsPodsNotCreated", "namespace", "restricted", "cause", "pod_security"},
			says: []string{"ReplicaSet restricted/web"}, begin: ofLab("pod-security"),
		},
		{
			name: "static pod", alert: firing{"KubeVitalsAddonCrashLooping", "addon", "kube-scheduler"},
			says: []string{"Completed", "They crash on " + last.Name}, begin: func(t *testing.T) func(context.Context) error { return crashStaticPod(t, last) },
		},
		{
			name: "node-local DNS", alert: firing{"KubeVitalsAddonCrashLooping", "addon", "node-local-dns"},
			says: []string{"Completed", "They crash on " + last.Name}, begin: func(t *testing.T) func(context.Context) error { return l.crashNodeLocalDNS(t, last) },
		},
		{
			name: "APIService without Service, and a namespace", alert: firing{"KubeVitalsAggregatedAPIUnavailable", "backend", "default/gone"}, stays: 2 * time.Minute,
			says: []string{"Service default/gone does not exist", "cannot end meanwhile: held-by-an-api"}, begin: func(t *testing.T) func(context.Context) error { return l.holdByAPI(t, sick) },
		},
		{
			name: "namespace with a finalizer", alert: firing{"KubeVitalsNamespaceStuckTerminating", "namespace", "held"}, stays: 16 * time.Minute,
			says: []string{"something in it has a finalizer"}, begin: ofLab("namespace-held"),
		},
		{
			name: "MemoryPressure", alert: firing{"KubeVitalsNodeMemoryPressure", "node", last.Name},
			begin: func(t *testing.T) func(context.Context) error { return l.press(t, last) },
		},
		{
			name: "NetworkUnavailable", alert: firing{"KubeVitalsNodeNetworkUnavailable", "node", last.Name}, stays: 6 * time.Minute,
			says: []string{"NoRouteCreated"}, begin: ofLab("node-network-unavailable"),
		},
		{
			name: "start-up taint", alert: firing{"KubeVitalsNodeStartupTaint", "node", last.Name, "taint", "node.cilium.io/agent-not-ready"}, stays: 11 * time.Minute,
			says: []string{"Cilium takes away"}, begin: ofLab("node-startup-taint"),
		},
		{
			name: "requests refused", alert: firing{"KubeVitalsAPIServerRejecting", "priority_level", "greedy"}, rate: true,
			says: []string{"of the flow schemas greedy"}, first: "PRIORITY_LEVEL='greedy'",
			begin: func(t *testing.T) func(context.Context) error { return l.overload(t, sick) },
		},
	} {
		t.Run(i.name, func(t *testing.T) { l.suffer(t, i) })
	}
	t.Run("client certificate", func(t *testing.T) { l.expire(t, last) })
	t.Run("flapping readiness", func(t *testing.T) {
		if kernel, err := os.Open("/dev/kmsg"); err != nil {
			t.Skipf("kubelets send no events here: %v", err)
		} else {
			_ = kernel.Close()
		}
		l.suffer(t, ill{
			alert: firing{"KubeVitalsNodeFlapping", "node", last.Name}, remembered: true,
			begin: func(t *testing.T) func(context.Context) error { return l.flap(t, last) },
		})
	})
}

// useUp lets a quota refuse the pod of a ReplicaSet. It is over when the quota has gone and
// the pod was made, though events go on to tell of the refusals.
func (l *lab) useUp(t *testing.T, sick *faults.Lab) func(context.Context) error {
	t.Helper()
	const namespace = "used-up"
	remove := injected(sick, "quota")(t)
	t.Cleanup(func() {
		if err := remove(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return func(ctx context.Context) error {
		quotas, sets := l.Client().CoreV1().ResourceQuotas(namespace), l.Client().AppsV1().ReplicaSets(namespace)
		if err := quotas.DeleteCollection(ctx, metav1.DeleteOptions{}, metav1.ListOptions{}); err != nil {
			return err
		}
		// The controller tries again by itself after twice the time, or when the set changes. The
		// API server may remember the quota for some seconds.
		var touched time.Time
		return cluster.Eventually(ctx, time.Minute, func(ctx context.Context) error {
			if time.Since(touched) > 3*time.Second {
				touched = time.Now()
				touch := fmt.Appendf(nil, `{"metadata":{"annotations":{"touched":"%d"}}}`, touched.Unix())
				if _, err := sets.Patch(ctx, "web", types.MergePatchType, touch, metav1.PatchOptions{}); err != nil {
					return err
				}
			}
			set, err := sets.Get(ctx, "web", metav1.GetOptions{})
			if err == nil && set.Status.Replicas == 0 {
				err = errors.New("the ReplicaSet has no pod yet")
			}
			return err
		})
	}
}

// overload lets one client ask for too much, and returns when the API server says of its
// priority level what rules read by these names.
func (l *lab) overload(t *testing.T, sick *faults.Lab) func(context.Context) error {
	t.Helper()
	end := injected(sick, "apiserver-overloaded")(t)
	err := cluster.Eventually(t.Context(), time.Minute, func(ctx context.Context) error {
		text, err := l.Client().Discovery().RESTClient().Get().AbsPath("/metrics").DoRaw(ctx)
		if err != nil {
			return err
		}
		for _, start := range []string{
			`apiserver_flowcontrol_rejected_requests_total{flow_schema="greedy",priority_level="greedy",reason="`,
			`apiserver_flowcontrol_request_wait_duration_seconds_bucket{execute="true",flow_schema="greedy",priority_level="greedy",le="`,
		} {
			if !bytes.Contains(text, []byte("\n"+start)) {
				return fmt.Errorf("no %s", start)
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	return end
}

// injected makes the lab ill by the fault of that name.
func injected(sick *faults.Lab, name string) func(*testing.T) func(context.Context) error {
	return func(t *testing.T) func(context.Context) error {
		t.Helper()
		chosen, err := faults.Select(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := sick.Inject(t.Context(), chosen[0]); err != nil {
			t.Fatal(err)
		}
		return func(ctx context.Context) error { return sick.Heal(ctx, name) }
	}
}

// crashing is a pod of kube-system whose container ends as soon as it has started.
func crashing(name, label, value string) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: metav1.NamespaceSystem, Labels: map[string]string{label: value}},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: value, Image: "registry.example/" + hollow.ExitImage}}},
	}
}

// crashStaticPod lets a kubelet run a static pod that says it is a scheduler, beside the one
// of the lab, which holds the Lease.
func crashStaticPod(t *testing.T, k *cluster.Kubelet) func(context.Context) error {
	t.Helper()
	remove, err := k.RunStaticPod(crashing("kube-scheduler", "component", "kube-scheduler"))
	if err != nil {
		t.Fatal(err)
	}
	return func(context.Context) error { return remove() }
}

func (l *lab) crashNodeLocalDNS(t *testing.T, k *cluster.Kubelet) func(context.Context) error {
	t.Helper()
	p, no := crashing("node-local-dns-x7k2p", "k8s-app", "node-local-dns"), false
	p.Spec.NodeName, p.Spec.AutomountServiceAccountToken = k.Name, &no
	pods := l.Client().CoreV1().Pods(p.Namespace)
	if _, err := pods.Create(t.Context(), p, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	return func(ctx context.Context) error {
		now := int64(0)
		return pods.Delete(ctx, p.Name, metav1.DeleteOptions{GracePeriodSeconds: &now})
	}
}

// holdByAPI registers an API without a Service and deletes a namespace, which cannot end
// before it is known what there is of the API in it.
func (l *lab) holdByAPI(t *testing.T, sick *faults.Lab) func(context.Context) error {
	t.Helper()
	const namespace = "held-by-an-api"
	namespaces := l.Client().CoreV1().Namespaces()
	if _, err := namespaces.Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	end := injected(sick, "aggregated-api-gone")(t)
	// The controller manager has to have asked what there is, and have been told that it
	// cannot be known; before, it would delete the namespace.
	err := cluster.Eventually(t.Context(), time.Minute, func(context.Context) error {
		if _, err := l.Client().Discovery().ServerPreferredResources(); err == nil {
			return errors.New("discovery does not fail")
		}
		return nil
	})
	if err == nil {
		err = namespaces.Delete(t.Context(), namespace, metav1.DeleteOptions{})
	}
	if err != nil {
		t.Error(err)
	}
	return end
}

// press leaves so little of the memory of a node that its kubelet evicts pods. It is over
// when the kubelet says so, which it waits with in order not to say something else each time.
func (l *lab) press(t *testing.T, k *cluster.Kubelet) func(context.Context) error {
	t.Helper()
	free, err := k.FillMemory(hollow.MemoryBytes - 50<<20)
	if err != nil {
		t.Fatal(err)
	}
	return func(ctx context.Context) error {
		if err := free(); err != nil {
			return err
		}
		return cluster.Eventually(ctx, 90*time.Second, func(ctx context.Context) error {
			node, err := l.Client().CoreV1().Nodes().Get(ctx, k.Name, metav1.GetOptions{})
			if err != nil {
				return err
			}
			for _, c := range node.Status.Conditions {
				if c.Type == corev1.NodeMemoryPressure && c.Status == corev1.ConditionTrue {
					return errors.New("the kubelet still says that the node is short of memory")
				}
			}
			return nil
		})
	}
}

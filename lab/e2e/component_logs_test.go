package e2e

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevitals/kubevitals/lab/hollow"
)

// TestComponentLogs lets cluster DNS crash and say why, and reads the log through
// the API server and the kubelet with the rights of the component.
func TestComponentLogs(t *testing.T) {
	selector, template := addonTemplate("kube-dns", "registry.example/"+hollow.ExitImage)
	template.Annotations = map[string]string{hollow.SaysAnnotation: "all is well\n" +
		`[ERROR] plugin/errors: 2 example.com. A: read udp 10.1.0.5:52840->10.0.0.2:53: i/o timeout`}
	deployments := shared.Client().AppsV1().Deployments(metav1.NamespaceSystem)
	_, err := deployments.Create(t.Context(), &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: "talking-dns"},
		Spec:       appsv1.DeploymentSpec{Selector: selector, Template: template},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = deployments.Delete(context.Background(), "talking-dns", metav1.DeleteOptions{})
	})
	kubeconfig, err := shared.ServiceAccountKubeconfig(t.Context(), "kubevitals", "kubevitals")
	if err != nil {
		t.Fatal(err)
	}
	start := func(name string) *vitals {
		v, err := startVitals(t.Context(), name, shared.LogDir(), kubeconfig,
			"--kubelet.ca-file="+shared.KubeletCAFile(), "--collector.disable-defaults", "--collector.component_logs", "--collector.component_logs.interval=2s")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(v.stop)
		return v
	}
	// The base gives no right to read logs, and kubevitals says so.
	v := start("logs-denied")
	v.eventually(t, 2*time.Minute, func(s samples) error {
		return s.want(0, "source_available", "source", "component_logs", "reason", "forbidden")
	})
	wantUnavailable(t, v, "component_logs", "forbidden")
	kubelet := shared.Kubelets()[2]
	if err := kubelet.WriteJournal(time.Now().UTC().Format("Jan _2 15:04:05.000000") + " node-2 kubelet[7]: E1101 " +
		"skipping pod synchronization - [PLEG is not healthy: pleg was last seen active 3m5s ago; threshold is 3m0s]\n"); err != nil {
		t.Fatal(err)
	}
	for _, o := range buildWith(t, "component-logs") {
		if o.GetName() == "kubevitals-logs" {
			if err := shared.apply(t.Context(), o); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if err := shared.remove(context.WithoutCancel(t.Context()), o); err != nil {
					t.Error(err)
				}
			})
		}
	}
	v.eventually(t, 2*time.Minute, func(s samples) error {
		seen := s.all("component_logs_signature_seen_timestamp_seconds", "component", "dns", "signature", "dns_forward_timeout")
		if len(seen) != 1 || time.Since(time.Unix(int64(seen[0]), 0)) > 10*time.Minute {
			return fmt.Errorf("seen %v", seen)
		}
		if len(s.all("component_logs_signature_seen_timestamp_seconds")) != 1 {
			return errors.New("something else was seen, too")
		}
		return s.want(1, "source_available", "source", "component_logs")
	})
	v.wantAlert(t, 0, "KubeVitalsComponentLogKnownCause", "component", "dns", "signature", "dns_forward_timeout")

	// The log of a kubelet that has just started is read, too.
	kubelet.Process.Kill()
	restartKubelet(t, kubelet)
	v.eventually(t, time.Minute, func(s samples) error {
		seen := s.all("component_logs_node_signature_seen_timestamp_seconds", "node", kubelet.Name, "component", "kubelet", "signature", "pleg_unhealthy")
		if len(seen) != 1 || time.Since(time.Unix(int64(seen[0]), 0)) > 10*time.Minute {
			return fmt.Errorf("seen %v", seen)
		}
		return s.want(1, "source_available", "source", "node_logs")
	})
	v.wantAlert(t, 0, "KubeVitalsNodeLogKnownCause", "node", kubelet.Name, "signature", "pleg_unhealthy")
}

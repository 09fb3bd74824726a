package e2e

import (
	"context"
	"errors"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubevitals/kubevitals/lab/hollow"
)

func addonTemplate(app, image string) (*metav1.LabelSelector, corev1.PodTemplateSpec) {
	labels := map[string]string{"k8s-app": app}
	return &metav1.LabelSelector{MatchLabels: labels}, corev1.PodTemplateSpec{
		ObjectMeta: metav1.ObjectMeta{Labels: labels},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "server", Image: image}}},
	}
}

// TestAddonHealth gives cluster DNS an image that ends at once, and then one
// that runs.
func TestAddonHealth(t *testing.T) {
	deployments := shared.Client().AppsV1().Deployments(metav1.NamespaceSystem)
	selector, template := addonTemplate("kube-dns", "registry.example/"+hollow.ExitImage)
	_, err := deployments.Create(t.Context(), &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: "coredns"},
		Spec:       appsv1.DeploymentSpec{Selector: selector, Template: template},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = deployments.Delete(context.Background(), "coredns", metav1.DeleteOptions{})
	})
	shared.vitals.eventually(t, 2*time.Minute, func(s samples) error {
		return errors.Join(
			s.want(1, "addon_health_desired_pods", "addon", "dns"),
			s.want(1, "addon_health_crash_loop_pods", "addon", "dns", "reason", "Completed", "exit", "success"),
			s.want(1, "addon_health_pods", "addon", "dns", "state", "crash_loop"),
			s.want(0, "addon_health_pods", "addon", "dns", "state", "ready"),
		)
	})
	shared.vitals.wantAlert(t, 0, "KubeVitalsAddonDown", "addon", "dns")
	patch := []byte(`{"spec":{"strategy":{"rollingUpdate":{"maxUnavailable":"100%"}},"template":{"spec":{"containers":[{"name":"server","image":"registry.example/runs"}]}}}}`)
	if _, err := deployments.Patch(t.Context(), "coredns", types.StrategicMergePatchType, patch, metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
	shared.vitals.eventually(t, 2*time.Minute, func(s samples) error {
		if len(s.all("addon_health_crash_loop_pods")) > 0 || len(s.all("addon_health_not_ready_pods")) > 0 {
			return errors.New("some pod is not ready yet")
		}
		return errors.Join(
			s.want(1, "addon_health_ready_pods", "addon", "dns"),
			s.want(1, "addon_health_pods", "addon", "dns", "state", "ready"),
			s.want(0, "addon_health_pods", "addon", "dns", "state", "crash_loop"),
		)
	})
}

// TestAddonHealthOfADaemonSet names the nodes on which kube-proxy crashes.
func TestAddonHealthOfADaemonSet(t *testing.T) {
	daemonSets := shared.Client().AppsV1().DaemonSets(metav1.NamespaceSystem)
	selector, template := addonTemplate("kube-proxy", "registry.example/"+hollow.ExitImage)
	_, err := daemonSets.Create(t.Context(), &appsv1.DaemonSet{
		ObjectMeta: metav1.ObjectMeta{Name: "kube-proxy"},
		Spec:       appsv1.DaemonSetSpec{Selector: selector, Template: template},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = daemonSets.Delete(context.Background(), "kube-proxy", metav1.DeleteOptions{})
	})
	// One after the other: between its crashes each pod counts as ready.
	for _, k := range shared.Kubelets() {
		shared.vitals.eventually(t, 2*time.Minute, func(s samples) error {
			return errors.Join(
				s.want(3, "addon_health_desired_pods", "addon", "kube-proxy"),
				s.want(1, "addon_health_not_ready_pods", "addon", "kube-proxy", "node", k.Name),
			)
		})
	}
	shared.vitals.eventually(t, 2*time.Minute, func(s samples) error {
		if s.sum("addon_health_crash_loop_pods", "addon", "kube-proxy", "reason", "Completed") < 1 {
			return errors.New("nothing crashes")
		}
		return s.want(0, "addon_health_ready_pods", "addon", "kube-proxy")
	})
	shared.vitals.wantAlert(t, 0, "KubeVitalsAddonDown", "addon", "kube-proxy")
}

package e2e

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevitals/kubevitals/lab/cluster"
	"github.com/kubevitals/kubevitals/lab/faults"
)

// makeAutoscaler makes a Deployment and an autoscaler of that name, which looks at
// the CPU of its pods. They are deleted when the test ends.
func makeAutoscaler(t *testing.T, namespace, name string) (labels map[string]string) {
	t.Helper()
	remove, err := faults.MakeAutoscaler(t.Context(), shared.Client(), namespace, name, "200m", "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := remove(ctx); err != nil {
			t.Errorf("remove the autoscaler %s: %v", name, err)
		}
	})
	return map[string]string{"run": name}
}

// TestAutoscaling is the guide's case: an autoscaler without a metrics API, and
// then with one.
func TestAutoscaling(t *testing.T) {
	const namespace, name = "default", "php-apache"
	ctx := t.Context()
	labels := makeAutoscaler(t, namespace, name)
	labelsOf := []string{"namespace", namespace, "horizontalpodautoscaler", name}
	unavailable := func(s samples) error {
		if err := s.want(0, "metrics_api_registered", "api", "resource"); err != nil {
			return err
		}
		return s.want(0, "autoscaling_metrics_available", append(labelsOf, "reason", "FailedGetResourceMetric")...)
	}
	shared.vitals.eventually(t, time.Minute, unavailable)
	shared.vitals.wantAlert(t, 0, "KubeVitalsAutoscalingMetricsAPINotRegistered")

	api, err := shared.ServeMetricsAPI(ctx, cluster.PodMetrics{
		Namespace: namespace, Labels: labels, CPU: "100m",
		Nodes: []string{shared.Kubelets()[0].Name, shared.Kubelets()[1].Name, "deleted"},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer api.Close()
	shared.vitals.eventually(t, 2*time.Minute, func(s samples) error {
		if err := s.want(1, "metrics_api_available", "api", "resource", "reason", "Passed"); err != nil {
			return err
		}
		if err := errors.Join(
			s.want(1, "metrics_api_node_missing", "node", shared.Kubelets()[2].Name),
			s.want(1, "metrics_api_nodes", "figures", "none"),
			s.want(float64(len(shared.Kubelets())-1), "metrics_api_nodes", "figures", "some"),
		); err != nil {
			return err
		}
		if n := len(s.all("autoscaling_metric_available", labelsOf...)); n > 0 || s.sum("autoscaling_autoscalers") == 0 {
			return fmt.Errorf("%d metrics that cannot be read, and %g autoscalers", n, s.sum("autoscaling_autoscalers"))
		}
		return s.want(1, "autoscaling_metrics_available", append(labelsOf, "reason", "ValidMetricFound")...)
	})

	shared.vitals.wantAlert(t, 0, "KubeVitalsMetricsAPINodeMissing", "node", shared.Kubelets()[2].Name)

	// Registered, but no server answers.
	api.Close()
	shared.vitals.eventually(t, 2*time.Minute, func(s samples) error {
		if err := s.want(1, "metrics_api_registered", "api", "resource"); err != nil {
			return err
		}
		if n := len(s.all("metrics_api_nodes")); n > 0 {
			return fmt.Errorf("tells of the figures of nodes (%d series) though no server answers", n)
		}
		return s.want(0, "metrics_api_available", "api", "resource", "reason", "FailedDiscoveryCheck")
	})
	shared.vitals.wantAlert(t, 0, "KubeVitalsAutoscalingMetricsAPIUnavailable")
	if err := api.Unregister(ctx); err != nil {
		t.Fatal(err)
	}
	shared.vitals.eventually(t, 2*time.Minute, unavailable)
}

// TestAutoscalingCulprit makes a pod that the selector of a Deployment catches, and that
// requests nothing: its autoscaler stops, and the pod is named.
func TestAutoscalingCulprit(t *testing.T) {
	const namespace, name, stray = "default", "with-stray", "debug"
	labels := makeAutoscaler(t, namespace, name)
	p := pod(shared.Kubelets()[0].Name, stray, corev1.PodSpec{Containers: []corev1.Container{{}}})
	p.Namespace, p.Labels = namespace, labels
	pods := shared.Client().CoreV1().Pods(namespace)
	if _, err := pods.Create(t.Context(), p, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	now := int64(0)
	remove := func(ctx context.Context) error {
		return pods.Delete(ctx, stray, metav1.DeleteOptions{GracePeriodSeconds: &now})
	}
	defer func() { _ = remove(context.Background()) }()
	api, err := shared.ServeMetricsAPI(t.Context(), cluster.PodMetrics{
		Namespace: namespace, Labels: labels, CPU: "100m", Nodes: []string{shared.Kubelets()[0].Name, shared.Kubelets()[1].Name, shared.Kubelets()[2].Name},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		api.Close()
		if err := api.Unregister(context.Background()); err != nil {
			t.Error(err)
		}
	}()
	labelsOf := []string{"namespace", namespace, "horizontalpodautoscaler", name}
	shared.vitals.eventually(t, 2*time.Minute, func(s samples) error {
		return errors.Join(
			s.want(0, "autoscaling_metrics_available", append(labelsOf, "cause", "no_requests")...),
			s.want(1, "autoscaling_culprit", append(labelsOf, "resource", "cpu", "container", "c0", "pod", stray, "of_target", "no")...),
		)
	})
	shared.vitals.wantAlert(t, 0, "KubeVitalsAutoscalingMisconfigured", labelsOf...)
	if err := remove(t.Context()); err != nil {
		t.Fatal(err)
	}
	shared.vitals.eventually(t, time.Minute, func(s samples) error {
		if n := len(s.all("autoscaling_culprit", labelsOf...)); n > 0 {
			return errors.New("the pod is gone, and still blamed")
		}
		return s.want(1, "autoscaling_metrics_available", append(labelsOf, "reason", "ValidMetricFound")...)
	})
}

package e2e

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevitals/kubevitals/lab/cluster"
)

// makeAutoscaler makes a Deployment and an autoscaler of that name, which looks at
// the CPU of its pods. They are deleted when the test ends.
func makeAutoscaler(t *testing.T, namespace, name string) (labels map[string]string) {
	t.Helper()
	ctx := t.Context()
	one, target := int32(1), int32(50)
	labels = map[string]string{"run": name}
	no := false
	deployment := &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: namespace},
		Spec: appsv1.DeploymentSpec{
			Replicas: &one, Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels},
				Spec: corev1.PodSpec{AutomountServiceAccountToken: &no, Containers: []corev1.Container{{
					Name: name, Image: "lab",
					Resources: corev1.ResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("200m")}},
				}}},
			},
		},
	}
	hpa := &autoscalingv2.HorizontalPodAutoscaler{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: namespace},
		Spec: autoscalingv2.HorizontalPodAutoscalerSpec{
			ScaleTargetRef: autoscalingv2.CrossVersionObjectReference{APIVersion: "apps/v1", Kind: "Deployment", Name: name},
			MinReplicas:    &one, MaxReplicas: 10,
			Metrics: []autoscalingv2.MetricSpec{{Type: autoscalingv2.ResourceMetricSourceType, Resource: &autoscalingv2.ResourceMetricSource{
				Name:   corev1.ResourceCPU,
				Target: autoscalingv2.MetricTarget{Type: autoscalingv2.UtilizationMetricType, AverageUtilization: &target},
			}}},
		},
	}
	deployments, hpas := shared.Client().AppsV1().Deployments(namespace), shared.Client().AutoscalingV2().HorizontalPodAutoscalers(namespace)
	if _, err := deployments.Create(ctx, deployment, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := hpas.Create(ctx, hpa, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := errors.Join(hpas.Delete(ctx, name, metav1.DeleteOptions{}), deployments.Delete(ctx, name, metav1.DeleteOptions{})); err != nil {
			t.Errorf("remove the autoscaler %s: %v", name, err)
		}
	})
	return labels
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
	shared.vitals.wantAlert(t, 0, "KubeVitalsAutoscalingMetricsAPIMissing")

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

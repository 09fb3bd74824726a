package faults

import (
	"context"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"

	"github.com/kubevitals/kubevitals/lab/cluster"
	"github.com/kubevitals/kubevitals/lab/hollow"
)

func autoscaling() []Fault {
	return []Fault{
		{
			Name: "metrics-api-missing", What: "the resource metrics API is not registered, and an autoscaler needs it",
			Alert: "KubeVitalsAutoscalingMetricsAPINotRegistered", Labels: map[string]string{"api": "resource"},
			Sign: Sign{Metric: "metrics_api_registered", Labels: map[string]string{"api": "resource"}, Value: 0}, inject: unregisterMetrics,
		},
		{
			Name: "metrics-api-down", What: "the resource metrics API is registered and no server answers, and an autoscaler needs it",
			Alert: "KubeVitalsAutoscalingMetricsAPIUnavailable", Labels: map[string]string{"api": "resource"},
			Sign: Sign{Metric: "metrics_api_available", Labels: map[string]string{"api": "resource"}, Value: 0}, inject: endMetrics,
		},
		{
			Name: "autoscaler-without-requests", What: "an autoscaler looks at the CPU of pods that request none",
			Alert: "KubeVitalsAutoscalingMisconfigured", Labels: map[string]string{"horizontalpodautoscaler": "unrequested"},
			Sign: Sign{Metric: "autoscaling_metrics_available", Labels: map[string]string{"horizontalpodautoscaler": "unrequested"}, Value: 0},
			inject: func(ctx context.Context, l *Lab) (healing, error) {
				return MakeAutoscaler(ctx, l.Client(), metav1.NamespaceDefault, "unrequested", "", zoneA)
			},
		},
	}
}

func dns() []Fault {
	down := Sign{Metric: "dns_probe_servers", Labels: map[string]string{"probe": "cluster", "result": "unreachable"}, Value: 1}
	hung := Sign{Metric: "dns_probe_servers", Labels: map[string]string{"probe": "cluster", "result": "timeout"}, Value: 1}
	return []Fault{
		{
			Name: "coredns-crashing", What: "the containers of cluster DNS end as soon as they have started",
			Alert: "KubeVitalsAddonDown", Labels: map[string]string{"addon": "dns"}, inject: crashAddon,
		},
		{Name: "coredns-killed", What: "the only DNS server ends and is not started again", Alert: "KubeVitalsDNSDown", Sign: down, inject: ofDNS(killDNS)},
		{Name: "coredns-hung", What: "the only DNS server is stopped (SIGSTOP)", Alert: "KubeVitalsDNSDown", Sign: hung, inject: ofDNS(hangDNS)},
		{
			Name: "dns-upstream-silent", What: "what cluster DNS forwards to is stopped (SIGSTOP)",
			Alert: "KubeVitalsDNSForwardingFailing", inject: ofDNS(func(l *Lab) (healing, error) { return hang(l.Upstream.Process) }),
		},
	}
}

// serveMetrics registers and serves the resource metrics API, with figures of all.
func (l *Lab) serveMetrics(ctx context.Context) (err error) {
	l.metricsAPI, err = l.ServeMetricsAPI(ctx, cluster.PodMetrics{CPU: "100m", Nodes: l.nodeNames()})
	return err
}

func endMetrics(_ context.Context, l *Lab) (healing, error) {
	l.metricsAPI.Close()
	return func(ctx context.Context) error {
		if err := l.metricsAPI.Unregister(ctx); err != nil {
			return err
		}
		return l.serveMetrics(ctx)
	}, nil
}

func unregisterMetrics(ctx context.Context, l *Lab) (healing, error) {
	return func(ctx context.Context) error {
		l.metricsAPI.Close()
		return l.serveMetrics(ctx)
	}, l.metricsAPI.Unregister(ctx)
}

// makeAutoscaler makes one that is content if its pods request twice what they use, which
// the metrics API says is 100m.
func (l *Lab) makeAutoscaler(ctx context.Context, name, requests string) error {
	_, err := MakeAutoscaler(ctx, l.Client(), metav1.NamespaceDefault, name, requests, zoneA)
	return err
}

// MakeAutoscaler makes a Deployment and an autoscaler of that name, which looks at the CPU
// of its pods, and returns what deletes them. The pods request that much CPU, or none, and
// are in that zone, or anywhere: what strikes nodes must not be what the autoscaler tells.
func MakeAutoscaler(ctx context.Context, client kubernetes.Interface, namespace, name, requests, zone string) (func(context.Context) error, error) {
	one, target := int32(1), int32(50)
	spec := podSpec(func(p *corev1.PodSpec) {
		if requests != "" {
			p.Containers[0].Resources.Requests = corev1.ResourceList{corev1.ResourceCPU: resource.MustParse(requests)}
		}
		if zone != "" {
			p.NodeSelector = map[string]string{corev1.LabelTopologyZone: zone}
		}
	})
	var made undo
	deployments, hpas := client.AppsV1().Deployments(namespace), client.AutoscalingV2().HorizontalPodAutoscalers(namespace)
	_, err := deployments.Create(ctx, deployment(name, one, spec), metav1.CreateOptions{})
	made.add(name, err, deployments.Delete)
	_, err = hpas.Create(ctx, &autoscalingv2.HorizontalPodAutoscaler{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: autoscalingv2.HorizontalPodAutoscalerSpec{
			ScaleTargetRef: autoscalingv2.CrossVersionObjectReference{APIVersion: "apps/v1", Kind: "Deployment", Name: name},
			MinReplicas:    &one, MaxReplicas: 10,
			Metrics: []autoscalingv2.MetricSpec{{Type: autoscalingv2.ResourceMetricSourceType, Resource: &autoscalingv2.ResourceMetricSource{
				Name:   corev1.ResourceCPU,
				Target: autoscalingv2.MetricTarget{Type: autoscalingv2.UtilizationMetricType, AverageUtilization: &target},
			}}},
		},
	}, metav1.CreateOptions{})
	made.add(name, err, hpas.Delete)
	return made.remove, made.failed(ctx)
}

// MakeDeployment makes one of that many pods, which run for ever and ask for nothing.
func MakeDeployment(ctx context.Context, client kubernetes.Interface, namespace, name string, pods int32) error {
	if _, err := client.AppsV1().Deployments(namespace).Create(ctx, deployment(name, pods, podSpec(nil)), metav1.CreateOptions{}); err != nil {
		return fmt.Errorf("deployment %s: %w", name, err)
	}
	return nil
}

func deployment(name string, pods int32, spec corev1.PodSpec) *appsv1.Deployment {
	labels := map[string]string{"run": name}
	return &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: appsv1.DeploymentSpec{
			Replicas: &pods, Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: spec},
		},
	}
}

// crashAddon gives cluster DNS an image that ends at once, and lets no pod of the old one
// live on.
func crashAddon(ctx context.Context, l *Lab) (healing, error) {
	set := func(ctx context.Context, image string) error {
		patch := fmt.Sprintf(`{"spec":{"strategy":{"rollingUpdate":{"maxUnavailable":"100%%"}},"template":{"spec":{"containers":[{"name":"coredns","image":"registry.example/%s"}]}}}}`, image)
		_, err := l.Client().AppsV1().Deployments(metav1.NamespaceSystem).Patch(ctx, "coredns", types.StrategicMergePatchType, []byte(patch), metav1.PatchOptions{})
		return err
	}
	return func(ctx context.Context) error { return set(ctx, "coredns") }, set(ctx, hollow.ExitImage)
}

// ofDNS is for labs that have a CoreDNS.
func ofDNS(do func(*Lab) (healing, error)) func(context.Context, *Lab) (healing, error) {
	return func(_ context.Context, l *Lab) (healing, error) {
		if l.DNS == nil {
			return nil, fmt.Errorf("a DNS server: %w", errMissing)
		}
		return do(l)
	}
}

func killDNS(l *Lab) (healing, error) { return kill(l.DNS.Process), nil }

func hangDNS(l *Lab) (healing, error) { return hang(l.DNS.Process) }

package main

import (
	"fmt"
	"time"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/kubevitals/kubevitals/internal/fakecluster"
)

// fleet is the size of the cluster.
type fleet struct {
	nodes, pods, hpas int
	// namespaces are as many as a large cluster has, if it is zero.
	namespaces                  int
	apiServers, apiServerSeries int
	// sick puts pods and nodes into every state that the signals tell apart.
	sick bool
	// secondDisk gives nodes another disk for images.
	secondDisk bool
}

// spec makes the cluster. It is the same for the same size.
func (f fleet) spec(now time.Time) *fakecluster.Spec {
	s := &fakecluster.Spec{Version: "v1.37.2"}
	body := fakecluster.Bytes(apiServerMetrics(f.apiServerSeries))
	for i := range f.apiServers {
		name := fmt.Sprintf("control-plane-%d", i)
		s.APIServers = append(s.APIServers, fakecluster.APIServer{Name: name, Metrics: body})
		s.Objects = append(s.Objects, identityLease(name, now))
	}
	s.Objects = append(s.Objects,
		&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: metav1.NamespaceSystem}},
		&coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Namespace: "kubevitals", Name: "kubevitals-write-probe"}},
		apiService("v1beta1.metrics.k8s.io"), apiService("v1beta1.external.metrics.k8s.io"))
	for _, component := range []string{"kube-controller-manager", "kube-scheduler"} {
		s.Objects = append(s.Objects, lease(metav1.NamespaceSystem, component, 15, now))
	}
	images := nodeImages()
	for i := range f.nodes {
		s.Objects = append(s.Objects, f.node(i, now, images), nodeFigures(i, now), lease(corev1.NamespaceNodeLease, nodeName(i), 40, now))
	}
	for i := range f.pods {
		pod := f.pod(i, now)
		if f.sick {
			f.sicken(i, pod)
			s.Objects = append(s.Objects, podEvent(i, pod, now))
		}
		s.Objects = append(s.Objects, pod)
	}
	if f.sick {
		s.Objects = append(s.Objects, f.nodeEvents(now)...)
		s.Objects = append(s.Objects, f.addons(now)...)
	}
	for i := range f.hpas {
		s.Objects = append(s.Objects, hpa(f.namespace(i), i, now))
	}
	s.Kubelet = f.kubelet()
	return s
}

func nodeName(i int) string {
	return fmt.Sprintf("ip-10-%d-%d-%d.example.internal", i>>16, i>>8&255, i&255)
}

func identityLease(host string, now time.Time) runtime.Object {
	l := lease(metav1.NamespaceSystem, "apiserver-"+host, 3600, now)
	l.Labels = map[string]string{"apiserver.kubernetes.io/identity": "kube-apiserver", corev1.LabelHostname: host}
	return l
}

// lease is one whose holder bears its name; the fake cluster keeps it fresh.
func lease(namespace, name string, seconds int32, now time.Time) *coordinationv1.Lease {
	renewed, transitions := metav1.NewMicroTime(now), int32(1)
	return &coordinationv1.Lease{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name},
		Spec: coordinationv1.LeaseSpec{
			HolderIdentity: &name, LeaseDurationSeconds: &seconds, LeaseTransitions: &transitions,
			AcquireTime: &renewed, RenewTime: &renewed,
		},
	}
}

func apiService(name string) runtime.Object {
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "apiregistration.k8s.io/v1", "kind": "APIService",
		"metadata": map[string]any{"name": name},
		"spec":     map[string]any{"service": map[string]any{"namespace": "kube-system", "name": "metrics-server"}},
		"status":   map[string]any{"conditions": []any{map[string]any{"type": "Available", "status": "True", "reason": "Passed"}}},
	}}
}

// nodeFigures are what a metrics server tells of a node.
func nodeFigures(i int, now time.Time) runtime.Object {
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "metrics.k8s.io/v1beta1", "kind": "NodeMetrics",
		"metadata":  map[string]any{"name": nodeName(i)},
		"timestamp": now.UTC().Format(time.RFC3339), "window": "20s",
		"usage": map[string]any{"cpu": "1", "memory": "8Gi"},
	}}
}

// nodeImages are as many as a kubelet reports; they make up most of a Node.
func nodeImages() []corev1.ContainerImage {
	images := make([]corev1.ContainerImage, 50)
	for i := range images {
		images[i] = corev1.ContainerImage{
			Names: []string{
				fmt.Sprintf("registry.example.com/team-%d/service-%d@sha256:%064x", i%7, i, i+1),
				fmt.Sprintf("registry.example.com/team-%d/service-%d:2026.8.%d", i%7, i, i),
			},
			SizeBytes: int64(40_000_000 + 1_000_000*i),
		}
	}
	return images
}

func (f fleet) node(i int, now time.Time, images []corev1.ContainerImage) *corev1.Node {
	resources := corev1.ResourceList{
		corev1.ResourceCPU:              resource.MustParse("16"),
		corev1.ResourceMemory:           resource.MustParse("64Gi"),
		corev1.ResourceEphemeralStorage: resource.MustParse("100Gi"),
		corev1.ResourcePods:             resource.MustParse("110"),
	}
	allocatable := resources.DeepCopy()
	if !f.sick {
		allocatable[corev1.ResourceCPU], allocatable[corev1.ResourceMemory] = resource.MustParse("15800m"), resource.MustParse("62Gi")
	}
	n := &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{
			Name: nodeName(i),
			Labels: map[string]string{
				corev1.LabelHostname: nodeName(i), corev1.LabelOSStable: "linux", corev1.LabelArchStable: "amd64",
				corev1.LabelTopologyZone: fmt.Sprintf("zone-%d", i%3), corev1.LabelInstanceTypeStable: "m.4xlarge",
			},
			Annotations: map[string]string{
				"node.alpha.kubernetes.io/ttl":                           "300",
				"volumes.kubernetes.io/controller-managed-attach-detach": "true",
			},
			ManagedFields: managedFields("kubelet", now),
		},
		Spec: corev1.NodeSpec{PodCIDR: fmt.Sprintf("10.%d.%d.0/24", 128+i>>8, i&255)},
		Status: corev1.NodeStatus{
			Capacity: resources, Allocatable: allocatable, Images: images,
			NodeInfo: corev1.NodeSystemInfo{KubeletVersion: "v1.37.2", ContainerRuntimeVersion: "containerd://2.1.4", OperatingSystem: "linux", Architecture: "amd64"},
		},
	}
	for kind, status := range map[corev1.NodeConditionType]corev1.ConditionStatus{
		corev1.NodeMemoryPressure: corev1.ConditionFalse, corev1.NodeDiskPressure: corev1.ConditionFalse,
		corev1.NodePIDPressure: corev1.ConditionFalse, corev1.NodeReady: corev1.ConditionTrue,
	} {
		n.Status.Conditions = append(n.Status.Conditions, corev1.NodeCondition{
			Type: kind, Status: status, Reason: "KubeletReports", Message: "as the kubelet reports it",
			LastHeartbeatTime: metav1.NewTime(now), LastTransitionTime: metav1.NewTime(now.Add(-24 * time.Hour)),
		})
	}
	return n
}

func hpa(namespace string, i int, now time.Time) *autoscalingv2.HorizontalPodAutoscaler {
	name, utilization, least := application(i), int32(70), int32(2)
	active := autoscalingv2.HorizontalPodAutoscalerCondition{
		Type: autoscalingv2.ScalingActive, Status: corev1.ConditionTrue, Reason: "ValidMetricFound",
		Message:            "the HPA was able to successfully calculate a replica count from cpu resource utilization (percentage of request)",
		LastTransitionTime: metav1.NewTime(now.Add(-time.Hour)),
	}
	current := []autoscalingv2.MetricStatus{{
		Type: autoscalingv2.ResourceMetricSourceType,
		Resource: &autoscalingv2.ResourceMetricStatus{
			Name: corev1.ResourceCPU, Current: autoscalingv2.MetricValueStatus{AverageUtilization: &utilization},
		},
	}}
	if i%100 == 0 { // somebody forgot the requests
		active.Status, active.Reason = corev1.ConditionFalse, "FailedGetResourceMetric"
		current = []autoscalingv2.MetricStatus{{}}
	}
	return &autoscalingv2.HorizontalPodAutoscaler{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: namespace, Name: fmt.Sprintf("%s-%d", name, i), ManagedFields: managedFields("kube-controller-manager", now),
		},
		Spec: autoscalingv2.HorizontalPodAutoscalerSpec{
			ScaleTargetRef: autoscalingv2.CrossVersionObjectReference{APIVersion: "apps/v1", Kind: "Deployment", Name: name},
			MinReplicas:    &least, MaxReplicas: 20,
			Metrics: []autoscalingv2.MetricSpec{{
				Type: autoscalingv2.ResourceMetricSourceType,
				Resource: &autoscalingv2.ResourceMetricSource{
					Name: corev1.ResourceCPU, Target: autoscalingv2.MetricTarget{Type: autoscalingv2.UtilizationMetricType, AverageUtilization: &utilization},
				},
			}},
		},
		Status: autoscalingv2.HorizontalPodAutoscalerStatus{
			CurrentReplicas: 4, DesiredReplicas: 4, CurrentMetrics: current,
			Conditions: []autoscalingv2.HorizontalPodAutoscalerCondition{
				{Type: autoscalingv2.AbleToScale, Status: corev1.ConditionTrue, Reason: "ReadyForNewScale", Message: "recommended size matches current size"},
				active,
				{Type: autoscalingv2.ScalingLimited, Status: corev1.ConditionFalse, Reason: "DesiredWithinRange", Message: "the desired count is within the acceptable range"},
			},
		},
	}
}

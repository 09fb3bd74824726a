package main

import (
	"bytes"
	"fmt"
	"io"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubevitals/kubevitals/internal/playback"
)

// podsPerWorkload is how many pods refer to the same ConfigMaps and Secrets.
const podsPerWorkload = 10

// snapshot makes a cluster of the size.
func snapshot(s settings) *playback.Snapshot {
	var objects []runtime.Object
	for i := range s.nodes {
		objects = append(objects, node(i))
	}
	for i := range s.pods {
		objects = append(objects, pod(i, s.nodes))
	}
	for i := range s.hpas {
		objects = append(objects, hpa(i))
	}
	body := metricsBody()
	return &playback.Snapshot{
		Version: "v1.37.2", Objects: objects,
		APIServers: []playback.APIServer{{Name: "control-1", Metrics: playback.Bytes([]byte("process_resident_memory_bytes 1e9\n"))}},
		Kubelet: func(string) playback.Kubelet {
			return playback.Kubelet{Metrics: playback.Bytes(body), Summary: playback.Bytes([]byte(summary)), Configz: playback.Bytes([]byte(configz))}
		},
	}
}

func node(i int) *corev1.Node {
	return &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("node-%05d", i), UID: uid('a', i)},
		Status: corev1.NodeStatus{
			NodeInfo:   corev1.NodeSystemInfo{KubeletVersion: "v1.37.2"},
			Conditions: []corev1.NodeCondition{{Type: corev1.NodeReady, Status: "True"}, {Type: corev1.NodeDiskPressure, Status: "False"}},
		},
	}
}

func pod(i, nodes int) *corev1.Pod {
	workload := i / podsPerWorkload
	namespace := fmt.Sprintf("team-%03d", workload%200)
	object := func(kind string) corev1.LocalObjectReference {
		return corev1.LocalObjectReference{Name: fmt.Sprintf("app-%05d-%s", workload, kind)}
	}
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("app-%05d-%02d", workload, i%podsPerWorkload), Namespace: namespace, UID: uid('b', i)},
		Spec: corev1.PodSpec{
			NodeName:         fmt.Sprintf("node-%05d", i%nodes),
			ImagePullSecrets: []corev1.LocalObjectReference{{Name: "registry"}},
			Containers: []corev1.Container{{Name: "app", Image: "app:1", EnvFrom: []corev1.EnvFromSource{
				{ConfigMapRef: &corev1.ConfigMapEnvSource{LocalObjectReference: object("env")}},
				{SecretRef: &corev1.SecretEnvSource{LocalObjectReference: object("secret")}},
			}}},
			Volumes: []corev1.Volume{{Name: "token", VolumeSource: corev1.VolumeSource{Projected: &corev1.ProjectedVolumeSource{
				Sources: []corev1.VolumeProjection{{ConfigMap: &corev1.ConfigMapProjection{LocalObjectReference: corev1.LocalObjectReference{Name: "kube-root-ca.crt"}}}},
			}}}},
		},
		Status: corev1.PodStatus{Phase: corev1.PodRunning},
	}
}

func hpa(i int) *autoscalingv2.HorizontalPodAutoscaler {
	cpu := &autoscalingv2.ResourceMetricSource{Name: corev1.ResourceCPU}
	return &autoscalingv2.HorizontalPodAutoscaler{
		ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("app-%05d", i), Namespace: fmt.Sprintf("team-%03d", i%200), UID: uid('c', i)},
		Spec: autoscalingv2.HorizontalPodAutoscalerSpec{
			MaxReplicas: 10, Metrics: []autoscalingv2.MetricSpec{{Type: autoscalingv2.ResourceMetricSourceType, Resource: cpu}},
		},
		Status: autoscalingv2.HorizontalPodAutoscalerStatus{
			CurrentReplicas: 3,
			CurrentMetrics:  []autoscalingv2.MetricStatus{{Type: autoscalingv2.ResourceMetricSourceType, Resource: &autoscalingv2.ResourceMetricStatus{Name: corev1.ResourceCPU}}},
			Conditions: []autoscalingv2.HorizontalPodAutoscalerCondition{
				{Type: autoscalingv2.AbleToScale, Status: "True", Reason: "ReadyForNewScale"},
				{Type: autoscalingv2.ScalingActive, Status: "True", Reason: "ValidMetricFound"},
			},
		},
	}
}

// uid is unique and of the usual form.
func uid(kind byte, i int) types.UID {
	return types.UID(fmt.Sprintf("%c0000000-0000-4000-8000-%012x", kind, i))
}

// metricsBody is about as large as the metrics of a busy kubelet: 300 kB in
// 3,000 series.
func metricsBody() []byte {
	var b bytes.Buffer
	for family := range 100 {
		_, _ = fmt.Fprintf(&b, "# HELP kubelet_family_%d_seconds Time that something took.\n# TYPE kubelet_family_%d_seconds histogram\n", family, family)
		for i := range 30 {
			_, _ = fmt.Fprintf(&b, "kubelet_family_%d_seconds_bucket{operation_type=\"operation_with_a_name_%d\",le=\"%g\"} %d\n", family, i%5, 0.005*float64(i), i)
		}
	}
	_, _ = io.WriteString(&b, "process_resident_memory_bytes 1.1e+08\n")
	return b.Bytes()
}

const summary = `{"node":{"nodeName":"x","fs":{"availableBytes":60000000000,"capacityBytes":100000000000,"usedBytes":40000000000,"inodesFree":900000,"inodes":1000000},
"runtime":{"imageFs":{"availableBytes":150000000000,"capacityBytes":200000000000,"inodesFree":1900000,"inodes":2000000},
"containerFs":{"availableBytes":150000000000,"capacityBytes":200000000000,"inodesFree":1900000,"inodes":2000000}}},"pods":[]}`

const configz = `{"kubeletconfig":{"kind":"KubeletConfiguration","apiVersion":"kubelet.config.k8s.io/v1beta1","configMapAndSecretChangeDetectionStrategy":"Watch",
"evictionHard":{"imagefs.available":"15%","imagefs.inodesFree":"5%","memory.available":"100Mi","nodefs.available":"10%","nodefs.inodesFree":"5%"},
"imageGCHighThresholdPercent":85,"imageGCLowThresholdPercent":80}}`

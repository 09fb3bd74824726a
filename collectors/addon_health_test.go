package collectors

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevitals/kubevitals/exporter"
)

// addonPod is a running pod with the label; last is how its container ended
// before it was put off, if it is in CrashLoopBackOff.
func addonPod(label, value, node string, ready bool, last *corev1.ContainerStateTerminated) *corev1.Pod {
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{label: value}},
		Spec:       corev1.PodSpec{NodeName: node},
		Status: corev1.PodStatus{
			Phase:             corev1.PodRunning,
			Conditions:        []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionFalse}},
			ContainerStatuses: []corev1.ContainerStatus{{}},
		},
	}
	if ready {
		pod.Status.Conditions[0].Status = corev1.ConditionTrue
	}
	if last != nil {
		s := &pod.Status.ContainerStatuses[0]
		s.State.Waiting = &corev1.ContainerStateWaiting{Reason: "CrashLoopBackOff"}
		s.LastTerminationState.Terminated = last
	}
	return pod
}

func ended(reason string, code int32) *corev1.ContainerStateTerminated {
	return &corev1.ContainerStateTerminated{Reason: reason, ExitCode: code}
}

// converted gives the objects the form that a view keeps.
func converted[O, T any](t *testing.T, convert func(any) (T, error), objects ...O) func() ([]T, error) {
	t.Helper()
	var items []T
	for _, o := range objects {
		item, err := convert(o)
		if err != nil {
			t.Fatal(err)
		}
		items = append(items, item)
	}
	return func() ([]T, error) { return items, nil }
}

func TestAddonHealth(t *testing.T) {
	t.Parallel()
	deleted := addonPod("k8s-app", "kube-dns", "node-1", false, nil)
	deleted.DeletionTimestamp = &metav1.Time{}
	evicted := addonPod("k8s-app", "kube-dns", "node-1", false, nil)
	evicted.Status.Phase = corev1.PodFailed
	initial := addonPod("app.kubernetes.io/part-of", "kubernetes-dashboard", "node-2", false, ended("Error", 1))
	initial.Status.InitContainerStatuses, initial.Status.ContainerStatuses = initial.Status.ContainerStatuses, nil
	deployment := func(value string, desired *int32, ready int32) *appsv1.Deployment {
		return &appsv1.Deployment{
			Spec:   appsv1.DeploymentSpec{Replicas: desired, Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{"k8s-app": value}}}},
			Status: appsv1.DeploymentStatus{ReadyReplicas: ready},
		}
	}
	proxies := &appsv1.DaemonSet{
		Spec:   appsv1.DaemonSetSpec{Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{"k8s-app": "kube-proxy"}}}},
		Status: appsv1.DaemonSetStatus{DesiredNumberScheduled: 3, NumberReady: 1},
	}
	c := addonHealthCollector{
		pods: []func() ([]SystemPod, error){
			converted(t, systemPodOf,
				addonPod("k8s-app", "kube-dns", "node-1", true, nil),
				addonPod("k8s-app", "kube-dns", "node-2", false, ended("OOMKilled", 137)),
				addonPod("k8s-app", "kube-dns", "node-2", false, ended("OOMKilled", 137)),
				deleted, evicted,
				addonPod("k8s-app", "kube-proxy", "node-1", true, nil),
				addonPod("component", "kube-proxy", "node-2", false, ended("SomethingNew", 143)),
				addonPod("k8s-app", "kube-proxy", "node-3", false, nil),
				addonPod("k8s-app", "metrics-server", "", false, nil),
				addonPod("k8s-app", "somebody-else", "node-1", false, ended("Error", 1)),
			),
			converted(t, systemPodOf, initial),
		},
		workloads: []func() ([]SystemWorkload, error){
			converted(t, systemWorkloadOf, deployment("kube-dns", new(int32(3)), 1), deployment("metrics-server", nil, 0), deployment("somebody-else", nil, 0)),
			converted(t, systemWorkloadOf, proxies),
		},
	}
	golden(t, addonHealthName, c, AddonHealth().Metrics)
}

func TestAddonHealthIsSilentWithoutAddonsAndWithoutSources(t *testing.T) {
	t.Parallel()
	none := func() ([]SystemPod, error) { return nil, nil }
	blind := func() ([]SystemPod, error) { return nil, errors.New("the API server is down") }
	for success, pods := range map[string]func() ([]SystemPod, error){"1": none, "0": blind} {
		text := string(scrapeText(t, addonHealthName, addonHealthCollector{pods: []func() ([]SystemPod, error){pods}}, AddonHealth().Metrics))
		if strings.Contains(text, exporter.Namespace+"_addon_health") || !strings.Contains(text, `{collector="addon_health"} `+success) {
			t.Errorf("want success %s and nothing else:\n%s", success, text)
		}
	}
}

func TestExitClass(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		crash Crash
		want  string
	}{
		{Crash{}, "unknown"},
		{Crash{"Completed", 0}, "success"},
		{Crash{"Error", 1}, "failure"},
		{Crash{"Error", 127}, "not_executable"},
		{Crash{"ContainerCannotRun", 128}, "failure"},
		{Crash{"Error", 134}, "crashed"},
		{Crash{"OOMKilled", 137}, "killed"},
		{Crash{"Error", 139}, "crashed"},
		{Crash{"Error", 143}, "terminated"},
		{Crash{"Error", 129}, "signal"},
	} {
		if got := exitClass(&tt.crash); got != tt.want {
			t.Errorf("%+v: %s, want %s", tt.crash, got, tt.want)
		}
	}
}

// TestCrashes: a crash is told before the kubelet calls it CrashLoopBackOff.
func TestCrashes(t *testing.T) {
	t.Parallel()
	crash := func(change func(*corev1.Pod, *corev1.ContainerStatus)) string {
		pod := addonPod("k8s-app", "kube-dns", "node-1", false, nil)
		change(pod, &pod.Status.ContainerStatuses[0])
		p, err := systemPodOf(pod)
		if err != nil {
			t.Fatal(err)
		}
		if p.Crash == nil {
			return ""
		}
		return fmt.Sprintf("%s %d", p.Crash.Reason, p.Crash.ExitCode)
	}
	for name, c := range map[string]struct {
		change func(*corev1.Pod, *corev1.ContainerStatus)
		want   string
	}{
		"runs again": {func(_ *corev1.Pod, s *corev1.ContainerStatus) {
			s.RestartCount = 5
			s.LastTerminationState.Terminated = ended("Error", 1)
		}, ""},
		"ended once": {func(_ *corev1.Pod, s *corev1.ContainerStatus) { s.State.Terminated = ended("Error", 1) }, ""},
		"ended again": {func(_ *corev1.Pod, s *corev1.ContainerStatus) {
			s.RestartCount = 1
			s.State.Terminated = ended("OOMKilled", 137)
		}, "OOMKilled 137"},
		"ended well": {func(_ *corev1.Pod, s *corev1.ContainerStatus) {
			s.RestartCount = 1
			s.State.Terminated = ended("Completed", 0)
		}, "Completed 0"},
		"has done it": {func(p *corev1.Pod, s *corev1.ContainerStatus) {
			p.Spec.RestartPolicy = corev1.RestartPolicyOnFailure
			s.RestartCount = 1
			s.State.Terminated = ended("Completed", 0)
		}, ""},
		"init is done": {func(p *corev1.Pod, s *corev1.ContainerStatus) {
			s.RestartCount = 1
			s.State.Terminated = ended("Completed", 0)
			p.Status.InitContainerStatuses, p.Status.ContainerStatuses = p.Status.ContainerStatuses, nil
		}, ""},
		"backs off": {func(_ *corev1.Pod, s *corev1.ContainerStatus) {
			s.State.Waiting = &corev1.ContainerStateWaiting{Reason: "CrashLoopBackOff"}
			s.LastTerminationState.Terminated = ended("Error", 2)
		}, "Error 2"},
		"nobody knows": {func(_ *corev1.Pod, s *corev1.ContainerStatus) {
			s.State.Waiting = &corev1.ContainerStateWaiting{Reason: "CrashLoopBackOff"}
		}, " 0"},
		"waits to start": {func(_ *corev1.Pod, s *corev1.ContainerStatus) {
			s.State.Waiting = &corev1.ContainerStateWaiting{Reason: "ContainerCreating"}
		}, ""},
	} {
		if got := crash(c.change); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

package collectors

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/kubevitals/kubevitals/test/objects"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevitals/kubevitals/exporter"
	"github.com/kubevitals/kubevitals/sources"
)

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

// betweenCrashes is a pod whose container was started again so long ago, after a
// crash, and is not ready.
func betweenCrashes(label, value string, ago time.Duration) *corev1.Pod {
	started := readinessNow().Add(-ago)
	last := objects.Ended("Error", 1)
	last.StartedAt, last.FinishedAt = metav1.Time{Time: started.Add(-2 * time.Minute)}, metav1.Time{Time: started.Add(-time.Minute)}
	pod := objects.AddonPod(label, value, "node-3", false, last)
	s := &pod.Status.ContainerStatuses[0]
	s.State = corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: metav1.Time{Time: started}}}
	s.RestartCount = 14
	return pod
}

// imageWaits is a pod that has waited for its image for ten minutes.
func imageWaits(label, value string) *corev1.Pod {
	pod := objects.AddonPod(label, value, "node-3", false, nil)
	pod.Status.Conditions[0].LastTransitionTime = metav1.Time{Time: readinessNow().Add(-10 * time.Minute)}
	pod.Status.ContainerStatuses[0].State.Waiting = &corev1.ContainerStateWaiting{Reason: "ImagePullBackOff", Message: "429 Too Many Requests"}
	return pod
}

func named(name string, pod *corev1.Pod) *corev1.Pod {
	pod.Namespace, pod.Name = name, name
	return pod
}

// startedAgain is a pod that is ready, started so long ago, and whose container ended so
// long ago.
func startedAgain(label, value string, times int32, started, ended time.Duration) *corev1.Pod {
	pod := objects.AddonPod(label, value, "node-1", true, nil)
	pod.Status.StartTime = &metav1.Time{Time: readinessNow().Add(-started)}
	last := objects.Ended("Error", 1)
	last.FinishedAt = metav1.Time{Time: readinessNow().Add(-ended)}
	last.StartedAt = metav1.Time{Time: last.FinishedAt.Add(-5 * time.Minute)}
	pod.Status.ContainerStatuses[0].RestartCount, pod.Status.ContainerStatuses[0].Ready = times, true
	pod.Status.ContainerStatuses[0].State.Running = &corev1.ContainerStateRunning{StartedAt: last.FinishedAt}
	pod.Status.ContainerStatuses[0].LastTerminationState.Terminated = last
	return pod
}

func TestAddonHealth(t *testing.T) {
	t.Parallel()
	deleted := objects.AddonPod("k8s-app", "kube-dns", "node-1", false, nil)
	deleted.DeletionTimestamp = &metav1.Time{}
	evicted := objects.AddonPod("k8s-app", "kube-dns", "node-1", false, nil)
	evicted.Status.Phase = corev1.PodFailed
	initial := objects.AddonPod("app.kubernetes.io/part-of", "kubernetes-dashboard", "node-2", false, objects.Ended("Error", 1))
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
		now:     readinessNow,
		dnsApps: []string{"our-dns"},
		apps:    []string{"our-ingress"},
		pods: []func() ([]sources.SystemPod, error){
			converted(t, sources.SystemPodOf,
				objects.AddonPod("k8s-app", "kube-dns", "node-1", true, nil),
				objects.AddonPod("k8s-app", "kube-dns", "node-2", false, objects.Ended("OOMKilled", 137)),
				objects.AddonPod("k8s-app", "kube-dns", "node-2", false, objects.Ended("OOMKilled", 137)),
				deleted, evicted,
				objects.AddonPod("k8s-app", "kube-proxy", "node-1", true, nil),
				objects.AddonPod("component", "kube-proxy", "node-2", false, objects.Ended("SomethingNew", 143)),
				objects.AddonPod("k8s-app", "kube-proxy", "node-3", false, nil),
				objects.AddonPod("k8s-app", "metrics-server", "", false, nil),
				betweenCrashes("k8s-app", "metrics-server", time.Minute), betweenCrashes("k8s-app", "metrics-server", time.Hour),
				objects.AddonPod("k8s-app", "node-local-dns", "node-1", true, nil),
				objects.AddonPod("dns.operator.openshift.io/daemonset-dns", "default", "node-1", true, nil),
				objects.AddonPod("app.kubernetes.io/name", "our-dns", "node-4", false, nil),
				objects.AddonPod("component", "kube-controller-manager", "node-1", false, objects.Ended("Error", 1)),
				startedAgain("component", "kube-scheduler", 347, 2*time.Hour, time.Minute),
				startedAgain("k8s-app", "cilium", 5, 2*time.Hour, 90*time.Minute),
				objects.AddonPod("app", "csi-rbdplugin-node", "node-2", false, objects.Ended("Error", 2)),
				objects.AddonPod("k8s-app", "our-ingress", "node-2", true, nil),
				named("keda", imageWaits("app.kubernetes.io/name", "keda-operator-metrics-apiserver")),
				// In two of the lists, and counted once.
				named("longhorn", objects.AddonPod("app", "longhorn-csi-plugin", "node-2", false, objects.Ended("Error", 2))),
				named("longhorn", objects.AddonPod("app", "longhorn-csi-plugin", "node-2", false, objects.Ended("Error", 2))),
				objects.AddonPod("k8s-app", "somebody-else", "node-1", false, objects.Ended("Error", 1)),
			),
			converted(t, sources.SystemPodOf, initial),
		},
		workloads: []func() ([]sources.SystemWorkload, error){
			converted(t, sources.SystemWorkloadOf, deployment("kube-dns", new(int32(3)), 1), deployment("metrics-server", nil, 0), deployment("somebody-else", nil, 0)),
			converted(t, sources.SystemWorkloadOf, proxies),
		},
	}
	golden(t, addonHealthName, c, AddonHealth().Metrics)
}

func TestAddonHealthIsSilentWithoutAddonsAndWithoutSources(t *testing.T) {
	t.Parallel()
	none := func() ([]sources.SystemPod, error) { return nil, nil }
	blind := func() ([]sources.SystemPod, error) { return nil, errors.New("the API server is down") }
	for success, pods := range map[string]func() ([]sources.SystemPod, error){"1": none, "0": blind} {
		text := string(scrapeText(t, addonHealthName, addonHealthCollector{pods: []func() ([]sources.SystemPod, error){pods}, now: readinessNow}, AddonHealth().Metrics))
		if strings.Contains(text, exporter.Namespace+"_addon_health") || !strings.Contains(text, `{collector="addon_health"} `+success) {
			t.Errorf("want success %s and nothing else:\n%s", success, text)
		}
	}
}

// TestAddonHealthTellsTheRest verifies that a list that cannot be read costs what is
// in it, and no more.
func TestAddonHealthTellsTheRest(t *testing.T) {
	t.Parallel()
	c := addonHealthCollector{
		now: readinessNow,
		pods: []func() ([]sources.SystemPod, error){
			converted(t, sources.SystemPodOf, objects.AddonPod("k8s-app", "kube-dns", "node-1", false, objects.Ended("Error", 1))),
			func() ([]sources.SystemPod, error) { return nil, errors.New("forbidden") },
		},
		workloads: []func() ([]sources.SystemWorkload, error){
			func() ([]sources.SystemWorkload, error) { return nil, errors.New("forbidden") },
			func() ([]sources.SystemWorkload, error) {
				return []sources.SystemWorkload{{Addon: sources.AddonKubeProxy, Desired: 3, Ready: 2}}, nil
			},
		},
	}
	text := string(scrapeText(t, addonHealthName, c, AddonHealth().Metrics))
	for _, want := range []string{
		`crash_loop_pods{addon="dns",exit="failure",node="node-1",reason="Error"} 1`, `desired_pods{addon="kube-proxy"} 3`, `success{collector="addon_health"} 0`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%s is missing in:\n%s", want, text)
		}
	}
}

func TestExitClass(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		crash sources.Crash
		want  string
	}{
		{sources.Crash{}, "unknown"},
		{sources.Crash{Reason: "Completed", ExitCode: 0}, "success"},
		{sources.Crash{Reason: "Error", ExitCode: 1}, "failure"},
		{sources.Crash{Reason: "Error", ExitCode: 127}, "not_executable"},
		{sources.Crash{Reason: "ContainerCannotRun", ExitCode: 128}, "failure"},
		{sources.Crash{Reason: "Error", ExitCode: 134}, "crashed"},
		{sources.Crash{Reason: "OOMKilled", ExitCode: 137}, "killed"},
		{sources.Crash{Reason: "Error", ExitCode: 139}, "crashed"},
		{sources.Crash{Reason: "Error", ExitCode: 143}, "terminated"},
		{sources.Crash{Reason: "Error", ExitCode: 129}, "signal"},
	} {
		if got := exitClass(&tt.crash); got != tt.want {
			t.Errorf("%+v: %s, want %s", tt.crash, got, tt.want)
		}
	}
}

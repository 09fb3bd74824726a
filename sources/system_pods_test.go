package sources

import (
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevitals/kubevitals/test/objects"
)

// TestCrashes: a crash is told before the kubelet calls it CrashLoopBackOff.
func TestCrashes(t *testing.T) {
	t.Parallel()
	crash := func(change func(*corev1.Pod, *corev1.ContainerStatus)) string {
		pod := objects.AddonPod("k8s-app", "kube-dns", "node-1", false, nil)
		change(pod, &pod.Status.ContainerStatuses[0])
		p, err := SystemPodOf(pod)
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
		"runs again, is not ready, crashed before": {func(_ *corev1.Pod, s *corev1.ContainerStatus) {
			s.RestartCount = 5
			s.State.Running = &corev1.ContainerStateRunning{}
			s.LastTerminationState.Terminated = objects.Ended("Error", 1)
		}, "Error 1"},
		"runs again and is ready": {func(_ *corev1.Pod, s *corev1.ContainerStatus) {
			s.RestartCount, s.Ready = 5, true
			s.State.Running = &corev1.ContainerStateRunning{}
			s.LastTerminationState.Terminated = objects.Ended("Error", 1)
		}, ""},
		"was started once more after it had run for long": {func(_ *corev1.Pod, s *corev1.ContainerStatus) {
			s.RestartCount = 5
			s.State.Running = &corev1.ContainerStateRunning{}
			s.LastTerminationState.Terminated = objects.Ended("Error", 1)
			s.LastTerminationState.Terminated.FinishedAt = metav1.Unix(3600, 0)
			s.LastTerminationState.Terminated.StartedAt = metav1.Unix(0, 0)
		}, ""},
		"runs again": {func(_ *corev1.Pod, s *corev1.ContainerStatus) {
			s.RestartCount = 5
			s.LastTerminationState.Terminated = objects.Ended("Error", 1)
		}, ""},
		"ended once": {func(_ *corev1.Pod, s *corev1.ContainerStatus) { s.State.Terminated = objects.Ended("Error", 1) }, ""},
		"ended again": {func(_ *corev1.Pod, s *corev1.ContainerStatus) {
			s.RestartCount = 1
			s.State.Terminated = objects.Ended("OOMKilled", 137)
		}, "OOMKilled 137"},
		"ended well": {func(_ *corev1.Pod, s *corev1.ContainerStatus) {
			s.RestartCount = 1
			s.State.Terminated = objects.Ended("Completed", 0)
		}, "Completed 0"},
		"has done it": {func(p *corev1.Pod, s *corev1.ContainerStatus) {
			p.Spec.RestartPolicy = corev1.RestartPolicyOnFailure
			s.RestartCount = 1
			s.State.Terminated = objects.Ended("Completed", 0)
		}, ""},
		"init is done": {func(p *corev1.Pod, s *corev1.ContainerStatus) {
			s.RestartCount = 1
			s.State.Terminated = objects.Ended("Completed", 0)
			p.Status.InitContainerStatuses, p.Status.ContainerStatuses = p.Status.ContainerStatuses, nil
		}, ""},
		"backs off": {func(_ *corev1.Pod, s *corev1.ContainerStatus) {
			s.State.Waiting = &corev1.ContainerStateWaiting{Reason: "CrashLoopBackOff"}
			s.LastTerminationState.Terminated = objects.Ended("Error", 2)
		}, "Error 2"},
		"unknown": {func(_ *corev1.Pod, s *corev1.ContainerStatus) {
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

package pods

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// TestEvicted verifies what pods were evicted for, by messages of kubelets, and
// that what a snapshot keeps of a message says the same.
func TestEvicted(t *testing.T) {
	t.Parallel()
	for message, want := range map[string]Eviction{
		"The node was low on resource: memory. Threshold quantity: 100Mi, available: 96412Ki. Container web was using 512Mi, request is 0, has larger consumption of memory. ": EvictMemory,
		"The node was low on resource: ephemeral-storage. Container web was using 34260Ki, which exceeds its request of 0. ":                                                   EvictDisk,
		"The node was low on resource: inodes. ":                                        EvictDisk,
		"The node had condition: [DiskPressure]. ":                                      EvictDisk,
		"The node had condition: [MemoryPressure]. ":                                    EvictMemory,
		"The node was low on resource: pids. ":                                          EvictPIDs,
		`Container web exceeded its local ephemeral storage limit "1Gi". `:              EvictLimit,
		"Pod ephemeral local storage usage exceeds the total limit of containers 1Gi. ": EvictLimit,
		`Usage of EmptyDir volume "cache" exceeds the limit "1Gi". `:                    EvictLimit,
		"something new": EvictOther,
	} {
		pod := simple("a", "n1", corev1.PodFailed)
		pod.Status.Reason, pod.Status.Message = "Evicted", message
		if got, _ := evictionOf(pod); got != want || evictedFor(EvictionMessage(message)) != want {
			t.Errorf("%s: %s, and %s of what is kept; want %s", message, got, evictedFor(EvictionMessage(message)), want)
		}
	}
	other := simple("a", "n1", corev1.PodFailed)
	other.Status.Reason = "NodeLost"
	if got, _ := evictionOf(other); got != NotEvicted {
		t.Errorf("a pod that failed otherwise is evicted for %s", got)
	}
}

// TestEvictedAt verifies when a pod was evicted, by its condition, by its containers, or that
// it is not known; and that a pod which is deleted since still counts as evicted.
func TestEvictedAt(t *testing.T) {
	t.Parallel()
	at := func(minute int) metav1.Time { return metav1.NewTime(time.Unix(1_700_000_000+60*int64(minute), 0)) }
	pod := simple("a", "n1", corev1.PodFailed)
	pod.Status.Reason, pod.Status.Message = "Evicted", "The node was low on resource: memory. "
	index := available(t)
	evictedAs := func() Pod {
		must(t, index.Update(pod))
		return allOf(t, index)[0]
	}
	if p := evictedAs(); p.Evicted != EvictMemory || !p.EvictedAt.IsZero() {
		t.Errorf("without a time: %+v", p)
	}
	pod.Status.ContainerStatuses = []corev1.ContainerStatus{
		{State: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{FinishedAt: at(2)}}},
		{State: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{FinishedAt: at(1)}}},
	}
	if p := evictedAs(); !p.EvictedAt.Equal(at(2).Time) {
		t.Errorf("by its containers: %+v", p)
	}
	pod.Status.Conditions = []corev1.PodCondition{{Type: corev1.DisruptionTarget, Status: corev1.ConditionTrue, LastTransitionTime: at(3)}}
	if p := evictedAs(); !p.EvictedAt.Equal(at(3).Time) {
		t.Errorf("by its condition: %+v", p)
	}
	deleted := at(9)
	pod.DeletionTimestamp = &deleted
	if p := evictedAs(); p.Evicted != EvictMemory || !p.EvictedAt.IsZero() || !p.Deletion.Equal(deleted.Time) {
		t.Errorf("deleted since: %+v", p)
	}
}

package pods

import (
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// Eviction is what a node was short of when its kubelet evicted a pod. The set is closed.
type Eviction uint8

// What pods are evicted for.
const (
	NotEvicted  Eviction = iota
	EvictMemory          // the node was short of memory
	EvictDisk            // of space or inodes on a disk
	EvictPIDs            // of process IDs
	EvictLimit           // of nothing: the pod used more disk than its own limit allows
	EvictOther           // the kubelet did not say what of
)

// evictions are the names, by value.
func evictions() [6]string {
	return [...]string{"", "memory", "disk", "pids", "limit", "other"}
}

// Evictions are the names of all that pods are evicted for.
func Evictions() []string {
	all := evictions()
	return all[EvictMemory:]
}

// String returns the name, as metrics bear it.
func (e Eviction) String() string { return evictions()[e] }

const (
	evicted = "Evicted"
	lowOn   = "The node was low on resource: "
)

// evictionOf tells what a pod was evicted for, and when; the time is zero where nothing
// tells it.
func evictionOf(pod *corev1.Pod) (Eviction, time.Time) {
	if pod.Status.Phase != corev1.PodFailed || pod.Status.Reason != evicted {
		return NotEvicted, time.Time{}
	}
	return evictedFor(pod.Status.Message), evictedAt(pod)
}

// evictedFor goes by the words of the kubelet's eviction manager.
func evictedFor(message string) Eviction {
	has := func(parts ...string) bool {
		for _, part := range parts {
			if strings.Contains(message, part) {
				return true
			}
		}
		return false
	}
	switch {
	case has(lowOn+"memory", "MemoryPressure"):
		return EvictMemory
	case has(lowOn+"ephemeral-storage", lowOn+"inodes", lowOn+"nodefs", lowOn+"imagefs", "DiskPressure"):
		return EvictDisk
	case has(lowOn+"pids", "PIDPressure"):
		return EvictPIDs
	case has("local ephemeral storage limit", "exceeds the total limit of containers", "Usage of EmptyDir volume"):
		return EvictLimit
	}
	return EvictOther
}

// EvictionMessage is a message that says the same as another of what a pod was evicted for,
// and nothing more.
func EvictionMessage(message string) string {
	switch evictedFor(message) {
	case EvictMemory:
		return lowOn + "memory."
	case EvictDisk:
		return lowOn + "ephemeral-storage."
	case EvictPIDs:
		return lowOn + "pids."
	case EvictLimit:
		return "Pod ephemeral local storage usage exceeds the total limit of containers."
	}
	return ""
}

// evictedAt is when the kubelet said that it evicts the pod, from 1.26 on, or else when the
// last of its containers ended.
func evictedAt(pod *corev1.Pod) time.Time {
	if c := condition(pod, corev1.DisruptionTarget); c != nil && c.Status == corev1.ConditionTrue {
		return c.LastTransitionTime.Time
	}
	var last time.Time
	for _, c := range pod.Status.ContainerStatuses {
		if ended := c.State.Terminated; ended != nil && ended.FinishedAt.After(last) {
			last = ended.FinishedAt.Time
		}
	}
	return last
}

package pods

import (
	"path"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// pauseImage is the image that a pod of which no more is known than that it does
// nothing is taken to run.
const pauseImage = "pause"

// ofLowPriority tells what a pod waits for that fits no node and has a negative
// priority. One that does nothing only keeps room for others, and is evicted for them;
// one that does something waits for real, if less urgently.
func ofLowPriority(pod *corev1.Pod) Waiting {
	if KeepsRoom(pod) {
		return Placeholder
	}
	return LowPriority
}

// KeepsRoom tells whether a pod is a placeholder by which an over-provisioned cluster
// keeps room: a replica of many, of which no container does anything.
func KeepsRoom(pod *corev1.Pod) bool {
	owner := metav1.GetControllerOf(pod)
	if owner == nil || owner.Kind != "ReplicaSet" || len(pod.Spec.Containers) == 0 {
		return false
	}
	for i := range pod.Spec.Containers {
		if !idles(&pod.Spec.Containers[i]) {
			return false
		}
	}
	return true
}

// idles tells whether a container does nothing: it runs an image that only waits for a
// signal, or sleeps.
func idles(c *corev1.Container) bool {
	image := path.Base(c.Image)
	image, _, _ = strings.Cut(image, "@")
	image, _, _ = strings.Cut(image, ":")
	if strings.Contains(image, "pause") {
		return true
	}
	words := strings.Fields(strings.Join(append(append([]string{}, c.Command...), c.Args...), " "))
	if len(words) > 2 && words[1] == "-c" {
		words = words[2:] // of a shell
	}
	return len(words) == 2 && path.Base(words[0]) == "sleep" ||
		len(words) == 3 && path.Base(words[0]) == "tail" && words[1] == "-f" && words[2] == "/dev/null"
}

// Idle is a container of which no more is known than that it does nothing.
func Idle() corev1.Container { return corev1.Container{Name: pauseImage, Image: pauseImage} }

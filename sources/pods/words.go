package pods

import (
	"fmt"
	"strings"
	"unicode/utf8"

	corev1 "k8s.io/api/core/v1"
)

const (
	// mostWords bounds the pods whose names and words are kept: it says who waits, and
	// not all that do.
	mostWords = 1000
	// longestMessage bounds what is kept of a message, in bytes.
	longestMessage = 200
)

// words are the name of a pod that waits, and what its scheduler or its kubelet says.
type words struct{ name, message string }

// wordsOf returns nil for a pod that does not wait, or that waits by the will of its
// owner.
func wordsOf(pod *corev1.Pod, w Waiting) *words {
	switch w {
	case NotWaiting, Gated, Placeholder:
		return nil
	}
	return &words{strings.Clone(pod.Name), said(pod, w)}
}

// said is what the scheduler says of a pod without a node, and else what the kubelet
// says of the container that holds it up.
func said(pod *corev1.Pod, w Waiting) string {
	if pod.Spec.NodeName == "" {
		if c := condition(pod, corev1.PodScheduled); c != nil {
			return Cut(Scheduling(c.Message))
		}
		return ""
	}
	for _, c := range pod.Status.InitContainerStatuses {
		if w == Initializing && c.State.Running != nil {
			return Cut("init container " + c.Name + " has run since " + c.State.Running.StartedAt.UTC().Format("2006-01-02 15:04:05 MST"))
		}
		if w == InitFailing && (c.State.Waiting != nil && ofReason(c.State.Waiting.Reason) == w || c.State.Terminated != nil && c.State.Terminated.ExitCode != 0) {
			return Cut(saidOfInit(&c))
		}
	}
	for _, list := range [][]corev1.ContainerStatus{pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses} {
		for _, c := range list {
			if waiting := c.State.Waiting; waiting != nil && ofReason(waiting.Reason) == w {
				return Cut(saidOf(c.Name, waiting))
			}
		}
	}
	return ""
}

// Scheduling is what a scheduler says of nodes, without what it then says of pods that
// it might have evicted.
func Scheduling(message string) string {
	message, _, _ = strings.Cut(message, " preemption: ")
	return message
}

func saidOf(container string, w *corev1.ContainerStateWaiting) string {
	text := "container " + container + ": " + w.Reason
	if w.Message != "" {
		text += ": " + w.Message
	}
	return text
}

// saidOfInit is how an init container ended.
func saidOfInit(c *corev1.ContainerStatus) string {
	ended := c.State.Terminated
	if ended == nil {
		ended = c.LastTerminationState.Terminated
	}
	if ended == nil {
		return saidOf(c.Name, c.State.Waiting)
	}
	return fmt.Sprintf("init container %s ended with exit code %d (%s) and was started again %d times", c.Name, ended.ExitCode, ended.Reason, c.RestartCount)
}

// Cut is a message of bounded length. Of a long one it has the beginning and the end,
// where runtimes say what the error was that they wrapped.
func Cut(message string) string {
	if len(message) <= longestMessage {
		return strings.Clone(message)
	}
	const ellipsis = "…"
	head := longestMessage / 2
	tail := len(message) - (longestMessage - head - len(ellipsis))
	for head > 0 && !utf8.RuneStart(message[head]) {
		head--
	}
	for tail < len(message) && !utf8.RuneStart(message[tail]) {
		tail++
	}
	return message[:head] + ellipsis + message[tail:]
}

// Named is a pod that waits, with its name and what is said of it.
type Named struct {
	Pod
	Name, Message string
}

// Named calls f for pods that wait, in no particular order: for all unless they are many.
// It is like Each otherwise.
func (i *Index) Named(f func(Named)) error {
	if err := i.Err(); err != nil {
		return err
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	for u, w := range i.words {
		if r, ok := i.pods.entries[u]; ok {
			f(Named{r.pod(u), w.name, w.message})
		}
	}
	return nil
}

// note keeps the words of a pod as long as it has some. The caller holds the lock.
func (i *Index) note(u uid, w *words) {
	if w == nil {
		delete(i.words, u)
		return
	}
	if _, known := i.words[u]; known || len(i.words) < mostWords {
		i.words[u] = *w
	}
}

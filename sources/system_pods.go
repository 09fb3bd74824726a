package sources

import (
	"cmp"
	"fmt"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/kubevitals/kubevitals/sources/pods"
)

// SystemPod is what is kept of a pod of the cluster's own components.
type SystemPod struct {
	Namespace, Name string
	// Component is the value of the label component, which the static pods of the
	// control plane bear, or else the addon; it may be empty.
	Component string
	// Containers are those whose log may be read, init containers first.
	Containers []string
	// Addon is the component that the pod belongs to; empty if it is none of those
	// that are known.
	Addon Addon
	// App is what its labels call it; it may be empty.
	App string
	// Node is where it runs; empty until it is scheduled.
	Node string
	// Done says that it ended, or is being deleted: it is not meant to be ready.
	Done  bool
	Ready bool
	// Unready is since when it is not ready; zero where it is, and where that is not known.
	Unready time.Time
	// Crash is how the container ended that is not started again for now, or was
	// started again and is not ready yet; nil unless one is in a crash loop.
	Crash *Crash
	// NoImage says that a container waits for an image that cannot be pulled, and Waits
	// what its kubelet says of that.
	NoImage bool
	Waits   string
	// Restarts is how often the container was started again that was so most often,
	// Since when the pod was started, LastEnd when any of its containers ended last, and
	// LastRun how long that one had run; they are zero where they are not known.
	Restarts       int32
	Since, LastEnd time.Time
	LastRun        time.Duration
}

// Crash is the last end of a container that crashes again and again.
type Crash struct {
	// Container is the name of the container, and Restarts how often it was started again.
	Container string
	Restarts  int32
	// Reason is the runtime's word for it; empty if it is not known.
	Reason   string
	ExitCode int32
	// Again is when it was started again after that; zero while it is not.
	Again time.Time
}

// over is for how long a container must run until its kubelet forgets that it
// crashed before.
const over = 10 * time.Minute

// Crashes tells whether a container crashes again and again. One that was started
// again may have come to stay, which the time since tells.
func (p SystemPod) Crashes(now time.Time) bool {
	return p.Crash != nil && (p.Crash.Again.IsZero() || now.Sub(p.Crash.Again) < over)
}

// SystemPodOf turns a *corev1.Pod into what is kept of it; it refuses all else.
func SystemPodOf(obj any) (SystemPod, error) {
	pod, ok := obj.(*corev1.Pod)
	if !ok {
		return SystemPod{}, fmt.Errorf("unexpected type %T", obj)
	}
	p := SystemPod{
		Namespace: pod.Namespace, Name: pod.Name, Component: pod.Labels["component"],
		Addon: addonOf(pod.Labels), App: appOf(pod.Labels), Node: pod.Spec.NodeName,
		Done: pod.DeletionTimestamp != nil || pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed,
	}
	if p.Component == "" {
		p.Component = string(p.Addon)
	}
	if started := pod.Status.StartTime; started != nil {
		p.Since = started.Time
	}
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodReady {
			p.Ready = condition.Status == corev1.ConditionTrue
			if !p.Ready {
				p.Unready = condition.LastTransitionTime.Time
			}
		}
	}
	// A container that ended well is started again if its pod says so.
	again := pod.Spec.RestartPolicy == corev1.RestartPolicyAlways || pod.Spec.RestartPolicy == ""
	for _, s := range pod.Status.InitContainerStatuses {
		p.Containers = append(p.Containers, s.Name)
		p.Crash = cmp.Or(p.Crash, crashOf(s, false))
		p.waits(s)
	}
	for _, s := range pod.Status.ContainerStatuses {
		p.Containers = append(p.Containers, s.Name)
		p.Crash = cmp.Or(p.Crash, crashOf(s, again))
		p.waits(s)
		p.Restarts = max(p.Restarts, s.RestartCount)
		p.ended(s.State.Terminated)
		p.ended(s.LastTerminationState.Terminated)
	}
	return p, nil
}

// waits takes note of a container that waits for its image.
func (p *SystemPod) waits(s corev1.ContainerStatus) {
	if pods.LacksImage(s) && !p.NoImage {
		p.NoImage, p.Waits = true, "container "+s.Name+": "+because(s.State.Waiting.Reason, pods.Cut(s.State.Waiting.Message))
	}
}

// ended takes note of an end of a container if it is the last one.
func (p *SystemPod) ended(t *corev1.ContainerStateTerminated) {
	if t == nil || !t.FinishedAt.After(p.LastEnd) {
		return
	}
	p.LastEnd, p.LastRun = t.FinishedAt.Time, 0
	if !t.StartedAt.IsZero() {
		p.LastRun = max(0, t.FinishedAt.Sub(t.StartedAt.Time))
	}
}

// says is what ails the pod by the status of its containers; empty if nothing does.
func (p SystemPod) says(now time.Time) string {
	switch {
	case p.Crash != nil && p.Crash.Reason != "":
		return fmt.Sprintf("container %s was started again %d times, and last ended with %s, exit code %d", p.Crash.Container, p.Crash.Restarts, p.Crash.Reason, p.Crash.ExitCode)
	case p.Crash != nil:
		return fmt.Sprintf("container %s was started again %d times, and waits to be started once more", p.Crash.Container, p.Crash.Restarts)
	case p.NoImage:
		return p.Waits
	case p.Restarts > 0 && now.Sub(p.LastEnd) < time.Hour:
		return fmt.Sprintf("a container was started again %d times, and last ended at %s", p.Restarts, p.LastEnd.UTC().Format(time.RFC3339))
	case !p.Ready:
		return "is not ready"
	}
	return ""
}

// AddonPodLists are the sources that pods of addons may be in: the namespaces of the
// control plane, of the dashboard, of OpenShift's DNS and of network plugins; and adapters of
// metrics APIs and agents of volume drivers in whatever namespace. Some pods are in two.
func AddonPodLists() []Read {
	return []Read{SystemPods, DashboardPods, OpenShiftDNSPods, CalicoPods, FlannelPods, OVNPods, AdapterPods, VolumePods}
}

// crashOf is how a container ended last that crashes again and again; nil unless
// it does. A kubelet reports CrashLoopBackOff when it next looks at the pod, which
// is when the wait is over, or after a minute: until then a container
// that was started before has just ended. Between two crashes it runs for a while,
// and is not ready.
func crashOf(s corev1.ContainerStatus, again bool) *Crash {
	last := s.LastTerminationState.Terminated
	var started time.Time
	switch w, ended := s.State.Waiting, s.State.Terminated; {
	case w != nil && w.Reason == "CrashLoopBackOff":
	case ended != nil && s.RestartCount > 0 && (again || ended.ExitCode != 0):
		last = ended
	case s.State.Running != nil && last != nil && !s.Ready && s.RestartCount > 1 && last.ExitCode != 0 &&
		last.FinishedAt.Sub(last.StartedAt.Time) < over:
		started = s.State.Running.StartedAt.Time
	default:
		return nil
	}
	if last == nil {
		return &Crash{Container: s.Name, Restarts: s.RestartCount}
	}
	return &Crash{s.Name, s.RestartCount, last.Reason, last.ExitCode, started}
}

// SystemWorkload is a Deployment or DaemonSet of an addon.
type SystemWorkload struct {
	// Addon is empty if it is none of those that are known.
	Addon Addon
	// App is what the labels of its pods call it; it may be empty.
	App            string
	Desired, Ready int32
}

// SystemWorkloadOf turns a *appsv1.Deployment or *appsv1.DaemonSet into what is kept of
// it; it refuses all else.
func SystemWorkloadOf(obj any) (SystemWorkload, error) {
	switch w := obj.(type) {
	case *appsv1.Deployment:
		desired := int32(1) // what the API takes for no number
		if w.Spec.Replicas != nil {
			desired = *w.Spec.Replicas
		}
		return SystemWorkload{addonOf(w.Spec.Template.Labels), appOf(w.Spec.Template.Labels), desired, w.Status.ReadyReplicas}, nil
	case *appsv1.DaemonSet:
		return SystemWorkload{addonOf(w.Spec.Template.Labels), appOf(w.Spec.Template.Labels), w.Status.DesiredNumberScheduled, w.Status.NumberReady}, nil
	}
	return SystemWorkload{}, fmt.Errorf("unexpected type %T", obj)
}

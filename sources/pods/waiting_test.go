package pods

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestWaiting(t *testing.T) {
	t.Parallel()
	created, scheduledAt := time.Unix(1_800_000_000, 0), time.Unix(1_800_000_100, 0)
	type change func(*corev1.Pod)
	with := func(kind corev1.PodConditionType, status corev1.ConditionStatus, reason string) change {
		return func(p *corev1.Pod) {
			p.Status.Conditions = append(p.Status.Conditions, corev1.PodCondition{
				Type: kind, Status: status, Reason: reason, LastTransitionTime: metav1.NewTime(scheduledAt),
			})
		}
	}
	says := func(reason, message string) change {
		return func(p *corev1.Pod) {
			with(corev1.PodScheduled, "False", reason)(p)
			p.Status.Conditions[len(p.Status.Conditions)-1].Message = message
		}
	}
	onNode := func(p *corev1.Pod) {
		p.Spec.NodeName = "n1"
		with(corev1.PodScheduled, "True", "")(p)
	}
	pickedUp := func(p *corev1.Pod) {
		onNode(p)
		start := metav1.NewTime(scheduledAt)
		p.Status.StartTime = &start
	}
	waits := func(reason string) change {
		return func(p *corev1.Pod) {
			p.Status.ContainerStatuses = append(p.Status.ContainerStatuses, corev1.ContainerStatus{
				State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason}},
			})
		}
	}
	owned := func(kind, image string, command ...string) change {
		return func(pod *corev1.Pod) {
			pod.OwnerReferences = []metav1.OwnerReference{{Kind: kind, Name: "of", Controller: new(true)}}
			pod.Spec.Containers = append(pod.Spec.Containers, corev1.Container{Image: image, Command: command})
		}
	}
	initializedAt := scheduledAt.Add(time.Hour)
	initializesAnew := func(p *corev1.Pod) {
		with(corev1.PodInitialized, "False", "ContainersNotInitialized")(p)
		p.Status.Conditions[len(p.Status.Conditions)-1].LastTransitionTime = metav1.NewTime(initializedAt)
	}
	initialized := func(p *corev1.Pod) {
		with(corev1.PodInitialized, "True", "")(p)
		p.Status.Conditions[len(p.Status.Conditions)-1].LastTransitionTime = metav1.NewTime(initializedAt)
	}
	priority := func(p int32) change { return func(pod *corev1.Pod) { pod.Spec.Priority = &p } }
	initWaits := func(reason string) change {
		return func(p *corev1.Pod) {
			waits(reason)(p)
			p.Status.InitContainerStatuses, p.Status.ContainerStatuses = p.Status.ContainerStatuses, nil
			waits("PodInitializing")(p)
		}
	}
	initRuns := func(p *corev1.Pod) {
		p.Status.InitContainerStatuses = []corev1.ContainerStatus{{State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}}}
	}
	addressed := func(p *corev1.Pod) { p.Status.PodIP = "10.1.2.3" }
	initFailed := func(p *corev1.Pod) {
		p.Status.InitContainerStatuses = []corev1.ContainerStatus{{State: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: 1}}}}
	}
	sandbox := with(corev1.PodReadyToStartContainers, "True", "")
	noSandbox := with(corev1.PodReadyToStartContainers, "False", "")
	for name, tt := range map[string]struct {
		changes []change
		want    Waiting
		since   time.Time
	}{
		"no scheduler looked at it":      {nil, NoScheduler, created},
		"held back by a gate":            {[]change{with(corev1.PodScheduled, "False", "SchedulingGated")}, Gated, created},
		"no node fits":                   {[]change{with(corev1.PodScheduled, "False", "Unschedulable")}, Unschedulable, created},
		"a placeholder":                  {[]change{with(corev1.PodScheduled, "False", "Unschedulable"), priority(-5), owned("ReplicaSet", "registry.k8s.io/pause:3.9")}, Placeholder, created},
		"a placeholder by digest":        {[]change{with(corev1.PodScheduled, "False", "Unschedulable"), priority(-5), owned("ReplicaSet", "mirror:5000/pause-amd64@sha256:ab")}, Placeholder, created},
		"a placeholder that sleeps":      {[]change{with(corev1.PodScheduled, "False", "Unschedulable"), priority(-1), owned("ReplicaSet", "busybox", "sh", "-c", "sleep infinity")}, Placeholder, created},
		"a replica that does something":  {[]change{with(corev1.PodScheduled, "False", "Unschedulable"), priority(-5), owned("ReplicaSet", "registry.k8s.io/pause"), owned("ReplicaSet", "nginx")}, LowPriority, created},
		"a Job of negative priority":     {[]change{with(corev1.PodScheduled, "False", "Unschedulable"), priority(-5), owned("Job", "busybox", "sleep", "60")}, LowPriority, created},
		"a bare pod likewise":            {[]change{with(corev1.PodScheduled, "False", "Unschedulable"), priority(-5)}, LowPriority, created},
		"its priority is 0":              {[]change{with(corev1.PodScheduled, "False", "Unschedulable"), priority(0)}, Unschedulable, created},
		"nobody looked at a placeholder": {[]change{priority(-5)}, NoScheduler, created},
		"the scheduler failed":           {[]change{with(corev1.PodScheduled, "False", "SchedulerError")}, SchedulerError, created},
		"no volume came in time":         {[]change{says("SchedulerError", `running PreBind plugin "VolumeBinding": binding volumes: context deadline exceeded`)}, Unbound, created},
		"a claim is not bound":           {[]change{says("Unschedulable", "0/2 nodes are available: pod has unbound immediate PersistentVolumeClaims. preemption: not helpful.")}, Unbound, created},
		"the same, of negative priority": {[]change{says("Unschedulable", "0/2 nodes are available: pod has unbound immediate PersistentVolumeClaims."), priority(-5)}, LowPriority, created},
		"a reason of another release":    {[]change{with(corev1.PodScheduled, "False", "Novel")}, Unschedulable, created},
		"its kubelet has not begun":      {[]change{onNode}, NotPickedUp, scheduledAt},
		"bound without a scheduler":      {[]change{func(p *corev1.Pod) { p.Spec.NodeName = "n1" }}, NotPickedUp, created},
		"no sandbox yet":                 {[]change{pickedUp, noSandbox, waits("ContainerCreating")}, Sandbox, scheduledAt},
		"no sandbox, with init":          {[]change{pickedUp, noSandbox, initWaits("PodInitializing")}, Sandbox, scheduledAt},
		"an image cannot be pulled":      {[]change{pickedUp, waits("ContainerCreating"), waits("ImagePullBackOff")}, Image, scheduledAt},
		"an init image likewise":         {[]change{pickedUp, initWaits("ErrImagePull")}, Image, scheduledAt},
		"its Secret does not exist":      {[]change{pickedUp, waits("CreateContainerConfigError")}, ContainerSetup, scheduledAt},
		"an init container loops":        {[]change{pickedUp, initWaits("CrashLoopBackOff")}, InitFailing, scheduledAt},
		"one loops after a restart":      {[]change{pickedUp, initWaits("CrashLoopBackOff"), initializesAnew}, InitFailing, initializedAt},
		"an init container ends again":   {[]change{pickedUp, initFailed, func(p *corev1.Pod) { p.Status.InitContainerStatuses[0].RestartCount = 1 }}, InitFailing, scheduledAt},
		"one loops, one has no image":    {[]change{pickedUp, waits("CrashLoopBackOff"), waits("ImagePullBackOff")}, Image, scheduledAt},
		"one loops, one has no Secret":   {[]change{pickedUp, waits("CrashLoopBackOff"), waits("CreateContainerConfigError")}, ContainerSetup, scheduledAt},
		"one loops, one is being made":   {[]change{pickedUp, sandbox, waits("CrashLoopBackOff"), waits("ContainerCreating")}, Starting, scheduledAt},
		"an init container runs":         {[]change{pickedUp, initRuns, waits("PodInitializing")}, Initializing, scheduledAt},
		"an init container failed":       {[]change{pickedUp, initFailed, waits("PodInitializing")}, Initializing, scheduledAt},
		"about to start":                 {[]change{pickedUp, sandbox, waits("ContainerCreating")}, Starting, scheduledAt},
		"about to start after init":      {[]change{pickedUp, sandbox, initialized, waits("ContainerCreating")}, Starting, initializedAt},
		"of a kubelet before 1.29":       {[]change{pickedUp, waits("ContainerCreating")}, Creating, scheduledAt},
		"the same, with an address":      {[]change{pickedUp, addressed, waits("ContainerCreating")}, Starting, scheduledAt},
		"the same, that of its node": {[]change{pickedUp, addressed, waits("ContainerCreating"), func(p *corev1.Pod) { p.Spec.HostNetwork = true }},
			Creating, scheduledAt},
		"the same, with init": {[]change{pickedUp, initWaits("PodInitializing")}, Creating, scheduledAt},
		"the same, one container runs": {[]change{pickedUp, waits("ContainerCreating"), func(p *corev1.Pod) {
			p.Status.ContainerStatuses = append(p.Status.ContainerStatuses, corev1.ContainerStatus{State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}})
		}}, Starting, scheduledAt},
		"it runs": {[]change{pickedUp, func(p *corev1.Pod) { p.Status.Phase = corev1.PodRunning }}, NotWaiting, time.Time{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pod := &corev1.Pod{
				ObjectMeta: metav1.ObjectMeta{CreationTimestamp: metav1.NewTime(created)},
				Status:     corev1.PodStatus{Phase: corev1.PodPending},
			}
			for _, c := range tt.changes {
				c(pod)
			}
			got, since := waitingOf(pod)
			if got != tt.want || !since.Equal(tt.since) {
				t.Errorf("waits for %q since %v, want %q since %v", got, since, tt.want, tt.since)
			}
		})
	}
}

func TestWaitingNames(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for w := NotWaiting; w <= Starting; w++ {
		if seen[w.String()] {
			t.Errorf("%d has the name %q of another", w, w)
		}
		seen[w.String()] = true
	}
}

func TestKeyOf(t *testing.T) {
	t.Parallel()
	pod := simple("a", "n", corev1.PodRunning)
	pod.UID = "123e4567-e89b-12d3-a456-426614174000"
	key, ok := KeyOf(pod.UID)
	if !ok || key != uidOf(pod) {
		t.Errorf("key %x %v, want %x", key, ok, uidOf(pod))
	}
	if _, ok := KeyOf("mirror"); ok {
		t.Error("takes any text for a UID")
	}
}

// TestScheduler verifies that a pod which no scheduler looked at has the one that it
// asks for, as long as it waits, packed or not.
func TestScheduler(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		scheduler, node, want string
	}{
		"its own":         {"volcano", "", "volcano"},
		"mistyped":        {"default-schedular", "", "default-schedular"},
		"the default one": {corev1.DefaultSchedulerName, "", ""},
		"none":            {"", "", ""},
		"was bound by it": {"volcano", "n1", ""},
	} {
		index := New()
		pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "batch", Name: "a"}, Status: corev1.PodStatus{Phase: corev1.PodPending}}
		pod.CreationTimestamp = metav1.Unix(1_800_000_000, 0)
		pod.Spec.SchedulerName, pod.Spec.NodeName = c.scheduler, c.node
		must(t, index.Replace([]any{pod}, "1"))
		must(t, index.Each(func(p Pod) {
			if p.Scheduler != c.want || p.Namespace != "batch" {
				t.Errorf("%s: %q in %s, want %q", name, p.Scheduler, p.Namespace, c.want)
			}
		}))
	}
}

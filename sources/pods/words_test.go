package pods

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// holdsUp is a pod on a node of which one container waits, or one without a node of which
// the scheduler says something.
func holdsUp(name, node, reason, message string) *corev1.Pod {
	p := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name, UID: types.UID(name), CreationTimestamp: metav1.Unix(1_800_000_000, 0)}}
	p.Spec.NodeName, p.Status.Phase = node, corev1.PodPending
	if node == "" {
		p.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Reason: reason, Message: message}}
		return p
	}
	p.Status.ContainerStatuses = []corev1.ContainerStatus{
		{Name: "sidecar", State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "ContainerCreating"}}},
		{Name: "web", State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason, Message: message}}},
	}
	return p
}

func spoken(t *testing.T, i *Index) []string {
	t.Helper()
	var all []string
	must(t, i.Named(func(p Named) {
		all = append(all, fmt.Sprintf("%s/%s %s %s", p.Namespace, p.Name, p.Waiting, p.Message))
	}))
	slices.Sort(all)
	return all
}

// TestNamed verifies that pods which wait are known by name with the words of who holds
// them up, packed or not, and that no others are, nor once they are gone or run.
func TestNamed(t *testing.T) {
	t.Parallel()
	initial := holdsUp("init", "n1", "PodInitializing", "")
	initial.Status.InitContainerStatuses = []corev1.ContainerStatus{{
		Name: "migrate", RestartCount: 7,
		State:                corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "CrashLoopBackOff", Message: "back-off 5m0s"}},
		LastTerminationState: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: 3, Reason: "Error"}},
	}}
	i := New()
	must(t, i.Replace([]any{
		holdsUp("config", "n1", "CreateContainerConfigError", `secret "db" not found`),
		holdsUp("full", "", "Unschedulable", "0/4 nodes are available: 4 Insufficient cpu. preemption: 0/4 nodes are available: 4 No preemption victims found for incoming pod."),
		holdsUp("gated", "", "SchedulingGated", "Scheduling is blocked due to non-empty scheduling gates"),
		initial, simple("a", "n1", corev1.PodRunning),
	}, "1"))
	must(t, i.Add(holdsUp("image", "n1", "ErrImagePull", "")))
	want := []string{
		`shop/config container_setup container web: CreateContainerConfigError: secret "db" not found`,
		"shop/full unschedulable 0/4 nodes are available: 4 Insufficient cpu.",
		"shop/image image container web: ErrImagePull",
		"shop/init init_failing init container migrate ended with exit code 3 (Error) and was started again 7 times",
	}
	if got := spoken(t, i); !slices.Equal(got, want) {
		t.Errorf("named are\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	runs := holdsUp("config", "n1", "", "")
	runs.Status.Phase = corev1.PodRunning
	must(t, i.Update(runs))
	must(t, i.Delete(holdsUp("image", "n1", "", "")))
	if got := spoken(t, i); !slices.Equal(got, []string{want[1], want[3]}) {
		t.Errorf("after one runs and one is gone:\n%s", strings.Join(got, "\n"))
	}
	must(t, i.Replace([]any{runs}, "2"))
	if got := spoken(t, i); len(got) != 0 || len(i.words) != 0 {
		t.Errorf("after a list without them:\n%s", strings.Join(got, "\n"))
	}
}

// TestWordsAreBounded verifies that neither many pods nor long messages take more than
// what is set aside for them.
func TestWordsAreBounded(t *testing.T) {
	t.Parallel()
	i := New()
	for n := range mostWords + 500 {
		must(t, i.Add(holdsUp(fmt.Sprint("p", n), "", "Unschedulable", strings.Repeat("節點", 4000))))
	}
	if len(i.words) != mostWords {
		t.Errorf("words of %d pods, want %d", len(i.words), mostWords)
	}
	for _, w := range i.words {
		if len(w.message) > longestMessage || !utf8.ValidString(w.message) || !strings.Contains(w.message, "…") {
			t.Fatalf("%d bytes: %q", len(w.message), w.message)
		}
	}
}

// TestCutKeepsBothEnds verifies that the cause which a runtime wrapped is not cut off.
func TestCutKeepsBothEnds(t *testing.T) {
	t.Parallel()
	got := Cut(`Back-off pulling image "registry.corp/shop/web:1.4.2": ErrImagePull: ` + strings.Repeat("failed to resolve reference: ", 20) + "401 Unauthorized")
	if !strings.HasPrefix(got, `Back-off pulling image "registry.corp/shop/web:1.4.2"`) || !strings.HasSuffix(got, "401 Unauthorized") || len(got) > longestMessage {
		t.Errorf("%d bytes: %s", len(got), got)
	}
}

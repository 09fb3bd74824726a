package sources

import (
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevitals/kubevitals/sources/health"
	"github.com/kubevitals/kubevitals/sources/pods"
)

// TestTrimmedPodIsEvictedAlike verifies that a snapshot tells of an evicted pod what is told of
// it live, without the names in the words of its kubelet.
func TestTrimmedPodIsEvictedAlike(t *testing.T) {
	t.Parallel()
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "web", Namespace: "shop", UID: "1"}, Spec: corev1.PodSpec{NodeName: "n1"}}
	pod.Status = corev1.PodStatus{
		Phase: corev1.PodFailed, Reason: "Evicted", Message: "The node was low on resource: memory. Container secret was using 512Mi, request is 0, has larger consumption of memory. ",
		Conditions: []corev1.PodCondition{{Type: corev1.DisruptionTarget, Status: corev1.ConditionTrue, Reason: "TerminationByKubelet", LastTransitionTime: metav1.NewTime(time.Unix(1_800_000_000, 0))}},
	}
	told := func(obj any) (told pods.Pod) {
		index := pods.New()
		index.SetHealth(health.NewHealth("pods", time.Now))
		if err := index.Replace([]any{obj}, ""); err != nil {
			t.Fatal(err)
		}
		if err := index.Each(func(p pods.Pod) { told = p }); err != nil {
			t.Fatal(err)
		}
		return told
	}
	kept := trimPod(pod, &Latest{})
	if live, snapshot := told(pod), told(kept); live != snapshot || live.Evicted != pods.EvictMemory || live.EvictedAt.IsZero() {
		t.Errorf("live %+v, from a snapshot %+v", live, snapshot)
	}
	if text := string(mustJSON(t, kept)); strings.Contains(text, "secret") {
		t.Errorf("keeps a name: %s", text)
	}
}

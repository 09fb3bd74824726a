package collectors

import (
	"errors"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubevitals/kubevitals/sources"
	"github.com/kubevitals/kubevitals/sources/events"
	"github.com/kubevitals/kubevitals/sources/health"
)

func warning(uid, reason, kind, name string, count int32) *corev1.Event {
	return &corev1.Event{
		ObjectMeta:     metav1.ObjectMeta{UID: types.UID(uid)},
		InvolvedObject: corev1.ObjectReference{Kind: kind, Name: name},
		Reason:         reason, Count: count, Type: "Warning",
		LastTimestamp: metav1.NewTime(time.Unix(1_800_000_000+int64(count), 0)),
		Source:        corev1.EventSource{Component: "kubelet", Host: "n1"},
	}
}

func TestEvents(t *testing.T) {
	t.Parallel()
	log := events.New(health.NewHealth("events", time.Now), sources.EventKinds(), sources.EventPhrases())
	if err := log.Replace([]any{warning("a", "Evicted", "Pod", "web-1", 40)}, "1"); err != nil {
		t.Fatal(err)
	}
	hpa := warning("d", "FailedUpdateStatus", "HorizontalPodAutoscaler", "web", 12)
	hpa.Source = corev1.EventSource{Component: "horizontal-pod-autoscaler"}
	for _, e := range []*corev1.Event{
		warning("a", "Evicted", "Pod", "web-1", 42),
		warning("b", "Evicted", "Pod", "web-2", 1),
		warning("c", "SystemOOM", "Node", "n2", 3),
		warning("e", "Unhealthy", "Pod", "web-1", 3),
		hpa,
	} {
		if err := log.Add(e); err != nil {
			t.Fatal(err)
		}
	}
	golden(t, eventsName, eventsCollector{log, someNodes("n1", "n2")}, Events().Metrics)
}

func TestEventsIsSilentWhileBlind(t *testing.T) {
	t.Parallel()
	c := eventsCollector{events.New(health.NewHealth("events", time.Now), sources.EventKinds(), sources.EventPhrases()), someNodes()}
	var unavailable *health.UnavailableError
	if err := collectError(t, c); !errors.As(err, &unavailable) {
		t.Errorf("%v, want the source's error", err)
	}
}

func TestEventKindsAreNamedOnce(t *testing.T) {
	t.Parallel()
	seen := map[events.Kind]bool{}
	for _, k := range sources.EventKinds() {
		if seen[k] {
			t.Errorf("%v is listed twice", k)
		}
		seen[k] = true
	}
}

package collectors

import (
	"errors"
	"math"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubevitals/kubevitals/sources/events"
	"github.com/kubevitals/kubevitals/sources/exposition"
	"github.com/kubevitals/kubevitals/sources/health"
	"github.com/kubevitals/kubevitals/sources/kubelet"
)

func startLog() *events.Log {
	return events.New(health.NewHealth("kubelet_starts", time.Now), []events.Kind{{Reason: "Starting", Object: "Node"}}, nil)
}

// kubeletStart is the event of one start: every process makes an event of its own.
func kubeletStart(uid, node string, at int64) *corev1.Event {
	return &corev1.Event{
		ObjectMeta:     metav1.ObjectMeta{UID: types.UID(uid)},
		InvolvedObject: corev1.ObjectReference{Kind: "Node", Name: node},
		Reason:         "Starting", Count: 1, LastTimestamp: metav1.Unix(at, 0),
		Source: corev1.EventSource{Component: "kubelet", Host: node},
	}
}

func TestKubeletRestarts(t *testing.T) {
	t.Parallel()
	log := startLog()
	if err := log.Replace([]any{
		kubeletStart("a", "loops", 9_000), kubeletStart("b", "loops", 9_060), kubeletStart("c", "loops", 9_120),
		kubeletStart("d", "upgraded", 9_500), kubeletStart("e", "deleted", 9_600),
	}, "1"); err != nil {
		t.Fatal(err)
	}
	counted := func(started float64) kubelet.Fetched[exposition.Report] {
		return kubeletSays(exposition.Report{StartTime: started})
	}
	results := []*kubelet.Result{
		{Node: "loops", Metrics: kubelet.Fetched[exposition.Report]{Reason: health.Unreachable}},
		{Node: "upgraded", Metrics: counted(9_499.75)},
		{Node: "steady", Metrics: counted(100)},
		{Node: "says-nothing", Metrics: counted(math.NaN())},
		{Node: "not-read"},
	}
	golden(t, kubeletRestartsName, kubeletRestartsCollector{log, func() []*kubelet.Result { return results }}, KubeletRestarts().Metrics)
}

func TestKubeletRestartsIsSilentWhileBlind(t *testing.T) {
	t.Parallel()
	c := kubeletRestartsCollector{startLog(), func() []*kubelet.Result { return []*kubelet.Result{{Node: "n1"}} }}
	var unavailable *health.UnavailableError
	if err := collectError(t, c); !errors.As(err, &unavailable) {
		t.Errorf("%v, want the source's error", err)
	}
}

package events

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevitals/kubevitals/sources/health"
	"github.com/kubevitals/kubevitals/sources/refusal"
)

var failedCreate = Kind{"FailedCreate", "ReplicaSet"}

func refusals(t *testing.T) *Log {
	t.Helper()
	return New(health.NewHealth("events", time.Now), []Kind{failedCreate, evicted}, nil)
}

// refusedEvent is an event of the ReplicaSet web in a namespace.
func refusedEvent(uid, namespace, message string, first, last time.Time, count int32) *corev1.Event {
	return happened(uid, failedCreate, count, func(e *corev1.Event) {
		e.Namespace, e.InvolvedObject.Name, e.Message = namespace, "web", message
		e.FirstTimestamp, e.LastTimestamp = metav1.NewTime(first), metav1.NewTime(last)
	})
}

const overQuota = `Error creating: pods "web-x" is forbidden: exceeded quota: q`

// TestRefused verifies that events of one owner and cause are summed up, in the words of
// the latest, and alike after they were trimmed.
func TestRefused(t *testing.T) {
	t.Parallel()
	after := func(minutes int) time.Time { return noon.Add(time.Duration(minutes) * time.Minute) }
	listed := []any{
		refusedEvent("a", "shop", overQuota+"1", after(0), after(4), 5),
		refusedEvent("b", "shop", overQuota+"2", after(3), after(9), 2),
		refusedEvent("c", "shop", `Error creating: admission webhook "deny" denied the request: no`, after(1), after(1), 0),
		refusedEvent("d", "bank", overQuota, after(2), after(2), 1),
		happened("e", evicted, 1),
	}
	want := []Refused{
		{Namespace: "bank", Kind: "ReplicaSet", Name: "web", UID: "pod-1", Refusal: refusal.Refusal{Cause: refusal.Quota}, Message: overQuota, Count: 1, First: after(2), Last: after(2)},
		{Namespace: "shop", Kind: "ReplicaSet", Name: "web", UID: "pod-1", Refusal: refusal.Refusal{Cause: refusal.Quota}, Message: overQuota + "2", Count: 7, First: after(0), Last: after(9)},
		{Namespace: "shop", Kind: "ReplicaSet", Name: "web", UID: "pod-1", Refusal: refusal.Refusal{Cause: refusal.WebhookDenied, Webhook: "deny"}, Message: `Error creating: admission webhook "deny" denied the request: no`, Count: 1, First: after(1), Last: after(1)},
	}
	for _, trimmed := range []bool{false, true} {
		l := refusals(t)
		list := slices.Clone(listed)
		if trimmed {
			for i := range list {
				obj, err := l.Transformer()(list[i])
				must(t, err)
				list[i] = obj
			}
		}
		must(t, l.Replace(list, "1"))
		got, err := l.Refused()
		must(t, err)
		slices.SortFunc(got, func(a, b Refused) int {
			return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Cause, b.Cause))
		})
		if diff := gocmp.Diff(want, got); diff != "" {
			t.Errorf("trimmed %t (-want +got):\n%s", trimmed, diff)
		}
	}
}

// TestRefusedAreBounded verifies that no namespace keeps the words of others out, that
// what is left out is told and still counted, and that room comes back.
func TestRefusedAreBounded(t *testing.T) {
	t.Parallel()
	l := refusals(t)
	must(t, l.Replace(nil, "1"))
	const more = 7
	for n := range mostWordsOfNamespace + more {
		must(t, l.Add(refusedEvent(fmt.Sprint("noisy", n), "noisy", overQuota+strings.Repeat("x", 5*longestMessage), noon, noon, 1)))
	}
	must(t, l.Add(refusedEvent("quiet", "shop", overQuota, noon, noon, 1)))
	must(t, l.Update(refusedEvent("quiet", "shop", overQuota, noon, noon, 2)))
	if l.refused.taken != mostWordsOfNamespace+1 || l.LeftOut() != more || total(t, l, failedCreate) != mostWordsOfNamespace+more+2 {
		t.Errorf("%v with words, %d left out, %d counted", l.refused, l.LeftOut(), total(t, l, failedCreate))
	}
	for _, e := range l.events {
		if e.refused != nil && len(e.refused.message) > longestMessage+len("…") {
			t.Errorf("keeps a message of %d bytes", len(e.refused.message))
		}
	}
	for n := range mostWordsOfNamespace + more {
		must(t, l.Delete(refusedEvent(fmt.Sprint("noisy", n), "noisy", "", noon, noon, 1)))
	}
	if l.refused.taken != 1 || len(l.refused.in) != 1 {
		t.Errorf("words of %v after most are gone", l.refused)
	}
}

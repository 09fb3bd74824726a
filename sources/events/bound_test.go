package events

import (
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"
)

// TestNoNamespaceFillsTheLog verifies that whoever floods one namespace with events takes
// no place of the others, and that what is left out is told.
func TestNoNamespaceFillsTheLog(t *testing.T) {
	t.Parallel()
	in := func(namespace string) option {
		return func(e *corev1.Event) { e.Namespace = namespace }
	}
	l := newLog(t)
	must(t, l.Replace(nil, "1"))
	const more = 10
	for i := range mostOfNamespace + more {
		must(t, l.Add(happened(fmt.Sprint("flood", i), evicted, 1)))
	}
	if got := l.LeftOut(); got != more || len(l.events) != mostOfNamespace {
		t.Errorf("%d kept, %d left out", len(l.events), got)
	}
	must(t, l.Add(happened("other", reboot, 3, in("default"))))
	if got := total(t, l, reboot); got != 3 {
		t.Errorf("an event of another namespace: %d", got)
	}
	if got := total(t, l, evicted); got != mostOfNamespace {
		t.Errorf("%d are counted, want those that are kept", got)
	}
	must(t, l.Delete(happened("flood0", evicted, 1)))
	must(t, l.Add(happened("next", evicted, 1)))
	if _, kept := l.events["next"]; !kept {
		t.Error("there was room again, and it is not kept")
	}
	must(t, l.Replace([]any{happened("next", evicted, 1)}, "2"))
	if l.LeftOut() != 0 || l.namespaces["shop"] != 1 || len(l.namespaces) != 1 {
		t.Errorf("after a short list: %d left out, %v", l.LeftOut(), l.namespaces)
	}
	must(t, l.Delete(happened("next", evicted, 1)))
	if len(l.namespaces) != 0 {
		t.Errorf("all are gone: %v", l.namespaces)
	}
}

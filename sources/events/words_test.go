package events

import (
	"fmt"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubevitals/kubevitals/sources/health"
)

// TestWordsOfVolumes verifies that of a pod without its volumes the latest message is kept,
// cut, that no namespace keeps those of others out, and that room comes back.
func TestWordsOfVolumes(t *testing.T) {
	t.Parallel()
	mount := Kind{"FailedMount", "Pod"}
	l := New(health.NewHealth("events", time.Now), []Kind{mount}, nil)
	event := func(uid, namespace, message string) *corev1.Event {
		return happened(uid, mount, 1, func(e *corev1.Event) {
			e.Namespace, e.Message, e.InvolvedObject.UID = namespace, message, types.UID("pod-of-"+uid)
		})
	}
	must(t, l.Replace(nil, "1"))
	const more = 7
	for n := range mostWordsOfNamespace + more {
		obj, err := l.Transformer()(event(fmt.Sprint("noisy", n), "noisy", strings.Repeat("x", 5*longestMessage)))
		must(t, err)
		must(t, l.Add(obj))
	}
	const said = `MountVolume.SetUp failed for volume "tls" : secret "web-tls" not found`
	must(t, l.Add(event("quiet", "shop", "of before")))
	must(t, l.Update(event("quiet", "shop", said)))
	latest, err := l.Latest(mount)
	must(t, err)
	kept := 0
	for _, w := range latest {
		if w.Message != "" {
			kept++
		}
		if len(w.Message) > longestMessage+len("…") {
			t.Errorf("keeps a message of %d bytes", len(w.Message))
		}
	}
	if got := latest["pod-of-quiet"].Message; got != said || kept != mostWordsOfNamespace+1 || l.LeftOut() != 0 {
		t.Errorf("of %d pods a message is kept, %d are left out; of the quiet one %q", kept, l.LeftOut(), got)
	}
	for n := range mostWordsOfNamespace + more {
		must(t, l.Delete(event(fmt.Sprint("noisy", n), "noisy", "")))
	}
	if l.said.taken != 1 || len(l.said.in) != 1 {
		t.Errorf("words of %v after most are gone", l.said)
	}
}

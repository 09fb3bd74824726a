package pods

import (
	"math/rand/v2"
	"os"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// eventsEnv is how many events TestEventsEqualAFreshList plays; `make events` plays a
// million.
const eventsEnv = "KUBEVITALS_EVENTS"

// TestEventsEqualAFreshList verifies that after very many random events on thousands of
// pods the index is what it would be had it just listed them.
func TestEventsEqualAFreshList(t *testing.T) {
	t.Parallel()
	events := 20_000
	if text := os.Getenv(eventsEnv); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n <= 0 {
			t.Fatalf("%s: %q is no number of events", eventsEnv, text)
		}
		events = n
	}
	const (
		seed = 1
		pods = 5000
	)
	random := rand.New(rand.NewPCG(seed, 0))
	index, exist := available(t), map[int]*corev1.Pod{}
	for event := range events {
		s, n := randomScript(random.Uint64(), 64), random.IntN(pods)
		if before := exist[n]; before != nil && s.pick(4) == 0 {
			delete(exist, n)
			must(t, index.Delete(&corev1.Pod{ObjectMeta: metav1.ObjectMeta{UID: before.UID}}))
		} else {
			exist[n], _ = randomPod(&s, n)
			if before == nil {
				must(t, index.Add(exist[n].DeepCopy()))
			} else {
				must(t, index.Update(exist[n].DeepCopy()))
			}
		}
		if (event+1)%(events/4) != 0 {
			continue
		}
		var list []any
		for _, pod := range exist {
			list = append(list, pod.DeepCopy())
		}
		fresh := available(t)
		must(t, fresh.Replace(list, ""))
		if diff := cmp.Diff(nodeRefs(t, fresh), nodeRefs(t, index)); diff != "" {
			t.Fatalf("after %d events: counts differ (-listed +index):\n%s", event+1, diff)
		}
		if diff := cmp.Diff(allOf(t, fresh), allOf(t, index)); diff != "" {
			t.Fatalf("after %d events: pods differ (-listed +index):\n%s", event+1, diff)
		}
		tidy(t, event, index)
	}
	t.Logf("%d random events on %d pods: equal to a fresh list of the %d that are left", events, pods, index.Len())
}

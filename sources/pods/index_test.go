package pods

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubevitals/kubevitals/exporter"
	"github.com/kubevitals/kubevitals/sources/health"
)

// counts are distinct ConfigMaps and Secrets.
type counts [2]int

func nodeRefs(tb testing.TB, i *Index) map[string]counts {
	tb.Helper()
	got := map[string]counts{}
	must(tb, i.NodeRefs(func(node string, configMaps, secrets int) {
		if _, twice := got[node]; twice {
			tb.Errorf("node %s was reported twice", node)
		}
		got[node] = counts{configMaps, secrets}
	}))
	return got
}

// available returns an empty index that is available.
func available(tb testing.TB) *Index {
	i := New()
	must(tb, i.Replace(nil, ""))
	return i
}

func simple(name, node string, phase corev1.PodPhase, configMaps ...string) *corev1.Pod {
	p := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: name, UID: types.UID(name)},
		Spec:       corev1.PodSpec{NodeName: node},
		Status:     corev1.PodStatus{Phase: phase},
	}
	for _, c := range configMaps {
		p.Spec.Volumes = append(p.Spec.Volumes, corev1.Volume{VolumeSource: corev1.VolumeSource{
			ConfigMap: &corev1.ConfigMapVolumeSource{LocalObjectReference: corev1.LocalObjectReference{Name: c}},
		}})
	}
	return p
}

func TestWhichPodsCount(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		pods []*corev1.Pod
		want map[string]counts
	}{
		"none":                  {nil, map[string]counts{}},
		"running":               {[]*corev1.Pod{simple("a", "n", corev1.PodRunning, "x", "y")}, map[string]counts{"n": {2, 0}}},
		"pending on a node":     {[]*corev1.Pod{simple("a", "n", corev1.PodPending, "x")}, map[string]counts{"n": {1, 0}}},
		"unknown":               {[]*corev1.Pod{simple("a", "n", corev1.PodUnknown, "x")}, map[string]counts{"n": {1, 0}}},
		"no phase yet":          {[]*corev1.Pod{simple("a", "n", "", "x")}, map[string]counts{"n": {1, 0}}},
		"pending, unscheduled":  {[]*corev1.Pod{simple("a", "", corev1.PodPending, "x")}, map[string]counts{}},
		"succeeded":             {[]*corev1.Pod{simple("a", "n", corev1.PodSucceeded, "x")}, map[string]counts{"n": {0, 0}}},
		"failed":                {[]*corev1.Pod{simple("a", "n", corev1.PodFailed, "x")}, map[string]counts{"n": {0, 0}}},
		"terminating":           {[]*corev1.Pod{terminating(simple("a", "n", corev1.PodRunning, "x"))}, map[string]counts{"n": {1, 0}}},
		"terminating, finished": {[]*corev1.Pod{terminating(simple("a", "n", corev1.PodFailed, "x"))}, map[string]counts{"n": {0, 0}}},
		"same object, same node": {[]*corev1.Pod{
			simple("a", "n", corev1.PodRunning, "x", "y"), simple("b", "n", corev1.PodRunning, "y", "z"),
		}, map[string]counts{"n": {3, 0}}},
		"same object, two nodes": {[]*corev1.Pod{
			simple("a", "n", corev1.PodRunning, "x"), simple("b", "m", corev1.PodRunning, "x"),
		}, map[string]counts{"n": {1, 0}, "m": {1, 0}}},
		"without references": {[]*corev1.Pod{simple("a", "n", corev1.PodRunning)}, map[string]counts{"n": {0, 0}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			index := available(t)
			for _, pod := range test.pods {
				must(t, index.Add(pod))
			}
			if diff := cmp.Diff(test.want, nodeRefs(t, index)); diff != "" {
				t.Errorf("counts differ (-want +got):\n%s", diff)
			}
		})
	}
}

func TestUIDs(t *testing.T) {
	t.Parallel()
	// All of these are different pods, however alike they look.
	var uids []uid
	for _, u := range []types.UID{
		"", "0", "static-pod", "d41d8cd98f00b204e9800998ecf8427e",
		"6ba7b810-9dad-11d1-80b4-00c04fd430c8", "6BA7B810-9DAD-11D1-80B4-00C04FD430C8",
		"6ba7b810-9dad-11d1-80b4-00c04fd430c9", "6ba7b8109dad-11d1-80b4-00c04fd430c8-",
		"6ba7b810-9dad-11d1-80b4-00c04fd430cg",
	} {
		uids = append(uids, uidOf(&corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "n", Name: "p", UID: u}}))
	}
	uids = append(uids, uidOf(&corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "n", Name: "q"}}))
	for n, u := range uids {
		if at := slices.Index(uids, u); at != n {
			t.Errorf("UIDs %d and %d are one", at, n)
		}
	}
	got, ok := parseUID("6ba7b810-9dad-11d1-80b4-00c04fd430c8")
	want := uid{0x6b, 0xa7, 0xb8, 0x10, 0x9d, 0xad, 0x11, 0xd1, 0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8}
	if !ok || got != want {
		t.Errorf("parseUID = %x, %v; want %x", got, ok, want)
	}
}

func TestUnavailable(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_900_000_000, 0)
	h := health.NewHealth("pods", func() time.Time { return now })
	index := New()
	index.SetHealth(h)
	silent := func(when string, want error) {
		t.Helper()
		called := false
		err := index.NodeRefs(func(string, int, int) { called = true })
		each := index.Each(func(Pod) { called = true })
		if !errors.Is(err, want) || !errors.Is(each, want) || !errors.Is(index.Err(), want) || called {
			t.Errorf("%s: NodeRefs %v, Each %v, Err %v, called %v; want %v", when, err, each, index.Err(), called, want)
		}
	}
	must(t, index.Add(simple("a", "n", corev1.PodRunning, "x")))
	silent("before the first list", exporter.ErrNotReady)

	must(t, index.Replace([]any{simple("a", "n", corev1.PodRunning, "x")}, "1"))
	if err := index.Err(); err != nil {
		t.Errorf("after the first list: %v", err)
	}
	now = now.Add(time.Minute)
	must(t, index.Bookmark("2"))
	if got := h.State().LastSuccess; !got.Equal(now) {
		t.Errorf("a bookmark is a sign of life: last success %v, want %v", got, now)
	}

	for name, do := range map[string]func() error{
		"add":     func() error { return index.Add(&corev1.Node{}) },
		"delete":  func() error { return index.Delete("pod") },
		"replace": func() error { return index.Replace([]any{simple("b", "n", "", "y"), nil}, "3") },
	} {
		must(t, index.Replace([]any{simple("a", "n", corev1.PodRunning, "x")}, "1"))
		err := do()
		if err == nil {
			t.Errorf("%s of something else did not fail", name)
		}
		silent(name+" of something else", err)
		h.Succeed()
		if diff := cmp.Diff(map[string]counts{"n": {1, 0}}, nodeRefs(t, index)); diff != "" {
			t.Errorf("%s of something else changed the index (-want +got):\n%s", name, diff)
		}
	}
}

// TestReplaceIsAtomic reads while lists replace each other. Each list gives all
// nodes the same number of objects, so a mixture would be seen.
func TestReplaceIsAtomic(t *testing.T) {
	t.Parallel()
	const nodes, rounds = 40, 200
	list := func(generation, objects int) []any {
		var objs []any
		for n := range nodes {
			for o := range objects {
				name := fmt.Sprintf("%d-%d-%d", generation, n, o)
				objs = append(objs, simple(name, fmt.Sprint("node-", n), corev1.PodRunning, name))
			}
		}
		return objs
	}
	index := available(t)
	must(t, index.Replace(list(0, 1), ""))
	stop := make(chan struct{})
	var readers sync.WaitGroup
	for range 2 {
		readers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				sizes := map[int]int{}
				if err := index.NodeRefs(func(_ string, configMaps, _ int) { sizes[configMaps]++ }); err != nil {
					t.Error(err)
				}
				if len(sizes) != 1 || slices.Collect(maps.Values(sizes))[0] != nodes {
					t.Errorf("a mixture of two lists was seen: nodes by number of objects %v", sizes)
				}
				pods := 0
				must(t, index.Each(func(Pod) { pods++ }))
				if pods%nodes != 0 {
					t.Errorf("%d pods were seen on %d nodes", pods, nodes)
				}
			}
		})
	}
	for round := range rounds {
		must(t, index.Replace(list(round, 1+round%3), ""))
	}
	close(stop)
	readers.Wait()
}

func TestEachTellsEverything(t *testing.T) {
	t.Parallel()
	index := available(t)
	gone := terminating(simple("a", "n", corev1.PodRunning, "x"))
	gone.Finalizers = []string{"example.com/wait"}
	waits := simple("b", "", corev1.PodPending, "x")
	waits.CreationTimestamp = metav1.NewTime(time.Unix(1_800_000_000, 0))
	both := terminating(simple("d", "n", corev1.PodPending, "x"))
	both.CreationTimestamp = waits.CreationTimestamp
	runs := corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}
	gone.Status.ContainerStatuses = []corev1.ContainerStatus{{State: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{}}}}
	alive := terminating(simple("e", "n", corev1.PodRunning, "x"))
	alive.Status.ContainerStatuses = []corev1.ContainerStatus{gone.Status.ContainerStatuses[0], {State: runs}}
	sidecar := simple("f", "n", corev1.PodRunning, "x")
	sidecar.Status.InitContainerStatuses = []corev1.ContainerStatus{{State: runs}}
	failed := simple("c", "n", corev1.PodFailed, "x")
	failed.Status.ContainerStatuses = []corev1.ContainerStatus{{State: runs}} // which its phase belies
	for _, p := range []*corev1.Pod{gone, waits, failed, both, alive, sidecar} {
		must(t, index.Add(p))
	}
	deletion := time.Unix(1_900_000_000, 0)
	want := map[Key]Pod{
		uidOf(failed):  {Namespace: "default", Node: "n", Phase: corev1.PodFailed},
		uidOf(waits):   {Namespace: "default", Phase: corev1.PodPending, Waiting: NoScheduler, Since: time.Unix(1_800_000_000, 0)},
		uidOf(gone):    {Namespace: "default", Node: "n", Phase: corev1.PodRunning, Deletion: deletion, Finalizers: true},
		uidOf(both):    {Namespace: "default", Node: "n", Phase: corev1.PodPending, Deletion: deletion},
		uidOf(alive):   {Namespace: "default", Node: "n", Phase: corev1.PodRunning, Deletion: deletion, Runs: true},
		uidOf(sidecar): {Namespace: "default", Node: "n", Phase: corev1.PodRunning, Runs: true},
	}
	for u, p := range want {
		p.Key = u
		want[u] = p
	}
	for _, when := range []string{"after events", "after a list"} {
		got := map[Key]Pod{}
		must(t, index.Each(func(p Pod) { got[p.Key] = p }))
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("pods differ %s (-want +got):\n%s", when, diff)
		}
		must(t, index.Replace([]any{pack(factsOf(gone)), waits, failed, both, alive, sidecar}, "2"))
	}
}

package collectors

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/kubevitals/kubevitals/exporter"
	"github.com/kubevitals/kubevitals/sources"
	"github.com/kubevitals/kubevitals/sources/events"
	"github.com/kubevitals/kubevitals/sources/pods"
)

// readyNodes is a source of nodes with the given status of their condition Ready;
// an empty one means that the node has no such condition.
func readyNodes(status map[string]corev1.ConditionStatus) func() ([]*corev1.Node, error) {
	var nodes []*corev1.Node
	for name, s := range status {
		node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name}}
		if s != "" {
			node.Status.Conditions = []corev1.NodeCondition{{Type: corev1.NodeReady, Status: s}}
		}
		nodes = append(nodes, node)
	}
	return func() ([]*corev1.Node, error) { return nodes, nil }
}

// somePods is a source of pods.
func somePods(list ...pods.Pod) func(func(pods.Pod)) error {
	return func(f func(pods.Pod)) error {
		for _, p := range list {
			f(p)
		}
		return nil
	}
}

func noPods(err error) func(func(pods.Pod)) error {
	return func(func(pods.Pod)) error { return err }
}

// collectError runs a collector for its error; it must not have sent anything
// that depends on what it could not read, which the frame drops anyway.
func collectError(t *testing.T, c exporter.Collector) error {
	t.Helper()
	return c.Collect(t.Context(), make(chan prometheus.Metric, 1000))
}

func TestTerminatingPods(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_800_000_000, 0)
	ago := func(seconds int) time.Time { return now.Add(-time.Duration(seconds) * time.Second) }
	golden(t, terminatingPodsName, terminatingPodsCollector{
		nodes: readyNodes(map[string]corev1.ConditionStatus{
			"well": "True", "silent": "Unknown", "ill": "False", "new": "",
		}),
		pods: somePods(
			pods.Pod{Node: "well"},
			pods.Pod{Node: "well", Deletion: ago(-20)},
			pods.Pod{Node: "well", Deletion: ago(30)},
			pods.Pod{Node: "well", Deletion: ago(300)},
			pods.Pod{Node: "well", Deletion: ago(200)},
			pods.Pod{Node: "well", Deletion: ago(90), Finalizers: true},
			pods.Pod{Node: "well", Deletion: ago(400), Finalizers: true, Runs: true}, // for as long as it runs, no finalizer matters
			pods.Pod{Node: "silent", Deletion: ago(500)},
			pods.Pod{Node: "silent", Deletion: ago(600), Finalizers: true},
			pods.Pod{Node: "ill", Deletion: ago(10)},
			pods.Pod{Node: "new", Deletion: ago(11)},
			pods.Pod{Node: "deleted", Deletion: ago(12)},
			pods.Pod{Deletion: ago(13)},
			pods.Pod{Deletion: ago(14), Finalizers: true},
		),
		now: func() time.Time { return now },
	}, TerminatingPods().Metrics)
}

func TestTerminatingPodsIsSilentWhileBlind(t *testing.T) {
	t.Parallel()
	blind := errors.New("forbidden")
	for name, c := range map[string]terminatingPodsCollector{
		"nodes": {func() ([]*corev1.Node, error) { return nil, blind }, somePods(), time.Now},
		"pods":  {readyNodes(nil), noPods(blind), time.Now},
	} {
		if err := collectError(t, c); !errors.Is(err, blind) {
			t.Errorf("%s: %v, want the source's error", name, err)
		}
	}
}

func noEvents(err error) func() (map[types.UID]events.Warning, error) {
	return func() (map[types.UID]events.Warning, error) { return nil, err }
}

// uidAndKey is a UID as the API server gives it, and its key.
func uidAndKey(t *testing.T, last string) (types.UID, pods.Key) {
	t.Helper()
	uid := types.UID("00000000-0000-4000-8000-00000000000" + last)
	key, ok := pods.KeyOf(uid)
	if !ok {
		t.Fatalf("%s is no UID", uid)
	}
	return uid, key
}

func TestPendingPods(t *testing.T) {
	t.Parallel()
	at := func(seconds int64) time.Time { return time.Unix(1_800_000_000+seconds, 0) }
	volume, volumeKey := uidAndKey(t, "1")
	network, networkKey := uidAndKey(t, "2")
	runtime, runtimeKey := uidAndKey(t, "3")
	image, imageKey := uidAndKey(t, "4")
	old, oldKey := uidAndKey(t, "5")
	over, overKey := uidAndKey(t, "6")
	golden(t, pendingPodsName, pendingPodsCollector{
		pods: somePods(
			pods.Pod{Node: "n1"},
			pods.Pod{Namespace: "a", Waiting: pods.Unschedulable, Since: at(50)},
			pods.Pod{Namespace: "a", Waiting: pods.Unschedulable, Since: at(20)},
			pods.Pod{Namespace: "b", Waiting: pods.Unschedulable, Since: at(30)},
			pods.Pod{Namespace: "b", Waiting: pods.SchedulerError, Since: at(31)},
			pods.Pod{Namespace: "b", Waiting: pods.Unbound, Since: at(32)},
			pods.Pod{Namespace: "batch", Waiting: pods.LowPriority, Since: at(-800)},
			pods.Pod{Namespace: "room", Waiting: pods.Placeholder, Since: at(-900)},
			pods.Pod{Namespace: "b", Waiting: pods.NoScheduler, Since: at(40)},
			pods.Pod{Namespace: "b", Waiting: pods.NoScheduler, Scheduler: "high-density", Since: at(41)},
			pods.Pod{Namespace: "b", Waiting: pods.NoScheduler, Scheduler: "default-schedular", Since: at(42)},
			pods.Pod{Namespace: "b", Waiting: pods.NoScheduler, Scheduler: "default-schedular", Since: at(11)},
			pods.Pod{Waiting: pods.Gated, Since: at(1)},
			pods.Pod{Node: "n1", Waiting: pods.NotPickedUp, Since: at(2)},
			pods.Pod{Node: "n1", Waiting: pods.Sandbox, Since: at(3), Key: volumeKey},
			pods.Pod{Node: "n1", Waiting: pods.Sandbox, Since: at(4), Key: networkKey},
			pods.Pod{Node: "n2", Waiting: pods.Sandbox, Since: at(5), Key: runtimeKey},
			pods.Pod{Node: "n2", Waiting: pods.Sandbox, Since: at(6)},
			pods.Pod{Node: "n2", Waiting: pods.Image, Since: at(7), Key: imageKey},
			pods.Pod{Node: "n2", Waiting: pods.Image, Since: at(10)}, // of which no event says why
			pods.Pod{Node: "old", Waiting: pods.Creating, Since: at(8), Key: oldKey},
			pods.Pod{Node: "old", Waiting: pods.Creating, Since: at(9), Key: overKey},
		),
		nodes:      someNodes("n1", "n2", "old"),
		now:        func() time.Time { return at(1000) },
		schedulers: []string{"high-density"},
		events: func() (map[types.UID]events.Warning, error) {
			return map[types.UID]events.Warning{
				volume:   {Kind: events.Kind{Reason: "FailedMount", Object: "Pod"}, Last: at(900)},
				network:  {Kind: events.Kind{Reason: "FailedCreatePodSandBox", Object: "Pod"}, Phrase: "no ip addresses available", Last: at(900)},
				runtime:  {Kind: events.Kind{Reason: "NetworkNotReady", Object: "Pod"}, Last: at(900)},
				image:    {Kind: events.Kind{Reason: "FailedMount", Object: "Pod"}, Last: at(900)},
				old:      {Kind: events.Kind{Reason: "FailedCreatePodSandBox", Object: "Pod"}, Last: at(500)},
				over:     {Kind: events.Kind{Reason: "FailedMount", Object: "Pod"}, Last: at(300)}, // and then mounted, for all that is known
				"static": {Kind: events.Kind{Reason: "FailedMount", Object: "Pod"}, Last: at(900)},
			}, nil
		},
		imageEvents: func() (map[types.UID]events.Warning, error) {
			return map[types.UID]events.Warning{
				image:   {Kind: sources.ImageKind(), Phrase: "401 unauthorized", Last: at(200)},
				runtime: {Kind: sources.ImageKind(), Phrase: "manifest unknown", Last: at(900)}, // which it no longer waits for
			}, nil
		},
	}, PendingPods().Metrics)
}

func TestPendingPodsWithoutSources(t *testing.T) {
	t.Parallel()
	blind := errors.New("forbidden")
	if err := collectError(t, pendingPodsCollector{pods: noPods(blind), nodes: someNodes(), events: noEvents(nil), imageEvents: noEvents(nil)}); !errors.Is(err, blind) {
		t.Errorf("without pods: %v, want the source's error", err)
	}
	got := string(scrapeText(t, pendingPodsName, pendingPodsCollector{
		pods: somePods(pods.Pod{Node: "n1", Waiting: pods.Sandbox, Since: time.Unix(1, 0)}), nodes: someNodes("n1"), events: noEvents(blind), imageEvents: noEvents(blind),
	}, PendingPods().Metrics))
	if !strings.Contains(got, `kubevitals_pending_pods_pods{node="n1",reason="sandbox"} 1`) {
		t.Errorf("without events it does not tell what it can:\n%s", got)
	}
}

// TestPendingPodsBoundsSchedulers verifies that pods cannot make any number of series by
// naming schedulers.
func TestPendingPodsBoundsSchedulers(t *testing.T) {
	t.Parallel()
	var list []pods.Pod
	for i := range 500 {
		list = append(list, pods.Pod{Namespace: "a", Waiting: pods.NoScheduler, Scheduler: fmt.Sprintf("s-%03d", i), Since: time.Unix(1_800_000_000+int64(i), 0)})
	}
	got := string(scrapeText(t, pendingPodsName, pendingPodsCollector{pods: somePods(list...), nodes: someNodes(), events: noEvents(nil), imageEvents: noEvents(nil)}, PendingPods().Metrics))
	if n := strings.Count(got, "other_scheduler_oldest_timestamp_seconds{"); n != mostSchedulers+1 ||
		!strings.Contains(got, `{namespace="a",scheduler="other"} 1.80000001e+09`) || !strings.Contains(got, `{node="",reason="no_scheduler"} 0`) {
		t.Errorf("%d series:\n%s", n, got)
	}
}

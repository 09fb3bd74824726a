package collectors

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevitals/kubevitals/sources"
	"github.com/kubevitals/kubevitals/sources/events"
	"github.com/kubevitals/kubevitals/sources/health"
	"github.com/kubevitals/kubevitals/sources/kubelet"
	"github.com/kubevitals/kubevitals/sources/pods"
)

// someNodes are nodes of these names.
func someNodes(names ...string) func() ([]*corev1.Node, error) {
	var nodes []*corev1.Node
	for _, name := range names {
		nodes = append(nodes, &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name}})
	}
	return func() ([]*corev1.Node, error) { return nodes, nil }
}

func TestFairly(t *testing.T) {
	t.Parallel()
	greedy := []string{"a", "b", "c", "d", "e"}
	for _, test := range []struct {
		most   int
		wishes [][]string
		want   []string
	}{
		{3, [][]string{greedy, {"x"}, {"y"}}, []string{"a", "x", "y"}},
		{4, [][]string{greedy, {"x", "z"}}, []string{"a", "b", "x", "z"}},
		{3, [][]string{greedy, greedy, {"b"}}, []string{"a", "b", "c"}},
		{2, [][]string{nil, {"x"}}, []string{"x"}},
		{0, [][]string{greedy}, nil},
	} {
		if got := slices.Sorted(maps.Keys(fairly(test.wishes, test.most))); !slices.Equal(got, test.want) {
			t.Errorf("%d of %v: %v, want %v", test.most, test.wishes, got, test.want)
		}
	}
}

// TestOddConditionsTakeNoPlace verifies that conditions which one node has alone do not
// make those of another nameless, be these known or not.
func TestOddConditionsTakeNoPlace(t *testing.T) {
	t.Parallel()
	var odd []corev1.NodeCondition
	for i := range 400 {
		odd = append(odd, problemOf(fmt.Sprintf("A%03d", i), "Odd", corev1.ConditionTrue, 9_900))
	}
	nodes := []*corev1.Node{
		readinessNode("a", corev1.ConditionTrue, "", odd...),
		readinessNode("b", corev1.ConditionTrue, "", problemOf("KernelDeadlock", "DockerHung", corev1.ConditionTrue, 9_900)),
		readinessNode("c", corev1.ConditionTrue, "", problemOf("ZzzOfOurOwn", "Rusty", corev1.ConditionTrue, 9_900)),
	}
	c := nodeReadinessCollector{
		nodes:    func() ([]*corev1.Node, error) { return nodes, nil },
		leases:   func([]*corev1.Node) sources.LeasesJudged { return sources.LeasesJudged{} },
		kubelets: func() []*kubelet.Result { return nil },
		now:      readinessNow,
	}
	got := scrapeText(t, nodeReadinessName, c, NodeReadiness().Metrics)
	for _, want := range []string{
		`condition="KernelDeadlock",node="b",reason="DockerHung"} 1`, `condition="ZzzOfOurOwn",node="c",reason="Rusty"} 1`,
		`condition="A000",node="a",reason="Odd"} 1`, `condition="other",node="a",reason="other"} 1`,
		`series_left_out{collector="node_readiness",reason="bound"} 384`,
	} {
		if !bytes.Contains(got, []byte(want)) {
			t.Errorf("missing: %s", want)
		}
	}
	if n := bytes.Count(got, []byte("\nkubevitals_node_readiness_condition{")); n != maxNodeConditions+1+2 {
		t.Errorf("%d conditions are told", n)
	}
}

// TestEventsAboutNodesThatDoNotExist verifies that whoever makes events makes no series.
func TestEventsAboutNodesThatDoNotExist(t *testing.T) {
	t.Parallel()
	log := events.New(health.NewHealth("events", time.Now), sources.EventKinds(), sources.EventPhrases())
	var all []any
	for i := range 12_000 {
		all = append(all, warning(fmt.Sprint("u", i), "SystemOOM", "Node", fmt.Sprint("invented-", i), 2))
	}
	all = append(all, warning("real", "SystemOOM", "Node", "n1", 5))
	if err := log.Replace(all, "1"); err != nil {
		t.Fatal(err)
	}
	got := string(scrapeText(t, eventsName, eventsCollector{log, someNodes("n1")}, Events().Metrics))
	for _, want := range []string{
		`kubevitals_events_recent{kind="Node",node="n1",reason="SystemOOM"} 5`,
		`kubevitals_events_recent{kind="Node",node="",reason="SystemOOM"} 24000`,
		`series_left_out{collector="events",reason="bound"} 12000`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("missing: %s", want)
		}
	}
	if lines := strings.Count(got, "\nkubevitals_events_recent{"); lines != 2 {
		t.Errorf("%d places, want 2", lines)
	}
	blind := func() ([]*corev1.Node, error) { return nil, errors.New("blind") }
	if got := scrapeText(t, eventsName, eventsCollector{log, blind}, Events().Metrics); !bytes.Contains(got, []byte(`node="invented-7"`)) {
		t.Error("while the nodes are not known, no name is a stranger's")
	}
}

// TestPodsOnNodesThatDoNotExist verifies that of such nodes those with most pods keep
// their names, and that no pod is lost.
func TestPodsOnNodesThatDoNotExist(t *testing.T) {
	t.Parallel()
	since := time.Unix(1_800_000_000, 0)
	var waits, gone []pods.Pod
	for i := range 5 * maxStrangers {
		name := fmt.Sprintf("invented-%03d", i)
		waits = append(waits, pods.Pod{Node: name, Waiting: pods.NotPickedUp, Since: since.Add(time.Duration(i) * time.Second)})
		gone = append(gone, pods.Pod{Node: name, Deletion: since})
	}
	for range 2 {
		waits = append(waits, pods.Pod{Node: "was-deleted", Waiting: pods.NotPickedUp, Since: since})
		gone = append(gone, pods.Pod{Node: "was-deleted", Deletion: since})
	}
	waits = append(waits, pods.Pod{Node: "n1", Waiting: pods.NotPickedUp, Since: since})
	pending := string(scrapeText(t, pendingPodsName, pendingPodsCollector{pods: somePods(waits...), nodes: someNodes("n1"), events: noEvents(nil), imageEvents: noEvents(nil)}, PendingPods().Metrics))
	terminating := string(scrapeText(t, terminatingPodsName, terminatingPodsCollector{
		nodes: someNodes("n1"), pods: somePods(gone...), now: func() time.Time { return since.Add(time.Hour) },
	}, TerminatingPods().Metrics))
	for _, test := range []struct{ text, want string }{
		{pending, `pending_pods_pods{node="n1",reason="not_picked_up"} 1`},
		{pending, `pending_pods_pods{node="was-deleted",reason="not_picked_up"} 2`},
		{pending, `pending_pods_pods{node="",reason="not_picked_up"} 401`},
		{pending, `pending_pods_oldest_timestamp_seconds{node="",reason="not_picked_up"} 1.800000099e+09`},
		{pending, `series_left_out{collector="pending_pods",reason="bound"} 401`},
		{terminating, `terminating_pods_overdue{hold="node_missing",node="was-deleted"} 2`},
		{terminating, `terminating_pods_overdue{hold="node_missing",node=""} 401`},
		{terminating, `series_left_out{collector="terminating_pods",reason="bound"} 401`},
	} {
		if !strings.Contains(test.text, test.want) {
			t.Errorf("missing: %s", test.want)
		}
	}
	if n := strings.Count(pending, `pods{node="invented-`); n != maxStrangers-1 {
		t.Errorf("%d names of nodes that do not exist", n)
	}
}

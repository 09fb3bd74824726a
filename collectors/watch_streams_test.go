package collectors

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/kubevitals/kubevitals/exporter"
	"github.com/kubevitals/kubevitals/sources/apiserver"
	"github.com/kubevitals/kubevitals/sources/exposition"
	"github.com/kubevitals/kubevitals/sources/health"
	"github.com/kubevitals/kubevitals/sources/kubelet"
	"github.com/kubevitals/kubevitals/sources/pods"
)

func streamsNode(name, version string) *corev1.Node {
	n := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name}}
	n.Status.NodeInfo.KubeletVersion = version
	return n
}

// streamsPods are pods on the node, each with the image pull secret and the root
// CA of the namespace, and a ConfigMap of its own.
func streamsPods(node, namespace string, count int) []any {
	var pods []any
	for n := range count {
		name := fmt.Sprintf("%s-%s-%d", node, namespace, n)
		volume := func(configMap string) corev1.Volume {
			v := corev1.Volume{Name: configMap}
			v.ConfigMap = &corev1.ConfigMapVolumeSource{LocalObjectReference: corev1.LocalObjectReference{Name: configMap}}
			return v
		}
		pods = append(pods, &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name},
			Spec: corev1.PodSpec{
				NodeName:         node,
				ImagePullSecrets: []corev1.LocalObjectReference{{Name: "registry"}},
				Volumes:          []corev1.Volume{volume("kube-root-ca.crt"), volume(name)},
			},
			Status: corev1.PodStatus{Phase: corev1.PodRunning},
		})
	}
	return pods
}

func streamsKubelet(node, strategy string) *kubelet.Result {
	return &kubelet.Result{Node: node, Config: kubelet.Fetched[kubelet.Config]{
		Value: kubelet.Config{Strategy: strategy}, Reason: health.Available,
	}}
}

// streamsIndex is an index of the pods, which is available.
func streamsIndex(t *testing.T, groups ...[]any) *pods.Index {
	t.Helper()
	index := pods.New()
	var all []any
	for _, p := range groups {
		all = append(all, p...)
	}
	if err := index.Replace(all, ""); err != nil {
		t.Fatal(err)
	}
	return index
}

// streamsFixture has one node for each case, named after it.
func streamsFixture(t *testing.T) watchStreamsCollector {
	nodes := []*corev1.Node{
		streamsNode("no-pods", "v1.37.2"),
		streamsNode("fits-exactly", "v1.37.2"),
		streamsNode("one-too-many", "v1.37.2"),
		streamsNode("two-namespaces", "v1.36.1-gke.100"),
		streamsNode("cache-strategy", "v1.37.2"),
		streamsNode("get-strategy", "v1.37.2"),
		streamsNode("kubelet-silent", "v1.37.2"),
		streamsNode("single-connection", "v1.13.12"),
		streamsNode("version-unknown", ""),
	}
	index := streamsIndex(t,
		streamsPods("fits-exactly", "a", 92), // and root CA, pull secret, 6 base watches: 100
		streamsPods("one-too-many", "a", 93),
		streamsPods("two-namespaces", "a", 10), streamsPods("two-namespaces", "b", 10),
		streamsPods("cache-strategy", "a", 200),
		streamsPods("get-strategy", "a", 200),
		streamsPods("kubelet-silent", "a", 1),
		streamsPods("single-connection", "a", 300),
		streamsPods("version-unknown", "a", 1),
		streamsPods("deleted-node", "a", 1),
	)
	silent := streamsKubelet("kubelet-silent", "Watch")
	silent.Config.Reason = health.Timeout // what it said once is no longer believed
	counted := func(reason health.Reason, report exposition.Report) apiserver.Metrics {
		return apiserver.Metrics{Reason: reason, Report: report, Watches: map[string]int64{"configmaps": 605, "secrets": 7}}
	}
	return watchStreamsCollector{
		nodes: func() ([]*corev1.Node, error) { return nodes, nil },
		refs:  index.NodeRefs,
		kubelets: func() []*kubelet.Result {
			return []*kubelet.Result{
				streamsKubelet("no-pods", "Watch"),
				streamsKubelet("fits-exactly", "Watch"),
				streamsKubelet("one-too-many", "Watch"),
				streamsKubelet("two-namespaces", "Watch"),
				streamsKubelet("cache-strategy", "Cache"),
				streamsKubelet("get-strategy", "Get"),
				silent,
				streamsKubelet("single-connection", "Watch"),
				streamsKubelet("version-unknown", "Watch"),
				streamsKubelet("deleted-node", "Watch"),
			}
		},
		servers: func() []apiserver.Result {
			return []apiserver.Result{
				{Server: "10.0.0.1:6443", StreamLimit: 250, Metrics: counted(health.Available, exposition.Report{})},
				{Server: "10.0.0.2:6443", StreamLimit: 100, Metrics: counted(health.Forbidden, exposition.Report{})},
				{Server: "10.0.0.3:6443", Metrics: counted(health.Available, exposition.Report{Truncated: true})},
			}
		},
	}
}

func TestWatchStreams(t *testing.T) {
	t.Parallel()
	golden(t, watchStreamsName, streamsFixture(t), WatchStreams().Metrics)
}

// TestWatchStreamsWithoutLimit has no API server that tells its limit.
func TestWatchStreamsWithoutLimit(t *testing.T) {
	t.Parallel()
	c := streamsFixture(t)
	c.servers = func() []apiserver.Result { return []apiserver.Result{{Server: "10.0.0.1:6443"}} }
	text := string(scrapeText(t, watchStreamsName, c, WatchStreams().Metrics))
	if strings.Contains(text, "connections_needed") || !strings.Contains(text, `strategy{node="no-pods",strategy="Watch"} 1`) {
		t.Errorf("without a limit there is no number of connections, and a strategy:\n%s", text)
	}
}

func TestWatchStreamsIsSilentWhileBlind(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	for name, test := range map[string]struct {
		blind func(*watchStreamsCollector)
		want  error
	}{
		"nodes": {func(c *watchStreamsCollector) {
			c.nodes = func() ([]*corev1.Node, error) { return nil, broken }
		}, broken},
		"pods not listed yet": {func(c *watchStreamsCollector) { c.refs = pods.New().NodeRefs }, exporter.ErrNotReady},
		"pods lost": {func(c *watchStreamsCollector) {
			index := streamsIndex(t, streamsPods("no-pods", "a", 3))
			health := health.NewHealth("pods", time.Now)
			health.Succeed()
			health.Fail(broken)
			index.SetHealth(health)
			c.refs = index.NodeRefs
		}, broken},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := streamsFixture(t)
			test.blind(&c)
			if err := c.Collect(t.Context(), make(chan prometheus.Metric)); !errors.Is(err, test.want) {
				t.Errorf("error %v, want %v", err, test.want)
			}
			if text := scrapeText(t, watchStreamsName, c, WatchStreams().Metrics); bytes.Contains(text, []byte("kubevitals_watch_streams_")) {
				t.Errorf("a blind collector sent samples:\n%s", text)
			}
		})
	}
}

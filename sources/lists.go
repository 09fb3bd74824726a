package sources

import (
	"context"
	"fmt"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/tools/cache"

	"github.com/kubevitals/kubevitals/sources/events"
	"github.com/kubevitals/kubevitals/sources/health"
	"github.com/kubevitals/kubevitals/sources/pods"
	"github.com/kubevitals/kubevitals/sources/rounds"
)

// Nodes are all nodes, without annotations and images.
func (s *Sources) Nodes() *health.View[*corev1.Node] { return View[*corev1.Node](s, Nodes) }

// HPAs are all HorizontalPodAutoscalers.
func (s *Sources) HPAs() *health.View[*autoscalingv2.HorizontalPodAutoscaler] {
	return View[*autoscalingv2.HorizontalPodAutoscaler](s, HPAs)
}

// APIServices are all registrations of aggregated and local APIs.
func (s *Sources) APIServices() *health.View[APIService] {
	return viewOf(s, APIServices, apiServiceOf)
}

// Namespaces are all namespaces, and what holds those that should be gone.
func (s *Sources) Namespaces() *health.View[Namespace] { return viewOf(s, Namespaces, namespaceOf) }

// SystemPods are the pods of kube-system.
func (s *Sources) SystemPods() *health.View[SystemPod] { return viewOf(s, SystemPods, SystemPodOf) }

// AddonPods are the pods of each of AddonPodLists.
func (s *Sources) AddonPods() []*health.View[SystemPod] {
	var views []*health.View[SystemPod]
	for _, source := range AddonPodLists() {
		views = append(views, viewOf(s, source, SystemPodOf))
	}
	return views
}

// SystemWorkloads are the Deployments and the DaemonSets of kube-system.
func (s *Sources) SystemWorkloads() (deployments, daemonSets *health.View[SystemWorkload]) {
	return viewOf(s, SystemDeployments, SystemWorkloadOf), viewOf(s, SystemDaemonSets, SystemWorkloadOf)
}

// Pods is the compact index of all pods.
func (s *Sources) Pods() *pods.Index {
	return follow(s, Pods, func(h *health.Health) *pods.Index {
		index := pods.New()
		index.SetHealth(h)
		return index
	})
}

// Events is the log of the warnings of the closed list, in all namespaces.
func (s *Sources) Events() *events.Log { return s.eventLog(Events, EventKinds()) }

// KubeletStarts is the log of the event that a kubelet sends when it starts.
func (s *Sources) KubeletStarts() *events.Log {
	return s.eventLog(KubeletStarts, []events.Kind{{Reason: "Starting", Object: "Node"}})
}

// NodeTurns is the log of the event that a kubelet sends when it says that its node is not
// ready, or the node controller when it does not hear of the kubelet.
func (s *Sources) NodeTurns() *events.Log {
	return s.eventLog(NodeTurns, []events.Kind{{Reason: "NodeNotReady", Object: "Node"}})
}

func (s *Sources) eventLog(source Read, kinds []events.Kind) *events.Log {
	return follow(s, source, func(h *health.Health) *events.Log { return events.New(h, kinds, EventPhrases()) })
}

// NodeMetrics is what the resource metrics API says of nodes.
func (s *Sources) NodeMetrics() *rounds.Poll[NodeMetrics] {
	if poll, ok := s.stores[NodeMetricsList].(*rounds.Poll[NodeMetrics]); ok {
		return poll
	}
	poll := rounds.NewPoll(s.newHealth(string(NodeMetricsList)), s.config.NodeMetricsInterval, s.readNodeMetrics)
	s.stores[NodeMetricsList] = poll
	s.runs = append(s.runs, poll.Run)
	return poll
}

// View are the objects of a list of the table, less what the row strips.
func View[T runtime.Object](s *Sources, source Read) *health.View[T] {
	row, _, _ := s.config.Resources.Find(source)
	return viewOf(s, source, func(obj any) (T, error) {
		typed, err := health.Trim[T](obj)
		if err == nil {
			row.strip(typed)
		}
		return typed, err
	})
}

// viewOf are the objects of a list in the form that convert gives them.
func viewOf[T any](s *Sources, source Read, convert func(obj any) (T, error)) *health.View[T] {
	return follow(s, source, func(h *health.Health) *health.View[T] { return health.NewView(h, convert) })
}

// follow returns the store that a list of the table keeps up to date, and sees to it
// that it does. There is one store for each source.
func follow[S cache.ReflectorStore](s *Sources, source Read, newStore func(*health.Health) S) S {
	if running, ok := s.stores[source].(S); ok {
		return running
	}
	h := s.newHealth(string(source))
	store := newStore(h)
	s.stores[source] = store
	s.lists = append(s.lists, h)
	row, list, ok := s.config.Resources.Find(source)
	if !ok {
		h.Fail(fmt.Errorf("no row of the table is read as %q", source))
		return store
	}
	expected, err := row.NewObject()
	if err != nil {
		h.Fail(err)
		return store
	}
	target := health.Target{
		Health: h, ListWatch: s.lister.ListWatch(row, row.Versions[0], list), Client: s.clients,
		Expected: expected, Store: store, Progress: &s.progress, Trim: row.strip, Uncached: row.Uncached,
	}
	if s.config.Lister == nil {
		target.Latest = s.clients.latest(row, row.Versions[0], list)
	}
	if transforming, ok := any(store).(cache.TransformingStore); ok {
		s.transform(&target, row, list, transforming.Transformer())
	}
	if s.config.Lister != nil && !s.config.Watched {
		s.runs = append(s.runs, func(ctx context.Context) { health.Load(ctx, target) })
		return store
	}
	h.Expire(health.MaxAge).Doubt(s.cutOff)
	s.runs = append(s.runs, func(ctx context.Context) { health.Run(ctx, s.config.Logger, target) })
	return store
}

// transform makes the lists of a target hold objects as its store keeps them.
func (s *Sources) transform(t *health.Target, row Resource, list List, keep cache.TransformFunc) {
	if s.config.Lister == nil {
		t.ListWatch = s.clients.listWatch(row, row.Versions[0], list, keep)
	}
	if _, packs := t.Store.(*pods.Index); packs { // into a form that other stores do not know
		t.ListWatch, t.Trim = pods.Paged(t.ListWatch), nil
		return
	}
	t.Trim = func(obj runtime.Object) {
		row.strip(obj)
		_, _ = keep(obj) // in place; of another type, the store refuses it
	}
}

// listed are the objects of a view that was asked for.
func listed[T any](s *Sources, source Read) ([]T, error) {
	return s.stores[source].(*health.View[T]).List()
}

// listOnce reads a list of the table once, in a version of its resource.
func (s *Sources) listOnce(ctx context.Context, source Read, version string, o metav1.ListOptions) (runtime.Object, error) {
	row, list, ok := s.config.Resources.Find(source)
	if !ok {
		return nil, fmt.Errorf("no row of the table is read as %q", source)
	}
	if list.Namespace == OwnNamespace {
		list.Namespace = s.config.Connectivity.Namespace
	}
	return s.lister.ListWatch(row, version, list).ListWithContext(ctx, o)
}

// watchAPIServers follows the two places where API servers announce themselves.
func (s *Sources) watchAPIServers() {
	View[*discoveryv1.EndpointSlice](s, APIServerEndpoints)
	s.systemLeases()
}

// watchDNS follows the Services of the cluster's DNS and what is behind them.
// The EndpointSlices of a Service bear its labels.
func (s *Sources) watchDNS() {
	View[*corev1.Service](s, DNSServices)
	View[*discoveryv1.EndpointSlice](s, DNSEndpoints)
}

func (s *Sources) newHealth(source string) *health.Health {
	h := health.NewHealth(source, s.config.Now).WithLogger(s.config.Logger)
	s.health = append(s.health, h)
	return h
}

// reportTo tells the health what each attempt came to.
func reportTo(h *health.Health) func(error) {
	return func(err error) {
		if err != nil {
			h.Fail(err)
			return
		}
		h.Succeed()
	}
}

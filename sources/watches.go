package sources

import (
	"context"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	apiwatch "k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/tools/cache"

	"github.com/kubevitals/kubevitals/sources/events"
	"github.com/kubevitals/kubevitals/sources/health"
	"github.com/kubevitals/kubevitals/sources/pods"
	"github.com/kubevitals/kubevitals/sources/rounds"
)

// Nodes are all nodes, without annotations and images.
func (s *Sources) Nodes() *health.View[*corev1.Node] {
	if s.nodes == nil {
		h := s.newHealth("nodes")
		s.nodes = health.NewView(h, trimNode)
		client := s.typed.CoreV1().Nodes()
		s.watch(h, listWatch(client.List, client.Watch, nil), &corev1.Node{}, s.nodes)
	}
	return s.nodes
}

// podsSource is the list of all pods.
const podsSource = "pods"

// Pods is the compact index of all pods.
func (s *Sources) Pods() *pods.Index {
	if s.pods == nil {
		h := s.newHealth(podsSource)
		s.pods = pods.New()
		s.pods.SetHealth(h)
		client := s.typed.CoreV1().Pods(metav1.NamespaceAll)
		s.watch(h, pods.Paged(listWatch(client.List, client.Watch, nil)), &corev1.Pod{}, s.pods)
	}
	return s.pods
}

// HPAs are all HorizontalPodAutoscalers.
func (s *Sources) HPAs() *health.View[*autoscalingv2.HorizontalPodAutoscaler] {
	if s.hpas == nil {
		h := s.newHealth("horizontalpodautoscalers")
		s.hpas = health.NewView(h, health.Trim[*autoscalingv2.HorizontalPodAutoscaler])
		client := s.typed.AutoscalingV2().HorizontalPodAutoscalers(metav1.NamespaceAll)
		s.watch(h, listWatch(client.List, client.Watch, nil), &autoscalingv2.HorizontalPodAutoscaler{}, s.hpas)
	}
	return s.hpas
}

// APIServices are all registrations of aggregated and local APIs.
func (s *Sources) APIServices() *health.View[APIService] {
	if s.apiServices == nil {
		h := s.newHealth("apiservices")
		s.apiServices = health.NewView(h, apiServiceOf)
		client := s.dynamic.Resource(schema.GroupVersionResource{
			Group: "apiregistration.k8s.io", Version: "v1", Resource: "apiservices",
		})
		list := func(ctx context.Context, o metav1.ListOptions) (*unstructured.UnstructuredList, error) {
			return client.List(ctx, o)
		}
		s.watch(h, listWatch(list, client.Watch, nil), &unstructured.Unstructured{}, s.apiServices)
	}
	return s.apiServices
}

// NodeMetrics is what the resource metrics API says of nodes.
func (s *Sources) NodeMetrics() *rounds.Poll[NodeMetrics] {
	if s.nodeMetrics == nil {
		h := s.newHealth("node_metrics")
		s.nodeMetrics = rounds.NewPoll(h, s.config.NodeMetricsInterval, s.readNodeMetrics)
		s.runs = append(s.runs, s.nodeMetrics.Run)
	}
	return s.nodeMetrics
}

// Events is the log of the warnings of the closed list, in all namespaces.
func (s *Sources) Events() *events.Log {
	if s.events == nil {
		s.events = s.eventLog("events", "type=Warning", EventKinds())
	}
	return s.events
}

// KubeletStarts is the log of the event that a kubelet sends when it starts.
func (s *Sources) KubeletStarts() *events.Log {
	if s.kubeletStarts == nil {
		s.kubeletStarts = s.eventLog("kubelet_starts", "reason=Starting,source=kubelet",
			[]events.Kind{{Reason: "Starting", Object: "Node"}})
	}
	return s.kubeletStarts
}

func (s *Sources) eventLog(source, fields string, kinds []events.Kind) *events.Log {
	h := s.newHealth(source)
	log := events.New(h, kinds)
	client := s.typed.CoreV1().Events(metav1.NamespaceAll)
	s.watch(h, listWatch(client.List, client.Watch, func(o *metav1.ListOptions) {
		o.FieldSelector = fields
	}), &corev1.Event{}, log)
	return log
}

// watchAPIServers follows the two places where API servers announce themselves.
func (s *Sources) watchAPIServers() {
	h := s.newHealth("endpointslices")
	s.slices = health.NewView(h, health.Trim[*discoveryv1.EndpointSlice])
	slices := s.typed.DiscoveryV1().EndpointSlices(metav1.NamespaceDefault)
	s.watch(h, listWatch(slices.List, slices.Watch, func(o *metav1.ListOptions) {
		o.LabelSelector = discoveryv1.LabelServiceName + "=kubernetes"
	}), &discoveryv1.EndpointSlice{}, s.slices)

	s.SystemLeases()
}

// SystemPods are the pods of kube-system.
func (s *Sources) SystemPods() *health.View[SystemPod] {
	if s.systemPods == nil {
		s.systemPods = s.watchSystemPods("system_pods", metav1.NamespaceSystem)
	}
	return s.systemPods
}

// DashboardPods are the pods of the namespace that the dashboard may have to
// itself.
func (s *Sources) DashboardPods() *health.View[SystemPod] {
	if s.dashboardPods == nil {
		s.dashboardPods = s.watchSystemPods("dashboard_pods", "kubernetes-dashboard")
	}
	return s.dashboardPods
}

func (s *Sources) watchSystemPods(source, namespace string) *health.View[SystemPod] {
	h := s.newHealth(source)
	view := health.NewView(h, SystemPodOf)
	client := s.typed.CoreV1().Pods(namespace)
	s.watch(h, pods.Paged(listWatch(client.List, client.Watch, nil)), &corev1.Pod{}, view)
	return view
}

// SystemWorkloads are the Deployments and the DaemonSets of kube-system.
func (s *Sources) SystemWorkloads() (deployments, daemonSets *health.View[SystemWorkload]) {
	if s.systemDeployments == nil {
		h := s.newHealth("system_deployments")
		s.systemDeployments = health.NewView(h, SystemWorkloadOf)
		d := s.typed.AppsV1().Deployments(metav1.NamespaceSystem)
		s.watch(h, listWatch(d.List, d.Watch, nil), &appsv1.Deployment{}, s.systemDeployments)

		h = s.newHealth("system_daemonsets")
		s.systemDaemonSets = health.NewView(h, SystemWorkloadOf)
		ds := s.typed.AppsV1().DaemonSets(metav1.NamespaceSystem)
		s.watch(h, listWatch(ds.List, ds.Watch, nil), &appsv1.DaemonSet{}, s.systemDaemonSets)
	}
	return s.systemDeployments, s.systemDaemonSets
}

// watchDNS follows the Services of the cluster's DNS and what is behind them.
// The EndpointSlices of a Service bear its labels.
func (s *Sources) watchDNS() {
	restrict := func(o *metav1.ListOptions) { o.LabelSelector = "k8s-app=kube-dns" }
	h := s.newHealth("dns_services")
	s.dnsServices = health.NewView(h, health.Trim[*corev1.Service])
	services := s.typed.CoreV1().Services(metav1.NamespaceSystem)
	s.watch(h, listWatch(services.List, services.Watch, restrict), &corev1.Service{}, s.dnsServices)

	h = s.newHealth("dns_endpointslices")
	s.dnsSlices = health.NewView(h, health.Trim[*discoveryv1.EndpointSlice])
	slices := s.typed.DiscoveryV1().EndpointSlices(metav1.NamespaceSystem)
	s.watch(h, listWatch(slices.List, slices.Watch, restrict), &discoveryv1.EndpointSlice{}, s.dnsSlices)
}

// SystemLeases are the Leases of the namespace kube-system: the identities of
// API servers and the elections of the control plane's controllers.
func (s *Sources) SystemLeases() *health.View[*coordinationv1.Lease] {
	if s.leases == nil {
		h := s.newHealth("leases")
		s.leases = health.NewView(h, health.Trim[*coordinationv1.Lease])
		client := s.typed.CoordinationV1().Leases(metav1.NamespaceSystem)
		s.watch(h, listWatch(client.List, client.Watch, nil), &coordinationv1.Lease{}, s.leases)
	}
	return s.leases
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

func (s *Sources) watch(h *health.Health, lw *cache.ListWatch, expected runtime.Object, store cache.ReflectorStore) {
	s.lists = append(s.lists, h)
	h.Expire(health.MaxAge)
	s.runs = append(s.runs, func(ctx context.Context) {
		health.Run(ctx, s.config.Logger, health.Target{
			Health: h, ListWatch: lw, Client: s.typed, Expected: expected, Store: store,
		})
	})
}

// listWatch joins the two calls of a typed client; restrict may narrow both.
func listWatch[L runtime.Object](
	list func(context.Context, metav1.ListOptions) (L, error),
	follow func(context.Context, metav1.ListOptions) (apiwatch.Interface, error),
	restrict func(*metav1.ListOptions),
) *cache.ListWatch {
	if restrict == nil {
		restrict = func(*metav1.ListOptions) {}
	}
	return &cache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
			restrict(&o)
			return list(ctx, o)
		},
		WatchFuncWithContext: func(ctx context.Context, o metav1.ListOptions) (apiwatch.Interface, error) {
			restrict(&o)
			return follow(ctx, o)
		},
	}
}

package collectors

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/version"

	"github.com/kubevitals/kubevitals/exporter"
	"github.com/kubevitals/kubevitals/sources"
	"github.com/kubevitals/kubevitals/sources/apiserver"
	"github.com/kubevitals/kubevitals/sources/health"
	"github.com/kubevitals/kubevitals/sources/kubelet"
)

const watchStreamsName = "watch_streams"

var (
	watchStreamsObjects = exporter.NewGauge(watchStreamsName, "objects",
		"Distinct objects of the resource to which pods refer that run on the node or are to.",
		"node", "resource")
	watchStreamsBase = exporter.NewGauge(watchStreamsName, "base_watches",
		"Watches that a kubelet of the node's version keeps open whatever its pods refer to; absent when the version cannot be understood.",
		"node")
	watchStreamsStrategy = exporter.NewGauge(watchStreamsName, "strategy",
		"How the kubelet learns of changed ConfigMaps and Secrets: the strategy in use is 1, the others are 0; absent while the kubelet does not tell.",
		"node", "strategy")
	watchStreamsConnections = exporter.NewGauge(watchStreamsName, "connections_needed",
		"Connections to an API server that the kubelet needs for all its watches, given the streams allowed on one; absent while strategy or limit are unknown.",
		"node")
	watchStreamsSingle = exporter.NewGauge(watchStreamsName, "single_connection",
		"Whether the kubelet's version waits for a free stream instead of opening a second connection: 1 is yes.",
		"node")
	watchStreamsLimit = exporter.NewGauge(watchStreamsName, "limit",
		"Concurrent streams that the API server allows on one connection.",
		"server")
	watchStreamsWatches = exporter.NewGauge(watchStreamsName, "apiserver_watches",
		"Open watches of single objects of the resource, such as kubelets open, as the API server counts them.",
		"server", "resource")
)

// WatchStreams is the failure mode of kubelets that watch more ConfigMaps and
// Secrets than one connection to the API server carries.
func WatchStreams() Definition {
	return Definition{
		Name:    watchStreamsName,
		Help:    "Pods of a node refer to so many ConfigMaps and Secrets that their watches exhaust the streams of its connection to the API server.",
		Scope:   Cluster,
		Default: true,
		Metrics: []*exporter.Desc{
			watchStreamsObjects, watchStreamsBase, watchStreamsStrategy, watchStreamsConnections,
			watchStreamsSingle, watchStreamsLimit, watchStreamsWatches,
		},
		Steady: []*exporter.Desc{watchStreamsStrategy, watchStreamsConnections},
		Reads:  []sources.Read{sources.Pods, sources.Nodes, sources.KubeletConfig, sources.APIServerMetrics},
		New: func(s *sources.Sources) (exporter.Collector, error) {
			kubelets, servers := s.Kubelets(), s.APIServers()
			kubelets.WantConfig()
			servers.WantMetrics()
			servers.WantStreamLimit()
			return watchStreamsCollector{
				nodes:    s.Nodes().List,
				refs:     s.Pods().NodeRefs,
				kubelets: kubelets.Results,
				servers:  servers.Results,
			}, nil
		},
	}
}

type watchStreamsCollector struct {
	nodes    func() ([]*corev1.Node, error)
	refs     func(func(node string, configMaps, secrets int)) error
	kubelets func() []kubelet.Result
	servers  func() []apiserver.Result
}

// Collect fails while nodes or pods cannot be seen. What kubelets and API servers
// do not tell is absent.
func (c watchStreamsCollector) Collect(_ context.Context, ch chan<- prometheus.Metric) error {
	nodes, err := c.nodes()
	if err != nil {
		return err
	}
	objects := make(map[string]watchedObjects, len(nodes))
	err = c.refs(func(node string, configMaps, secrets int) {
		objects[node] = watchedObjects{configMaps, secrets}
	})
	if err != nil {
		return err
	}
	strategies := make(map[string]string, len(nodes))
	for _, k := range c.kubelets() {
		if k.Config.Reason == health.Available {
			strategies[k.Node] = k.Config.Value.Strategy
		}
	}
	servers := c.servers()
	limit := streamLimit(servers)
	for _, node := range nodes {
		s := streams{
			node:     node.Name,
			objects:  objects[node.Name],
			strategy: strategies[node.Name],
			limit:    limit,
		}
		// A version that cannot be parsed is an unknown one, which is nil.
		s.version, _ = version.ParseGeneric(node.Status.NodeInfo.KubeletVersion)
		s.send(ch)
	}
	for _, server := range servers {
		sendStreams(ch, server)
	}
	return nil
}

// watchedObjects are the distinct objects that the pods of a node refer to.
type watchedObjects struct{ configMaps, secrets int }

// streams is what is known of one node.
type streams struct {
	node     string
	objects  watchedObjects
	version  *version.Version // of the kubelet; nil if unknown
	strategy string           // empty if unknown
	limit    uint32           // 0 if unknown
}

func (s streams) send(ch chan<- prometheus.Metric) {
	ch <- watchStreamsObjects.Sample(float64(s.objects.configMaps), s.node, "configmaps")
	ch <- watchStreamsObjects.Sample(float64(s.objects.secrets), s.node, "secrets")
	if s.version != nil {
		ch <- watchStreamsBase.Sample(float64(baseWatches(s.version)), s.node)
		ch <- watchStreamsSingle.Sample(exporter.Bool(singleConnection(s.version)), s.node)
	}
	if s.strategy == "" {
		return
	}
	for _, strategy := range []string{"Watch", "Cache", "Get"} {
		ch <- watchStreamsStrategy.Sample(exporter.Bool(s.strategy == strategy), s.node, strategy)
	}
	if s.version != nil && s.limit != 0 {
		ch <- watchStreamsConnections.Sample(float64(s.connections()), s.node)
	}
}

// connections returns how many connections all watches of the kubelet need.
func (s streams) connections() int64 {
	watches := int64(baseWatches(s.version))
	if s.strategy == "Watch" {
		watches += int64(s.objects.configMaps + s.objects.secrets)
	}
	limit := int64(s.limit)
	return (watches + limit - 1) / limit
}

// baseWatches returns how many watches a kubelet keeps open for itself. Not
// counted are those that come and go: of ClusterTrustBundles, opened with the
// first pod that mounts one, and of its own CertificateSigningRequest.
func baseWatches(kubelet *version.Version) int {
	watches := 3 // its node, its pods, services
	if kubelet.AtLeast(version.MajorMinor(1, 14)) {
		watches += 2 // CSIDrivers, RuntimeClasses
	}
	if kubelet.AtLeast(version.MajorMinor(1, 37)) {
		watches++ // PodCertificateRequests
	}
	return watches
}

// singleConnection tells whether a kubelet blocks once its streams run out.
// Kubelets watch single objects since 1.12; since 1.14 they are built with Go
// 1.12, whose HTTP/2 client dials again when a connection is full.
func singleConnection(kubelet *version.Version) bool {
	return kubelet.AtLeast(version.MajorMinor(1, 12)) && kubelet.LessThan(version.MajorMinor(1, 14))
}

// streamLimit returns the lowest known limit, because any of the servers may
// have the kubelet's connection; 0 if none is known.
func streamLimit(servers []apiserver.Result) uint32 {
	var lowest uint32
	for _, s := range servers {
		if s.StreamLimit != 0 && (lowest == 0 || s.StreamLimit < lowest) {
			lowest = s.StreamLimit
		}
	}
	return lowest
}

func sendStreams(ch chan<- prometheus.Metric, s apiserver.Result) {
	if s.StreamLimit != 0 {
		ch <- watchStreamsLimit.Sample(float64(s.StreamLimit), s.Server)
	}
	// A count from half of the metrics is no count.
	if s.Metrics.Reason != health.Available || s.Metrics.Report.Truncated {
		return
	}
	for _, resource := range []string{"configmaps", "secrets"} {
		ch <- watchStreamsWatches.Sample(float64(s.Metrics.Watches[resource]), s.Server, resource)
	}
}

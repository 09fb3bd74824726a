package collectors

import (
	"context"
	"slices"

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
	watchStreamsStrategy = exporter.NewGauge(watchStreamsName, "strategy",
		"Is 1 for how the kubelet learns of changed ConfigMaps and Secrets; absent for the other strategies, and while the kubelet does not tell.",
		"node", "strategy")
	watchStreamsConnections = exporter.NewGauge(watchStreamsName, "connections_needed",
		"Connections to an API server that the kubelet needs for all its watches, given the streams allowed on one; absent for those that need one.",
		"node")
	watchStreamsKubelets = exporter.NewCount(watchStreamsName, "kubelets",
		"Number of kubelets whose watches need one connection, several, or it is unknown, as while strategy or limit are.",
		"connections")
	watchStreamsSingle = exporter.NewGauge(watchStreamsName, "single_connection",
		"Is 1 for kubelets of a version that waits for a free stream instead of opening a second connection; absent for all others.",
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
			watchStreamsObjects, watchStreamsStrategy, watchStreamsConnections, watchStreamsKubelets,
			watchStreamsSingle, watchStreamsLimit, watchStreamsWatches,
		},
		Steady: []*exporter.Desc{watchStreamsStrategy},
		Counted: map[*exporter.Desc]*exporter.Desc{
			watchStreamsConnections: watchStreamsKubelets, watchStreamsSingle: watchStreamsKubelets,
		},
		Reads: []sources.Read{sources.Pods, sources.Nodes, sources.KubeletConfig, sources.APIServerMetrics},
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
	kubelets func() []*kubelet.Result
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
	read := make(map[string]bool, len(nodes)) // the kubelets that this shard reads
	for _, k := range c.kubelets() {
		read[k.Node] = true
		if k.Config.Reason == health.Available {
			strategies[k.Node] = k.Config.Value.Strategy
		}
	}
	servers := c.servers()
	limit := streamLimit(servers)
	connections := exporter.NewTally(watchStreamsConnections, "one", "several")
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
		if read[node.Name] {
			connections.Count(s.needs())
		}
	}
	connections.Send(ch, watchStreamsKubelets)
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
	if s.version != nil && singleConnection(s.version) {
		ch <- watchStreamsSingle.Sample(1, s.node)
	}
	if slices.Contains([]string{"Watch", "Cache", "Get"}, s.strategy) {
		ch <- watchStreamsStrategy.Sample(1, s.node, s.strategy)
	}
	if s.needs() == "several" {
		ch <- watchStreamsConnections.Sample(float64(s.connections()), s.node)
	}
}

// needs tells whether the watches of the kubelet need one connection or several.
func (s streams) needs() string {
	switch {
	case s.strategy == "" || s.version == nil || s.limit == 0:
		return exporter.UnknownState
	case s.connections() > 1:
		return "several"
	}
	return "one"
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

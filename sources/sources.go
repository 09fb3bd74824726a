// Package sources says what is read of a cluster and of a node, and how. A source
// is started by asking for it, and each knows whether it can be trusted.
package sources

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/kubevitals/kubevitals/sources/apiserver"
	"github.com/kubevitals/kubevitals/sources/dns"
	"github.com/kubevitals/kubevitals/sources/etcd"
	"github.com/kubevitals/kubevitals/sources/events"
	"github.com/kubevitals/kubevitals/sources/exposition"
	"github.com/kubevitals/kubevitals/sources/health"
	"github.com/kubevitals/kubevitals/sources/host/connectivity"
	"github.com/kubevitals/kubevitals/sources/kubelet"
	"github.com/kubevitals/kubevitals/sources/logs"
	"github.com/kubevitals/kubevitals/sources/pods"
	"github.com/kubevitals/kubevitals/sources/rounds"
)

// Config says what the sources read from.
type Config struct {
	// REST reaches the API server; its credentials reach the kubelets, too.
	REST       *rest.Config
	Host       HostConfig
	Kubelet    kubelet.Options
	APIServers apiserver.Options
	DNS        dns.Options
	Logs       logs.Options
	Etcd       etcd.Options
	Exposition exposition.Options
	// Connectivity says whom an agent on a node probes.
	Connectivity connectivity.Options
	// NodeMetricsInterval is how often the resource metrics API is read.
	NodeMetricsInterval time.Duration
	Logger              *slog.Logger
	Now                 func() time.Time
}

// Sources gives collectors what they may read. To ask for a source is what
// starts it, so all asking is done before Start. Not safe for concurrent use
// until Start was called.
type Sources struct {
	config  Config
	typed   kubernetes.Interface
	dynamic dynamic.Interface

	nodes       *health.View[*corev1.Node]
	nodeLeases  *health.View[NodeLease]
	hpas        *health.View[*autoscalingv2.HorizontalPodAutoscaler]
	apiServices *health.View[APIService]
	slices      *health.View[*discoveryv1.EndpointSlice]
	leases      *health.View[*coordinationv1.Lease]
	pods        *pods.Index
	events      *events.Log
	kubelets    *kubelet.Poller
	apiServers  *apiserver.Prober
	etcd        *etcd.Prober

	logs, nodeLogs                      *logs.Reader
	systemPods, dashboardPods           *health.View[SystemPod]
	systemDeployments, systemDaemonSets *health.View[SystemWorkload]

	dnsServices *health.View[*corev1.Service]
	dnsSlices   *health.View[*discoveryv1.EndpointSlice]
	dns         *dns.Prober

	kubeletStarts *events.Log
	nodeMetrics   *rounds.Poll[NodeMetrics]

	connectivity      *connectivity.Prober
	connectivityPeers *health.Health

	kubeletsWanted, apiServersWanted, dnsWanted, etcdWanted bool

	health []*health.Health
	lists  []*health.Health // those of whole lists of objects
	runs   []func(context.Context)
	begun  time.Time
	wait   sync.WaitGroup
}

// NewSources prepares the sources without reading anything but local files
// named in the configuration.
func NewSources(c Config) (*Sources, error) {
	s := &Sources{config: c}
	typed, err := kubernetes.NewForConfig(wire(c.REST, true))
	if err != nil {
		return nil, fmt.Errorf("client for the API server: %w", err)
	}
	s.typed = typed
	if s.dynamic, err = dynamic.NewForConfig(wire(c.REST, false)); err != nil {
		return nil, fmt.Errorf("client for the API server: %w", err)
	}
	c.Exposition.Buffers = &exposition.Buffers{}
	c.Kubelet.Exposition = c.Exposition
	c.APIServers.Exposition = c.Exposition
	s.kubelets, err = kubelet.NewPoller(c.Kubelet, c.REST, s.kubeletNodes, c.Logger, c.Now)
	if err != nil {
		return nil, fmt.Errorf("client for the kubelets: %w", err)
	}
	s.apiServers, err = apiserver.New(c.APIServers, c.REST, apiserver.Discovery{
		EndpointSlices: func() ([]*discoveryv1.EndpointSlice, error) { return s.slices.List() },
		Leases:         func() ([]*coordinationv1.Lease, error) { return s.leases.List() },
	}, c.Logger, c.Now)
	if err != nil {
		return nil, fmt.Errorf("prober of the API servers: %w", err)
	}
	s.dns, err = dns.New(c.DNS, dns.Discovery{
		Services:       func() ([]*corev1.Service, error) { return s.dnsServices.List() },
		EndpointSlices: func() ([]*discoveryv1.EndpointSlice, error) { return s.dnsSlices.List() },
	}, c.Logger, c.Now)
	if err != nil {
		return nil, fmt.Errorf("prober of the DNS servers: %w", err)
	}
	if s.etcd, err = etcd.New(c.Etcd, c.Logger, c.Now); err != nil {
		return nil, fmt.Errorf("prober of etcd: %w", err)
	}
	return s, nil
}

// wire is the client configuration for lists and watches: a connection that
// cannot be made is given up soon, because nothing else tells that a signal
// went blind.
func wire(c *rest.Config, protobuf bool) *rest.Config {
	c = rest.CopyConfig(c)
	c.QPS, c.Burst = 20, 40
	health.NewWire(c)
	if protobuf {
		c.ContentType = "application/vnd.kubernetes.protobuf"
		c.AcceptContentTypes = "application/vnd.kubernetes.protobuf,application/json"
	}
	return c
}

// Now returns the present time.
func (s *Sources) Now() time.Time { return s.config.Now() }

// Logger returns the logger for collectors.
func (s *Sources) Logger() *slog.Logger { return s.config.Logger }

// Kubelets polls the kubelets of all nodes. What it fetches of them is asked of
// the poller itself.
func (s *Sources) Kubelets() *kubelet.Poller {
	if !s.kubeletsWanted {
		s.kubeletsWanted = true
		s.Nodes()
		s.runs = append(s.runs, s.kubelets.Run)
	}
	return s.kubelets
}

// APIServers probes all API servers, those found in the cluster included.
func (s *Sources) APIServers() *apiserver.Prober {
	if !s.apiServersWanted {
		s.apiServersWanted = true
		s.watchAPIServers()
		s.runs = append(s.runs, s.apiServers.Run)
	}
	return s.apiServers
}

// DNS probes the DNS servers of the cluster.
func (s *Sources) DNS() *dns.Prober {
	if !s.dnsWanted {
		s.dnsWanted = true
		if s.config.DNS.Discover {
			s.watchDNS()
		}
		s.runs = append(s.runs, s.dns.Run)
	}
	return s.dns
}

// Etcd probes the members of etcd that the configuration names, if any.
func (s *Sources) Etcd() *etcd.Prober {
	if !s.etcdWanted {
		s.etcdWanted = true
		s.runs = append(s.runs, s.etcd.Run)
	}
	return s.etcd
}

// Start begins to read what was asked for, until ctx ends.
func (s *Sources) Start(ctx context.Context) {
	s.begun = time.Now()
	for _, run := range s.runs {
		s.wait.Go(func() { run(ctx) })
	}
}

// Wait returns when everything that Start began has ended.
func (s *Sources) Wait() { s.wait.Wait() }

// States returns what is known of each watched source, in the order in which
// they were asked for, and of what API servers were asked.
func (s *Sources) States() []health.State {
	states := s.watched()
	if s.apiServersWanted {
		states = append(states, s.apiServers.Access()...)
	}
	return states
}

func (s *Sources) watched() []health.State {
	states := make([]health.State, 0, len(s.health))
	for _, h := range s.health {
		states = append(states, h.State())
	}
	return states
}

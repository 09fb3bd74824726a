// Package sources says what is read of a cluster and of a node, and how. A source
// is started by asking for it, and each knows whether it can be trusted.
package sources

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/client-go/rest"

	"github.com/kubevitals/kubevitals/exporter"
	"github.com/kubevitals/kubevitals/sources/apiserver"
	"github.com/kubevitals/kubevitals/sources/dns"
	"github.com/kubevitals/kubevitals/sources/etcd"
	"github.com/kubevitals/kubevitals/sources/exposition"
	"github.com/kubevitals/kubevitals/sources/health"
	"github.com/kubevitals/kubevitals/sources/host/connectivity"
	"github.com/kubevitals/kubevitals/sources/kubelet"
	"github.com/kubevitals/kubevitals/sources/leases"
	"github.com/kubevitals/kubevitals/sources/logs"
)

// Config says what the sources read from.
type Config struct {
	// REST reaches the API server; its credentials reach the kubelets, too.
	REST *rest.Config
	// Resources is the table of what is read; nil is that of Resources.
	Resources Table
	// Lister is where the lists come from instead of the API server; nil stands for that
	// one. They are read once, unless Watched says that they can be watched, too.
	Lister  Lister
	Watched bool
	// Dump is what is known of when the lists of a dump were made.
	Dump       leases.Dump
	Host       HostConfig
	Kubelet    kubelet.Options
	APIServers apiserver.Options
	DNS        dns.Options
	Logs       logs.Options
	Etcd       etcd.Options
	Exposition exposition.Options
	// Connectivity says whom an agent on a node probes.
	Connectivity connectivity.Options
	// Shard says of which nodes the kubelets are read.
	Shard exporter.Shard
	// NodeMetricsInterval is how often the resource metrics API is read.
	NodeMetricsInterval time.Duration
	// WebhooksInterval is how often the endpoints of admission webhooks are read.
	WebhooksInterval time.Duration
	Logger           *slog.Logger
	Now              func() time.Time
}

// Sources gives collectors what they may read. To ask for a source is what
// starts it, so all asking is done before Start. Not safe for concurrent use
// until Start was called.
type Sources struct {
	config  Config
	clients *clients
	lister  Lister
	// stores are what is kept of each list that was asked for.
	stores map[Read]any
	// asked are the reads that are no lists, but for those of kubelets and API servers.
	asked []Read

	kubelets       *kubelet.Poller
	apiServers     *apiserver.Prober
	etcd           *etcd.Prober
	dns            *dns.Prober
	logs, nodeLogs *logs.Reader

	connectivity      *connectivity.Prober
	connectivityPeers *health.Health

	kubeletsWanted, apiServersWanted, dnsWanted, etcdWanted bool

	// progress is when the cluster was last seen to move.
	progress health.Progress

	health []*health.Health
	// stateFile is the one of them that is nothing of the cluster; nil without a file.
	stateFile *health.Health
	lists     []*health.Health // those of whole lists of objects
	runs      []func(context.Context)
	begun     time.Time
	wait      sync.WaitGroup
}

// NewSources prepares the sources without reading anything but local files
// named in the configuration.
func NewSources(c Config) (*Sources, error) {
	if c.Resources == nil {
		c.Resources = Resources()
	}
	s := &Sources{config: c, stores: map[Read]any{}}
	var err error
	if s.clients, err = newClients(c.REST, c.Resources); err != nil {
		return nil, fmt.Errorf("client for the API server: %w", err)
	}
	if s.lister = c.Lister; s.lister == nil {
		s.lister = s.clients
	}
	c.Exposition.Buffers = &exposition.Buffers{}
	c.Kubelet.Exposition = c.Exposition
	c.APIServers.Exposition = c.Exposition
	s.kubelets, err = kubelet.NewPoller(c.Kubelet, c.REST, s.kubeletNodes, c.Logger, c.Now)
	if err != nil {
		return nil, fmt.Errorf("client for the kubelets: %w", err)
	}
	s.apiServers, err = apiserver.New(c.APIServers, c.REST, apiserver.Discovery{
		EndpointSlices: func() ([]*discoveryv1.EndpointSlice, error) {
			return listed[*discoveryv1.EndpointSlice](s, APIServerEndpoints)
		},
		Leases: s.renewedByOurClock,
	}, c.Logger, c.Now)
	if err != nil {
		return nil, fmt.Errorf("prober of the API servers: %w", err)
	}
	s.dns, err = dns.New(c.DNS, dns.Discovery{
		Services: func() ([]*corev1.Service, error) { return listed[*corev1.Service](s, DNSServices) },
		EndpointSlices: func() ([]*discoveryv1.EndpointSlice, error) {
			return listed[*discoveryv1.EndpointSlice](s, DNSEndpoints)
		},
	}, c.Logger, c.Now)
	if err != nil {
		return nil, fmt.Errorf("prober of the DNS servers: %w", err)
	}
	if s.etcd, err = etcd.New(c.Etcd, c.Logger, c.Now); err != nil {
		return nil, fmt.Errorf("prober of etcd: %w", err)
	}
	return s, nil
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

package sources

import (
	"context"
	"fmt"
	"time"

	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/kubevitals/kubevitals/sources/host/connectivity"
)

// Connectivity probes other nodes from this one, and answers those that probe it.
func (s *Sources) Connectivity() (*connectivity.Prober, error) {
	if s.connectivity != nil {
		return s.connectivity, nil
	}
	o := s.config.Connectivity
	o.Node = s.Host().Node()
	s.connectivityPeers = s.newHealth("connectivity_peers")
	reports := connectivity.Reports{Peers: reportTo(s.connectivityPeers)}
	if o.Listen != "" {
		reports.Responder = reportTo(s.newHealth("connectivity_responder"))
	}
	discover := s.ListPeers
	if o.PeersFile == "" {
		s.asked = append(s.asked, Peers)
	} else {
		discover = func(context.Context) ([]connectivity.Peer, error) { return connectivity.ReadPeers(o.PeersFile) }
	}
	var err error
	if s.connectivity, err = connectivity.New(o, discover, reports, s.config.Logger, s.config.Now); err != nil {
		return nil, fmt.Errorf("prober of peers: %w", err)
	}
	s.runs = append(s.runs, s.connectivity.Run)
	return s.connectivity, nil
}

// ListPeers reads the endpoints of the agents. They are listed now and then, from
// the API server's cache, and not watched: every agent needs all of them, and a
// watch would send each change to as many agents as there are.
func (s *Sources) ListPeers(ctx context.Context) ([]connectivity.Peer, error) {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	obj, err := s.listOnce(ctx, Peers, discoveryv1.SchemeGroupVersion.Version, metav1.ListOptions{ResourceVersion: "0"})
	if err != nil {
		return nil, fmt.Errorf("list peers: %w", err)
	}
	var slices []discoveryv1.EndpointSlice
	err = meta.EachListItem(obj, func(obj runtime.Object) error {
		slice, ok := obj.(*discoveryv1.EndpointSlice)
		if !ok {
			return fmt.Errorf("unexpected type %T", obj)
		}
		slices = append(slices, *slice)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list peers: %w", err)
	}
	return connectivity.PeersOf(slices), nil
}

// ConnectivityPeersErr returns why the peers cannot be read; nil if they can, or were
// never asked for.
func (s *Sources) ConnectivityPeersErr() error {
	if s.connectivityPeers == nil {
		return nil
	}
	return s.connectivityPeers.Err()
}

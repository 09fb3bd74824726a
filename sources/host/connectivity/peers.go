package connectivity

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"

	discoveryv1 "k8s.io/api/discovery/v1"
)

// The Services, without an address of their own, whose endpoints are the agents.
const (
	NodeService = "kubevitals-node-peers"
	PodService  = "kubevitals-pod-peers"
	portName    = "peers"
)

// ReadPeers reads a file of lines "NODE KIND HOST:PORT [ZONE]"; what follows # is
// a comment.
func ReadPeers(file string) ([]Peer, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("peers: %w", err)
	}
	var peers []Peer
	scanner := bufio.NewScanner(bytes.NewReader(text))
	for n := 1; scanner.Scan(); n++ {
		line, _, _ := strings.Cut(scanner.Text(), "#")
		fields := strings.Fields(line)
		if len(fields) == 0 {
			continue
		}
		if len(fields) < 3 || len(fields) > 4 || !slices.Contains(Kinds(), Kind(fields[1])) {
			return nil, fmt.Errorf("%s:%d: not of the form NODE node|pod HOST:PORT [ZONE]", file, n)
		}
		if _, _, err := net.SplitHostPort(fields[2]); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", file, n, err)
		}
		p := Peer{Node: fields[0], Kind: Kind(fields[1]), Address: fields[2]}
		if len(fields) == 4 {
			p.Zone = fields[3]
		}
		peers = append(peers, p)
	}
	return peers, scanner.Err()
}

// PeersOf returns the agents that the EndpointSlices of the two Services name: of
// each node and kind one, and of its addresses that of IPv4 if it has one.
func PeersOf(list []discoveryv1.EndpointSlice) []Peer {
	type key struct {
		node string
		kind Kind
	}
	best := map[key]Peer{}
	for _, s := range list {
		kind, port, ok := served(s)
		if !ok {
			continue
		}
		for _, e := range s.Endpoints {
			leaving := e.Conditions.Terminating != nil && *e.Conditions.Terminating
			if leaving || e.NodeName == nil || *e.NodeName == "" || len(e.Addresses) == 0 {
				continue
			}
			p := Peer{Node: *e.NodeName, Kind: kind, Address: net.JoinHostPort(e.Addresses[0], port)}
			if e.Zone != nil {
				p.Zone = *e.Zone
			}
			k := key{p.Node, kind}
			if other, ok := best[k]; !ok || preferred(p.Address, other.Address) {
				best[k] = p
			}
		}
	}
	peers := make([]Peer, 0, len(best))
	for _, p := range best {
		peers = append(peers, p)
	}
	slices.SortFunc(peers, func(a, b Peer) int {
		return strings.Compare(a.Node+" "+string(a.Kind), b.Node+" "+string(b.Kind))
	})
	return peers
}

// served says which Service a slice belongs to, and its port.
func served(s discoveryv1.EndpointSlice) (Kind, string, bool) {
	kind := map[string]Kind{NodeService: NodeNetwork, PodService: PodNetwork}[s.Labels[discoveryv1.LabelServiceName]]
	for _, p := range s.Ports {
		if p.Port != nil && p.Name != nil && *p.Name == portName {
			return kind, strconv.Itoa(int(*p.Port)), kind != ""
		}
	}
	return "", "", false
}

func preferred(a, b string) bool {
	if v6, other := strings.HasPrefix(a, "["), strings.HasPrefix(b, "["); v6 != other {
		return other
	}
	return a < b
}

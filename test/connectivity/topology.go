package main

import (
	"fmt"

	"github.com/kubevitals/kubevitals/sources/host/connectivity"
)

// The directions, in the order of their numbers.
const (
	nodeToNode = iota
	nodeToPod
	podToNode
	podToPod
	directions
)

// directionName is the label of a direction.
func directionName(d int) string {
	return []string{"node_to_node", "node_to_pod", "pod_to_node", "pod_to_pod"}[d]
}

// edge is a directed path that is probed.
type edge struct{ from, to, direction int }

// Topology is who probes whom.
type Topology struct {
	names []string
	zones []int // number of each node's zone; -1 is none
	edges []edge
	// peers is how many others each node probes in one direction.
	peers int
	// out and in are the edges by the node where they begin and end.
	out, in [][]int
}

// NewTopology returns a cluster of n nodes in that many zones, each of which
// probes k others as the agents do.
func NewTopology(n, zones, k int) *Topology {
	t := &Topology{out: make([][]int, n), in: make([][]int, n)}
	number := map[string]int{}
	for i := range n {
		name := fmt.Sprintf("n%d", i)
		number[name] = i
		t.names = append(t.names, name)
		if zones > 0 {
			t.zones = append(t.zones, i%zones)
		} else {
			t.zones = append(t.zones, -1)
		}
	}
	ring := connectivity.Ring(t.names)
	for from, name := range t.names {
		chosen := connectivity.Choose(name, ring, k)
		t.peers = max(t.peers, len(chosen))
		for _, peer := range chosen {
			for d := range directions {
				to := number[peer]
				t.out[from] = append(t.out[from], len(t.edges))
				t.in[to] = append(t.in[to], len(t.edges))
				t.edges = append(t.edges, edge{from, to, d})
			}
		}
	}
	return t
}

// Paths is the number of directed paths that are probed.
func (t *Topology) Paths() int { return len(t.edges) }

// Result is what a path comes to.
type Result uint8

// The results. What is missing was not scraped.
const (
	OK Result = iota
	Refused
	Timeout
	LargeFailed
	Missing
)

// State is the cluster as it is seen at one evaluation of the rules.
type State struct {
	// Results are those of the paths that are not OK, by number of the path.
	Results map[int]Result
	// Down are nodes that are known not to be ready for a cause that explains it.
	Down map[int]bool
}

// known tells whether a path counts: an agent saw it, the host was not just
// refusing, and neither end is known to be down.
func (s State) known(t *Topology, i int) bool {
	r := s.Results[i]
	return r != Refused && r != Missing && !s.Down[t.edges[i].from] && !s.Down[t.edges[i].to]
}

// counts tells whether a path is among those of which bad ones are a share. Agents do not
// know which nodes are down when they count the good ones.
func (s State) counts(t *Topology, i int) bool { return s.Results[i] == OK || s.known(t, i) }

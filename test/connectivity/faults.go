package main

import (
	"math/rand/v2"
)

// Case is a cluster in a state.
type Case struct {
	Name     string
	Topology *Topology
	State    State
}

// Fault is one kind of trouble. It puts it into a state, at a random place, and
// returns the alerts that name its cause.
type Fault struct {
	Name  string
	Apply func(r *rand.Rand, t *Topology, s State) []string
}

// fail gives a result to all paths that match.
func fail(t *Topology, s State, result Result, match func(edge) bool) {
	for i, e := range t.edges {
		if match(e) {
			s.Results[i] = result
		}
	}
}

// unseen removes what the nodes themselves tell: Prometheus does not reach them.
func unseen(t *Topology, s State, nodes func(int) bool) {
	fail(t, s, Missing, func(e edge) bool { return nodes(e.from) })
}

// nodeEnd tells whether the path ends at the node's own address, or begins there.
func (e edge) nodeEnd(x int) bool {
	return e.from == x && e.direction <= nodeToPod || e.to == x && (e.direction == nodeToNode || e.direction == podToNode)
}

// podEnd tells whether the path ends at a pod of the node, or begins there.
func (e edge) podEnd(x int) bool { return (e.from == x || e.to == x) && !e.nodeEnd(x) }

// at is a Fault of one random node.
func at(name string, apply func(t *Topology, s State, x int) []string) Fault {
	return Fault{name, func(r *rand.Rand, t *Topology, s State) []string { return apply(t, s, r.IntN(len(t.names))) }}
}

// NoFault is a cluster that is well.
func NoFault() Fault {
	return Fault{"none", func(*rand.Rand, *Topology, State) []string { return nil }}
}

// Faults are all kinds of trouble.
func Faults() []Fault {
	return append(nodeFaults(), zoneFaults()...)
}

// touches tells whether a path begins or ends at a node.
func touches(x int) func(edge) bool { return func(e edge) bool { return e.from == x || e.to == x } }

// cutOff is the alert on a node.
func (t *Topology) cutOff(x int) string { return `KubeVitalsNodeCutOff node="` + t.names[x] + `"` }

func nodeFaults() []Fault {
	return append(podFaults(),
		at("node", func(t *Topology, s State, x int) []string {
			fail(t, s, Timeout, touches(x))
			return []string{t.cutOff(x)}
		}),
		at("node, not scraped", func(t *Topology, s State, x int) []string {
			fail(t, s, Timeout, touches(x))
			unseen(t, s, func(n int) bool { return n == x })
			return []string{t.cutOff(x)}
		}),
		at("node, known to be down", func(t *Topology, s State, x int) []string {
			fail(t, s, Timeout, touches(x))
			s.Down[x] = true
			return nil
		}),
		at("node, agents gone", func(t *Topology, s State, x int) []string {
			fail(t, s, Refused, touches(x))
			unseen(t, s, func(n int) bool { return n == x })
			return nil
		}),
		at("one direction: in", func(t *Topology, s State, x int) []string {
			fail(t, s, Timeout, func(e edge) bool { return e.to == x && e.nodeEnd(x) })
			return []string{`KubeVitalsNodeOneWay node="` + t.names[x] + `" side="in"`}
		}),
		at("one direction: out", func(t *Topology, s State, x int) []string {
			fail(t, s, Timeout, func(e edge) bool { return e.from == x && e.nodeEnd(x) })
			return []string{`KubeVitalsNodeOneWay node="` + t.names[x] + `" side="out"`}
		}),
		at("MTU of a node", func(t *Topology, s State, x int) []string {
			fail(t, s, LargeFailed, touches(x))
			return []string{`KubeVitalsPathMTU node="` + t.names[x] + `"`}
		}),
		onePair("MTU of a pair", LargeFailed, func(a, b string) string { return `KubeVitalsPathMTU node="` + a + `" peer="` + b + `"` }),
		onePair("pair", Timeout, func(a, b string) string {
			return `KubeVitalsPathFailing direction="several" node="` + a + `" peer="` + b + `"`
		}),
		Fault{"two nodes", func(r *rand.Rand, t *Topology, s State) []string {
			x := r.IntN(len(t.names))
			y := (x + 1 + r.IntN(len(t.names)-1)) % len(t.names)
			fail(t, s, Timeout, touches(x))
			fail(t, s, Timeout, touches(y))
			return []string{t.cutOff(x), t.cutOff(y)}
		}},
	)
}

// podFaults are those in which a node is reached, and its pods are not.
func podFaults() []Fault {
	only := func(direction int, into bool) Fault {
		side := "out"
		if into {
			side = "in"
		}
		return at("pods: only "+directionName(direction)+", "+side, func(t *Topology, s State, x int) []string {
			fail(t, s, Timeout, func(e edge) bool {
				return e.direction == direction && (into && e.to == x || !into && e.from == x)
			})
			return []string{`KubeVitalsNodePodNetworkCut direction="` + directionName(direction) + `" node="` + t.names[x] + `" side="` + side + `"`}
		})
	}
	return []Fault{
		at("pods of a node", func(t *Topology, s State, x int) []string {
			fail(t, s, Timeout, func(e edge) bool { return e.podEnd(x) })
			return []string{`KubeVitalsNodePodNetworkCut direction="several" node="` + t.names[x] + `" side="both"`}
		}),
		only(nodeToPod, true), only(podToNode, false), only(podToNode, true), only(podToPod, true),
	}
}

// onePair lets the packets between two nodes be lost, both ways.
func onePair(name string, result Result, alert func(a, b string) string) Fault {
	return Fault{name, func(r *rand.Rand, t *Topology, s State) []string {
		pair := t.edges[r.IntN(len(t.edges))]
		named := map[string]bool{}
		for i, e := range t.edges {
			if e.from == pair.from && e.to == pair.to || e.from == pair.to && e.to == pair.from {
				s.Results[i] = result
				named[alert(t.names[e.from], t.names[e.to])] = true
			}
		}
		var all []string
		for a := range named {
			all = append(all, a)
		}
		return all
	}}
}

func zoneFaults() []Fault {
	cutZone := func(t *Topology, s State, z int) []string {
		fail(t, s, Timeout, func(e edge) bool { return (t.zones[e.from] == z) != (t.zones[e.to] == z) })
		return []string{`KubeVitalsZonesCutOff zone="` + zoneName(z) + `"`}
	}
	count := func(t *Topology) int {
		n := 0
		for _, z := range t.zones {
			n = max(n, z+1)
		}
		return n
	}
	return []Fault{
		{"zone", func(r *rand.Rand, t *Topology, s State) []string { return cutZone(t, s, r.IntN(count(t))) }},
		{"zone, not scraped", func(r *rand.Rand, t *Topology, s State) []string {
			z := r.IntN(count(t))
			want := cutZone(t, s, z)
			unseen(t, s, func(n int) bool { return t.zones[n] == z })
			return want
		}},
		{"link of two zones", func(r *rand.Rand, t *Topology, s State) []string {
			a := r.IntN(count(t))
			b := (a + 1) % count(t)
			fail(t, s, Timeout, func(e edge) bool {
				from, to := t.zones[e.from], t.zones[e.to]
				return from == a && to == b || from == b && to == a
			})
			return []string{`KubeVitalsZonesCutOff zone="several"`}
		}},
		{"pods everywhere", func(_ *rand.Rand, t *Topology, s State) []string {
			fail(t, s, Timeout, func(e edge) bool { return e.direction != nodeToNode })
			return []string{`KubeVitalsNetworkFailing fault="cut" network="pod"`}
		}},
		{"a tenth of the nodes", func(r *rand.Rand, t *Topology, s State) []string {
			away := map[int]bool{}
			for _, x := range r.Perm(len(t.names))[:len(t.names)/10] {
				away[x] = true
			}
			fail(t, s, Timeout, func(e edge) bool { return away[e.from] || away[e.to] })
			return []string{`KubeVitalsNetworkFailing fault="cut" network="node"`}
		}},
	}
}
